/* SPDX-License-Identifier: MIT */
/*
 * parse.c - expressions, by recursive descent: each function knows one level
 * of precedence, the loosest first
 */
#include <string.h>

#include "jinja/parse.h"

struct hyt_jnode *hyt_jnew(struct hyt_jparser *p, enum hyt_jnode_kind kind,
                           size_t at)
{
    struct hyt_jnode *n = hyt_jalloc(p->run, 1, sizeof(*n));

    n->kind = kind;
    n->at = at;
    return n;
}

static struct hyt_jnode *two(struct hyt_jparser *p, enum hyt_jnode_kind kind,
                             char op, size_t at, struct hyt_jnode *a,
                             struct hyt_jnode *b)
{
    struct hyt_jnode *n = hyt_jnew(p, kind, at);

    n->op = op;
    n->a = a;
    n->b = b;
    return n;
}

static struct hyt_jnode *constant(struct hyt_jparser *p,
                                  const struct hyt_jval *v)
{
    struct hyt_jnode *n = hyt_jnew(p, N_CONST, p->at);

    n->value = v;
    return n;
}

/* Items up to `close`; with `pairs`, key: value. */
static struct hyt_jnode *items(struct hyt_jparser *p, const char *close,
                               bool pairs)
{
    struct hyt_jnode *first = NULL, **last = &first;

    while (!hyt_jaccept(p, close)) {
        *last = hyt_jexpr(p);
        if (pairs) {
            hyt_jexpect(p, ":");
            last = &(*last)->next;
            *last = hyt_jexpr(p);
        }
        last = &(*last)->next;
        if (!hyt_jsees(p, close))
            hyt_jexpect(p, ",");
    }
    return first;
}

static struct hyt_jnode *strings(struct hyt_jparser *p)
{
    struct hyt_jnode *n = constant(p, p->value);
    struct hyt_jtext t = {0};

    for (hyt_jnext(p); p->token == J_STRING; hyt_jnext(p)) {
        if (t.n == 0)
            hyt_jput_value(p->run, &t, n->value);
        hyt_jput_value(p->run, &t, p->value);
        n->value = hyt_jdone(p->run, &t);
    }
    return n;
}

static struct hyt_jnode *number(struct hyt_jparser *p)
{
    struct hyt_jtext t = {0};
    struct hyt_jnode *n;
    struct hyt_err why;
    double x = 0;
    int64_t i = 0;
    bool whole;

    for (size_t k = p->at; k < p->end; k++)
        if (p->s[k] != '_')
            hyt_jput(p->run, &t, p->s + k, NULL, 1);
    whole = memchr(p->s + p->at, '.', p->end - p->at) == NULL;
    if ((whole ? hyt_parse_i64(t.s, &i, &why) : hyt_parse_f64(t.s, &x, &why)) <
        0)
        hyt_jfail(p->run, "%s", why.msg);
    n = constant(p, whole ? hyt_jint(p->run, i) : hyt_jfloat(p->run, x));
    hyt_jnext(p);
    return n;
}

static struct hyt_jnode *word(struct hyt_jparser *p)
{
    static const struct {
        const char *name;
        const struct hyt_jval *value;
    } known[] = {{"true", &hyt_jtrue},   {"True", &hyt_jtrue},
                 {"false", &hyt_jfalse}, {"False", &hyt_jfalse},
                 {"none", &hyt_jnone},   {"None", &hyt_jnone}};
    struct hyt_jnode *n = hyt_jnew(p, N_NAME, p->at);

    n->name = hyt_jword(p);
    p->loops |= strcmp(n->name, "loop") == 0;
    for (size_t i = 0; i < HYT_LEN(known); i++)
        if (strcmp(n->name, known[i].name) == 0) {
            n->kind = N_CONST;
            n->value = known[i].value;
        }
    return n;
}

static struct hyt_jnode *primary(struct hyt_jparser *p)
{
    const size_t at = p->at;
    struct hyt_jnode *n;

    if (p->token == J_WORD)
        return word(p);
    if (p->token == J_STRING)
        return strings(p);
    if (p->token == J_NUMBER)
        return number(p);
    if (hyt_jaccept(p, "[")) {
        n = hyt_jnew(p, N_LIST, at);
        n->a = items(p, "]", false);
    } else if (hyt_jaccept(p, "{")) {
        n = hyt_jnew(p, N_DICT, at);
        n->a = items(p, "}", true);
    } else if (hyt_jaccept(p, "(")) {
        if (hyt_jaccept(p, ")"))
            return hyt_jnew(p, N_TUPLE, at);
        n = hyt_jexprs(p);
        hyt_jexpect(p, ")");
    } else {
        hyt_junexpected(p, "an expression");
    }
    return n;
}

