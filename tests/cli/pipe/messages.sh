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
holds scored '[.completion as $c | .steps[] | $c[.text[0]:.text[1]]] ==
    ["3 and 4\n", "are 7.\n"]'
holds scored '.final.text == "7" and (.prg.support | length) == 3'
hyt-split --stepwise scored >back
holds back '.completions == ["3 and 4", "are 7.\n#### 7"]'
holds back '.labels == [.prg.support as $c | range(1; 3) | $c[.] > $c[. - 1]]'
hyt-split back >again
jq -c '[.steps, .final]' scored >want
jq -c '[(.steps | map({text, tokens})), .final]' again >got
same want got "steps do not come back"
printf '%s\n' '{"completion":"a\nb","x":1}' | hyt-split --stepwise >back
holds back '.completions == ["a", "b"] and .labels == null'
echo '{"completion":"b","completions":["a"],"labels":[true]}' >wrong
fails hyt-split wrong
says 'step 1 of "completions" is not where it should be'
echo '{"completion":"b","completions":"mine"}' >wrong
fails hyt-split --stepwise wrong
says '"completions"'

# Without a template.
hyt-rollout -m m --parse-special --template raw shapes >raw
holds raw '(.tokens.prompt | implode) == "3 + 4?"'
