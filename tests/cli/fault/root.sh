#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A disk that is full, for each number of blocks that were left on it.

[ "${HYT_ROOT-}" = 1 ] || { echo "make check-root: mounts a file system" && exit 77; }
[ "$(id -u)" = 0 ] || { echo "it takes root to mount a file system" && exit 77; }

# shellcheck source=tests/cli/fault/faults.inc
. "$CASE/faults.inc"

mkdir disk
mount -t tmpfs -o size=1m tmpfs disk || { echo "no mount here" && exit 77; }
trap 'umount disk; rm -rf "$place"' EXIT
n=0 full=0
for left in $(seq 0 4 160); do
    rm -rf disk/*
    cp -r m disk/w
    free=$(df -k --output=avail disk | tail -n 1)
    head -c $(((free - left) * 1024)) /dev/zero >disk/ballast
    status=0
    update disk/w >out 2>err || status=$?
    [ "$status" -le 1 ] || die "$left KiB left: exit status $status"
    if [ "$status" -ne 0 ]; then
        told "$left KiB left"
        grep -q 'No space left' err || { cat err && die "another error"; }
        full=$((full + 1))
    fi
    whole disk/w "$left KiB left"
    rm disk/ballast
    heals disk/w "$left KiB left"
    n=$((n + 1))
done
if [ "$full" -lt 5 ] || [ "$full" -eq "$n" ]; then die "full $full of $n"; fi
promised "$n" 'different rests'
echo "ok 1 - a disk with $n different rests, $full times too small"
