#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Short reads and writes and interrupted calls change nothing; no memory, and no
# room on the disk, are said in one line, and nothing is lost.

# shellcheck source=tests/cli/fault/faults.inc
. "$CASE/faults.inc"

for fault in none:0:SHORT none:0:EINTR; do
    rm -rf w
    cp -r m w
    with "$fault" update w >out 2>err
    [ "$status" -eq 0 ] || { cat err && die "$fault: exit status $status"; }
    whole w "$fault"
    state w >got
    same want got "$fault: another result"
    with "$fault" hyt-rollout -m w three >got 2>err
    [ "$status" -eq 0 ] || die "$fault: hyt-rollout"
    hyt-rollout -m w three >right
    same right got "$fault: other records"
done
echo "ok 1 - short and interrupted calls"

cp -r m mem
all=$(counted update mem | sed -n 's/^malloc //p')
n=0
for i in $(seq "$all" | sample 25); do
    rm -rf w
    cp -r m w
    # Aborted: by what a library does about its own (Oniguruma frees twice).
    with "malloc:$i:12" update w >out 2>err
    [ "$status" -lt 128 ] || [ "$status" -eq 134 ] ||
        die "malloc $i: exit status $status"
    [ "$status" -eq 0 ] || [ "$status" -eq 134 ] || told "malloc $i"
    whole w "malloc $i"
    heals w "malloc $i"
    n=$((n + 1))
done
echo "ok 2 - memory: $n of $all points"

n=0
largest=$(($(wc -c <ref/"$(cd ref && ls hyt-optimizer-3*)") / 512 + 8))
for blocks in $(seq 0 "$largest" | sample 12); do
    rm -rf w
    cp -r m w
    status=0
    (ulimit -f "$blocks" && exec 2>err && update w >out) || status=$?
    [ "$status" -le 1 ] || die "ulimit -f $blocks: exit status $status"
    [ "$status" -eq 0 ] || told "ulimit -f $blocks"
    whole w "ulimit -f $blocks"
    heals w "ulimit -f $blocks"
    n=$((n + 1))
done
echo "ok 3 - file size: $n of $((largest + 1)) limits"
