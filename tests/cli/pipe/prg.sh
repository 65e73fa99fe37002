#!/bin/sh
# SPDX-License-Identifier: MIT
#
# hyt-prg: the bytes for any number of threads; the log-probabilities of a
# rollout computed again; every prefix run by itself.

# shellcheck source=tests/cli/pipe/common.inc
. "$CASE/common.inc"

# The nearest float of a decimal that names one.
# shellcheck disable=SC2016 # $e is jq's
f32='def f32: if . == 0 then 0 else (frexp[1]) as $e
    | ldexp(ldexp(.; 24 - $e) | nearbyint; $e - 24) end;'

# numbers MODEL IN: what hyt-prg adds to the records of IN
numbers() {
    m=$1 in=$2
    hyt-prg -m "$m" --threads 1 --per-token "$in" >"$m.prg"
    hyt-prg -m "$m" --threads 2 --per-token "$in" >got
    same "$m.prg" got "$m: --threads"
    hyt-prg -m "$m" "$in" >plain
    jq -c '.certainty |= {self, entropy, logp}' "$m.prg" >left
    jq -c . plain >right
    same left right "$m: --per-token changes more than it adds"
    # The last record first: each is scored by itself.
    awk '{ line[NR] = $0 }
        END { for (i = NR; i > 0; i--) print line[i] }' "$in" >reversed
    hyt-prg -m "$m" --per-token reversed >got
    same_lines "$m.prg" got "$m: order of the input"

    holds "$m.prg" "$f32"' .kind == "rd" or
        (.certainty.logp_tokens | map(f32)) == (.tokens.logp | map(f32))'
    holds "$m.prg" "$f32"' .kind == "rd" or .certainty.logp ==
        (.tokens.logp | map(f32) | add / length)'
    for name in self entropy logp; do
        holds "$m.prg" "$f32 .certainty | .$name ==
            (.${name}_tokens | map(f32) | add / length)"
    done
    holds "$m.prg" '(.certainty.logp_tokens | length) ==
        (.tokens.completion | length)'
    holds "$m.prg" '.certainty | (.entropy_tokens | min >= 0) and
        (.logp_tokens | max <= 0) and (.self_tokens | min >= 0)'
    holds "$m.prg" '.prg == null or .prg.score == .prg.slope'
    holds "$m.prg" '.prg == null or (.prg.support | length) ==
        (.steps | length) + 1'
    holds "$m.prg" '.prg == null or .final != null'
    holds "$m.prg" '.prg != null or .final == null or .finish == "length"'
    jq -s -e 'map(select(.kind == "rlif" and .prg != null)) | length > 10' \
        "$m.prg" >/dev/null || die "$m: hardly a rollout has an answer"
}

# Each prefix as a record of its own: the prompt and k steps, completed by the
# tail.  The mean over the answer is logp[k].
naive() {
    jq -c 'select(.prg) | . as $r | (.steps[-1].tokens[1] // 0) as $last
        | select(.final.tokens[0] > $last) | range(.steps | length + 1) as $k
        | (if $k == 0 then 0 else .steps[$k - 1].tokens[1] end) as $n
        | .tokens.completion[$last:.final.tokens[1]] as $tail
        | {want: .prg.logp[$k], from: (.final.tokens[0] - $last),
           kind: "rd", completion: ("x" * ($tail | length)),
           tokens: {prompt: (.tokens.prompt + .tokens.completion[:$n]),
                    completion: $tail, ends: [range($tail | length) + 1]},
           steps: [], final: null}' "$1.prg" >naive
    [ "$(grep -c . naive)" -gt 20 ] || die "$1: hardly a prefix to compare"
    hyt-prg -m "$1" --per-token naive >got
    holds got "$f32"' .want ==
        (.certainty.logp_tokens[.from:] | map(f32) | add / length)'
    holds got '.prg == null'
}

