/* SPDX-License-Identifier: MIT */
/*
 * run.h - tokens, and the run that makes values of them
 *
 * A template is a row of tokens, and running it is parsing it: what reads an
 * expression returns its value, what reads a statement does it.  Where the run
 * is not `live`, they read the same and do nothing; so a template is checked,
 * and so is passed over what a condition excludes.
 *
 * What values are, and what their operators and methods make of them, is room
 * value's.  All memory is the run's arena; a failure jumps out of any depth to
 * hyt_jinja_parse() or hyt_jinja_render().
 */
#ifndef HYT_JINJA_RUN_H
#define HYT_JINJA_RUN_H

#include "hyt/jinja.h"
#include "hyt/value.h"

/* clang-format off */
/* J_VAR is {{, J_TAG {%, J_CLOSE }} or %}; J_BAD an error, s says which. */
enum token_kind {
    J_END, J_BAD, J_TEXT, J_VAR, J_TAG, J_CLOSE,
    J_WORD, J_STRING, J_NUMBER, J_OP
};
/* clang-format on */

struct token {
    enum token_kind kind;
    size_t at;        /* in the source */
    const char *s;    /* what is there */
    struct hyt_val v; /* the same, or the value of a constant */
    char op;          /* of two operands: as hyt_vbinary() and hyt_vcompare()
                      know it, o or, a and */
    int rank;         /* of that operator */
    /* Known when the template has been checked: where the expression or the
     * statements that begin here end; and the expression's condition. */
    struct token *skip, *condition;
};

enum { J_OR = 1, J_AND, J_NOT, J_COMPARE, J_ADD, J_JOIN, J_MULTIPLY, J_POWER };

struct hyt_jinja {
    struct hyt_arena arena;
    char *source;
    struct token *token;
    size_t n, cap; /* tokens */
};

struct run { /* a check, or a rendering */
    struct hyt_vwork w;
    struct token *t;
    bool live;
    struct hyt_vtext *out;
    struct hyt_scope *scope;
    enum { J_FLOWS, J_BREAKS, J_CONTINUES } flow;
};

/* --- tokens (lex.c, run.c), expressions (eval.c), statements (stmt.c) ----- */

void hyt_jlex(struct hyt_vwork *w, struct hyt_jinja *t);

void hyt_jnext(struct run *r);
bool hyt_jsees(const struct run *r, const char *word); /* or operator */
bool hyt_jaccept(struct run *r, const char *word);
void hyt_jexpect(struct run *r, const char *word);
const char *hyt_jword(struct run *r); /* takes a name */
HYT_NORETURN void hyt_junexpected(struct run *r, const char *wanted);

struct hyt_val hyt_jexpr(struct run *r);  /* a if b else c */
struct hyt_val hyt_jexprs(struct run *r); /* a, b: a tuple */
struct hyt_val hyt_jbinaries(struct run *r,
                             int rank); /* of that rank or higher */
/* v|name(...) or v is name(...), from the name on: where is f or t. */
struct hyt_val hyt_jnamed(struct run *r, struct hyt_val v, char where);
/* Up to {% end %} or {% else %} or the like; NULL: to the template's end. */
void hyt_jstatements(struct run *r, const char *end);
struct hyt_val hyt_jcall_macro(struct run *r, struct hyt_vcall *c,
                               struct hyt_val macro);

/* --- functions, filters, tests (builtin.c, lists.c) ----------------------- */

/* Tables that end with a NULL name. */
extern const struct hyt_builtin hyt_jlists[], hyt_jothers[];

/* Of these and room value's; NULL: none of that name in that place. */
const struct hyt_builtin *hyt_jfind(const char *name, char where);

#endif
