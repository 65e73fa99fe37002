#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Checkpoints as others write and read them: every kind of model, in one file
# and in several, trained and read again by tests/fixtures/checkpoint.py.  What
# an update writes has the names, dtypes, shapes, files and format of what it
# read.

# shellcheck source=tests/cli/pipe/common.inc
. "$TESTS/cli/pipe/common.inc"

checkpoint() {
    python3 -I "$TESTS/fixtures/checkpoint.py" "$@"
}

# kept DIR: its tensors as before the update, and which of them changed
kept() {
    checkpoint facts "$1" >after
    jq -e -n --slurpfile a before --slurpfile b after \
        '[$a[0], $b[0]] | map(.tensors |= map_values(.[0:2])) |
        .[0] == .[1] and .[0].format == "pt"' >equal ||
        die "$1: other tensors"
    jq -r -n --slurpfile a before --slurpfile b after '$a[0].tensors |
        keys[] | select($a[0].tensors[.] == $b[0].tensors[.])' >same.names
    hyt-ckpt verify "$1" >/dev/null
}

# update DIR: one step on what it samples
sums >in
update() {
    checkpoint facts "$1" >before
    hyt-rollout -m "$1" in | hyt-weight --policy rd --traces 3 |
        hyt-update -m "$1" --lr 1e-2 >metrics
    kept "$1"
    hyt-rollout -m "$1" -n 1 --max-tokens 8 in >out
}

# Every tensor of every kind is trained; in three files to the same weights.
for kind in llama:f32 mistral:f16 qwen2:bf16 qwen3:f32 phi3:bf16 olmo2:f16 \
    gemma2:bf16 gemma3:f32; do
    rm -rf one three
    small one --arch "${kind%:*}" --dtype "${kind#*:}" --untied
    case $kind in
    llama:* | phi3:* | gemma3:*) checkpoint copy one three shards=3 ;;
    esac
    update one
    [ ! -s same.names ] || die "$kind: not trained: $(cat same.names)"
    [ -d three ] || continue
    jq -c -S .tensors after >left
    update three
    holds after '.shards | length == 3'
    jq -c -S .tensors after >right
    same left right "$kind: three files are other weights"
done

# Tied weights, stored once or twice, stay so, and stay equal.
small tied
checkpoint copy tied twice twice
checkpoint copy tied both twice shards=2
for m in tied twice both; do
    update "$m"
    [ ! -s same.names ] || die "$m: not trained: $(cat same.names)"
    jq -c '.tensors["model.embed_tokens.weight"]' after >embed.$m
done
same embed.tied embed.twice "stored twice is other weights"
same embed.tied embed.both "stored twice, in two files, is other weights"
for m in twice both; do
    checkpoint facts "$m" | jq -c '.tensors["lm_head.weight"]' >lm_head
    same embed.tied lm_head "$m: the head is not the embedding"
done
checkpoint copy tied differ differ
fails hyt-rollout -m differ in
says 'differ: tie_word_embeddings is set, but "lm_head.weight" differs from "model.embed_tokens.weight"'

# The text model of a model of text and images: the same records, the same
# update; what is for images stays as it was.
small text --arch gemma3
checkpoint copy text images images
for m in text images; do
    hyt-rollout -m $m -n 2 --max-tokens 20 in | jq -c .tokens >$m.out
    hyt-ckpt info --json $m | jq -c '{layers, hidden, heads, kv_heads,
        kv_bytes_per_token}' >$m.info
    update "$m"
    jq -c '.tensors | with_entries(.key |= ltrimstr("language_model."))' \
        after >$m.facts
done
same text.out images.out "the text model alone is another"
same text.info images.info "the facts of the text model"
printf '%s\n' multi_modal_projector.mm_soft_emb_norm.weight \
    vision_tower.vision_model.embeddings.position_embedding.weight >want
same want same.names "what is for images changed"
jq -c 'delpaths([["multi_modal_projector.mm_soft_emb_norm.weight"],
    ["vision_tower.vision_model.embeddings.position_embedding.weight"]])' \
    images.facts >left
jq -c -S . left >left.sorted
jq -c -S . text.facts >right.sorted
same left.sorted right.sorted "the text model is trained otherwise"

# A tensor too many or too few has its name in the message, and so has a type
# that is not supported.
checkpoint copy text bad extra=model.layers.0.mlp.router.weight
fails hyt-rollout -m bad in
says 'bad: tensor "model.layers.0.mlp.router.weight" has no use in this architecture'
rm -r bad
checkpoint copy text bad extra=vision_tower.x
fails hyt-rollout -m bad in
says 'tensor "vision_tower.x" has no use'
rm -r bad
checkpoint copy text bad less=model.norm.weight shards=2
fails hyt-rollout -m bad in
says 'bad: no tensor "model.norm.weight"'
