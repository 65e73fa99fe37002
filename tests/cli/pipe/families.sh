#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The whole pipe on weights in f16 and on a model with a sliding window: the
# same bytes however it is computed, update agrees with rollout to the bit, and
# what is written is of the kind that was read.

# shellcheck source=tests/cli/pipe/common.inc
. "$CASE/common.inc"

mixed >in
taught f16 --dtype f16
small full
small window
jq '.architectures = ["MistralForCausalLM"] | .sliding_window = 24' \
    full/config.json >window/config.json
for m in f16 window; do
    hyt-rollout -m $m -n 3 --max-tokens 60 in >want
    for how in '--threads 1' '--threads 3 --rows 5' '--rows 1'; do
        # shellcheck disable=SC2086 # words
        hyt-rollout -m $m -n 3 --max-tokens 60 $how in >got
        same want got "$m: $how"
    done
    HYT_KERN=base hyt-rollout -m $m -n 3 --max-tokens 60 in >got
    same want got "$m: base kernels"
    hyt-prg -m $m --per-token want >scored
    holds scored '.kind == "rd" or .certainty.logp_tokens == .tokens.logp'
    hyt-weight --policy fixed --groups 1000 --traces 2 scored >weighted
    hyt-update -m $m --lr 1e-3 weighted >metrics
    head -n 1 metrics >first
    holds first '."sampling/sampling_logp_difference/max" == 0'
    hyt-ckpt verify $m >/dev/null
    hyt-rollout -m $m in >got # it loads
done

# The window is seen: a prompt of more than 24 tokens goes on otherwise.
small window2
jq '.architectures = ["MistralForCausalLM"] | .sliding_window = 24' \
    full/config.json >window2/config.json
printf '{"prompt":"%060d"}\n' 7 >long
hyt-rollout -m full -n 1 --max-tokens 4 long | jq .tokens.logp >left
hyt-rollout -m window2 -n 1 --max-tokens 4 long | jq .tokens.logp >right
if cmp -s left right; then die "nothing is outside the window"; fi
printf '{"prompt":"%018d"}\n' 7 >short
hyt-rollout -m full -n 1 --max-tokens 4 short | jq .tokens.logp >left
hyt-rollout -m window2 -n 1 --max-tokens 4 short | jq .tokens.logp >right
same left right "a window that is longer than the sequence"

# f16 stays f16, names and metadata stay.
[ "$(hyt-ckpt info --json f16 | jq -c '[.. | strings | select(. == "F16")] |
    length > 0')" = true ] || die "f16 became something else"
hyt-ckpt export f16 out.safetensors
head -c 4096 out.safetensors | tr -d '\0' >header
grep -q '"dtype":"F16"' header || die "no F16 tensor"
if grep -q '"dtype":"F32"' header; then die "an F32 tensor"; fi
grep -q '"format":"pt"' header || die "no format"

# What is not supported is said in one line.
for setting in '.architectures = ["MambaForCausalLM"]' \
    '.rope_scaling = {"rope_type": "longrope", "factor": 4}' \
    '.quantization_config = {"quant_method": "awq"}'; do
    jq "$setting" full/config.json >window/config.json
    fails hyt-rollout -m window in
    says 'window: config.json: .*not supported (there are'
    [ "$(wc -l <err)" -eq 1 ] || die "more than one line"
done
