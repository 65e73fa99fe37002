/* SPDX-License-Identifier: MIT */
/* eval.c - expressions become values, by recursive descent */
#include <string.h>

#include "jinja/run.h"

/* A function of ours as a value, or what is undefined. */
static struct val bound(struct run *r, const char *name, char where,
                        struct val self)
{
    const struct builtin *b = hyt_jfind(name, where);
    struct val *copy;

    if (b == NULL || (r->date == NULL && strcmp(name, "strftime_now") == 0))
        return hyt_jnothing(name);
    copy = hyt_jalloc(r, 1, sizeof(*copy));
    *copy = self;
    return (struct val){.kind = J_BUILTIN, .builtin = b, .self = copy};
}

static struct val name(struct run *r, const char *s)
{
    const struct val none = {.kind = J_NONE}, *v;

    if (strcmp(s, "true") == 0 || strcmp(s, "True") == 0)
        return hyt_jbool(true);
    if (strcmp(s, "false") == 0 || strcmp(s, "False") == 0)
        return hyt_jbool(false);
    if (strcmp(s, "none") == 0 || strcmp(s, "None") == 0)
        return none;
    v = hyt_jget(r->scope, s);
    return v ? *v : bound(r, s, 'g', none);
}

/* A member of the variable `loop`. */
static struct val of_loop(struct run *r, struct val loop, const char *s)
{
    const int64_t i = (int64_t)loop.turn, n = (int64_t)loop.n;
    const struct val none = hyt_jnothing("loop item");
    const struct {
        const char *name;
        struct val v;
    } member[] = {{"index", hyt_jint(i + 1)},
                  {"index0", hyt_jint(i)},
                  {"revindex", hyt_jint(n - i)},
                  {"revindex0", hyt_jint(n - i - 1)},
                  {"length", hyt_jint(n)},
                  {"depth", hyt_jint(1)},
                  {"depth0", hyt_jint(0)},
                  {"first", hyt_jbool(i == 0)},
                  {"last", hyt_jbool(i + 1 == n)},
                  {"previtem", i > 0 ? loop.item[i - 1] : none},
                  {"nextitem", i + 1 < n ? loop.item[i + 1] : none}};

    for (size_t k = 0; k < HYT_LEN(member); k++)
        if (strcmp(s, member[k].name) == 0)
            return member[k].v;
    return bound(r, s, 'l', loop);
}

struct val hyt_jitem(struct run *r, struct val v, struct val key, bool dot)
{
    const bool named = key.kind == J_STR;
    const struct val *member = NULL;
    struct val x = hyt_jnothing(named ? hyt_jchars(r, key) : "that item");
    int64_t i = key.i;

    hyt_jneed(r, v);
    if (v.kind == J_LOOP && named)
        return of_loop(r, v, x.s);
    if (named && (v.kind == J_STR || (v.kind == J_DICT && dot)))
        x = bound(r, x.s, v.kind == J_STR ? 's' : 'd', v);
    if (v.kind == J_DICT && x.kind == J_UNDEFINED)
        member = hyt_jmember(r, v, key);
    if (v.kind == J_SPACE && named)
        member = hyt_jget(v.scope, x.s);
    if (key.kind != J_INT || v.kind < J_STR || v.kind > J_TUPLE)
        return member ? *member : x;
    v = hyt_jitems(r, v);
    if (i < 0)
        i += (int64_t)v.n;
    return i >= 0 && i < (int64_t)v.n ? v.item[i] : x;
}

/* A bound of a slice; `absent` where it is not given. */
static int64_t slice_bound(struct run *r, struct val v, int64_t absent,
                           int64_t least, int64_t size)
{
    if (v.kind == J_NONE)
        return absent;
    if (v.kind != J_INT)
        hyt_jfail(r, "%s is no bound of a slice", hyt_jname(v));
    if (v.i < 0)
        return v.i + size < least ? least : v.i + size;
    return v.i > least + size ? least + size : v.i;
}

static struct val slice(struct run *r, struct val v, const struct val part[3])
{
    const struct val from = hyt_jitems(r, v);
    const int64_t n = (int64_t)from.n,
                  step = part[2].kind == J_NONE ? 1 : part[2].i;
    const int64_t least = step < 0 ? -1 : 0, most = least + n;
    const int64_t begin = slice_bound(r, part[0], step < 0 ? most : least,
                                      least, n),
                  end = slice_bound(r, part[1], step < 0 ? least : most, least,
                                    n);
    struct val list = {.kind = from.kind};

    hyt_jneed(r, v);
    if (step == 0 || (part[2].kind != J_NONE && part[2].kind != J_INT))
        hyt_jfail(r, "a slice needs a step that is an integer and not 0");
    for (int64_t i = begin; step < 0 ? i > end : i < end; i += step) {
        hyt_jappend(r, &list, from.item[i]);
        if (step > n || step < -n)
            break;
    }
    return v.kind == J_STR ? hyt_jjoin(r, list, hyt_jstr("")) : list;
}

