#!/bin/sh
# SPDX-License-Identifier: MIT
#
# install.sh - what is installed is enough to use, and uninstall takes all
# of it away again
#
# LINT_MAKE makes the build that is checked.
set -eu

top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
prefix=$top/usr

# shellcheck disable=SC2086 # make carries its own options
$LINT_MAKE install PREFIX="$prefix" >"$top/log" 2>&1 || { cat "$top/log"; exit 1; }

cat >"$top/user.c" <<'END'
#include <stdio.h>
#include "hyt/base.h"

int main(void)
{
    struct hyt_err err;
    double x;
    char text[HYT_NUM_MAX];

    if (hyt_parse_f64("1e-1", &x, &err) < 0)
        return 1;
    hyt_num_f64(text, x);
    return puts(text) < 0;
}
END
flags=$(PKG_CONFIG_PATH=$prefix/lib/pkgconfig pkg-config --cflags --libs hyt)
# shellcheck disable=SC2086 # a list of flags
gcc -o "$top/user" "$top/user.c" $flags
[ "$("$top/user")" = 0.1 ] || { echo "the installed library fails"; exit 1; }

for source in tools/hyt-*.c; do
    tool=$(basename "$source" .c)
    "$prefix/bin/$tool" --version >/dev/null </dev/null ||
        { echo "$tool does not run"; exit 1; }
    [ -s "$prefix/share/man/man1/$tool.1" ] ||
        { echo "$tool has no manual page"; exit 1; }
done
[ -s "$prefix/share/man/man7/hyt.7" ] || { echo "no hyt(7)"; exit 1; }

# shellcheck disable=SC2086
$LINT_MAKE uninstall PREFIX="$prefix" >/dev/null
left=$(find "$prefix" -type f)
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
