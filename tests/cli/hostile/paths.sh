#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Model files are data: no name in them leads out of their directory, nothing in
# them is run, and what is no regular file is not waited for.  Symbolic links
# are read, as download caches make them, and never written through.
set -eu
# shellcheck source=tests/cli/hostile/common.inc
. "$CASE/common.inc"

hyt-ckpt new model --shape layers=1,hidden=4,heads=1,ffn=4
echo '{"prompt":"1"}' >query
echo '{"messages":[{"role":"user","content":"1"}]}' >chat
echo '{"prompt":"1","completion":"2"}' >trace

# index NAME: every tensor is said to be in that file
index() {
    tail -c +9 model/model.safetensors | head -c 4088 | jq -c --arg f "$1" '
        {weight_map: with_entries(select(.key != "__metadata__") |
            .value = $f)}' >sharded/model.safetensors.index.json
}

# names of an index: each leads to a whole shard, if it is followed
mkdir sharded sharded/deeper
cp model/*.json sharded
for name in sharded/a sharded/.a sharded/deeper/a trap; do
    cp model/model.safetensors "$name.safetensors"
done
index a.safetensors
hyt-ckpt verify sharded >/dev/null
for name in ../trap.safetensors "$PWD/trap.safetensors" ./a.safetensors \
    deeper/a.safetensors .a.safetensors .. '' a.safetensors/; do
    index "$name"
    refused 'is not the name of a .safetensors file' hyt-ckpt info sharded
    refused 'is not the name of a .safetensors file' hyt-rollout -m sharded query
done

# the optimizer that a commit record names
hyt-rollout -m model trace | hyt-weight --policy rd >weighted
cp -r model updated
hyt-update -q -m updated weighted >log
cp updated/hyt-optimizer-1.safetensors optimizer-01.safetensors
LC_ALL=C sed -i 's|hyt-optimizer-1.safetensors|../optimizer-01.safetensors|' \
    updated/model.safetensors
refused 'no file name' hyt-ckpt verify updated
refused 'no file name' hyt-update -q --again -m updated weighted

# chat templates: by name, and what they may not reach
mkdir -p m/additional_chat_templates
cp model/* m
echo '{{ messages[0].content }}' >m/secret.jinja
cp m/secret.jinja m/additional_chat_templates/short.jinja
hyt-tok template -m m --template auto:short chat >out
for name in ../secret /etc/passwd ../../m/secret; do
    refused 'is no name' hyt-tok template -m m --template "auto:$name" chat
    refused 'is no name' hyt-rollout -q -m m --template "auto:$name" chat
done
for code in '{% include "secret.jinja" %}' '{% import "os" as os %}' \
    '{% extends "secret.jinja" %}' '{{ self.__init__.__globals__ }}' \
    '{{ "".__class__.__mro__ }}' '{{ open("secret.jinja").read() }}' \
    '{{ cycler.__init__.__globals__.os.popen("touch ran").read() }}'; do
    printf '%s' "$code" >m/chat_template.jinja
    refused 'chat_template.jinja:1:' hyt-rollout -q -m m chat
done
[ ! -e ran ]

# no regular files
for file in model.safetensors config.json generation_config.json \
    tokenizer.json tokenizer_config.json chat_template.jinja; do
    for kind in fifo zero directory; do
        rm -rf m && cp -r model m && rm -f "m/$file"
        case $kind in
        fifo) mkfifo "m/$file" ;;
        zero) ln -s /dev/zero "m/$file" ;;
        directory) mkdir "m/$file" ;;
        esac
        refused "m/$file: not a regular file" \
            hyt-rollout -q -m m --generation-config chat
        case $file in token* | chat*)
            refused "m/$file: not a regular file" hyt-tok template -m m chat ;;
        esac
    done
done

# symbolic links: read, and not updated
hyt-update -q -m model --out regular weighted >log
for name in model.safetensors a.safetensors; do
    rm -rf links && mkdir links
    index a.safetensors
    from=model
    [ $name = model.safetensors ] || from=sharded
    cp $from/*.json links
    [ $from = model ] || ln -s ../sharded/a.safetensors links
    [ $from = sharded ] || ln -s ../model/model.safetensors links
    hyt-rollout -q -m links --max-tokens 2 query >out
    sha256sum $from/* 2>/dev/null >before || true
    refused "links/$name is a symbolic link" hyt-update -q -m links weighted
    rm -rf made
    hyt-update -q -m links --out made weighted >log
    [ -z "$(find made -type l)" ]
    sha256sum $from/* 2>/dev/null | cmp - before
done
cmp made/hyt-optimizer-1.safetensors regular/hyt-optimizer-1.safetensors
