/* SPDX-License-Identifier: MIT */
/* builtin.c - tests and functions of any value; how all are found */
#include "jinja/run.h"

const struct hyt_builtin *hyt_jfind(const char *name, char where)
{
    static const struct hyt_builtin *const tables[] = {
        hyt_vmethods, hyt_vfunctions, hyt_jlists, hyt_jothers, NULL};

    return hyt_vfind(tables, name, where);
}

/* how: bits of kinds. */
static struct hyt_val is_kind(struct hyt_vwork *w, struct hyt_vcall *c)
{
    (void)w;
    return hyt_vbool((c->how >> c->self.kind & 1) != 0);
}

/* how: 1 true, 0 false, o odd, e even, or an operator. */
static struct hyt_val is(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const struct hyt_val v = c->self;

    if (c->how == '1' || c->how == '0')
        return hyt_vbool(v.kind == HYT_V_BOOL && v.i == c->how - '0');
    if (c->how == 'o' || c->how == 'e')
        return hyt_vbool(v.kind == HYT_V_INT && (v.i & 1) == (c->how == 'o'));
    if (c->n == 0)
        hyt_vfail(w, "compared with what?");
    return hyt_vbool(hyt_vcompare(w, (char)c->how, v, hyt_varg(c, 0, NULL)));
}

static struct hyt_val or_default(struct hyt_vwork *w, struct hyt_vcall *c)
{
    const struct hyt_val v = hyt_varg(c, 0, "default_value"), self = c->self;
    const bool any = hyt_vtruth(hyt_varg(c, 1, "boolean"));

    (void)w;
    if (self.kind != HYT_V_UNDEFINED && !(any && !hyt_vtruth(self)))
        return self;
    return v.kind == HYT_V_UNDEFINED ? hyt_vstr("") : v;
}

static struct hyt_val raise_exception(struct hyt_vwork *w, struct hyt_vcall *c)
{
    hyt_vfail(w, "%s", hyt_vchars(w, hyt_vtext(w, hyt_varg(c, 0, NULL))));
}

/* how: n namespace, d dict.  Their arguments have keys, and are all used. */
static struct hyt_val from_keys(struct hyt_vwork *w, struct hyt_vcall *c)
{
    struct hyt_val space = {.kind = HYT_V_SPACE, .scope = hyt_vscope(w, NULL)},
                   dict = {.kind = HYT_V_DICT};

    for (size_t i = 0; i < c->n && c->key[i] != NULL; i++) {
        c->used |= UINT32_C(1) << i;
        hyt_vset(w, space.scope, c->key[i], c->arg[i]);
        hyt_vappend(w, &dict, hyt_vstr(c->key[i]));
        hyt_vappend(w, &dict, c->arg[i]);
    }
    dict.n /= 2;
    return c->how == 'n' ? space : dict;
}

enum {
    UNDEFINED = 1 << HYT_V_UNDEFINED,
    NONE = 1 << HYT_V_NONE,
    BOOL = 1 << HYT_V_BOOL,
    INT = 1 << HYT_V_INT,
    FLOAT = 1 << HYT_V_FLOAT,
    STR = 1 << HYT_V_STR,
    DICT = 1 << HYT_V_DICT,
    ITEMS = UNDEFINED | STR | 1 << HYT_V_LIST | 1 << HYT_V_TUPLE | DICT,
    CALLABLE = 1 << HYT_V_MACRO | 1 << HYT_V_BUILTIN
};

/* clang-format off */
const struct hyt_builtin hyt_jothers[] = {
    {"undefined", "t", is_kind, UNDEFINED}, {"none", "t", is_kind, NONE},
    {"defined", "t", is_kind, ~UNDEFINED},  {"boolean", "t", is_kind, BOOL},
    {"number", "t", is_kind, BOOL | INT | FLOAT},
    {"integer", "t", is_kind, INT},         {"float", "t", is_kind, FLOAT},
    {"string", "t", is_kind, STR},          {"mapping", "t", is_kind, DICT},
    {"sequence", "t", is_kind, ITEMS},      {"iterable", "t", is_kind, ITEMS},
    {"callable", "t", is_kind, CALLABLE},
    {"true", "t", is, '1'},     {"odd", "t", is, 'o'},  {"le", "t", is, 'l'},
    {"false", "t", is, '0'},    {"even", "t", is, 'e'}, {"ge", "t", is, 'g'},
    {"equalto", "t", is, '='},  {"eq", "t", is, '='},   {"==", "t", is, '='},
    {"lessthan", "t", is, '<'}, {"lt", "t", is, '<'},   {"<", "t", is, '<'},
    {"gt", "t", is, '>'},       {">", "t", is, '>'},    {"ne", "t", is, '!'},
    {"greaterthan", "t", is, '>'}, {"!=", "t", is, '!'}, {"in", "t", is, 'i'},
    {"default", "f", or_default, 0},        {"d", "f", or_default, 0},
    {"namespace", "g", from_keys, 'n'},     {"dict", "g", from_keys, 'd'},
    {"raise_exception", "g", raise_exception, 0},
    {NULL, NULL, NULL, 0}
};
/* clang-format on */
