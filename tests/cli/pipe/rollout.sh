#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A sample depends on itself alone: the bytes of hyt-rollout for any number of
# threads and rows, any order of the input, any way of sharing it out.

# shellcheck source=tests/cli/pipe/common.inc
. "$CASE/common.inc"

# promise MODEL INPUT OPTION...: all ways must give the same
promise() {
    m=$1 in=$2
    shift 2
    hyt-rollout -m "$m" --threads 1 --rows 1 "$@" "$in" >want
    [ -s want ] || die "$m: nothing came"
    for rows in 1 3 32; do
        for threads in 1 2; do
            hyt-rollout -m "$m" --threads "$threads" --rows "$rows" "$@" \
                "$in" >got
            same want got "$m: --rows $rows --threads $threads"
        done
    done
    # The last first, then every third, by turns.
    awk '{ line[NR] = $0 }
        END { for (i = NR; i > 0; i--) print line[i] }' "$in" >reversed
    awk '{ line[NR] = $0 }
        END { for (s = 2; s >= 0; s--)
            for (i = 1; i <= NR; i++) if (i % 3 == s) print line[i] }' \
        "$in" >dealt
    for order in reversed dealt; do
        hyt-rollout -m "$m" --rows 5 "$@" "$order" >got
        same_lines want got "$m: input $order"
    done
    for shard in 1 2 3; do
        hyt-rollout -m "$m" --shard "$shard/3" --rows 7 "$@" "$in" >"part$shard"
    done
    cat part1 part2 part3 >got
    same_lines want got "$m: three shards"
    if cmp -s part1 part2; then die "$m: the shards are one"; fi
}

mixed >in
taught m
taught bf16 --dtype bf16
small qwen3 --arch qwen3 --untied
small qwen2 --arch qwen2
promise m in -n 3 --max-tokens 40
promise m in -n 1 --max-tokens 20 --seed 3
promise bf16 in -n 2 --max-tokens 30 --top-p 0.9 --top-k 40
promise qwen3 in -n 2 --max-tokens 20 --temperature 0.7 --min-p 0.01
promise qwen2 in -n 2 --max-tokens 20 --stop e --stop '\n'

# Greedy samples are one; the seed changes others.
hyt-rollout -m m --greedy -n 2 --max-tokens 30 in |
    jq -c 'select(.kind == "rlif")' >greedy
jq -s -e 'group_by(.group) | all(.[]; map(.completion) | unique | length == 1)' \
    greedy >/dev/null || die "greedy samples differ"
hyt-rollout -m m -n 2 --max-tokens 30 in >zero
hyt-rollout -m m -n 2 --max-tokens 30 --seed 1 in >one
if cmp -s zero one; then die "--seed changes nothing"; fi

# What leaves is whole: groups together, in the order of the input.
hyt-rollout -m m -n 3 --rows 4 --max-tokens 30 in >out
jq -r '.group + " " + (.sample | tostring) + " " + .kind' out >places
awk '$3 == "rd" { if ($2 != 0) exit 1; next }
    $2 != next_sample || ($2 > 0 && $1 != group) { exit 1 }
    { group = $1; next_sample = ($2 + 1) % 3 }
    END { exit next_sample != 0 }' places || die "groups are torn"
jq -r .prompt in >prompts
jq -r 'select(.sample == 0) | .prompt' out >got
same prompts got "not in the order of the input"
[ "$(jq -r 'select(.sample == 0) | .id' out | sort -u | grep -c .)" -eq \
    "$(grep -c . in)" ] || die "ids repeat"
holds out '.kind == "rd" or (.tokens.completion | length) ==
    (.tokens.logp | length)'
holds out '(.tokens.ends | length) == (.tokens.completion | length)'
holds out '.tokens.ends[-1] == (.completion | utf8bytelength)'
holds out '.kind == "rd" or (.finish == "stop") ==
    (.tokens.completion[-1] == 256)'

# Completions end at the context, which the next program accepts.
printf '{"prompt":"%0250d"}\n' 7 >long
hyt-rollout -m qwen3 -n 8 --max-tokens 400 long >out
holds out '(.tokens.prompt + .tokens.completion) | length <= 256'
jq -s -e 'any(.[]; .finish == "length" and
    (.tokens.prompt + .tokens.completion | length) == 256)' out >/dev/null ||
    die "no completion reached the end of the context"
hyt-prg -m qwen3 out >/dev/null

stories=$(stories) || exit 0
promise "$stories" in -n 3 --max-tokens 40
