# SPDX-License-Identifier: MIT
# jq -n: report.json, of the tables of means and of paired differences ($means,
# $pairs, parted by tabs), the result lines and those of the grid.
def table: split("\n") | map(select(. != "") | split("\t"));
def mean: if length == 0 then null else add / length end;
def digits: . * 1e4 | round / 1e4;

{means: ($means | table | map({task: .[0], arm: .[1], traces: (.[2] | tonumber),
    set: .[3], metric: .[4], n: (.[5] | tonumber), mean: (.[6] | tonumber),
    half: (if .[7] == "" then null else .[7] | tonumber end)})),
 primary: ($pairs | table | map({arm: .[0], metric: .[1],
    runs: (.[2] | tonumber), difference: (.[3] | tonumber),
    lo: (.[4] | tonumber), hi: (.[5] | tonumber)})),
 runs: ($lines | map(select(.seed)) | group_by([.arm, .traces]) | map({
    arm: .[0].arm, traces: .[0].traces, lr: (map(.lr) | unique),
    tokens: (map(.tokens) | mean | round),
    seeds: (group_by(.task) | map({key: .[0].task, value: (map(.seed) | sort)})
        | from_entries)})),
 curves: ($lines | map(select(.seed and .traces == 32 and (.arm
    | IN("rlif", "fixed", "majority", "rd", "hytuning")))) | group_by(.arm) | map(
    (map(.steps | length) | max) as $steps
    | {arm: .[0].arm,
       steps: (map(.steps[] | {step: .[0], prg: .[2], trust: .[3], lambda: .[4],
                               self_certainty: .[5], entropy: .[6]})
        | group_by(.step) | map({step: .[0].step} + (. as $rows
            | ["prg", "trust", "lambda", "self_certainty", "entropy"]
            | map({key: ., value: (. as $k | [$rows[][$k] | select(. != null)]
                | mean | if . then digits else . end)}) | from_entries))),
       rounds: (map(.rounds[] | {round: .[0], accuracy: .[1], ece: .[2]})
        | group_by(.round) | map({round: .[0].round,
            accuracy: (map(.accuracy) | mean | digits),
            ece: (map(.ece) | map(select(. != null)) | mean | digits)}))})),
 tuning: ($tuning | group_by([.arm, .lr]) | map({arm: .[0].arm, lr: .[0].lr,
    tasks: (map(.task) | unique),
    rounds: (map(.rounds[]) | group_by(.[0]) | map({round: .[0][0],
        accuracy: (map(.[1]) | mean | digits),
        ece: (map(.[2]) | map(select(. != null)) | mean | digits)}))}))}
