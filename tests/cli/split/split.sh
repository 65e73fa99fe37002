#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What steps and answers are is tested in tests/unit/test_text_steps.c and
# test_text_answer.c; here: fields, tokens, options, bytes.

set -eu

# split RECORD JQ-EXPRESSION WANTED ARGS...
split() {
    record=$1 expression=$2 want=$3
    shift 3
    got=$(printf '%s\n' "$record" | hyt-split "$@" | jq -c "$expression")
    if [ "$got" != "$want" ]; then
        echo "$record $*: $got, not $want"
        exit 1
    fi
}

# Tokens "a b", "\nc", " d\n#", "### ", "7", EOS: the third straddles the last
# step and the statement, and so is no step's.
text='"completion":"a b\nc d\n#### 7"'
tokens='"tokens":{"prompt":[1],"completion":[9,9,9,9,9,2],"ends":[3,5,9,13,14,14]}'
split "{$text}" '[.steps,.final]' \
    '[[{"text":[0,4]},{"text":[4,8]}],{"text":"7","bytes":[13,14]}]'
split "{$text,$tokens}" '[.steps[].tokens]' '[[0,2],[2,2]]'
split "{$text,$tokens}" '.final' '{"text":"7","bytes":[13,14],"tokens":[4,5]}'
split "{$text,$tokens}" '[.steps[].text]' '[[0,5],[5,8]]' --steps tokens:2
split "{$text,$tokens}" '[.steps[].text]' '[[0,2],[2,6],[6,8]]' --steps 'regex: '
split "{$text}" '.final.text' '"a"' --answer 'regex:\A(\w)'
split '{"completion":"no"}' '[.steps,.final]' '[[{"text":[0,2]}],null]'
split '{"completion":""}' '[.steps,.final]' '[[],null]'
split '{"answer":"#### 7"}' '.final.text' '"7"' --completion-field answer

# A rollout that was cut short has no last word; a trace has.
split "{$text,\"kind\":\"rlif\",\"finish\":\"length\"}" \
    '[.final, .steps[-1].text]' '[null,[8,14]]'
split "{$text,\"kind\":\"rd\",\"finish\":\"length\"}" '.final.text' '"7"'
split "{$text,\"kind\":\"rlif\",\"finish\":\"stop\"}" '.final.text' '"7"'

# What was split is split anew, and stays.
split "{$text,\"steps\":[],\"final\":null}" '[(.steps|length),.final.text]' \
    '[2,"7"]'

# fails STATUS MESSAGE RECORD ARGS...
fails() {
    want=$1 message=$2 record=$3 status=0
    shift 3
    printf '%s\n' "$record" | hyt-split "$@" >out 2>err || status=$?
    if [ "$status" -ne "$want" ] || ! grep -q -F -e "$message" err ||
        [ -s out ]; then
        echo "$record $*: status $status, not $want; $(cat err)"
        exit 1
    fi
}
fails 1 '<stdin>:1:1: no "completion"' '{"prompt":"x"}'
fails 1 '"steps"' "{$text,\"steps\":\"mine\"}"
fails 1 '"final"' "{$text,\"final\":{\"mine\":1}}"
fails 1 'ends at byte 3' \
    "{$text,\"tokens\":{\"prompt\":[],\"completion\":[9],\"ends\":[3]}}"
fails 1 'need a text with tokens' "{$text}" --steps tokens:4
fails 1 'the regular expression gave up on 37 bytes' '{"completion":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"}' \
    --answer 'regex:^(a|a?)+$'
fails 2 'steps "word"' "{$text}" --steps word
fails 2 'answer "word"' "{$text}" --answer word
fails 2 'steps "regex:"' "{$text}" --steps 'regex:'
fails 2 'regular expression "("' "{$text}" --steps 'regex:('
split "{$text,\"steps\":\"mine\"}" '.steps|length' 2 --overwrite
# What --stepwise wrote where nothing was measured can be cut again.
printf '{"completion":"Add. Then more. Done.\\nb\\n#### 5"}\n{"completion":""}\n' |
    hyt-split --stepwise | hyt-split --steps sentence | jq -c '.steps | length' |
    tr '\n' ' ' >out
[ "$(cat out)" = '4 0 ' ]

# A run of anything, however long.
for run in '(' ' ' '-' z; do
    {
        printf '{"completion":"#### 7\\n'
        head -c 10000000 /dev/zero | tr '\0' "$run"
        echo '"}'
    } >long
    [ "$(hyt-split long | jq -r .final.text)" = 7 ]
    hyt-split --answer choice --steps sentence long | jq -e '.final == null' >out
done
