#!/bin/sh
# SPDX-License-Identifier: MIT
#
# examples/gsm8k on a real model and a few real questions: for the mechanics,
# the model knows stories only.

# shellcheck source=tests/cli/pipe/common.inc
. "$TESTS/cli/pipe/common.inc"

stories=$(stories) || { echo "$stories" && exit 77; }
data=${stories%/*}
[ -f "$data/gsm8k/test.jsonl" ] || { echo "no data/gsm8k in HYT_SHARED or ../shared"; exit 77; }
case $BUILD in
*/asan | */tsan) echo "skipped: too slow under a sanitizer" && exit 77 ;;
esac

example() {
    make --no-print-directory -C "$TESTS/../examples/gsm8k" MODEL="$PWD/s" \
        HYT_BIN="$BUILD/bin" ROUNDS=2 PER_ROUND=4 TRACES=4 VALIDATION=6 \
        QUESTIONS=8 LR=1e-3 THREADS=2 samples=4 REQUIRE='entropy>0.001' "$@"
}
cp -r "$stories" s && chmod -R u+w s

# --- GSM8K -----------------------------------------------------------------------

mkdir gsm8k
head -n 60 "$data/gsm8k/train.jsonl" >gsm8k/train.jsonl
head -n 40 "$data/gsm8k/test.jsonl" >gsm8k/test.jsonl
example DATA="$PWD/gsm8k" B="$PWD/g" POOL=12 MAX_CHARS=240 MAX_TOKENS=40 \
    ARMS='rd hytuning' >report 2>err || { cat err && die "the example failed"; }

# The parts: all that is short enough, once; no mark, the reference, no answer
# where none may be seen.
n=$(jq -c 'select(.question | length <= 223)' gsm8k/train.jsonl | wc -l)
[ "$(wc -l <g/train.jsonl)" -eq "$n" ] || die "not $n training questions"
[ "$(sort -u g/train.jsonl | wc -l)" -eq "$n" ] || die "a question twice"
# shellcheck disable=SC2016 # jq's variables
holds g/train.jsonl '.gold as $gold | $gold != "" and (.completion
    | (contains("<<") | not) and endswith("\n#### " + $gold))'
zstdcat g/rd-1/best.test.jsonl.zst >answers
[ "$(wc -l <answers)" -eq 8 ] || die "not 8 answers"
holds answers '.kind == "rlif" and (.grade | has("correct")) and .gold != ""
    and (.tokens.completion | length <= 40)'
cut -d '"' -f 4 answers >asked
cut -d '"' -f 4 g/test.jsonl | head -n 8 | cmp - asked || die "other questions"

# Both arms took steps; the best of their models, or the base, is reported.
jq -e -s 'length == 3 and map(.round) == [0, 1, 2]' g/hytuning-1/watch.jsonl \
    >/dev/null || die "hytuning: watch.jsonl"
holds g/hytuning-1/2.log '.samples == 4 * 4 + 4 and .loss_rd > 0'
holds g/rd-1/2.log '.samples == 4 and .loss_rlif == 0'
grep -q '^| base | 0 | 0 | 0 \[0, 0\] |' report || die "no row of the base"
grep -q '^| hytuning-1 | [012] | 2 |' report || die "no row of hytuning"
for f in arms.svg train.svg rd-1.reliability.svg rd-1.html; do
    [ -s "g/report/$f" ] || die "no $f"
done

# Made once.
example DATA="$PWD/gsm8k" B="$PWD/g" POOL=12 MAX_CHARS=240 MAX_TOKENS=40 \
    ARMS='rd hytuning' >again
[ ! -s again ] || grep -q 'up to date' again || { cat again && die "made again"; }

# Of another model, or of another form of the questions, all is made again; one
# that hyt-update has trained is as good as any.
echo '{"prompt":"a","completion":"b"}' | hyt-rollout -m s |
    hyt-weight --policy rd | hyt-update -m s --out t --lr 1e-3 >/dev/null
for model in s t; do
    example DATA="$PWD/gsm8k" B="$PWD/b" POOL=12 MAX_CHARS=240 \
        MODEL="$PWD/$model" "$PWD/b/base/model.safetensors" >again 2>err ||
        { cat err && die "no base of $model"; }
    [ -z "$(hyt-ckpt diff b/base $model)" ] || die "the base is not $model"
    head -n 1 gsm8k/train.jsonl | jq -c '{prompt: .question, completion: "b"}' |
        hyt-rollout -m b/base | hyt-weight --policy rd |
        hyt-update -m b/base --out u >/dev/null || die "$model as a base"
    rm -r u
