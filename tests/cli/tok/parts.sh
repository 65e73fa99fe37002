#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Each part of tokenizer.json against Hugging Face's implementation: see
# tests/fixtures/tok/parts.mjs.  Prints TAP lines.

set -eu

zstd -dcq "$TESTS/fixtures/tok/parts.jsonl.zst" >all
sed -n 1p all >models
sed -n 2p all | jq -c '.texts[] | {text: .}' >texts
sed 1,2d all >cases
[ "$(wc -l <cases)" -gt 70 ]

# A tokenizer.json a line: the case's model, with what it has instead.
jq -c --slurpfile m models '$m[0].models[.model] * .with' cases >tokenizers
jq -r .name cases >names

n=0
status=0
while read -r name; do
    n=$((n + 1))
    rm -rf model
    mkdir model
    sed -n "${n}p" tokenizers >model/tokenizer.json
    sed -n "${n}p" cases >case
    jq -c '.ids[]' case >want
    hyt-tok encode -m model --field text --parse-special texts >out 2>err ||
        cat err
    jq -c .ids out >got
    jq -c 'select(.decoded) | .decoded[]' case >want.text
    : >got.text
    if [ -s want.text ]; then
        hyt-tok decode -m model --field ids --overwrite out | jq -c .text \
            >got.text
    fi
    if cmp -s want got && cmp -s want.text got.text; then
        echo "ok - $name"
    else
        echo "not ok - $name"
        status=1
        paste texts want got | awk -F'\t' '$2 != $3' | head -n 5 | sed 's/^/# /'
        diff want.text got.text | head -n 6 | sed 's/^/# /'
    fi
done <names
exit $status
