#!/bin/bash
# SPDX-License-Identifier: MIT
#
# watch.sh DIR K [REQUIREMENT...] - is model K of a run still sound?
#
# Reads DIR/K.watch.jsonl.zst, its graded answers to a few questions, and where
# it is there DIR/K.log, what hyt-update said of round K. Prints one JSON line:
#
#     round, met, unmet    the requirements that do not hold
#     best                 the round of the best model so far
#     metrics, log         means: hyt-eval's, and those of the log's fields
#
# A REQUIREMENT is one of hyt-eval --require, such as entropy>0.1, or, with
# "log." in front, of a field of the log: log.kl<0.5. One without a value is not
# met. Model 0 is where the run began: nothing is required of it.
#
# DIR/best is a copy, by hard links, of the model with the highest BEST, a jq
# expression of the metrics, among model 0 and those that met all requirements;
# DIR/best.watch is its line.
set -eu -o pipefail
dir=$1 k=$2
shift 2
best=${BEST:-.accuracy}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

require=()
if [ "$k" -gt 0 ]; then
    for r in "$@"; do
        case $r in
        log.*) printf '%s\n' "${r#log.}" >>"$tmp/of_log" ;;
        *) require+=(--require "$r") ;;
        esac
    done
fi
touch "$tmp/of_log"
cat "$dir/$k.log" >"$tmp/log" 2>/dev/null || [ "$k" -eq 0 ]

status=0
hyt-eval --json --bootstrap 0 -q "${require[@]}" "$dir/$k.watch.jsonl.zst" \
    >"$tmp/report" 2>"$tmp/said" || status=$?
[ "$status" -eq 0 ] || [ "$status" -eq 3 ] || { cat "$tmp/said" >&2 && exit 1; }

sed -n 's/^hyt-eval: not met: //p' "$tmp/said" >"$tmp/unmet"
jq -n -c --argjson round "$k" --slurpfile report "$tmp/report" \
    --slurpfile log "$tmp/log" --rawfile unmet "$tmp/unmet" \
    --rawfile of_log "$tmp/of_log" --arg best "$(
        [ ! -f "$dir/best.watch" ] || jq .best "$dir/best.watch")" '
    def lines: split("\n") | map(select(. != ""));
    def mean: map(numbers) | if length > 0 then add / length else null end;
    # "kl<0.5" against the means: null where it holds
    def check($mean):
        (capture("^(?<name>[^<>= ]+) *(?<op>[<>]=?) *(?<x>[-+.0-9eE]+)$")
            // error("\"log.\(.)\" is no requirement"))
        | (.x | tonumber) as $x | $mean[.name] as $value
        | if $value == null then "it has no value"
          elif (.op == "<" and $value < $x) or (.op == "<=" and $value <= $x)
            or (.op == ">" and $value > $x) or (.op == ">=" and $value >= $x)
          then null else "it is \($value)" end;
    ($log | [.[] | keys_unsorted[]] | unique
        | map({(.): (. as $f | $log | map(.[$f]) | mean)}) | add // {}) as $mean
    | (($unmet | lines) + ($of_log | lines
        | map(. as $r | check($mean) | values | "log.\($r) (\(.))"))) as $all
    | {$round, met: ($all == []), unmet: $all,
       best: (if $best == "" then null else $best | tonumber end),
       metrics: ($report[0].metrics | map_values(.value)), log: $mean}' \
    >"$tmp/line"

# The new model is the best so far if it is sound and above the one before.
# One without a value is below all others.
score() {
    jq "(try (.metrics | $best) catch null) // -infinite" "$1"
}
new=$(score "$tmp/line")
old=$([ ! -f "$dir/best.watch" ] || score "$dir/best.watch")
if jq -e .met "$tmp/line" >/dev/null &&
    { [ -z "$old" ] || jq -n -e "$new > $old" >/dev/null; }; then
    jq -c '.best = .round' "$tmp/line" >"$tmp/best" && mv "$tmp/best" "$tmp/line"
    rm -rf "$dir/best.new"
    cp -al "$dir/$k" "$dir/best.new"
    rm -rf "$dir/best"
    mv "$dir/best.new" "$dir/best"
    cp "$tmp/line" "$dir/best.watch"
fi
cat "$tmp/line"
