#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Supervised traces: tokenised, and else as they came; what does not fit the
# context is refused.

# shellcheck source=tests/cli/pipe/common.inc
. "$CASE/common.inc"

taught m
cat >odd.jsonl <<'END'
{ "prompt" : "3 + 4?" ,"completion":	"3 and 4 are 7.\n#### 7" , "n" : 9007199254740993  }
{"big":1E400,"small":0.30000000000000004,"neg":-0,"prompt":"5 + 2?","completion":"It is 7.\n#### 7","x":{"b":1, "a":[ 1.0,1e0 ]}}
{"k":1,"k":2,"prompt":"1 + 4?","completion":"It is 5.\n#### 5","k" :3,"o":{"y":1,"y":1}}
{"s":"a\u0000b\ud83d\ude00\/","prompt":"2 + 2?","completion":"\u0049t is 4.\n#### 4","é":"ü"}
{"kind":"rd","id":"mine","prompt":"2 + 1?","completion":"3.\n#### 3","Tokens":7,"COMPLETION":0}
{"prompt":"bytes é ü 漢字?","completion":"Das ist 4 €, naïve: 漢.\n#### 4 €"}
{"prompt":"","completion":""}
END
sed '$d' odd.jsonl >in

# whole A B: each line of A, without its last brace, begins a line of B in the
# same order
whole() {
    awk -v other="$2" '{
        sub(/[ \t]*}$/, "")
        getline line <other
        if (index(line, $0) != 1) { print NR ": " $0 " / " line; bad = 1 }
    } END { exit bad }' "$1" || die "$2: bytes of the input are not there"
}

hyt-rollout -m m in >out
hyt-prg -m m out >scored
hyt-weight --policy rd --traces 4 scored >weighted
for f in out scored weighted; do
    whole in $f
    [ "$(grep -c . $f)" -eq 6 ] || die "$f: not six records"
done
whole out scored
whole scored weighted
holds out '.kind == "rd" and .sample == 0 and (.tokens | has("logp") | not)'
holds out 'has("sampling") or has("policy") or has("finish") | not'
holds out '.tokens.completion[-1] == 256 and
    (.tokens.ends | length) == (.tokens.completion | length) and
    .tokens.ends[-1] == (.completion | utf8bytelength)'
holds weighted '.weight.reward == null'
hyt-update -m m --dry-run weighted >/dev/null
hyt-rollout -m m --no-eos in >bare
holds bare '.tokens.completion[-1] != 256'
[ "$(sed -n 5p out | jq -r .id)" = mine ] || die "the given id is lost"

# A token a byte: what was encoded is what was written.
holds bare '(.tokens.completion | length) == (.completion | utf8bytelength)'

# Other names of the fields; the trace is copied, the original stays.
sed 's/"prompt"/"question"/; s/"completion"/"answer"/' in >named
hyt-rollout -m m --prompt-field question --completion-field answer named >got
whole named got
holds got '.completion == .answer'
jq -c .tokens got >left
jq -c .tokens out >right
same left right "other names, other tokens"

# Fields of ours that somebody else wrote.
echo '{"prompt":"1","completion":"2","tokens":5}' >taken
fails hyt-rollout -m m taken >got
says 'taken:1:'
says tokens
hyt-rollout -m m --overwrite taken >got
holds got '.tokens.prompt'
fails hyt-rollout -m m --overwrite odd.jsonl >got # no prompt at all
says 'odd.jsonl:7:'

# Too long: both lengths, and nothing is cut.
printf '{"prompt":"%0200d","completion":"%056d"}\n' 1 2 >fits
printf '{"prompt":"%0200d","completion":"%057d"}\n' 1 2 >long
printf '{"prompt":"%0256d"}\n' 1 >query
printf '{"prompt":"%0255d"}\n' 1 >room
fails hyt-rollout -m m fits >got
says '200'
says '57' # with the end of the sequence
hyt-rollout -m m --no-eos fits >got
fails hyt-rollout -m m --no-eos long >got
says 'long:1:'
says '200.*57.*256'
[ ! -s got ] || die "part of a record that is too long"
fails hyt-rollout -m m query >got
says 'query:1:'
says '256'
hyt-rollout -m m -n 1 room >got
holds got '.tokens.completion | length == 1'
hyt-prg -m m got >/dev/null

# --skip-bad passes over them and counts them.
{ sed -n 1,2p in && cat long query && sed -n 3,4p in && echo '{"prompt":' &&
    echo '{"other":1}' && sed -n 5,6p in; } >some
fails hyt-rollout -m m some >got
says 'some:3:'
[ "$(grep -c . got)" -eq 2 ] || die "what came before the bad record is lost"
fails hyt-rollout -m m --skip-bad some >got
for n in 3 4 7 8; do says "some:$n:"; done
says '4 of 10 records skipped'
same got out "--skip-bad"
