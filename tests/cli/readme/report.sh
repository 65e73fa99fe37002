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
