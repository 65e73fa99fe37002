#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Regular expressions that would not end: given by users and by a tokenizer.
set -eu
# shellcheck source=tests/cli/hostile/common.inc
. "$CASE/common.inc"

hyt-ckpt new model --shape layers=1,hidden=4,heads=1,ffn=4
long=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab
echo "{\"prompt\":\"1\",\"completion\":\"$long\"}" >once
many=$(printf 'aaaaaaaaaaaaaaaab;%.0s' $(seq 2000))
echo "{\"prompt\":\"1\",\"completion\":\"$many\"}" >often

# one search that takes forever, and many that take long
for expr in '(a+)+$' '(?:a|aa)+\Z'; do
    refused 'once:1:' hyt-split --steps "regex:$expr" once
    grep -q 'gave up on 37 bytes' err
    refused 'gave up on 37 bytes' hyt-split --answer "regex:$expr" once
done
refused 'gave up on 36000 bytes' hyt-split --steps 'regex:(a+)+$|;' often
refused 'gave up on 36000 bytes' hyt-split --answer 'regex:(a+)+$|;' often
hyt-split --steps 'regex:;' often >out
hyt-rollout -q -m model once >samples
refused 'gave up on 37 bytes' hyt-prg -q -m model --steps 'regex:(a+)+$' samples
got=0
hyt-split --skip-bad --steps 'regex:(a+)+$' once often >out 2>err || got=$?
[ "$got" = 1 ]
[ "$(wc -l <err)" = 3 ] || fail "$(cat err)" # one each, and their number

# a tokenizer's
for expr in '(a+)+$' '(a+)+$|;'; do
    rm -rf m && cp -r model m
    jq -c --arg e "$expr" '.pre_tokenizer = {type: "Split", behavior: "Isolated",
        invert: false, pattern: {Regex: $e}}' model/tokenizer.json \
        >m/tokenizer.json
    refused 'pattern' hyt-rollout -q -m m once often
    refused 'pattern' hyt-tok encode --field completion -m m often
done

# what does not compile
for expr in '(' '[a' '(?<n>a)\k<m>'; do
    got=0
    hyt-split --steps "regex:$expr" once >out 2>err || got=$?
    [ "$got" = 2 ] || fail "exit status $got of $expr"
    [ "$(wc -l <err)" = 1 ] || fail "$(cat err)"
    grep -qF "$expr" err || fail "$(cat err)"
done
