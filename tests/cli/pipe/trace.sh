#!/bin/sh
# SPDX-License-Identifier: MIT
#
# HYT_TRACE: the command of hyt(7) makes a table of what a pipe's file says, and
# tracing changes nothing else.

# shellcheck source=tests/cli/pipe/common.inc
. "$CASE/common.inc"

small m --arch qwen3
mixed >in
hyt-rollout -m m -n 2 --max-tokens 30 in >rolled
hyt-prg -m m rolled >scored
hyt-weight --policy fixed --groups 4 --traces 2 scored >weighted
hyt-update -m m --out plain weighted >log

export HYT_TRACE=trace.jsonl
hyt-rollout -m m -n 2 --max-tokens 30 in | tee out.rolled | hyt-prg -m m |
    tee out.scored | hyt-weight --policy fixed --groups 4 --traces 2 |
    hyt-update -m m --out traced --activation-memory 1 >log
unset HYT_TRACE
same rolled out.rolled "a trace changes hyt-rollout"
same scored out.scored "a trace changes hyt-prg"

# Every line is a span, and operations never take longer than theirs.
jq -s -e 'length > 100 and all(.[]; (.span | type) == "string" and
    .at > 0 and .us >= 0 and .pid > 0 and
    ([.ops[]] | add // 0) <= .us + 0.001 and all(.ops[]; . >= 0)) and
    ([.[] | select(.span | startswith("hyt-")).span] | sort) ==
        ["hyt-prg", "hyt-rollout", "hyt-update", "hyt-weight"] and
    ([.[].pid] | unique | length) == 4' trace.jsonl >/dev/null || die "spans"
# A pass is its operations: nothing of it goes unnamed.
jq -s -e 'map(select(.span == "forward" or .span == "backward"))
    | (map(.ops | add) | add) > 0.5 * (map(.us) | add)' trace.jsonl >/dev/null ||
    die "forward and backward have parts without a name"

# The command as the page has it.
sed -n '/^# WHERE THE TIME GOES/,/^# CHECKPOINTS/p' "$TESTS/../tools/hyt.7.scd" |
    awk '/^```/ {inside = !inside; next} inside' >command.sh
grep -q 'jq .*inputs' command.sh || die "no command in hyt(7)"
sh -eu command.sh >table
cat table

# Every operation that the page names is in the table, once, with time.
sed -n '/^\[\[ start/,/^$/p' "$TESTS/../tools/hyt.7.scd" |
    sed -n 's/^\[\[ //p; s/^|  //p' | tr -d ' \134' | tr , '\n' >named
[ "$(grep -c . named)" -ge 20 ] || die "hyt(7) names no operations"
for op in norm rope swiglu qkv o gate_up down attention embed head \
    vocabulary; do
    echo "${op}_bwd"
done >>named
while read -r op; do
    [ "$(grep -c "^$op	" table)" -eq 1 ] || die "$op is not in the table"
done <named
[ "$(grep -c . table)" -eq "$(grep -c . named)" ] || die "others are"

# The table against its own sums, by awk.
awk -F'"us":|,"pid"' '/"span":"hyt-/ {all += $2} END {print all / 1e6}' \
    trace.jsonl >all
awk -F'\t' -v all="$(cat all)" '
    function off(x, y, by) {return x - y > by || y - x > by}
    NR > 1 && $2 > last {exit bad = 1}
    {last = $2; seconds += $2; share += $3}
    off($3, 100 * $2 / all, 0.1 + 0.1 / all) {exit bad = 1}
    END {exit bad || off(share, 100, 2) || off(seconds, all, 0.02)}' table ||
    die "the table does not add up"

# A file that cannot be opened is one line, before any work; one that cannot be
# written to is told at the end.
for tool in 'hyt-rollout -m m' 'hyt-prg -m m' hyt-split hyt-eval \
    'hyt-ckpt info m' 'hyt-update -m m'; do
    # shellcheck disable=SC2086 # words
    fails env HYT_TRACE=no/such/file $tool </dev/null >out
    says '^hyt-[a-z]*: HYT_TRACE: no/such/file: No such file'
    [ "$(grep -c . err)" -eq 1 ] || die "more than one line"
    [ ! -s out ] || die "$tool: output"
done
[ -w /dev/full ] || exit 0
HYT_TRACE=/dev/full hyt-split rolled 2>err >got || die "a trace stopped hyt-split"
hyt-split rolled >out
same got out "a trace changes hyt-split"
says '^hyt-split: HYT_TRACE: /dev/full: No space left'
