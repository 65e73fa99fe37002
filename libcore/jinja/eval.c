/* SPDX-License-Identifier: MIT */
/* eval.c - expressions become values, by recursive descent */
#include <string.h>

#include "jinja/run.h"

static struct hyt_val name(struct run *r, const char *s)
{
    const struct hyt_val none = {.kind = HYT_V_NONE}, *v;

    if (strcmp(s, "true") == 0 || strcmp(s, "True") == 0)
        return hyt_vbool(true);
    if (strcmp(s, "false") == 0 || strcmp(s, "False") == 0)
        return hyt_vbool(false);
    if (strcmp(s, "none") == 0 || strcmp(s, "None") == 0)
        return none;
    v = hyt_vget(r->scope, s);
    return v ? *v : hyt_vbound(&r->w, hyt_jfind(s, 'g'), s, none);
}

/* A member of the variable `loop`. */
static struct hyt_val of_loop(struct run *r, struct hyt_val loop, const char *s)
{
    const int64_t i = (int64_t)loop.turn, n = (int64_t)loop.n;
    const struct hyt_val none = hyt_vnothing("loop item");
    const struct {
        const char *name;
        struct hyt_val v;
    } member[] = {{"index", hyt_vint(i + 1)},
                  {"index0", hyt_vint(i)},
                  {"revindex", hyt_vint(n - i)},
                  {"revindex0", hyt_vint(n - i - 1)},
                  {"length", hyt_vint(n)},
                  {"depth", hyt_vint(1)},
                  {"depth0", hyt_vint(0)},
                  {"first", hyt_vbool(i == 0)},
                  {"last", hyt_vbool(i + 1 == n)},
                  {"previtem", i > 0 ? loop.item[i - 1] : none},
                  {"nextitem", i + 1 < n ? loop.item[i + 1] : none}};

    for (size_t k = 0; k < HYT_LEN(member); k++)
        if (strcmp(s, member[k].name) == 0)
            return member[k].v;
    return hyt_vbound(&r->w, hyt_jfind(s, 'o'), s, loop);
}

static struct hyt_val item(struct run *r, struct hyt_val v, struct hyt_val key,
                           bool dot)
{
    return v.kind == HYT_V_LOOP && key.kind == HYT_V_STR
               ? of_loop(r, v, hyt_vchars(&r->w, key))
               : hyt_vitem(&r->w, v, key, dot);
}

/* Behind the "[": an index or a slice. */
static struct hyt_val subscript(struct run *r, struct hyt_val v, size_t at)
{
    const struct hyt_val none = {.kind = HYT_V_NONE};
    struct hyt_val part[3] = {none, none, none};
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
    r->w.at = at;
    if (!r->live)
        return v;
    return sliced ? hyt_vslice(&r->w, v, part) : item(r, v, part[0], false);
}

/* --- calls ---------------------------------------------------------------- */

/* Behind the "(". */
static void arguments(struct run *r, struct hyt_vcall *c)
{
    while (!hyt_jaccept(r, ")")) {
        if (hyt_jsees(r, "*") || hyt_jsees(r, "**"))
            hyt_vfail(&r->w, "* in a call is not supported");
        if (c->n == HYT_V_MAX_ARGS)
            hyt_vfail(&r->w, "more than %d arguments", HYT_V_MAX_ARGS);
        if (r->t->kind == J_WORD && strcmp(r->t[1].s, "=") == 0) {
            c->key[c->n] = hyt_jword(r);
            hyt_jnext(r);
        }
        c->arg[c->n++] = hyt_jexpr(r);
        if (!hyt_jsees(r, ")"))
            hyt_jexpect(r, ",");
    }
}

static struct hyt_val invoke(struct run *r, struct hyt_vcall *c,
                             struct hyt_val f, size_t at)
{
    struct hyt_val v;

    r->w.at = at;
    if (f.kind == HYT_V_UNDEFINED)
        hyt_vfail(&r->w, "there is no function \"%.80s\" here", f.s);
    if (f.kind != HYT_V_MACRO && f.kind != HYT_V_BUILTIN)
        hyt_vfail(&r->w, "%s is no function", hyt_vname(f));
    hyt_vstep(&r->w, c->self.n);
    if (f.kind == HYT_V_BUILTIN)
        c->how = f.builtin->how;
    v = f.kind == HYT_V_BUILTIN ? f.builtin->call(&r->w, c)
                                : hyt_jcall_macro(r, c, f);
    r->w.at = at;
    for (size_t i = 0; i < c->n; i++)
        if ((c->used >> i & 1) == 0)
            hyt_vfail(&r->w, "an argument too many, or unknown: %zu%s%s", i + 1,
                      c->key[i] ? ", " : "", c->key[i] ? c->key[i] : "");
    return v;
}

/* Behind f: a member, an item, a call ... */
static struct hyt_val postfix(struct run *r, struct hyt_val f)
{
    for (;;) {
        const struct token *t = r->t, *key = t + 1;

        if (hyt_jaccept(r, ".")) {
            if (key->kind == J_NUMBER) /* x.0 */
                hyt_jnext(r);
            else
                hyt_jword(r);
            r->w.at = t->at;
            f = r->live ? item(r, f, key->v, true) : f;
        } else if (hyt_jaccept(r, "[")) {
            f = subscript(r, f, t->at);
        } else if (hyt_jaccept(r, "(")) {
            struct hyt_vcall c = {.n = 0};

            arguments(r, &c);
            if (f.kind == HYT_V_BUILTIN)
                c.self = *f.self;
            f = r->live ? invoke(r, &c, f, t->at) : f;
        } else {
            return f;
        }
    }
}

