#!/bin/bash
# SPDX-License-Identifier: MIT
#
# report.sh B RUN... - a table of the runs ARM-SEED in B, and their pictures
#
# Prints Markdown; the pictures, and a page of answers a run, go to B/report.
set -eu -o pipefail
b=$1
shift
out=$b/report
rm -rf "$out"
mkdir -p "$out"

reports=("$out/base.json") logs=()
jq -c '.arm = "base"' "$b/base.test.report" >"$out/base.json"
for run; do
    jq -c --arg run "$run" --slurpfile watch "$b/$run/watch.jsonl" \
        '. + {arm: $run, watch: ($watch[-1] | {best, round, unmet})}' \
        "$b/$run/best.test.report" >"$out/$run.json"
    # shellcheck disable=SC2046 # their names are numbers
    (cd "$b/$run" && cat $(ls -v [0-9]*.log)) >"$out/$run.jsonl"
    hyt-plot reliability -q --title "$run" "$out/$run.json" \
        -o "$out/$run.reliability.svg"
    zstdcat -q "$b/$run/best.test.jsonl.zst" | sed -n 1,200p |
        hyt-plot traces -q --title "$run" -o "$out/$run.html"
    reports+=("$out/$run.json") logs+=("$out/$run.jsonl")
done
hyt-plot arms -q "${reports[@]}" -o "$out/arms.svg"
hyt-plot train -q "${logs[@]}" -o "$out/train.svg"

cat <<'END'
# Test questions, temperature 1

Intervals are 95 %, from the bootstrap over questions. A run is reported by its
best model on the validation questions.

| run | best round | of | accuracy | ECE | Brier | AUROC | answered |
|---|---|---|---|---|---|---|---|
END
jq -r 'def digits: if . == null then "–" else . * 1000 | round / 1000 end;
    def cell: if .value == null then "–"
        else "\(.value | digits) [\(.lo | digits), \(.hi | digits)]" end;
    (.watch // {best: 0, round: 0, unmet: []}) as $w | .metrics
    | "| \(input_filename | split("/")[-1] | rtrimstr(".json")) | \($w.best) "
      + "| \($w.round)\(if $w.unmet == [] then "" else
          ", stopped: " + ($w.unmet | join(", ")) end) "
      + "| \([.accuracy, .ece, .brier, .auroc, .answered] | map(cell)
          | join(" | ")) |"' "${reports[@]}"
cat <<'END'

![arms](report/arms.svg)
![training](report/train.svg)
END
for run; do
    printf '![%s](report/%s.reliability.svg) [answers](report/%s.html)\n' \
        "$run" "$run" "$run"
done
