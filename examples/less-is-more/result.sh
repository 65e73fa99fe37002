#!/bin/bash
# SPDX-License-Identifier: MIT
#
# result.sh MODEL [LOG...] - one line: what a run came to
#
# Reads MODEL.test.jsonl.zst, MODEL.greedy.jsonl.zst and MODEL.long.jsonl.zst,
# graded answers, and the logs of the run's rounds. The fields: for each set,
# and for the questions of `test` whose topic the traces covered or did not,
# hyt-eval's numbers and the share of rationalised answers; the curves over
# steps; and for each question of `test`, whether it was answered rightly and
# how sure the model was, per mille, for paired comparisons.
set -eu -o pipefail
model=$1
shift

numbers() {
    hyt-eval --bootstrap 0 --json -q | jq -c '.metrics | map_values(.value)'
}

# slice SET [FILTER]
slice() {
    zstdcat -q "$model.$1.jsonl.zst" | jq -c "select(${2:-true})" >"$tmp/slice"
    support=$(numbers <"$tmp/slice")
    mean=$(hyt-eval --bootstrap 0 --json -q --confidence mean "$tmp/slice" |
        jq -c '.metrics | {ece: .ece.value, auroc: .auroc.value, brier: .brier.value}')
    jq -c -n --argjson support "$support" --argjson mean "$mean" '
        [inputs | .filler as $f | .completion | contains($f)] as $r
        | $support + {n: ($r | length), mean_support: $mean,
            rationalised: ($r | map(select(.)) | length / ($r | length))}' \
        "$tmp/slice"
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cat /dev/null "$@" | jq -c -s '{tokens: (map(.tokens) | add),
    curve: map([.step, .loss, .prg, .trust, .lambda, .self_certainty, .entropy])}' \
    >"$tmp/log"
zstdcat -q "$model.test.jsonl.zst" | jq -c -s '{
    correct: map(if .grade.correct then "1" else "0" end) | add,
    support: map((.prg.support[-1] // 0.5) * 1000 | round),
    mean: map((.prg.mean // 0.5) * 1000 | round)}' >"$tmp/questions"
jq -c -n --argjson test "$(slice test)" --argjson greedy "$(slice greedy)" \
    --argjson long "$(slice long)" \
    --argjson covered "$(slice test .covered)" \
    --argjson uncovered "$(slice test '.covered | not')" \
    --slurpfile log "$tmp/log" --slurpfile questions "$tmp/questions" '
    {test: $test, greedy: $greedy, long: $long, covered: $covered,
     uncovered: $uncovered} + $log[0] + {questions: $questions[0]}'
