#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What counts as the same answer is tested in tests/unit/test_score.c; here:
# fields, options, bytes.

set -eu

# grade RECORD-WITHOUT-BRACES WANTED ARGS...
grade() {
    record=$1 want=$2
    shift 2
    got=$(printf '{%s}\n' "$record" | hyt-grade "$@" |
        jq -c '[.grade.correct, .grade.how]')
    if [ "$got" != "$want" ]; then
        echo "$record $*: $got, not $want"
        exit 1
    fi
}
five='"final":{"text":"5.0","bytes":[0,3]}'
grade "$five,\"gold\":\"5\"" '[true,"numeric"]'
grade "$five,\"gold\":5" '[true,"numeric"]'
grade "$five,\"gold\":\"5\"" '[false,"exact"]' --how exact
grade "$five,\"gold\":\"6\"" '[false,"numeric"]'
grade "$five,\"gold\":\"five\"" '[false,"exact"]'
grade "$five,\"gold\":\"five\"" '[false,"numeric"]' --how numeric
grade '"final":{"text":"(b)","bytes":[0,3]},"gold":"B"' '[true,"choice"]'
grade '"final":{"text":"Yes","bytes":[0,3]},"gold":"yes"' '[true,"exact"]'
grade '"final":null,"gold":"5"' '[false,"none"]'
grade "$five,\"a\":{\"b\":\"5\"}" '[true,"numeric"]' --gold-field a.b
# Numbers are the digits that stand there.
for n in 9007199254740993 12345678901234567891 0.12345678901234567890123 \
    1e400 1E+400; do
    grade "\"final\":{\"text\":\"$n\",\"bytes\":[0,9]},\"gold\":$n" \
        '[true,"numeric"]'
done
grade '"final":{"text":"9007199254740992","bytes":[0,9]},"gold":9007199254740993' \
    '[false,"numeric"]'
trace='"answer":"2 + 3 = 6, no, 5.\n#### 5"'
grade "$five,$trace" '[true,"numeric"]' --gold-field answer --gold-answer hash
grade "$five,$trace" '[false,"exact"]' --gold-field answer

# fails STATUS MESSAGE RECORD ARGS...
fails() {
    want=$1 message=$2 record=$3 status=0
    shift 3
    printf '%s\n' "$record" | hyt-grade "$@" >out 2>err || status=$?
    if [ "$status" -ne "$want" ] || ! grep -q -F -e "$message" err ||
        [ -s out ]; then
        echo "$record $*: $status"
        cat err
        exit 1
    fi
}
fails 1 'hyt-split' '{"gold":"5"}'
fails 1 '<stdin>:1:' "{$five}"
fails 1 'no reference in "gold"' "{$five,\"gold\":null}"
fails 1 '<stdin>:1:' "{$five,\"gold\":[5]}"
fails 1 'no answer in "gold"' "{$five,\"gold\":\"five\"}" --gold-answer hash
fails 1 '"grade"' "{$five,\"gold\":\"5\",\"grade\":3}"
fails 2 '--gold-answer' "{$five,\"gold\":\"5\"}" --gold-answer 'regex:('
fails 2 '--how' "{$five,\"gold\":\"5\"}" --how loosely
