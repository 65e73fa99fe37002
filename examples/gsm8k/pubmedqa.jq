# pubmedqa.jq - questions of PubMedQA: ori_pqal.json, an object by id
# SPDX-License-Identifier: MIT
#
# --argjson test IDS: test_ground_truth.json, whose ids are the test questions;
# --arg part train|test: which are wanted. The expert's reasoning is the trace.
def ask: "Reason in a few sentences. End with a line \"#### \" and yes, no or maybe.";

to_entries[] | select((.key | in($test)) == ($part == "test")) | .value
| "\(.CONTEXTS | join("\n"))\n\nQuestion: \(.QUESTION)" as $question
| {prompt: (if $chat then [{role: "user", content: "\($question)\n\n\(ask)"}]
            else "\($question)\nAnswer:\n" end),
   completion: "\(.LONG_ANSWER)\n#### \(.final_decision)",
   gold: .final_decision}
