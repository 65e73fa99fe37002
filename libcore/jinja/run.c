/* SPDX-License-Identifier: MIT */
/* run.c - a run: its tokens, its variables; and whole templates */
#include <stdlib.h>
#include <string.h>

#include "jinja/run.h"

/* --- tokens --------------------------------------------------------------- */

void hyt_jnext(struct run *r)
{
    r->t++;
    r->w.at = r->t->at;
    if (r->t->kind == J_BAD)
        hyt_vfail(&r->w, "%s", r->t->s);
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
    r->w.at = r->t->at;
    if (r->t->kind == J_TEXT || r->t->kind == J_END)
        hyt_vfail(&r->w, "expected %s", wanted);
    hyt_vfail(&r->w, "expected %s, not %.40s", wanted, r->t->s);
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

/* --- a whole template ----------------------------------------------------- */

static const struct hyt_vbounds most = {.steps = HYT_JINJA_STEPS,
                                        .memory = HYT_JINJA_MEMORY,
                                        .depth = HYT_JINJA_DEPTH};

static void define(struct run *r, const struct hyt_jinja_var *var)
{
    struct hyt_val v = hyt_vbool(var->truth);

    if (var->json != NULL)
        v = hyt_vfrom_json(&r->w, var->json, var->most,
                           var->user ? HYT_JINJA_USER : 0);
    else if (var->text != NULL)
        v = hyt_vstr(var->text);
    hyt_vset(&r->w, r->scope, var->name, v);
}

static void define_now(struct run *r, const char *date)
{
    static const char name[] = "strftime_now";

    hyt_vset(&r->w, r->scope, name,
             hyt_vbound(&r->w, hyt_jfind(name, 'n'), name, hyt_vstr(date)));
}

/* Checked, or rendered with variables.  -1: a failure. */
static int run(struct run *r, struct hyt_jinja *check,
               const struct hyt_jinja *t, const struct hyt_jinja_var *var,
               size_t n, const char *date)
{
    if (setjmp(r->w.failed) != 0)
        return -1;
    if (check != NULL)
        hyt_jlex(&r->w, check);
    r->scope = hyt_vscope(&r->w, NULL);
    if (date != NULL)
        define_now(r, date);
    for (size_t i = 0; i < n; i++)
        define(r, &var[i]);
    r->t = t->token;
    hyt_jstatements(r, NULL);
    return 0;
}

/* Line ends become newlines, and the last one goes, as Jinja does. */
struct hyt_jinja *hyt_jinja_parse(const char *source, size_t n,
                                  struct hyt_err *err)
{
    struct hyt_jinja *t = hyt_alloc(1, sizeof(*t));
    struct run r = {.w = {.err = err, .arena = &t->arena, .most = most}};
    size_t size = 0;

    t->source = HYT_NEW(&t->arena, char, n + 1);
    for (size_t i = 0; i < n; i++)
        if (source[i] != '\r')
            t->source[size++] = source[i];
        else if (i + 1 == n || source[i + 1] != '\n')
            t->source[size++] = '\n';
    if (size > 0 && t->source[size - 1] == '\n')
        t->source[--size] = '\0';
    r.w.source = t->source;
    if (strlen(t->source) < size || hyt_utf8_bad(t->source, size) < size)
        hyt_fail(err, "1:1: not UTF-8 text");
    else if (run(&r, t, t, NULL, 0, NULL) == 0)
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
    struct hyt_vtext text = {0};
    struct run r = {
        .w = {.err = err, .arena = &arena, .source = t->source, .most = most},
        .live = true,
        .out = &text};
    int status;

    text.work = &r.w;
    status = run(&r, NULL, t, var, n_var, date);
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
