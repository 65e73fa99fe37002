/* SPDX-License-Identifier: MIT */
/* stmt.c - a template becomes statements: text, {{ }} and {% %} */
#include <stdlib.h>
#include <string.h>

#include "jinja/parse.h"

static struct hyt_jnode *body(struct hyt_jparser *p, const char *ends);

/* Behind {% NAME: the tag ends, and so does the body at {% END %}. */
static struct hyt_jnode *body_to(struct hyt_jparser *p, const char *end)
{
    struct hyt_jnode *list;

    if (p->token != J_CLOSE)
        hyt_junexpected(p, "%}");
    hyt_jnext(p);
    list = body(p, end);
    hyt_jexpect(p, end);
    return list;
}

static struct hyt_jnode *parse_if(struct hyt_jparser *p, struct hyt_jnode *n)
{
    n->kind = N_IF;
    n->a = hyt_jexprs(p);
    if (p->token != J_CLOSE)
        hyt_junexpected(p, "%}");
    hyt_jnext(p);
    n->b = body(p, "elif else endif");
    if (hyt_jsees(p, "elif")) {
        n->c = hyt_jnew(p, N_IF, p->at);
        hyt_jnext(p);
        hyt_jdeeper(p->run);
        parse_if(p, n->c);
        p->run->depth--;
    } else if (hyt_jaccept(p, "else")) {
        n->c = body_to(p, "endif");
    } else {
        hyt_jexpect(p, "endif");
    }
    return n;
}

/* A name, x.name, or several with commas between. */
static struct hyt_jnode *target(struct hyt_jparser *p)
{
    const size_t at = p->at;
    const bool bracket = hyt_jaccept(p, "(");
    struct hyt_jnode *first = NULL, **last = &first, *n;
    bool several = false;

    do {
        if (first != NULL && p->token != J_WORD)
            break;
        n = hyt_jnew(p, N_NAME, p->at);
        n->name = hyt_jword(p);
        if (hyt_jaccept(p, ".")) {
            struct hyt_jnode *of = n;

            n = hyt_jnew(p, N_ATTR, p->at);
            n->a = of;
            n->name = hyt_jword(p);
        }
        *last = n;
        last = &n->next;
    } while (hyt_jaccept(p, ",") && (several = true));
    if (bracket)
        hyt_jexpect(p, ")");
    if (!several)
        return first;
    n = hyt_jnew(p, N_TUPLE, at);
    n->a = first;
    return n;
}

static struct hyt_jnode *parse_for(struct hyt_jparser *p, struct hyt_jnode *n)
{
    const bool outer = p->loops;

    n->kind = N_FOR;
    n->a = target(p);
    hyt_jexpect(p, "in");
    n->b = hyt_jexpr_or(p);
    if (hyt_jaccept(p, "if"))
        n->e = hyt_jexpr(p);
    if (hyt_jsees(p, "recursive"))
        hyt_jfail(p->run, "recursive loops are not supported");
    if (p->token != J_CLOSE)
        hyt_junexpected(p, "%}");
    hyt_jnext(p);
    p->loops = false;
    n->c = body(p, "else endfor");
    n->op = p->loops;
    p->loops |= outer;
    if (hyt_jaccept(p, "else"))
        n->d = body_to(p, "endfor");
    else
        hyt_jexpect(p, "endfor");
    return n;
}

/* What a body prints, as an expression. */
static struct hyt_jnode *printed(struct hyt_jparser *p)
{
    return hyt_jnew(p, N_BODY, p->at);
}

static struct hyt_jnode *parse_set(struct hyt_jparser *p, struct hyt_jnode *n)
{
    struct hyt_jnode *text;

    n->kind = N_SET;
    n->a = target(p);
    if (hyt_jaccept(p, "=")) {
        n->b = hyt_jexprs(p);
        return n;
    }
    text = printed(p);
    n->b = hyt_jfilters(p, text);
    text->a = body_to(p, "endset");
    return n;
}

static struct hyt_jnode *parse_filter(struct hyt_jparser *p,
                                      struct hyt_jnode *n)
{
    struct hyt_jnode *text = printed(p), *x = hyt_jnew(p, N_FILTER, p->at);

    n->kind = N_PRINT;
    x->a = text;
    x->name = hyt_jword(p);
    n->a = hyt_jfilters(p, x);
    text->a = body_to(p, "endfilter");
    return n;
}

static struct hyt_jnode *parse_macro(struct hyt_jparser *p, struct hyt_jnode *n)
{
    struct hyt_jnode **last = &n->a;

    n->kind = N_MACRO;
    n->name = hyt_jword(p);
    hyt_jexpect(p, "(");
    while (!hyt_jaccept(p, ")")) {
        struct hyt_jnode *arg = hyt_jnew(p, N_ARG, p->at);

        arg->name = hyt_jword(p);
        if (hyt_jaccept(p, "="))
            arg->a = hyt_jexpr(p);
        *last = arg;
        last = &arg->next;
        if (!hyt_jsees(p, ")"))
            hyt_jexpect(p, ",");
    }
    n->b = body_to(p, "endmacro");
    return n;
}

