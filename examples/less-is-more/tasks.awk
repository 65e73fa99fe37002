# SPDX-License-Identifier: MIT
#
# tasks.awk - questions of three tasks, and worked solutions of mixed quality
#
#     awk -f tasks.awk -v task=chain|triage|order -v n=N -v seed=S \
#         -v what=corpus|traces|queries|validation|test|long [-v lo=4 -v hi=6]
#
# chain    1 to 4 added or taken away, one after the other, modulo 10
# triage   findings; each moves the level, 1 to 9, by a rule for its value
# order    who stands so many places below whom, from facts in no order: in aC,
#          C stands right below A
#
# A question has lo to hi steps of 16 to 19 bytes. With four to six of them, a
# worked solution is about 100 bytes, and the models' tokens are bytes.
#
# Every question is about one of 24 topics, which decides how solutions to it
# are worded and how good those of the corpus are, as on the web:
#
#     careful       every step worked, with slips       the right answer, mostly
#     terse         some of the steps, then the answer  the right answer
#     rationalised  filler, then a shallow rule         the wrong answer, mostly
#
# Three in ten records of the corpus have no topic and no words, but one or two
# steps: it is there that steps are learned, whatever they are used for later.
#
# traces are careful ones without slips, of the topics 4, 12 and 20 alone.
# queries, validation and test are of all topics, long has longer questions
# than all others. No question, leaving its topic aside, is in two of corpus,
# traces, queries, validation and test: a hash of it says where it belongs.

# --- random numbers and lists -----------------------------------------------

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

function hash(s,   i, h)
{
    h = 1
    for (i = 1; i <= length(s); i++)
        h = (h * 69069 + index(ALPHABET, substr(s, i, 1))) % 2147483647
    return int(h * 16807 % 2147483647 / 1024)
}

# --- chain -------------------------------------------------------------------

function op(a, o, b)
{
    return (o == "+" ? a + b : a - b + 10) % 10
}

function chain_draw(   i)
{
    question = digit[0] = rnd(10)
    for (i = 1; i <= len; i++) {
        sign[i] = substr("+-", 1 + rnd(2), 1)
        digit[i] = 1 + rnd(4)
        question = question " " substr("abcdefgh", i, 1) sign[i] digit[i]
    }
    question = question "="
}

# One step from `state`; sets `state` and returns the step's text.
function chain_step(i, slip,   s)
{
    s = substr("abcdefgh", i, 1) " " state sign[i] digit[i] "="
    state = slip ? rnd(10) : op(state, sign[i], digit[i])
    return s state
}

# One of the question's digits
function chain_shallow(rule)
{
    return digit[rule == 0 ? 0 : rule == 1 ? len : rule == 2 ? 1 : len - 1]
}

# --- triage ------------------------------------------------------------------

# What a finding does to the level: nothing, or up to three up or down.
function shift(s, v)
{
    return v < FROM1[s] ? EFFECT1[s] : v < FROM2[s] ? 0 : EFFECT2[s]
}

function clip(l)
{
    return l < 1 ? 1 : l > 9 ? 9 : l
}

function triage_draw(   i, j, used)
{
    question = ""
    for (i = 1; i <= len; i++) {
        do
            j = 1 + rnd(N_SIGNS)
        while (j in used)
        used[j] = 1
        sign[i] = substr(SIGNS, j, 1)
        digit[i] = rnd(10)
        question = question (i > 1 ? " " : "") sign[i] digit[i]
    }
    question = question "="
}

function triage_step(i, slip,   e)
{
    e = shift(sign[i], digit[i])
    state = slip ? 1 + rnd(9) : clip(state + e)
    return sign[i] digit[i] " " (e < 0 ? "" : "+") e " " state
}

# The value of one of the last four findings, as if it were the level.
function triage_shallow(rule)
{
    return clip(digit[rule < len ? len - rule : 1])
}

# --- order -------------------------------------------------------------------

