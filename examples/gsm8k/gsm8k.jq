# gsm8k.jq - questions of GSM8K: {"question", "answer"} a line
# SPDX-License-Identifier: MIT
#
# Calculator marks, <<48/2=24>>, go: no calculator is run. --argjson chat true:
# the question as a user's message, for a model with a chat template.
def ask: "Solve it step by step. End with a line \"#### \" and the number.";

(.answer | gsub("<<[^<>]*>>"; "") | split("\n#### ")) as $answer
| {prompt: (if $chat then [{role: "user", content: "\(.question)\n\n\(ask)"}]
            else "Question: \(.question)\nAnswer:\n" end),
   completion: ($answer | join("\n#### ")), gold: $answer[-1]}
