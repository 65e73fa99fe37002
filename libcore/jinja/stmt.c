/* SPDX-License-Identifier: MIT */
/* stmt.c - text, {{ }} and {% %} */
#include <string.h>

#include "jinja/run.h"

/* --- what statements are made of ------------------------------------------ */

/* The end of a tag, and what follows up to {% end %}, {% else %} or the like;
 * live only if wanted. */
static void block(struct run *r, const char *end, bool wanted)
{
    const bool live = r->live;

    if (r->t->kind != J_CLOSE)
        hyt_junexpected(r, "%}");
    hyt_jnext(r);
    r->live = live && wanted;
    hyt_jstatements(r, end);
    r->live = live;
}

/* What a block prints. */
static struct hyt_val captured(struct run *r, const char *end)
{
    struct hyt_vtext text = {.work = &r->w}, *outer = r->out;
    struct hyt_scope *around = r->scope;

    r->out = &text;
    r->scope = hyt_vscope(&r->w, around);
    block(r, end, true);
    r->scope = around;
    r->out = outer;
    r->flow = J_FLOWS;
    return hyt_vdone(&text);
}

/* What is assigned to: a name or x.name, or several for the items of a list. */
enum { MAX_NAMES = 16 };

struct target {
    const char *name[MAX_NAMES], *space[MAX_NAMES]; /* space: the x, or NULL */
    size_t n, at;
    bool several;
};

static struct target read_target(struct run *r)
{
    struct target to = {.n = 0};
    const bool bracket = hyt_jaccept(r, "(");

    do {
        if (to.n == MAX_NAMES)
            hyt_vfail(&r->w, "more than %d names", MAX_NAMES);
        to.at = r->t->at;
        to.name[to.n] = hyt_jword(r);
        if (hyt_jaccept(r, ".")) {
            to.space[to.n] = to.name[to.n];
            to.at = r->t->at;
            to.name[to.n] = hyt_jword(r);
        }
        to.n++;
        to.several = hyt_jaccept(r, ",") || to.n > 1;
    } while (r->t->kind == J_WORD && strcmp(r->t[-1].s, ",") == 0);
    if (bracket)
        hyt_jexpect(r, ")");
    return to;
}

static void assign(struct run *r, const struct target *to, struct hyt_val v)
{
    const struct hyt_val one = {.kind = HYT_V_TUPLE, .n = 1, .item = &v},
                         list = to->several ? hyt_vitems(&r->w, v) : one;

    r->w.at = to->at;
    if (to->n != list.n)
        hyt_vfail(&r->w, "%zu values for %zu names", list.n, to->n);
    for (size_t i = 0; i < list.n; i++) {
        const struct hyt_val here = {.kind = HYT_V_SPACE, .scope = r->scope},
                             *space = &here;

        if (to->space[i] != NULL)
            space = hyt_vget(r->scope, to->space[i]);
        if (space == NULL || space->kind != HYT_V_SPACE)
            hyt_vfail(&r->w, "only a namespace can be changed");
        hyt_vset(&r->w, space->scope, to->name[i], list.item[i]);
    }
}

/* --- statements, behind their names --------------------------------------- */

static void do_if(struct run *r)
{
    const bool live = r->live;
    bool open = live, holds; /* open: no branch was taken yet */

    do {
        r->live = open;
        holds = hyt_vtruth(hyt_jexprs(r));
        block(r, "endif", holds);
        open = open && !holds;
    } while (hyt_jaccept(r, "elif"));
    r->live = live;
    if (hyt_jaccept(r, "else"))
        block(r, "endif", open);
    hyt_jexpect(r, "endif");
}

/* The items for which the condition holds. */
static struct hyt_val chosen(struct run *r, const struct target *to,
                             struct hyt_val all)
{
    struct hyt_scope *outer = r->scope;
    struct token *condition = r->t;
    struct hyt_val list = {.kind = HYT_V_LIST};

    for (size_t i = 0; i < all.n; i++) {
        r->scope = hyt_vscope(&r->w, outer);
        assign(r, to, all.item[i]);
        r->t = condition;
        if (hyt_vtruth(hyt_jexpr(r)))
            hyt_vappend(&r->w, &list, all.item[i]);
    }
    r->scope = outer;
    r->t = condition;
    return list;
}

/* Each turn has a scope of its own: what it sets is gone with it. */
static void do_for(struct run *r)
{
    struct hyt_scope *outer = r->scope;
    const struct target to = read_target(r);
    const bool live = r->live;
    struct token *begin;
    struct hyt_val list;
    bool finished = false; /* a turn came to its end, without break, continue */

    hyt_jexpect(r, "in");
    list = hyt_jbinaries(r, J_OR);
    list = hyt_vitems(&r->w, live ? list : hyt_vnothing("list"));
    if (hyt_jaccept(r, "if")) {
        list = chosen(r, &to, list);
        r->live = false;
        hyt_jexpr(r);
        r->live = live;
    }
    if (hyt_jsees(r, "recursive"))
        hyt_vfail(&r->w, "recursive loops are not supported");
    begin = r->t;
    list.kind = HYT_V_LOOP;
    for (list.turn = 0; list.turn < list.n && r->flow != J_BREAKS;
         list.turn++) {
        r->flow = J_FLOWS;
        r->scope = hyt_vscope(&r->w, outer);
        hyt_vset(&r->w, r->scope, "loop", list);
        assign(r, &to, list.item[list.turn]);
        r->t = begin;
        block(r, "endfor", true);
        finished = finished || r->flow == J_FLOWS;
    }
    r->flow = J_FLOWS;
    r->scope = outer;
    if (list.n == 0)
        block(r, "endfor", false);
    if (hyt_jaccept(r, "else"))
        block(r, "endfor", !finished);
    hyt_jexpect(r, "endfor");
}

