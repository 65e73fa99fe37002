#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Conversations and other people's data through the pipe.

# shellcheck source=tests/cli/pipe/common.inc
. "$CASE/common.inc"

small m
cat >m/chat_template.jinja <<'END'
{% for message in messages %}
<{{ message.role }}> {{ message.content | trim }}
{% endfor %}
{% if add_generation_prompt %}
<assistant>{% endif %}
END
printf '<assistant>' >open

# The same conversation in its shapes has the same tokens.
cat >shapes <<'END'
{"messages":[{"role":"user","content":"3 + 4?"},{"role":"assistant","content":"3 and 4 are 7.\n#### 7"}]}
{"prompt":[{"role":"user","content":"3 + 4?"}],"completion":[{"role":"assistant","content":"3 and 4 are 7.\n#### 7"}]}
{"prompt":[{"role":"user","content":"3 + 4?"}],"completion":"3 and 4 are 7.\n#### 7"}
{"conversations":[{"from":"human","value":"3 + 4?"},{"from":"gpt","value":"3 and 4 are 7.\n#### 7"}]}
END
hyt-rollout -m m shapes >traces
[ "$(jq -c .tokens traces | sort -u | wc -l)" -eq 1 ] || die "shapes differ"
[ "$(wc -l <traces)" -eq 4 ] || die "not four"
holds traces '.kind == "rd" and (.completion | ltrimstr(" ") | rtrimstr("\n")) ==
    "3 and 4 are 7.\n#### 7"'
holds traces '(.tokens.prompt | implode) == "<user> 3 + 4?\n<assistant>"'
holds traces '(.tokens.completion[:-1] | implode) == .completion'
# The record's own bytes stay.
head -n 1 shapes | sed 's/}$//' >want
head -n 1 traces | head -c "$(($(wc -c <want) - 1))" >got
head -c -1 want | cmp - got || die "other bytes"

# On through the pipe, with sampled ones.
echo '{"prompt":[{"role":"user","content":"1 + 1?"}]}' |
    cat shapes - | hyt-rollout -m m -n 2 --max-tokens 8 | hyt-prg -m m >scored
holds scored 'has("prg") and has("steps")'
jq -c 'select(.kind == "rd")' scored >rd
holds rd '.final.text == "7"'
hyt-weight --policy rd --traces 4 rd | hyt-update -m m --lr 1e-3 >log
grep -q committed log || die "not trained"

# Ready-made steps, and back.
cat >stepwise <<'END'
{"prompt":"3 + 4?","completions":["3 and 4","are 7.","#### 7"],"labels":[true,false,true]}
END
hyt-rollout -m m stepwise | hyt-prg -m m --steps sentence >scored
# shellcheck disable=SC2016 # a jq program
holds scored '[.completion as $c | .steps[] | $c[.text[0]:.text[1]]] ==
    ["3 and 4\n", "are 7.\n"]'
holds scored '.final.text == "7" and (.prg.support | length) == 3'
hyt-split --stepwise scored >back
holds back '.completions == ["3 and 4", "are 7.", "#### 7"] and
    .labels == [true, false, true]'
hyt-split --stepwise --overwrite scored >back
holds back '.completions == ["3 and 4", "are 7.\n#### 7"]'
# shellcheck disable=SC2016
holds back '.labels == [.prg.support as $c | range(1; 3) | $c[.] > $c[. - 1]]'
hyt-split back >again
jq -c '[.steps, .final]' scored >want
jq -c '[(.steps | map({text, tokens})), .final]' again >got
same want got "steps do not come back"
printf '%s\n' '{"completion":"a\nb","x":1}' | hyt-split --stepwise >back
holds back '.completions == ["a", "b"] and .labels == null'
jq -c '{prompt: "p", completions, labels}' back | hyt-rollout -m m >got
holds got '.kind == "rd" and (.tokens.completion[:-1] | implode) == "a\nb"'
echo '{"completion":"#### 5"}' | hyt-split --stepwise >back
holds back '.completions == ["#### 5"] and .labels == null and .steps == []'
echo '{"completion":"a","completions":["x","y"]}' >wrong
fails hyt-split --stepwise wrong
says '"completions"'
hyt-split --stepwise --overwrite wrong >back
holds back '.completions == ["a"]'
printf '%s\n' '{"completion":"n\u00e9\nb","steps":[{"text":[0,2]},{"text":[2,5]}]}' \
    >wrong
