#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What must not pass in silence: fields that are the user's own, a result that
# is another's, an input that was not used up, weights that go away.
set -eu

# says STATUS TEXT COMMAND...: fails so, with one line that holds the text
says() {
    want=$1 text=$2
    shift 2
    got=0
    "$@" >out 2>err || got=$?
    [ "$got" = "$want" ] || fail "exit status $got of: $*"
    [ "$(wc -l <err)" = 1 ] || fail "$(cat err) from: $*"
    grep -qF -- "$text" err || fail "$(cat err), expected $text"
}
fail() {
    echo "$1" && exit 1
}

cp -r "$TESTS/../examples/quickstart/model" m
printf '%s\n' '{"prompt":"a: 7+5*3 =\n"}' >query
hyt-rollout -m m -n 4 --max-tokens 40 query | hyt-prg -m m |
    hyt-weight --policy rlif --reward prg-certainty >weighted

for field in '"group":"math"' '"sample":3' '"kind":"z"' '"finish":"no"'; do
    echo "{\"prompt\":\"a\",$field}" >in
    says 1 'is there already' hyt-rollout -m m in
    hyt-rollout -m m -n 1 --max-tokens 2 --overwrite in >out
done
printf '%s\n' '{"completion":"a\n#### 5","steps":["first","second"]}' >in
says 1 '"steps" has an element without "text"' hyt-split in
hyt-split --overwrite in >out

# numbers are gold too, as they are spelled
echo '{"prompt":"a","a":5.0}' >in
hyt-rollout -m m -n 1 --max-tokens 2 --gold-field a in >out
grep -qF '"gold":5.0,' out || fail "$(cat out)"
says 2 'expected line, sentence' hyt-prg -m m --steps foo in

# --out: not the input, not another's result, not an empty one
ln -s m link
for dir in m ./link "$PWD/m"; do
    says 1 'is the directory of the model' hyt-update -m m --out "$dir" weighted
done
hyt-update -m m --out made weighted >log
cp made/model.safetensors first
hyt-update -m m --out made weighted >log2
[ ! -s log2 ] || fail "made again"
says 1 'other options' hyt-update -m m --out made --lr 0.5 weighted
cmp first made/model.safetensors
: >nothing
says 1 'no records' hyt-update -m m --out empty nothing
[ ! -e empty ] || fail "a directory for nothing"

# an input that ends early says where; so does a signal
sed '$d' weighted >torn
says 1 'torn:3:1: the input ends after 3 of 4' hyt-update -m m --dry-run torn
mkfifo pipe
rm -f m/hyt.lock
hyt-update -m m pipe >log 2>err &
update=$!
exec 3>pipe # it stays open: what ends the program is the signal alone
head -n 2 weighted >&3
until [ -e m/hyt.lock ]; do # it has read a record
    kill -0 "$update" || fail "$(cat err)"
    sleep 0.1
done
kill -TERM "$update"
status=0
wait "$update" || status=$?
exec 3>&-
[ "$status" = 1 ] || fail "exit status $status after TERM"
grep -q 'stopped by a signal' err || fail "$(cat err)"

# weights that are cut short while they are mapped
cp -r m cut
mkfifo later
(cat query later) | (
    status=0
    hyt-rollout -m cut -n 4 -q >out.cut 2>err || status=$?
    echo "$status" >status
) &
reader=$!
until [ -s out.cut ]; do # the first query is answered
    [ ! -s status ] || fail "$(cat err)"
    sleep 0.1
done
: >cut/model.safetensors
cat query >later
wait "$reader"
[ "$(cat status)" = 1 ] || fail "exit status $(cat status) after SIGBUS"
grep -q 'cut short while it was in use' err || fail "$(cat err)"
