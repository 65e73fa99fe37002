#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The experiment of less-is-more, small and from nothing: hytuning must answer
# better than its base model and than rollouts alone, and leave the rationalised
# mode; the report must be whole. Minutes, so with HYT_QUICK=1 alone: make check-quick.

set -eu
[ -n "${HYT_QUICK-}" ] || { echo "make check-quick runs it"; exit 77; }
command -v gnuplot >/dev/null || { echo "gnuplot is missing"; exit 77; }

unset MAKEFLAGS MAKELEVEL
make -s -C "$TESTS/../examples/less-is-more" -j2 quick B="$PWD/b" \
    HYT_BIN="$BUILD/bin"
report=b/quick/report

jq -r '.means[] | select(.set == "test" and .n == 2 and (.metric == "accuracy"
    or .metric == "rationalised")) | [.arm, .metric, .mean] | @tsv' \
    $report/report.json
jq -e '
    def of($arm; $metric): .means[] | select(.task == "order" and .arm == $arm
        and .set == "test" and .metric == $metric) | .mean;
    of("base"; "accuracy") > 0.2 and of("base"; "accuracy") < 0.6
    and of("base"; "rationalised") > 0.3
    and of("hytuning"; "accuracy") > of("base"; "accuracy") + 0.08
    and of("hytuning"; "accuracy") > of("rlif"; "accuracy") + 0.1
    and of("hytuning"; "rationalised") < of("base"; "rationalised") - 0.15' \
    $report/report.json >/dev/null
# Two seeds of each arm, nothing of the round before left
jq -e '.runs | length >= 4 and all(.seeds.order == [1, 2])' \
    $report/report.json >/dev/null
for picture in arms curves reliability-base reliability-hytuning prg-base; do
    grep -q '^<svg' $report/$picture.svg
    grep -q -F "($picture.svg)" $report/report.md
done
for records in b/quick/*/[0-9].jsonl.zst; do
    [ ! -e "$records" ]
done