/* Behind the "[": an index or a slice. */
static struct val subscript(struct run *r, struct val v, size_t at)
{
    const struct val none = {.kind = J_NONE};
    struct val part[3] = {none, none, none};
    bool sliced = false;

    if (hyt_jsees(r, "]"))
        hyt_junexpected(r, "an index");
    for (size_t i = 0; i < 3; i++) {
        if (!hyt_jsees(r, ":") && !hyt_jsees(r, "]"))
            part[i] = hyt_jexpr(r);
        if (i == 2 || !hyt_jaccept(r, ":"))
            break;
        sliced = true;
    }
    hyt_jexpect(r, "]");
    r->at = at;
    if (!r->live)
        return v;
    return sliced ? slice(r, v, part) : hyt_jitem(r, v, part[0], false);
}

/* --- calls ---------------------------------------------------------------- */

/* Behind the "(". */
static void arguments(struct run *r, struct call *c)
{
    while (!hyt_jaccept(r, ")")) {
        if (hyt_jsees(r, "*") || hyt_jsees(r, "**"))
            hyt_jfail(r, "* in a call is not supported");
        if (c->n == J_MAX_ARGS)
            hyt_jfail(r, "more than %d arguments", J_MAX_ARGS);
        if (r->t->kind == J_WORD && strcmp(r->t[1].s, "=") == 0) {
            c->key[c->n] = hyt_jword(r);
            hyt_jnext(r);
        }
        c->arg[c->n++] = hyt_jexpr(r);
        if (!hyt_jsees(r, ")"))
            hyt_jexpect(r, ",");
    }
}

static struct val invoke(struct run *r, struct call *c, struct val f, size_t at)
{
    struct val v;

    r->at = at;
    hyt_jneed(r, f);
    if (f.kind != J_MACRO && f.kind != J_BUILTIN)
        hyt_jfail(r, "%s is no function", hyt_jname(f));
    hyt_jstep(r, c->self.n);
    if (f.kind == J_BUILTIN)
        c->how = f.builtin->how;
    v = f.kind == J_BUILTIN ? f.builtin->call(r, c) : hyt_jcall_macro(r, c, f);
    r->at = at;
    for (size_t i = 0; i < c->n; i++)
        if ((c->used >> i & 1) == 0)
            hyt_jfail(r, "an argument too many, or unknown: %zu%s%s", i + 1,
                      c->key[i] ? ", " : "", c->key[i] ? c->key[i] : "");
    return v;
}

/* Behind f: a member, an item, a call ... */
static struct val postfix(struct run *r, struct val f)
{
    for (;;) {
        const struct token *t = r->t, *key = t + 1;

        if (hyt_jaccept(r, ".")) {
            if (key->kind == J_NUMBER) /* x.0 */
                hyt_jnext(r);
            else
                hyt_jword(r);
            r->at = t->at;
            f = r->live ? hyt_jitem(r, f, key->v, true) : f;
        } else if (hyt_jaccept(r, "[")) {
            f = subscript(r, f, t->at);
        } else if (hyt_jaccept(r, "(")) {
            struct call c = {.n = 0};

            arguments(r, &c);
            if (f.kind == J_BUILTIN)
                c.self = *f.self;
            f = r->live ? invoke(r, &c, f, t->at) : f;
        } else {
            return f;
        }
    }
}

/* Up to `close`. */
static struct val items(struct run *r, enum kind kind, const char *close)
{
    struct val list = {.kind = kind};

    while (!hyt_jaccept(r, close)) {
        hyt_jappend(r, &list, hyt_jexpr(r));
        if (kind == J_DICT) {
            hyt_jexpect(r, ":");
            hyt_jappend(r, &list, hyt_jexpr(r));
        }
        if (!hyt_jsees(r, close))
            hyt_jexpect(r, ",");
    }
    if (kind == J_DICT)
        list.n /= 2;
    return list;
}

static struct val primary(struct run *r)
{
    const struct token *t = r->t;
    struct val v = {.kind = J_TUPLE};

    if (t->kind == J_WORD || t->kind == J_STRING || t->kind == J_NUMBER) {
        hyt_jnext(r);
        return t->kind == J_WORD && r->live ? name(r, t->s) : t->v;
    }
    if (hyt_jaccept(r, "["))
        return items(r, J_LIST, "]");
    if (hyt_jaccept(r, "{"))
        return items(r, J_DICT, "}");
    if (!hyt_jaccept(r, "("))
        hyt_junexpected(r, "an expression");
    if (!hyt_jsees(r, ")"))
        v = hyt_jexprs(r);
    hyt_jexpect(r, ")");
    return v;
}

/* A filter or a test; of a test, one argument may stand without brackets. */
struct val hyt_jnamed(struct run *r, struct val v, char where)
{
    const size_t at = r->t->at;
    const char *word = hyt_jword(r);
    struct call c = {.self = v};
    struct val f = {.kind = J_BUILTIN};

