#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every switch is accepted and does something; what a policy has no use for is
# a usage error; what it needs and lacks is named.

set -eu
awk -v traces=6 -v groups=6 -v size=4 -f "$CASE/records.awk" |
    sed 's/^{/{"mine":0.25,/; 9s/0.25/-1/; 12s/0.25/null/; 14s/0.25/2/' >in

hyt-weight in | jq -c .weight.coef >base

# differs ARGS...: other coefficients than without, all finite
differs() {
    hyt-weight "$@" in | jq -c .weight.coef >coef
    if cmp -s coef base || grep -q null coef || [ ! -s coef ]; then
        echo "$*: no other coefficients"
        exit 1
    fi
}
for policy in rd rlif fixed hpt srft; do
    differs --policy "$policy"
done
for reward in prg prg-certainty self-certainty entropy logp majority field:mine; do
    differs --reward "$reward"
done
for norm in grpo dr_grpo; do
    differs --norm "$norm"
done
for scale in batch none; do
    differs --scale "$scale"
done
differs --gate trust
differs --rd-weight none
differs --rd-norm token
differs --balance constant --lambda 0.4
differs --lambda 0.1
differs --rd-temp 0.1
differs --reward prg-probability --sharpness 2
differs --w-max 0.5
differs --norm dr_grpo --dr-grpo-length 100
differs --policy hpt --hpt-gamma 0.9
# A mean over tokens: one coefficient for all, one over their number
hyt-weight --policy rd --rd-norm token in | jq -e -s '
    (map(.tokens.completion | length) | add) as $n | map(.weight.coef * $n)
    | all(. - 1 | fabs < 1e-12)' >/dev/null || exit 1
hyt-weight --reward auto --balance auto --rd-weight auto in |
    jq -c .weight.coef | cmp - base

# an anchor: records or numbers
echo 0.9 >numbers
echo '{"prg":{"score":0.9}}' >records
differs --anchor numbers
mv coef want
differs --anchor records
cmp coef want
: >none
hyt-weight --anchor none in >out 2>err && exit 1
grep -q 'none: no score' err
echo x >bad
hyt-weight --anchor bad in >out 2>err && exit 1
grep -q 'bad:1: ' err

# fails STATUS MESSAGE ARGS...
fails() {
    want=$1 message=$2 status=0
    shift 2
    hyt-weight "$@" >out 2>err || status=$?
    if [ "$status" -ne "$want" ] || ! grep -q -F -e "$message" err; then
        echo "$*: $status"
        cat err
        exit 1
    fi
}
fails 2 '--reward' --reward luck in
fails 2 '--reward' --reward field: in
fails 2 '--balance' --policy srft --balance trust in
fails 2 '--rd-weight' --policy rlif --rd-weight prg in
fails 2 '--rd-norm' --policy rlif --rd-norm token in
fails 2 '--gate' --policy rlif --gate trust in
fails 2 '--anchor' --policy rd --anchor numbers in
for idle in '--policy rlif --lambda 0.5' '--policy rlif --rd-temp 1' \
    '--policy rlif --w-max 2' '--policy rlif --sharpness 10' \
    '--policy rlif --hpt-gamma 0.5' '--policy rd --norm dapo' \
    '--policy rd --scale group' '--policy srft --lambda 0.4' \
    '--policy fixed --anchor numbers' '--policy hpt --anchor numbers' \
    '--policy fixed --rd-temp 1' '--rd-weight none --w-max 2' \
    '--reward prg --sharpness 3' '--dr-grpo-length 9' '--hpt-gamma 0.1'; do
    # shellcheck disable=SC2086 # two options and their values
    fails 2 "$(echo "$idle" | grep -o -e '--[a-z-]* [0-9a-z.]*$' |
        sed 's/ .*//'): policy " $idle in
done
grep -v '"kind":"rd"' in >sampled
fails 1 '--gate: no score of a trace' --policy hpt --gate trust sampled
fails 1 'no "theirs"' --reward field:theirs in
jq -c '.judge = if .sample == 1 then null else {score: .sample} end' in |
    hyt-weight --reward field:judge.score |
    jq -e -s 'map(select(.kind == "rlif" and .sample == 1)) | length > 0 and
        all(.weight.reward == null)' >/dev/null || exit 1
sed 's/"prg":/"p":/' in >less
fails 1 'hyt-prg' less
sed 's/"certainty":/"c":/' in >less
fails 1 'hyt-prg' less
sed 's/"final":/"f":/' in >less
fails 1 'hyt-split' --reward majority less
sed 's/"tokens":/"t":/' in >less
fails 1 'hyt-rollout' less
sed 's/"kind":"rd"/"kind":"sft"/' in >less
fails 1 '"sft" is neither' less
hyt-weight --policy fixed --reward majority in >out # reads no PRG
sed 's/"prg":/"p":/' in | hyt-weight --policy fixed --reward majority |
    jq -c .weight >without
jq -c .weight out | cmp - without

# Numbers that no model gives: null, and no coefficient
for big in '"certainty":{"self":1,"entropy":1,"logp":80}' \
    '"certainty":{"self":1e308,"entropy":1e308,"logp":-1}'; do
    jq -c "del(.certainty) + {$big}" in >large
    for args in '' '--reward prg-certainty' '--reward self-certainty' \
        '--reward self-certainty --scale none' '--policy srft'; do
        # shellcheck disable=SC2086 # options and their values
        hyt-weight $args large >out
        jq -e -s 'all(.weight.coef | numbers)' out >/dev/null ||
            { echo "$args: $big" && exit 1; }
    done
done

# hpt: what does not count does not set the scale of what counts.
awk -v traces=2 -v groups=1 -v size=4 -f "$CASE/records.awk" >agree
jq -c 'if .kind == "rd" then . else .final = {text: "7", bytes: [0, 1],
    tokens: [0, 1]} end' agree >alone
{ cat alone && jq -c 'select(.kind == "rlif") | .group = "others" |
    .certainty.self = 1000 * (.sample + 1) |
    .final = {text: "\(.sample)", bytes: [0, 1], tokens: [0, 1]}' agree; } >both
for file in alone both; do
    hyt-weight --policy hpt --reward self-certainty --scale batch "$file" |
        jq -c 'select(.kind == "rlif" and .group != "others") |
            .weight.advantage' >"$file.advantages"
done
grep -q '[1-9]' alone.advantages
cmp alone.advantages both.advantages
