#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The records that the README shows are those that its commands make.
set -eu
readme=$TESTS/../README.md
m=$TESTS/../examples/quickstart/model

printf '%s\n' '{"prompt":"a: 7+5*3 =\n","gold":"6"}' >query
hyt-rollout -m "$m" -n 4 --seed 7 --max-tokens 40 query >rolled
hyt-prg -m "$m" rolled >scored
hyt-weight --policy rlif --reward prg-probability scored >weighted
hyt-update -m "$m" --out new weighted >log

# shown FILE TEXT: the tools wrote it, and the README shows it
shown() {
    grep -qF -- "$2" "$1" || { echo "$1 has no $2"; exit 1; }
    grep -qF -- "$2" "$readme" || { echo "the README has no $2"; exit 1; }
}

shown query '{"prompt":"a: 7+5*3 =\n","gold":"6"}'
shown rolled '"sample":0,"kind":"rlif",'
shown rolled '"completion":"7+5=2\n2*3=6\n#### 6","finish":"stop",'
shown rolled '"logp":[-0.526617,-0.000041245563,'
shown scored '"steps":[{"text":[0,6],"tokens":[0,6]},{"text":[6,12],"tokens":[6,12]}],'
shown scored '"final":{"text":"6","bytes":[17,18],"tokens":[17,18]},'
shown scored '"logp":-0.0432912050099204}'
shown scored '"prg":{"score":0.47099945018896905,'
shown scored '"support":[0.05757117741128216,0.1982412341462571,0.9995700777892202]'
shown scored '"completion":"7+5=2\n#### 2"'
shown scored '"support":[0.05225551466233569,0.22894719157918944]'
shown scored '"prg":{"score":0.08834583845842688,'
shown weighted '"reward":0.30549850243590454,"advantage":1.0440676637429107,'
shown weighted '"coef":0.013385482868498855}'
shown weighted '"reward":0.004689365754889347,"advantage":-0.9494411862589782,'
shown weighted '"coef":-0.01217232290075613}'
shown log '{"step":1,"loss":-0.14070623347663408,'
shown log '"prg":0.3566798193593622,'
shown log '"sampling/sampling_logp_difference/max":0,'
shown log '{"committed":1,"step":1}'
