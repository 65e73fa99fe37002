#!/bin/sh
# SPDX-License-Identifier: MIT
#
# hyt-update compares the log-probabilities of rollouts with those that the
# generation they name gives: to the bit before its first step, afterwards the
# difference is only reported.

# shellcheck source=tests/cli/pipe/common.inc
. "$CASE/common.inc"

# ulp N: moves the first log-probability of record N to the next float
ulp() {
    jq -c "if input_line_number == $1 then .tokens.logp[0] |=
        ((frexp[1]) as \$e | (ldexp(.; 24 - \$e) | nearbyint) - 1
            | ldexp(.; \$e - 24)) else . end"
}

max='."sampling/sampling_logp_difference/max"'

taught m
sums >in
for a in 1 2 3 4 5 6 7 8 9; do echo "{\"prompt\":\"$a + 4?\"}"; done >>in
hyt-rollout -m m -n 4 --max-tokens 60 in | hyt-prg -m m |
    hyt-weight --policy fixed --groups 3 --traces 2 >weighted
[ "$(jq -s 'map(.weight.batch) | max' weighted)" -eq 2 ] || die "not 3 batches"
state m >before

# The first step finds no difference, later ones drift and are taken.
hyt-update -m m --lr 1e-3 --out out weighted >metrics
jq -s -e "length == 4 and (.[0] | $max == 0) and (.[1] | $max > 0) and
    (.[2] | $max > 0) and .[3].step == 43" metrics >/dev/null || {
    cat metrics && die "differences"
}
# A dry run takes no step: there is nothing to drift.
hyt-update -m m --dry-run weighted >metrics
holds metrics "$max == 0"

# By way of jq nothing changes; one ulp is found, wherever in the batch.
jq -c . weighted | hyt-update -m m --dry-run >got
[ "$(grep -c . got)" -eq 3 ] || die "jq changes bits"
jq -c 'select(.weight.batch == 0 and .kind == "rlif" and .weight.coef != 0)
    | .weight.index + 1' weighted >lines
[ "$(grep -c . lines)" -gt 3 ] || die "too few rollouts"
for line in $(head -n 1 lines) $(tail -n 1 lines); do
    ulp "$line" <weighted >changed
    fails hyt-update -m m --lr 1e-3 changed >out.jsonl
    says "changed:$line:"
    says "log-prob"
    [ ! -s out.jsonl ] || die "a line of metrics for a step that was refused"
    fails hyt-update -m m --dry-run changed >out.jsonl
    fails hyt-update -m m --lr 1e-3 --out "o$line" changed >out.jsonl
    [ ! -e "o$line/model.safetensors" ] || die "a result of refused input"
done
state m >after
same before after "refused input changed the checkpoint"

# In a later batch it is one difference among others.
line=$(jq -c 'select(.weight.batch == 1 and .weight.coef != 0 and
    .kind == "rlif") | input_line_number' weighted | head -n 1)
ulp "$line" <weighted >changed
hyt-update -m m --lr 1e-3 --out later changed >/dev/null
# Under --dry-run, where no step was taken before it, it is not.
fails hyt-update -m m --dry-run changed >metrics
says "changed:$line:"
[ "$(grep -c . metrics)" -eq 1 ] || die "batch 0 was fine"

# A rollout of other weights is not compared to the bit, and does not hide one
# that is.
other=$(head -n 1 lines)
last=$(tail -n 1 lines)
jq -c "if input_line_number == $other then .policy.digest = \"0123456789abcdef\"
    | .tokens.logp[0] -= 0.125 else . end" weighted >drifted
hyt-update -m m --dry-run drifted >metrics
head -n 1 metrics >first
holds first "$max == 0.125"
ulp "$last" <drifted >changed
fails hyt-update -m m --dry-run changed >/dev/null
says "changed:$last:"
