#!/bin/sh
# SPDX-License-Identifier: MIT
#
# PubMedQA through every program: field options, and jq to make lines of it.

# shellcheck source=tests/cli/pipe/common.inc
. "$CASE/common.inc"

stories=$(stories) || { echo "$stories" && exit 77; }
data=${stories%/*}/pubmedqa/ori_pqal.json
[ -f "$data" ] || { echo "no data/pubmedqa in HYT_SHARED or ../shared"; exit 77; }
jq -c 'to_entries[:24][] | {pmid: .key} + .value |
    .ANSWER = .LONG_ANSWER + " The answer is " + .final_decision + "."' \
    "$data" >in
hyt-ckpt new m --max-positions 2048 --shape hidden=32,layers=2,heads=4,ffn=64
hyt-rollout -m m --prompt-field QUESTION --completion-field ANSWER \
    --gold-field final_decision in >traces
[ "$(wc -l <traces)" -eq 24 ] || die "not all came"
holds traces '.completion == .ANSWER and .gold == .final_decision'
hyt-split --steps sentence --answer phrase traces >steps
holds steps '.final.text == .final_decision and (.steps | length) >= 1'
hyt-prg -m m steps >scored
holds scored '.prg.score >= -1 and .prg.score <= 1'
hyt-grade scored >graded
holds graded '.grade.correct == true'
hyt-weight --policy rd --traces 8 graded | hyt-update -m m --lr 1e-3 >log
[ "$(grep -c '"loss"' log)" -eq 3 ] || die "not three steps"

# Queries alone, sampled, with the question as a message.
jq -c '{messages: [{role: "user", content: .QUESTION}], gold: .final_decision}' \
    in | head -n 4 >queries
printf '%s' 'Question: {{ messages[0].content }}
Answer:' >qa.jinja
hyt-rollout -m m -n 2 --max-tokens 16 --template qa.jinja queries |
    hyt-prg -m m | hyt-grade >graded
holds graded '(.tokens.prompt | implode) ==
    "Question: " + .messages[0].content + "\nAnswer:" and has("grade")'
[ "$(wc -l <graded)" -eq 8 ] || die "not eight samples"
