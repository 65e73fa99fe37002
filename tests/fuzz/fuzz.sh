#!/bin/sh
# SPDX-License-Identifier: MIT
#
# fuzz.sh - lets libFuzzer search, a while for each target
#
# usage: tests/fuzz/fuzz.sh BUILD SECONDS [TARGET]
#        tests/fuzz/fuzz.sh BUILD merge [TARGET]
#
# A search begins with tests/fuzz/corpus/TARGET, what earlier searches have
# found (BUILD/found/TARGET), and seeds made of the fixtures.  What breaks a
# target is written to BUILD/crash-TARGET-*: mend the cause, and add the file to
# tests/fuzz/crash/TARGET, which `make check` runs ever after.  `merge` adds to
# the corpus what reaches code that nothing there reaches, and is small.
set -u

[ $# -ge 2 ] || { sed -n 's/^# usage: //p' "$0" >&2 && exit 2; }
build=$1
what=$2
only=${3-}
here=$(dirname "$0")
fixtures=$here/../fixtures
small=4096 # bytes of a file of the corpus

# each_line FILTER DIR: a file for each line of standard input, by jq; the
# lines of which nothing remains make none
each_line() {
    n=0
    while IFS= read -r line; do
        n=$((n + 1))
        printf '%s' "$line" | jq -j "$1" >"$2/$n"
        [ -s "$2/$n" ] || rm "$2/$n"
    done
}

# seeds TARGET DIR: the fixtures, as that target reads them
seeds() {
    case $1 in
    json) cp "$fixtures"/toy-llama/*.json "$fixtures/tok/gpt2.json" "$2" ;;
    config)
        for m in "$fixtures"/toy-*; do
            cat "$m/config.json" >"$2/${m##*/}"
            printf '\0' >>"$2/${m##*/}"
            cat "$m/generation_config.json" >>"$2/${m##*/}"
        done
        ;;
    jinja) each_line .template "$2" <"$fixtures/jinja/cases.jsonl" ;;
    tokenizer)
        cp "$fixtures"/tok/*.json "$2"
        zstd -q -dc "$fixtures/tok/parts.jsonl.zst" |
            jq -nc 'input.models as $m | inputs | select(.name) |
                $m[.model] + .with' | each_line . "$2"
        ;;
    stream)
        for f in "$fixtures"/toy-llama/*.json "$here"/corpus/record/*; do
            zstd -q -f -o "$2/${f##*/}.zst" "$f"
        done
        ;;
    esac
}

# known TARGET: folders to begin with, $found first: there goes what is new
known() {
    found=$build/found/$1
    seed=$build/seed/$1
    mkdir -p "$found" "$seed" "$here/corpus/$1"
    [ -n "$(ls "$seed")" ] || seeds "$1" "$seed"
}

# search TARGET: prints one line, TAP
search() {
    known "$1"
    set -- "$1" "$found" "$seed" "$here/corpus/$1"
    target=$1
    shift
    dict=
    [ ! -f "$here/$target.dict" ] || dict=-dict=$here/$target.dict
    if "$build/fuzz/$target" ${dict:+"$dict"} -max_total_time="$what" \
        -max_len=40000 -timeout=300 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$build/crash-$target-" "$@" \
        >"$build/$target.log" 2>&1; then
        echo "ok - fuzz $target: $(awk '/number_of_executed_units/ { n = $2 }
            / cov: / { split($0, a, / cov: /); c = a[2] + 0 }
            END { print n " inputs, " c " places reached" }' "$build/$target.log")"
    else
        echo "not ok - fuzz $target: see $build/$target.log"
        {
            grep -E 'bug at|ERROR|SUMMARY|Test unit written' "$build/$target.log"
            find "$build" -name "crash-$target-*" \
                -exec sh -c 'echo "$1, by zstd | base64:"
                    zstd -q -c "$1" | base64 -w 1000' - {} \;
        } | sed 's/^/#   /'
    fi
}

# merge TARGET: the corpus has nothing that is large, or reaches nothing new
merge() {
    known "$1"
    rm -rf "$build/merged/$1" "$build/small/$1"
    mkdir -p "$build/merged/$1" "$build/small/$1"
    find "$here/corpus/$1" "$found" "$seed" -type f -size -${small}c \
        -exec cp {} "$build/small/$1" \;
    "$build/fuzz/$1" -merge=1 -use_counters=0 -timeout=300 \
        "$build/merged/$1" "$build/small/$1" \
        >"$build/$1.log" 2>&1 || exit 1
    rm -rf "${here:?}/corpus/$1"
    mv "$build/merged/$1" "$here/corpus/$1"
    echo "$1: $(find "$here/corpus/$1" -type f | wc -l) files"
}

# Two at a time.
[ "$what" = merge ] && run=merge || run=search
n=0
{
    for target in ${only:-$(ls "$build/fuzz")}; do
        $run "$target" &
        n=$((n + 1))
        [ $((n % 2)) -ne 0 ] || wait
    done
    wait
} | awk '{ print; fflush() }
    /^ok/ { passed++ }
    /^not ok/ { failed++ }
    END {
        if (passed + failed)
            print passed + 0 " passed, " failed + 0 " failed"
        exit failed > 0
    }'
