#!/bin/sh
# SPDX-License-Identifier: MIT
#
# layers.sh - every #include against the Makefile's table of rooms
#
# LAYERS holds "room: room...;" for every room.  Public headers belong to the
# room of their name, err.h and opt.h to base.  Each outside library is
# included in one room; programs and tests see public headers only.
set -u

# shellcheck disable=SC2016 # an awk program
find libcore include tools tests -name '*.[ch]' | sort | xargs awk '
BEGIN {
    n = split(ENVIRON["LAYERS"], row, ";")
    for (i = 1; i <= n; i++) {
        m = split(row[i], word, /[: ]+/)
        # a leading blank makes the first word empty
        room = word[1] == "" ? word[2] : word[1]
        rooms[room]
        for (j = 1; j <= m; j++)
            may[room, word[j]]
    }
    home["cJSON.h"] = home["cjson/cJSON.h"] = "json"
    home["zstd.h"] = home["zstd_errors.h"] = home["xxhash.h"] = "io"
    home["cblas.h"] = home["pthread.h"] = "kern"
    home["oniguruma.h"] = home["utf8proc.h"] = "text"
}
function bad(why) {
    print FILENAME ":" FNR ": " why
    status = 1
}
function room_of_header(name) {
    return name == "err" || name == "opt" ? "base" : name
}
FNR == 1 {
    n = split(FILENAME, part, "/")
    if (part[1] == "libcore")
        from = part[2]
    else if (part[1] == "include")
        from = room_of_header(substr(part[3], 1, length(part[3]) - 2))
    else
        from = ""
    if (from != "" && !(from in rooms))
        bad("no such room in the Makefile: " from)
}
/^[ \t]*#[ \t]*include[ \t]*</ {
    split($0, part, /[<>]/)
    if (part[2] in home && home[part[2]] != from && FILENAME !~ /^tests\//)
        bad("<" part[2] "> belongs to " home[part[2]])
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, part, "\"")
    n = split(part[2], path, "/")
    if (n == 1)
        next # a file of the same folder
    if (path[1] == "hyt") {
        to = room_of_header(substr(path[2], 1, length(path[2]) - 2))
        if (from != "" && !((from, to) in may))
            bad(from " may not include " part[2])
    } else if (path[1] in rooms) {
        if (from != path[1])
            bad(part[2] " is private to " path[1])
    } else if (FILENAME !~ /^tests\// || part[2] !~ /^\.\.\/fixtures\//)
        bad("no header of this project: " part[2])
}
END { exit status }'
