/* SPDX-License-Identifier: MIT */
/* run.c - a run: its bounds, its tokens, its scopes; and whole templates */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jinja/run.h"

void hyt_jfail(struct run *r, const char *fmt, ...)
{
    size_t line = 1, begin = 0;
    char what[900];
    va_list args;

    for (size_t i = 0; i < r->at; i++)
        if (r->source[i] == '\n') {
            line++;
            begin = i + 1;
        }
    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    hyt_fail(r->err, "%zu:%zu: %s", line, r->at - begin + 1, what);
    longjmp(r->failed, 1);
}

void *hyt_jalloc(struct run *r, size_t n, size_t size)
{
    if (n > HYT_JINJA_MEMORY / size ||
        (r->memory += n * size) > HYT_JINJA_MEMORY)
        hyt_jfail(r, "it makes more than %zu MiB of values",
                  HYT_JINJA_MEMORY >> 20);
    return hyt_arena_alloc(r->arena, n, size);
}

void hyt_jstep(struct run *r, size_t work)
{
    r->steps += 1 + work / 64;
    if (r->steps > HYT_JINJA_STEPS)
        hyt_jfail(r, "it takes more than %d steps", HYT_JINJA_STEPS);
}

void hyt_jdeeper(struct run *r)
{
    if (++r->depth > HYT_JINJA_DEPTH)
        hyt_jfail(r, "it goes deeper than %d levels", HYT_JINJA_DEPTH);
}

/* --- tokens --------------------------------------------------------------- */

void hyt_jnext(struct run *r)
{
    r->t++;
    r->at = r->t->at;
    if (r->t->kind == J_BAD)
        hyt_jfail(r, "%s", r->t->s);
}

bool hyt_jsees(const struct run *r, const char *word)
{
    return (r->t->kind == J_WORD || r->t->kind == J_OP) &&
           r->t->s[0] == word[0] && strcmp(r->t->s, word) == 0;
}

bool hyt_jaccept(struct run *r, const char *word)
{
    const bool there = hyt_jsees(r, word);

    if (there)
        hyt_jnext(r);
    return there;
}

void hyt_junexpected(struct run *r, const char *wanted)
{
    r->at = r->t->at;
    if (r->t->kind == J_TEXT || r->t->kind == J_END)
        hyt_jfail(r, "expected %s", wanted);
    hyt_jfail(r, "expected %s, not %.40s", wanted, r->t->s);
}

void hyt_jexpect(struct run *r, const char *word)
{
    if (!hyt_jaccept(r, word))
        hyt_junexpected(r, word);
}

const char *hyt_jword(struct run *r)
{
    if (r->t->kind != J_WORD)
        hyt_junexpected(r, "a name");
    hyt_jnext(r);
    return r->t[-1].s;
}

/* --- scopes: a name lives in the innermost one that set it ---------------- */

struct scope {
    struct scope *up;
    struct var {
        const char *name;
        struct val value;
        struct var *next;
    } * var;
};

const struct val *hyt_jget(const struct scope *scope, const char *name)
{
    for (; scope != NULL; scope = scope->up)
        for (const struct var *v = scope->var; v; v = v->next)
            if (strcmp(v->name, name) == 0)
                return &v->value;
    return NULL;
}

void hyt_jset(struct run *r, struct scope *scope, const char *name,
              struct val value)
{
    struct var *v = scope->var;

    while (v != NULL && strcmp(v->name, name) != 0)
        v = v->next;
    if (v == NULL) {
        v = hyt_jalloc(r, 1, sizeof(*v));
        v->name = name;
        v->next = scope->var;
        scope->var = v;
    }
    v->value = value;
}

struct scope *hyt_jscope(struct run *r, struct scope *up)
{
    struct scope *scope = hyt_jalloc(r, 1, sizeof(*scope));

    scope->up = up;
    return scope;
}

/* --- a whole template ----------------------------------------------------- */

/* Checked, or rendered with variables.  -1: a failure. */
static int run(struct run *r, struct hyt_jinja *check,
               const struct hyt_jinja *t, const struct hyt_jinja_var *var,
               size_t n)
{
    if (setjmp(r->failed) != 0)
        return -1;
    if (check != NULL)
        hyt_jlex(r, check);
    r->scope = hyt_jscope(r, NULL);
    for (size_t i = 0; i < n; i++)
        hyt_jset(r, r->scope, var[i].name,
                 var[i].json
                     ? hyt_jfrom_json(r, var[i].json, var[i].most, var[i].user)
                 : var[i].text ? hyt_jstr(var[i].text)
                               : hyt_jbool(var[i].truth));
    r->t = t->token;
    hyt_jstatements(r, NULL);
    return 0;
}

/* Line ends become newlines, and the last one goes, as Jinja does. */
struct hyt_jinja *hyt_jinja_parse(const char *source, size_t n,
                                  struct hyt_err *err)
{
    struct hyt_jinja *t = hyt_alloc(1, sizeof(*t));
    struct run r = {.err = err, .arena = &t->arena};
    size_t size = 0;

    t->source = HYT_NEW(&t->arena, char, n + 1);
    for (size_t i = 0; i < n; i++)
        if (source[i] != '\r')
            t->source[size++] = source[i];
        else if (i + 1 == n || source[i + 1] != '\n')
            t->source[size++] = '\n';
    if (size > 0 && t->source[size - 1] == '\n')
        t->source[--size] = '\0';
    r.source = t->source;
    if (strlen(t->source) < size || hyt_utf8_bad(t->source, size) < size)
        hyt_fail(err, "1:1: not UTF-8 text");
    else if (run(&r, t, t, NULL, 0) == 0)
        return t;
    hyt_jinja_free(t);
    return NULL;
}

void hyt_jinja_free(struct hyt_jinja *t)
{
    if (t == NULL)
        return;
    hyt_arena_free(&t->arena);
    free(t->token);
    free(t);
}

int hyt_jinja_render(const struct hyt_jinja *t, const struct hyt_jinja_var *var,
                     size_t n_var, const char *date, struct hyt_jinja_text *out,
                     struct hyt_err *err)
{
    struct hyt_arena arena = {0};
    struct text text = {0};
    struct run r = {.err = err,
                    .arena = &arena,
                    .source = t->source,
                    .live = true,
                    .date = date,
                    .out = &text};
    int status;

    text.run = &r;
    status = run(&r, NULL, t, var, n_var);
    if (status == 0) {
        hyt_buf_put(&out->s, text.s, text.n);
        hyt_buf_put(&out->mark, text.mark, text.n);
    }
    hyt_arena_free(&arena);
    return status;
}

void hyt_jinja_text_free(struct hyt_jinja_text *text)
{
    hyt_buf_free(&text->s);
    hyt_buf_free(&text->mark);
}
