#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tidy.sh - clang-tidy over every C file
#
# usage: tests/lint/tidy.sh [FILE]      without one: all, in parallel
#
# A file that was clean is not read again while its preprocessed text, the
# flags and the settings are the same: a stamp named by their digest.
set -u

stamps=build/lint/tidy
if [ $# = 0 ]; then
    mkdir -p "$stamps"
    find libcore tools tests -name '*.c' | sort |
        xargs -P "$(getconf _NPROCESSORS_ONLN)" -n 1 sh "$0"
    exit
fi

flags=$LINT_CFLAGS
grep -qE '^int hyt_(rec_)?fail|^#define _GNU_SOURCE' "$1" ||
    flags="$flags -include tests/lint/model.h"
# shellcheck disable=SC2086 # a list of flags
stamp=$stamps/$({
    cat .clang-tidy
    echo "$flags"
    clang -E -C $flags "$1"
} | sha256sum | cut -c 1-32)
[ -e "$stamp" ] && exit 0
# shellcheck disable=SC2086
found=$(clang-tidy --quiet "$1" -- $flags 2>&1) && : >"$stamp" && exit 0
echo "$found" | grep -vE ' warnings? generated|^Suppressed |^Use -header'
exit 1
