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
n=0 aborted=0
for i in $(seq "$all" | sample 25); do
    rm -rf w
    cp -r m w
    with "malloc:$i:12" update w >out 2>err
    # Oniguruma frees twice when it cannot allocate, which the reserve that is
    # taken before it prevents (below), but not where a single call is struck.
    if [ "$status" -eq 134 ] && grep -q 'double free' err; then
        aborted=$((aborted + 1))
    else
        [ "$status" -le 1 ] || die "malloc $i: exit status $status"
        [ "$status" -eq 0 ] || told "malloc $i"
    fi
    whole w "malloc $i"
    heals w "malloc $i"
    n=$((n + 1))
done
promised "$all" 'allocations'
echo "ok 2 - memory: $n of $all points, $aborted aborted by Oniguruma"

# Memory that really ends, at any size: nothing is aborted.
space() { # KIB
    rm -rf w
    cp -r m w
    # shellcheck disable=SC3045 # dash and bash both have ulimit -v
    (ulimit -v "$1" && update w) >out 2>err
}
low=2000 high=4000
until space $high; do low=$high high=$((high * 2)); done
while [ $((high - low)) -gt 4 ]; do
    half=$(((low + high) / 2))
    if space $half; then high=$half; else low=$half; fi
done 2>/dev/null
n=0
seq $((high - 2000)) 4 "$high" >limits
promised "$(grep -c . limits)" 'limits'
for kib in $(sample 25 <limits); do
    status=0
    space "$kib" 2>/dev/null || status=$?
    # 127: the dynamic linker's own; 139: no room for the stack, as a kill.
    case $status in
    0 | 127 | 139) ;;
    1) told "$kib KiB" ;;
    *) cat err && die "$kib KiB: exit status $status" ;;
    esac
    whole w "$kib KiB"
    heals w "$kib KiB"
    n=$((n + 1))
done
echo "ok 3 - address space: $n of $(grep -c . limits) limits up to $high KiB"

n=0
largest=$(($(wc -c <ref/"$(cd ref && ls hyt-optimizer-3*)") / 512 + 8))
for blocks in $(seq 0 "$largest" | sample 12); do
    rm -rf w
    cp -r m w
    # The limit is also one of its output; its messages go through a pipe.
    {
        status=0
        (ulimit -f "$blocks" && update w >out) || status=$?
        echo $status >rc
    } 2>&1 | cat >err
    status=$(cat rc)
    [ "$status" -le 1 ] || die "ulimit -f $blocks: exit status $status"
    [ "$status" -eq 0 ] || told "ulimit -f $blocks"
    whole w "ulimit -f $blocks"
    heals w "ulimit -f $blocks"
    n=$((n + 1))
done
promised $((largest + 1)) 'blocks'
echo "ok 4 - file size: $n of $((largest + 1)) limits"

# An input that stays open within a record: the signal ends the run, also where
# it comes just before the read that waits for the rest.
cut -c 1-99 three | head -n 1 | tr -d '\n' >part
cp -r m w
HYT_FAULT_COUNT=counts LD_PRELOAD=$BUILD/test/fault.so \
    hyt-update -m w -q --dry-run part >out 2>err || :
all=$(sed -n 's/^read //p' counts)
for i in $(seq "$all"); do
    rm -rf w fed
    cp -r m w
    mkfifo fed
    exec 3<>fed
    cat part >&3
    status=0
    timeout 60 env "HYT_FAULT=read:$i:TERM" "LD_PRELOAD=$BUILD/test/fault.so" \
        hyt-update -m w -q fed 3>&- >out 2>err || status=$?
    exec 3>&-
    [ "$status" -eq 1 ] || die "TERM at read $i: exit status $status"
    says 'stopped by a signal'
    whole w "TERM at read $i"
    heals w "TERM at read $i"
done
echo "ok 5 - a signal just before each of $all reads"