# recomputed MODEL: hyt-update finds the very numbers that the record has
recomputed() {
    hyt-weight --policy fixed --groups 100 --traces 2 "$1.prg" >weighted
    hyt-update -m "$1" --dry-run weighted >metrics
    holds metrics '."sampling/sampling_logp_difference/max" == 0 and
        ."sampling/sampling_logp_difference/mean" == 0 and .ratio == 1 and
        .clip_ratio == 0'
    jq -s -e 'any(.[]; .samples > 3)' metrics >/dev/null || die "nothing"
}

mixed >in
taught m
taught bf16 --dtype bf16
taught qwen3 --arch qwen3 --untied
for m in m bf16 qwen3; do
    hyt-rollout -m "$m" -n 4 --max-tokens 60 in >"$m.in"
    numbers "$m" "$m.in"
    naive "$m"
    recomputed "$m"
done

# Rollouts sampled in another way have the log-probs of the raw model, too.
hyt-rollout -m m -n 2 --max-tokens 60 --temperature 0.6 --top-p 0.8 in >cold.in
hyt-prg -m m --per-token cold.in >cold
holds cold "$f32"' .kind == "rd" or
    (.certainty.logp_tokens | map(f32)) == (.tokens.logp | map(f32))'

# --elicit asks in its own words: the numbers move, their count does not.
hyt-prg -m m --elicit 'It is ' m.in >elicit
jq -c 'select(.prg) | [(.prg.logp | length), .prg.logp]' elicit >left
jq -c 'select(.prg) | [(.prg.logp | length), .prg.logp]' m.prg >right
if cmp -s left right; then die "--elicit changes nothing"; fi

# --prg chooses the score, and nothing else.
for kind in direct rank watermark slope discounted mean; do
    hyt-prg -m m --prg $kind m.in >got
    holds got ".prg == null or .prg.score == .prg.$kind"
    jq -c 'del(.prg.score?)' got >left
    jq -c 'del(.certainty | .self_tokens, .entropy_tokens, .logp_tokens)
        | del(.prg.score?)' m.prg >right
    same left right "--prg $kind changes more than the score"
done
hyt-prg -m m --prg tau m.in >got
holds got '.prg == null or .prg.score == .prg.tau * .prg.support[-1]'
jq -c '.mine = 3' m.in >mine
hyt-prg -m m --prg field:mine mine >got
holds got '.prg == null or .prg.score == 3'

# Steps and an answer that are of another completion, or of other tokens
for edit in '.final.text += "1"' '.final.tokens[0] -= 1' \
    '.steps[0].tokens[1] += 1' '.steps[-1].text[1] -= 2'; do
    jq -c "select(.final and (.steps | length > 1)) | $edit" m.prg |
        head -n 1 >wrong
    fails hyt-prg -m m wrong >got
    says 'wrong:1:[0-9]*: "[a-z]*" is of another completion, or of other tokens'
    hyt-split wrong | hyt-prg -m m >got
done
printf '{"prompt":"p","completion":"so\\n#### 5"}\n' | hyt-rollout -m m |
    hyt-prg -m m | jq -c '.completion |= sub("5"; "6")' | hyt-rollout -m m >wrong
fails hyt-prg -m m wrong >got
says '"final" is of another completion'
hyt-split wrong | hyt-prg -m m >got
holds got '.final.text == "6"'

stories=$(stories) || exit 0
printf '{"prompt":"Once upon a time there were %s"}\n' '7 cats' '12 dogs.' |
    hyt-rollout -m "$stories" -n 8 --max-tokens 60 >s.in
ln -s "$stories" stories
hyt-prg -m stories --threads 1 --per-token s.in >want
hyt-prg -m stories --threads 2 --per-token s.in >got
same want got "stories260K: --threads"
holds got "$f32"' (.certainty.logp_tokens | map(f32)) ==
    (.tokens.logp | map(f32))'
holds got "$f32"' .certainty.logp == (.tokens.logp | map(f32) | add / length)'
