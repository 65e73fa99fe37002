#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The metrics are tested in tests/unit/test_score_metrics.c; here: where the
# numbers come from, requirements, comparison, what is refused.

set -eu

# Two queries of three; one record without an answer.
cat >in <<'END'
{"group":"a","prg":{"support":[0.1,0.9],"mean":0.5},"certainty":{"logp":-0.7},"final":{"text":"5","bytes":[0,1]},"grade":{"correct":true,"how":"exact"},"mine":1}
{"group":"a","prg":{"support":[0.1,0.8],"mean":0.4},"certainty":{"logp":-0.7},"final":{"text":"5.0","bytes":[0,3]},"grade":{"correct":true,"how":"exact"},"mine":1}
{"group":"a","prg":null,"certainty":{"logp":-0.7},"final":null,"grade":{"correct":false,"how":"none"},"mine":1}
{"group":"b","prg":{"support":[0.1,0.7],"mean":0.3},"certainty":{"logp":-0.7},"final":{"text":"1","bytes":[0,1]},"grade":{"correct":true,"how":"exact"},"mine":1}
{"group":"b","prg":{"support":[0.1,0.6],"mean":0.2},"certainty":{"logp":-0.7},"final":{"text":"2","bytes":[0,1]},"grade":{"correct":false,"how":"exact"},"mine":1}
{"group":"b","prg":{"support":[0.1,0.5],"mean":0.1},"certainty":{"logp":-0.7},"final":{"text":"3","bytes":[0,1]},"grade":{"correct":false,"how":"exact"},"mine":1}
END

# is METRIC VALUE ARGS...
is() {
    metric=$1 value=$2
    shift 2
    got=$(hyt-eval --json --bootstrap 0 "$@" in | jq ".metrics.$metric.value")
    if ! jq -n -e "$got - ($value) | fabs < 1e-9" >/dev/null; then
        echo "$metric $*: $got, not $value"
        exit 1
    fi
}
is accuracy 3/6
is answered 5/6
is confidence '(0.9+0.8+0.7+0.6+0.5)/5'
is confidence '(0.5+0.4+0.3+0.2+0.1)/5' --confidence mean
is confidence '(2/3+2/3+3*1/3)/5' --confidence vote
is confidence '(-0.7 | exp)' --confidence logp
is confidence 1 --confidence field:mine
is auroc 1
is selective_80 3/4
is brier '(0.01+0.04+0.09+0.36+0.25)/5'
is brier_half '(0.01+0.04+0.09+0.36+0.25+0.25)/6'

# the text says the same, and always the share answered
hyt-eval in >text
grep -q '^6 records, 2 queries' text
grep -q '^answered  *0.8333 ' text
grep -q '^ece_half ' text
[ "$(wc -l <text)" -eq 29 ]
hyt-eval --seed 0 in | cmp - text
hyt-eval --json --bins 4 in | jq -e '.bins == 4 and (.diagram | length == 4)
    and .diagram[3] == {n: 2, lo: 0.75, hi: 1, confidence: 0.8500000000000001,
        accuracy: 1} and .metrics.accuracy.lo <= 0.5' >/dev/null

# what the completions look like, whatever their answers: seq-rep-4 of the
# tokens, by jq; a record that does not say it is left out
awk '{ sub(/}$/, "")
    n = 3 + 7 * NR % 11
    list = ends = ""
    for (i = 0; i < n; i++) {
        list = list (i ? "," : "") (i * i * NR) % 4
        ends = ends (i ? "," : "") i
    }
    entropy = NR == 3 ? "null" : "{\"logp\":-0.7,\"entropy\":" NR / 8 "}"
    sub(/"certainty":{[^}]*}/, "\"certainty\":" entropy)
    printf "%s,\"finish\":\"%s\"", $0, NR % 3 ? "stop" : "length"
    if (NR < 6)
        printf ",\"tokens\":{\"prompt\":[],\"completion\":[%s],\"ends\":[%s]}", list, ends
    print "}"
}' in >said
cp in plain && cp said in
is entropy '([1, 2, 4, 5, 6] | add) / 8 / 5'
is truncated 2/6
is length "$(jq -s 'map(.tokens.completion // empty | length) | add / length' in)"
is repetition "$(jq -s 'map(.tokens.completion // empty
    | . as $t | select(length >= 4)
    | [range(length - 3) as $i | $t[$i:$i + 4] | tojson]
    | 1 - (unique | length) / length) | add / length' in)"
