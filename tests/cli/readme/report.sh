#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The figures of the experiment that the README shows are those of its report.
set -eu
report=$TESTS/../examples/less-is-more/report/report.md

# Arm, accuracy and ECE of all tasks
awk -F ' *[|] *' '/^## / { wanted = $0 == "## All tasks" }
    wanted && /^\| (base|rlif|fixed|majority|rd|hytuning) / && !seen[$2]++ {
        print "| " $2 " | " $3 " | " $4 " |"
    }' "$report" >rows
[ "$(wc -l <rows)" -eq 6 ]
grep -c '^| [a-z]* | 0\.[0-9]* .*| 0\.' "$TESTS/../README.md" >shown
grep -q '^6$' shown
while read -r row; do
    grep -qxF -- "$row" "$TESTS/../README.md" || {
        echo "the README has no $row"
        exit 1
    }
done <rows
# Numbers of traces, as "hytuning has 0.847 and 0.131", and one other policy
tr '\n' ' ' <"$TESTS/../README.md" >text
awk -F ' *[|] *' '/^## / { wanted = $0 == "## Number of traces" }
    wanted && $2 $3 ~ /^(hytuning8|rd512)$/ {
        sub(/ .*/, "", $4)
        sub(/ .*/, "", $5)
        print $2 ($2 == "rd" ? " with " $3 : "") " has " $4 " and " $5
    }' "$report" >numbers
awk -F ' *[|] *' '/^## / { wanted = $0 ~ /^## Other policies/ }
    wanted && $2 == "hy-slope" && !seen++ {
        sub(/ .*/, "", $3)
        sub(/ .*/, "", $4)
        print "(`hyt-prg --prg slope`) has " $3 " and " $4
    }' "$report" >>numbers
[ "$(wc -l <numbers)" -eq 3 ]
while read -r number; do
    grep -qF -- "$number" text || {
        echo "the README has no $number"
        exit 1
    }
done <numbers
# The choice of the reward, as hyt(7) tells of it: by task, and in the mean
cat "$TESTS"/../examples/less-is-more/tuning/3e-4/*.json | jq -s -e '
    def last($arm): map(select(.arm == $arm)) | sort_by(.task)
        | map(.rounds[-1][1:3]);
    def mean: map(.[0]) as $a | map(.[1]) as $e
        | [$a, $e] | map(add / length * 100 | round);
    (last("hytuning") | mean) == [90, 8] and
    (last("hy-prg-certainty") | mean) == [74, 21] and
    ([last("hytuning"), last("hy-prg-certainty")] | transpose | length == 3
        and all(.[0][0] > .[1][0] and .[0][1] < .[1][1]))' >/dev/null
tr '\n' ' ' <"$TESTS/../tools/hyt.7.scd" |
    grep -q 'each task: 0.90 accurate at ECE 0.08, against 0.74 and 0.21 '
# better than these, in both
for arm in rd rlif fixed; do
    grep -q "^| $arm | 15 | [^|]* | better | [^|]* | better |\$" "$report"
done
# by task, but for one
grep -q 'not better than a main arm in: chain, ECE against fixed\.$' "$report"
# Longer questions: but for triage nobody gains, on order hytuning loses, and is
# the most overconfident. Covered ones: rd is the most accurate.
jq -e '
    def of($task; $set; $metric): .means | map(select(.task == $task
        and .set == $set and .metric == $metric
        and (.arm | IN("base", "rlif", "fixed", "majority", "rd", "hytuning"))
        and (.arm == "base" or .traces == 32)))
        | map({key: .arm, value: .mean}) | from_entries;
    def first($arm): to_entries | max_by(.value).key == $arm;
    (of("chain", "order"; "long"; "accuracy")
        | .base as $base | map(. < $base + 0.02) | all) and
    (of("order"; "long"; "accuracy")
        | [.hytuning, .base] | map(. * 100 | round) == [4, 10]) and
    (of("all"; "long"; "ece")
        | [.hytuning, .base] | map(. * 100 | round) == [80, 55]) and
    (of("all"; "long"; "overconfidence") | first("hytuning")) and
    (of("all"; "covered"; "accuracy") | first("rd"))' \
    "$(dirname "$report")/report.json" >/dev/null
