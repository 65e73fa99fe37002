#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The pipe in a bounded space, whatever the stream's length: each program gets
# 160 MB of address space (mostly thread stacks) for a stream of 200 MB.  And a
# reader that has stopped reading stops them, without growth.
# dash and bash both have ulimit -v.
# shellcheck disable=SC3045
set -eu
case $BUILD in
*/asan | */tsan) echo "skipped: a sanitizer takes address space" && exit 77 ;;
esac
hyt-ckpt new m --shape hidden=8,layers=1,heads=1,kv_heads=1,ffn=8 \
    --max-positions 64
rows=300000
[ "${HYT_FULL-}" != 1 ] || rows=1000000
awk -v rows=$rows 'BEGIN {
    for (i = 0; i < rows; i++)
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
[ "$(cat count)" = $rows ]

# The check can fail: what keeps all it reads does not fit.
if (ulimit -v 160000 && jq -s length in.jsonl) >/dev/null 2>&1; then
    echo "the limit limits nothing" && exit 1
fi

# Nobody reads: after a while nobody computes, and nothing has grown.
mkfifo raw splits weighted
record='{"prompt":"1?","completion":"as it is\n#### 1","kind":"rd","sample":0'
record="$record,\"tokens\":{\"prompt\":[1],\"completion\":[2],\"ends\":[15]}}"
yes "$record" >raw &
yes=$!
hyt-split raw >splits &
split=$!
hyt-weight --policy rd --traces 64 splits >weighted &
weight=$!
(exec <weighted && exec sleep 1000) &
sleep=$!
trap 'kill $yes $split $weight $sleep 2>/dev/null || :' EXIT
# used: whether each of them waits, its ticks, and its size
used() {
    for pid in $yes $split $weight; do
        cut -d ' ' -f 3,14,15,24 "/proc/$pid/stat" || return
    done
}
before=
until now=$(used) && [ "$now" = "$before" ]; do
    # That one of them is not given the processor does not count.
    case $now in *R*) before= ;; *) before=$now ;; esac
    sleep 0.5
done
for pid in $split $weight; do
    kb=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status")
    [ "$kb" -lt 32000 ] || { echo "blocked, with $kb kB" && exit 1; }
    echo "# blocked, with $kb kB"
done
