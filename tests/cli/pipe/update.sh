#!/bin/sh
# SPDX-License-Identifier: MIT
#
# hyt-update: the same bytes for any number of threads, what --out, --dry-run
# and --inner do, and that steps make the loss fall.

# shellcheck source=tests/cli/pipe/common.inc
. "$CASE/common.inc"

mixed >in
taught m
taught bf16 --dtype bf16
taught qwen3 --arch qwen3 --untied
small qwen2 --arch qwen2
for m in m bf16 qwen3 qwen2; do
    state "$m" >before
    hyt-rollout -m "$m" -n 4 --max-tokens 60 in | hyt-prg -m "$m" |
        hyt-weight --policy fixed --groups 4 --traces 2 >"$m.weighted"
    hyt-update -m "$m" --threads 1 --lr 1e-3 --out "$m.1" "$m.weighted" >one
    hyt-update -m "$m" --threads 2 --lr 1e-3 --out "$m.2" "$m.weighted" >two
    same "$m.1/model.safetensors" "$m.2/model.safetensors" "$m: --threads"
    (cd "$m.1" && cksum hyt-optimizer-*.safetensors) >left
    (cd "$m.2" && cksum hyt-optimizer-*.safetensors) >right
    same left right "$m: --threads, optimizer"
    jq -c 'del(.tokens_per_second)' one >left
    jq -c 'del(.tokens_per_second)' two >right
    same left right "$m: --threads, metrics"
    state "$m" >after
    same before after "$m: --out changed the input"
    if cmp -s "$m/model.safetensors" "$m.1/model.safetensors"; then
        die "$m: nothing was learned"
    fi
    # The result is a model like any other.
    hyt-ckpt verify "$m.1" >/dev/null
    hyt-rollout -m "$m.1" -n 2 --max-tokens 20 in | hyt-prg -m "$m.1" >/dev/null

    # The step in place gives the same weights.
    cp -r "$m" place
    hyt-update -m place --lr 1e-3 "$m.weighted" >/dev/null
    [ -z "$(hyt-ckpt diff place "$m.1")" ] || die "$m: in place it differs"
    rm -rf place
done

# The same pipe once more: it is done already.
state m.1 >before
hyt-update -m m --lr 1e-3 --out m.1 m.weighted >again
[ ! -s again ] || die "steps were taken a second time"
hyt-update -m m --lr 1e-3 --out m.1 <m.weighted >again
[ ! -s again ] || die "steps were taken a second time, from standard input"
state m.1 >after
same before after "a second run changed the result"

# Other records, fewer or more of them, and another model are refused.
jq -c '.x = 1' m.weighted >other
head -n "$(jq -s 'map(select(.weight.batch == 0)) | length' m.weighted)" \
    m.weighted >fewer
cat m.weighted m.weighted >longer
for input in other fewer longer; do
    fails hyt-update -m m --lr 1e-3 --out m.1 $input >again
    says 'other records'
done
fails hyt-update -m bf16 --out m.1 bf16.weighted >again
says 'm.1'
state m.1 >after
same before after "refused input changed the result"

# The divergence from another model is measured with --ref alone, and changes
# nothing: k3 of the rollouts' tokens under both, by hyt-prg.
hyt-update -m m --lr 1e-3 --out m.ref --ref m.1 m.weighted >measured
[ -z "$(hyt-ckpt diff m.ref m.1)" ] ||
    die "--ref alone changed the result"
jq -c 'select(.weight.batch == 0 and .kind == "rlif")' m.weighted >first
hyt-prg -m m.1 --per-token first >under
want=$(jq -s 'map([.tokens.logp, .certainty.logp_tokens] | transpose[]
    | .[1] - .[0] | exp - . - 1) | add / length' under)
head -n 1 measured | jq -e ".kl > 1e-6 and (.kl / $want - 1 | fabs) < 1e-3" \
    >/dev/null || die "kl: $(head -n 1 measured), not $want"
holds one '.committed != null or .kl == null'

# A dry run leaves nothing behind.
state m >before
hyt-update -m m --dry-run m.weighted >dry
hyt-update -m m --dry-run --out nowhere m.weighted >dry.out
state m >after
same before after "--dry-run changed the checkpoint"
[ ! -e nowhere ] || die "--dry-run made a directory"
[ "$(grep -c . dry)" -eq "$(grep -c . dry.out)" ] || die "dry run with --out"
if grep -q committed dry; then die "--dry-run says that it committed"; fi
jq -c '[.step, .loss, .grad_norm]' dry | head -n 1 >left
jq -c '[.step, .loss, .grad_norm]' one | head -n 1 >right
hyt-update -m m --lr 1e-3 --out m.3 m.weighted |
    jq -c '[.step, .loss, .grad_norm]' | head -n 1 >right
same left right "--dry-run has other metrics"

# --inner: so many steps a batch.
hyt-update -m m --lr 1e-3 --inner 2 --out m.inner m.weighted >inner
[ "$(grep -c '"loss"' inner)" -eq $((2 * $(grep -c . dry))) ] ||
    die "--inner 2: lines"
jq -s -e 'map(.step) == [range(.[0].step; .[0].step + length - 1)] +
    [.[-1].step] and .[-1].step == .[-2].step' inner >/dev/null ||
    die "--inner 2: steps"

# A trace repeated is learned: the loss falls to a fifth in ten steps.
sums | head -n 1 >trace
for m in m bf16 qwen3; do
    for i in 1 2 3 4 5 6 7 8 9 10; do sed "s/}/,\"i\":$i}/" trace; done |
        hyt-rollout -m "$m" | hyt-weight --policy rd --traces 1 |
        hyt-update -m "$m" --lr 1e-2 --out "$m.learned" | grep '"loss"' >loss
    jq -s -e 'length == 10 and .[9].loss < .[0].loss / 5' loss >/dev/null ||
        { jq -c .loss loss && die "$m: the loss does not fall"; }
done
# The same from random weights: from the entropy of 257 tokens to a half.
small fresh
for i in 1 2 3 4 5 6 7 8 9 10; do cat trace; done | hyt-rollout -m fresh |
    hyt-weight --policy rd --traces 1 |
    hyt-update -m fresh --lr 1e-2 | grep '"loss"' >loss
jq -s -e 'length == 10 and (.[0].loss - (257 | log) | fabs) < 0.1 and
    .[9].loss < .[0].loss / 2 and ([range(1; 10) as $i |
    .[$i].loss - .[$i - 1].loss] | max) < 0.1' loss >/dev/null ||
    { jq -c .loss loss && die "fresh: the loss does not fall"; }
