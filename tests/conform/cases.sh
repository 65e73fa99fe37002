# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154 # tool, args, field, record: conform.sh
#
# The cases: each runs in an empty directory of its own; a status other than 0
# is a failure, and what was printed says why.

# --- helpers -----------------------------------------------------------------

# run STATUS ARGS...: the tool with its arguments and these; stdin as it is;
# leaves `out` and `err`
run() {
    want=$1
    shift
    # shellcheck disable=SC2086 # several words
    "$tool" $args "$@" >out 2>err
    status $? "$want"
}

# status GOT WANTED
status() {
    [ "$1" -eq "$2" ] && return
    echo "exit status $1, not $2; stderr:"
    cat err
    return 1
}

# good [N]: N good records with ids of their own
good() {
    i=0
    while [ "$i" -lt "${1-1}" ]; do
        printf '%s\n' "$record" | sed "s/\"id\":\"a\"/\"id\":\"a$i\"/
            s/\"group\":\"a\"/\"group\":\"a$i\"/
            s/\"batch\":0/\"batch\":$i/"
        i=$((i + 1))
    done
}

# into_field BYTES: a good record with the bytes (for printf) inside its field
into_field() {
    printf '%s' "${record%%\""$field"\":\"*}\"$field\":\""
    # shellcheck disable=SC2059 # escapes are meant
    printf "$1"
    printf '%s\n' "${record#*\""$field"\":\"}"
}

# foreign BYTES: a good record with these bytes as its first members
foreign() {
    # shellcheck disable=SC2059 # escapes are meant
    printf "{$1,"
    printf '%s\n' "${record#\{}"
}

# one_line REGEX: stderr is one line "tool: ..." that matches
one_line() {
    if [ "$(wc -l <err)" -ne 1 ] || ! grep -q "^$tool: " err; then
        echo "not one line of \"$tool: ...\":"
        cat err
        return 1
    fi
    grep -q -E -e "$1" err && return
    echo "no match for $1:"
    cat err
    return 1
}

empty() {
    [ ! -s "$1" ] && return
    echo "$1 is not empty:"
    head -c 500 "$1"
    return 1
}

# untimed FILE: without the one figure that a clock has a part in
untimed() {
    sed 's/"tokens_per_second":[0-9.e+-]*/"tokens_per_second":0/' "$1"
}

# equal [N]: out is what N plain good records give
equal() {
    untimed out >got
    good "${1-1}" | run 0 || return
    untimed out | cmp - got
}

# is_bad COLUMN LINE: refused with the position, nothing written
is_bad() {
    one_line "<stdin>:${2-1}:$1: " && empty out
}

# --- every tool --------------------------------------------------------------

case_help() {
    "$tool" --help >out 2>err
    status $? 0 && empty err && grep -q "$tool" out && grep -q -e --version out
}

case_version() {
    "$tool" --version >out 2>err
    status $? 0 && empty err && grep -q -E "^$tool [0-9]+\.[0-9]+\.[0-9]+$" out
}

case_unknown_option() {
    run 2 --no-such-option </dev/null && empty out &&
        one_line '--no-such-option'
}

case_stray_value() {
    run 2 --quiet=1 </dev/null && empty out && one_line '--quiet'
}

case_full_device() {
    # shellcheck disable=SC2086
    good | "$tool" $args >/dev/full 2>err
    status $? 1 && one_line '.'
}

case_closed_stdout() {
    # shellcheck disable=SC2086
    good | "$tool" $args >&- 2>err
    status $? 1 && one_line '.'
}

# --- every tool that reads records --------------------------------------------

case_missing() {
    run 1 no-such-file && empty out && one_line 'no-such-file: No such file'
}

case_directory() {
    mkdir dir
    run 1 dir && empty out && one_line 'dir: [Ii]s a directory'
}

case_operands() {
    good 2 >both
    sed -n 1p both >one
    sed -n 2p both >two
    run 0 one two && equal 2
}

case_dashes() {
    good >-v
    run 0 -- -v && equal && good | run 0 - && equal
}

case_range() {
    good | run 2 --max-line 0 && empty out && one_line '--max-line'
}

case_closed_stdin() {
    run 1 <&- && empty out && one_line '<stdin>'
}

case_no_newline() {
    good | tr -d '\n' | run 0 && equal
}

case_blank_lines() {
    { printf '\n\n' && good && printf '  \n'; } | run 0 && equal &&
        printf '\n\n{\n' | run 1 && is_bad '[0-9]+' 3
}

case_crlf() {
    good 2 | sed 's/$/\r/' | run 0 && equal 2
}

case_bom() {
    { printf '\357\273\277' && good; } | run 0 && equal
}

case_nul_byte() {
    foreign '"x":"a\000b"' | run 1 && is_bad '[0-9]+'
}

case_not_json() {
    { printf '{"id":"a",}\n'; } | run 1 && is_bad 11
}

case_not_object() {
    echo '[1]' | run 1 && is_bad 1
}

case_truncated_line() {
    good | head -c 12 | run 1 && is_bad '[0-9]+'
}