done
cp b/train.jsonl before
for other in CHAT=true MAX_CHARS=200; do
    example DATA="$PWD/gsm8k" B="$PWD/b" POOL=12 MAX_CHARS=240 $other \
        "$PWD/b/train.jsonl" >again 2>err || { cat err && die "$other"; }
    if cmp -s before b/train.jsonl; then die "$other is not seen"; fi
done

# --- PubMedQA: long questions, another form of answer ------------------------------

mkdir pubmedqa
sed -i 's/"max_position_embeddings": *[0-9]*/"max_position_embeddings": 2048/' \
    s/config.json
jq '[to_entries[:150][]] | from_entries' "$data/pubmedqa/ori_pqal.json" \
    >pubmedqa/ori_pqal.json
cp "$data/pubmedqa/test_ground_truth.json" pubmedqa
example DATA="$PWD/pubmedqa" B="$PWD/p" POOL=6 MAX_CHARS=1100 MAX_TOKENS=24 \
    ROUNDS=1 PER_ROUND=2 QUESTIONS=2 VALIDATION=2 ARMS=hytuning >report 2>err ||
    { cat err && die "PubMedQA failed"; }
# shellcheck disable=SC2016 # jq's variables
holds p/train.jsonl '.gold as $gold | ($gold | IN("yes", "no", "maybe"))
    and (.completion | endswith("\n#### " + $gold))'
# The two parts are those of the ground truth.
jq -r --slurpfile test pubmedqa/test_ground_truth.json 'to_entries[]
    | select(.key | in($test[0])) | .value.QUESTION' pubmedqa/ori_pqal.json |
    sort >test.q
jq -r '.prompt | split("Question: ")[1] | split("\nAnswer")[0]' p/test.jsonl |
    sort >asked
[ "$(wc -l <asked)" -ge 2 ] || die "PubMedQA: few test questions"
[ -z "$(comm -13 test.q asked)" ] || die "PubMedQA: other test questions"
jq -r '.prompt | split("Question: ")[1] | split("\nAnswer")[0]' p/train.jsonl |
    sort | comm -12 test.q - | cmp - /dev/null || die "a test question in training"
grep -q '^| hytuning-1 | [01] | 1 |' report || die "PubMedQA: no row"
holds p/hytuning-1/1.log '.samples == 2 * 4 + 4'

# Parts that leave nothing are refused.
if example DATA="$PWD/pubmedqa" B="$PWD/q" POOL=600 >got 2>err; then
    die "no queries, and no error"
fi
says 'train.jsonl: VALIDATION and POOL leave no queries'

# --- what it will take ---------------------------------------------------------------

# Hours of a round by another program, from what is printed; scoring is free.
cat >bench.jsonl <<'END'
{"row":"rollout: 32 sequences, 64 + 64","shape":"smol135","dtype":"bf16","value":0.001,"unit":"GFLOP/s"}
{"row":"forward: 512, stats of all","shape":"smol135","dtype":"f32","value":1e9,"unit":"GFLOP/s"}
{"row":"update: 1 x 512","shape":"smol135","dtype":"bf16","value":0.002,"unit":"GFLOP/s"}
END
example DATA="$PWD/gsm8k" B="$PWD/g" MAX_CHARS=240 BENCH="$PWD/bench.jsonl" \
    PER_ROUND=10 samples=4 estimate >got
cat got
grep -q '^0.26 M parameters, F32;' got || die "parameters"
awk '/^a question has/ { p = $4; c = $8 } /^  a round/ { got = $3 }
    END { second = 2 * 260032e-9 / 0.001
        samples = 40 * (p / 4 + c)
        want = second * samples + 3 * second / 2 * (samples + 10 * (p + c))
        exit !(p > 50 && c > 50 && got * 3600 / want > 0.98 &&
            got * 3600 / want < 1.02) }' got || die "hours of a round"
# Four copies of the weights in float and the activations
grep -q '^  memory, update  *0.37$' got || die "memory"
sed -i 2d bench.jsonl
if example DATA="$PWD/gsm8k" B="$PWD/g" BENCH="$PWD/bench.jsonl" estimate 2>err
then
    die "an estimate without a rate"
fi
says 'no row "forward: 512, stats" in the figures'
