#!/bin/bash
# SPDX-License-Identifier: MIT
#
# report.sh OUT LINE... - report.md and report.json in OUT, of result lines
set -eu -o pipefail
out=$1
shift
mkdir -p "$out"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
here=$(dirname "$0")

# TASK ARM TRACES SEED SET METRIC VALUE
jq -r '. as $r | ("test", "greedy", "long", "covered", "uncovered") as $set
    | .[$set] | . + {mean_ece: .mean_support.ece, mean_auroc: .mean_support.auroc}
    | ("accuracy", "ece", "smece", "brier", "auroc", "overconfidence",
       "answered", "rationalised", "mean_ece", "mean_auroc") as $m
    | [$r.task, $r.arm, ($r.traces // 0), ($r.seed // 0), $set, $m, .[$m]]
    | select(.[6] != null) | @tsv' "$@" >"$tmp/rows"
awk -f "$here/means.awk" "$tmp/rows" >"$tmp/means"

# The primary endpoint: 32 traces, temperature 1, all tasks.
jq -r 'select(.traces == 32) | [.task, .arm, .seed, .questions.correct,
    (.questions.support | map(tostring) | join(","))] | @tsv' "$@" |
    awk -f "$here/bootstrap.awk" >"$tmp/pairs"

jq -n --rawfile means "$tmp/means" --rawfile pairs "$tmp/pairs" '
    def table: split("\n") | map(select(. != "") | split("\t"));
    {means: ($means | table | map({task: .[0], arm: .[1], traces: (.[2] | tonumber),
        set: .[3], metric: .[4], n: (.[5] | tonumber), mean: (.[6] | tonumber),
        half: (if .[7] == "" then null else .[7] | tonumber end)})),
     primary: ($pairs | table | map({arm: .[0], metric: .[1],
        difference: (.[2] | tonumber), lo: (.[3] | tonumber),
        hi: (.[4] | tonumber)}))}' >"$out/report.json"
jq -r -f "$here/report.jq" "$out/report.json" >"$out/report.md"
