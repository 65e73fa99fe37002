#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The coefficients of the default policy, computed again by jq from the fields
# of the records that left.

set -eu
awk -v traces=20 -v groups=10 -v size=8 -f "$CASE/records.awk" >in
hyt-weight --groups 4 --traces 6 in >out

# 3 batches: 4, 4 and 2 groups of 8, and 6 traces each
[ "$(wc -l <out)" -eq 98 ]
jq -s -c -f "$CASE/reproduce.jq" out >differ
if [ -s differ ]; then
    echo "id, by jq, by hyt-weight:"
    cat differ
    exit 1
fi

# Something moved, up and down.
jq -s -e '(map(select(.weight.coef > 0)) | length > 40)
    and (map(select(.weight.coef < 0)) | length > 10)
    and (map(select(.prg == null and .weight.coef != 0)) == [])' out >/dev/null

# lambda: half of min(1, 2 mean trust), the mean over the traces of before.
jq -s -e '(map(select(.kind == "rd").prg.score // empty)) as $anchor
    | [.[] | select(.kind == "rlif" and .prg != null) | .prg.score as $p
        | (($anchor | map(select(. < $p)) | length)
            + ($anchor | map(select(. == $p)) | length / 2))
        / ($anchor | length)] as $trust
    | ($trust | length) > 0' in >/dev/null
jq -s -c '[.[] | select(.kind == "rd") | .prg.score // empty]' in >anchor
jq -c -n --slurpfile a anchor 'inputs | select(.kind == "rlif" and .prg != null)
    | .prg.score as $p | .weight.trust
    - (($a[0] | map(select(. < $p) // empty) | length) / ($a[0] | length))
    | select(fabs > 1e-12)' out >differ
[ ! -s differ ]
