#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The questions of less-is-more: the parts share none, the answers are right by
# another way to compute them, and the traces are right and of their topics.

set -eu
here=$TESTS/../examples/less-is-more

tasks() {
    awk -f "$here/tasks.awk" -v task="$1" -v what="$2" -v n="$3" -v seed="$4"
}

# The question without its topic, which must not be in two parts
questions() {
    jq -r 'select(.mode != "fact") | .prompt | ltrimstr("\(.[0:4]) ")' | sort -u
}

# chain: left to right modulo 10
cat >chain.jq <<'END'
def value: [match("[+-]?[0-9]"; "g").string | tonumber]
    | ((add % 10) + 10) % 10 | tostring;
.prompt[5:] | value
END
# order: so many times the name that follows
cat >order.jq <<'END'
(.prompt | rtrimstr("\n") | split(" ")[1:]) as $w
| ($w[:-1] | map({(.[0:1]): .[1:2]}) | add) as $next
| ($w[-1][1:] | tonumber) as $n
| reduce range($n) as $i ($w[-1][0:1]; $next[ascii_downcase])
END

for task in chain triage order; do
    for part in corpus traces queries validation test; do
        tasks $task "$part" 500 1 >"$part.jsonl"
        questions <"$part.jsonl" >"$part.q"
        [ "$(wc -l <"$part.q")" -gt 300 ]
    done
    [ -z "$(sort ./*.q | uniq -d)" ]
    tasks $task test 300 1 | jq .length | sort -n >lengths
    tasks $task long 100 1 | jq -e -s --argjson longest "$(tail -n 1 lengths)" \
        'map(.length > $longest) | all' >/dev/null
    # about 100 tokens, which are bytes and the end
    jq -s 'map(.completion | length + 1) | add / length' traces.jsonl >mean
    awk '$1 < 95 || $1 > 105 { exit 1 }' mean

    jq -e -s 'map(.topic) | unique | length == 3' traces.jsonl >/dev/null
    jq -e -s 'map(.topic) | unique | length == 24' test.jsonl >/dev/null
    # A question of a covered topic is one that a trace could have been about.
    jq -r 'select(.covered) | .topic' test.jsonl | sort -u >covered
    jq -r .topic traces.jsonl | sort -u | cmp - covered
    jq -e -s 'map(select(.mode == "careful")) | length > 80' corpus.jsonl >/dev/null
done

for task in chain order; do
    tasks $task test 200 2 | jq -r .gold >gold
    tasks $task test 200 2 | jq -r -f $task.jq | cmp - gold
    tasks $task traces 200 2 | jq -r '.completion | split("#### ")[1]' >gold
    tasks $task traces 200 2 | jq -r -f $task.jq | cmp - gold
done
# triage: every step follows from its finding and the level before it alone
tasks triage traces 500 3 | jq -r '.completion | split("\n")[:-1]
    | . as $l | range(length) | [($l[.] | split(" ")[-3]),
      (if . == 0 then "5" else $l[. - 1][-1:] end), $l[.][-1:]] | @tsv' |
    sort -u >steps
[ "$(cut -f 1,2 steps | sort | uniq -d | wc -l)" -eq 0 ]
[ "$(wc -l <steps)" -gt 200 ]
