#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What the options and the verbs around commits do: --keep, rollback, @base,
# --again, sharded checkpoints, numbers that are not finite.

# shellcheck source=tests/cli/pipe/common.inc
. "$TESTS/cli/pipe/common.inc"

# info DIR FILTER: of its facts
info() {
    hyt-ckpt info --json "$1" | jq -r "$2"
}
small m
sums >in
rounds() { # five batches of one trace each
    for i in 1 2 3 4 5; do sums | sed -n 1p | sed "s/}/,\"i\":$i}/"; done
}
rounds | hyt-rollout -m m | hyt-weight --policy rd --traces 1 >five
# update [OPTION]... [FILE]
update() {
    hyt-update --lr 1e-3 "$@"
}

# A pipe in place that samples from the base can be run again as it is.
pipe() {
    { sums && printf '{"prompt":"%s + 1?"}\n' 1 2 3 4 5 6; } |
        hyt-rollout -m got@base -n 2 --max-tokens 20 | hyt-prg -m got@base |
        hyt-weight --policy fixed --rd-weight none --groups 2 --traces 2 >w
    $1 w | update -m got --commit-every 1
}
taught t
for whole in cat 'head -n -1'; do
    cp -r t got
    pipe "$whole" >out 2>/dev/null || [ "$whole" != cat ] || die "the pipe"
    if [ "$whole" = cat ]; then
        state got >ref
        # All of it is applied: it is the next round that begins now.
        [ "$(info got .run)" = finished ] || die "not finished"
    else
        [ "$(info got .run)" = saved ] || die "no save point"
        [ "$(info got@base .generation)" -eq "$(info t .generation)" ] ||
            die "another base"
        pipe cat >out
        state got >again
        same ref again "the pipe run again from its base"
    fi
    rm -rf got
done

# Kept generations, and the way back.
cp -r m k
for i in 1 2 3 4; do
    sed -n "${i}p" five | update -m k --keep 2 >/dev/null
    cp -r k "k$i"
done
[ "$(info k '.kept | join(" ")')" = "2 3" ] || die "kept: $(info k .kept)"
hyt-ckpt verify k >got
[ "$(grep -c holds got)" -eq 3 ] || die "verify does not look at all three"
[ -z "$(hyt-ckpt diff k@3 k3)" ] || die "k@3"
cp -r k damaged
chmod u+w damaged/hyt-model-2.safetensors
printf x | dd of=damaged/hyt-model-2.safetensors bs=1 seek=9000 conv=notrunc \
    2>/dev/null
fails hyt-ckpt verify damaged
says 'damaged'
hyt-ckpt rollback k@3
[ -z "$(hyt-ckpt diff k k3)" ] || die "rollback: other weights"
cmp k/hyt-log.jsonl k3/hyt-log.jsonl
sed -n 4p five | update -m k --keep 2 >/dev/null
state k >left
state k4 >right
same left right "what was undone and done again differs"
fails hyt-ckpt rollback k@1
says 'generation 1 is not kept'
fails hyt-ckpt rollback k@4
says 'is the committed one'

# The same records are applied once; --again, and other options, apply them.
cp -r m o
update -m o five >out
update -m o five >out 2>err
says 'has these records already'
[ "$(info o .step)" -eq 5 ] || die "applied twice"
update -m o --again five >out
[ "$(info o .step)" -eq 10 ] || die "--again did not"
hyt-update -m o --lr 1e-4 five >out
[ "$(info o .step)" -eq 15 ] || die "other options: not another pass"
# More of the same goes on; what strays from it is refused.
{ cat five && sed -n 1p five; } >six
hyt-update -m o --lr 1e-4 six >out
[ "$(info o .step)" -eq 16 ] || die "the sixth alone is new"
{ sed 3d five && sed -n 3p five; } >strays
for bad in strays five; do
    state o >left
    fails hyt-update -m o --lr 1e-4 $bad >out
    says 'begin as these do'
    state o >right
    same left right "$bad: refused, but applied"
done
# An unfinished run has its options.
cp -r m o2
{ sed -n 1,2p five && echo '{'; } >torn
fails update -m o2 torn >out
fails hyt-update -m o2 --lr 1e-4 five >out
says 'other options'
hyt-ckpt rollback o2@0
[ -z "$(hyt-ckpt diff o2 m)" ] || die "rollback to the base"
hyt-update -m o2 --lr 1e-4 five >out

