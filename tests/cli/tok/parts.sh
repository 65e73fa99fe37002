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
jq -r .name cases >names
[ "$(wc -l <names)" -gt 70 ]

# N.json is the tokenizer.json of the N-th case: its model, with what it has
# instead; N.decodes is there where it is about decoding.
jq -c --slurpfile m models '$m[0].models[.model] * .with' cases |
    awk '{ print >(NR ".json"); close(NR ".json") }'
jq 'has("decoded")' cases | awk '/true/ { printf "" >(NR ".decodes") }'

mkdir model
n=0
while read -r name; do
    n=$((n + 1))
    mv $n.json model/tokenizer.json
    hyt-tok encode -m model --field text --parse-special texts >out 2>err || {
        sed "s/^/# $name: /" err >&2
        jq -c '. + {ids: "failed"}' texts >out
    }
    if [ -e $n.decodes ]; then
        hyt-tok decode -m model --field ids --overwrite out
    else
        cat out
    fi
done <names >made

# A line for each text of each case: ids and text, wanted and got.
jq -r --slurpfile texts texts '.name as $name | .decoded as $decoded |
    range(.ids | length) as $i |
    [$name, (.ids[$i] | tojson), ($decoded[$i] // $texts[$i].text | tojson)] |
    @tsv' cases >want
jq -r '[(.ids | tojson), (.text | tojson)] | @tsv' made >got
paste want got | awk -F'\t' '
    $1 != name { show(); name = $1; bad = 0 }
    ($2 != $4 || $3 != $5) && !bad++ { why = $0 }
    END { show(); exit failed }
    function show() {
        if (name == "")
            return
        print (bad ? "not ok" : "ok") " - " name
        if (bad)
            print "# " why
        failed = failed || bad
    }'
