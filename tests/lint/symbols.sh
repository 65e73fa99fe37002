#!/bin/sh
# SPDX-License-Identifier: MIT
#
# symbols.sh - what the library exports begins with hyt_
nm -g --defined-only build/lint-gcc/libhyt.a |
    awk 'NF == 3 && $3 !~ /^hyt_/ { print $3; bad = 1 } END { exit bad }'