/* Behind the "(". */
static struct hyt_jnode *arguments(struct hyt_jparser *p)
{
    struct hyt_jnode *first = NULL, **last = &first;

    while (!hyt_jaccept(p, ")")) {
        struct hyt_jnode *arg = hyt_jnew(p, N_ARG, p->at), *x;

        if (p->token == J_OP && (hyt_jsees(p, "*") || hyt_jsees(p, "**")))
            hyt_jfail(p->run, "* in a call is not supported");
        x = hyt_jexpr(p);
        if (x->kind == N_NAME && hyt_jaccept(p, "=")) {
            arg->name = x->name;
            x = hyt_jexpr(p);
        }
        arg->a = x;
        *last = arg;
        last = &arg->next;
        if (!hyt_jsees(p, ")"))
            hyt_jexpect(p, ",");
    }
    return first;
}

/* Behind the "[": an index or a slice. */
static struct hyt_jnode *subscript(struct hyt_jparser *p, struct hyt_jnode *of,
                                   size_t at)
{
    struct hyt_jnode *n = two(p, N_ITEM, 0, at, of, NULL);
    struct hyt_jnode **part[] = {&n->b, &n->c, &n->d};

    for (size_t i = 0; i < HYT_LEN(part); i++) {
        if (!hyt_jsees(p, ":") && !hyt_jsees(p, "]"))
            *part[i] = hyt_jexpr(p);
        if (i == 2 || !hyt_jaccept(p, ":"))
            break;
        n->kind = N_SLICE;
    }
    if (n->kind == N_ITEM && n->b == NULL)
        hyt_junexpected(p, "an index");
    hyt_jexpect(p, "]");
    return n;
}

static struct hyt_jnode *postfix(struct hyt_jparser *p, struct hyt_jnode *n)
{
    for (;;) {
        const size_t at = p->at;

        if (hyt_jaccept(p, ".")) {
            n = two(p, N_ATTR, 0, at, n, NULL);
            if (p->token == J_NUMBER) { /* x.0 */
                n->kind = N_ITEM;
                n->b = number(p);
            } else {
                n->name = hyt_jword(p);
            }
        } else if (hyt_jaccept(p, "[")) {
            n = subscript(p, n, at);
        } else if (hyt_jaccept(p, "(")) {
            n = two(p, N_CALL, 0, at, n, NULL);
            n->b = arguments(p);
        } else {
            return n;
        }
    }
}

struct hyt_jnode *hyt_jfilters(struct hyt_jparser *p, struct hyt_jnode *x)
{
    while (hyt_jsees(p, "|")) {
        hyt_jnext(p);
        x = two(p, N_FILTER, 0, p->at, x, NULL);
        x->name = hyt_jword(p);
        if (hyt_jaccept(p, "("))
            x->b = arguments(p);
    }
    return x;
}

/* Behind the "is". */
static struct hyt_jnode *test(struct hyt_jparser *p, struct hyt_jnode *x)
{
    const bool negated = hyt_jaccept(p, "not");
    struct hyt_jnode *n = two(p, N_TEST, 0, p->at, x, NULL), *arg;

    n->name = hyt_jword(p);
    if (hyt_jaccept(p, "(")) {
        n->b = arguments(p);
    } else if (p->token == J_STRING || p->token == J_NUMBER ||
               hyt_jsees(p, "[") || hyt_jsees(p, "{") ||
               (p->token == J_WORD && !hyt_jsees(p, "else") &&
                !hyt_jsees(p, "or") && !hyt_jsees(p, "and") &&
                !hyt_jsees(p, "if") && !hyt_jsees(p, "is") &&
                !hyt_jsees(p, "not") && !hyt_jsees(p, "in"))) {
        arg = hyt_jnew(p, N_ARG, p->at);
        arg->a = postfix(p, primary(p));
        n->b = arg;
    }
    return negated ? two(p, N_NOT, 0, n->at, n, NULL) : n;
}

static struct hyt_jnode *unary(struct hyt_jparser *p, bool filters)
{
    const size_t at = p->at;
    struct hyt_jnode *n;

