#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The records that the README shows are those that its commands make.
set -eu
readme=$TESTS/../README.md
m=$TESTS/../examples/quickstart/model

printf '%s\n' '{"prompt":"a: 7+5*3 =\n","gold":"6"}' >query
hyt-rollout -m "$m" -n 4 --seed 6 --max-tokens 40 query >rolled
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
shown scored '"prg":{"score":0.9995700777892202,'
shown scored '"support":[0.05757117741128216,0.1982412341462571,0.9995700777892202]'
shown scored '"completion":"as before\nas before\n#### 0"'
shown scored '"support":[0.07785536565391067,0.0030128747429906035,0.9324075745426267]'
shown scored '"prg":{"score":0.3108025248475422,'
shown weighted '"reward":0.648338680059672,"advantage":1.4275809216394444,'
shown weighted '"coef":0.017844761520493056}'
shown weighted '"reward":0.1800438216388331,"advantage":-0.2596342406113091,'
shown weighted '"coef":-0.0032454280076413635}'
shown log '{"step":1,"loss":-0.08432001794026255,'
shown log '"prg":0.4052937818710761,'
shown log '"sampling/sampling_logp_difference/max":0,'
shown log '{"committed":1,"step":1}'
