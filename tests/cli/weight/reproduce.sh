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

# Something moved, up and down; what has no PRG did not.
jq -s -e '(map(select(.weight.coef > 0)) | length > 30)
    and (map(select(.weight.coef < 0)) | length > 20)
    and all(.[]; .prg != null or .weight.coef == 0)' out >/dev/null

# Trust is the place among the traces of the input.
jq -c 'select(.kind == "rd") | .prg.score // empty' in >anchor
jq -c --slurpfile a anchor 'select(.weight.trust) | .prg.score as $p
    | .weight.trust - ([$a[] | select(. < $p)] | length) / ($a | length)
    | select(fabs > 1e-12)' out >differ
[ ! -s differ ]
