#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The pipe in a bounded space, whatever the stream's length: each program gets
# 160 MB of address space (mostly thread stacks) for a stream of 200 MB.
# dash and bash both have ulimit -v.
# shellcheck disable=SC3045
set -eu
case $BUILD in
*/asan | */tsan) echo "skipped: a sanitizer takes address space" && exit 77 ;;
esac
hyt-ckpt new m --shape hidden=8,layers=1,heads=1,kv_heads=1,ffn=8 \
    --max-positions 64
awk 'BEGIN {
    for (i = 0; i < 300000; i++)
        printf "{\"prompt\":\"%d?\",\"completion\":\"as it is\\n#### %d\"," \
               "\"note\":\"%0600d\"}\n", i, i % 10, i
}' >in.jsonl
[ "$(wc -c <in.jsonl)" -gt 190000000 ]

(
    ulimit -v 160000
    hyt-rollout -m m --threads 1 -q in.jsonl 2>rollout.err || echo 1 >failed
) | (
    ulimit -v 160000
    hyt-split 2>split.err || echo 1 >failed
) | (
    ulimit -v 160000
    hyt-weight --policy rd --traces 64 2>weight.err || echo 1 >failed
) | awk 'END {print NR}' >count
if [ -e failed ]; then cat ./*.err && exit 1; fi
[ "$(cat count)" = 300000 ]

# The check can fail: what keeps all it reads does not fit.
if (ulimit -v 160000 && jq -s length in.jsonl) >/dev/null 2>&1; then
    echo "the limit limits nothing" && exit 1
fi
