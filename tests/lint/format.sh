#!/bin/sh
# SPDX-License-Identifier: MIT
#
# format.sh - every C file is as clang-format leaves it
find libcore tools include tests -name '*.[ch]' -exec \
    clang-format --dry-run -Werror {} + 2>&1 |
    awk -F: '/error:/ && !seen[$1]++ { print $1 ":" $2 ": not formatted" }
        END { exit NR > 0 }'
