#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Tokenizers of real models: the ids of the reference (tests/fixtures/tok/
# real.mjs), and decoding, which undoes encoding.  Prints TAP lines.

set -eu
tok=$TESTS/fixtures/tok

case $BUILD in
*/asan | */tsan) echo "the ids are those of the release build" && exit 77 ;;
esac
command -v node >/dev/null || { echo "no node, which writes the texts" && exit 77; }
"$tok/real.sh" >dirs || { status=$? && cat dirs && exit "$status"; }
node "$tok/texts.mjs" >texts
jq -c . texts >plain
total=$(wc -l <texts)
[ "$total" -gt 2500 ]
status=0

# same WHAT WANTED GOT: line by line
same() {
    n=$(paste "$2" "$3" | awk -F'\t' '$1 == $2 { n++ } END { print n + 0 }')
    if [ "$n" -eq "$total" ]; then
        echo "ok - $1 of $name: $n of $total"
    else
        echo "not ok - $1 of $name: $n of $total"
        status=1
        paste texts "$2" "$3" | awk -F'\t' '$2 != $3' | head -n 3 |
            sed 's/^/# /'
    fi
}

while read -r name dir; do
    zstd -dcq "$tok/real/$name.zst" >want
    hyt-tok encode -m "$dir" --field text --parse-special texts | jq -c .ids >got
    same ids want got

    # No special token comes of text, and the text comes back; where a
    # normalizer changes it, it is at least not changed a second time.
    hyt-tok encode -m "$dir" --field text --no-special texts >encoded
    hyt-tok decode -m "$dir" --field ids --no-special --overwrite encoded |
        jq -c '{text}' >got
    cp plain want
    case $name in claude | command_r_plus | qwen*)
        jq -c .ids encoded >want
        hyt-tok encode -m "$dir" --field text --no-special got | jq -c .ids \
            >again
        mv again got
        ;;
    esac
    same text want got
done <dirs
exit $status
