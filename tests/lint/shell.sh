#!/bin/sh
# SPDX-License-Identifier: MIT
#
# shell.sh - shellcheck over every script, known by its first line
find tests tools examples .ci -type f -size -64k \
    -exec grep -lE -m 1 '^#!/(usr/)?bin/(env )?(ba)?sh' {} + |
    sort | xargs shellcheck -x
