#!/bin/bash
# SPDX-License-Identifier: MIT
#
# estimate.sh BENCH QUESTIONS MODEL SHAPE NAME=N... - what the plan will need
#
# Hours from the rates in BENCH, what `make bench` wrote on this machine, and
# from the plan's tokens: 2 FLOPs a parameter and token forward, three times
# that for a step (Kaplan et al. 2001.08361; attention, some per cent at these
# lengths, is left out); a query's prompt counts once for its samples. A model's
# completions are taken to be as long as the solutions of QUESTIONS, and, for the
# second figure, to run to max_tokens. Without MODEL, tokens are taken to have 4
# characters, and the parameters are those of a random model of SHAPE. Memory and
# disk from hyt-ckpt info.
set -eu -o pipefail
bench=$1 questions=$2 model=$3 shape=$4
shift 4
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

if [ -n "$model" ]; then
    head -n 200 "$questions" | hyt-rollout -m "$model" -q | hyt-split |
        jq -c '[(.tokens.prompt | length), (.tokens.completion | length),
            (.steps | length), (.steps[-1].tokens[1] // 0)]' >"$tmp/lengths"
else
    model=$tmp/model
    hyt-ckpt new "$model" --shape "$shape" --dtype bf16 -q
    head -n 200 "$questions" | hyt-split |
        jq -c '[(.prompt | if type == "string" then . else .[0].content end
            | length / 4), (.completion | length / 4), (.steps | length),
            (.steps[-1].text[1] // 0) / 4]' >"$tmp/lengths"
fi

jq -n -r --slurpfile bench "$bench" --slurpfile lengths "$tmp/lengths" \
    --argjson model "$(hyt-ckpt info --json "$model")" \
    --arg plan "$*" '
    def rate($row): [$bench[] | select((.row | startswith($row))
            and .unit == "GFLOP/s" and .shape == "smol135") | .value] | max
        // error("no row \"\($row)\" in the figures of make bench");
    def mean(f): map(f) | add / length;
    def hours: . / 3600 | if . < 1 then . * 1000 | round / 1000
        else . * 10 | round / 10 end;
    def gb: . / 1e7 | round / 100;
    ($plan | split(" ") | map(split("=") | {(.[0]): (.[1] | tonumber)}) | add)
        as $p
    | ($lengths | {prompt: mean(.[0]), completion: mean(.[1]),
        tails: mean((.[2] + 1) * (.[1] - .[3]))}) as $t
    | ($model.parameters * 2e-9) as $gflop
    # Seconds of a round, of a look at n questions, of a run; c: tokens written
    | def look($n; $c): $n * $gflop * (($t.prompt + $c) / rate("rollout: 32")
            + ($t.prompt + $c + $t.tails) / rate("forward: 512, stats"));
      def round($c): ($p.queries * $p.samples) as $n | $n * $gflop
            * ($t.prompt / $p.samples + $c) / rate("rollout: 32")
        + ($n * ($t.prompt / $p.samples + $c + $t.tails) + $p.traces
            * ($t.prompt + $t.completion + $t.tails)) * $gflop
            / rate("forward: 512, stats")
        + 3 * ($n * ($t.prompt / $p.samples + $c)
            + $p.queries * ($t.prompt + $t.completion)) * $gflop
            / rate("update: 1 x 512");
      def run($c): $p.rounds * (round($c) + look($p.validation; $c))
        + look($p.questions; $c);
    "\($model.parameters / 1e4 | round / 100) M parameters, \($model.dtype); rates "
    + "in GFLOP/s: rollout \(rate("rollout: 32") | round), scoring "
    + "\(rate("forward: 512, stats") | round), update "
    + "\(rate("update: 1 x 512") | round)",
    "a question has \($t.prompt | round) tokens, a solution "
    + "\($t.completion | round)",
    "",
    "hours                     solutions\tup to \($p.max_tokens)",
    ([["a round", round($t.completion), round($p.max_tokens)],
      ["a run of \($p.rounds) rounds", run($t.completion), run($p.max_tokens)],
      ["all \($p.runs) runs and the base",
        ($p.runs * run($t.completion) + look($p.questions; $t.completion)),
        ($p.runs * run($p.max_tokens) + look($p.questions; $p.max_tokens))]][]
     | "  \(.[0] + " " * (24 - (.[0] | length)))\(.[1] | hours)"
       + "\t\t\(.[2] | hours)"),
    "GB",
    "  memory, update          \($model.update_bytes + 367001600 | gb)",
    "  memory, rollout         \($model.weight_bytes + 2 * 32
        * ($t.prompt + $p.max_tokens) * $model.kv_bytes_per_token | gb)",
    "  disk, a run             \(3 * ($model.update_bytes
        - 4 * $model.parameters) | gb)"'