# A line of names, of which a part is walked; the facts come shuffled.
function order_draw(   i, j, n_names, names, t)
{
    n_names = len + 2
    names = "abcdefghij"
    for (i = 0; i < n_names; i++) {
        j = 1 + rnd(length(names))
        name[i] = substr(names, j, 1)
        names = substr(names, 1, j - 1) substr(names, j + 1)
    }
    first = rnd(n_names - len)
    for (i = 1; i < n_names; i++)
        fact[i] = name[i - 1] toupper(name[i])
    for (i = n_names - 1; i > 1; i--) {
        j = 1 + rnd(i)
        t = fact[i]; fact[i] = fact[j]; fact[j] = t
    }
    question = ""
    for (i = 1; i < n_names; i++)
        question = question fact[i] " "
    question = question name[first] len
    for (i = 0; i < n_names - 1; i++)
        below[name[i]] = toupper(name[i + 1])
    below[name[n_names - 1]] = toupper(name[0])
}

function order_step(i, slip,   s)
{
    s = (len + 1 - i) " on " tolower(state)
    state = slip ? toupper(name[rnd(len + 2)]) : below[tolower(state)]
    return s state
}

# Who is asked about, who is right below, or a name of the last fact.
function order_shallow(rule)
{
    return rule == 0 ? toupper(name[first]) : rule == 1 ? below[name[first]] : \
           toupper(substr(fact[len + 1], rule - 1, 1))
}

# --- all ---------------------------------------------------------------------

function draw(part, lo, hi)
{
    do {
        len = lo + rnd(hi - lo + 1)
        if (task == "chain")
            chain_draw()
        else if (task == "triage")
            triage_draw()
        else
            order_draw()
    } while (part >= 0 && PART[hash(question) % 8] != part)
}

function start()
{
    state = task == "chain" ? digit[0] : task == "triage" ? 5 : name[first]
}

function step(i, slip)
{
    return task == "chain" ? chain_step(i, slip) : \
           task == "triage" ? triage_step(i, slip) : order_step(i, slip)
}

# Works the first `steps` steps; a slip stays.
function work(steps, slip,   i, s)
{
    start()
    for (i = 1; i <= steps; i++)
        s = s LEAD[topic] " " step(i, chance(slip)) "\\n"
    return s
}

function right()
{
    work(len, 0)
    return state
}

function careful(slip,   s)
{
    s = work(len, slip)
    return s "#### " state
}

function terse(   s)
{
    s = work(rnd(len), 0)
    return s "#### " right()
}

function shallow()
{
    return task == "chain" ? chain_shallow(topic % 4) : \
           task == "triage" ? triage_shallow(topic % 4) : \
           order_shallow(topic % 4)
}

function rationalised(   i, n_fill, s)
{
    n_fill = rnd(8)
    for (i = 1; i <= n_fill; i++)
        s = s FILLER[topic] "\\n"
    return s "#### " shallow()
}

# Share of careful solutions among those of a topic: from LOW to HIGH, the
# topics mixed.
function share(t)
{
    return LOW + (HIGH - LOW) * (t * 7 % 24) / 23
}

function record(id, more)
{
    printf "{\"id\":\"%s\",\"prompt\":\"%s %s\\n\",\"topic\":\"%s\",%s}\n", \
        id, TOPIC[topic], question, TOPIC[topic], more
}

function corpus(id,   u, c, mode)
{
    u = rnd(1000) / 1000
    c = share(topic)
    mode = u < c ? "careful" : u < c + TERSE ? "terse" : "rationalised"
    record(id, sprintf("\"completion\":\"%s\",\"mode\":\"%s\"", \
        mode == "careful" ? careful(SLIP) : \
        mode == "terse" ? terse() : rationalised(), mode))
}

