#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The kernels against each other: base, v3 and v4 have the
# same bits, ref is close.

# shellcheck source=tests/cli/pipe/common.inc
. "$CASE/common.inc"

mixed >in
taught m
taught bf16 --dtype bf16
small qwen3 --arch qwen3 --untied

best=$(sums | hyt-rollout -m m | hyt-weight --policy rd |
    hyt-update -m m --dry-run | jq -r .kern)
[ "$best" != ref ] || die "ref is the default"
others=base
if [ "$best" = v4 ]; then others="v3 base"; fi

# with KERN MODEL: the pipe, its files named by kernel and model
with() {
    export HYT_KERN="$1"
    hyt-rollout -m "$2" -n 3 --max-tokens 40 in >"$1.$2.samples"
    hyt-prg -m "$2" --per-token "$best.$2.samples" >"$1.$2.prg"
    unset HYT_KERN
}

for m in m bf16 qwen3; do
    with "$best" $m
    for kern in $others; do
        with "$kern" $m
        same "$best.$m.samples" "$kern.$m.samples" "$m, $kern: hyt-rollout"
        same "$best.$m.prg" "$kern.$m.prg" "$m, $kern: hyt-prg"
    done
    with ref $m
    # ref: every log-probability and support within 1e-4 (floats carry 1e-7,
    # sums of 32 products and two layers a little more).
    jq -n -e --slurpfile a "$best.$m.prg" --slurpfile b ref.$m.prg '
        def all_close(f): [$a, $b] | transpose
            | map([(.[0] | f), (.[1] | f)] | transpose) | flatten(1)
            | length > 0 and all(.[]; .[0] - .[1] | fabs < 1e-4);
        ($a | length) == ($b | length) and
        all_close(.certainty.logp_tokens) and
        all_close(.certainty.self_tokens) and
        all_close(.certainty.entropy_tokens) and
        all_close(.prg.support // [])' >/dev/null || die "$m: ref is far off"
    if cmp -s "$best.$m.prg" ref.$m.prg; then die "$m: ref was not used"; fi
done

# One step of training: the same bits with base, close with ref.
hyt-prg -m m "$best.m.samples" |
    hyt-weight --policy fixed --groups 100 --traces 2 >weighted
for kern in "$best" $others ref; do
    HYT_KERN=$kern hyt-update -m m --lr 1e-3 --out "out.$kern" weighted \
        >"metrics.$kern" 2>err || [ "$kern" = ref ] || { cat err && exit 1; }
done
for kern in $others; do
    [ -z "$(hyt-ckpt diff "out.$best" "out.$kern")" ] ||
        die "$kern: other weights"
    for file in model.safetensors hyt-log.jsonl; do
        cmp "out.$best/$file" "out.$kern/$file" || die "$kern: another $file"
    done
done
# The bits of ref are others, and a rollout of the same weights shows it.
says 'log-prob'
HYT_KERN=ref hyt-rollout -m m -n 3 --max-tokens 40 in >ref.samples
for kern in "$best" ref; do
    HYT_KERN=$kern hyt-prg -m m ref.samples |
        hyt-weight --policy rd --traces 3 >"weighted.$kern"
    HYT_KERN=$kern hyt-update -m m --lr 1e-3 --out "rd.$kern" \
        "weighted.$kern" >"metrics.$kern"
    jq -e -s '.[0].kern' "metrics.$kern" >/dev/null
done
jq -n -e --slurpfile a "metrics.$best" --slurpfile b metrics.ref '
    def close(x; y): (x - y | fabs) < 1e-3 * (y | fabs);
    close($a[0].loss; $b[0].loss) and
    close($a[0].grad_norm; $b[0].grad_norm) and $b[0].kern == "ref"
    ' >/dev/null || die "ref: another gradient"

# A name that does not exist is refused, in one line.
rc=0
HYT_KERN=fast hyt-rollout -m m in >out 2>err || rc=$?
[ "$rc" -ne 0 ] || die "HYT_KERN=fast was accepted"
says fast
