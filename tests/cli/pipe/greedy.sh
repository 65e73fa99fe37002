#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Greedy decoding of stories260K from its BOS alone, as llama2.c prints it.

# shellcheck source=tests/cli/pipe/common.inc
. "$CASE/common.inc"

stories=$(stories) || { echo "$stories" && exit 77; }
echo '{"prompt":""}' >in

# Ours begins with the space that llama2.c leaves out after BOS; its run ends
# sooner, with a newline.
hyt-rollout -m "$stories" --greedy -n 1 --max-tokens 400 in >out
holds out '.tokens.prompt == [1]'
size=$(($(wc -c <"$stories/greedy.txt") - 1))
[ "$size" -gt 400 ] || die "greedy.txt is short"
jq -j .completion out | sed '1s/^ //' | head -c "$size" >text
head -c "$size" "$stories/greedy.txt" >want
diff want text || die "another text"

# The same token for token with other company, and with bits of ref the same
# text.
for i in 1 2 3 4 5; do
    echo '{"prompt":""}'
    echo "{\"prompt\":\"Lily had $i dogs.\"}"
done >many
hyt-rollout -m "$stories" --greedy -n 2 --rows 7 --max-tokens 400 many |
    jq -c 'select(.prompt == "") | .completion' | sort -u >got
jq -c .completion out >want
same want got "another text in company"
HYT_KERN=ref hyt-rollout -m "$stories" --greedy -n 1 --max-tokens 60 in >short
jq -j .completion short >naive
jq -j .completion out | head -c "$(wc -c <naive)" >want
same want naive "another text with HYT_KERN=ref"
