#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What a record holds is not lost on the way in: messages that a template passes
# over, fields that are the user's own.

# shellcheck source=tests/cli/pipe/common.inc
. "$CASE/common.inc"

small m
# A template that asks with an open thought, and prints answers without one.
cat >m/chat_template.jinja <<'END'
{% for m in messages %}<{{ m.role }}>{{ m.content }}{% for c in m.tool_calls or [] %}[{{ c.f }}]{% endfor %}<|endoftext|>{% endfor %}
{%- if add_generation_prompt %}<assistant><think>{% endif %}
END
ask='"prompt":[{"role":"user","content":"hi"}]'
printf '{%s,"completion":[{"role":"assistant","content":"yes"}]}\n' "$ask" |
    hyt-rollout -m m >got
holds got '.completion == "yes"'
for more in '"tool_calls":[{"f":"add"}]' '"reasoning_content":"so"' \
    '"thinking":"so"' '"reasoning":"so"'; do
    printf '{%s,"completion":[{"role":"assistant","content":"a",%s}]}\n' \
        "$ask" "$more" >wrong
    fails hyt-rollout -m m wrong
    says 'no single text'
done
for none in null false '""' '[]' '{}'; do
    printf '{%s,"completion":[{"role":"assistant","content":"a","tool_calls":%s}]}\n' \
        "$ask" "$none" | hyt-rollout -m m >got
    holds got '.completion == "a"'
done

# Turns behind the first end of a sequence.
cat >m/chat_template.jinja <<'END'
{% for m in messages %}<{{ m.role }}>{{ m.content }}{% if m.role == "assistant" %}<|endoftext|>{% endif %}{% endfor %}
{%- if add_generation_prompt %}<assistant>{% endif %}
END
turn() {
    printf '{%s,"completion":[%s]}\n' "$ask" "$1" >turns
}
one='{"role":"assistant","content":"call"}'
turn "$one,{\"role\":\"tool\",\"content\":\"4\"},{\"role\":\"assistant\",\"content\":\"it is 4\"}"
fails hyt-rollout -m m turns
says 'turns:1:.*the completion goes on behind the end-of-sequence token'
turn "$one"
hyt-rollout -m m turns >got
holds got '.completion == "call"'

# A template that prints the system message with the last turn of the user, if
# that is the last of all: what the assistant says keeps the space it would have.
cat >m/chat_template.jinja <<'END'
{%- for m in messages if m.role != "system" %}
{%- if m.role == "user" %}
{%- if loop.last and messages[0].role == "system" %}{{ "[INST] " + messages[0].content + "\n" + m.content + "[/INST]" }}
{%- else %}{{ "[INST] " + m.content + "[/INST]" }}{% endif %}
{%- else %}{{ " " + m.content | trim + "<|endoftext|>" }}{% endif %}
{%- endfor %}
END
for system in '' '{"role":"system","content":"S"},'; do
    printf '{"messages":[%s{"role":"user","content":"hi"},{"role":"assistant","content":"yo\\n"}]}\n' \
        "$system"
done | hyt-rollout -m m >got
[ "$(jq -c .tokens.completion got | sort -u | wc -l)" -eq 1 ] ||
    die "the system message changes the answer: $(jq -c .completion got)"
holds got '.completion == " yo"'

# ShareGPT's system speaks before the prompt, not before the completion, too.
cat >m/chat_template.jinja <<'END'
{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}
END
said='"system":"S","conversations":[{"from":"human","value":"hi"}]'
printf '{%s,"completion":[{"from":"gpt","value":"yo"}]}\n' "$said" |
    hyt-rollout -m m >got
holds got '(.tokens.prompt | implode) == "<system>S<user>hi"'
holds got '.completion == "<assistant>yo"'

# refuses FIELD RECORD [OPTION]...: --overwrite replaces the field, which is not
# the toolkit's
refuses() {
    field=$1
    printf '%s\n' "$2" >mine
    shift 2
    fails hyt-rollout -m m -n 1 --max-tokens 2 "$@" mine
    says "mine:1:.*\"$field\" is there already"
    hyt-rollout -m m -n 1 --max-tokens 2 --overwrite "$@" mine >got
    holds got '.tokens.completion'
}
refuses gold '{"prompt":"a","gold":"mine","answer":"5"}' --gold-field answer
refuses completion '{"prompt":"a","completion":"mine"}' --completion-field other
refuses completion '{"prompt":"a","completion":"mine","other":"b"}' \
    --completion-field other
refuses completion '{"text":"hello","completion":"mine"}'
refuses group '{"prompt":"a","tokens":null,"group":"mine"}'
# What the toolkit has written itself, or what says the same
printf '%s\n' '{"prompt":"a","gold":"5","answer":"5"}' \
    '{"prompt":"a","gold":null,"answer":5}' '{"prompt":"a","completion":"b"}' \
    '{"text":"hello","completion":null}' >mine
hyt-rollout -m m -n 1 --max-tokens 2 --gold-field answer mine >got
holds got '(.gold // .answer) == .answer'
grep '"rd"' got >again
[ "$(wc -l <again)" -eq 2 ] || die "not two traces"
hyt-rollout -m m --gold-field answer again >twice
same again twice "a trace that comes again is another"
# Conversations, too; another answer beside theirs is refused.
printf '%s\n' '{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b\n"}]}' \
    '{"conversations":[{"from":"human","value":"a"},{"from":"gpt","value":"b"}]}' |
    hyt-rollout -m m --template raw >again
hyt-rollout -m m --template raw again >twice
same again twice "a conversation that comes again is another"
jq -c '.completion = "c"' again >wrong
fails hyt-rollout -m m --template raw wrong
says 'there is a completion'

# What goes on behind an end of the sequence
printf '%s\n' '{"prompt":"p","completion":"one<|endoftext|>two"}' \
    '{"text":"one<|endoftext|>two<|endoftext|>"}' \
    '{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b<|endoftext|>c"}]}' |
    while read -r record; do
        echo "$record" >goes_on
        fails hyt-rollout -m m --template raw --parse-special goes_on
        says 'goes_on:1:[0-9]*: the completion goes on behind the end'
    done
printf '{"text":"one<|endoftext|>\\n"}\n' | hyt-rollout -m m --parse-special >got
holds got '.completion == "ne"'
rc=0
hyt-rollout -m m --format '{prompt}{prompt}' goes_on 2>err || rc=$?
[ "$rc" -eq 2 ] || die "a prompt twice: $rc"
says 'more than one {prompt}'
echo "ok 1 - nothing is lost on the way in"
