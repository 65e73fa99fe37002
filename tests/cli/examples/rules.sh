#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The rules of examples/hyt.mk: what they make, what they leave alone, and what
# is made again where a setting changes.

set -eu
# shellcheck source=tests/cli/examples/chain.inc
. "$TESTS/cli/examples/chain.inc"

cat >Makefile <<END
$head
first:
	@echo the first target
max_tokens = 32
%: traces  = \$(call chain,traces,4,1)
%: queries = \$(call chain,queries,4,\$(round_seed))
%: watch   = \$(call chain,test,10,2)
%: weight  = --policy hytuning --groups 4 --traces 4
%: samples = 4
N ?= 2
\$(eval \$(call hyt_run,models,models/base,\$(N)))
\$(eval \$(call hyt_run,bad,model,1))
bad/%: traces = cat none.jsonl
\$(eval \$(call hyt_run,seen,model,\$(N)))
\$(eval \$(call hyt_watch,seen,model,\$(N)))
\$(eval \$(call hyt_run,fresh,model,\$(N)))
\$(eval \$(call hyt_watch,fresh,model,\$(N)))
\$(eval \$(call hyt_run,alone,model,1))
alone/%: queries =
alone/%: weight = --policy rd --traces 4
\$(eval \$(call hyt_measure,alone/1,two))
alone/%: two = \$(call chain,test,3,2) && \$(call chain,test,4,3)
END
run() {
    make --no-print-directory HYT_BIN="$BUILD/bin" "$@" >out 2>err
}
run || { cat err && die "the first target failed"; }
grep -q 'the first target' out || die "the rules have a target of their own first"

# The base model is the user's, also in the directory of the run.
mkdir models
cp -r model models/base
run models/2.log lr=1e-4 || { cat err && die "models/2.log"; }
cmp models/base/model.safetensors model/model.safetensors
[ ! -e models/1 ] || die "model 1 is left"
# A model that went is not there to go on from.
cksum models/2.log >before
run models/3.log N=3 lr=1e-4 || { cat err && die "models/3.log"; }
cksum models/2.log | cmp -s - before || die "round 2 was made again"
run models/2/model.safetensors N=3 lr=1e-4 && die "model 2 from nothing"
grep -q 'models/1 is gone: rm models/settings' err || { cat err && die "no word of it"; }

# Traces that fail end the round; V=1 shows what is done.
run bad/1.log && die "no traces, and no error"
grep -q 'none.jsonl' err || die "no word of the traces"
[ ! -e bad/1.jsonl.zst ] || die "a round of what there was"
run bad/1.log V=1 && die "no traces, and no error"
grep -q 'hyt-rollout -m model' out || die "V=1 shows nothing"

# Without queries there are none.
run alone/1.log || { cat err && die "a run of traces alone"; }

# Of a set that takes two commands all questions are asked.
run alone/1.two.report || { cat err && die "two commands"; }
[ "$(zstdcat alone/1.two.jsonl.zst | wc -l)" -eq 7 ] || die "questions are lost"

# The seed and the base model are settings, and makes at once do not meet.
for setting in seed=2 seed=1; do
    touch marker
    run alone/1.log $setting || { cat err && die "$setting"; }
    [ -n "$(find alone/1.log -newer marker)" ] || die "$setting is not seen"
done
run alone/1.two.report || { cat err && die "another model"; }
touch marker
for i in 1 2 3 4 5 6; do
    { make --no-print-directory HYT_BIN="$BUILD/bin" alone/1.log \
        alone/1.two.report >out.$i 2>&1 || touch failed; } &
done
wait
[ ! -e failed ] || { cat out.? && die "makes at once"; }
[ -z "$(find alone/1.log alone/1.two.report -newer marker)" ] || die "made again"
[ -z "$(find . -name '*.settings.*')" ] || die "a stamp is left"

# A run that is watched begins anew where what it is watched by is another.
rounds() {
    jq -c '[.round, .met]' seen/watch.jsonl | tr '\n' ' '
}
run seen/watch.jsonl lr=1e-4 || { cat err && die "seen"; }
[ "$(rounds)" = '[0,true] [1,true] [2,true] ' ] || die "$(rounds)"
run seen/watch.jsonl lr=1e-4 N=1 && die "two rounds for one"
grep -q 'seen has more than 1 rounds' err || { cat err && die "no word of it"; }
run fresh/0.go best=accuracy && die "best is no jq expression, and no error"
run fresh/0.go best='.nothing - .accuracy' || { cat err && die "no value"; }
echo '{"metrics":{"accuracy":2},"best":2}' >seen/best.watch # not to be beaten
cksum seen/2.log >before
run seen/watch.jsonl lr=1e-5 || { cat err && die "seen, with another rate"; }
cksum seen/2.log | cmp -s - before && die "the rate is not seen"
jq -e '.metrics.accuracy <= 1' seen/best.watch >/dev/null ||
    die "the best of another run"
run seen/watch.jsonl lr=1e-5 require='length>1e6' N=3 ||
    { cat err && die "a stop is an error"; }
[ "$(rounds)" = '[0,true] [1,false] ' ] || die "not stopped: $(rounds)"
[ ! -e seen/2.log ] || die "the log of another run"
# A failure is one, whatever stopped a run before.
run seen/watch.jsonl lr=1e-5 require='length>1e6 log.kl' && die "no error"
run seen/watch.jsonl lr=1e-5 require='length>1e6' ||
    { cat err && die "a stop is an error, again"; }
run seen/watch.jsonl lr=1e-5 require='length>1e6' watch='cat none.jsonl' &&
    die "no questions, and no error"
mkfifo open
sleep 60 >open & # a terminal that says nothing
writer=$!
rc=0
timeout 20 make --no-print-directory HYT_BIN="$BUILD/bin" fresh/watch.jsonl \
    watch='cat none.jsonl' <open >out 2>err || rc=$?
[ $rc -eq 2 ] || die "no questions: $rc"
kill $writer
run seen/watch.jsonl lr=1e-5 require='length>1' N=1 || { cat err && die "again"; }
[ "$(rounds)" = '[0,true] [1,true] ' ] || die "not anew: $(rounds)"
echo "ok 1 - the rules"
