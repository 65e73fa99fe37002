# SPDX-License-Identifier: MIT
# jq -s: what result.sh tells of each question, and AUROCs over all of them.

# Of pairs [number, right]: the chance that a right answer has the higher one,
# half of it where equal; null numbers are left out.
def auroc: map(select(.[0] != null))
    | (map(select(.[1])) | length) as $right | (length - $right) as $wrong
    | if $right == 0 or $wrong == 0 then null else
        reduce (group_by(.[0])[] | [(map(select(.[1])) | length), length]) as $g
            ({below: 0, sum: 0};
             ($g[1] - $g[0]) as $w
             | .sum += $g[0] * (.below + $w / 2) | .below += $w)
        | .sum / ($right * $wrong) end;
def per_mille: if . == null then null else . * 1000 | round end;

map(. + {right: .grade.correct}) as $all
| {questions: {
    correct: ($all | map(if .right then "1" else "0" end) | add),
    support: ($all | map(.prg.support[-1]? | per_mille)),
    prg: ($all | map(.prg.score? | per_mille))},
   auroc: ((["tau", "direct", "rank", "watermark", "slope", "discounted",
             "mean", "gain", "premature", "monotone"]
        | map(. as $k
            | {key: $k, value: ($all | map([.prg[$k]?, .right]) | auroc)})
        | from_entries)
     + {prg: ($all | map([.prg.score?, .right]) | auroc),
        support: ($all | map([.prg.support[-1]?, .right]) | auroc),
        certainty: ($all | map([.certainty.self, .right]) | auroc),
        entropy: ($all | map([-.certainty.entropy, .right]) | auroc),
        logp: ($all | map([.certainty.logp, .right]) | auroc)})}
