#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The whole pipe killed at random, again and again, until it has come to its
# end: the checkpoint has the same bytes as that of a pipe that ran in peace.

# shellcheck source=tests/cli/pipe/common.inc
. "$TESTS/cli/pipe/common.inc"

kills=12
[ "${HYT_FULL-}" != 1 ] || kills=200
in_memory pipe

taught m
mixed >in
first=$(hyt-ckpt info --json m | jq .generation)
# It samples from the generation that the run begins with, which is kept: so it
# can be run again at any time, also when it has come to its end.
cat >pipe.sh <<END
hyt-rollout -m m@$first -n 3 --max-tokens 40 --threads 1 in |
    hyt-prg -m m@$first --threads 1 |
    hyt-weight --policy fixed --groups 3 --traces 2 |
    hyt-update -m m --threads 1 --lr 1e-3 --commit-every 2 --keep 9 >>log &&
    echo >finished
END
cp -r m start
began=$(date +%s%N)
sh pipe.sh
took=$((($(date +%s%N) - began) / 1000))
state m >want
[ "$(grep -c committed log)" -ge 3 ] || die "too few commits"

n=0 ends=0 seed=${HYT_SEED:-1}
rm -rf m log finished
cp -r start m
while [ "$n" -lt "$kills" ] || [ "$ends" -eq 0 ]; do
    setsid sh pipe.sh 2>err &
    pid=$!
    # Anywhere in the time that it takes; in the end in peace.
    if [ "$n" -lt "$kills" ]; then
        seed=$(((seed * 1103515245 + 12345) % 2147483648))
        sleep "$(awk -v r=$((seed / 65536 % 1000)) -v us="$took" \
            'BEGIN { print r * 1.1e-9 * us }')"
        if kill -s KILL -- -$pid 2>/dev/null; then n=$((n + 1)); fi
    fi
    wait $pid 2>/dev/null || :
    hyt-ckpt verify m >facts || die "kill $n: torn"
    [ -e finished ] || continue
    ends=$((ends + 1))
    state m >got
    cmp want got || { diff want got || die "kill $n: another end"; }
    rm -rf m finished
    cp -r start m
done
[ "${HYT_FULL-}" != 1 ] || promised "$n" 'times at random'
echo "ok 1 - killed $n times, came to its end $ends times, always the same"
