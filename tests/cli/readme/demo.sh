#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The demo runs the pipe, and a few rounds of it make the model better and more
# honest about its confidence; run again, it does nothing.
set -eu
case $BUILD in
*/asan | */tsan) echo "skipped: too slow under a sanitizer" && exit 77 ;;
esac
demo() {
    make --no-print-directory -C "$TESTS/../examples/quickstart" demo \
        B="$PWD/work" ROUNDS=4 HYT_BIN="$BUILD/bin"
}

demo >first
demo >second
grep -q '^round 4 of 4' first
if grep -q '^round' second; then echo "made again" && exit 1; fi
cat first

# before and after: accuracy rises, ECE falls
awk '$1 == "before" {a = $2; e = $4; n++} $1 == "after" {b = $2; f = $4; n++}
     END {exit !(n == 2 && b > a + 0.1 && f < e - 0.1)}' first
# a trace with its support after each step
awk '/^    / && /#+$/ {n++} END {exit n < 3}' first
