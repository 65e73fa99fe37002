#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A cache in bf16 has bits of its own, the same for any threads, rows, order and
# kernels; what hyt-prg and hyt-update compute follows each record's own format.

# shellcheck source=tests/cli/pipe/common.inc
. "$CASE/common.inc"

taught m
mixed >in
mixed | sort -R --random-source=/dev/zero >other
hyt-rollout -m m -n 3 --max-tokens 60 in >wide
hyt-rollout -m m -n 3 --max-tokens 60 --kv bf16 in >half
holds wide '.kind == "rd" or .sampling.kv == "f32"'
holds half '.kind == "rd" or .sampling.kv == "bf16"'
jq -c 'select(.kind == "rlif").tokens.logp' wide >wide.logp
jq -c 'select(.kind == "rlif").tokens.logp' half >half.logp
if cmp -s wide.logp half.logp; then die "nothing was rounded"; fi

# The same bytes, however it is computed.
for how in '--threads 1' '--threads 3 --rows 5' '--rows 1'; do
    # shellcheck disable=SC2086 # words
    hyt-rollout -m m -n 3 --max-tokens 60 --kv bf16 $how in >got
    same half got "$how"
done
HYT_KERN=base hyt-rollout -m m -n 3 --max-tokens 60 --kv bf16 in >got
same half got "base kernels"
jq -c 'select(.kind == "rlif" and .x == null)' half >known
hyt-rollout -m m -n 3 --max-tokens 60 --kv bf16 other |
    jq -c 'select(.kind == "rlif" and .x == null)' >got
same_lines known got "another order"

# hyt-prg follows the record, unless it is told otherwise.
cat wide half | jq -c '.id += .sampling.kv | .group = .id' >both
hyt-prg -m m --per-token both >scored
holds scored '.kind == "rd" or .certainty.logp_tokens == .tokens.logp'
hyt-prg -m m --per-token --threads 3 both | cmp - scored
hyt-prg -m m --per-token --kv bf16 both >asked
jq -c 'select(.sampling.kv == "bf16")' scored >left
jq -c 'select(.sampling.kv == "bf16")' asked >right
same left right "--kv bf16 of what is bf16"
for kind in '"rd"' '"rlif"'; do
    jq -c "select(.kind == $kind and .sampling.kv != \"bf16\").certainty" \
        scored >left
    jq -c "select(.kind == $kind and .sampling.kv != \"bf16\").certainty" \
        asked >right
    if cmp -s left right; then die "--kv bf16 rounds nothing of $kind"; fi
done

# One batch of traces and of rollouts of both formats: no difference, and one
# where a record says the wrong format.
hyt-weight --policy fixed --groups 1000 --traces 2 scored >weighted
[ "$(jq -s 'map(.weight.batch) | max' weighted)" -eq 0 ] || die "not one batch"
max='."sampling/sampling_logp_difference/max"'
hyt-update -m m --dry-run weighted >metrics
holds metrics "$max == 0"
hyt-update -m m --dry-run --activation-memory 1 --threads 3 weighted >metrics
holds metrics "$max == 0"
hyt-update -m m --dry-run --kl 0.1 --ref m weighted >metrics
holds metrics "$max == 0 and .kl == 0"
for wrong in f32 bf16; do
    jq -c "if .sampling then .sampling.kv = \"$wrong\" else . end" \
        weighted >changed
    fails hyt-update -m m --dry-run changed >out
    says '^hyt-update: changed:[0-9]*:1: sampled log-prob'
done

# A step, for any threads.
for threads in 1 2; do
    hyt-update -m m --lr 1e-3 --threads $threads --out "o$threads" weighted >log
done
same o1/model.safetensors o2/model.safetensors "threads"

# A format that does not exist.
rc=0
hyt-rollout -m m --kv f16 in >out 2>err || rc=$?
[ "$rc" -eq 2 ] || die "--kv f16: exit status $rc"
says 'f32|bf16'
jq -c 'if .sampling then .sampling.kv = "fp8" else . end' weighted >changed
line=$(jq -c 'select(.sampling) | input_line_number' weighted | head -n 1)
for tool in hyt-prg 'hyt-update --dry-run'; do
    # shellcheck disable=SC2086 # words
    fails $tool -m m changed >out
    says "changed:$line:[0-9]*: sampling.kv is none of f32|bf16"
done
