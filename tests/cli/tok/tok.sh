#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What ids a text has is tested in tests/unit/test_text.c; here: lines,
# records, options, errors.

set -eu

mkdir llama2 llama3
cp "$TESTS/fixtures/tok/llama2.json" llama2/tokenizer.json
cp "$TESTS/fixtures/tok/llama3.json" llama3/tokenizer.json

# same WANTED GOT WHAT
same() {
    [ "$1" = "$2" ] && return
    printf '%s: got\n%s\nnot\n%s\n' "$3" "$2" "$1"
    exit 1
}

# Every text of the fixture, as records there and back.
jq -c 'select(.text | test("[<▁\u0301]") | not) | {text}' \
    "$TESTS/fixtures/tok/ids.jsonl" >texts
[ "$(wc -l <texts)" -gt 150 ]
for model in llama2 llama3; do
    for options in '' --no-special; do
        # shellcheck disable=SC2086 # no word is no option
        hyt-tok encode -m $model --field text $options texts |
            jq -c '{ids}' |
            hyt-tok decode -m $model --field ids $options | jq -c '{text}' >got
        cmp texts got
    done
done

# Plain lines, blank ones passed over; several files.
printf 'the apples\n\nAnna\n' >lines
echo 'two  spaces' >other
hyt-tok encode -m llama2 lines other >ids
hyt-tok decode -m llama2 ids >got
printf 'the apples\nAnna\ntwo  spaces\n' >want
cmp want got
hyt-tok decode -m llama2@3 ids >got
cmp want got

# The ids of the reference, and what the options change.
want=$(jq -c 'select(.text == "<s>hi</s>") | .llama2' \
    "$TESTS/fixtures/tok/ids.jsonl")
same "$want" "$(echo '<s>hi</s>' | hyt-tok encode -m llama2 --parse-special)" \
    'parsed'
same '[1,' "$(echo 'the' | hyt-tok encode -m llama2 | cut -c -3)" 'BOS'
same '<s><unk>' "$(echo '[1,0]' | hyt-tok decode -m llama2 --parse-special)" \
    'special tokens'
same '' "$(echo '[1,0]' | hyt-tok decode -m llama2)" 'no special tokens'
same "$(printf '1\t"<s>"\t3c 73 3e\n65\t"<0x3E>"\t3e')" \
    "$(echo '>' | hyt-tok inspect -m llama2 | sed 2d)" 'inspect'
same '{"x":1e400,"ids":[244,162],"text":"�"}' \
    "$(echo '{"x":1e400,"ids":[244,162]}' |
        hyt-tok decode -m llama2 --field ids --no-special)" 'half a character'

# fails STATUS MESSAGE INPUT ARGS...
fails() {
    want=$1 message=$2 input=$3 status=0
    shift 3
    printf '%b\n' "$input" | hyt-tok "$@" >out 2>err || status=$?
    if [ "$status" -ne "$want" ] || ! grep -q -F -e "$message" err ||
        [ "$(wc -l <err)" -ne 1 ]; then
        echo "$input $*: status $status, not $want; $(cat err)"
        exit 1
    fi
}
fails 2 'expected encode, decode, inspect or template' x -m llama2
fails 2 'not chop' x chop -m llama2
fails 2 '-m DIR is required' x encode
fails 1 'none: no tokenizer.json' x encode -m none
fails 1 '<stdin>:2: byte 2 of the text is not UTF-8' 'a\nb\0377' encode -m llama2
fails 1 '<stdin>:1:4: expected ' '[1,x]' decode -m llama2
fails 1 '<stdin>:1:1: expected an array' '[1,"a"]' decode -m llama2
fails 1 '<stdin>:1:1: no token has the id 99999' '[99999]' decode -m llama2
fails 1 '<stdin>:1:1: no "text"' '{"a":1}' encode -m llama2 --field text
for ids in '"mine"' '["mine"]' '[1.5]' '[[1]]' '{}'; do
    fails 1 '"ids"' "{\"a\":\"b\",\"ids\":$ids}" encode -m llama2 --field a
    same '[1' "$(echo "{\"ids\":$ids,\"a\":\"b\"}" |
        hyt-tok encode -m llama2 --field a --overwrite | cut -c 8-9)" "$ids"
done
fails 1 '"text"' '{"a":[1],"text":["mine"]}' decode -m llama2 --field a
fails 1 'another "text" is there' '{"a":[306],"text":"mine"}' \
    decode -m llama2 --field a
same true "$(echo '{"text":"mine","a":[306]}' |
    hyt-tok decode -m llama2 --field a --overwrite | jq '.text != "mine"')" \
    'overwritten'
mkdir bad
echo '{"model":{"type":"WordPiece"}}' >bad/tokenizer.json
fails 1 'bad: tokenizer.json: model type "WordPiece" is not supported' x \
    encode -m bad

# A run of anything there and back, and the end of what is possible.
bytes=1000000
[ -z "${HYT_FULL-}" ] || bytes=5000000
mkdir gpt2
cp "$TESTS/fixtures/tok/gpt2.json" gpt2/tokenizer.json
for model in gpt2 llama3; do
    for run in z ' ' '('; do
        {
            printf a
            head -c $bytes /dev/zero | tr '\0' "$run"
            echo
        } >long
        hyt-tok encode -m $model long | hyt-tok decode -m $model >got
        cmp long got
    done
done
head -c 17000000 /dev/zero | tr '\0' z >long
status=0
hyt-tok encode -m llama3 long 2>err || status=$?
same "1 hyt-tok: long:1: a run in 17000000 bytes is too long for the tokenizer's \
pattern" "$status $(cat err)" 'too long a run'
