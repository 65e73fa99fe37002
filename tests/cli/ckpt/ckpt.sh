#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What hyt-ckpt leaves behind where it fails, and what it does not replace.

set -eu
shape=layers=1,hidden=64,heads=2

# fails MESSAGE ARGS...
fails() {
    message=$1 status=0
    shift
    hyt-ckpt "$@" >out 2>err || status=$?
    if [ "$status" -ne 1 ] || [ "$(wc -l <err)" -ne 1 ] ||
        ! grep -q -F -e "$message" err; then
        echo "$*: $status"
        cat err
        exit 1
    fi
}

# No room for the weights: the directory goes as well, one that was there stays
# as it was.
mkdir old
echo mine >old/notes
(
    ulimit -f 1
    fails 'no room' new new --shape $shape
    fails 'no room' new old --shape $shape
)
[ ! -e new ]
[ "$(ls -A old)" = notes ]

# Nor for a tokenizer that is larger than the weights.
(
    ulimit -f 32
    for dir in new old; do
        fails 'tokenizer.json: File too large' new $dir \
            --tokenizer "$TESTS/fixtures/tok/llama2.json" \
            --shape layers=1,hidden=2,heads=1,ffn=1
    done
)
[ ! -e new ]
[ "$(ls -A old)" = notes ]

# The next try has a free way.
hyt-ckpt new new --shape $shape
hyt-ckpt new old --shape $shape
[ -z "$(hyt-ckpt diff new old)" ]
hyt-ckpt verify old >/dev/null
fails 'is there already' new old --shape $shape
hyt-ckpt verify old >/dev/null

# An export takes no other file's name.
hyt-ckpt export new out.safetensors
cp out.safetensors copy
fails 'out.safetensors is there already' export old out.safetensors
cmp copy out.safetensors
ln -s nowhere link
fails 'link is there already' export old link
[ ! -e nowhere ]
fails 'new is there already' export old new
[ "$(ls)" = "$(printf '%s\n' copy err link new old out out.safetensors)" ]

# The facts: of the shape, by hand; of memory, by their definitions.
hyt-ckpt new shape --untied --max-positions 64 \
    --shape layers=2,hidden=16,heads=4,kv_heads=2,ffn=24
hyt-ckpt info --json shape >facts
hyt-ckpt info --tensors --json shape >tensors
attention=$((16 * 16 + 2 * 16 * 8 + 16 * 16))
all=$((2 * 257 * 16 + 2 * (attention + 3 * 16 * 24 + 2 * 16) + 16))
jq -e --argjson all $all '.parameters == $all and .weight_bytes == 4 * $all and
    .update_bytes == 16 * $all and .kv_bytes_per_token == 2 * 2 * 2 * 4 * 4 and
    .generation == 0 and .step == 0 and .layers == 2 and .positions == 64' facts
jq -s -e --argjson all $all --slurpfile f facts 'length == $f[0].tensors and
    (map(.shape | reduce .[] as $d (1; . * $d)) | add) == $all and
    (map(select(.name == "lm_head.weight"))[0] |
        .dtype == "F32" and .shape == [257, 16])' tensors
tab=$(printf '\t')
hyt-ckpt info --tensors shape |
    grep -q "^lm_head.weight${tab}F32${tab}\[257, 16\]$"
hyt-ckpt new half --dtype bf16 --shape layers=1,hidden=16,heads=2
hyt-ckpt info --json half | jq -e '.weight_bytes == 2 * .parameters and
    .update_bytes == (2 + 12 + 4) * .parameters'

# A vocabulary that is a list, as Unigram's: a token's id is its place.
cat >unigram.json <<'END'
{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],
 "normalizer":null,"pre_tokenizer":null,"post_processor":null,"decoder":null,
 "model":{"type":"Unigram","unk_id":0,"byte_fallback":false,
  "vocab":[["<unk>",0],["</s>",0],["a",-1],["b",-2],["ab",-2.5]]}}
END
hyt-ckpt new pieces --tokenizer unigram.json --shape layers=1,hidden=8,heads=1
jq -e '.vocab_size == 5 and .eos_token_id == 1' pieces/config.json
echo '{"prompt":"abba"}' | hyt-rollout -m pieces -n 1 --max-tokens 2 |
    jq -e '.tokens.prompt == [4, 3, 2]'