/* named: behind the "|" of the first. */
static struct hyt_val filters(struct run *r, struct hyt_val v, bool named)
{
    for (; named || hyt_jaccept(r, "|"); named = false)
        v = hyt_jnamed(r, v, 'f');
    return v;
}

/* What a block prints, through the filters in front of it. */
static struct hyt_val filtered(struct run *r, const char *end, bool named)
{
    struct token *begin = r->t, *back;
    const bool live = r->live;
    struct hyt_val v = {.kind = HYT_V_NONE};

    r->live = false;
    filters(r, v, named);
    r->live = live;
    v = captured(r, end);
    back = r->t;
    r->t = begin;
    v = filters(r, v, named);
    r->t = back;
    hyt_jexpect(r, end);
    return v;
}

static void do_set(struct run *r)
{
    const struct target to = read_target(r);
    const struct hyt_val v =
        hyt_jaccept(r, "=") ? hyt_jexprs(r) : filtered(r, "endset", false);

    if (r->live)
        assign(r, &to, v);
}

static void do_filter(struct run *r)
{
    const struct hyt_val v = filtered(r, "endfilter", true);

    if (r->live)
        hyt_vputv(r->out, v);
}

/* Parameters by position or by name, else by default.  c: NULL if not live. */
static void parameters(struct run *r, struct hyt_vcall *c)
{
    hyt_jexpect(r, "(");
    for (size_t i = 0; !hyt_jaccept(r, ")"); i++) {
        const char *name = hyt_jword(r);
        struct hyt_val v = c ? hyt_varg(c, i, name) : hyt_vnothing(NULL);
        const bool given = v.kind != HYT_V_UNDEFINED || v.s != NULL;
        struct hyt_val absent = hyt_vnothing(name);

        r->live = c != NULL && !given;
        if (hyt_jaccept(r, "="))
            absent = hyt_jexpr(r);
        r->live = c != NULL;
        if (r->live)
            hyt_vset(&r->w, r->scope, name, given ? v : absent);
        if (!hyt_jsees(r, ")"))
            hyt_jexpect(r, ",");
    }
}

struct hyt_val hyt_jcall_macro(struct run *r, struct hyt_vcall *c,
                               struct hyt_val macro)
{
    struct hyt_scope *outer = r->scope;
    struct token *back = r->t;
    struct hyt_val v;

    r->scope = hyt_vscope(&r->w, macro.scope);
    r->t = macro.macro;
    parameters(r, c);
    v = captured(r, "endmacro");
    r->scope = outer;
    r->t = back;
    return v;
}

static void do_macro(struct run *r)
{
    const char *name = hyt_jword(r);
    const bool live = r->live;

    if (live)
        hyt_vset(&r->w, r->scope, name,
                 (struct hyt_val){
                     .kind = HYT_V_MACRO, .scope = r->scope, .macro = r->t});
    r->live = false;
    parameters(r, NULL);
    block(r, "endmacro", false);
    r->live = live;
    hyt_jexpect(r, "endmacro");
}

static void do_generation(struct run *r)
{
    const size_t begin = r->live ? r->out->n : 0;
    struct hyt_scope *around = r->scope;

    r->scope = hyt_vscope(&r->w, around);
    block(r, "endgeneration", true);
    r->scope = around;
    for (size_t i = begin; r->live && i < r->out->n; i++)
        r->out->mark[i] |= HYT_JINJA_GENERATION;
    hyt_jexpect(r, "endgeneration");
}

static void do_break(struct run *r)
{
    if (r->live)
        r->flow = r->t[-1].s[0] == 'b' ? J_BREAKS : J_CONTINUES;
}

static void tag(struct run *r)
{
    static const struct {
        const char *name;
        void (*read)(struct run *);
    } tags[] = {{"if", do_if},         {"for", do_for},
                {"set", do_set},       {"macro", do_macro},
                {"filter", do_filter}, {"generation", do_generation},
                {"break", do_break},   {"continue", do_break}};

    for (size_t i = 0; i < HYT_LEN(tags); i++)
        if (hyt_jaccept(r, tags[i].name)) {
            tags[i].read(r);
            return;
        }
    if (r->t->kind != J_WORD)
        hyt_junexpected(r, "a tag");
    hyt_vfail(&r->w, "the tag \"%s\" is not supported here", r->t->s);
}

/* Statements up to {% end %} or {% else %} or the like, whose word is then the
 * current token; end NULL: to the end of the template. */
void hyt_jstatements(struct run *r, const char *end)
{
    struct token *begin = r->t;

    hyt_vdeeper(&r->w);
    while ((r->live && r->flow == J_FLOWS) || begin->skip == NULL) {
        const int kind = r->t->kind;
        struct hyt_val v = r->t->v;

        hyt_vstep(&r->w, 0);
        if (kind == J_END)
            break;
        hyt_jnext(r);
        if (kind == J_TAG) {
            if (end != NULL && (hyt_jsees(r, "else") || hyt_jsees(r, "elif") ||
                                strncmp(r->t->s, "end", 3) == 0))
                break;
            tag(r);
        } else if (kind == J_VAR) {
            v = hyt_jexprs(r);
        }
        if (r->live && kind != J_TAG)
            hyt_vputv(r->out, v);
        if (kind != J_TEXT && r->t->kind != J_CLOSE)
            hyt_junexpected(r, "the end of the tag");
        if (kind != J_TEXT)
            hyt_jnext(r);
    }
    if (r->t->kind == J_END && end != NULL) {
        r->w.at = begin->at;
        hyt_vfail(&r->w, "no {%% %s %%} for this", end);
    }
    if (begin->skip == NULL)
        begin->skip = r->t;
    r->t = begin->skip;
    r->w.used.depth--;
}
