#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Real text on a real model: GSM8K traces through the whole pipe.

# shellcheck source=tests/cli/pipe/common.inc
. "$CASE/common.inc"

stories=$(stories) || { echo "$stories" && exit 77; }
gsm8k=${stories%/*}/gsm8k/train.jsonl
[ -f "$gsm8k" ] || { echo "no data/gsm8k in HYT_SHARED or ../shared"; exit 77; }
head -n 200 "$gsm8k" >in
cp -r "$stories" s && chmod -R u+w s
state s >before

status() {
    rc=0
    "$@" || rc=$?
}
status hyt-rollout -m s --prompt-field question --completion-field answer \
    --skip-bad in >samples 2>err
fit=$(grep -c . samples)
[ "$fit" -gt 150 ] || die "only $fit of 200 fit"
[ "$fit" -lt 200 ] || die "all fit: nothing to skip"
[ "$rc" -eq 1 ] || die "skipped records, and exit status $rc"
says "$((200 - fit)) of 200 records skipped"
[ "$(grep -c 'in:[0-9]*:.*context of 512' err)" -eq $((200 - fit)) ] ||
    die "not one line for each record that is too long"
holds samples '(.tokens.prompt + .tokens.completion) | length <= 512'
holds samples '.completion == .answer'

# The fields of the input are there, byte for byte and in order.
awk '{ sub(/}$/, ""); print }' in >lines
awk 'NR == FNR { line[NR] = $0; n = NR; next }
    { while (++i <= n && index($0, line[i]) != 1) skipped++
      if (i > n) exit 1 }' lines samples || die "other bytes, or another order"

hyt-prg -m s samples >scored
holds scored '.final.text == (.answer | split("#### ")[1])'
holds scored '.prg | .support | length >= 2 and min >= 0 and max <= 1'
jq -c '.gold = (.answer | split("#### ")[1])' samples | hyt-split |
    hyt-grade >graded
holds graded '.grade.correct == true'
hyt-weight --policy rd --traces 8 scored >weighted
hyt-update -m s --lr 1e-3 --out out weighted >log
grep '"loss"' log >steps
[ "$(grep -c . steps)" -eq $(((fit + 7) / 8)) ] || die "steps"
# In nats a token: from what stories know of sums to much less.
jq -s -e '(.[:3] | map(.loss) | add / 3) as $first
    | (.[-3:] | map(.loss) | add / 3) as $last | $last < 0.6 * $first' steps \
    >/dev/null || { jq -c .loss steps && die "the loss does not fall"; }
holds steps '.grad_norm > 0 and .samples > 0'
jq -s -e "(map(.samples) | add) == $fit" steps >/dev/null || die "records lost"
state s >after
same before after "--out changed the input"

# As one pipe, and other threads: the same losses to the last bit.
head -n 60 in >some
hyt-rollout -m s --prompt-field question --completion-field answer \
    --skip-bad --threads 1 some 2>/dev/null | hyt-prg -m s --threads 1 |
    hyt-weight --policy rd --traces 8 |
    hyt-update -m s --threads 1 --lr 1e-3 --out pipe >log
jq -c 'select(.samples == 8) | .loss' log >got
jq -c .loss steps | head -n "$(grep -c . got)" >want
[ "$(grep -c . got)" -ge 6 ] || die "the pipe took few steps"
same want got "the pipe gives other losses"
