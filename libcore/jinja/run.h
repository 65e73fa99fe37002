/* SPDX-License-Identifier: MIT */
/*
 * run.h - tokens, values, and the run that makes values of tokens
 *
 * A template is a row of tokens, and running it is parsing it: what reads an
 * expression returns its value, what reads a statement does it.  Where the run
 * is not `live`, they read the same and do nothing; so a template is checked,
 * and so is passed over what a condition excludes.
 *
 * A value is never changed once it is made, but for a namespace.  All memory
 * is the run's arena; so a failure jumps out of any depth to hyt_jinja_parse()
 * or hyt_jinja_render(), and nothing is left behind.
 */
#ifndef HYT_JINJA_RUN_H
#define HYT_JINJA_RUN_H

#include <setjmp.h>

#include "hyt/jinja.h"

/* J_SPACE is a namespace, J_LOOP the variable `loop`, J_MACRO of the template,
 * J_BUILTIN a function of ours. */
/* clang-format off */
enum kind {
    J_UNDEFINED, J_NONE, J_BOOL, J_INT, J_FLOAT, J_STR, J_LIST, J_TUPLE, J_DICT,
    J_SPACE, J_LOOP, J_MACRO, J_BUILTIN
};
/* J_VAR is {{, J_TAG {%, J_CLOSE }} or %}; J_BAD an error, s says which. */
enum token_kind {
    J_END, J_BAD, J_TEXT, J_VAR, J_TAG, J_CLOSE,
    J_WORD, J_STRING, J_NUMBER, J_OP
};
/* clang-format on */

struct val {
    enum kind kind;
    size_t n; /* J_STR: bytes; lists and J_LOOP: items; J_DICT: members */
    union {
        int64_t i; /* J_BOOL, J_INT */
        double f;
        struct { /* J_STR; J_UNDEFINED: what is (s) */
            const char *s;
            const unsigned char *mark; /* enum hyt_jinja_mark; NULL: all 0 */
        };
        struct {
            struct val *item; /* J_DICT: key, value, key, value ... */
            size_t turn;      /* J_LOOP: the item it is at */
        };
        struct { /* J_MACRO: where it was defined; J_SPACE: its members */
            struct scope *scope;
            struct token *macro; /* its parameters */
        };
        struct { /* self: of what it is a method */
            const struct builtin *builtin;
            const struct val *self;
        };
    };
};

struct token {
    enum token_kind kind;
    size_t at;     /* in the source */
    const char *s; /* what is there */
    struct val v;  /* the same, or the value of a constant */
    char op;       /* of two operands: the code of hyt_jbinary() */
    int rank;      /* of that operator */
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
    jmp_buf failed;
    struct hyt_err *err;
    struct hyt_arena *arena;
    const char *source;
    size_t at; /* in the source: what a message is about */
    struct token *t;
    bool live;
    size_t steps, memory, depth;
    const char *date;
    struct text *out;
    struct scope *scope;
    enum { J_FLOWS, J_BREAKS, J_CONTINUES } flow;
};

struct text { /* a string in the making; s ends with a NUL */
    struct run *run;
    char *s;
    unsigned char *mark;
    size_t n, cap;
};

HYT_NORETURN void hyt_jfail(struct run *r, const char *fmt, ...)
    HYT_PRINTF(2, 3);
void *hyt_jalloc(struct run *r, size_t n, size_t size);
void hyt_jstep(struct run *r, size_t work); /* one, and for bytes, items */
void hyt_jdeeper(struct run *r);            /* undone by r->depth-- */

/* --- making values -------------------------------------------------------- */

static inline struct val hyt_jbool(bool x)
{
    return (struct val){.kind = J_BOOL, .i = x};
}

static inline struct val hyt_jint(int64_t i)
{
    return (struct val){.kind = J_INT, .i = i};
}

static inline struct val hyt_jnothing(const char *name)
{
    return (struct val){.kind = J_UNDEFINED, .s = name};
}

struct val hyt_jstr(const char *s);
struct val hyt_jpart(struct val v, size_t begin, size_t end);
void hyt_jappend(struct run *r, struct val *list, struct val v);
struct val hyt_jfrom_json(struct run *r, const struct hyt_json *v, size_t most,
                          bool user);

void hyt_jput(struct text *t, const char *s, const unsigned char *mark,
              size_t n);
void hyt_jputs(struct text *t, const char *s);
void hyt_jputv(struct text *t, struct val v);
struct val hyt_jdone(const struct text *t);
struct val hyt_jtext(struct run *r, struct val v);
/* A string's bytes with a NUL behind them, which a part of another has not. */
char *hyt_jchars(struct run *r, struct val v);

