#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Batches that are not whole, that move nothing, or that do not fit, and what the
# line of a step says of rewards.

# shellcheck source=tests/cli/pipe/common.inc
. "$TESTS/cli/pipe/common.inc"

small m
# record BATCH INDEX OF COEF: a trace of one step
record() {
    printf '{"id":"%s","kind":"rd","tokens":{"prompt":[65,66],"completion":[67,68],"ends":[1,2]},"weight":{"batch":%s,"index":%s,"of":%s,"coef":%s,"norm":0}}\n' \
        "$1-$2" "$1" "$2" "$3" "$4"
}
# rollout BATCH INDEX OF COEF REWARD
rollout() {
    printf '{"id":"%s","group":"g","kind":"rlif","tokens":{"prompt":[65,66],"completion":[67,68],"logp":[-5,-5],"ends":[1,2]},"weight":{"batch":%s,"index":%s,"of":%s,"coef":%s,"norm":0.1,"reward":%s}}\n' \
        "$1-$2" "$1" "$2" "$3" "$4" "$5"
}
for b in 0 1 2; do
    record $b 0 2 0.1
    record $b 1 2 0.1
done >six

# --skip-bad: a bad record costs its own batch, wherever it stands.
for line in 1 2; do
    for bad in 's/$/}/' 's/68/999/' 's/"index":./"index":7/'; do
        sed "$line$bad" six >some
        rm -rf out
        hyt-update -m m --out out --skip-bad some >log 2>err && die "exit 0"
        [ "$(grep -c '"step":[12],"loss' log)" -eq 2 ] ||
            { cat err && die "line $line, $bad: not two steps"; }
    done
    rm -rf out
    fails hyt-update -m m --out out some
done
sed 2d six >some
rm -rf out
fails hyt-update -m m --out out some
says 'some:2:.*batch 0 ends after 1 of 2 records'
# Outputs of two runs of hyt-weight, of which the first was cut.
{ record 0 0 2 0.1 && record 0 0 2 0.1 && record 0 1 2 0.1; } >some
rm -rf out
hyt-update -m m --out out --skip-bad some >log 2>err && die "exit 0"
grep -q '"step":1,' log || { cat err && die "the second run is lost"; }

# A batch that moves nothing is no step, and has no line.
{ record 0 0 1 0 && record 1 0 1 0.1; } >some
rm -rf out
hyt-update -m m --out out --inner 2 some >log 2>err
[ "$(jq -c .step log | tr '\n' ' ')" = '1 2 2 ' ] || { cat log && die "steps"; }
[ "$(hyt-ckpt log out | wc -l)" -eq 2 ] || die "not two lines in the log"
says 'batch 0 moves nothing'

# The reference has a context of its own.
hyt-ckpt new short --max-positions 3 --shape hidden=8,layers=1,heads=1
record 0 0 1 0.1 >some
fails hyt-update -m m --ref short --dry-run some
says 'some:1:.*4 tokens are more than the reference.s context of 3'
record 0 0 1 0 >some # takes no part
hyt-update -m m --ref short --dry-run some 2>err || die "$(cat err)"
{ record 0 0 1 0.1 | sed 's/67,68/67/; s/1,2]/1]/' && record 1 0 1 0.1; } >some
rm -rf out
hyt-update -m m --ref short --out out --skip-bad some >log 2>err && die "exit 0"
says '1 of 2 records skipped'
! grep -q 'ends after' err || die "a batch that is not there: $(cat err)"
grep -q '"committed":1,"step":1' log || { cat err && die "not committed"; }
# Where it has no numbers, the divergence from it has none.
hyt-ckpt export m broken
mv broken weights
mkdir broken
cp m/*.json broken
# A NaN for the first weight, which stands behind the header.
at=$((8 + $(od -An -t u8 -N 8 weights)))
{ head -c "$at" weights && printf '\0\0\300\177' &&
    tail -c +$((at + 5)) weights; } >broken/model.safetensors
rollout 0 0 1 0.1 1 >some
fails hyt-update -m m --ref broken --kl 0.1 --dry-run some
says 'batch 0: the loss is not finite'
rm -r broken

# Rewards that are equal have no deviation, however their mean is rounded.
for n in 3 8; do
    for i in $(seq 0 $((n - 1))); do
        rollout 0 "$i" $n 0 0.1
    done >some
    hyt-update -m m --dry-run some >log
    holds log '.reward_std == 0 and .frac_reward_zero_std == 1'
done
{ rollout 0 0 2 0.1 1 && rollout 0 1 2 -0.1 2; } | hyt-update -m m --dry-run >log
holds log '.frac_reward_zero_std == 0 and (.reward_std - 0.5 * pow(2; 0.5) |
    fabs < 1e-12)'

# Decays that are 1 in float.
rc=0
hyt-update -m m --dry-run --betas 0.9,0.99999999 six 2>err || rc=$?
[ "$rc" -eq 2 ] || die "a beta of 1 in float: $rc"
echo "ok 1 - batches"
