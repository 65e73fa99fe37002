#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A run that was interrupted, however it was, and is started again on the same
# input ends with the same bytes as one that was not.

# shellcheck source=tests/cli/pipe/common.inc
. "$TESTS/cli/pipe/common.inc"

taught m
mixed >in
hyt-rollout -m m -n 3 --max-tokens 30 in | hyt-prg -m m |
    hyt-weight --policy fixed --groups 4 --traces 2 >weighted
batches=$(jq -s 'map(.weight.batch) | max + 1' weighted)
[ "$batches" -ge 4 ] || die "$batches batches are too few"
# upto N, after N: the records of the first N batches, and the others
jq -r .weight.batch weighted >number
upto() {
    head -n "$(awk -v n="$1" '$1 < n' number | grep -c .)" weighted
}
after() {
    tail -n "$(awk -v n="$1" '$1 >= n' number | grep -c .)" weighted
}
# update DIR [FILE]...
update() {
    hyt-update --lr 1e-3 --commit-every "$every" -m "$@"
}
# ends_as REFERENCE DIR MESSAGE
ends_as() {
    state "$1" >left
    state "$2" >right
    same left right "$3"
}

# runs: whether the update still does
runs() {
    [ ! -e pid ] || kill -0 "$(cat pid)" 2>/dev/null
}
# waits FILE PATTERN N: until so many lines are there, or nobody writes them
waits() {
    until [ "$(grep -c -e "$2" "$1")" -ge "$3" ]; do runs && sleep 0.01; done
}
# feed HOW: two batches, and the rest when something has come of them
feed() {
    upto 2
    case $1 in
    PIPE) waits closed '' 1 ;;
    USR1)
        waits out '"loss"' 2 && kill -USR1 "$(cat pid)"
        waits out '"committed":2' 1 ;;
    *)
        waits out '"loss"' 2 && kill -"$1" "$(cat pid)"
        while runs; do sleep 0.01; done ;;
    esac
    after 2
}
# interrupt HOW EVERY: in the foreground, and with INT as it is by default: what
# the shells of a background job ignore is ignored for good
interrupt() {
    rm -f fed out pid closed rc
    : >out
    : >closed
    mkfifo fed
    feed "$1" >fed 2>/dev/null &
    set -- "$1" sh -c "echo \$\$ >pid && exec env --default-signal=INT \
        hyt-update -m got --lr 1e-3 --commit-every $2 fed"
    if [ "$1" = PIPE ]; then
        shift
        { "$@" 2>err || echo $? >rc; } |
            { sed 1q >out && exec <&- && echo >closed; }
    else
        shift
        "$@" >out 2>err || echo $? >rc
    fi
    wait
}
# ended HOW: as it should by that
ended() {
    case $1 in
    KILL) [ "$(cat rc)" -eq 137 ] ;;
    USR1) [ ! -e rc ] ;;
    PIPE) [ "$(cat rc)" -eq 1 ] ;;
    *) [ "$(cat rc)" -eq 1 ] && grep -q 'stopped by a signal' err ;;
    esac || die "$1: exit status $(cat rc || :): $(cat err)"
}

# What commits on the way have the same names and the same end.
for every in 0 2; do
    cp -r m ref
    update ref weighted >ref.out
    [ "$every" -eq 0 ] ||
        [ "$(grep -c committed ref.out)" -ge $((batches / every)) ] ||
        die "--commit-every $every: $(grep -c committed ref.out) commits"
    [ -z "$(hyt-ckpt log ref | cmp - ref/hyt-log.jsonl)" ]

    # The input is cut: after whole batches, and within one.
    for cut in 1 2 3; do
        cp -r m got
        upto $cut >part
        [ $cut -ne 2 ] || upto 3 | sed '$d' >part
        if [ $cut -eq 2 ]; then
            fails update got part >out
        else
            { cat part && sed -n "$(($(grep -c . part) + 1))p" weighted &&
                echo '{'; } >torn
            fails update got torn >out
        fi
        hyt-ckpt verify got >/dev/null
        [ "$(hyt-ckpt info --json got | jq -r '.run')" != finished ] ||
            die "a part of the input counts as all of it"
        update got weighted >out
        ends_as ref got "--commit-every $every, cut after $cut"
        # Once more changes nothing.
        update got weighted >out 2>err
        [ ! -s out ] || die "applied a second time"
        says 'has these records already'
        ends_as ref got "run again"
        rm -rf got
    done

    # A signal, a closed output.
    for how in TERM INT USR1 KILL PIPE; do
        cp -r m got
        interrupt $how $every
        ended $how
        hyt-ckpt verify got >/dev/null
        update got weighted >out 2>err
        ends_as ref got "--commit-every $every, $how"
        rm -rf got
    done
    rm -rf ref
done