    hyt_jdeeper(p->run);
    if (hyt_jaccept(p, "-"))
        n = two(p, N_NEG, 0, at, unary(p, false), NULL);
    else if (hyt_jaccept(p, "+"))
        n = unary(p, false);
    else
        n = postfix(p, primary(p));
    while (filters && (hyt_jsees(p, "|") || hyt_jsees(p, "is")))
        n = hyt_jaccept(p, "is") ? test(p, n) : hyt_jfilters(p, n);
    p->run->depth--;
    return n;
}

/* The operators of one level, which take their operands from the next. */
static const char *const levels[][4] = {
    {"+", "-"}, {"~"}, {"*", "//", "/", "%"}, {"**"}};

static struct hyt_jnode *arithmetic(struct hyt_jparser *p, size_t level)
{
    struct hyt_jnode *n;

    if (level == HYT_LEN(levels))
        return unary(p, true);
    n = arithmetic(p, level + 1);
    for (size_t i = 0; i < 4 && levels[level][i] != NULL;) {
        const size_t at = p->at;
        const char *op = levels[level][i];

        if (hyt_jaccept(p, op)) {
            const char code = op[1] == '/' ? 'F' : op[1] == '*' ? 'P' : op[0];

            n = two(p, N_BINARY, code, at, n, arithmetic(p, level + 1));
            i = 0;
        } else {
            i++;
        }
    }
    return n;
}

static struct hyt_jnode *comparison(struct hyt_jparser *p)
{
    static const struct {
        const char *word;
        char op;
    } ops[] = {{"==", '='}, {"!=", '!'}, {"<=", 'l'}, {">=", 'g'},
               {"<", '<'},  {">", '>'},  {"in", 'i'}, {"not", 'n'}};
    struct hyt_jnode *first = arithmetic(p, 0), *n = NULL, **last = NULL;

    for (size_t i = 0; i < HYT_LEN(ops);) {
        const size_t at = p->at;

        if (!hyt_jaccept(p, ops[i].word)) {
            i++;
            continue;
        }
        if (ops[i].op == 'n')
            hyt_jexpect(p, "in");
        if (n == NULL) {
            n = two(p, N_COMPARE, 0, at, first, NULL);
            last = &n->b;
        }
        *last = two(p, N_COMPARE, ops[i].op, at, arithmetic(p, 0), NULL);
        last = &(*last)->next;
        i = 0;
    }
    return n ? n : first;
}

static struct hyt_jnode *negation(struct hyt_jparser *p)
{
    const size_t at = p->at;
    struct hyt_jnode *n;

    if (!hyt_jaccept(p, "not"))
        return comparison(p);
    hyt_jdeeper(p->run);
    n = two(p, N_NOT, 0, at, negation(p), NULL);
    p->run->depth--;
    return n;
}

static struct hyt_jnode *conjunction(struct hyt_jparser *p)
{
    struct hyt_jnode *n = negation(p);

    for (size_t at = p->at; hyt_jaccept(p, "and"); at = p->at)
        n = two(p, N_AND, 0, at, n, negation(p));
    return n;
}

struct hyt_jnode *hyt_jexpr_or(struct hyt_jparser *p)
{
    struct hyt_jnode *n = conjunction(p);

    for (size_t at = p->at; hyt_jaccept(p, "or"); at = p->at)
        n = two(p, N_OR, 0, at, n, conjunction(p));
    return n;
}

struct hyt_jnode *hyt_jexpr(struct hyt_jparser *p)
{
    struct hyt_jnode *n;

    hyt_jdeeper(p->run);
    n = hyt_jexpr_or(p);
    for (size_t at = p->at; hyt_jaccept(p, "if"); at = p->at) {
        struct hyt_jnode *cond = hyt_jexpr_or(p);

        n = two(p, N_COND, 0, at, cond, n);
        if (hyt_jaccept(p, "else"))
            n->c = hyt_jexpr(p);
    }
    p->run->depth--;
    return n;
}

struct hyt_jnode *hyt_jexprs(struct hyt_jparser *p)
{
    const size_t at = p->at;
    struct hyt_jnode *first = hyt_jexpr(p), **last = &first->next, *n;

    if (!hyt_jsees(p, ","))
        return first;
    while (hyt_jaccept(p, ",") && p->token != J_CLOSE && !hyt_jsees(p, ")") &&
           !hyt_jsees(p, "=")) {
        *last = hyt_jexpr(p);
        last = &(*last)->next;
    }
    n = hyt_jnew(p, N_TUPLE, at);
    n->a = first;
    return n;
}
