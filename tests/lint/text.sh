#!/bin/sh
# SPDX-License-Identifier: MIT
#
# text.sh - licence line, white space, line and file lengths, loose ends
set -u
export LC_ALL=C.UTF-8

c_files=$(find libcore tools include tests -name '*.[ch]' | sort)
scripts=$(find tests examples .ci -type f \( -name '*.sh' -o -name '*.py' \
    -o -name Makefile -o -name run \) | sort)
prose="$(find tools -name '*.scd' -o -name '*.html' | sort) README.md"

# report MESSAGE: each line on standard input is a finding
report() {
    sed "s/\$/: $1/"
}

# The lists are split on purpose: names here have no spaces.
# shellcheck disable=SC2086
found=$(
    for f in $c_files; do
        [ "$(head -n 1 "$f")" = "/* SPDX-License-Identifier: MIT */" ] ||
            echo "$f:1"
    done | report "no licence line"
    for f in Makefile $scripts; do
        head -n 2 "$f" | grep -qx '# SPDX-License-Identifier: MIT' ||
            echo "$f:1"
    done | report "no licence line"
    grep -nE '[[:space:]]$' $c_files Makefile $scripts $prose |
        cut -d: -f1,2 | report "white space at the end of the line"
    grep -nE "^.{81}" $c_files tools/*.scd | cut -d: -f1,2 |
        report "longer than 80 columns"
    awk 'FNR == 401 { print FILENAME }' $c_files |
        report "longer than 400 lines"
    grep -nwE 'TODO|FIXME|XXX|HACK' $c_files Makefile | cut -d: -f1,2 |
        report "unfinished"
)
[ -z "$found" ] || { echo "$found"; exit 1; }
