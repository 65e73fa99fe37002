#!/bin/sh
# SPDX-License-Identifier: MIT
#
# hyt-ckpt log prints a line a step and succeeds, also where there was none; of a
# log that was cut it prints the whole lines, and fails.

set -eu
hyt-ckpt new m --shape layers=1,hidden=16,heads=2 -q
hyt-ckpt log m >none
[ ! -s none ]
echo '{"prompt":"a","completion":"b"}' | hyt-rollout -m m -q |
    hyt-weight --policy rd -q >one.jsonl
hyt-update -m m --inner 2 -q <one.jsonl >metrics
hyt-ckpt log m >steps
[ "$(wc -l <steps)" -eq 2 ]

truncate -s -5 m/hyt-log.jsonl
status=0
hyt-ckpt log m >whole 2>err || status=$?
[ "$status" -eq 1 ]
head -n 1 steps | cmp - whole
[ "$(wc -l <err)" -eq 1 ]
grep -q "m: hyt-log.jsonl has [0-9]* of [0-9]* bytes" err