    if (hyt_jaccept(r, "("))
        arguments(r, &c);
    else if (where == 't' &&
             (r->t->kind == J_STRING || r->t->kind == J_NUMBER ||
              hyt_jsees(r, "[") || hyt_jsees(r, "{") ||
              (r->t->kind == J_WORD && r->t->rank == 0 && !hyt_jsees(r, "if") &&
               !hyt_jsees(r, "else") && !hyt_jsees(r, "is"))))
        c.arg[c.n++] = postfix(r, primary(r));
    if (!r->live)
        return v;
    r->at = at;
    f.builtin = hyt_jfind(word, where);
    if (f.builtin == NULL)
        hyt_jfail(r, "no %s \"%s\"", where == 't' ? "test" : "filter", word);
    return invoke(r, &c, f, at);
}

static struct val unary(struct run *r, bool filters)
{
    const size_t at = r->t->at;
    struct val v;

    hyt_jstep(r, 0);
    hyt_jdeeper(r);
    if (hyt_jaccept(r, "-")) {
        v = unary(r, false);
        r->at = at;
        if (r->live)
            v = hyt_jbinary(r, '*', hyt_jint(-1), v);
    } else if (hyt_jaccept(r, "+")) {
        v = unary(r, false);
    } else {
        v = postfix(r, primary(r));
    }
    while (filters && (hyt_jsees(r, "|") || hyt_jsees(r, "is"))) {
        const bool test = hyt_jaccept(r, "is"), no = hyt_jaccept(r, "not");

        if (!test)
            hyt_jexpect(r, "|");
        v = hyt_jnamed(r, v, test ? 't' : 'f');
        if (no)
            v = hyt_jbool(!hyt_jtruth(v));
    }
    r->depth--;
    return v;
}

/* What follows a comparison that fails, or an `and` or an `or` that is decided,
 * is read but not evaluated. */
struct val hyt_jbinaries(struct run *r, int rank)
{
    const size_t depth = r->depth;
    const bool live = r->live;
    struct val v, left, right;
    bool chain = false; /* a < b < c: left is b */

    if (rank <= J_NOT && hyt_jaccept(r, "not")) {
        hyt_jdeeper(r);
        v = hyt_jbool(!hyt_jtruth(hyt_jbinaries(r, J_NOT)));
    } else {
        v = unary(r, true);
    }
    while (r->t->rank >= rank) {
        const struct token *op = r->t;
        const bool open = op->op == 'o'            ? !hyt_jtruth(v)
                          : op->op == 'a' || chain ? hyt_jtruth(v)
                                                   : true;

        hyt_jdeeper(r); /* a tree would be so deep on its left */
        hyt_jnext(r);
        if (op->op == 'n')
            hyt_jexpect(r, "in");
        r->live = live && open;
        right = hyt_jbinaries(r, op->rank + 1);
        if (r->live) {
            r->at = op->at;
            left = chain ? left : v;
            v = op->rank < J_COMPARE ? right
                : op->rank == J_COMPARE
                    ? hyt_jbool(hyt_jcompare(r, op->op, left, right))
                    : hyt_jbinary(r, op->op, v, right);
        }
        r->live = live;
        chain = op->rank == J_COMPARE;
        left = right;
    }
    r->depth = depth;
    return v;
}

/* a if b else c: what comes second decides on what comes first, so the check
 * remembers where it is. */
struct val hyt_jexpr(struct run *r)
{
    struct token *begin = r->t;
    struct val v = hyt_jnothing("no else");

    if (!r->live && begin->skip != NULL) {
        r->t = begin->skip;
        return v;
    }
    hyt_jdeeper(r);
    if (begin->condition != NULL) {
        r->t = begin->condition + 1;
        if (hyt_jtruth(hyt_jbinaries(r, J_OR))) {
            r->t = begin;
            v = hyt_jbinaries(r, J_OR);
        } else if (hyt_jaccept(r, "else")) {
            v = hyt_jexpr(r);
        }
        r->t = begin->skip;
    } else {
        v = hyt_jbinaries(r, J_OR);
    }
    if (!r->live) {
        if (hyt_jsees(r, "if")) {
            begin->condition = r->t;
            hyt_jnext(r);
            hyt_jbinaries(r, J_OR);
            if (hyt_jaccept(r, "else"))
                hyt_jexpr(r);
        }
        begin->skip = r->t;
    }
    r->depth--;
    return v;
}

struct val hyt_jexprs(struct run *r)
{
    const struct val first = hyt_jexpr(r);
    struct val list = {.kind = J_TUPLE};

    if (!hyt_jsees(r, ","))
        return first;
    hyt_jappend(r, &list, first);
    while (hyt_jaccept(r, ",") && r->t->kind != J_CLOSE && !hyt_jsees(r, ")"))
        hyt_jappend(r, &list, hyt_jexpr(r));
    return list;
}
