#!/bin/sh
# SPDX-License-Identifier: MIT
#
# headers.sh - each header compiles alone, the public ones in plain C11
set -u

bad=0
check() { # HEADER CFLAG...
    header=$1
    shift
    for cc in gcc clang; do
        "$cc" -std=c11 -Wall -Wextra -Wpedantic -Werror "$@" -Iinclude \
            -fsyntax-only -include "$header" -x c /dev/null || bad=1
    done
}

for h in include/hyt/*.h; do
    check "$h"
done
for h in $(find libcore tools -name '*.h' | sort); do
    # shellcheck disable=SC2086 # a list of flags
    check "$h" $LINT_CFLAGS
done
exit $bad