hyt-eval --json --bootstrap 0 in | jq -e '.metrics.repetition.value > 0.1' >/dev/null
cp plain in
hyt-eval --json in | jq -e '.metrics
    | [.entropy, .repetition, .length, .truncated | .value] == [null, null, null, null]' \
    >/dev/null
status=0
hyt-eval --require 'repetition<1' in >out 2>err || status=$?
[ "$status" -eq 3 ]
grep -q 'not met: repetition<1 (it has no value)' err

# requirements
hyt-eval --require 'accuracy>=0.5' --require 'ece < 0.9' in >out
cmp out text
status=0
hyt-eval --require 'accuracy>0.5' --require 'auroc<=1' --require 'ece<0' in \
    >out 2>err || status=$?
[ "$status" -eq 3 ]
[ "$(grep -c 'not met: ' err)" -eq 2 ]
grep -q 'not met: accuracy>0.5 (it is 0.5)' err
cmp out text

# comparison: the same queries, differences on the same draws
sed 's/"correct":true/"correct":false/' in >worse
hyt-eval --json --compare worse in | jq -e '.metrics.accuracy
    | .base == 0 and .difference == 0.5 and .difference_lo > 0.3
    and .difference_hi < 0.7' >/dev/null
hyt-eval --compare in in | awk '$1 == "brier" && $(NF - 3) + 0 != 0 { exit 1 }'

# fails STATUS MESSAGE ARGS...
fails() {
    want=$1 message=$2 status=0
    shift 2
    hyt-eval "$@" >out 2>err || status=$?
    if [ "$status" -ne "$want" ] || ! grep -q -F -e "$message" err ||
        [ -s out ]; then
        echo "$*: $status"
        cat err
        exit 1
    fi
}
head -n 3 in >half
fails 1 'other queries: 1 of ours' --compare half in
fails 1 'other queries: 0 of ours are not in it, 1' --compare in half
fails 2 '--require' --require 'luck>1' in
fails 2 '--require' --require 'ece' in
fails 2 '--require' --require 'ece<' in
fails 2 '--confidence' --confidence gut in
fails 1 'no records' /dev/null
fails 1 'no "theirs"' --confidence field:theirs in
sed 's/"grade"/"g"/' in >less
fails 1 'less:1:1: no "grade": pass the records through hyt-grade' less
sed '4s/"final"/"f"/' in >less
fails 1 'less:4:1: no "final"' less
sed '5s/"prg"/"p"/' in >less
fails 1 'less:5:1: no "prg"' less
sed '5s/0.6/1.6/' in >less
fails 1 'less:5:' less
grep -q '1.6 is not between 0 and 1' err

# A field in what is null is null, as support is.
jq -c '.prg.at = .prg.mean | if .prg.mean then . else .prg = null end' in >held
hyt-eval --json --bootstrap 0 --confidence field:prg.at held |
    jq -e '.metrics.answered.value == 5 / 6' >/dev/null
jq -c 'del(.prg)' in >less
hyt-eval --confidence field:prg.at less 2>err && exit 1
grep -q 'no "prg.at"' err

# --skip-bad goes for the file that is compared with, too.
{ cat in && echo '{"group":"b"}'; } >worse
hyt-eval --skip-bad --bootstrap 0 --compare worse in >out 2>err && exit 1
grep -q '1 of 13 records skipped' err
grep -q '^accuracy' out
hyt-eval --bootstrap 0 --compare worse in >out 2>err && exit 1
grep -q 'worse:7' err
