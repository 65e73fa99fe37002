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
hyt-weight --policy rlif --reward prg-certainty scored >weighted
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
shown scored '"certainty":{"self":14.59705679040206,'
shown scored '"prg":{"score":0.9995700777892202,'
shown scored '"support":[0.05757117741128216,0.1982412341462571,0.9995700777892202]'
shown scored '"completion":"as before\nas before\n#### 0"'
shown scored '"support":[0.07785536565391067,0.0030128747429906035,0.9324075745426267]'
shown scored '"prg":{"score":0.3108025248475422,'
shown weighted '"reward":14.590781191475854,"advantage":1.4151563309691435,'
shown weighted '"coef":0.017689454137114296}'
shown weighted '"reward":4.355644396032554,"advantage":-0.23731176781642838,'
shown weighted '"coef":-0.002966397097705355}'
shown log '{"step":1,"loss":-0.0936175657371573,'
shown log '"prg":0.4052937818710761,'
shown log '"sampling/sampling_logp_difference/max":0,'
shown log '{"committed":1,"step":1}'
