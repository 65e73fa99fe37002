# report.jq - report.md from report.json
# SPDX-License-Identifier: MIT
def digits: . * 1000 | round | . / 1000 | tostring
    | if test("\\.") then . else . + "." end
    | (split(".") | .[0] + "." + (.[1] + "000")[0:3]);
def cell: if . == null then "–" else (.mean | digits)
    + (if .half == null then "" else " ± " + (.half | digits) end) end;
def arms: ["base", "rlif", "fixed", "majority", "rd", "hytuning"];
def place: . as $a | (arms | index($a)) // -1;

# A table: a row an arm, a column for each [set, metric, title].
def table($means; $task; $columns):
    ($means | map(select(.task == $task))) as $rows
    | ([$rows[] | [.arm, .traces]] | unique
       | sort_by([(.[0] | place), .[0], .[1]])) as $keys
    | "| arm | traces | " + ($columns | map(.[2]) | join(" | ")) + " |",
      "|---|---|" + ($columns | map("---|") | join("")),
      ($keys[] as $k | "| \($k[0]) | \($k[1]) | "
        + ($columns | map(. as $c | [$rows[] | select(.arm == $k[0]
              and .traces == $k[1] and .set == $c[0] and .metric == $c[1])][0]
            | cell) | join(" | ")) + " |");

. as $r
| ([$r.means[].task] | unique) as $tasks
| (if $tasks | index("all") then "all" else $tasks[0] end) as $main
| "# Less is more: the report", "",
  "Written by `report.sh` from the result lines. Intervals are 95 %: over seeds",
  "(Student's t) in the tables of means, from the paired bootstrap over seeds and",
  "questions in the table of differences.", "",
  "## Primary endpoint", "",
  "hytuning less the other arm, 32 traces, temperature 1, mean over the tasks.",
  "An unanswered question counts with confidence one half.", "",
  "| against | accuracy | ECE |", "|---|---|---|",
  ($r.primary | group_by(.arm) | sort_by(.[0].arm | place)[]
   | (map({(.metric): "\(.difference | digits) [\(.lo | digits), \(.hi | digits)]"})
      | add) as $m | "| \(.[0].arm) | \($m.accuracy) | \($m.ece) |"), "",
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
        ["greedy", "ece", "greedy"]]), "")
