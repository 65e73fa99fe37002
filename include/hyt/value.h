/* SPDX-License-Identifier: MIT */
/*
 * value.h - values as Python has them, which chat templates compute with
 *
 * What they are, and what their operators, str(), json.dumps() and methods
 * make of them.  The language that asks for it is room jinja.
 *
 * A value is never changed once it is made, but for a namespace.  All memory
 * is an arena's, and what a value refers to lives as long as that; so a failure
 * jumps out of any depth to who set `failed`, and nothing is left behind.
 *
 * Each byte of a string has a mark, 0 or more bits that are the caller's; it
 * keeps it whatever slicing, joining, trimming or replacing it goes through.
 */
#ifndef HYT_VALUE_H
#define HYT_VALUE_H

#include <setjmp.h>

#include "hyt/base.h"
#include "hyt/json.h"

/* HYT_V_SPACE is a namespace, HYT_V_BUILTIN a function of ours; HYT_V_LOOP and
 * HYT_V_MACRO are made and understood by room jinja alone. */
/* clang-format off */
enum hyt_vkind {
    HYT_V_UNDEFINED, HYT_V_NONE, HYT_V_BOOL, HYT_V_INT, HYT_V_FLOAT, HYT_V_STR,
    HYT_V_LIST, HYT_V_TUPLE, HYT_V_DICT, HYT_V_SPACE, HYT_V_LOOP, HYT_V_MACRO,
    HYT_V_BUILTIN
};
/* clang-format on */

struct hyt_val {
    enum hyt_vkind kind;
    size_t n; /* bytes of a string; items of lists, loops; members of dicts */
    union {
        int64_t i; /* HYT_V_BOOL, HYT_V_INT */
        double f;
        struct { /* HYT_V_STR; HYT_V_UNDEFINED: what is (s) */
            const char *s;
            const unsigned char *mark; /* of each byte; NULL: all 0 */
        };
        struct {
            struct hyt_val *item; /* HYT_V_DICT: key, value, key, value ... */
            size_t turn;          /* HYT_V_LOOP: the item it is at */
        };
        struct
        { /* HYT_V_MACRO: where it was defined; HYT_V_SPACE: its members */
            struct hyt_scope *scope;
            void *macro; /* its parameters */
        };
        struct { /* self: of what it is a method */
            const struct hyt_builtin *builtin;
            const struct hyt_val *self;
        };
    };
};

struct hyt_vbounds {
    size_t steps;  /* taken by expressions, statements, bytes, items */
    size_t memory; /* bytes of all values made */
    size_t depth;  /* of nesting and of calls */
};

struct hyt_vwork { /* what all that makes values takes part in */
    jmp_buf failed;
    struct hyt_err *err;
    struct hyt_arena *arena;
    const char *source;
    size_t at; /* in the source: what a message is about */
    struct hyt_vbounds used, most;
};

struct hyt_vtext { /* a string in the making; s ends with a NUL */
    struct hyt_vwork *work;
    char *s;
    unsigned char *mark;
    size_t n, cap;
};

HYT_NORETURN void hyt_vfail(struct hyt_vwork *w, const char *fmt, ...)
    HYT_PRINTF(2, 3);
void *hyt_valloc(struct hyt_vwork *w, size_t n, size_t size); /* zeroed */
void hyt_vstep(struct hyt_vwork *w,
               size_t work);           /* one, and for bytes, items */
void hyt_vdeeper(struct hyt_vwork *w); /* undone by used.depth-- */

/* --- making values -------------------------------------------------------- */

static inline struct hyt_val hyt_vbool(bool x)
{
    return (struct hyt_val){.kind = HYT_V_BOOL, .i = x};
}

static inline struct hyt_val hyt_vint(int64_t i)
{
    return (struct hyt_val){.kind = HYT_V_INT, .i = i};
}

static inline struct hyt_val hyt_vnothing(const char *name)
{
    return (struct hyt_val){.kind = HYT_V_UNDEFINED, .s = name};
}

struct hyt_val hyt_vstr(const char *s);
struct hyt_val hyt_vpart(struct hyt_val v, size_t begin, size_t end);
void hyt_vappend(struct hyt_vwork *w, struct hyt_val *list, struct hyt_val v);
/* Of an array, at most `most` elements, 0: all.  Its strings have the mark, but
 * for a "role" of letters, digits, - and _: templates make tokens of it. */
struct hyt_val hyt_vfrom_json(struct hyt_vwork *w, const struct hyt_json *v,
                              size_t most, unsigned char mark);

