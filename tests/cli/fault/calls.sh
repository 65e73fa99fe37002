#!/bin/sh
# SPDX-License-Identifier: MIT
#
# An update that is killed at, or fails in, the N-th call of each system call:
# the checkpoint is whole, and the same input again ends with the same bytes.
# Half of the points are struck while what another has left is recovered.

# shellcheck source=tests/cli/fault/faults.inc
. "$CASE/faults.inc"

# points WHAT...: "NAME:N:WHAT" for each call that the update makes
points() {
    for what in "$@"; do
        while read -r name n; do
            seq -f "$name:%.0f$what" "$n"
        done <calls
    done
}

# strike FAULT: and look at what is left
strike() {
    with "$1" update w >out 2>err
    case $1:$status in
    # Before it is caught, TERM kills.
    *KILL:0 | *KILL:137 | *TERM:143 | *[0-9]:0 | *TERM:0) ;;
    *[0-9]:1 | *TERM:1) told "$1" ;;
    *) die "$1: exit status $status" ;;
    esac
    whole w "$1"
}
# all NAME: at every point; in the numbers of errno, 5 is EIO and 28 ENOSPC
all() {
    rm -rf w
    cp -r m w
    counted update w | grep -v malloc >calls
    rm -rf w
    [ "$(grep -c . calls)" -gt 12 ] ||
        { cat calls && die "calls are not counted"; }
    points :KILL | sort >kills
    points :5 :28 +:5 +:28 | sort >errors
    points :TERM | sort >signals
    for list in kills errors signals; do
        n=0
        of=$(grep -c . $list)
        sample 25 <$list >points
        awk -v seed="$HYT_SEED" -v of="$of" '{ line[NR] = $0 } END {
            srand(seed)
            for (; of > 0; of--)
                print line[int(rand() * NR) + 1]
        }' kills >before
        while read -r fault <&3 && read -r other <&4; do
            rm -rf w
            cp -r m w
            if [ $((n % 2)) -eq 1 ]; then strike "$other"; fi
            strike "$fault"
            heals w "$fault"
            n=$((n + 1))
        done 3<points 4<before
        echo "ok - $list: $(grep -c . points) of $of points$1"
    done
}
all ''
promised "$(grep -c . kills)" 'system calls. Each'
promised "$(cat kills errors signals | grep -c .)" 'points. The same'
cp -r m single
begin split
all ', in shards'
promised "$(grep -c . kills)" 'system calls: '
promised "$(cat kills errors signals | grep -c .)" 'points. Half'

# The check can fail: a commit that writes into the committed file is torn by
# kills, and by errors.
export HYT_FAULT_COPIES=1
update() {
    hyt-update -m "$1" --threads 1 -q --lr 1e-3 --keep 0 three
}
rm -rf w
cp -r single w
counted update w | grep '^write ' >calls
for what in :KILL :28; do
    torn=0 of=0
    for fault in $(points $what | sample 24); do
        rm -rf w
        cp -r single w
        with "$fault" update w >out 2>err
        hyt-ckpt verify w >facts 2>&1 || torn=$((torn + 1))
        of=$((of + 1))
    done
    [ "$torn" -gt 0 ] || die "$what: a copy for a rename is not found out"
    echo "ok - written in place: torn by $torn of $of$what"
done
