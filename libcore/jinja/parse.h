/* SPDX-License-Identifier: MIT */
/* parse.h - a template's tokens, one at a time, and its expressions */
#ifndef HYT_JINJA_PARSE_H
#define HYT_JINJA_PARSE_H

#include "jinja/run.h"

struct hyt_jparser {
    struct hyt_jrun *run;
    const char *s;
    size_t n, pos; /* pos: behind the current token */
    bool inside;   /* between {{ and }}, or {% and %} */
    bool loops;    /* the name `loop` has been seen */
    size_t open;   /* brackets that wait to be closed */

    /* The current token.  J_TEXT and J_STRING have a value, too. */
    enum {
        J_END,
        J_TEXT,
        J_VAR,   /* {{ */
        J_TAG,   /* {% */
        J_CLOSE, /* }} or %} */
        J_WORD,
        J_STRING,
        J_NUMBER,
        J_OP
    } token;
    size_t at, end;
    const struct hyt_jval *value;
};

void hyt_jnext(struct hyt_jparser *p);
bool hyt_jsees(const struct hyt_jparser *p, const char *word); /* or operator */
bool hyt_jaccept(struct hyt_jparser *p, const char *word);
void hyt_jexpect(struct hyt_jparser *p, const char *word);
const char *hyt_jword(struct hyt_jparser *p); /* takes a name */
HYT_NORETURN void hyt_junexpected(struct hyt_jparser *p, const char *wanted);

struct hyt_jnode *hyt_jnew(struct hyt_jparser *p, enum hyt_jnode_kind kind,
                           size_t at);
struct hyt_jnode *hyt_jexpr(struct hyt_jparser *p);    /* a if b else c */
struct hyt_jnode *hyt_jexpr_or(struct hyt_jparser *p); /* without if */
struct hyt_jnode *hyt_jexprs(struct hyt_jparser *p);   /* a, b: a tuple */
/* |filter ... behind x */
struct hyt_jnode *hyt_jfilters(struct hyt_jparser *p, struct hyt_jnode *x);

#endif
