#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A run that is watched: one that collapses is stopped, and keeps the best of
# its models; a sound one is left to its end.

set -eu
# shellcheck source=tests/cli/examples/chain.inc
. "$TESTS/cli/examples/chain.inc"

# Three rounds of 24 questions; self-certainty alone, and far too fast, against
# traces and progress at the demo's rate.
cat >Makefile <<END
$head
max_tokens = 64
%: queries = \$(call chain,queries,24,\$(round_seed))
%: watch   = \$(call chain,test,60,2)
%: test    = \$(call chain,test,60,3)
%: require = entropy>0.02 repetition<0.5 answered>0.5 length>12 log.kl<10
%: update  = --ref model
rlif/%: traces = :
rlif/%: weight = --policy rlif --groups 4
rlif/%: lr     = 1e-3
sound/%: traces = \$(call chain,traces,16,1)
sound/%: weight = --policy hytuning --groups 8 --traces 8
sound/%: lr     = 3e-4
\$(eval \$(call hyt_run,rlif,model,4))
\$(eval \$(call hyt_watch,rlif,model,4,test))
\$(eval \$(call hyt_run,sound,model,2))
\$(eval \$(call hyt_watch,sound,model,2,test))
END
run() {
    make --no-print-directory HYT_BIN="$BUILD/bin" "$@"
}

run rlif/best.test.report >out 2>err || { cat err && die "the stop was an error"; }
run sound/best.test.report >out 2>err2 || { cat err2 && die "the sound run failed"; }
cat err
for dir in rlif sound; do
    jq -c '[.round, .met, .best, .unmet, .metrics.accuracy, .metrics.entropy,
        .metrics.length, .log.kl]' $dir/watch.jsonl
done

# Stopped: the model does not reason any more. No round after that, and what is
# left is the model that it began with, which none was better than.
jq -e -s '.[-1] as $last | ($last.met | not) and $last.round < 4
    and (.[:-1] | all(.met)) and ($last.unmet | any(startswith("length>12 (")))
    and $last.metrics.accuracy < .[0].metrics.accuracy - 0.1
    and $last.best == 0' rlif/watch.jsonl >/dev/null || die "rlif was not stopped"
grep -q '^rlif: stopped after round [123], the best is 0: .*length>12' err ||
    die "no word of it"
last=$(($(wc -l <rlif/watch.jsonl) - 1))
[ ! -e "rlif/$((last + 1))" ] || die "a round after the stop"
cmp -s rlif/best/model.safetensors model/model.safetensors || die "another best"
jq -e '.metrics.accuracy.value > 0.25' rlif/best.test.report >/dev/null ||
    die "the best is not measured"

# Sound: all rounds, and the best of them.
jq -e -s 'length == 3 and all(.met) and (map(.metrics.accuracy) | max) as $top
    | .[.[-1].best].metrics.accuracy == $top and .[-1].best > 0' \
    sound/watch.jsonl >/dev/null || die "the sound run"
best=$(jq -s '.[-1].best' sound/watch.jsonl)
[ "$(hyt-ckpt info --json sound/best | jq .step)" -eq $((3 * best)) ] ||
    die "sound/best is not model $best"

# Again: nothing is made, and the stop is told again.
touch stamp
run rlif/best.test.report sound/best.test.report >out 2>err
grep -q '^rlif: stopped' err || die "no word of it, again"
find rlif sound -type f -newer stamp | grep . && die "made again"

# A requirement without a value is not met, one of nothing is an error.
cp -r rlif r
"$TESTS/../examples/watch.sh" r 1 log.kll\<1 'log.entropy > 0' >line
jq -e '.unmet == ["log.kll<1 (it has no value)"]' line >/dev/null || die "log.kll"
for wrong in luck\>1 log.kl log.kl=1; do
    if "$TESTS/../examples/watch.sh" r 1 "$wrong" >line 2>err; then
        die "$wrong is no requirement"
    fi
    grep -q -F "${wrong#log.}" err || { cat err && die "$wrong: another error"; }
done

# The loop of hyt(7): a sound run goes to its end.
sed -n '/^# WATCHING A RUN/,/^# NUMERICS/p' "$TESTS/../tools/hyt.7.scd" |
    awk '/^```/ {inside = !inside; next} inside' | sed 's/\\\\/\\/' >loop.sh
grep -q 'hyt-eval --require' loop.sh || die "no loop in hyt(7)"
chain() {
    awk -f "$quickstart/chain.awk" -v what="$1" -v n="$2" -v seed="$3"
}
cp -r model m0
chain traces 16 1 >traces.jsonl
chain queries 16 1 >queries.jsonl
chain test 40 2 >slice.jsonl
bash -euo pipefail loop.sh >reports
[ -d m3 ] || die "the loop of hyt(7) ended early"
[ "$(grep -c '^repetition' reports)" -eq 3 ] || die "not three reports"
