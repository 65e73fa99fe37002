#!/bin/sh
# SPDX-License-Identifier: MIT
#
# --resume: an output that was cut anywhere becomes what it would have been.

# shellcheck source=tests/cli/pipe/common.inc
. "$CASE/common.inc"

taught m
mixed >in
# A record that is bad, between others, for --skip-bad.
{ sed -n 1,8p in && echo '{"prompt":5}' && sed -n 9,99p in; } >bad

# finishes WHOLE PROGRAM [OPTION]...: from what is left of it, cut at many places
finishes() {
    whole=$1
    shift
    size=$(wc -c <"$whole")
    line=$(head -n 7 "$whole" | wc -c)
    for at in 0 1 "$line" $((line - 1)) $((line + 1)) $((size / 3)) \
        $((size / 2)) $((size * 4 / 5)) $((size - 1)) "$size"; do
        head -c "$at" "$whole" >got
        "$@" --resume got >out 2>err || [ "$whole" = skipped ] ||
            { cat err && die "cut at $at: $*"; }
        same "$whole" got "cut at $at: $*"
        [ ! -s out ] || die "it writes to standard output, too"
    done
    rm got
    "$@" --resume got 2>err || [ "$whole" = skipped ] || die "from nothing: $*"
    same "$whole" got "from nothing: $*"
}
rollout() {
    hyt-rollout -m m -n 3 --max-tokens 12 "$@"
}
rollout in >rolled
rollout --shard 2/3 in >sharded
rollout --skip-bad bad >skipped 2>err || :
finishes rolled rollout in
finishes sharded rollout --shard 2/3 in
finishes skipped rollout --skip-bad bad
says '1 of [0-9]* records skipped'
hyt-prg -m m rolled >scored
finishes scored hyt-prg -m m rolled
sed '5s/"completion":\[/"completion":[-1,/' rolled >bad
hyt-prg -m m --skip-bad bad >skipped 2>err || :
[ "$(grep -c . skipped)" -eq $(($(grep -c . scored) - 1)) ] || die "none is bad"
finishes skipped hyt-prg -m m --skip-bad bad

# refuses MESSAGE COMMAND...: and leaves the file as it is
refuses() {
    message=$1
    shift
    cksum got >before
    fails "$@"
    says "$message"
    cksum got >after
    same before after "a file that was refused is changed"
}
# The output of another input, of other samples, of more records than there are.
head -n 20 rolled >got
sed 2d in >other
refuses 'not the output of this input' rollout --resume got other
refuses '"sampling" is not' rollout --seed 1 --resume got in
refuses '"sampling" is not' rollout --top-k 5 --resume got in
cp -r m m2
sums | hyt-rollout -m m2 | hyt-weight --policy rd | hyt-update -m m2 >out
refuses '"policy" is not' hyt-rollout -m m2 -n 3 --max-tokens 12 --resume got in
head -n 3 in >few
refuses 'got:4:1: the input has no record' rollout --resume got few
sed '3s/^/\n/' rolled >got
refuses 'not as this program writes it' rollout --resume got in
zstd -q -f rolled -o got
refuses 'is compressed' rollout --resume got in
head -n 20 scored >got
sed 2d rolled >other
refuses 'the input has another record here' hyt-prg -m m --resume got other
rollout --seed 2 in >other # the same ids and samples
refuses 'the input has another record here' hyt-prg -m m --resume got other
head -n 10 rolled >few
refuses 'got:11:1: the input has no record' hyt-prg -m m --resume got few

# A pipe that is killed while it writes leaves what can be finished.
rm got
mkfifo fed
hyt-rollout -m m -n 3 --max-tokens 12 fed >got &
writer=$!
exec 3>fed # it stays open: the program waits for more when it is killed
sed -n 1,5p in >&3
until [ -s got ]; do
    kill -0 $writer
    sleep 0.01
done
kill -KILL $writer
wait $writer || :
exec 3>&-
rollout --resume got in
same rolled got "killed, then resumed"
