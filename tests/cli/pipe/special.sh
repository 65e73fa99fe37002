#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Special tokens as checkpoints have them: beyond the model's vocabulary, in
# --stop, in front of a completion, behind a prompt; and ids that nothing uses.

# shellcheck source=tests/cli/pipe/common.inc
. "$CASE/common.inc"

# A model with the tokenizer of llama2 and one more special token, whose id is
# the first that the model has no row for.
mkdir tokenizer
cp "$TESTS/fixtures/tok/llama2.json" tokenizer/tokenizer.json
hyt-ckpt new m --shape layers=1,hidden=8,heads=2,ffn=8 --seed 3 -q \
    --tokenizer tokenizer/tokenizer.json
rows=$(jq .vocab_size m/config.json)
special() {
    jq -c --argjson id "$1" --argjson special "$2" '.added_tokens += [{$id,
        content: "<image>", special: $special, single_word: false,
        lstrip: false, rstrip: false, normalized: false}]' \
        tokenizer/tokenizer.json >m/tokenizer.json
}
special "$rows" true
echo '{"prompt":"the apples"}' >query
hyt-rollout -m m -n 4 --max-tokens 20 query >got
holds got ".tokens.completion | all(.[]; . < $rows)"
echo '{"prompt":"an <image>"}' >image
fails hyt-rollout -m m --parse-special image
says "image:1:[0-9]*: token $rows, \"<image>\", is beyond the model's vocabulary"
jq -c ".tokens.completion[0] = $rows" got >wrong
fails hyt-prg -m m wrong
says 'which is no token of this model'
special "$rows" false
fails hyt-rollout -m m query
says 'the tokenizer has .* ids, the model a vocabulary of'

# --stop sees a special token as it is spelled.
jq -c --argjson id "$((rows - 1))" '(.added_tokens | length) as $n
    | .added_tokens += [.model.vocab | to_entries[] | select(.value >= $id - 200)
        | {id: .value, content: .key, special: true, single_word: false,
           lstrip: false, rstrip: false, normalized: false}]' \
    tokenizer/tokenizer.json >m/tokenizer.json
hyt-rollout -m m -n 200 --max-tokens 20 --seed 5 query >got
id=$(jq "select(.finish == \"length\") | .tokens.completion[3:-1][]
    | select(. >= $rows - 201)" got | head -n 1)
[ -n "$id" ] || die "no special token in the samples"
piece=$(jq -r --argjson id "$id" '.added_tokens[] | select(.id == $id) | .content' \
    m/tokenizer.json)
hyt-rollout -m m -n 200 --max-tokens 20 --seed 5 --stop "$piece" query >got
holds got "(.tokens.completion | index($id)) as \$at
    | \$at == null or (\$at == (.tokens.completion | length) - 1
        and .finish == \"stop\")"
jq -e -s "any(.tokens.completion[-1] == $id)" got >/dev/null || die "none stopped"

# Behind a special token words have the space that llama2 puts in front, unless
# they have one; behind other text they have none.
cp tokenizer/tokenizer.json m/tokenizer.json
first() {
    jq -n -c --arg prompt "$1" --arg completion "$2" '{$prompt, $completion}' |
        hyt-rollout -m m --parse-special | jq -r '.tokens.completion[0]'
}
space=$(jq '.model.vocab["▁in"]' m/tokenizer.json)
bare=$(jq '.model.vocab["in"]' m/tokenizer.json)
[ "$(first 'so<s>' 'in')" -eq "$space" ] || die "no space behind <s>"
[ "$(first 'so<s>' ' in')" -eq "$space" ] || die "two spaces behind <s>"
[ "$(first 'so' 'in')" -eq "$bare" ] || die "a space behind text"
cat >m/chat_template.jinja <<'END'
{{ bos_token }}{% for m in messages %}{% if m.role == "user" %}{{ m.content }}<s>{% else %}{{ m.content }}</s>{% endif %}{% endfor %}
END
echo '{"messages":[{"role":"user","content":"so"},{"role":"assistant","content":"in"}]}' |
    hyt-rollout -m m | jq -r '.tokens.completion[0]' >got
[ "$(cat got)" -eq "$space" ] || die "no space behind a template's token"

# A tokenizer that ends texts with EOS does not end what is asked.
jq -c '.post_processor = {type: "TemplateProcessing",
    single: [{SpecialToken: {id: "<s>", type_id: 0}}, {Sequence: {id: "A", type_id: 0}},
        {SpecialToken: {id: "</s>", type_id: 0}}], pair: [],
    special_tokens: {"<s>": {id: "<s>", ids: [1], tokens: ["<s>"]},
        "</s>": {id: "</s>", ids: [2], tokens: ["</s>"]}}}' \
    tokenizer/tokenizer.json >m/tokenizer.json
hyt-rollout -m m -n 1 --max-tokens 2 query >got
holds got '.tokens.prompt | .[0] == 1 and .[-1] != 2'
[ "$(hyt-tok encode -m m --field prompt query | jq -c '.ids[-1]')" = 2 ] ||
    die "hyt-tok has no EOS"
for add in true false; do
    printf '{"eos_token":"</s>","add_eos_token":%s}\n' $add >m/tokenizer_config.json
    hyt-tok encode -m m --field prompt query | jq ".ids[-1] == 2" >got
    [ "$(cat got)" = $add ] || die "add_eos_token: $add"
done

# What a config says of BOS is not asked for.
for bos in "$rows" -1 '[1]'; do
    jq -c ".bos_token_id = $bos" m/config.json >c && cp c m/config.json
    hyt-rollout -m m -n 1 --max-tokens 1 query >got
done
echo "ok 1 - special tokens at the edges"
