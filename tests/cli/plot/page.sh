#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The page holds its records whole, and nothing of theirs gets out.
set -eu
# shellcheck source=tests/cli/plot/common.inc
. "$CASE/common.inc"

cat >hostile.jsonl <<'END'
{"id":"</script><script>document.title='PWNED'</script>","prompt":"<img src=x onerror=\"document.title='PWNED'\"> &amp; \u2028 <!-- ü","completion":"a </script><img src=x onerror=\"document.title='PWNED'\">\nb ☃\nit is ü","steps":[{"text":[0,56]},{"text":[56,59]}],"final":{"text":"<b>ü","bytes":[68,70]},"gold":6,"prg":{"score":0.5,"tau":1e-9,"support":[0.1,0.6,0.4]},"kind":"</style>","grade":{"correct":false,"how":"exact"}}
{"id":"q","prompt":"{{data}} {{nonce}} only a question","kind":"rlif"}
{"id":"null","prompt":"no answer","completion":"x\ny","steps":[{"text":[0,2]}],"final":null,"prg":null,"weight":{"coef":null,"trust":0.25,"w":2}}
END

# data HTML: the JSON in it
data() {
    awk '/<\/script>/ { on = 0 } on; /<script type="application\/json"/ { on = 1 }' \
        "$1"
}

hyt-plot traces --title '<Title> & {{data}}' hostile.jsonl -o page.html
data page.html >data.json
if grep -q '<' data.json; then die "a < in the data"; fi
grep -q '<title>&lt;Title> &amp; {{data}}</title>' page.html
[ "$(grep -c '</script>' page.html)" -eq 2 ]
# no address to load from but the name of SVG's vocabulary
[ "$(grep -cE 'https?:|src=|href=' page.html)" -le 2 ]
grep -E 'https?:|src=|href=' page.html | grep -v w3.org/2000/svg |
    grep -v '^{"id":"\\u003c' && die "loads something"

# all of it reads back
jq -c '[.records[] | [.id, .prompt, (.parts // [] | map(.[0]) | join("")), .right]]' \
    data.json >got
jq -c -s 'map([.id, .prompt, .completion // "", .grade.correct])' hostile.jsonl |
    diff - got
# steps are numbered from 1, the answer is -1; a character is not cut
jq -c '.records[0] | [.parts[] | .[1]], .parts[-1], .support, .final, .gold' \
    data.json >got
printf '%s\n' '[1,2,0,-1]' '["ü",-1]' '[0.1,0.6,0.4]' '"<b>ü"' '"6"' | diff - got
jq -e '.columns as $c | [.records[] | [$c, .numbers] | transpose
    | map({(.[0]): .[1]}) | add] | .[0]["prg.tau"] == 1e-9
    and .[2]["weight.w"] == 2 and .[2]["weight.coef"] == null
    and .[1]["prg.score"] == null' data.json >/dev/null

# chosen records; another field of the question
hyt-plot traces --id a --id c graded.jsonl >two.html
[ "$(data two.html | jq -r '[.records[].id] | join(" ")')" = "a a c c" ]
sed 's/"prompt"/"question"/' graded.jsonl >q.jsonl
fails 1 'q.jsonl:1:1: no "prompt": --prompt-field' traces q.jsonl
# Messages are read as a conversation, without the answer that they end with.
cat >chat.jsonl <<'END'
{"id":"1","prompt":[{"role":"user","content":"one\nline"}],"completion":"5"}
{"id":"2","messages":[{"role":"system","content":"S"},{"role":"user","content":"Q"},{"role":"assistant","content":"A"}],"completion":"A"}
{"id":"3","prompt":[1],"completion":"5"}
END
hyt-plot traces chat.jsonl >chat.html
data chat.html | jq -e '.records | map(.prompt) ==
    ["one\nline", "system: S\n\nuser: Q", "[1]"]' >/dev/null
