# SPDX-License-Identifier: MIT
#
# Records as hyt-prg leaves them: -v traces=N -v groups=G -v size=S, with a null
# here and there.  Numbers are the same on any machine.

function unit() {
    state = (state * 1103515245 + 12345) % 2147483648
    return int(state / 65536) / 32768
}

function tokens(n,   i, ids, ends) {
    for (i = 1; i <= n; i++) {
        ids = ids (i > 1 ? "," : "") i
        ends = ends (i > 1 ? "," : "") i
    }
    return sprintf("\"tokens\":{\"prompt\":[1],\"completion\":[%s]," \
        "\"ends\":[%s]}", ids, ends)
}

function record(id, group, sample, kind, more,   prg, answer) {
    prg = unit() < 0.1 ? "null" : sprintf("{\"score\":%.6f}", 2 * unit() - 1)
    answer = int(3 * unit())
    answer = answer ? sprintf("{\"text\":\"%d\",\"bytes\":[0,1]}", answer) \
        : "null"
    printf "{\"id\":\"%s\",\"group\":\"%s\",\"sample\":%d,\"kind\":\"%s\"",
        id, group, sample, kind
    printf ",%s%s,\"prg\":%s,\"final\":%s", tokens(3 + int(20 * unit())), more,
        prg, answer
    printf ",\"certainty\":{\"self\":%.6f,\"entropy\":%.6f,\"logp\":%.6f}}\n",
        4 * unit(), 2 * unit(), -0.4 * unit()
}

BEGIN {
    state = 7
    for (i = 0; i < traces; i++)
        record("t" i, "t" i, 0, "rd", "")
    for (g = 0; g < groups; g++)
        for (s = 0; s < size; s++)
            record("q" g "-" s, "q" g, s, "rlif",
                sprintf(",\"sampling\":{\"n\":%d}", size))
}
