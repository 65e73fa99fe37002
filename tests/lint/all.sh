#!/bin/sh
# SPDX-License-Identifier: MIT
#
# all.sh - run the static checks, one line each and what they found
#
# usage: tests/lint/all.sh MAKE CHECK...        (`make lint`)
set -u

make=$1
shift
found=$(mktemp)
trap 'rm -f "$found"' EXIT
passed=0
failed=0
for check in "$@"; do
    # shellcheck disable=SC2086 # make carries its own options
    if $make "lint-$check" >"$found" 2>&1; then
        echo "ok lint $check"
        passed=$((passed + 1))
    else
        echo "not ok lint $check"
        sed 's/^/    /' "$found"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
