#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The records of a pipe, and the example of hyt(7), against the JSON Schema.
# The schema itself is tested by examples that it must refuse.
set -eu

schema=$TESTS/fixtures/hyt.schema.json
for python in /usr/bin/python3 python3 none; do
    "$python" -c 'import jsonschema' 2>/dev/null && break
done
[ "$python" != none ] || { echo "python3-jsonschema is missing"; exit 77; }

# validate FILE: prints what is wrong with which line; fails if anything is
validate() {
    "$python" - "$schema" "$1" <<'END'
import json, sys
import jsonschema

with open(sys.argv[1]) as f:
    schema = json.load(f)
jsonschema.Draft7Validator.check_schema(schema)
checker = jsonschema.Draft7Validator(schema)
wrong = seen = 0
with open(sys.argv[2], encoding="utf-8") as f:
    for number, line in enumerate(f, 1):
        seen += 1
        for error in checker.iter_errors(json.loads(line)):
            wrong += 1
            path = ".".join(str(p) for p in error.absolute_path)
            print(f"line {number}: {path}: {error.message[:200]}")
sys.exit(wrong > 0 or seen == 0)
END
}

# The example of the manual page, on one line; the page doubles backslashes.
sed -n '/^{"question"/,/^```$/p' "$TESTS/../tools/hyt.7.scd" |
    sed '/^```$/d; s/\\\\/\\/g' | jq -c . >example.jsonl
validate example.jsonl

# Its numbers hang together as the page says.
jq -e '
    def near(x): (. - x) | fabs < 2e-4;
    . as $r | .prg as $p | .weight as $w | .completion as $c | .tokens as $t |
    ([$p.logp, $p.support] | transpose | all((.[0] | exp) as $x |
        .[1] | near($x))) and
    ($p.score | near($p.slope)) and
    ($p.gain | near($p.support[-1] - $p.support[0])) and
    ($p.mean | near(($p.support | add) / 3)) and
    ($p.slope | near(($p.support[-1] - $p.support[0]) / 2)) and
    ($p.watermark | near($p.logp[-1] - $p.logp[0])) and
    ($p.discounted | near(0.95 * ($p.support[1] - $p.support[0]) +
        $p.support[2] - $p.support[1])) and
    ($w.reward | near($p.score * (10 * $r.certainty.logp | exp))) and
    $w.coef == $w.norm * $w.advantage and
    ($t.completion | length) == ($t.ends | length) and
    ($t.logp | length) == ($t.ends | length) and
    ($t.ends | . == sort) and $t.ends[-1] == ($c | utf8bytelength) and
    $c[$r.final.bytes[0]:$r.final.bytes[1]] == $r.final.text and
    ($t.logp | add / length - $r.certainty.logp | fabs < 1e-3)
' example.jsonl >/dev/null || { echo "the example of hyt(7) is wrong"; exit 1; }

# refused FILTER: the example, changed, is not a record
refused() {
    jq -c "$1" example.jsonl >changed.jsonl
    ! validate changed.jsonl >/dev/null || { echo "accepted: $1"; exit 1; }
}
refused '.kind = "sft"'
refused 'del(.tokens.ends)'
refused 'del(.tokens.logp)'
refused 'del(.policy)'
refused '.tokens.prompt[0] = 1.5'
refused '.steps[0].text = [1]'
refused '.prg.tau = 1.5'
refused '.prg.support = null'
refused '.prg.extra = 0'
refused '.weight.coef = null'
refused '.policy.digest = "9F1C"'
refused '.final = "5"'

# What the programs write.
hyt-ckpt new tiny --shape layers=2,hidden=32,heads=2 --max-positions 512
cat >in.jsonl <<'END'
{"question": "2 + 3?", "answer": "2 + 3 = 5.\n#### 5", "user": [1.0, "x"]}
{"question": "4 + 4?", "answer": "Half of it is 4.\nTwice is 8.\n#### 8"}
{"question": "1 + 1?"}
{"question": "7 - 2?", "id": 17}
END
hyt-rollout -m tiny -n 4 --max-tokens 24 --prompt-field question \
    --completion-field answer in.jsonl >samples.jsonl
hyt-prg -m tiny samples.jsonl >scored.jsonl
hyt-weight --groups 2 --traces 2 scored.jsonl >weighted.jsonl
for f in samples scored weighted; do
    validate $f.jsonl || { echo "in $f.jsonl"; exit 1; }
done
[ "$(grep -c . weighted.jsonl)" = 10 ] || { echo "10 records expected"; exit 1; }
