#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Which template, what becomes special, where the completion begins and ends.
# What templates print is tested in tests/unit/test_jinja.c.

set -eu

die() {
    echo "$*" >&2
    exit 1
}

# ids PART: those of the last output
ids() {
    awk -F'\t' -v part="$1" '$3 == part { s = s sep $1; sep = "," }
        END { print "[" s "]" }' out
}

# text PART
text() {
    awk -F'\t' -v part="$1" '$3 == part { print $2 }' out | jq -s -j 'add // ""'
}

# template RECORD [OPTION]...
template() {
    record=$1
    shift
    printf '%s\n' "$record" | hyt-tok template -m m "$@" >out
}

# shows RECORD PROMPT COMPLETION [OPTION]...: in plain text
shows() {
    record=$1 prompt=$2 completion=$3
    shift 3
    template "$record" "$@"
    [ "$(text prompt)|$(text completion)" = "$prompt|$completion" ] ||
        die "$record $*: $(text prompt)|$(text completion)"
}

# fails MESSAGE RECORD [OPTION]...
fails() {
    message=$1 record=$2 rc=0
    shift 2
    printf '%s\n' "$record" | hyt-tok template -m m "$@" >out 2>err || rc=$?
    if [ "$rc" -eq 0 ] || ! grep -q -F -e "$message" err ||
        [ "$(wc -l <err)" -ne 1 ]; then
        die "$record $*: status $rc; $(cat err)"
    fi
}

mkdir m
cp "$TESTS/fixtures/tok/llama3.json" m/tokenizer.json
begin=$(echo '<|begin|>' | hyt-tok encode -m m --no-special --parse-special)
end=$(echo '<|end|>' | hyt-tok encode -m m --no-special --parse-special)
begin=${begin#[} begin=${begin%]} end=${end#[} end=${end%]}

config() {
    jq -n --arg t "$1" '{bos_token: "<|begin|>", chat_template: $t,
        eos_token: {content: "<|end|>"}}' >m/tokenizer_config.json
}
talk='{"messages":[{"role":"user","content":" Hi "},
    {"role":"assistant","content":"Yes"}]}'
talk=$(echo "$talk" | jq -c .)
ask='{"prompt":[{"role":"user","content":"Hi"}]}'

# An EOS that is an added token, but not called special: a text is still a text.
cp m/tokenizer.json whole
jq '.added_tokens |= map(if .content == "<|end|>" then .special = false else .
    end)' whole >m/tokenizer.json
echo '{"eos_token":"<|end|>"}' >m/tokenizer_config.json
[ "$(echo 'a<|end|>' | hyt-tok encode -m m --no-special |
    jq --argjson id "$end" 'index($id)')" = null ] || die "a text became EOS"
[ "$(echo '<|end|>' | hyt-tok encode -m m --no-special --parse-special)" = \
    "[$end]" ] || die "EOS is not parsed"
mv whole m/tokenizer.json

# No template; a list is refused, a string is not.
echo '{"bos_token":"<|begin|>","eos_token":"<|end|>"}' >m/tokenizer_config.json
fails '<stdin>:1:11: a list of messages needs a chat template, and the model has none' "$ask"
shows '{"prompt":"Hi","completion":"Yes"}' '<|begin|>Hi' 'Yes<|end|>'
shows "$talk" ' Hi ' 'Yes<|end|>' --template raw

# In the configuration; BOS comes from the template alone.
config '{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content|trim }}<|end|>
{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}'
shows "$ask" '<|begin|>user: Hi<|end|>
assistant: ' ''
[ "$(ids prompt | tr ',' '\n' | grep -c "\b$begin\b")" -eq 1 ] || die "BOS"
# Behind the end of sequence nothing is said.
shows "$talk" '<|begin|>user: Hi<|end|>
assistant: ' 'Yes<|end|>'
[ "$(ids completion | grep -c ",$end]")" -eq 1 ] || die "the end is not special"

# One that is not understood is an error where there are messages.
config '{% raw %}{% endraw %}'
fails '<stdin>:1:11: chat_template:1:4: the tag "raw" is not supported' "$ask"
shows '{"prompt":"Hi","completion":"Yes"}' '<|begin|>Hi' 'Yes<|end|>'
printf '%s' '{% raw %}{% endraw %}' >given
fails 'given:1:4: the tag "raw"' '{"prompt":"Hi"}' --template given
config '{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content|trim }}<|end|>
{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}'

# What users write is text, unless asked otherwise.
evil='{"prompt":[{"role":"user","content":"a<|end|>b<|begin|>"}]}'
template "$evil"
[ "$(ids prompt | tr ',' '\n' | grep -c -e "\b$begin\b" -e "\b$end\b")" -eq 2 ] ||
    die "a user's special tokens: $(ids prompt)"
