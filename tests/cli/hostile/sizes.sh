#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A small file that claims to be large: it is refused before memory is asked
# for, in one line.
set -eu
# shellcheck source=tests/cli/hostile/common.inc
. "$CASE/common.inc"

hyt-ckpt new model --shape layers=1,hidden=4,heads=1,ffn=4
echo '{"prompt":"1"}' >query

# header JSON [LENGTH]: of m's safetensors file; LENGTH in octal escapes
header() {
    rm -rf m && cp -r model m
    printf '%b%s' "${2-\\0$(printf %o ${#1})$none}" "$1" >m/model.safetensors
}
none='\0000\0000\0000\0000\0000\0000\0000'
most='\0377\0377\0377\0377\0377\0377\0377\0377'
header '{"a":{"dtype":"F32","shape":[4294967296,9],"data_offsets":[0,8]}}'
refused 'is not inside' hyt-ckpt info m
header '{"a":{"dtype":"F32","shape":[4294967296,1073741824],"data_offsets":[0,0]}}'
refused 'overflows 64 bits' hyt-ckpt info m
header '{"a":{"dtype":"F64","shape":[0,18446744073709551615],"data_offsets":[0,0]}}'
refused 'no tensor' hyt-rollout -m m query
header '{}' "$most"
refused 'header length' hyt-ckpt info m
header '{}' '\0000\0340\0365\0005\0000\0000\0000\0000' # 99,999,744
refused 'does not fit' hyt-ckpt info m

# numbers of a commit record, on which one would count on
for key in generation step; do
    header "{\"__metadata__\":{\"hyt.$key\":\"18446744073709551615\"}}"
    refused 'is above 2^53' hyt-ckpt info m
    refused 'is above 2^53' hyt-update -q -m m query
done

# one that can be read, but not counted on: the padding gives the room for it
rm -rf m && cp -r model m
echo '{"prompt":"a","completion":"b"}' | hyt-rollout -q -m m |
    hyt-weight -q --policy rd >one
hyt-update -q -m m one >/dev/null
sed 's/"hyt.generation":"1"/"hyt.generation":"9007199254740992"/
    s/} \{15\}/}/' m/model.safetensors >high
chmod u+w m/model.safetensors && cp high m/model.safetensors
hyt-ckpt info m >/dev/null
refused 'above 2^52' hyt-update -q --again -m m one
cmp high m/model.safetensors || fail 'an update counted on'

# config.json: each of its numbers as large as can be
rm -rf m && cp -r model m
for key in $(jq -r 'to_entries[] | select(.value | type == "number") | .key' \
    model/config.json); do
    for n in 1000000000 -1 9007199254740993; do
        jq -c ".[\"$key\"] = $n" model/config.json >m/config.json
        got=0
        hyt-rollout -q -m m --max-tokens 2 query >out 2>err || got=$?
        [ "$got" -le 1 ] || fail "$key $n: exit status $got"
        [ "$(wc -l <err)" = "$got" ] || fail "$key $n: $(cat err)"
        [ "$got" = 1 ] || continue
        refused '' hyt-rollout -q -m m --max-tokens 2 query
    done
done
for key in hidden_size num_hidden_layers num_attention_heads \
    intermediate_size vocab_size; do
    jq -c ".[\"$key\"] = 1000000000" model/config.json >m/config.json
    refused 'm: ' hyt-prg -m m query
done

# tokenizer.json: ids
rm -rf m && cp -r model m
for id in 16777217 2147483648 1e18 -1 0.5; do
    jq -c ".model.vocab[\"q\"] = $id" model/tokenizer.json >m/tokenizer.json
    refused 'not an integer in 0..16777216' hyt-rollout -q -m m query
    jq -c ".added_tokens += [{id: $id, content: \"q\"}]" model/tokenizer.json \
        >m/tokenizer.json
    refused 'not an integer in 0..16777216' hyt-tok encode -m m query
done
jq -c '.model.vocab["q"] = 16777216' model/tokenizer.json >m/tokenizer.json
refused 'the tokenizer has 16777217 ids' hyt-rollout -q -m m query

# zstd: a window of 2 TB, of 256 MB, and one of 128 MB, which is allowed;
# contents of 16 EB; 300 MB that are small
for window in '\0370' '\0220'; do
    printf '\050\265\057\375\000%b\001\000\000' "$window" >window.zst
    refused 'damaged zstd frame' hyt-split window.zst
done
printf '\050\265\057\375\000\210\001\000\000' >window.zst
hyt-split window.zst >out
printf '\050\265\057\375\300\000\376\377\377\377\377\377\377\377\053\000\000a' \
    >content.zst
refused 'zstd frame' hyt-split content.zst
head -c 300000000 /dev/zero | tr '\0' ' ' | zstd -q >bomb.zst
[ "$(wc -c <bomb.zst)" -lt 100000 ]
refused 'longer than' hyt-split bomb.zst
refused 'longer than' hyt-grade --max-line 100 bomb.zst

# JSON: nesting, in a record and in the model's files
awk 'BEGIN { for (i = 0; i < 1000000; i++) printf "["; print "" }' >deep
printf '{"completion":' >record
cat deep >>record
refused 'deeper than 1000' hyt-split record
for file in config generation_config tokenizer tokenizer_config; do
    rm -rf m && cp -r model m
    cp deep "m/$file.json"
    refused 'deeper than 1000' hyt-rollout -q -m m query
done
rm -rf m && cp -r model m
awk 'BEGIN { for (i = 0; i < 1000000; i++) printf "{{ ((" }' \
    >m/chat_template.jinja
echo '{"prompt":[{"role":"user","content":"1"}]}' >chat
refused '500 levels' hyt-rollout -q -m m chat
