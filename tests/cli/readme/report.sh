#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The figures of the experiment that the README and hyt(7) show are those of its
# report.
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
# Numbers of traces, as "hytuning has 0.847 and 0.131", and one other reward
tr '\n' ' ' <"$TESTS/../README.md" >text
awk -F ' *[|] *' '/^## / { wanted = $0 == "## Number of traces" }
    wanted && $2 $3 ~ /^(hytuning8|rd512)$/ {
        sub(/ .*/, "", $4)
        sub(/ .*/, "", $5)
        print $2 ($2 == "rd" ? " with " $3 : "") " has " $4 " and " $5
    }' "$report" >numbers
awk -F ' *[|] *' '/^## / { wanted = $0 ~ /^## Other policies/ }
    wanted && $2 == "hy-self-certainty" && !seen++ {
        sub(/ .*/, "", $3)
        sub(/ .*/, "", $4)
        print "(`hyt-weight --reward self-certainty`) the same has " $3 " and " $4
    }' "$report" >>numbers
[ "$(wc -l <numbers)" -eq 3 ]
while read -r number; do
    grep -qF -- "$number" text || {
        echo "the README has no $number"
        exit 1
    }
done <numbers
# The choice of the reward, as hyt(7) tells of it: in the mean
cat "$TESTS"/../examples/less-is-more/tuning/3e-4/*.json | jq -s -e '
    def mean($arm): map(select(.arm == $arm) | .rounds[-1][1:3])
        | if length == 3 then transpose | map(add / 3 * 100 | round)
          else null end;
    mean("hytuning") == [84, 13] and mean("hy-prg-certainty") == [80, 17]' \
    >/dev/null
tr '\n' ' ' <"$TESTS/../tools/hyt.7.scd" |
    grep -q 'was better: 0.84 accurate at ECE 0.13, against 0.80 and 0.17 '
# better, by hyt(7), than any other policy, and than hytuning with other rewards or
# by other numbers for PRG; in both
for what in 'is more accurate than' 'ECE is smaller than that of'; do
    grep "$what" "$report" >verdict
    for arm in base rlif fixed majority rd hpt srft prg hy-prg hy-logp \
        hy-self-certainty hy-prg-certainty hy-rank hy-tau hy-mean; do
        sed 's/[;].*//' verdict | grep -q "[ ,]${arm}[,;]\|[ ,]${arm}\$"
    done
    for arm in hy-equal hy-constant hy-kl; do
        sed 's/.*not told apart//' verdict | grep -q " ${arm}[,.]"
    done
done
# but for the trust gate, which costs some accuracy
grep 'is more accurate than' "$report" | sed 's/[;].*//' | grep -q ' hy-gate,'
jq -e '.means | map(select(.task == "all" and .set == "test"
    and .metric == "accuracy" and .traces == 32) | {key: .arm, value: .mean})
    | from_entries | map_values(. * 100 | round)
    | [.["hy-gate"], .hytuning] == [83, 85]' \
    "$(dirname "$report")/report.json" >/dev/null
# and, which was the question
for arm in rd rlif fixed; do
    grep -q "^| $arm | 15 | [^|]* | better | [^|]* | better |\$" "$report"
done
# by task, but for one
grep -q 'not better than a main arm in: order, ECE against fixed\.$' "$report"
# Longer questions: hytuning is the most accurate, and the most overconfident.
# Covered ones: rd is the most accurate. hyt(7): answers are as long as right
# solutions, which have 98 or 99 tokens.
jq -e '
    def of($task; $set; $metric): .means | map(select(.task == $task
        and .set == $set and .metric == $metric
        and (.arm | IN("base", "rlif", "fixed", "majority", "rd", "hytuning"))
        and (.arm == "base" or .traces == 32)))
        | map({key: .arm, value: .mean}) | from_entries;
    def first($arm): to_entries | max_by(.value).key == $arm;
    def hundredths($arms): [.[$arms[]]] | map(. * 100 | round);
    (of("all"; "long"; "accuracy") | first("hytuning")
        and hundredths(["hytuning", "base"]) == [13, 11]) and
    (of("all"; "long"; "ece") | hundredths(["hytuning", "base"]) == [80, 53]) and
    (of("all"; "long"; "overconfidence") | first("hytuning")) and
    (of("all"; "covered"; "accuracy") | first("rd")
        and hundredths(["rd", "hytuning"]) == [97, 96]) and
    (.means | map(select(.arm == "hytuning" and .set == "test"
        and .metric == "length" and .traces == 32 and .task != "all").mean)
        | length == 3 and all(. > 94 and . < 106))' \
    "$(dirname "$report")/report.json" >/dev/null