hyt-plot traces --prompt-field question q.jsonl >q.html
data q.html | jq -e '.records[2].prompt == "2+2"' >/dev/null

# --- in a browser ------------------------------------------------------------

browser=$(command -v chromium || command -v chromium-browser || true)
if [ -z "$browser" ]; then
    echo "skipped in part: no chromium"
    exit 77
fi

# elements URL: those of a page after its scripts have run
elements() {
    # Debian's wrapper writes to standard error; so does every headless run.
    timeout 120 "$browser" --headless --no-sandbox --disable-gpu \
        --disable-quic --disable-dev-shm-usage --no-first-run \
        --disable-background-networking --disable-component-update \
        --disable-sync --user-data-dir="$PWD/chromium" \
        --enable-logging=stderr --v=0 --dump-dom "$1" 2>log
}
if ! elements about:blank >blank; then
    echo "skipped in part: chromium does not start here: $(tail -n 1 log)"
    exit 77
fi
rm -rf chromium

# opened FILE: the elements of our page
opened() {
    elements "file://$PWD/$1"
    rm -rf chromium
    if grep CONSOLE log; then die "$1: console"; fi
}

opened page.html >dom
grep -q '<body data-ready="yes">' dom
if grep -q '<title>PWNED' dom; then die "a record has run"; fi
[ "$(grep -o '<article' dom | wc -l)" -eq 3 ]
if grep -q '<img' dom; then die "text became markup"; fi
grep -q '3 of 3 records: 0 right, 1 wrong, 2 not graded' dom
[ "$(grep -o 'class="curve"' dom | wc -l)" -eq 1 ]
grep -q '<mark>ü</mark>' dom
grep -q 'title="step 2: support 0.6 to 0.4, −0.20"' dom

# thousands of records: only the first are rendered
jq -c 'range(1000) as $i | .id = "r\($i)"' graded.jsonl >many.jsonl
hyt-plot traces many.jsonl -o many.html
opened many.html >dom
grep -q '6000 of 6000 records: 3000 right, 3000 wrong' dom
[ "$(grep -o '<article' dom | wc -l)" -le 200 ]

# what the form does: the page's own functions, called by a script of its nonce
cat >try.js <<'END'
const look = () => [...document.querySelectorAll('header b:first-child')]
  .map(e => e.textContent).join(' ');
const set = (id, value) => { at(id).value = value; };
const out = [];
const say = () => { update(); out.push(look()); };
set('grade', 'right'); say();
set('grade', ''); set('find', '2+2 6'); say();
set('find', ''); set('sort', String(columns.indexOf('prg.score'))); say();
at('down').checked = true; say();
set('kind', 'rd'); say();
document.body.dataset.tried = out.join(' | ');
END
hyt-plot traces graded.jsonl >form.html
nonce=$(sed -n 's/^<script nonce="\(.*\)">$/\1/p' form.html)
{
    cat form.html
    echo "<script nonce=\"$nonce\">"
    cat try.js
    echo "</script>"
} >form-try.html
opened form-try.html >dom
grep -o 'data-tried="[^"]*"' dom >got
echo 'data-tried="a a c | b | b c a b a c | a a b c b c | "' | diff - got
# What is looked for may reach over the edge of a step or of the answer.
cat >price <<'END'
{"id":"p","prompt":"?","completion":"it is\n#### $7.00 in all","steps":[{"text":[0,6]}],"final":{"text":"7.00","bytes":[12,16]},"prg":null}
END
hyt-plot traces price >price.html
nonce=$(sed -n 's/^<script nonce="\(.*\)">$/\1/p' price.html)
cat >price.js <<'END'
at('find').value = '$7.00';
update();
END
{
    cat price.html
    echo "<script nonce=\"$nonce\">"
    cat price.js
    echo "</script>"
} >price-try.html
opened price-try.html >dom
grep -q '1 of 1 records' dom || die "a price is not found: $(grep -o '[0-9]* of 1 r[a-z]*' dom)"
