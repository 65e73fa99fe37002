#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Groups: whole ones only.  An incomplete or wrong one is refused with its line,
# and what was whole before it still leaves.

set -eu
awk -v traces=2 -v groups=3 -v size=4 -f "$CASE/records.awk" >in # 2 + 12 lines

# try ARGS...: with the records in `bad`
try() {
    status=0
    hyt-weight "$@" <bad >out 2>err || status=$?
}

# check NAME STATUS MESSAGE LINES-OUT: what came of it
check() {
    if [ "$status" -ne "$2" ] || [ "$(wc -l <out)" -ne "$4" ] ||
        { [ -n "$3" ] && ! grep -q -F -e "$3" err; }; then
        echo "$1: status $status, $(wc -l <out) lines out, and:"
        cat err
        exit 1
    fi
}

hyt-weight in | wc -l | grep -q '^14$'

head -n 13 in >bad # upstream died
try
check "cut short" 1 'group "q2" ended after 3 of 4 samples' 10
grep -q '<stdin>:13:' err

sed 8d in >bad # q1-1 is lost
try
check "a sample lost" 1 'group "q1" ended after 1 of 4 samples' 6
grep -q '<stdin>:7:' err

sed '3{h;d};4G' in >bad # q0-1 before q0-0
try
check "wrong order" 1 'group "q0" begins with sample 1 of 4' 0
grep -q '<stdin>:3:' err

sed 4p in >bad # q0-1 twice
try
check "a sample twice" 1 'group "q0" ended after 2 of 4 samples' 0

{ head -n 4 in && sed -n 1p in && tail -n +5 in; } >bad # a trace in between
try
check "a trace in a group" 1 'group "q0" ended after 2 of 4 samples' 0

sed '5s/"n":4/"n":3/' in >bad
try
check "another n" 1 'group "q0" ended after 2 of 4 samples' 0

sed '4s/"group":"q0"/"group":7/' in >bad
try
check "no name" 1 '<stdin>:4:' 0

# --skip-bad leaves the group out and goes on
sed 8d in >bad
try --skip-bad
check "skipped" 1 'group "q1" ended after 1 of 4 samples' 10
[ "$(jq -r .group out | sort -u | tr '\n' ' ')" = "q0 q2 t0 t1 " ]

# lost N: N records, those of q1, are left out, told of in one message
lost() {
    try --skip-bad
    check "lost $1" 1 "$1 of $(wc -l <bad) records skipped" 10
    if [ "$(wc -l <err)" -ne 2 ] || [ "$(grep -c 'group "q1"' err)" -ne 1 ]; then
        echo "not one message:"
        cat err
        exit 1
    fi
}
for line in 7 8 9 10; do # any one sample of q1
    sed ${line}d in >bad
    lost 3
done
sed '7{h;d};8G' in >bad # wrong order
lost 4
sed '8{p;p}' in | sed 11d >bad # one three times, one lost
lost 5
# upstream died and was started again: what is whole then counts
{ head -n 9 in && tail -n +7 in; } >bad
try --skip-bad
check "begun again" 1 '3 of 17 records skipped' 14

# a bad line after whole groups: those still leave, and the error is that line's
{ head -n 10 in && echo '{' && tail -n +11 in; } >bad
try
check "a bad line" 1 '<stdin>:11:' 10

# nothing to anchor the first batch
tail -n +3 in >bad
try
check "no traces" 1 'no supervised trace' 0
try --policy rlif
check "rlif needs none" 0 '' 12
head -n 2 in >bad
try
check "no group" 1 'no whole group' 0
try --policy rd
check "rd needs none" 0 '' 2
try --policy rlif
check "rlif, traces only" 1 'supervised traces came but no whole group' 0
tail -n +3 in >bad
try --policy rd
check "rd, rollouts only" 1 'rollouts came but no supervised trace' 0
: >bad
for policy in hytuning rd rlif fixed hpt srft; do
    try --policy $policy
    check "nothing at all" 0 '' 0
done

# no rollout that counts: the traces have the whole loss
sed '3,$s/"prg":{[^}]*}/"prg":null/; 1,2s/"prg":[^,]*,/"prg":{"score":0.5},/' \
    in >bad
try
check "no score" 0 '' 14
jq -s -e 'all(.[]; .weight.lambda == 0) and (map(select(.kind == "rd"))
    | all(.[]; (.weight.coef * 2 * (.tokens.completion | length) - 1 | fabs)
        < 1e-12))' out >/dev/null
