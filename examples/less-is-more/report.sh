#!/bin/bash
# SPDX-License-Identifier: MIT
#
# report.sh OUT RESULTS TUNING - report.md, report.json and pictures in OUT
#
# From the result lines RESULTS/*.json and those of the grid,
# TUNING/LR/*.json. What has no lines yet is left out, and the report says so.
set -eu -o pipefail
out=$1 results=$2 tuning=$3
mkdir -p "$out"
rm -f "$out"/*.svg
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
here=$(dirname "$0")

cat "$results"/*.json >"$tmp/lines"
cat /dev/null "$tuning"/*/*.json >"$tmp/tuning" 2>/dev/null || true

# --- numbers ------------------------------------------------------------------

# TASK ARM TRACES SEED SET METRIC VALUE
jq -r '. as $r | ("test", "greedy", "long", "covered", "uncovered",
        "greedy_covered", "greedy_uncovered") as $set
    | .[$set] | . + {mean_ece: .mean_support.ece, mean_auroc: .mean_support.auroc}
    | ("n", "accuracy", "ece", "smece", "brier", "auroc", "overconfidence",
       "answered", "rationalised", "length", "mean_ece", "mean_auroc") as $m
    | [$r.task, $r.arm, ($r.traces // 0), ($r.seed // 0), $set, $m, .[$m]]
    | select(.[6] != null) | @tsv' "$tmp/lines" >"$tmp/rows"
jq -r '. as $r | (.auroc // {} | to_entries[])
    | [$r.task, $r.arm, ($r.traces // 0), ($r.seed // 0), "auroc", .key, .value]
    | select(.[6] != null) | @tsv' "$tmp/lines" >>"$tmp/rows"
awk -f "$here/means.awk" "$tmp/rows" >"$tmp/means"

# Paired differences: 32 traces, temperature 1; rd with 128 is another arm, and
# the base model stands beside every seed.
seeds=$(jq '.seed | numbers' "$tmp/lines" | sort -n -u | jq -c -s .)
jq -r --argjson seeds "$seeds" '
    select((.traces // 32) == 32 or (.arm == "rd" and .traces == 128))
    | . as $r | (.seed // $seeds[]) as $seed
    | [.task, .arm + (if .traces == 128 then "-128" else "" end), $seed,
       .questions.correct,
       (.questions.support | map(tostring | rtrimstr("null")) | join(","))]
    | @tsv' "$tmp/lines" | awk -f "$here/bootstrap.awk" >"$tmp/pairs"

jq -n --rawfile means "$tmp/means" --rawfile pairs "$tmp/pairs" \
    --slurpfile lines "$tmp/lines" --slurpfile tuning "$tmp/tuning" \
    -f "$here/numbers.jq" >"$out/report.json"
jq -r -f "$here/report.jq" "$out/report.json" >"$out/report.md"

# --- pictures -----------------------------------------------------------------

plot() {
    hyt-plot "$@" -q
}

# answers ARM: its test questions, 32 traces, all tasks and seeds, as records
answers() {
    jq -c --arg arm "$1" 'select(.arm == $arm and (.traces // 32) == 32)
        | . as $run | .questions as $q | range($q.correct | length) as $i
        | {id: "\($run.task)-\($run.seed)-\($i)",
           final: (if $q.support[$i] then
               {text: "", bytes: [0, 0], tokens: [0, 0]} else null end),
           grade: {correct: ($q.correct[$i:$i + 1] == "1")},
           prg: ($q.support[$i] | if . then {support: [. / 1000],
            score: ($q.prg[$i] | if . then . / 1000 else . end)}
            else . end)}' "$tmp/lines"
}

jq -r '"base", .runs[].arm' "$out/report.json" | sort -u >"$tmp/arms"
for arm in base rlif fixed majority rd hytuning; do
    grep -q -x "$arm" "$tmp/arms" || continue
    answers "$arm" >"$tmp/answers"
    [ -s "$tmp/answers" ] || continue
    plot reliability --title "$arm" "$tmp/answers" -o "$out/reliability-$arm.svg"
    case $arm in base | hytuning)
        plot prg --title "$arm" "$tmp/answers" -o "$out/prg-$arm.svg" ;;
    esac
done

# arms NAME TITLE FIELDS FILTER: a picture of the arms that FILTER, of jq, takes
arms() {
    jq -c '([.means[].task] | if index("all") then "all" else .[0] end) as $task
        | ["base", "rlif", "fixed", "majority", "rd", "hytuning"] as $first
        | .means | map(select(.task == $task and .set == "test"
            and (.traces == 32 or .arm == "base")) | select(.arm | '"$4"'))
        | sort_by(.arm as $a | ($first | index($a)) // 6)[]
        | {arm, metric, mean} + if .half then {lo: (.mean - .half),
            hi: (.mean + .half)} else {} end' "$out/report.json" >"$tmp/means"
    [ ! -s "$tmp/means" ] ||
        plot arms --title "$2" --fields "$3" "$tmp/means" -o "$out/$1"
}
main='^(base|rlif|fixed|majority|rd|hytuning)$'
metrics=accuracy,ece,smece,brier,auroc,overconfidence,rationalised
arms arms.svg 'Main arms, temperature 1' $metrics "test(\"$main\")"
! grep -q -v -E "$main" "$tmp/arms" ||
    arms others.svg 'Other arms, temperature 1' $metrics ". == \"hytuning\" or (test(\"$main\") | not)"

mkdir "$tmp/curves" "$tmp/traces"
for arm in base rlif fixed majority rd hytuning; do
    jq -c --arg arm "$arm" '.curves[] | select(.arm == $arm)
        | (.steps | length) as $n | (.rounds | map(.round) | max) as $last
        | .steps[], (.rounds[] | {step: (.round * $n / $last), accuracy, ece,
            self_certainty})' "$out/report.json" >"$tmp/curves/$arm"
    [ -s "$tmp/curves/$arm" ] || rm "$tmp/curves/$arm"
    # Without use for traces: at any number the same
    jq -c --arg arm "$arm" '([.means[].task]
            | if index("all") then "all" else .[0] end) as $task
        | ([.means[].traces | select(. > 0)] | unique) as $all
        | [.means[] | select(.task == $task and .set == "test" and .arm == $arm)]
        | if $arm == "rlif" or $arm == "base" then
              [$all[] as $n | .[] | .traces = $n] else . end
        | group_by(.traces) | if length > 1 then .[] else empty end
        | {traces: .[0].traces} + (map({key: .metric, value:
            (if .half then {mean, lo: (.mean - .half), hi: (.mean + .half)}
             else .mean end)}) | from_entries | {accuracy, ece})' \
        "$out/report.json" >"$tmp/traces/$arm"
    [ -s "$tmp/traces/$arm" ] || rm "$tmp/traces/$arm"
done
# The names of the files are those of the lines.
out=$(cd "$out" && pwd)
# curves DIR NAME OPTION...: a line for each of the files
curves() {
    local dir=$1 name=$2 files
    shift 2
    [ -n "$(ls "$tmp/$dir")" ] || return 0
    files=(rlif fixed majority rd hytuning base) # so that colours are the same
    (cd "$tmp/$dir" && mapfile -t files < <(ls -U -d "${files[@]}" 2>/dev/null) &&
        plot train "$@" "${files[@]}" -o "$out/$name")
}
fields=accuracy,ece,self_certainty
for f in trust lambda; do # which only hytuning has
    ! jq -s -e "any(.$f)" "$tmp"/curves/* >/dev/null 2>&1 || fields=$fields,$f
done
curves curves curves.svg --fields "$fields"
curves traces traces.svg --fields accuracy,ece --x traces --log-x \
    --title 'Number of traces' --height 560
