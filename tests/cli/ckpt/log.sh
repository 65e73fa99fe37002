#!/bin/sh
# SPDX-License-Identifier: MIT
#
# hyt-ckpt log prints a line a step and succeeds, also where there was none.

set -eu
hyt-ckpt new m --shape layers=1,hidden=16,heads=2 -q
hyt-ckpt log m >none
[ ! -s none ]
echo '{"prompt":"a","completion":"b"}' | hyt-rollout -m m -q |
    hyt-weight --policy rd -q >one.jsonl
hyt-update -m m --inner 2 -q <one.jsonl >metrics
hyt-ckpt log m >steps
[ "$(wc -l <steps)" -eq 2 ]
