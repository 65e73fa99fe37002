#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A record of the pipe with one of its values replaced or taken away: each
# program takes it, or refuses it in one line.
set -eu
# shellcheck source=tests/cli/hostile/common.inc
. "$CASE/common.inc"
seed=${HYT_SEED:-1} some=12
[ "${HYT_FULL-}" != 1 ] || some=1000000

hyt-ckpt new model --shape layers=1,hidden=4,heads=1,ffn=4
echo '{"prompt":"1 + 2 =","gold":"3"}' >query
printf '%s\n' '{"prompt":"1 + 2 =","completion":"1 + 2\n= 3\n#### 3"}' >trace
hyt-rollout -q -m model -n 1 --max-tokens 3 --gold-field gold query |
    jq -c '.completion = "a\n#### 3" | .finish = "stop" | .tokens |= . + {
        completion: [97, 10, 35, 35, 35, 35, 32, 51],
        ends: [1, 2, 3, 4, 5, 6, 7, 8], logp: [range(8) | -1]}' |
    hyt-prg -q -m model --per-token | hyt-grade >graded
hyt-rollout -q -m model trace | hyt-prg -q -m model |
    hyt-weight --policy rd >weighted

# damaged FILE: its record in every damaged form, one a line
damaged() {
    jq -c '. as $r | (
        (paths as $p | (null, -1, 0.5, 7, 2147483648, 9007199254740993, 1e308,
            "", "\ud83d\ude00", [], {}, [[1]], true) as $v |
            $r | setpath($p; $v)),
        (paths as $p | $r | delpaths([$p])))' "$1"
}

# try COMMAND...: on the file `record`; 0, or 1 and one line
# dash and bash both have ulimit -t.
# shellcheck disable=SC3045
try() {
    got=0
    tried=$((tried + 1))
    (ulimit -t 20 && exec timeout 300 "$@") >out 2>err </dev/null || got=$?
    [ "$got" -le 1 ] && [ "$(wc -l <err)" = "$got" ] && return
    fail "exit status $got of: $* with $(cat record): $(cat err)"
}

# chosen FILE: some of the damaged records
chosen() {
    damaged "$1" | awk -v seed="$seed" -v some="$some" '
        BEGIN { srand(seed) }
        { line[NR] = $0 }
        END { for (i = 1; i <= NR; i++) if (rand() * NR < some) print line[i] }'
}

tried=0
chosen graded >records
while IFS= read -r line; do
    printf '%s\n' "$line" >record
    try hyt-rollout -q -m model -n 1 --max-tokens 2 record
    try hyt-split record
    try hyt-split --overwrite record
    try hyt-prg -q -m model record
    try hyt-prg -q -m model --overwrite --per-token record
    try hyt-weight --policy rlif --reward prg-certainty record
    try hyt-grade record
    try hyt-eval --bootstrap 10 record
    try hyt-plot traces record
    try hyt-plot support record
done <records
chosen weighted >records
while IFS= read -r line; do
    printf '%s\n' "$line" >record
    try hyt-weight --policy rd record
    try hyt-update -q -m model --dry-run record
done <records
echo "# $tried runs, seed $seed (HYT_SEED)"
