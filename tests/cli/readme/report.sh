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
# Numbers of traces, as "hytuning has 0.847 and 0.131"
tr '\n' ' ' <"$TESTS/../README.md" >text
awk -F ' *[|] *' '/^## / { wanted = $0 == "## Number of traces" }
    wanted && $2 $3 ~ /^(hytuning8|rd512)$/ {
        sub(/ .*/, "", $4)
        sub(/ .*/, "", $5)
        print $2 ($2 == "rd" ? " with " $3 : "") " has " $4 " and " $5
    }' "$report" >numbers
[ "$(wc -l <numbers)" -eq 2 ]
while read -r number; do
    grep -qF -- "$number" text || {
        echo "the README has no $number"
        exit 1
    }
done <numbers
# better than these, in both
for arm in rd rlif fixed; do
    grep -q "^| $arm | 15 | [^|]* | better | [^|]* | better |\$" "$report"
done
# Longer questions: nobody gains, hytuning is the most overconfident.
jq -e '
    def of($metric): .means | map(select(.task == "all" and .set == "long"
        and .metric == $metric and (.arm == "base" or .traces == 32)))
        | map({key: .arm, value: .mean}) | from_entries;
    (of("accuracy") | .base as $base | map(. < $base + 0.03) | all) and
    (of("overconfidence") | .hytuning ==
        ([.base, .rlif, .fixed, .majority, .rd, .hytuning] | max))' \
    "$(dirname "$report")/report.json" >/dev/null
