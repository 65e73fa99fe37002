# SPDX-License-Identifier: MIT
# report.md from report.json
def digits: if . == null then "–" else . * 1000 | round | . / 1000 | tostring
    | if test("\\.") then . else . + "." end
    | (split(".") | .[0] + "." + (.[1] + "000")[0:3]) end;
def rate: if . < 99e-6 then "\(. * 1e5 | round)e-5"
    elif . < 99e-5 then "\(. * 1e4 | round)e-4"
    else "\(. * 1e3 * 100 | round / 100)e-3" end;
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
    "hy-kl": "a KL term to the base model, --kl 0.01",
    "hy-direct": "the direct gain as PRG",
    "hy-watermark": "rises above the highest support so far as PRG",
    "hy-rank": "the rank correlation as PRG",
    "hy-tau": "tau times the last support as PRG",
    "hy-mean": "the mean support as PRG",
    "rd-best": "rd, at the rate and round that are best in the grid",
    "rlif-best": "rlif, likewise",
    "fixed-best": "fixed, likewise",
    "majority-best": "majority, likewise",
    "hpt-best": "hpt, likewise",
    "srft-best": "srft, likewise",
    "prg-best": "prg, likewise",
    "rd-128": "rd with 128 traces"};
def place: . as $a | (arms | index($a)) //
    (50 + ((others | keys_unsorted | index($a)) // 49));
def is_main: place < 50;
def row: "| " + join(" | ") + " |";
def head: row, (map("---") | row);

# A table: a row for each of the arms, a column for each [set, metric, title].
def table($means; $task; wanted; $columns):
    ($means | map(select(.task == $task and (.arm | wanted)
        and (.traces == 32 or .arm == "base")))) as $rows
    | ([$rows[] | .arm] | unique | sort_by([place, .])) as $keys
    | (["arm"] + ($columns | map(.[2])) | head),
      ($keys[] as $k | [$k] + ($columns | map(. as $c
        | [$rows[]
            | select(.arm == $k and .set == $c[0] and .metric == $c[1])][0]
        | cell)) | row);

def numbers: [["test", "accuracy", "accuracy"], ["test", "ece", "ECE"],
    ["test", "smece", "smECE"], ["test", "brier", "Brier"],
    ["test", "auroc", "AUROC"], ["test", "overconfidence", "overconfidence"],
    ["test", "rationalised", "rationalised"], ["test", "answered", "answered"],
    ["test", "length", "length"],
    ["test", "mean_ece", "ECE, mean support"],
    ["test", "mean_auroc", "AUROC, mean support"]];
def parts: [["covered", "covered"], ["uncovered", "uncovered"],
    ["long", "longer"], ["greedy", "greedy"],
    ["greedy_covered", "greedy, covered"],
    ["greedy_uncovered", "greedy, uncovered"]];
def parts_of($metric): parts | map([.[0], $metric, .[1]]);

# Lines of arms that were asked fewer of the questions greedily
def greedy_part: [.means[] | select(.task != "all" and .traces == 32
    and .set == "greedy" and .metric == "n")] | (map(.mean) | max) as $most
    | map(select(.mean < $most).arm) | unique | sort_by([place, .])
    | if length == 0 then "" else
        " Not all questions were asked greedily of \(join(", "))." end;

# Whether hytuning is better than an arm, by the interval of a difference
def verdict($good): if .lo * $good > 0 and .hi * $good > 0 then "better"
    elif .lo * $good < 0 and .hi * $good < 0 then "worse"
    else "not told apart" end;
def interval: if . == null then "–" else "\(.difference | digits) [\(.lo | digits), \(.hi | digits)]" end;

# hytuning less the arms, one metric a column
def differences($r; $task; wanted; $metrics):
    ($r.pairs | map(select(.task == $task and (.arm | wanted)))) as $pairs
    | (["against", "runs"] + ($metrics | map(.[1])) | head),
      ($pairs | group_by(.arm) | sort_by(.[0].arm | [place, .])[] as $of
       | [$of[0].arm, ($of[0].runs | tostring)] + ($metrics | map(.[0] as $m
         | [$of[] | select(.metric == $m)][0] | interval)) | row);

# --- what the numbers say -----------------------------------------------------

def listed: if length == 0 then "none" else join(", ") end;
# Arms whose difference in a metric has the verdict
def which($r; $metric; $good; $verdict): [$r.pairs[]
    | select(.task == "all" and .metric == $metric and .arm != "rd-128")
    | select(verdict($good) == $verdict) | .arm] | sort_by([place, .]) | listed;
def mean_of($r; $task; $arm; $set; $metric): [$r.means[] | select(.task == $task
    and .arm == $arm and .set == $set and .metric == $metric
    and (.traces == 32 or .arm == "base"))][0].mean;
def pair($r; $task; $arm; $set): ["accuracy", "ece"]
    | map(mean_of($r; $task; $arm; $set; .) | digits) | join(" and ");
# The main arm with the largest (sign 1) or smallest (-1) mean
def leader($r; $task; $set; $metric; $sign): [$r.means[] | select(.task == $task
    and .set == $set and .metric == $metric and (.arm | is_main)
    and (.traces == 32 or .arm == "base"))] | max_by(.mean * $sign)
    | "\(.arm) (\(.mean | digits))";
def findings($r; $task): mean_of($r; $task; "hytuning"; "test"; "accuracy") as $ours
  | "- hytuning is more accurate than \(which($r; "accuracy"; 1; "better")); less"
    + " accurate than \(which($r; "accuracy"; 1; "worse")); not told apart from"
    + " \(which($r; "accuracy"; 1; "not told apart")).",
    "- Its ECE is smaller than that of \(which($r; "ece"; -1; "better")); larger than"
    + " that of \(which($r; "ece"; -1; "worse")); not told apart from"
    + " \(which($r; "ece"; -1; "not told apart")).",
    "- AUROC of its confidence:"
    + " \(mean_of($r; $task; "hytuning"; "test"; "auroc") | digits); the highest of the"
    + " main arms has \(leader($r; $task; "test"; "auroc"; 1)).",
    (parts[] | select(mean_of($r; $task; "base"; .[0]; "accuracy"))
     | "- \(.[1]): the most accurate is \(leader($r; $task; .[0]; "accuracy"; 1)), the"
     + " smallest ECE has \(leader($r; $task; .[0]; "ece"; -1)); hytuning has"
     + " \(pair($r; $task; "hytuning"; .[0])), base \(pair($r; $task; "base"; .[0]))."),
    "- The mean support as confidence, after hytuning: ECE"
    + " \(mean_of($r; $task; "hytuning"; "test"; "mean_ece") | digits), AUROC"
    + " \(mean_of($r; $task; "hytuning"; "test"; "mean_auroc") | digits).",
    "- What tells right from wrong answers of the base models, by AUROC: "
    + ([$r.means[] | select(.task == $task and .set == "auroc" and .arm == "base")]
       | sort_by(-.mean) | map("\(.metric) \(.mean | digits)") | listed) + ".",
    ([$r.means[] | select(.task == $task and .arm == "rd" and .set == "test"
        and .metric == "accuracy")] | sort_by(.traces) | if length < 2 then empty else
      "- rd with \(map(.traces | tostring) | join(", ")) traces is"
      + " \(map(.mean | digits) | join(", ")) accurate. Traces with which it reaches"
      + " hytuning with 32 (\($ours | digits)): "
      + (map(select(.mean >= $ours)) | if length == 0 then "more than these"
         else "\(.[0].traces)" end) + "." end),
    ([$r.pairs[] | select(.task == "all" and .arm == "rd-128")]
     | if length == 0 then empty else map({(.metric): .}) | add
      | "- hytuning with 32 traces less rd with 128: accuracy"
        + " \(.accuracy | interval), ECE \(.ece | interval)." end),
    ([$r.tuning[] | select(.arm == "rlif")] | sort_by(.lr)
     | if length == 0 then empty else "- rlif in the grid, at its highest and after"
      + " the last round: " + (map((.rounds | max_by(.accuracy)) as $top
        | "\($top.accuracy | digits) (round \($top.round)) and"
          + " \(.rounds[-1].accuracy | digits) at \(.lr | rate)") | listed)
      + "." end),
    # What does not hold of each task alone
    ([$r.pairs[] | select(.task != "all" and (.arm | is_main)
        and (.metric | IN("accuracy", "ece")))
      | select(verdict(if .metric == "ece" then -1 else 1 end) != "better")
      | "\(.task), \(.metric | sub("ece"; "ECE")) against \(.arm)"]
     | "- By task, hytuning is not better than a main arm in: \(
        if length == 0 then "none" else join("; ") end).");

. as $r
| ([$r.means[].task] | unique) as $tasks
| (if $tasks | index("all") then "all" else $tasks[0] end) as $main
| ($r.runs | map(select(.traces == 32))) as $runs
| ($r.runs | map(.traces) | unique) as $traces
| "# Less is more: the report", "",
  "Written by `report.sh` from the result lines. Intervals are 95 %: over seeds",
  "(Student's t) in the tables of means, from the paired bootstrap over seeds and",
  "questions in the tables of differences. There is one base model a task, which",
  "all arms start from; all intervals are for these models, not for others of the",
  "same recipe. Questions are drawn at random, and a few are drawn twice.", "",
  "ECE and smECE: of the support c_K, the probability that the model gives its",
  "answer after its last step. Overconfidence: mean confidence less accuracy.",
  "Rationalised: answers with filler for steps, or without a step. An unanswered",
  "question is wrong, and in the differences has confidence one half. Length: tokens",
  "of an answer and its steps, which are bytes, and the end.", "",
  "## What the numbers say", "",
  (if ($r.runs | any(.arm == "hytuning")) and $r.pairs != []
   then findings($r; $main) else "No lines yet." end), "",
  "## Runs", "",
  "Of each arm: learning rate, tokens that the updates saw (mean of a run), and the",
  "seeds of each task. Steps are the same for all, and so are, but for rlif, the",
  "traces a step and, but for those called best, the rounds.", "",
  ((["arm", "traces", "learning rate", "tokens"]
    + ($tasks - ["all"])) | head),
  ($r.runs | sort_by([.traces, (.arm | place), .arm])[] | [.arm, .traces,
    (.lr | map(rate) | join(", ")), .tokens]
    + (. as $run | ($tasks - ["all"]) | map($run.seeds[.] // [] | map(tostring)
        | if . == [] then "–" else join(" ") end)) | map(tostring) | row), "",
  "## Primary endpoint", "",
  "hytuning less the other arm: 32 traces, test questions, temperature 1, mean over",
  "the tasks. Fixed before a test question was asked: accuracy and ECE against rd,",
  "rlif and fixed; the rest is description.", "",
  (if $r.pairs == [] then "No lines yet." else
    (["against", "runs", "accuracy", "", "ECE", ""] | head),
    ($r.pairs | map(select(.task == "all" and (.arm | is_main)))
     | group_by(.arm) | sort_by(.[0].arm | [place, .])[]
     | (map({(.metric): .}) | add) as $m
     | [.[0].arm, ($m.accuracy.runs | tostring), ($m.accuracy | interval),
        ($m.accuracy | verdict(1)), ($m.ece | interval), ($m.ece | verdict(-1))]
     | row),
    "", "Each task:", "",
    ($tasks - ["all"] | .[] | "\(.):", "", differences($r; .; is_main;
        [["accuracy", "accuracy"], ["ece", "ECE"], ["brier", "Brier"],
         ["overconfidence", "overconfidence"]]),
        "")
   end),
  "![arms](arms.svg)", "",
  ([$main] + ($tasks - ["all", $main]) | .[] as $task
   | "## \(if $task == "all" then "All tasks" else $task end)", "",
     "Test questions at temperature 1.", "",
     table($r.means; $task; is_main; numbers), "",
     "Accuracy, then ECE, for topics that the traces covered, topics that they did",
     "not, longer questions, and greedy answers.", "",
     table($r.means; $task; is_main; parts_of("accuracy")), "",
     table($r.means; $task; is_main; parts_of("ece")), ""),
  "## Other policies, and hytuning with one part changed", "",
  (if $runs | all(.arm | is_main) then "No lines yet; `make full` adds them."
   else
    "32 traces, all tasks. The learning rates of hpt, srft and prg were chosen as",
    "those of the arms above; hy-... are hytuning, at its rate, with one part changed.",
    "", (others | to_entries[] | "- \(.key): \(.value)"), "",
    (def kept: (is_main | not) or . == "hytuning";
     "Test questions at temperature 1.", "",
     table($r.means; $main; kept; numbers), "",
     "hytuning less them.", "",
     differences($r; "all"; (is_main | not);
        [["accuracy", "accuracy"], ["ece", "ECE"], ["brier", "Brier"],
         ["overconfidence", "overconfidence"]]),
     "", "Accuracy, then ECE, in parts.\($r | greedy_part)", "",
     table($r.means; $main; kept; parts_of("accuracy")), "",
     table($r.means; $main; kept; parts_of("ece"))),
    "", "![other arms](others.svg)" end), "",
  "## Over the rounds", "",
  "Accuracy, ECE and self-certainty of answers to validation questions, and trust",
  "and lambda as `hyt-update` said of each step; means over tasks and seeds.", "",
  "![curves](curves.svg)", "",
  "## Reliability", "",
  "Support for the answer (c_K) against accuracy, test questions of all runs.", "",
  ($runs | map(.arm) | sort_by([place, .]) | ["base"] + .
    | map(select(is_main)) | .[] | "![\(.)](reliability-\(.).svg)"), "",
  "## What tells right answers from wrong ones", "",
  "AUROC among the test answers at temperature 1, mean over tasks and seeds: the",
  "step-gain numbers of `hyt-prg`, and three numbers without steps; of entropy, its",
  "negative.", "",
  (([$r.means[] | select(.task == $main and .set == "auroc" and .arm == "base")
     | .metric] | unique) as $kinds
   | table($r.means; $main; is_main; $kinds | map(["auroc", ., .]))), "",
  "The pictures, whose AUROC is that of the answers of all runs together:", "",
  "![PRG of the base models](prg-base.svg)",
  (if $runs | any(.arm == "hytuning") then
    "![PRG after hytuning](prg-hytuning.svg)" else empty end), "",
  "## Number of traces", "",
  (if $traces | length < 2 then
    "There are lines for 32 traces alone; `make full` adds the others."
   else
    "Test questions at temperature 1, mean over the tasks that have all lines. base",
    "and rlif have no use for traces; the arms of the table before have 32.", "",
    numbers as $numbers
    | (["arm", "traces"] + ($numbers | map(.[2])) | head),
    ([$r.means[] | select(.task == $main and .set == "test" and (.arm | is_main))]
     as $rows | [$rows[] | [.arm, .traces]] | unique
     | sort_by([(.[0] | place), .[0], .[1]])[] as $k
     | [$rows[] | select(.arm == $k[0] and .traces == $k[1])] as $of
     | [$k[0], (if $k[0] | IN("base", "rlif") then "–" else "\($k[1])" end),
        ($numbers[] as $c | [$of[] | select(.metric == $c[1])][0] | cell)]
       | row), "",
    "![number of traces](traces.svg)" end), "",
  "## The choice of learning rates and rounds", "",
  (if $r.tuning == [] then "No lines of the grid (`make tune`)." else
    "One run of each task with a seed of its own, validation questions: accuracy and",
    "ECE, means over the tasks. An arm's learning rate is the one with the larger",
    "accuracy less ECE at the last round.", "",
    ([$r.tuning[].rounds[].round] | unique) as $rounds
    | (["arm", "learning rate", "tasks"]
        + ($rounds | map("round \(.)")) | head),
      ($r.tuning | sort_by([(.arm | place), .arm, .lr])[]
       | [.arm, (.lr | rate), (.tasks | length | tostring)] + (. as $t
        | $rounds | map(. as $k | [$t.rounds[] | select(.round == $k)
          | "\(.accuracy | digits) / \(.ece | digits)"][0] // "–")) | row),
      "",
      "Every arm at its own best round and its own best rate; where that is not its",
      "last round at its rate, this is what the arms called best do with the test",
      "questions.", "",
      (["arm", "learning rate", "round", "accuracy", "ECE"] | head),
      ([$r.tuning[] | select(.tasks | length == ([$r.tuning[].tasks | length] | max))]
       | group_by(.arm) | sort_by([(.[0].arm | place), .[0].arm])[]
       | [.[] as $t | $t.rounds[] | {arm: $t.arm, lr: $t.lr} + .]
       | max_by(.accuracy - .ece)
       | [.arm, (.lr | rate), (.round | tostring), (.accuracy | digits),
          (.ece | digits)] | row) end), "",
  "## Not tried", "",
  "Support elicited for the group's consensus answer; more than one base model a",
  "task; traces of other topics than these three."