void hyt_vput(struct hyt_vtext *t, const char *s, const unsigned char *mark,
              size_t n);
void hyt_vputs(struct hyt_vtext *t, const char *s);
void hyt_vputv(struct hyt_vtext *t, struct hyt_val v);
struct hyt_val hyt_vdone(const struct hyt_vtext *t);
struct hyt_val hyt_vtext(struct hyt_vwork *w, struct hyt_val v);
/* A string's bytes with a NUL behind them, which a part of another has not. */
char *hyt_vchars(struct hyt_vwork *w, struct hyt_val v);

/* Of this scope or one above it; NULL: none has the name. */
const struct hyt_val *hyt_vget(const struct hyt_scope *scope, const char *name);
void hyt_vset(struct hyt_vwork *w, struct hyt_scope *scope, const char *name,
              struct hyt_val v);
struct hyt_scope *hyt_vscope(struct hyt_vwork *w, struct hyt_scope *up);

/* --- asking them ---------------------------------------------------------- */

const char *hyt_vname(struct hyt_val v); /* "str" … as in Python */
bool hyt_vtruth(struct hyt_val v);
/* What has no value may be printed and tested, but not looked into. */
void hyt_vneed(struct hyt_vwork *w, struct hyt_val v);
/* A list, the characters of a string, the keys of a dict, nothing of what is
 * undefined. */
struct hyt_val hyt_vitems(struct hyt_vwork *w, struct hyt_val v);
/* v[key], or v.key: a method comes before a member of that name. */
struct hyt_val hyt_vitem(struct hyt_vwork *w, struct hyt_val v,
                         struct hyt_val key, bool dot);
/* v[part[0]:part[1]:part[2]]; HYT_V_NONE: not given. */
struct hyt_val hyt_vslice(struct hyt_vwork *w, struct hyt_val v,
                          const struct hyt_val part[3]);
int hyt_vorder(struct hyt_vwork *w, struct hyt_val x, struct hyt_val y);
/* Operators go by their first character, but for F: //, P: **, l: <=, g: >=,
 * i: in, n: not in. */
bool hyt_vcompare(struct hyt_vwork *w, char op, struct hyt_val a,
                  struct hyt_val b);
struct hyt_val hyt_vbinary(struct hyt_vwork *w, char op, struct hyt_val a,
                           struct hyt_val b);
struct hyt_val hyt_vjoin(struct hyt_vwork *w, struct hyt_val all,
                         struct hyt_val sep);

/* --- functions and methods ------------------------------------------------ */

enum { HYT_V_MAX_ARGS = 32 };

struct hyt_vcall {
    struct hyt_val self; /* of a method, filter or test */
    int how;             /* that of the table */
    struct hyt_val arg[HYT_V_MAX_ARGS];
    const char *key[HYT_V_MAX_ARGS]; /* of a keyword argument, else NULL */
    size_t n;
    uint32_t used; /* bits of those that were asked for */
};

/* A function may serve several built-ins, told apart by `how`. */
struct hyt_builtin {
    const char *name, *where; /* g global, n of a date, f filter, t test;
                                 of s strings, l lists, d dicts, o `loop` */
    struct hyt_val (*call)(struct hyt_vwork *, struct hyt_vcall *);
    int how;
};
/* What strings have, and lists, dicts and what stands alone; filters that are
 * functions of one value among them.  Tables that end with a NULL name. */
extern const struct hyt_builtin hyt_vmethods[], hyt_vfunctions[];

/* Of the tables up to a NULL; NULL: none of that name in that place. */
const struct hyt_builtin *hyt_vfind(const struct hyt_builtin *const *tables,
                                    const char *name, char where);
/* A built-in as a value; NULL: `name` is undefined. */
struct hyt_val hyt_vbound(struct hyt_vwork *w, const struct hyt_builtin *b,
                          const char *name, struct hyt_val self);
/* Positional argument i, or the one called `name`; else undefined, s NULL. */
struct hyt_val hyt_varg(struct hyt_vcall *c, size_t i, const char *name);
/* The same of a kind, or `absent`; if that is undefined, it must be there. */
struct hyt_val hyt_vtyped(struct hyt_vwork *w, struct hyt_vcall *c, size_t i,
                          const char *name, enum hyt_vkind kind,
                          struct hyt_val absent);
struct hyt_val hyt_vletters(struct hyt_vwork *w,
                            struct hyt_vcall *c); /* how: l lower */
struct hyt_val
hyt_vpairs(struct hyt_vwork *w,
           struct hyt_vcall *c); /* of a dict; how: k keys, v values */

#endif
