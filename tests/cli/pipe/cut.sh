#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A program that died upstream does not pass for the end of the input.

# shellcheck source=tests/cli/pipe/common.inc
. "$CASE/common.inc"

taught m
mixed >in
hyt-rollout -m m -n 3 --max-tokens 40 in | hyt-prg -m m >scored
hyt-weight --policy fixed --groups 5 --traces 2 scored >weighted
first=$(jq -s 'map(select(.weight.batch == 0)) | length' weighted)
all=$(grep -c . weighted)
[ "$all" -gt $((first * 3)) ] || die "too few batches"

# The last batch lacks its last record: those before it are committed.
state m >before
sed '$d' weighted >short
fails hyt-update -m m --lr 1e-3 --out short.out short >metrics
says 'batch 3'
says 'not taken'
says '3 steps'
grep -q '"loss"' metrics || die "no metrics"
steps=$(($(hyt-ckpt info --json m | jq .step) + 3))
grep -q "\"committed\":[0-9]*,\"step\":$steps}" metrics || die "not acknowledged"
jq -c 'select(.weight.batch < 3)' weighted >whole
hyt-update -m m --lr 1e-3 --out whole.out whole >/dev/null
[ -z "$(hyt-ckpt diff short.out whole.out)" ] ||
    die "not the three complete batches"
hyt-ckpt verify short.out >/dev/null

# With the input whole, the directory is made again, from the beginning.
hyt-update -m m --lr 1e-3 --out short.out weighted >/dev/null
hyt-update -m m --lr 1e-3 --out all.out weighted >/dev/null
[ -z "$(hyt-ckpt diff short.out all.out)" ] || die "not the whole input"

# Nothing but part of a batch: nothing happens.
for n in 1 $((first - 1)); do
    head -n "$n" weighted >short
    fails hyt-update -m m --lr 1e-3 short >metrics
    says "after $n of $first records of batch 0"
    [ ! -s metrics ] || die "a line for a step that was not taken"
done
fails hyt-update -m m --lr 1e-3 --out none.out short >metrics
[ ! -e none.out/model.safetensors ] || die "--out: half a batch was applied"

# A hole, a record twice, batches that are mixed, a line cut in two.
sed '2d' weighted >hole
sed '2p' weighted >twice
sed "${first}d" weighted >seam
sed '1d' weighted >headless
head -c "$(($(head -n 1 weighted | wc -c) + 50))" weighted >torn
for bad in hole twice seam headless torn; do
    fails hyt-update -m m --lr 1e-3 "$bad" >metrics
    says "$bad:[0-9]*:"
    [ ! -s metrics ] || die "$bad: a step was taken"
done
state m >after
same before after "the checkpoint changed"

# An empty input is no error and no step.
hyt-update -m m </dev/null >metrics
[ ! -s metrics ] || die "empty input: metrics"
state m >after
same before after "empty input changed the checkpoint"

# In place: the complete batches are committed, once.
cp -r m place
sed '$d' weighted >short
fails hyt-update -m place --lr 1e-3 short >metrics
[ -z "$(hyt-ckpt diff place whole.out)" ] || die "in place: other weights"
[ -z "$(find place -name '.hyt*')" ] || die "in place: leftovers"

# hyt-weight: an incomplete group; what was whole before it leaves.
sed '$d' scored >short
last=$(jq -s 'map(select(.kind == "rlif"))[-1] | .sample' scored)
[ "$last" -eq 2 ] || die "the input ends with a group"
fails hyt-weight --policy fixed --groups 5 --traces 2 short >got
says "short:$(grep -c . short):"
says 'group'
jq -s -e 'group_by(.weight.batch) | all(.[]; length == .[0].weight.of)' \
    got >/dev/null || die "hyt-weight wrote part of a batch"
grep -v '"sample":1,' scored >hole
fails hyt-weight --policy fixed --groups 5 --traces 2 hole >got

# The pipe as a whole, the second program dying after some records.
{ hyt-rollout -m m -n 3 --max-tokens 40 in | hyt-prg -m m | head -n 20 |
    hyt-weight --policy fixed --groups 2 --traces 2 2>weight.err |
    hyt-update -m place --dry-run >metrics; } || die "a whole batch is refused"
[ -s weight.err ] || die "hyt-weight accepts a group that is cut"