case_bad_utf8_read() {
    into_field '\377' | run 1 && is_bad '[0-9]+'
}

case_bad_utf8_foreign() {
    foreign '"x":"\377\300\200"' >in
    run 0 <in && empty err || return
    [ "$kind" != filter ] || head -c 10 out | cmp -n 10 - in
}

case_nul_escape_read() {
    into_field '\\u0000' | run 1 && is_bad '[0-9]+'
}

case_duplicate_read() {
    foreign "\"$field\":\"5\"" | run 1 && is_bad '[0-9]+'
}

case_zst_input() {
    good | zstd -q | run 0 && equal &&
        good | zstd -q -o in.zst && run 0 in.zst && equal
}

case_zst_frames() {
    good 2 >both
    { head -n 1 both | zstd -q && tail -n 1 both | zstd -q; } | run 0 && equal 2
}

case_zst_truncated() {
    good 50 | zstd -q | head -c -3 | run 1 && one_line 'truncated|incomplete'
}

case_zst_output() {
    good | run 0 --zstd && mv out z && zstd -q -d <z >out && equal &&
        good | run 0 -o z2.zst && empty out && zstd -q -d <z2.zst >out && equal
}

case_output_file() {
    good | run 0 -o file && empty out && mv file out && equal &&
        [ -z "$(find . -name '*tmp*')" ]
}

# a failed run leaves the old file, and no temporary one
case_output_fails() {
    good | run 1 -o no/such/dir && empty out && one_line 'no/such' &&
        echo old >file && { good && echo '{'; } | run 1 -o file &&
        [ "$(cat file)" = old ] && [ "$(find . -type f | wc -l)" -eq 3 ]
}

# a line of 10 MB, told by its tildes
case_long_line() {
    {
        printf '{"x":"'
        head -c 10000000 /dev/zero | tr '\0' '~'
        printf '",%s\n' "${record#\{}"
    } | run 0 && tr -d '~' <out >got &&
        tr -d -c '~' <out | wc -c >tildes &&
        foreign '"x":""' | run 0 &&
        untimed got >want && untimed out | cmp - want &&
        if [ "$kind" = filter ]; then [ "$(cat tildes)" -eq 10000000 ]; fi
}

case_max_line() {
    good | run 0 --max-line 10k && equal &&
        good | run 1 --max-line 20 && is_bad '[0-9]+'
}

# the bad one is passed over and counted; without the option nothing that went
# before it is lost
case_skip_bad() {
    good 2 >both
    { head -n 1 both && echo '{"id":' && echo 7 && tail -n 1 both; } >mixed
    run 1 --skip-bad <mixed && grep -q '<stdin>:2:' err &&
        grep -q '<stdin>:3:' err && grep -q -E '\<2\>' err && equal 2
}

case_first_bad_stops() {
    good 2 >both
    { head -n 1 both && echo '{"id":' && tail -n 1 both; } >mixed
    run 1 <mixed && one_line '<stdin>:2:' &&
        if [ "$kind" = filter ]; then equal; fi
}

# the reader of the output leaves: quietly, or with a word where more than the
# output is lost
case_head_1() {
    good 20 >twenty
    i=0
    while [ "$i" -lt 60 ]; do
        cat twenty
        i=$((i + 1))
    done >many
    # shellcheck disable=SC2086
    {
        "$tool" $args <many 2>err
        echo $? >rc
    } | head -n 1 >out
    [ "$kind" != filter ] || [ "$(wc -l <out)" -eq 1 ] || return
    case $kind,$(cat rc) in
    *,0 | *,141) empty err ;;
    report,1) one_line 'standard output: ' ;;
    *) status "$(cat rc)" 141 ;;
    esac
}

# --- filters -----------------------------------------------------------------

case_empty_filter() {
    run 0 </dev/null && empty out && empty err
}

# every byte of what the tool does not know leaves as it came
case_foreign_fields() {
    first='{ "n" : 9007199254740993,"f":0.30000000000000004 ,"big":1E400,'
    first="$first\"u\":\"ab\\u0000cd\", \"d\":1 , \"d\":{\"k\":[ ],\"k\":-0.0},"
    last="  ,\"s\":\"\\/\\u00e9 \",\"\":null  "
    body=${record#\{}
    printf '%s%s%s}\n' "$first" "${body%\}}" "$last" >in
    run 0 <in && empty err || return
    case $(cat out) in
    "$first"*"$last"*'}') ;;
    *) cat out && return 1 ;;
    esac
}

# what the tool wrote it reads again, and writes the same
case_twice() {
    good 2 | run 0 && mv out once && run 0 <once && cmp once out
}

# --- reports -----------------------------------------------------------------

case_empty_report() {
    # shellcheck disable=SC2086
    "$tool" $args >out 2>err
    [ $? -le 1 ]
}

case_foreign_accepted() {
    foreign '"n":9007199254740993,"b":1E400,"u":"\\u0000","d":1,"d":2' |
        run 0 && empty err
}
