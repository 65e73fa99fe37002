#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The reliability diagram has the bins of hyt-eval, from records and reports.
set -eu
# shellcheck source=tests/cli/plot/common.inc
. "$CASE/common.inc"

hyt-eval --json --bins 10 graded.jsonl >report.json
hyt-plot reliability --gnuplot --bins 10 graded.jsonl >script
hyt-plot reliability --gnuplot report.json >from-report

jq -r '.diagram[] | [.lo, .hi, .n, .confidence // "NaN", .accuracy // "NaN"]
    | join(" ")' report.json >want
block bins <script | cut -d ' ' -f 1-5 >got
near want got
block bins <from-report | cut -d ' ' -f 1-5 >got
near want got

# the caption: ECE as hyt-eval has it, its interval only in the report
ece=$(jq -r '.metrics.ece.value * 1000 | round / 1000' report.json)
grep -q "ECE ${ece}[0]* in 10 bins; accuracy 0.500 of 6 records, 83.3 %" script
grep -q "ECE ${ece}[0]* (95 %: 0\.[0-9]* to 0\.[0-9]*) in 10 bins" from-report

# Wilson's interval: 5 of 10, and 10 of 10, as the textbooks have them
jq -c '{id, final: {text: "1", bytes: [0, 1]}, prg: {support: [.c]},
    grade: {correct: .right}}' >ten <<'END'
{"id":1,"c":0.2,"right":true} {"id":2,"c":0.2,"right":true}
{"id":3,"c":0.2,"right":true} {"id":4,"c":0.2,"right":true}
{"id":5,"c":0.2,"right":true} {"id":6,"c":0.2,"right":false}
{"id":7,"c":0.2,"right":false} {"id":8,"c":0.2,"right":false}
{"id":9,"c":0.2,"right":false} {"id":10,"c":0.2,"right":false}
END
(cat ten && sed 's/"support":\[0.2\]/"support":[0.8]/; s/false/true/' ten) |
    hyt-plot reliability --gnuplot --bins 2 | block bins |
    awk '{ printf "%.4f %.4f %.4f\n", $5, $6, $7 }' >got
printf '0.5000 0.2366 0.7634\n1.0000 0.7225 1.0000\n' | diff - got

# what hyt-eval calls confidence
hyt-plot reliability --gnuplot --bins 1 --confidence vote graded.jsonl >script
grep -q "confidence (vote)" script
hyt-eval --json --bins 1 --confidence vote graded.jsonl |
    jq '.diagram[0].confidence' >want
block bins <script | cut -d ' ' -f 4 >got
near want got

hyt-plot reliability -o figure.svg graded.jsonl
echo '{"final":null,"prg":null,"grade":{"correct":false,"how":"none"}}' |
    hyt-plot reliability --gnuplot >script
grep -q 'ECE – in' script || die "no confidence at all: $(grep ECE script)"
! grep -q -i 'ECE nan' script || die "NaN in a caption"
figure figure.svg
hyt-plot reliability --bins 100 report.json 2>err && die "report with --bins"
grep -q 'report.json:1:1: --bins and --confidence are for records' err
fails 1 'one report, or records' reliability report.json report.json
fails 1 'one report, or records' reliability graded.jsonl report.json
fails 2 '--confidence: "gut"' reliability --confidence gut graded.jsonl
sed 's/"grade"/"g"/' graded.jsonl | fails 1 '<stdin>:1:1: no "grade"' reliability
