#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What hyt-plot refuses, and that no text gets at gnuplot or the shell.
set -eu
# shellcheck source=tests/cli/plot/common.inc
. "$CASE/common.inc"

fails 2 'expected reliability,' </dev/null
fails 2 'not fish' fish graded.jsonl
fails 2 'trace has no --title' trace --title x graded.jsonl
fails 2 'traces has no --width' traces --width 400 graded.jsonl
fails 2 'traces has no --gnuplot' traces --gnuplot graded.jsonl
fails 2 'support has no --fields' support --fields x graded.jsonl
fails 2 'arms has no --bins' arms --bins 3 graded.jsonl
fails 2 'prg has no --confidence' prg --confidence vote graded.jsonl
fails 2 'train has no --id' train --id a graded.jsonl
fails 2 'prg has no --x' prg --x sample graded.jsonl
fails 2 'arms has no --log-x' arms --log-x graded.jsonl
fails 2 'prg has no --prompt-field' prg --prompt-field q graded.jsonl
fails 2 '--fields names none' train --fields , graded.jsonl
fails 2 'at least --width 300' prg --width 100 graded.jsonl
fails 2 '--title is not UTF-8' prg --title "$(printf 'a\377')" graded.jsonl
for verb in reliability support prg traces; do
    fails 1 'no records' $verb /dev/null
done
fails 1 'no number among' train /dev/null
fails 1 'no arms' arms /dev/null
fails 1 'no spans' trace /dev/null
echo '[1]' | fails 1 '<stdin>:1:1:' support

# a bad record is passed over and counted
(cat graded.jsonl && echo '{"id":"z"}') >bad.jsonl
hyt-plot support --skip-bad bad.jsonl >out.svg 2>err && die "exit 0"
grep -q '1 of 7 records skipped' err
figure out.svg

# sizes are taken
hyt-plot prg graded.jsonl --width 500 --height 300 |
    grep -q '^ width="500" height="300"'

# text that means something to gnuplot, to a shell, to XML
# shellcheck disable=SC2016 # nothing is to be expanded
title='`touch pwned`'\''; system("touch pwned"); set label "$(touch pwned)" @a
<b>&amp;{/=20 x}_2^3'
hyt-plot prg graded.jsonl --title "$title" -o title.svg
figure title.svg
jq -c --arg t "$title" '.id = $t' graded.jsonl >ids.jsonl
hyt-plot support ids.jsonl -o ids.svg
figure ids.svg
jq -n -c --arg t "$title" '{arm: $t, metric: $t, mean: 1}' |
    hyt-plot arms -o arms.svg
figure arms.svg
[ ! -e pwned ] || die "a title was run"
# names that XML does not have, or that do not fit
latin=$(printf 'caf\351.jsonl')
echo '{"step":1,"loss":2}' | tee "$latin" >other.jsonl
hyt-plot train "$latin" other.jsonl -o latin.svg
figure latin.svg
hyt-plot train --x "$(printf 'st\377p')" "$latin" 2>err && die "no such field"
jq -c '.id = "\uffff"' graded.jsonl | hyt-plot support -o noncharacter.svg
figure noncharacter.svg
long=$(printf '%056d' 0)éyy
jq -c --arg f "$long" '.[$f] = 0.5' graded.jsonl |
    hyt-plot reliability --confidence "field:$long" -o long.svg
figure long.svg
echo '{"metric":"ece","mean":0.1}' | fails 1 'neither {"arm"' arms
xmllint --xpath 'string(/*/*[local-name() = "title"])' title.svg >got
# shellcheck disable=SC2016
echo "$title" | paste -s -d ' ' - | diff - got
for f in title ids arms; do
    grep -q -F '>`touch' $f.svg || die "$f.svg does not show it"
done

# the script is what is drawn
hyt-plot prg --gnuplot graded.jsonl | gnuplot -d >by-hand.svg
hyt-plot prg graded.jsonl >ours.svg
for f in by-hand ours; do
    grep -oE " d='[^']*'|points = '[^']*'|<text>.*" $f.svg >$f
done
cmp by-hand ours

# without gnuplot: one line, no file; the script and the page need none
mkdir bin
ln -s "$(command -v hyt-plot)" bin/
status=0
PATH=$PWD/bin hyt-plot prg graded.jsonl -o never.svg 2>err || status=$?
[ $status -eq 1 ]
[ "$(wc -l <err)" -eq 1 ]
grep -q 'hyt-plot: gnuplot is not installed (in Debian: gnuplot-nox)' err
[ ! -e never.svg ]
PATH=$PWD/bin hyt-plot prg graded.jsonl --gnuplot >out
PATH=$PWD/bin hyt-plot traces graded.jsonl >out
# a gnuplot that fails: its last line is the message
printf '#!/bin/sh\necho "line 3:" >&2\necho "no such terminal" >&2\nexit 1\n' \
    >bin/gnuplot
chmod +x bin/gnuplot
PATH=$PWD/bin:$PATH fails 1 'gnuplot failed: no such terminal' prg graded.jsonl