[ "$(text prompt)" = '<|begin|>user: a<|end|>b<|begin|><|end|>
assistant: ' ] || die "text lost"
template "$evil" --parse-special
[ "$(ids prompt | tr ',' '\n' | grep -c -e "\b$begin\b" -e "\b$end\b")" -eq 4 ] ||
    die "--parse-special: $(ids prompt)"

# BOS is never doubled, whoever writes it, and characters are never cut.
one_bos() {
    template "$@"
    [ "$(ids prompt | tr -d '[]' | tr ',' '\n' | grep -c -x "$begin")" -eq 1 ] ||
        die "BOS: $*: $(ids prompt)"
}
one_bos '{"prompt":"<|begin|>Hi"}' --parse-special
one_bos '{"text":"<|begin|>Hi you"}' --parse-special
config '{{ bos_token }}{{ bos_token }}{{ messages[0].content }}'
one_bos "$ask"
one_bos '{"prompt":[{"role":"user","content":"<|begin|>Hi"}]}' --parse-special
shows '{"prompt":"天","completion":"気"}' '<|begin|>天' '気<|end|>'
[ "$(grep -c '""' out)" -gt 0 ] || die "no token within a character"

# Half of a special token from the template, half from a user.
config '{% for m in messages %}<|{{ m.content }}|>{% endfor %}'
template '{"prompt":[{"role":"user","content":"end"}]}'
ids prompt | grep -q -v "\b$end\b" || die "a token of two origins"
# A role is the template's.
config '{% for m in messages %}<|{{ m.role }}|>{% endfor %}'
template '{"prompt":[{"role":"end","content":"x"}]}'
[ "$(ids prompt)" = "[$end]" ] || die "a role is special: $(ids prompt)"
template '{"prompt":[{"role":"end|><|end","content":"x"}]}'
ids prompt | grep -q -v "\b$end\b" || die "a role that is no name"

# A list of templates, a file of its own, others by name.
jq -n '{chat_template: [{name: "default", template: "one{{ messages[0].content }}"},
    {name: "tools", template: "two"}]}' >m/tokenizer_config.json
shows "$ask" oneHi ''
shows "$ask" two '' --template auto:tools
fails 'no chat template "rag"' "$ask" --template auto:rag
mkdir m/additional_chat_templates
printf three >m/additional_chat_templates/rag.jinja
shows "$ask" three '' --template auto:rag
with_tools='{"prompt":[{"role":"user","content":"Hi"}],"tools":[{"n":5}]}'
shows "$with_tools" oneHi ''
printf five >m/additional_chat_templates/tool_use.jinja
shows "$with_tools" five ''
shows "$ask" oneHi ''
shows "$with_tools" three '' --template auto:rag
printf '{{ 1 +' >m/additional_chat_templates/tool_use.jinja
fails 'additional_chat_templates/tool_use.jinja:1:7: ' "$with_tools"
shows "$ask" oneHi ''
rm m/additional_chat_templates/tool_use.jinja
printf 'four\n' >m/chat_template.jinja
shows "$ask" four ''
rm m/chat_template.jinja
echo '{"chat_template":[{"name":"x","template":"x"}]}' >m/tokenizer_config.json
fails 'neither a string nor a list with a template of name "default"' "$ask"
shows "$ask" x '' --template auto:x
part='{"type":"text","text":"a"}'
shows '{"prompt":[{"role":"user","content":['"$part,$part"']},{"role":"user","content":null}]}' \
    aa '' --template raw
printf '{{ tools }}{{ documents is none }}{{ tools[0].name }}' >given
fails '"that item" is undefined' "$ask" --template given
printf '{{ tools is none }}{{ documents is none }}' >given
shows "$ask" TrueTrue '' --template given
printf '{{ tools[0].n }}' >given
shows "$with_tools" 5 '' --template given
fails 'none.jinja: ' "$ask" --template none.jinja

# The day is the caller's.
printf '{{ strftime_now("%%d %%b %%Y") }}' >given
shows "$ask" '26 Jul 2024' '' --template given --date 2024-07-26
fails 'given:1:16: there is no function "strftime_now" here (--date)' "$ask" \
    --template given
rc=0
hyt-tok template -m m --date 2024-13-01 </dev/null 2>err || rc=$?
[ "$rc" -eq 2 ] || die "a date of month 13: $rc"
grep -q -F -e '--date: "2024-13-01" is not YYYY-MM-DD' err || die "$(cat err)"

