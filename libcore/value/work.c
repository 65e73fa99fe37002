/* SPDX-License-Identifier: MIT */
/* work.c - what makes values: its bounds, its failures; strings and lists in
 * the making; scopes, where a name lives in the innermost one that set it */
#include <stdio.h>
#include <string.h>

#include "value/inner.h"

void hyt_vfail(struct hyt_vwork *w, const char *fmt, ...)
{
    size_t line = 1, begin = 0;
    char what[900];
    va_list args;

    for (size_t i = 0; i < w->at; i++)
        if (w->source[i] == '\n') {
            line++;
            begin = i + 1;
        }
    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    hyt_fail(w->err, "%zu:%zu: %s", line, w->at - begin + 1, what);
    longjmp(w->failed, 1);
}

void *hyt_valloc(struct hyt_vwork *w, size_t n, size_t size)
{
    if (n > w->most.memory / size ||
        (w->used.memory += n * size) > w->most.memory)
        hyt_vfail(w, "it makes more than %zu MiB of values",
                  w->most.memory >> 20);
    return hyt_arena_alloc(w->arena, n, size);
}

void hyt_vstep(struct hyt_vwork *w, size_t work)
{
    w->used.steps += 1 + work / 64;
    if (w->used.steps > w->most.steps)
        hyt_vfail(w, "it takes more than %zu steps", w->most.steps);
}

void hyt_vdeeper(struct hyt_vwork *w)
{
    if (++w->used.depth > w->most.depth)
        hyt_vfail(w, "it goes deeper than %zu levels", w->most.depth);
}

/* --- making --------------------------------------------------------------- */

void hyt_vput(struct hyt_vtext *t, const char *s, const unsigned char *mark,
              size_t n)
{
    if (n >= t->cap - t->n) {
        const struct hyt_vtext old = *t;

        t->cap = 2 * (old.n + n) + 32;
        t->s = hyt_valloc(t->work, t->cap, 1);
        t->mark = hyt_valloc(t->work, t->cap, 1);
        if (old.n > 0) {
            memcpy(t->s, old.s, old.n);
            memcpy(t->mark, old.mark, old.n);
        }
    }
    if (n > 0)
        memcpy(t->s + t->n, s, n);
    if (n > 0 && mark != NULL)
        memcpy(t->mark + t->n, mark, n);
    t->n += n;
}

void hyt_vputs(struct hyt_vtext *t, const char *s)
{
    hyt_vput(t, s, NULL, strlen(s));
}

struct hyt_val hyt_vdone(const struct hyt_vtext *t)
{
    return (struct hyt_val){
        .kind = HYT_V_STR, .n = t->n, .s = t->n ? t->s : "", .mark = t->mark};
}

struct hyt_val hyt_vstr(const char *s)
{
    return (struct hyt_val){.kind = HYT_V_STR, .n = strlen(s), .s = s};
}

char *hyt_vchars(struct hyt_vwork *w, struct hyt_val v)
{
    struct hyt_vtext t = {.work = w};

    hyt_vput(&t, v.s, NULL, v.n);
    return t.s;
}

struct hyt_val hyt_vpart(struct hyt_val v, size_t begin, size_t end)
{
    v.n = end - begin;
    v.s += begin;
    v.mark = v.mark ? v.mark + begin : NULL;
    return v;
}

/* The room doubles when n is a power of two. */
void hyt_vappend(struct hyt_vwork *w, struct hyt_val *list, struct hyt_val v)
{
    const size_t n = list->n;
    struct hyt_val *old = list->item;

    if ((n & (n - 1)) == 0)
        list->item = hyt_valloc(w, 2 * n + 1, sizeof(v));
    if ((n & (n - 1)) == 0 && n > 0)
        memcpy(list->item, old, n * sizeof(v));
    list->item[list->n++] = v;
}

/* --- scopes --------------------------------------------------------------- */

struct hyt_scope {
    struct hyt_scope *up;
    struct var {
        const char *name;
        struct hyt_val value;
        struct var *next;
    } * var;
};

const struct hyt_val *hyt_vget(const struct hyt_scope *scope, const char *name)
{
    for (; scope != NULL; scope = scope->up)
        for (const struct var *v = scope->var; v; v = v->next)
            if (strcmp(v->name, name) == 0)
                return &v->value;
    return NULL;
}

void hyt_vset(struct hyt_vwork *w, struct hyt_scope *scope, const char *name,
              struct hyt_val value)
{
    struct var *v = scope->var;

    while (v != NULL && strcmp(v->name, name) != 0)
        v = v->next;
    if (v == NULL) {
        v = hyt_valloc(w, 1, sizeof(*v));
        v->name = name;
        v->next = scope->var;
        scope->var = v;
    }
    v->value = value;
}

struct hyt_scope *hyt_vscope(struct hyt_vwork *w, struct hyt_scope *up)
{
    struct hyt_scope *scope = hyt_valloc(w, 1, sizeof(*scope));

    scope->up = up;
    return scope;
}
