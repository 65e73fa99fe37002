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
