#!/bin/sh
# SPDX-License-Identifier: MIT
#
# banned.sh - functions that are not called: unsafe, locale-bound or impure
# ones anywhere; printing and exiting in the library, but for the two files
# through which out-of-memory and HYT_BUG() end the process
set -u

# shellcheck disable=SC2016 # an awk program
find libcore tools include tests -name '*.[ch]' | sort | xargs awk '
BEGIN {
    unsafe = "strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atof|gets|" \
        "localtime|gmtime|ctime|setlocale|rand|srand|random|alloca"
    ends = "printf|vprintf|puts|putchar|perror|exit|abort"
}
# Blanks out comments and string literals; `in_comment` lives across lines.
function code(s,    out) {
    out = ""
    while (s != "") {
        if (in_comment) {
            if (!match(s, /\*\//))
                return out
            s = substr(s, RSTART + 2)
            in_comment = 0
        } else if (match(s, /\/\*|\/\/|"([^"\\]|\\.)*"|\047([^\047\\]|\\.)+\047/)) {
            out = out substr(s, 1, RSTART - 1) " "
            if (substr(s, RSTART, 2) == "//")
                return out
            in_comment = substr(s, RSTART, 2) == "/*"
            s = substr(s, RSTART + RLENGTH)
        } else {
            out = out s
            s = ""
        }
    }
    return out
}
function find(text, names) {
    if (match(text, "(^|[^A-Za-z0-9_])(" names ")[ \t]*[(]")) {
        print FILENAME ":" FNR ": " substr(text, RSTART, RLENGTH) "...)"
        status = 1
    }
}
FNR == 1 { in_comment = 0 }
{
    text = code($0)
    find(text, unsafe)
    if (FILENAME ~ /^libcore\// && FILENAME !~ /^libcore\/base\/(err|mem)\.c$/) {
        find(text, ends)
        if (text ~ /[^A-Za-z0-9_](stderr|stdout)[^A-Za-z0-9_]/) {
            print FILENAME ":" FNR ": the library does not print"
            status = 1
        }
    }
}
END { exit status }'
