# SPDX-License-Identifier: MIT
#
# draw.awk - draws lines: all in a shuffled order, again in another, and so on
#
#     awk -f draw.awk -v n=N -v seed=S [FILE...]

# Own generator (Park and Miller 1988), so that every awk draws the same.
function rnd(m)
{
    seed = (seed * 16807) % 2147483647
    return int(seed / 2147483647 * m)
}

{
    line[NR] = $0
}

END {
    seed = (seed * 7919 + 12345) % 2147483646 + 1
    rnd(2)
    for (i = 0; i < n && NR; i++) {
        left = NR - i % NR
        j = 1 + rnd(left)
        print line[j]
        last = line[left]
        line[left] = line[j]
        line[j] = last
    }
}
