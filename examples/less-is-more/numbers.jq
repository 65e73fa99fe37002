# SPDX-License-Identifier: MIT
# jq -n: report.json, of the tables of means and of paired differences ($means,
# $pairs, parted by tabs), the result lines and those of the grid.
def table: split("\n") | map(select(. != "") | split("\t"));
def mean: if length == 0 then null else add / length end;
def digits: . * 1e4 | round / 1e4;
# Of rows, an object: the mean of each key, without what is null
def means($keys): . as $rows | $keys | map(. as $k | {key: $k, value:
    ([$rows[][$k] | select(. != null)] | mean | if . then digits else . end)})
    | from_entries;

{means: ($means | table | map({task: .[0], arm: .[1], traces: (.[2] | tonumber),
    set: .[3], metric: .[4], n: (.[5] | tonumber), mean: (.[6] | tonumber),
    half: (if .[7] == "" then null else .[7] | tonumber end)})),
 pairs: ($pairs | table | map({task: .[0], arm: .[1], metric: .[2],
    runs: (.[3] | tonumber), difference: (.[4] | tonumber),
    lo: (.[5] | tonumber), hi: (.[6] | tonumber)})),
 runs: ($lines | map(select(.seed)) | group_by([.arm, .traces]) | map({
    arm: .[0].arm, traces: .[0].traces, lr: (map(.lr) | unique),
    tokens: (map(.tokens) | mean | round),
    seeds: (group_by(.task) | map({key: .[0].task, value: (map(.seed) | sort)})
        | from_entries)})),
 curves: ($lines | map(select(.seed and .traces == 32 and (.arm
    | IN("rlif", "fixed", "majority", "rd", "hytuning")))) | group_by(.arm) | map(
    (map(.task) | unique) as $tasks
    | {arm: .[0].arm,
       steps: (map(.steps[] | {step: .[0], prg: .[2], trust: .[3], lambda: .[4]})
        | group_by(.step) | map({step: .[0].step}
            + means(["prg", "trust", "lambda"]))),
       rounds: ([.[], ($lines[]
            | select(.arm == "base" and (.task | IN($tasks[]))))]
        | map(.rounds[] | {round: .[0], accuracy: .[1], ece: .[2],
                           self_certainty: .[4]})
        | group_by(.round) | map({round: .[0].round}
            + means(["accuracy", "ece", "self_certainty"])))})),
 tuning: ($tuning | group_by([.arm, .lr]) | map({arm: .[0].arm, lr: .[0].lr,
    tasks: (map(.task) | unique),
    rounds: (map(.rounds[]) | group_by(.[0]) | map({round: .[0][0],
        accuracy: (map(.[1]) | mean | digits),
        ece: (map(.[2]) | map(select(. != null)) | mean | digits)}))}))}