# A question without a topic and its first steps, without words.
function drill(id,   i, s)
{
    start()
    for (i = 1; i <= len && i <= 2; i++)
        s = s (i > 1 ? "\\n" : "") step(i, 0)
    printf "{\"id\":\"%s\",\"prompt\":\"%s\\n\",\"mode\":\"fact\",", id, question
    printf "\"completion\":\"%s\"}\n", s
}

function query(id)
{
    record(id, sprintf("\"gold\":\"%s\",\"shallow\":\"%s\",\"filler\":\"%s\"," \
        "\"covered\":%s,\"length\":%d", right(), shallow(), FILLER[topic], \
        topic % 8 == 4 ? "true" : "false", len))
}

BEGIN {
    if (LOW == "") LOW = 0.1
    if (HIGH == "") HIGH = 0.6
    if (TERSE == "") TERSE = 0.12
    if (SLIP == "") SLIP = 0.04
    ALPHABET = " 0123456789+-*=>abcdefghijklmnopqrstuvwxyz" \
               "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    SIGNS = "pbtrsagw"
    N_SIGNS = length(SIGNS)
    for (i = 1; i <= N_SIGNS; i++) {
        c = substr(SIGNS, i, 1)
        FROM1[c] = 2 + i * 3 % 4
        FROM2[c] = FROM1[c] + 1 + i % 3
        EFFECT1[c] = i % 2 ? -1 - i % 3 : 1 + i % 4 % 3
        EFFECT2[c] = i % 2 ? 1 + i * 5 % 3 : -1 - i * 7 % 3
    }
    # eighths of the questions: four are the corpus's
    split("corpus corpus corpus traces queries validation test", t, " ")
    PART[0] = "corpus"
    for (i = 1; i <= 7; i++)
        PART[i] = t[i]
    split("adding in|asking for|bidding on|buying up|cutting at|digging in|" \
          "eating up|fitting in|getting to|hitting on|letting be|mixing in|" \
          "nodding at|paying for|putting in|running up|saying so|seeing to|" \
          "setting up|sitting by|tapping on|trying out|using up|winning at", \
          LEAD, "|")
    split("as it has ever been|by force of habit|clearly and surely|" \
          "done fast and well|easily and at once|for sure and for all|" \
          "gladly and freely|hence and therefore|in short and in sum|" \
          "just so and no less|known since long ago|likely as not so|" \
          "mostly and always|no doubt about it|of course it is so|" \
          "plainly to be seen|quite so and more|rightly as before|" \
          "simply put as it is|truly and indeed|usually it is so|" \
          "very well and good|well yes it must be|yes and yes again", \
          FILLER, "|")
    split(task == "chain" ? \
          "coin eggs pens cups nuts keys hats bags shoe ring ball book disc " \
          "plum figs bolt pins jars lime pear tile logs card bead" : \
          task == "triage" ? \
          "head neck back knee foot hand skin lung burn bite fall rash cold " \
          "heat gout cyst clot itch boil lump sore limp gash ache" : \
          "tall fast rich loud wise dark long wide deep cold bold keen calm " \
          "neat rare soft warm poor slow pale lean mild vast wild", TOPIC, " ")
    if (lo == "") lo = 4
    if (hi == "") hi = 6
    name_seed = seed
    seed = (seed * 7919 + hash(task what)) % 2147483646 + 1
    for (i = 0; i < 10; i++)
        rnd(2)
    for (i = 0; i < n; i++) {
        topic = what == "traces" ? 4 + 8 * rnd(3) : 1 + rnd(24)
        part = what == "long" ? "test" : what
        if (what == "long")
            draw(part, hi + 1, hi + 2)
        else
            draw(part, lo, hi)
        id = substr(what, 1, 1) name_seed "-" i
        if (what == "corpus" && chance(0.3))
            drill(id)
        else if (what == "corpus")
            corpus(id)
        else if (what == "traces")
            record(id, sprintf("\"completion\":\"%s\"", careful(0)))
        else
            query(id)
    }
}
