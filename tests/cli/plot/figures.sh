#!/bin/sh
# SPDX-License-Identifier: MIT
#
# support, train, prg and arms draw the numbers of their input.
set -eu
# shellcheck source=tests/cli/plot/common.inc
. "$CASE/common.inc"

# --- support: a few curves by name -------------------------------------------

hyt-plot support --gnuplot --id b --id c graded.jsonl >script
jq -r 'select(.id == "b" and .sample == 1) | .prg.support | to_entries[]
    | "\(.key) \(.value)"' graded.jsonl >want
block c1 <script | diff want -
jq -r 'select(.id == "b" and .sample == 1) | .grade.correct' graded.jsonl >right
grep -q "title 'b #1, $(sed 's/true/right/; s/false/wrong/' right)'" script
grep -q '3 traces: 1 right, 2 wrong, 0 not graded; 1 records without' script
hyt-plot support graded.jsonl -o few.svg
figure few.svg
fails 1 '--id d: no such record' support --id d graded.jsonl
grep '"prg":null' graded.jsonl | fails 1 'prg is null in all' support
sed 's/"prg"/"p"/' graded.jsonl | fails 1 '<stdin>:1:1: no "prg"' support

# many: thin curves, and means in which the shorter ones keep their last value
for i in 1 2 3; do sed "s/\"id\":\"/&$i/" graded.jsonl; done >many.jsonl
hyt-plot support --gnuplot many.jsonl >script
jq -r -s 'map(select(.grade.correct) | .prg.support) as $c | range(3) as $k
    | "\($k) \($c | map(.[$k] // .[-1]) | add / length)"' graded.jsonl >want
block mean1 <script >got
near want got
jq -r 'select(.prg and (.grade.correct | not)) | .prg.support | to_entries[]
    | "\(.key) \(.value)"' many.jsonl >want
block kind0 <script | grep . | diff want -
grep -q "title 'mean of 9 right'" script
# those without steps are points
grep '"score":0,' many.jsonl >single.jsonl
hyt-plot support --gnuplot many.jsonl >script
jq -r '"0 \(.prg.support[0])"' single.jsonl >want
block single1 <script | diff want -
grep -q '^ *.single1 using 1:2 with points' script || die "no points"
cat single.jsonl single.jsonl single.jsonl |
    hyt-plot support --gnuplot | grep -q 'mean1 using 1:2 with points' ||
    die "a mean without a line is not seen"
hyt-plot support many.jsonl -o many.svg
figure many.svg

# --- train ---------------------------------------------------------------------

cat >log.jsonl <<'END'
{"step":1,"loss":0.5,"kl/max":1e-3,"trust":null}
{"committed":1,"step":1}
{"step":2,"loss":-0.25,"kl/max":null,"trust":null}
{"step":3,"loss":0.125,"kl/max":2,"trust":null}
{"step":2,"loss":0.0625,"kl/max":3,"trust":null}
END
echo '{"loss":1}' >other.jsonl
echo '{"loss":2}' >>other.jsonl
hyt-plot train --gnuplot log.jsonl --fields loss,kl/max >script
printf '1 0.5\n2 -0.25\n3 0.125\n\n2 0.0625\n' >want
block c0 <script | diff want -
printf '1 0.001\n2 NaN\n3 2\n\n2 3\n' >want
block c1 <script | diff want -
grep -q '^set xrange \[1:3\]' script
# a field of its own for the axis: what lacks it is passed over
printf '%s\n' '{"loss":1,"traces":8}' '{"loss":2,"traces":null}' '{"loss":3}' \
    '{"step":0,"committed":1}' '{"loss":4,"traces":32}' >traces.jsonl
hyt-plot train --gnuplot --x traces --log-x traces.jsonl >script
printf '8 1\n32 4\n' >want
block c0 <script | diff want -
fails 1 'no number "tokns" in the input' train --x tokns traces.jsonl
echo '{"loss":1,"traces":0}' | fails 1 '0 has no logarithm' train --x traces --log-x
hyt-plot train --gnuplot traces.jsonl | grep -q "set xlabel 'step'"
grep loss traces.jsonl | hyt-plot train --gnuplot | grep -q "set xlabel 'line'"
# many values, of which one stands alone, are marked
seq 60 | sed 's/.*/{"step":&,"loss":&}/' >many.log
hyt-plot train --gnuplot many.log | grep -q 'with lines lt'
sed '30s/[0-9]*}$/null}/; 32s/[0-9]*}$/null}/' many.log |
    hyt-plot train --gnuplot | grep -q 'with linespoints lt' ||
    die "a value that stands alone is not marked"
