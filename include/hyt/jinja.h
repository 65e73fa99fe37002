/* SPDX-License-Identifier: MIT */
/*
 * jinja.h - chat templates: a bounded interpreter of the Jinja they are in
 *
 * What a template prints is what Jinja2 prints, set up as transformers sets
 * it up: trim_blocks, lstrip_blocks, immutable values, break and continue,
 * tojson without HTML escapes, {% generation %}.  It reads nothing but the
 * variables given, and it ends: HYT_JINJA_STEPS, _MEMORY and _DEPTH bound
 * every rendering.
 *
 * Not there, each an error: import, include, extends, block, call, raw, with;
 * recursive loops, loop.changed; "a if b if c"; targets in brackets inside
 * others, or more than 16; * and ** in calls; what changes a list or a dict; %
 * and * of strings and lists but text * number; exponents of numbers; the
 * filters of numbers, of HTML and of batches (abs, round, sum, escape, groupby
 * and the like); str.format beyond {}, and methods of strings that no template
 * we have seen uses.
 *
 * Otherwise than in Python: upper, lower, title and capitalize change ASCII
 * letters only; integers have 64 bits, and a JSON number that is whole is one;
 * range() is a list; octal escapes are none, and what is printed in quotes has
 * no other escapes than those of control characters; |safe does nothing; the
 * white space that a tag's - takes away is ASCII's; macros have no attributes.
 * Sorting takes steps by the square of the number of items.
 */
#ifndef HYT_JINJA_H
#define HYT_JINJA_H

#include "hyt/base.h"
#include "hyt/json.h"

#define HYT_JINJA_STEPS  10000000          /* expressions and statements */
#define HYT_JINJA_MEMORY ((size_t)1 << 28) /* bytes, of all values made */
#define HYT_JINJA_DEPTH  500               /* of nesting and of calls */

struct hyt_jinja; /* a parsed template; immutable, may be shared by threads */

/* NULL on error: "LINE:COL: what", in bytes from 1. */
struct hyt_jinja *hyt_jinja_parse(const char *source, size_t n,
                                  struct hyt_err *err) HYT_MUST_USE;
void hyt_jinja_free(struct hyt_jinja *t); /* NULL is accepted */

/* A variable: JSON, or text, or (both NULL) a boolean. */
struct hyt_jinja_var {
    const char *name;
    const struct hyt_json *json;
    size_t most; /* of a JSON array: at most so many elements; 0: all */
    const char *text;
    bool truth;
    bool user; /* its strings are user data, see below */
};

/*
 * What was printed, and for each byte where it came from.  A byte is USER if
 * it was in a string of a user variable, whatever slicing, joining, trimming,
 * or replacing it went through on its way; not what a template derives from
 * user data by comparing or by counting.  A "role" of letters, digits, - and _
 * is not user data: templates make special tokens of it.
 */
enum hyt_jinja_mark {
    HYT_JINJA_USER = 1,
    HYT_JINJA_GENERATION = 2 /* printed in {% generation %} */
};

struct hyt_jinja_text {
    struct hyt_buf s;
    struct hyt_buf mark; /* one byte for each of s */
};
void hyt_jinja_text_free(struct hyt_jinja_text *text);

/*
 * Appends what the template prints.  date: "YYYY-MM-DD", what strftime_now
 * knows; NULL: that function is not defined, so that a rendering never depends
 * on the day.  -1: "LINE:COL: what", also what raise_exception was given.
 */
int hyt_jinja_render(const struct hyt_jinja *t, const struct hyt_jinja_var *var,
                     size_t n_var, const char *date, struct hyt_jinja_text *out,
                     struct hyt_err *err) HYT_MUST_USE;

#endif
