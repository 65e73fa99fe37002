#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The numbers of less-is-more: differences between arms are those of what
# hyt-eval says of each run, and intervals are what they are said to be.

set -eu
here=$TESTS/../examples/less-is-more

# Two tasks, two seeds; `twin` answers as hytuning does, `rd` on its own. Every
# tenth answer has no confidence, which counts as one half.
awk 'BEGIN {
    srand(7)
    OFS = "\t"
    for (task = 1; task <= 2; task++)
        for (seed = 1; seed <= 2; seed++)
            for (arm = 1; arm <= 2; arm++) {
                right = support = ""
                for (i = 1; i <= 60; i++) {
                    right = right (rand() < 0.3 + arm / 5)
                    support = support (i > 1 ? "," : "") \
                        (rand() < 0.1 ? "" : int(rand() * 1001))
                }
                print "t" task, arm == 1 ? "rd" : "hytuning", seed, right, support
                if (arm == 2)
                    print "t" task, "twin", seed, right, support
            }
}' >lines

# What hyt-eval says: TASK ARM SEED accuracy ece brier overconfidence
while IFS="$(printf '\t')" read -r task arm seed right support; do
    jq -n -c --arg right "$right" --arg support "$support" '
        ($support | split(",")) as $s | range($s | length) as $i
        | {id: "\($i)", final: {text: "", bytes: [0, 0], tokens: [0, 0]},
           prg: {support: [if $s[$i] == "" then 0.5
                           else ($s[$i] | tonumber) / 1000 end], score: 0},
           grade: {correct: ($right[$i:$i + 1] == "1")}}' |
        hyt-eval --bootstrap 0 --json -q |
        jq -r --arg key "$task $arm $seed" '.metrics
            | [$key, .accuracy.value, .ece.value, .brier.value,
               .overconfidence.value] | map(tostring) | join(" ")'
done <lines >runs
[ "$(wc -l <runs)" -eq 12 ]
# TASK METRIC DIFFERENCE: hytuning less rd, mean over seeds, then over tasks
awk '{
    split("accuracy ece brier overconfidence", name, " ")
    sign = $2 == "hytuning" ? 1 : $2 == "rd" ? -1 : 0
    for (k = 1; k <= 4; k++) {
        sum[$1 " " name[k]] += sign * $(3 + k) / 2
        sum["all " name[k]] += sign * $(3 + k) / 4
    }
}
END {
    for (k in sum)
        printf "%s %.4f\n", k, sum[k]
}' runs | sort >want

awk -v n=200 -f "$here/bootstrap.awk" lines >pairs
awk -F '\t' '$2 == "rd" { printf "%s %s %.4f\n", $1, $3, $5 }' pairs | sort >got
[ "$(wc -l <got)" -eq 12 ]
paste -d ' ' want got | awk '$1 != $4 || $2 != $5 || ($3 - $6) ^ 2 > 4e-8 {
    print "differs: " $0
    bad = 1
}
END { exit bad }'
# the interval is around the difference, and without width where the arms agree
awk -F '\t' '$2 == "rd" && !($6 < $5 && $5 < $7) { exit 1 }
    $2 == "twin" && ($5 != 0 || $6 != 0 || $7 != 0) { exit 1 }' pairs
# the same for any order of the arms
sort -k 2,2 lines | awk -v n=200 -f "$here/bootstrap.awk" | sort >again
sort pairs | cut -f 1-5 >first
cut -f 1-5 again | cmp - first

# Student's t: of 1, 2, 3 and 6, mean 3, the standard error is 1.0801
awk -f "$here/means.awk" >means <<'END'
t1	rd	32	1	test	ece	1
t1	rd	32	2	test	ece	2
t1	rd	32	3	test	ece	3
t1	rd	32	4	test	ece	6
END
awk -F '\t' '$1 == "t1" && $6 == 4 && $7 == 3 { half = $8 }
    END { exit (half - 3.182 * 1.0801234) ^ 2 > 1e-6 }' means

# Seeds that hytuning does not have are no draws; the base model stands beside
# those of the lines, whichever they are.
awk -F '\t' -v OFS='\t' '{ print } $2 == "twin" { $3 += 10; print }' lines |
    awk -v n=200 -f "$here/bootstrap.awk" >others
cmp pairs others
mkdir lines.d
for seed in 7 9; do
    for arm in rd hytuning; do
        printf '{"task":"t1","arm":"%s","traces":32,"seed":%s,"lr":1,"questions":{"correct":"1101","support":[900,800,700,600],"prg":[1,2,3,4]},"rounds":[],"steps":[],"tokens":1}\n' \
            $arm $seed >lines.d/t1-$arm-32-$seed.json
    done
done
echo '{"task":"t1","arm":"base","questions":{"correct":"0101","support":[500,500,500,500],"prg":[1,2,3,4]},"rounds":[],"steps":[]}' \
    >lines.d/t1-base.json
PATH=$BUILD/bin:$PATH "$here/report.sh" out lines.d none
jq -e '[.pairs[] | select(.arm == "base" and .metric == "accuracy"
    and .task == "t1")] | map([.runs, .difference]) == [[2, 0.25]]' \
    out/report.json >/dev/null