# two files: a line each, by name; the fields that are there; no step: the line
hyt-plot train --gnuplot log.jsonl other.jsonl >script
printf '1 1\n2 2\n' >want
block c6 <script | diff want -
grep -q "title 'other.jsonl'" script
[ "$(grep -c '^plot' script)" -eq 1 ]
hyt-plot train log.jsonl other.jsonl -o train.svg --title "It's a <run> & more"
figure train.svg
grep -q "<title>It's a &lt;run> &amp; more</title>" train.svg
# another axis, and intervals
cat >traces.jsonl <<'END'
{"traces":8,"step":3,"ece":{"mean":0.5,"lo":0.25,"hi":1}}
{"traces":32,"step":2,"ece":{"mean":0.75,"lo":null,"hi":2}}
{"traces":512,"step":1,"ece":0.125}
END
hyt-plot train --gnuplot --x traces --log-x --fields ece traces.jsonl >script
printf '8 0.5\n32 0.75\n512 0.125\n' >want
block c0 <script | diff want -
echo '8 0.5 0.25 1' >want
block b0 <script | diff want -
grep -q '^set logscale x' script
grep -q '^set xtics 8,2$' script
grep -q "^set xlabel 'traces'" script
hyt-plot train --x traces --log-x --fields ece traces.jsonl -o traces.svg
figure traces.svg
hyt-plot train --gnuplot --fields ece traces.jsonl >script
grep -q '^set xrange \[1:3\]' script
if grep -q logscale script; then die "logarithmic unasked"; fi
echo '{"step":0,"loss":1}' | fails 1 '<stdin>:1:1: 0 has no logarithm' train --log-x
fails 1 'no number "lambda"' train --fields loss,lambda log.jsonl
fails 1 'no number "trust"' train --fields loss,trust log.jsonl
echo '{"step":1,"committed":1}' | fails 1 'no number among' train
echo '{"step":1,"loss":"high"}' | fails 1 '<stdin>:1:' train

# --- prg -----------------------------------------------------------------------

hyt-plot prg --gnuplot --bins 4 --fields prg.score,prg.direct graded.jsonl >script
# bins of (0.9 + 0.25) / 4 from -0.25: by hand
cat >want <<'END'
-0.25 0.0375 1 1 0.5 0.3333333333333333
0.0375 0.325 0 0 0 0
0.325 0.6125 1 1 0.5 0.3333333333333333
0.6125 0.9 0 1 0 0.3333333333333333
END
block h0 <script >got
near want got
for f in score direct; do
    auroc=$(jq -r -s --arg f $f 'map(select(.prg)) | [.[] | select(.grade.correct)
        | .prg[$f]] as $r | [.[] | select(.grade.correct | not) | .prg[$f]] as $w
        | [$r[] as $a | $w[] as $b | if $a > $b then 1 elif $a == $b then 0.5
        else 0 end] | add / length * 1000 | round / 1000' graded.jsonl)
    grep -q "prg.$f: AUROC ${auroc}[0]*, 1 without a value" script
done
hyt-plot prg --fields prg.score,prg.direct,sample graded.jsonl -o prg.svg
figure prg.svg
grep '"correct":true' graded.jsonl | hyt-plot prg --gnuplot >script
grep -q 'prg.score: AUROC none' script
sed 's/"grade"/"g"/' graded.jsonl | fails 1 '<stdin>:1:1: no "grade"' prg
fails 1 'no "prg.luck"' prg --fields prg.luck graded.jsonl
grep '"prg":null' graded.jsonl | fails 1 '"prg.score" is null in all' prg

# --- arms ----------------------------------------------------------------------

cat >arms.jsonl <<'END'
{"arm":"rd","metric":"accuracy","mean":0.5,"lo":0.4,"hi":0.6}
{"arm":"it's","metric":"accuracy","mean":0.7,"lo":0.65,"hi":null}
{"arm":"rd","metric":"ece","mean":0.25}
{"arm":"none","metric":"ece","mean":null}
END
hyt-plot arms --gnuplot arms.jsonl >script
echo '0.5 0.4 0.6 0' >want
block i0 <script | diff want -
grep -q '^plot .*[$]m0 using .*with points.*[$]i0 using .*nohead' script
# half an interval is none
echo '0.7 0.65 NaN 1' >want
block m0 <script | diff want -
grep '^plot .*[$]m1' script >plot
if grep -q nohead plot; then die "intervals from nowhere"; fi
printf '0.25 NaN NaN 0\nNaN NaN NaN 2\n' >want
block m1 <script | diff want -
grep -q "^set ytics ('rd' 0, 'it''s' 1, 'none' 2)" script
hyt-plot arms arms.jsonl -o arms.svg
figure arms.svg
grep -q ">it's<" arms.svg

# reports: the arm is the file, or "arm"; --fields chooses the metrics
hyt-eval --json graded.jsonl >base.json
jq -c '.arm = "named"' base.json >x.json
hyt-plot arms --gnuplot --fields brier,accuracy base.json x.json arms.jsonl >script
jq -r '.metrics.brier | "\(.value) \(.lo) \(.hi) 0\n\(.value) \(.lo) \(.hi) 1"' \
    base.json >want
block i0 <script >got
near want got
grep -q "^set ytics ('base' 0, 'named' 1, 'rd' 2" script
[ "$(block i1 <script | wc -l)" -eq 3 ]
[ "$(block m1 <script | wc -l)" -eq 1 ]
[ "$(hyt-plot arms --gnuplot base.json | grep -c '^plot')" -eq 4 ]
# a usual metric that none has is left out: no answer, no calibration
jq -c '.metrics.ece.value = null' base.json >silent.json
hyt-plot arms --gnuplot silent.json >script
[ "$(grep -c '^plot' script)" -eq 3 ]
fails 1 'no arm has a number "ece"' arms --fields ece silent.json
fails 1 'arm base has its accuracy twice' arms base.json base.json
fails 1 'no metric "luck"' arms --fields luck base.json
fails 1 'no arm has a number "luck"' arms --fields ece,luck arms.jsonl
fails 1 'graded.jsonl:1:1: neither' arms graded.jsonl
