#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A run by the rules of examples/hyt.mk that is stopped, by an interrupt from
# the terminal or by SIGKILL, at any moment, comes to what one comes to that is
# not; and one with other settings is made again.

set -eu
# shellcheck source=tests/cli/examples/chain.inc
. "$TESTS/cli/examples/chain.inc"

cat >Makefile <<END
$head
max_tokens = 48
lr         = 3e-4
weight     = --policy hytuning --groups 4 --traces 4
%: traces  = \$(call chain,traces,8,1)
%: queries = \$(call chain,queries,8,\$(round_seed))
%: test    = \$(call chain,test,20,3)
\$(eval \$(call hyt_run,\$(DIR),model,4,2 4,test))
END
run() { # DIR [WORD...]
    dir=$1
    shift
    "$@" make --no-print-directory HYT_BIN="$BUILD/bin" DIR="$dir" lr="$lr" \
        "$dir/2.test.report" "$dir/4.test.report" "$dir/4.log"
}
# The run to its end.  What was killed may not have let go of its directory yet:
# then hyt-update refuses, and make is started again, as one would.
finish() { # DIR WHAT
    for _ in $(seq 100); do
        if run "$1" env >log 2>&1; then return; fi
        grep -q 'another process is updating it' log || break
        sleep 0.1
    done
    cat log
    die "$2: no end"
}
# What is there in the end, and what it says, but for times.
state() {
    (cd "$1" && ls && cksum ./*.report && hyt-ckpt info --json 4 |
        jq -c '[.step, .digest]' && jq -c 'del(.seconds)' ./[0-9]*.log | cksum)
}

lr=3e-4
begin=$(date +%s%N)
run whole env >log 2>&1 || { cat log && die "the whole run failed"; }
took=$((($(date +%s%N) - begin) / 1000000))
state whole >want
cat want

# At so many thousandths of the run; then at once, and again, to the end.
stops=0
for signal in INT KILL; do
    for at in 60 170 240 330 420 570 660 840 960; do
        rm -rf cut
        ms=$((took * at / 1000))
        status=0
        run cut timeout -s $signal "$(printf '%d.%03d' $((ms / 1000)) \
            $((ms % 1000)))" >log 2>&1 || status=$?
        [ $status -eq 0 ] || stops=$((stops + 1))
        for i in 1 2; do
            run cut timeout -s $signal 0.$((i * 2)) >log 2>&1 || :
        done
        finish cut "$signal at $at"
        state cut >got
        diff want got || die "$signal at $at: another end"
    done
done
[ $stops -gt 9 ] || die "only $stops runs were stopped"

# The same again is nothing; another rate is another run.
touch stamp
run whole env >log
find whole -type f -newer stamp | grep . && die "made again"
lr=1e-3
run whole env >log
state whole >got
if cmp -s want got; then die "the rate is not seen"; fi
rm -rf cut
lr=3e-4
for i in 2 4 6 8; do
    run cut timeout -s INT 0.$i >log 2>&1 || :
done
lr=1e-3
finish cut "stopped, another rate"
state cut | diff got - || die "stopped, another rate: another end"
lr=3e-4
run whole env >log
state whole >got
cmp -s want got || die "the first rate gives another end"