/* Up to `close`. */
static struct hyt_val items(struct run *r, enum hyt_vkind kind,
                            const char *close)
{
    struct hyt_val list = {.kind = kind};

    while (!hyt_jaccept(r, close)) {
        hyt_vappend(&r->w, &list, hyt_jexpr(r));
        if (kind == HYT_V_DICT) {
            hyt_jexpect(r, ":");
            hyt_vappend(&r->w, &list, hyt_jexpr(r));
        }
        if (!hyt_jsees(r, close))
            hyt_jexpect(r, ",");
    }
    if (kind == HYT_V_DICT)
        list.n /= 2;
    return list;
}

static struct hyt_val primary(struct run *r)
{
    const struct token *t = r->t;
    struct hyt_val v = {.kind = HYT_V_TUPLE};

    if (t->kind == J_WORD || t->kind == J_STRING || t->kind == J_NUMBER) {
        hyt_jnext(r);
        return t->kind == J_WORD && r->live ? name(r, t->s) : t->v;
    }
    if (hyt_jaccept(r, "["))
        return items(r, HYT_V_LIST, "]");
    if (hyt_jaccept(r, "{"))
        return items(r, HYT_V_DICT, "}");
    if (!hyt_jaccept(r, "("))
        hyt_junexpected(r, "an expression");
    if (!hyt_jsees(r, ")"))
        v = hyt_jexprs(r);
    hyt_jexpect(r, ")");
    return v;
}

/* A filter or a test; of a test, one argument may stand without brackets. */
struct hyt_val hyt_jnamed(struct run *r, struct hyt_val v, char where)
{
    const size_t at = r->t->at;
    const char *word = hyt_jword(r);
    struct hyt_vcall c = {.self = v};
    struct hyt_val f = {.kind = HYT_V_BUILTIN};

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
    r->w.at = at;
    f.builtin = hyt_jfind(word, where);
    if (f.builtin == NULL)
        hyt_vfail(&r->w, "no %s \"%s\"", where == 't' ? "test" : "filter",
                  word);
    return invoke(r, &c, f, at);
}

static struct hyt_val unary(struct run *r, bool filters)
{
    const size_t at = r->t->at;
    struct hyt_val v;

    hyt_vstep(&r->w, 0);
    hyt_vdeeper(&r->w);
    if (hyt_jaccept(r, "-")) {
        v = unary(r, false);
        r->w.at = at;
        if (r->live)
            v = hyt_vbinary(&r->w, '*', hyt_vint(-1), v);
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
            v = hyt_vbool(!hyt_vtruth(v));
    }
    r->w.used.depth--;
    return v;
}

/* What follows a comparison that fails, or an `and` or an `or` that is decided,
 * is read but not evaluated. */
struct hyt_val hyt_jbinaries(struct run *r, int rank)
{
    const size_t depth = r->w.used.depth;
    const bool live = r->live;
    struct hyt_val v, left, right;
    bool chain = false; /* a < b < c: left is b */

    if (rank <= J_NOT && hyt_jaccept(r, "not")) {
        hyt_vdeeper(&r->w);
        v = hyt_vbool(!hyt_vtruth(hyt_jbinaries(r, J_NOT)));
    } else {
        v = unary(r, true);
    }
    while (r->t->rank >= rank) {
        const struct token *op = r->t;
        const bool open = op->op == 'o'            ? !hyt_vtruth(v)
                          : op->op == 'a' || chain ? hyt_vtruth(v)
                                                   : true;

        hyt_vdeeper(&r->w); /* a tree would be so deep on its left */
        hyt_jnext(r);
        if (op->op == 'n')
            hyt_jexpect(r, "in");
        r->live = live && open;
        right = hyt_jbinaries(r, op->rank + 1);
        if (r->live) {
            r->w.at = op->at;
            left = chain ? left : v;
            v = op->rank < J_COMPARE ? right
                : op->rank == J_COMPARE
                    ? hyt_vbool(hyt_vcompare(&r->w, op->op, left, right))
                    : hyt_vbinary(&r->w, op->op, v, right);
        }
        r->live = live;
        chain = op->rank == J_COMPARE;
        left = right;
    }
    r->w.used.depth = depth;
    return v;
}

/* a if b else c: what comes second decides on what comes first, so the check
 * remembers where it is. */
struct hyt_val hyt_jexpr(struct run *r)
{
    struct token *begin = r->t;
    struct hyt_val v = hyt_vnothing("no else");

    if (!r->live && begin->skip != NULL) {
        r->t = begin->skip;
        return v;
    }
    hyt_vdeeper(&r->w);
    if (begin->condition != NULL) {
        r->t = begin->condition + 1;
        if (hyt_vtruth(hyt_jbinaries(r, J_OR))) {
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
    r->w.used.depth--;
    return v;
}

struct hyt_val hyt_jexprs(struct run *r)
{
    const struct hyt_val first = hyt_jexpr(r);
    struct hyt_val list = {.kind = HYT_V_TUPLE};

    if (!hyt_jsees(r, ","))
        return first;
    hyt_vappend(&r->w, &list, first);
    while (hyt_jaccept(r, ",") && r->t->kind != J_CLOSE && !hyt_jsees(r, ")"))
        hyt_vappend(&r->w, &list, hyt_jexpr(r));
    return list;
}
