#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The sums of HYT_TRACE: a hand-made trace of two processes, and a real one.
set -eu
# shellcheck source=tests/cli/plot/common.inc
. "$CASE/common.inc"

# process 1: outer 0-100 holds inner 10-30 (which holds leaf 12-17) and inner
# 40-60; then a lone leaf.  Process 2, between: inner 5-95.
cat >spans <<'END'
{"span":"leaf","at":12,"us":5,"pid":1}
{"span":"inner","at":10,"us":20,"pid":1}
{"span":"inner","at":40,"us":20,"pid":1}
{"span":"inner","at":5,"us":90,"pid":2}
{"span":"outer","at":0,"us":100,"pid":1}
{"span":"leaf","at":110,"us":10,"pid":1}
END
cat >want <<'END'
span       calls      seconds          own   share
inner          3     0.000130     0.000125   62.5%
outer          1     0.000100     0.000060   30.0%
leaf           2     0.000015     0.000015    7.5%
all            6                  0.000200  100.0%
END
hyt-plot trace spans | diff want -
hyt-plot trace <spans | diff want -
hyt-plot trace spans -o table
diff want table

# a real one: names, calls and seconds as the jq line of the manual sums them
echo '{"prompt":"a: 1+2 ="}' | HYT_TRACE=real hyt-rollout -q \
    -m "$TESTS/../examples/quickstart/model" --max-tokens 8 | tail -n 0
hyt-plot trace real | awk 'NR > 1 && !/^all/' | sed 's/%$//' |
    sed -E 's/^(.*[^ ]) +([0-9]+) +([0-9.]+) +[0-9.]+ +[0-9.]+$/\1:\2:\3/' |
    sort >got
jq -s 'group_by(.span)[] | [.[0].span, length, (map(.us) | add / 1e6)]' real |
    jq -r -s '.[] | @tsv' | awk -F '\t' '{ printf "%s:%d:%.6f\n", $1, $2, $3 }' |
    sort | diff - got
[ -s got ]

# own time adds up to what the outermost spans cover
hyt-plot trace real | awk '$1 == "all" { n = $3 * 1e6 } END { print int(n + 0.5) }' \
    >got
jq -s 'def covered: sort_by(.at) | reduce .[] as $s ({end: -1, sum: 0};
    if $s.at >= .end then {end: ($s.at + $s.us), sum: (.sum + $s.us)} else . end)
    | .sum | round; covered' real | diff - got

printf '{"span":"x","at":1,"us":"long","pid":1}\n' >other
fails 1 'other:1:25:' trace other
printf '{"span":"x","at":1,"us":2}\n' >other
fails 1 'other:1:1: no "pid"' trace other
fails 1 'graded.jsonl:1:1: no "span"' trace graded.jsonl