struct style {            /* how lists, and what is in them, are printed */
    struct val item, key; /* separators */
    int64_t indent;       /* < 0: all on one line */
    bool json, ascii;
};
void hyt_jput_as(struct text *t, struct val v, const struct style *style,
                 size_t level);

/* --- asking them ---------------------------------------------------------- */

const char *hyt_jname(struct val v); /* "str" … as in Python */
bool hyt_jtruth(struct val v);
/* What has no value may be printed and tested, but not looked into. */
void hyt_jneed(struct run *r, struct val v);
const struct val *hyt_jmember(struct run *r, struct val dict,
                              struct val key); /* or NULL */
/* A list, the characters of a string, the keys of a dict, nothing of what is
 * undefined. */
struct val hyt_jitems(struct run *r, struct val v);
/* v[key], or v.key: a method comes before a member of that name. */
struct val hyt_jitem(struct run *r, struct val v, struct val key, bool dot);
/* Where `what` begins in v, from byte `from` on; SIZE_MAX: nowhere. */
size_t hyt_jsearch(struct run *r, struct val v, struct val what, size_t from);
int hyt_jorder(struct run *r, struct val x, struct val y);
/* Operators go by their first character, but for F: //, P: **, l: <=, g: >=,
 * i: in, n: not in. */
bool hyt_jcompare(struct run *r, char op, struct val a, struct val b);
struct val hyt_jbinary(struct run *r, char op, struct val a, struct val b);

/* --- tokens (lex.c, run.c), expressions (eval.c), statements (stmt.c) ----- */

void hyt_jlex(struct run *r, struct hyt_jinja *t);

void hyt_jnext(struct run *r);
bool hyt_jsees(const struct run *r, const char *word); /* or operator */
bool hyt_jaccept(struct run *r, const char *word);
void hyt_jexpect(struct run *r, const char *word);
const char *hyt_jword(struct run *r); /* takes a name */
HYT_NORETURN void hyt_junexpected(struct run *r, const char *wanted);

struct val hyt_jexpr(struct run *r);               /* a if b else c */
struct val hyt_jexprs(struct run *r);              /* a, b: a tuple */
struct val hyt_jbinaries(struct run *r, int rank); /* of that rank or higher */
/* v|name(...) or v is name(...), from the name on: where is f or t. */
struct val hyt_jnamed(struct run *r, struct val v, char where);
/* Up to {% end %} or {% else %} or the like; NULL: to the template's end. */
void hyt_jstatements(struct run *r, const char *end);

/* Of this scope or one above it; NULL: none has the name. */
const struct val *hyt_jget(const struct scope *scope, const char *name);
void hyt_jset(struct run *r, struct scope *scope, const char *name,
              struct val v);
struct scope *hyt_jscope(struct run *r, struct scope *up);

/* --- functions, methods, filters, tests (builtin.c, texts.c, lists.c) ----- */

enum { J_MAX_ARGS = 32 };

struct call {
    struct val self; /* of a method, filter or test */
    int how;         /* that of the table */
    struct val arg[J_MAX_ARGS];
    const char *key[J_MAX_ARGS]; /* of a keyword argument, else NULL */
    size_t n;
    uint32_t used; /* bits of those that were asked for */
};

/* A function may serve several built-ins, told apart by `how`. */
struct builtin {
    const char *name, *where; /* g global, f filter, t test; methods of
                                 s strings, d dicts, l `loop` */
    struct val (*call)(struct run *, struct call *);
    int how;
};
/* Tables that end with a NULL name. */
extern const struct builtin hyt_jtexts[], hyt_jlists[], hyt_jothers[];

/* NULL where there is none of that name in that place. */
const struct builtin *hyt_jfind(const char *name, char where);
/* Positional argument i, or the one called `name`; else undefined, s NULL. */
struct val hyt_jarg(struct call *c, size_t i, const char *name);
/* The same of a kind, or `absent`; if that is undefined, it must be there. */
struct val hyt_jtyped(struct run *r, struct call *c, size_t i, const char *name,
                      enum kind kind, struct val absent);
struct val hyt_jcall_macro(struct run *r, struct call *c, struct val macro);
struct val hyt_jstrip(struct run *r, struct call *c);
struct val hyt_jletters(struct run *r, struct call *c); /* how: l lower case */
struct val hyt_jjoin(struct run *r, struct val all, struct val sep);

#endif
