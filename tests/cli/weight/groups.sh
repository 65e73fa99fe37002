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
