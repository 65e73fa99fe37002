/* SPDX-License-Identifier: MIT */
/* exec.c - statements run: scopes, loops, output */
#include <stdlib.h>
#include <string.h>

#include "jinja/run.h"

/* --- scopes: a name lives in the innermost one that set it ---------------- */

const struct hyt_jval *hyt_jget(const struct hyt_jscope *scope,
                                const char *name)
{
    for (; scope != NULL; scope = scope->up)
        for (const struct hyt_jvar *v = scope->var; v; v = v->next)
            if (strcmp(v->name, name) == 0)
                return v->value;
    return NULL;
}

void hyt_jset(struct hyt_jrun *r, struct hyt_jscope *scope, const char *name,
              const struct hyt_jval *value)
{
    struct hyt_jvar *v = scope->var;

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

static void assign(struct hyt_jrun *r, const struct hyt_jnode *to,
                   const struct hyt_jval *v)
{
    const struct hyt_jval *space;
    size_t i = 0;

    if (to->kind == N_NAME) {
        hyt_jset(r, r->scope, to->name, v);
    } else if (to->kind == N_ATTR) {
        space = hyt_jeval(r, to->a);
        r->at = to->at;
        if (space->kind != J_SPACE)
            hyt_jfail(r, "only a namespace can be changed");
        hyt_jset(r, space->scope, to->name, v);
    } else {
        v = hyt_jitems(r, v);
        for (const struct hyt_jnode *n = to->a; n; n = n->next, i++)
            if (i < v->n)
                assign(r, n, v->item[i]);
        r->at = to->at;
        if (i != v->n)
            hyt_jfail(r, "%zu values for %zu names", v->n, i);
    }
}

/* --- loops ---------------------------------------------------------------- */

static const struct hyt_jval *cycle(struct hyt_jcall *c)
{
    const struct hyt_jval *v = NULL;

    for (size_t i = 0; i < c->n; i++) {
        const struct hyt_jval *x = hyt_jarg(c, i, NULL);

        if (i == (size_t)c->self->i % c->n)
            v = x;
    }
    if (v == NULL)
        hyt_jfail(c->run, "cycle of nothing");
    return v;
}

/* The variable `loop`. */
static const struct hyt_jval *loop(struct hyt_jrun *r,
                                   const struct hyt_jval *list, size_t i)
{
    static const struct hyt_jbuiltin cycles = {"cycle", 0, cycle};
    const size_t n = list->n;
    const struct hyt_jval *none = hyt_jundefined(r, "loop item");
    struct hyt_jval *v = hyt_jlist(r, J_DICT, 12),
                    *turn = hyt_jalloc(r, 1, sizeof(*turn));
    const struct {
        const char *name;
        const struct hyt_jval *value;
    } member[] = {
        {"index", hyt_jint(r, (int64_t)i + 1)},
        {"index0", hyt_jint(r, (int64_t)i)},
        {"revindex", hyt_jint(r, (int64_t)(n - i))},
        {"revindex0", hyt_jint(r, (int64_t)(n - i) - 1)},
        {"first", i == 0 ? &hyt_jtrue : &hyt_jfalse},
        {"last", i + 1 == n ? &hyt_jtrue : &hyt_jfalse},
        {"length", hyt_jint(r, (int64_t)n)},
        {"depth", hyt_jint(r, 1)},
        {"depth0", hyt_jint(r, 0)},
        {"previtem", i > 0 ? list->item[i - 1] : none},
        {"nextitem", i + 1 < n ? list->item[i + 1] : none},
        {"cycle", turn},
    };

    turn->kind = J_BUILTIN;
    turn->builtin = &cycles;
    turn->self = member[1].value;
    for (size_t k = 0; k < HYT_LEN(member); k++) {
        v->item[2 * k] = hyt_jstr(r, member[k].name);
        v->item[2 * k + 1] = member[k].value;
    }
    return v;
}

static void new_scope(struct hyt_jrun *r, struct hyt_jscope *up)
{
    r->scope = hyt_jalloc(r, 1, sizeof(*r->scope));
    r->scope->up = up;
}

/* The items for which the loop's condition holds. */
static const struct hyt_jval *wanted(struct hyt_jrun *r,
                                     const struct hyt_jnode *n,
                                     const struct hyt_jval *all)
{
    struct hyt_jscope *outer = r->scope;
    struct hyt_jval *list;

    if (n->e == NULL)
        return all;
    list = hyt_jlist(r, J_LIST, all->n);
    list->n = 0;
    for (size_t i = 0; i < all->n; i++) {
        new_scope(r, outer);
        assign(r, n->a, all->item[i]);
        if (hyt_jtruth(hyt_jeval(r, n->e)))
            list->item[list->n++] = all->item[i];
    }
    r->scope = outer;
    return list;
}

/* Each turn has a scope of its own: what it sets is gone with it. */
static void exec_for(struct hyt_jrun *r, const struct hyt_jnode *n)
{
    struct hyt_jscope *outer = r->scope;
    const struct hyt_jval *list =
        wanted(r, n, hyt_jitems(r, hyt_jeval(r, n->b)));

    for (size_t i = 0; i < list->n && r->flow != J_BREAKS; i++) {
        r->flow = J_FLOWS;
        new_scope(r, outer);
        if (n->op)
            hyt_jset(r, r->scope, "loop", loop(r, list, i));
        assign(r, n->a, list->item[i]);
        hyt_jexec(r, n->c);
    }
    r->flow = J_FLOWS;
    r->scope = outer;
    if (list->n == 0)
        hyt_jexec(r, n->d);
}

/* --- statements ----------------------------------------------------------- */

static void exec_macro(struct hyt_jrun *r, const struct hyt_jnode *n)
{
    struct hyt_jval *v = hyt_jalloc(r, 1, sizeof(*v));

    v->kind = J_MACRO;
    v->scope = r->scope;
    v->macro = n;
    hyt_jset(r, r->scope, n->name, v);
}

static void exec_one(struct hyt_jrun *r, const struct hyt_jnode *n)
{
    const size_t begin = r->out->n;

    switch (n->kind) {
    case N_PRINT:
        hyt_jput_value(r, r->out, hyt_jeval(r, n->a));
        break;
    case N_IF:
        hyt_jexec(r, hyt_jtruth(hyt_jeval(r, n->a)) ? n->b : n->c);
        break;
    case N_FOR:
        exec_for(r, n);
        break;
    case N_SET:
        assign(r, n->a, hyt_jeval(r, n->b));
        break;
    case N_MACRO:
        exec_macro(r, n);
        break;
    case N_GENERATED:
        hyt_jexec(r, n->a);
        for (size_t i = begin; i < r->out->n; i++)
            r->out->mark[i] |= HYT_JINJA_GENERATION;
        break;
    default:
        r->flow = n->kind == N_BREAK ? J_BREAKS : J_CONTINUES;
    }
}

void hyt_jexec(struct hyt_jrun *r, const struct hyt_jnode *list)
{
    hyt_jdeeper(r);
    for (; list != NULL && r->flow == J_FLOWS; list = list->next) {
        r->at = list->at;
        hyt_jstep(r, 0);
        exec_one(r, list);
    }
    r->depth--;
}

const struct hyt_jval *hyt_jcapture(struct hyt_jrun *r,
                                    const struct hyt_jnode *list)
{
    struct hyt_jtext text = {0}, *outer = r->out;

    r->out = &text;
    hyt_jexec(r, list);
    r->out = outer;
    r->flow = J_FLOWS;
    return hyt_jdone(r, &text);
}

/* --- a whole template ----------------------------------------------------- */

static int render(struct hyt_jrun *r, const struct hyt_jnode *body,
                  const struct hyt_jinja_var *var, size_t n_var)
{
    if (setjmp(r->failed) != 0)
        return -1;
    new_scope(r, NULL);
    for (size_t i = 0; i < n_var; i++)
        hyt_jset(r, r->scope, var[i].name,
                 var[i].json
                     ? hyt_jfrom_json(r, var[i].json, var[i].most, var[i].user)
                 : var[i].text  ? hyt_jstr(r, var[i].text)
                 : var[i].truth ? &hyt_jtrue
                                : &hyt_jfalse);
    hyt_jexec(r, body);
    return 0;
}

int hyt_jinja_render(const struct hyt_jinja *t, const struct hyt_jinja_var *var,
                     size_t n_var, const char *date, struct hyt_jinja_text *out,
                     struct hyt_err *err)
{
    struct hyt_arena arena = {0};
    struct hyt_jtext text = {0};
    struct hyt_jrun r = {.err = err,
                         .source = t->source,
                         .arena = &arena,
                         .date = date,
                         .out = &text};
    const int status = render(&r, t->body, var, n_var);

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
