# SPDX-License-Identifier: MIT
# report.md from report.json
def digits: . * 1000 | round | . / 1000 | tostring
    | if test("\\.") then . else . + "." end
    | (split(".") | .[0] + "." + (.[1] + "000")[0:3]);
def cell: if . == null then "–" else (.mean | digits)
    + (if .half == null then "" else " ± " + (.half | digits) end) end;
def arms: ["base", "rlif", "fixed", "majority", "rd", "hytuning"];
def others: {
    "hpt": "a query's rollouts where most of them agree, else traces (2509.04419)",
    "srft": "both, weighed by entropy (2506.19767)",
    "prg": "fixed, rollouts rewarded by PRG alone",
    "hy-prg": "rollouts rewarded by PRG alone",
    "hy-logp": "by the mean log-probability, without PRG",
    "hy-self-certainty": "by self-certainty, without PRG",
    "hy-prg-certainty": "by PRG times self-certainty",
    "hy-gate": "advantages times trust",
    "hy-equal": "traces not weighed by PRG",
    "hy-constant": "lambda does not follow trust",
    "hy-direct": "the direct gain as PRG",
    "hy-watermark": "rises above the highest support so far as PRG",
    "hy-rank": "the rank correlation as PRG",
    "hy-slope": "the slope of the support as PRG",
    "hy-mean": "the mean support as PRG"};