static struct hyt_jnode *parse_generation(struct hyt_jparser *p,
                                          struct hyt_jnode *n)
{
    n->kind = N_GENERATED;
    n->a = body_to(p, "endgeneration");
    return n;
}

static struct hyt_jnode *parse_break(struct hyt_jparser *p, struct hyt_jnode *n)
{
    (void)p;
    n->kind = N_BREAK;
    return n;
}

static struct hyt_jnode *parse_continue(struct hyt_jparser *p,
                                        struct hyt_jnode *n)
{
    (void)p;
    n->kind = N_CONTINUE;
    return n;
}

static struct hyt_jnode *tag(struct hyt_jparser *p)
{
    static const struct {
        const char *name;
        struct hyt_jnode *(*parse)(struct hyt_jparser *, struct hyt_jnode *);
    } tags[] = {{"if", parse_if},         {"for", parse_for},
                {"set", parse_set},       {"macro", parse_macro},
                {"filter", parse_filter}, {"generation", parse_generation},
                {"break", parse_break},   {"continue", parse_continue}};
    struct hyt_jnode *n = hyt_jnew(p, N_PRINT, p->at);

    for (size_t i = 0; i < HYT_LEN(tags); i++)
        if (hyt_jaccept(p, tags[i].name))
            return tags[i].parse(p, n);
    if (p->token != J_WORD)
        hyt_junexpected(p, "a tag");
    hyt_jfail(p->run, "the tag \"%.*s\" is not supported here",
              (int)(p->end - p->at), p->s + p->at);
}

static bool is_one_of(const struct hyt_jparser *p, const char *words)
{
    const size_t n = p->end - p->at;

    for (const char *w = words; *w != '\0'; w += strspn(w, " ")) {
        const size_t len = strcspn(w, " ");

        if (p->token == J_WORD && len == n && memcmp(w, p->s + p->at, n) == 0)
            return true;
        w += len;
    }
    return false;
}

/* Statements up to {% and one of the words in `ends`, which is then the
 * current token; none: up to the end of the template. */
static struct hyt_jnode *body(struct hyt_jparser *p, const char *ends)
{
    struct hyt_jnode *first = NULL, **last = &first;
    const size_t begin = p->at;

    hyt_jdeeper(p->run);
    while (p->token != J_END) {
        struct hyt_jnode *n = hyt_jnew(p, N_PRINT, p->at);

        if (p->token == J_TEXT) {
            n->a = hyt_jnew(p, N_CONST, p->at);
            n->a->value = p->value;
        } else if (p->token == J_VAR) {
            hyt_jnext(p);
            n->a = hyt_jexprs(p);
        } else {
            hyt_jnext(p);
            if (is_one_of(p, ends))
                break;
            n = tag(p);
        }
        if (p->token != J_CLOSE && p->token != J_TEXT)
            hyt_junexpected(p, "the end of the tag");
        hyt_jnext(p);
        *last = n;
        last = &n->next;
    }
    p->run->at = p->token == J_END ? begin : p->at;
    if (p->token == J_END && *ends != '\0')
        hyt_jfail(p->run, "no {%% %s %%} for this",
                  strrchr(ends, ' ') ? strrchr(ends, ' ') + 1 : ends);
    p->run->depth--;
    return first;
}

static int parse(struct hyt_jinja *t, struct hyt_jrun *r)
{
    struct hyt_jparser p = {.run = r, .s = t->source, .n = t->n};

    if (setjmp(r->failed) != 0)
        return -1;
    if (memchr(t->source, 0, t->n) != NULL ||
        hyt_utf8_bad(t->source, t->n) < t->n)
        hyt_jfail(r, "not UTF-8 text");
    hyt_jnext(&p);
    t->body = body(&p, "");
    return 0;
}

/* Line ends become newlines, and the last one goes, as Jinja does. */
static void take_source(struct hyt_jinja *t, const char *s, size_t n)
{
    t->source = HYT_NEW(&t->arena, char, n + 1);
    for (size_t i = 0; i < n; i++)
        if (s[i] != '\r')
            t->source[t->n++] = s[i];
        else if (i + 1 == n || s[i + 1] != '\n')
            t->source[t->n++] = '\n';
    if (t->n > 0 && t->source[t->n - 1] == '\n')
        t->source[--t->n] = '\0';
}

struct hyt_jinja *hyt_jinja_parse(const char *source, size_t n,
                                  struct hyt_err *err)
{
    struct hyt_jinja *t = hyt_alloc(1, sizeof(*t));
    struct hyt_jrun r = {.err = err, .arena = &t->arena};

    take_source(t, source, n);
    r.source = t->source;
    if (parse(t, &r) == 0)
        return t;
    hyt_jinja_free(t);
    return NULL;
}

void hyt_jinja_free(struct hyt_jinja *t)
{
    if (t == NULL)
        return;
    hyt_arena_free(&t->arena);
    free(t);
}