# --out: what was committed there is gone on with.
update -m m --commit-every 2 --out o.ref five >out
fails update -m m --commit-every 2 --out o.got torn >out
update -m m --commit-every 2 --out o.got five >out
state o.ref >left
state o.got >right
same left right "--out, interrupted"

# with MODEL BYTES: its data without a digest, with a number of the embedding's
# row 255 set, which is no token of the texts
with() {
    rm -rf nan
    cp -r "$1" nan
    LC_ALL=C sed 's/hyt\.digest\./was.digest./' "$1/model.safetensors" \
        >nan/model.safetensors
    head -c 4096 nan/model.safetensors |
        grep -q 'embed_tokens.weight":{[^}]*offsets":\[0,' || die "the layout"
    # shellcheck disable=SC2059 # escapes
    printf "$2" | dd of=nan/model.safetensors bs=1 conv=notrunc \
        seek=$((4096 + 255 * 32 * 4)) 2>/dev/null
    state nan >left
}
unchanged() {
    state nan >right
    same left right "$1"
    [ ! -s out ] || [ "$(grep -c '"loss"' out)" -eq "$2" ] || die "$1: metrics"
}

# Not a number, in a logit: the records are named, nothing changes.
with m '\000\000\300\177'
fails update -m nan five >out
says 'is not finite; the step is not taken; its records: "'
unchanged "a step that is not finite" 0
fails update -m nan --skip-nonfinite five >out
says '5 batches passed over'
unchanged "--skip-nonfinite" 0

# A weight that would become infinite is not committed: 1e38, decayed by -9,
# where the output has weights of its own.
small untied --untied
with untied '\231\166\226\176'
fails hyt-update -m nan --lr 1 --weight-decay 10 --clip-grad 0 five >out
says 'a weight is not finite after step 1'
unchanged "a weight that is not finite was committed" 0

# A finite loss with a gradient that is not: the step changes nothing, those
# before it stay, --skip-nonfinite goes on as if the batch were not there.
sed '3s/"coef":[^,}]*/"coef":3e38/' five >inf
cp -r m at3
fails update -m at3 inf >out
says 'batch 2: the gradient is not finite.*records: "'
[ "$(grep -c '"loss"' out)" -eq 2 ] || die "metrics of a step not taken"
[ "$(info at3 .step)" -eq 2 ] || die "the steps before it"
cp -r m skip
fails update -m skip --skip-nonfinite inf >out
says '1 batches passed over'
grep -q '"committed"' out || die "--skip-nonfinite does not commit"
cp -r m without
sed 3d five | update -m without >out
[ -z "$(hyt-ckpt diff skip without)" ] || die "--skip-nonfinite: other weights"

# In shards all of it is the same: the steps, what is kept, the way back,
# damage, an input that was cut.
cp -r m s
shards s
for i in 1 2 3 4; do
    sed -n "${i}p" five | update -m s --keep 2 >/dev/null
    [ -z "$(hyt-ckpt diff s "k$i")" ] || die "shards: other weights, step $i"
    cp -r s "s$i"
done
[ "$(info s '.kept | join(" ")')" = "2 3" ] || die "shards: kept"
hyt-ckpt log s | cmp - s4/hyt-log.jsonl
for part in 1 2; do
    rm -rf damaged
    cp -r s damaged
    file=$(ls damaged/hyt-shard-4-0000$part-*)
    chmod u+w "$file"
    printf x | dd of="$file" bs=1 seek=9000 conv=notrunc 2>/dev/null
    fails hyt-ckpt verify damaged
    says 'damaged'
    fails update -m damaged five >out
    says 'damaged'
done
hyt-ckpt rollback s@3
hyt-ckpt verify s >/dev/null
[ -z "$(hyt-ckpt diff s s3)" ] || die "shards: rollback"
sed -n 4p five | update -m s --keep 2 >/dev/null
state s >left
state s4 >right
same left right "shards: undone and done again"
cp -r m cut
shards cut
cp -r cut whole
update -m whole --commit-every 2 five >out
fails update -m cut --commit-every 2 torn >out
update -m cut --commit-every 2 five >out
state whole >left
state cut >right
same left right "shards: an input that was cut"
