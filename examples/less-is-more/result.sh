#!/bin/bash
# SPDX-License-Identifier: MIT
#
# result.sh MODEL [DIR ROUNDS] - one line: what a run came to
#
# Reads the graded answers MODEL.SET.jsonl.zst that are there. For each set (and
# of `test` and `greedy` for the questions whose topic the traces covered or did
# not): hyt-eval's numbers and the share of rationalised answers, which are those
# with filler for steps, or no step at all. Of `test` also, for each question,
# whether the answer is right, its confidence and PRG, per mille, for comparisons
# and pictures; and how well each number that hyt-prg wrote tells right answers
# from wrong ones (AUROC).
#
# Of the rounds in DIR: what hyt-update said of each step, and where a round was
# measured, on the validation questions: accuracy, ECE, the share answered and
# the answers' self-certainty.
set -eu -o pipefail
model=$1 dir=${2-} rounds=${3-0}
here=$(dirname "$0")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# slim FILE: the fields of it that are read here
slim() {
    zstdcat -q "$1" | jq -c '.filler as $filler
        | {id, completion, covered, finish, final, certainty, grade,
           tokens: (.tokens | {prompt, completion, ends}),
           prg: (if .prg then .prg | del(.logp) else null end),
           rationalised: (.completion
               | contains($filler) or startswith("####"))}'
}

# numbers FILE: hyt-eval's, and the share of rationalised answers
numbers() {
    hyt-eval --bootstrap 0 --json -q "$1" >"$tmp/support"
    hyt-eval --bootstrap 0 --json -q --confidence mean "$1" >"$tmp/mean"
    jq -c -n --slurpfile support "$tmp/support" --slurpfile mean "$tmp/mean" '
        reduce inputs as $r ({n: 0, rationalised: 0};
            .n += 1 | .rationalised += if $r.rationalised then 1 else 0 end)
        | .rationalised /= .n
        | . + ($support[0].metrics | map_values(.value))
        | .mean_support = ($mean[0].metrics
            | {ece, auroc, brier} | map_values(.value))' "$1"
}

for set in test greedy long; do
    [ -e "$model.$set.jsonl.zst" ] || continue
    slim "$model.$set.jsonl.zst" >"$tmp/$set"
    numbers "$tmp/$set" | jq -c "{$set: .}"
    [ $set != long ] || continue
    prefix=${set#test}
    prefix=${prefix:+${prefix}_}
    jq -c 'select(.covered)' "$tmp/$set" >"$tmp/part"
    numbers "$tmp/part" | jq -c "{${prefix}covered: .}"
    jq -c 'select(.covered | not)' "$tmp/$set" >"$tmp/part"
    numbers "$tmp/part" | jq -c "{${prefix}uncovered: .}"
    [ $set != test ] || jq -c -s -f "$here/questions.jq" "$tmp/test"
done >"$tmp/sets"

# point K FILE: the numbers after round K
point() {
    [ -e "$2" ] || return 0
    slim "$2" >"$tmp/point"
    hyt-eval --bootstrap 0 --json -q "$tmp/point" |
        jq -c --argjson k "$1" --slurpfile of "$tmp/point" '.metrics
            | [$k, .accuracy.value, .ece.value, .answered.value,
               ($of | map(.certainty.self) | add / length)]'
}
{
    [ "$rounds" -gt 0 ] || point 0 "$model.curve.jsonl.zst"
    for k in $(seq "$rounds"); do
        point "$k" "$dir/$k.curve.jsonl.zst"
    done
} >"$tmp/rounds"
for k in $(seq "$rounds"); do
    cat "$dir/$k.log"
done >"$tmp/log"
jq -c -n --slurpfile sets "$tmp/sets" --slurpfile rounds "$tmp/rounds" \
    --slurpfile log "$tmp/log" '
    def short: if type == "number" then . * 1e5 | round / 1e5 else . end;
    ($sets | add // {}) + {rounds: $rounds, tokens: ($log | map(.tokens) | add),
        steps: ($log | map([.step, .loss, .prg, .trust, .lambda,
            .self_certainty, .entropy] | map(short)))}
    | walk(if type == "number" then short else . end)'