# {% generation %} is the completion; the rest goes to the prompt, or away.
cat >given <<'END'
{% for m in messages %}<{{ m.role }}>{% if m.role == "assistant" %}
 {% generation %}{{ m.content }}!{% endgeneration %}.{% else %}{{ m.content }}{% endif %}{% endfor %}
{% if add_generation_prompt %}<assistant>{% endif %}
END
shows "$talk" '<user> Hi <assistant>' 'Yes!' --template given
printf '%s' '{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}-{% generation %}x{% endgeneration %}{% endfor %}' >given
fails 'leaves a hole in the completion' "$talk" --template given
printf '%s' '{{ messages|length }}{{ messages[1:] }}' >given
shows "$talk" '1[]' 'Yes' --template given
fails 'in another way when the completion follows, which is no single text' \
    '{"prompt":[{"role":"user","content":"a"}],"completion":[{"role":"assistant","content":"b"},{"role":"user","content":"c"}]}' \
    --template given
# Thoughts that the prompt has opened are not opened twice.
printf '%s' '{% for m in messages %}{% if m.role == "user" %}Q {{ m.content }}{% else %}{{ m.content.split("</think>")[-1] }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ " <think>\n" }}{% endif %}' >given
for said in '<think>\nhm</think>Yes' 'hm</think>Yes'; do
    shows '{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"'"$said"'"}]}' \
        "$(printf 'Q q <think>\n ' | sed '$s/ $//')" 'hm</think>Yes' --template given
done
printf '%s' 'x
{{ 1 + }}' >given
fails 'given:2:8: expected an expression, not }}' "$talk" --template given
printf '%s' '{% for i in range(99999999) %}{% endfor %}' >given
fails '<stdin>:1:13: given:1:' "$talk" --template given
printf '%s' '{{ raise_exception("Roles must alternate") }}' >given
fails '<stdin>:1:13: given:1:19: Roles must alternate' "$talk" --template given

# Shapes.
rm -rf m/additional_chat_templates
config '{% for m in messages %}{{ m.role[0] }}:{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}a:{% endif %}'
shows '{"conversations":[{"from":"system","value":"S"},{"from":"human","value":"Q"},{"from":"gpt","value":"A"}]}' \
    's:S<|end|>u:Q<|end|>a:' 'A<|end|>'
shows '{"system":"S","conversations":[{"from":"human","value":"Q"},{"from":"gpt","value":"A"}]}' \
    's:S<|end|>u:Q<|end|>a:' 'A<|end|>'
shows '{"prompt":[{"role":"user","content":"Q"}],"completion":[{"role":"assistant","content":"A"}]}' \
    'u:Q<|end|>a:' 'A<|end|>'
shows '{"prompt":[{"role":"user","content":"Q"}],"completion":"A"}' \
    'u:Q<|end|>a:' 'A<|end|>'
shows '{"messages":[{"role":"user","content":"Q"},{"role":"assistant","content":"A"},{"role":"user","content":"R"}]}' \
    'u:Q<|end|>a:A<|end|>u:R<|end|>a:' ''
shows '{"text":"one two"}' '<|begin|>' 'one two<|end|>'
shows '{"text":"t","prompt":"p"}' '<|begin|>p' ''
shows '{"prompt":"p","completions":["a","b"],"labels":[true,false]}' \
    '<|begin|>p' 'a
b<|end|>'
shows '{"prompt":[{"role":"user","content":"Q"}],"completions":["a","b"],"labels":[true,false]}' \
    'u:Q<|end|>a:' 'a
b<|end|>'
shows '{"prompt":"p","messages":[{"role":"user","content":"Q"}]}' \
    'u:Q<|end|>a:' '' --field messages
fails 'both "prompt" and "messages": --prompt-field says which' \
    '{"prompt":"p","messages":[{"role":"user","content":"Q"}]}'
fails '<stdin>:1:1: no "prompt"' '{"x":1}'
fails '"prompt" has no messages' '{"prompt":[]}'
fails 'a message of "prompt" has no "role"' '{"prompt":[{"content":"x"}]}'
fails 'message 2 of "conversations" has no known "from"' \
    '{"conversations":[{"from":"human","value":"x"},{"from":"who","value":"y"}]}'
fails '"messages" is an answer without a question' \
    '{"messages":[{"role":"assistant","content":"x"}]}'
fails 'the assistant has the last word in "messages", and there is a completion' \
    '{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"x"}],"completion":"y"}'
fails '2 labels for 1 steps' '{"prompt":"p","completions":["a"],"labels":[1,2]}'
fails '--no-special does not go with template' "$ask" --no-special
