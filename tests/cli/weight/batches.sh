#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Batches: numbering, the pool of traces and its rounds, bytes untouched.

set -eu
awk -v traces=5 -v groups=24 -v size=2 -f "$CASE/records.awk" >in
hyt-weight --groups 2 --traces 3 in >out

# 12 batches of 3 traces and 2 groups, numbered from 0
jq -s -e 'group_by(.weight.batch) | length == 12 and ([.[] | length] | unique)
    == [7] and all(.[]; map(.weight.index) == [range(7)]
    and all(.[]; .weight.of == 7 and .weight.policy == "hytuning"))' out >/dev/null

# no trace twice in a batch; over 36 draws every one comes 7 or 8 times
jq -s -e '[.[] | select(.kind == "rd")] | (group_by(.weight.batch)
    | all(.[]; map(.id) | unique | length == 3))
    and (group_by(.id) | map(length) | sort == [7, 7, 7, 7, 8])' out >/dev/null

# groups in order, each once
[ "$(jq -r 'select(.kind == "rlif") | .id' out)" = \
    "$(jq -r 'select(.kind == "rlif") | .id' in)" ]

# the seed and nothing else chooses
hyt-weight --groups 2 --traces 3 <in | cmp - out
hyt-weight --groups 2 --traces 3 --seed 1 in >other
cmp -s out other && exit 1

# a batch asks for more than there are: each once
hyt-weight --groups 24 --traces 9 in |
    jq -s -e 'map(select(.kind == "rd").id) | sort
        == ["t0", "t1", "t2", "t3", "t4"]' >/dev/null

# all but the added member leaves as it came
sed 's/,"weight":{[^}]*}}$/}/' out | sort -u >plain
sort in | cmp - plain

# plain fine-tuning: as they come, a smaller batch at the end, no PRG needed
head -n 5 in | sed 's/"prg":{[^}]*},//; s/"certainty":{[^}]*}/"x":1/' >sft
hyt-weight --policy rd --traces 2 sft >out
jq -s -e 'map([.id, .weight.batch, .weight.index, .weight.of]) ==
    [["t0", 0, 0, 2], ["t1", 0, 1, 2], ["t2", 1, 0, 2], ["t3", 1, 1, 2],
     ["t4", 2, 0, 1]]' out >/dev/null
jq -s -e 'all(.[]; (.weight.coef * .weight.of * (.tokens.completion | length)
    - 1 | fabs < 1e-12) and .weight.lambda == 0 and .weight.w == 1)' out >/dev/null

# weights are replaced, a stranger's are not
hyt-weight --policy rd --traces 2 out | cmp - out
sed 's/^{/{"weight":70,/' sft >foreign
hyt-weight --policy rd foreign >out 2>err && exit 1
grep -q '"weight"' err
hyt-weight --policy rd --overwrite foreign | wc -l | grep -q '^5$'
