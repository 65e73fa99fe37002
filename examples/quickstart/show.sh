#!/bin/sh
# SPDX-License-Identifier: MIT
#
# show.sh BEFORE AFTER - what the rounds changed, for people
set -eu
before=$1 after=$2

row() {
    jq -r --arg name "$1" '.metrics
        | [$name, .accuracy.value, .confidence.value, .ece.value] | @tsv' |
        awk -F '\t' '{printf "  %-8s %8.3f  %15.3f  %5.3f\n", $1, $2, $3, $4}'
}

printf '\nHeld-out questions, one sample each at temperature 1:\n\n'
printf '  %-8s %8s  %15s  %5s\n' '' accuracy 'mean confidence' ECE
row before <"$before.report"
row after <"$after.report"

printf '\nA trace, and the support for its answer after each step:\n\n'
zstdcat -q "$after.jsonl.zst" | jq -rs 'map(select(.prg != null and .grade.correct and .prg.score > 0.4))
    | max_by([(.steps | length), .prg.score])
    | .completion as $text | .prg.support as $c
    | "  \(.prompt | rtrimstr("\n"))\t\($c[0])",
      (.steps | to_entries[]
       | "    \($text[.value.text[0]:.value.text[1]] | rtrimstr("\n"))\t\($c[.key + 1])"),
      "    \($text | split("\n") | last)\tPRG \(.prg.score * 1000 | round / 1000)"' |
    awk -F '\t' '{
        if ($2 ~ /^PRG/) printf "%-28s %s\n", $1, $2
        else printf "%-28s %5.3f %s\n", $1, $2,
                    substr("########################################", 1, 40 * $2)
    }'