def place: . as $a | (arms | index($a)) //
    (50 + ((others | keys_unsorted | index($a)) // 49));
def is_main: place < 50;
def row: "| " + join(" | ") + " |";
def head: row, (map("---") | row);

# A table: a row an arm, a column for each [set, metric, title].
def table($means; $task; $columns):
    ($means | map(select(.task == $task and (.arm | is_main)
        and (.traces == 32 or .arm == "base")))) as $rows
    | ([$rows[] | .arm] | unique | sort_by([place, .])) as $keys
    | (["arm"] + ($columns | map(.[2])) | head),
      ($keys[] as $k | [$k] + ($columns | map(. as $c
        | [$rows[]
            | select(.arm == $k and .set == $c[0] and .metric == $c[1])][0]
        | cell)) | row);

# Whether hytuning is better than an arm, by the interval of a difference
def verdict($good): if .lo * $good > 0 and .hi * $good > 0 then "better"
    elif .lo * $good < 0 and .hi * $good < 0 then "worse"
    else "not told apart" end;
def interval: if . == null then "–" else "\(.difference | digits) [\(.lo | digits), \(.hi | digits)]" end;

# The arms of `others`: a row an arm, of all tasks, with what hytuning has more
def ablations($r; $task):
    ($r.means | map(select(.task == $task and .traces == 32 and .set == "test")))
        as $rows
    | (["arm", "what differs", "accuracy", "ECE", "AUROC", "rationalised",
        "hytuning less it: accuracy", "ECE"] | head),
      ([$rows[].arm] | unique | sort_by([place, .])[]
       | select((is_main | not) or . == "hytuning") as $k
       | [$k, others[$k] // "–"]
       + (["accuracy", "ece", "auroc", "rationalised"] | map(. as $metric
         | [$rows[] | select(.arm == $k and .metric == $metric)][0] | cell))
       + (["accuracy", "ece"] | map(. as $metric | [$r.primary[]
         | select(.arm == $k and .metric == $metric)][0] | interval)) | row);

. as $r
| ([$r.means[].task] | unique) as $tasks
| (if $tasks | index("all") then "all" else $tasks[0] end) as $main
| ($r.runs | map(select(.traces == 32))) as $runs
| ($r.runs | map(.traces) | unique) as $traces
| "# Less is more: the report", "",
  "Written by `report.sh` from the result lines. Intervals are 95 %: over seeds",
  "(Student's t) in the tables of means, from the paired bootstrap over seeds and",
  "questions in the table of differences.", "",
  "## Runs", "",
  "Of each arm: learning rate, tokens that the updates saw (mean of a run), and the",
  "seeds of each task. Rounds, steps and traces a step are the same for all.", "",
  ((["arm", "traces", "learning rate", "tokens"]
    + ($tasks - ["all"])) | head),
  ($r.runs | sort_by([.traces, (.arm | place), .arm])[] | [.arm, .traces,
    (.lr | map(tostring) | join(", ")), .tokens]
    + (. as $run | ($tasks - ["all"]) | map($run.seeds[.] // [] | map(tostring)
        | if . == [] then "–" else join(" ") end)) | map(tostring) | row), "",
  "## Primary endpoint", "",
  "hytuning less the other arm: 32 traces, test questions, temperature 1, mean over",
  "the tasks. Fixed before a test question was asked: accuracy and ECE against rd,",
  "rlif and fixed; the rest is description. An unanswered question counts with",
  "confidence one half.", "",
  (if $r.primary == [] then "No lines yet." else
    (["against", "runs", "accuracy", "", "ECE", ""] | head),
    ($r.primary | map(select(.arm | is_main)) | group_by(.arm) | sort_by(.[0].arm | [place, .])[]
     | (map({(.metric): .}) | add) as $m
     | [.[0].arm, ($m.accuracy.runs | tostring), ($m.accuracy | interval),
        ($m.accuracy | verdict(1)), ($m.ece | interval), ($m.ece | verdict(-1))]
     | row) end), "",
  "![arms](arms.svg)", "",
  ([$main] + ($tasks - ["all", $main]) | .[] as $task
   | "## \(if $task == "all" then "All tasks" else $task end)", "",
     "Test questions at temperature 1.", "",
     table($r.means; $task; [["test", "accuracy", "accuracy"],
        ["test", "ece", "ECE"], ["test", "smece", "smECE"],
        ["test", "brier", "Brier"], ["test", "auroc", "AUROC"],
        ["test", "overconfidence", "overconfidence"],
        ["test", "rationalised", "rationalised"],
        ["test", "mean_ece", "ECE, mean support"],
        ["test", "mean_auroc", "AUROC, mean support"]]), "",
     "Topics that the traces covered, topics that they did not, longer questions,",
     "and greedy answers.", "",
     table($r.means; $task; [["covered", "accuracy", "accuracy, covered"],
        ["uncovered", "accuracy", "uncovered"], ["long", "accuracy", "longer"],
        ["greedy", "accuracy", "greedy"], ["covered", "ece", "ECE, covered"],
        ["uncovered", "ece", "uncovered"], ["long", "ece", "longer"],
        ["greedy", "ece", "greedy"]]), ""),
  "## Other policies, and hytuning with one part changed", "",
  (if $runs | all(.arm | is_main) then "No lines yet; `make full` adds them."
   else
    "32 traces, test questions at temperature 1. The learning rates of hpt, srft and",
    "prg were chosen as those of the arms above; hy-... are hytuning, at its rate,",
    "with one part changed.", "",
    ablations($r; $main), "", "![other arms](others.svg)" end), "",
  "## Over the rounds", "",
  "Accuracy and ECE on validation questions, and what `hyt-update` said of each",
  "step; means over tasks and seeds.", "",
  "![curves](curves.svg)", "",
  "## Reliability", "",
  "Support for the answer (c_K) against accuracy, test questions of all runs.", "",
  ($runs | map(.arm) | sort_by([place, .]) | ["base"] + .
    | map(select(is_main)) | .[] | "![\(.)](reliability-\(.).svg)"), "",
  "## What tells right answers from wrong ones", "",
  "AUROC among the test answers at temperature 1, mean over tasks and seeds: the",
  "step-gain numbers of `hyt-prg`, and three numbers without steps.", "",
  (([$r.means[] | select(.task == $main and .set == "auroc" and .arm == "base")
     | .metric] | unique) as $kinds
   | table($r.means; $main; $kinds | map(["auroc", ., .]))), "",
  "![PRG of the base models](prg-base.svg)",
  (if $runs | any(.arm == "hytuning") then
    "![PRG after hytuning](prg-hytuning.svg)" else empty end), "",
  "## Number of traces", "",
  (if $traces | length < 2 then
    "There are lines for 32 traces alone; `make full` adds the others."
   else
    "Test questions at temperature 1, mean over the tasks that have all lines. base",
    "and rlif have no use for traces.", "",
    (["arm", "traces", "accuracy", "ECE"] | head),
    ([$r.means[] | select(.task == $main and .set == "test"
        and (.arm | is_main and . != "rlif"))] as $rows
     | [$rows[] | select(.traces > 0) | [.arm, .traces]] | unique
     | sort_by([(.[0] | place), .[0], .[1]])[] as $k
     | [$rows[] | select(.arm == $k[0] and .traces == $k[1])] as $of
     | [$k[0], ($k[1] | tostring),
        ([$of[] | select(.metric == "accuracy")][0] | cell),
        ([$of[] | select(.metric == "ece")][0] | cell)] | row), "",
    "![number of traces](traces.svg)" end), "",
  "## The choice of learning rates", "",
  (if $r.tuning == [] then "No lines of the grid (`make tune`)." else
    "One run of each task with a seed of its own, validation questions: accuracy and",
    "ECE, means over the tasks. An arm's learning rate is the one with the larger",
    "accuracy less ECE at the last round.", "",
    ([$r.tuning[].rounds[].round] | unique) as $rounds
    | (["arm", "learning rate", "tasks"]
        + ($rounds | map("round \(.)")) | head),
      ($r.tuning | sort_by([(.arm | place), .arm, .lr])[]
       | [.arm, (.lr | tostring), (.tasks | length | tostring)] + (. as $t
        | $rounds | map(. as $k | [$t.rounds[] | select(.round == $k)
          | "\(.accuracy | digits) / \(.ece | digits)"][0] // "–")) | row),
      "",
      "Had every arm been stopped at its own best round, at its own best rate:", "",
      (["arm", "learning rate", "round", "accuracy", "ECE"] | head),
      ([$r.tuning[] | select(.tasks | length == ([$r.tuning[].tasks | length] | max))]
       | group_by(.arm) | sort_by([(.[0].arm | place), .[0].arm])[]
       | [.[] as $t | $t.rounds[] | {arm: $t.arm, lr: $t.lr} + .]
       | max_by(.accuracy - .ece)
       | [.arm, (.lr | tostring), (.round | tostring), (.accuracy | digits),
          (.ece | digits)] | row) end)
