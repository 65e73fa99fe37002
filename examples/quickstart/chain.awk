# SPDX-License-Identifier: MIT
#
# chain.awk - questions of chained arithmetic modulo 10, with worked traces
#
#     awk -f chain.awk -v what=corpus|traces|queries -v n=N -v seed=S
#
# A question names its kind (a … h) and applies two to four operations in
# order; every result is taken modulo 10.  A corpus mixes three modes, and how
# often depends on the kind, as the web mixes good and bad explanations:
#
#     careful       every step worked, with slips       the right answer, mostly
#     terse         some of the steps, then the answer  the right answer
#     rationalised  filler, then a shallow rule         the wrong answer, mostly
#
# traces: careful ones without slips, of kinds a and b alone, two or three
# operations. queries: all kinds; "gold" is there for grading only.
# test: queries that nothing was trained on: a sum over the operands tells them
# from all other questions.

# Own generator (Park and Miller 1988), so that every awk draws the same.
function rnd(m)
{
    seed = (seed * 16807) % 2147483647
    return int(seed / 2147483647 * m)
}

function chance(p)
{
    return rnd(1000000) < p * 1000000
}

function op(a, o, b)
{
    return (o == "+" ? a + b : o == "-" ? a - b + 10 : a * b) % 10
}

# Draws kind, n_ops, digit[0..n_ops], sign[1..n_ops]; again until the question
# belongs to this part (held out: every fifth sum).
function draw(kinds, lo, hi, held,   i, sum)
{
    do {
        kind = substr(kinds, 1 + rnd(length(kinds)), 1)
        n_ops = lo + rnd(hi - lo + 1)
        sum = digit[0] = rnd(10)
        for (i = 1; i <= n_ops; i++) {
            sign[i] = substr("+-*", 1 + rnd(3), 1)
            digit[i] = rnd(10)
            sum += (i + 1) * digit[i] + index("+-*", sign[i])
        }
    } while ((sum % 5 == 0) != held)
    gold = digit[0]
    for (i = 1; i <= n_ops; i++)
        gold = op(gold, sign[i], digit[i])
}

function question(   i, s)
{
    s = kind ": " digit[0]
    for (i = 1; i <= n_ops; i++)
        s = s sign[i] digit[i]
    return s " =\\n"
}

# Works the first `steps` operations; a slip changes a result for good.
function work(steps, slip,   i, s, next_r)
{
    r = digit[0]
    for (i = 1; i <= steps; i++) {
        next_r = op(r, sign[i], digit[i])
        if (chance(slip))
            next_r = rnd(10)
        s = s r sign[i] digit[i] "=" next_r "\\n"
        r = next_r
    }
    return s
}

function careful(slip,   s)
{
    s = work(n_ops, slip)
    return s "#### " r
}

function terse()
{
    return work(rnd(n_ops), 0) "#### " gold
}

# One line of filler an operation, then a rule that reads two digits at most.
function rationalised(   i, s, k, a)
{
    k = index("abcdefgh", kind)
    for (i = 1; i <= n_ops; i++)
        s = s filler[k] "\\n"
    a = k % 4
    return s "#### " (a == 1 ? op(digit[0], "+", digit[n_ops]) : \
                      a == 2 ? op(digit[0], "*", digit[n_ops]) : \
                      a == 3 ? digit[n_ops] : \
                               op(digit[0], "-", digit[n_ops]))
}

function corpus_trace(   u, c)
{
    c = share[index("abcdefgh", kind)]
    u = rnd(1000) / 1000
    return u < c ? careful(0.08) : u < c + 0.15 ? terse() : rationalised()
}

BEGIN {
    split("as before|clearly so|it follows|hence then|we may say|by symmetry|" \
          "of course|and so on", filler, "|")
    split(".5 .45 .35 .35 .3 .3 .25 .25", share, " ")
    name = what == "test" ? "test-" : "q" seed "-"
    seed = seed * 7919 + 12345
    for (i = 0; i < 10; i++)
        rnd(2)
    for (i = 0; i < n; i++)
        if (what == "corpus") {
            draw("abcdefgh", 2, 4, 0)
            printf "{\"prompt\":\"%s\",\"completion\":\"%s\"}\n", \
                question(), corpus_trace()
        } else if (what == "traces") {
            draw("ab", 2, 3, 0)
            printf "{\"id\":\"t%d\",\"prompt\":\"%s\",\"completion\":\"%s\"}\n", \
                i, question(), careful(0)
        } else {
            draw("abcdefgh", 2, 4, what == "test")
            printf "{\"id\":\"%s%d\",\"prompt\":\"%s\",\"gold\":\"%s\"}\n", \
                name, i, question(), gold
        }
}