fails hyt-split --stepwise wrong
says 'step 1 ends inside a character'
echo '{"completion":"a","labels":["mine"]}' >wrong
fails hyt-split --stepwise wrong
says '"labels"'
for list in '["a",""]' '["a"," \n"]'; do
    printf '{"prompt":"q","completions":%s,"labels":[true,true]}\n' "$list" \
        >wrong
    if hyt-rollout -m m wrong >got 2>err; then die "an empty step passed"; fi
    says 'step 2 of "completions" is empty'
done
echo '{"completion":"b","completions":["a"],"labels":[true]}' >wrong
fails hyt-split wrong
says 'step 1 of "completions" is not where it should be'
echo '{"completion":"b","completions":"mine"}' >wrong
fails hyt-split --stepwise wrong
says '"completions"'

# Without a template.
hyt-rollout -m m --parse-special --template raw shapes >got
holds got '(.tokens.prompt | implode) == "3 + 4?"'

# The model's makers' way to sample: shown, and used if asked for.
echo '{"prompt":"a"}' >one
sampling() {
    hyt-rollout -m m -n 1 --max-tokens 1 "$@" one 2>err | jq -c \
        '[.sampling | .temperature, .top_p, .top_k, .min_p]'
}
jq '. + {do_sample: true, temperature: 0.6, top_p: 0.9, top_k: 20}' \
    m/generation_config.json >c
cp c m/generation_config.json
[ "$(sampling -v)" = '[1,1,0,0]' ] || die "used without being asked for"
says 'temperature 0.6 top_p 0.9 top_k 20 sampled (--generation-config)'
[ "$(sampling --generation-config)" = '[0.6,0.9,20,0]' ] || die "not used"
[ ! -s err ] || die "$(cat err)"
jq '. + {repetition_penalty: 1.1, num_beams: 1,
    min_new_tokens: 0, min_length: 5}' c >m/generation_config.json
sampling --generation-config >/dev/null
grep -q 'not supported, and left out: repetition_penalty min_length$' err ||
    die "left out in silence: $(cat err)"
jq '.do_sample = false' c >m/generation_config.json
[ "$(sampling --generation-config)" = '[0,0.9,20,0]' ] || die "not greedy"
jq '.top_p = 2' c >m/generation_config.json
fails hyt-rollout -m m --generation-config one
says '"top_p" is not from 1e-09 to 1'
for said in '--top-k 3' '--temperature 1' '--top-k 0' '--top-p 1' --greedy; do
    rc=0
    # shellcheck disable=SC2086 # an option and its value
    hyt-rollout -m m --generation-config $said one 2>err || rc=$?
    [ "$rc" -eq 2 ] || die "two ways to sample: $said"
done
# Several ids end a sequence, and no other does.
jq '{eos_token_id: [256, 65, 66, 67, 68]}' c >m/generation_config.json
hyt-rollout -m m -n 20 --max-tokens 60 one >got
holds got '.tokens.completion |
    all(.[:-1][]; IN(256, 65, 66, 67, 68) | not)'
holds got '(.finish == "stop") == (.tokens.completion[-1] |
    IN(256, 65, 66, 67, 68))'
[ "$(jq '.tokens.completion[-1]' got | sort -u | grep -c '^6[5678]$')" -ge 2 ] ||
    die "no sample ended"
# hyt-tok shows the same.
echo '{"prompt":"x","completion":"yyA"}' >trace
hyt-rollout -m m --parse-special trace | jq -c .tokens.completion >want
hyt-tok template -m m --parse-special trace |
    awk -F'\t' '$3 == "completion" { print $1 }' | jq -s -c . >got
same want got "hyt-tok template ends elsewhere"
[ "$(cat want)" = '[121,121,65]' ] || die "$(cat want)"
jq '{eos_token_id}' c >m/generation_config.json
fails hyt-rollout -m m --generation-config one
says 'no generation_config.json that says how to sample'
