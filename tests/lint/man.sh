#!/bin/sh
# SPDX-License-Identifier: MIT
#
# man.sh - every option of a program stands in its manual page, and back;
# every page is accepted by scdoc
set -u

bad=0
for page in tools/*.scd; do
    [ -e "$page" ] || continue
    scdoc <"$page" >/dev/null || { echo "$page: refused by scdoc"; bad=1; }
done
for source in tools/hyt-*.c; do
    [ -e "$source" ] || continue
    tool=$(basename "$source" .c)
    page=tools/$tool.1.scd
    [ -e "$page" ] || { echo "$page: missing"; bad=1; continue; }
    # An option is documented where a line of the page starts with it.
    written=$(grep '^\*-' "$page" | grep -oE -e '--[a-z0-9][a-z0-9-]*' |
        sort -u)
    taken=$("build/lint-gcc/bin/$tool" --list-options </dev/null |
        cut -f 1 | sort -u)
    [ -n "$taken" ] || { echo "$tool --list-options: nothing"; bad=1; }
    for option in $taken; do
        echo "$written" | grep -qxe "$option" ||
            { echo "$page: $option is not documented"; bad=1; }
    done
    for option in $written; do
        echo "$taken" | grep -qxe "$option" ||
            { echo "$page: $tool has no $option"; bad=1; }
    done
done
exit $bad
