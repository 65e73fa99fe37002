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

/* --- values --------------------------------------------------------------- */

enum hyt_jkind {
    J_UNDEFINED,
    J_NONE,
    J_BOOL,
    J_INT,
    J_FLOAT,
    J_STR,
    J_LIST,
    J_TUPLE,
    J_DICT,
    J_SPACE,  /* a namespace */
    J_LOOP,   /* the variable `loop` */
    J_MACRO,  /* defined in the template */
    J_BUILTIN /* a function of ours, bound to `self` where it is a method */
};

struct hyt_jval {
    enum hyt_jkind kind;
    size_t n; /* J_STR: bytes; lists and J_LOOP: items; J_DICT: members */
    union {
        int64_t i; /* J_BOOL, J_INT */
        double f;
        struct { /* J_STR; J_UNDEFINED: what is (s) */
            const char *s;
            const unsigned char *mark; /* enum hyt_jinja_mark; NULL: all 0 */
        };
        struct {
            struct hyt_jval *item; /* J_DICT: key, value, key, value ... */
            size_t turn;           /* J_LOOP: the item it is at */
        };
        struct { /* J_MACRO: where it was defined; J_SPACE: its members */
            struct hyt_jscope *scope;
            struct hyt_jtoken *macro; /* its parameters */
        };
        struct {
            const struct hyt_jbuiltin *builtin;
            const struct hyt_jval *self;
        };
    };
};

struct hyt_jscope {
    struct hyt_jscope *up;
    struct hyt_jvar *var;
};

/* --- tokens --------------------------------------------------------------- */

struct hyt_jtoken {
    enum {
        J_END,
        J_BAD, /* an error: s says which */
        J_TEXT,
        J_VAR,   /* {{ */
        J_TAG,   /* {% */
        J_CLOSE, /* }} or %} */
        J_WORD,
        J_STRING,
        J_NUMBER,
        J_OP
    } kind;
    size_t at;          /* in the source */
    const char *s;      /* what is there */
    struct hyt_jval v;  /* the same, or the value of a constant */
    char op;            /* of two operands: the code of hyt_jbinary() */
    unsigned char rank; /* of that operator, enum hyt_jrank */
    /* Known when the template has been checked: where the expression or the
     * statements that begin here end; and the expression's condition. */
    struct hyt_jtoken *skip, *condition;
};

enum hyt_jrank { J_NO_OPERATOR, J_OR, J_AND, J_NOT, J_COMPARE, J_ARITHMETIC };

struct hyt_jinja {
    struct hyt_arena arena;
    char *source;
    struct hyt_jtoken *token;
    size_t n, cap; /* tokens */
};

/* --- a run: checking, or one rendering ------------------------------------ */

struct hyt_jrun {
    jmp_buf failed;
    struct hyt_err *err;
    struct hyt_arena *arena;
    const char *source;
    size_t at; /* in the source: what a message is about */
    struct hyt_jtoken *t;
    bool live;
    size_t steps, memory, depth;
    const char *date;
    struct hyt_jtext *out;
    struct hyt_jscope *scope;
    enum { J_FLOWS, J_BREAKS, J_CONTINUES } flow;
};

struct hyt_jtext { /* a string in the making; s ends with a NUL */
    struct hyt_jrun *run;
    char *s;
    unsigned char *mark;
    size_t n, cap;
};

HYT_NORETURN void hyt_jfail(struct hyt_jrun *r, const char *fmt, ...)
    HYT_PRINTF(2, 3);
void *hyt_jalloc(struct hyt_jrun *r, size_t n, size_t size);
void hyt_jstep(struct hyt_jrun *r, size_t work); /* one, and for bytes, items */
void hyt_jdeeper(struct hyt_jrun *r);            /* undone by r->depth-- */

/* --- making values -------------------------------------------------------- */

static inline struct hyt_jval hyt_jbool(bool x)
{
    return (struct hyt_jval){.kind = J_BOOL, .i = x};
}

static inline struct hyt_jval hyt_jint(int64_t i)
{
    return (struct hyt_jval){.kind = J_INT, .i = i};
}

static inline struct hyt_jval hyt_jundefined(const char *name)
{
    return (struct hyt_jval){.kind = J_UNDEFINED, .s = name};
}

struct hyt_jval hyt_jstr(const char *s);
struct hyt_jval hyt_jpart(struct hyt_jval v, size_t begin, size_t end);
struct hyt_jval hyt_jlist(struct hyt_jrun *r, enum hyt_jkind kind, size_t n);
void hyt_jappend(struct hyt_jrun *r, struct hyt_jval *list, struct hyt_jval v);
struct hyt_jval hyt_jfrom_json(struct hyt_jrun *r, const struct hyt_json *v,
                               size_t most, bool user);

void hyt_jput(struct hyt_jtext *t, const char *s, const unsigned char *mark,
              size_t n);
void hyt_jputs(struct hyt_jtext *t, const char *s);
void hyt_jput_value(struct hyt_jtext *t, struct hyt_jval v);
struct hyt_jval hyt_jdone(const struct hyt_jtext *t);
struct hyt_jval hyt_jto_text(struct hyt_jrun *r, struct hyt_jval v);
/* A string's bytes with a NUL behind them, which a part of another has not. */
char *hyt_jchars(struct hyt_jrun *r, struct hyt_jval v);

struct hyt_jstyle {            /* how lists, and what is in them, are printed */
    struct hyt_jval item, key; /* separators */
    int64_t indent;            /* < 0: all on one line */
    bool json, ascii;
};
void hyt_jput_styled(struct hyt_jtext *t, struct hyt_jval v,
                     const struct hyt_jstyle *style, size_t level);

/* --- asking them ---------------------------------------------------------- */

const char *hyt_jname(struct hyt_jval v); /* "str" … as in Python */
bool hyt_jtruth(struct hyt_jval v);
/* What has no value may be printed and tested, but not looked into. */
void hyt_jneed(struct hyt_jrun *r, struct hyt_jval v);
const struct hyt_jval *hyt_jmember(struct hyt_jrun *r, struct hyt_jval dict,
                                   struct hyt_jval key); /* or NULL */
/* A list, the characters of a string, the keys of a dict, nothing of what is
 * undefined. */
struct hyt_jval hyt_jitems(struct hyt_jrun *r, struct hyt_jval v);
struct hyt_jval hyt_jitem(struct hyt_jrun *r, struct hyt_jval v,
                          struct hyt_jval key); /* v[key] */
/* Where `what` begins in v, from byte `from` on; SIZE_MAX: nowhere. */
size_t hyt_jsearch(struct hyt_jrun *r, struct hyt_jval v, struct hyt_jval what,
                   size_t from);
int hyt_jorder(struct hyt_jrun *r, struct hyt_jval x, struct hyt_jval y);
bool hyt_jcontains(struct hyt_jrun *r, struct hyt_jval in, struct hyt_jval x);
/* Operators go by their first character, but for F: //, P: **, l: <=, g: >=,
 * i: in, n: not in. */
bool hyt_jcompare(struct hyt_jrun *r, char op, struct hyt_jval a,
                  struct hyt_jval b);
struct hyt_jval hyt_jbinary(struct hyt_jrun *r, char op, struct hyt_jval a,
                            struct hyt_jval b);

/* --- reading tokens (lex.c), expressions (eval.c), statements (stmt.c) ---- */

void hyt_jlex(struct hyt_jrun *r, struct hyt_jinja *t);

void hyt_jnext(struct hyt_jrun *r);
bool hyt_jsees(const struct hyt_jrun *r, const char *word); /* or operator */
bool hyt_jaccept(struct hyt_jrun *r, const char *word);
void hyt_jexpect(struct hyt_jrun *r, const char *word);
const char *hyt_jword(struct hyt_jrun *r); /* takes a name */
HYT_NORETURN void hyt_junexpected(struct hyt_jrun *r, const char *wanted);

struct hyt_jval hyt_jexpr(struct hyt_jrun *r);  /* a if b else c */
struct hyt_jval hyt_jexprs(struct hyt_jrun *r); /* a, b: a tuple */
/* Operators of a rank and of higher ones. */
struct hyt_jval hyt_jbinaries(struct hyt_jrun *r, int rank);
struct hyt_jval hyt_jfilter(struct hyt_jrun *r, struct hyt_jval v);

const struct hyt_jval *hyt_jget(const struct hyt_jscope *scope,
                                const char *name); /* or NULL */
void hyt_jset(struct hyt_jrun *r, struct hyt_jscope *scope, const char *name,
              struct hyt_jval v);
struct hyt_jscope *hyt_jscope(struct hyt_jrun *r, struct hyt_jscope *up);

/* --- functions, methods, filters, tests (builtin.c, texts.c, lists.c) ----- */

enum { HYT_JMAX_ARGS = 32 };

struct hyt_jcall {
    struct hyt_jrun *run;
    struct hyt_jval self; /* of a method, filter or test */
    int how;              /* that of the table */
    struct hyt_jval arg[HYT_JMAX_ARGS];
    const char *key[HYT_JMAX_ARGS]; /* of a keyword argument, else NULL */
    size_t n;
    uint32_t used; /* bits of those that were asked for */
};

struct hyt_jval hyt_jcall_macro(struct hyt_jcall *c, struct hyt_jval macro);

/* Positional argument i, or the one called `name`; NULL where it is neither. */
const struct hyt_jval *hyt_jarg(struct hyt_jcall *c, size_t i,
                                const char *name);
bool hyt_jflag(struct hyt_jcall *c, size_t i, const char *name);
/* A string; where it is not needed, NULL if it is none. */
const struct hyt_jval *hyt_jtext_arg(struct hyt_jcall *c, size_t i,
                                     const char *name, bool need);
int64_t hyt_jint_arg(struct hyt_jcall *c, size_t i, const char *name,
                     int64_t absent);

enum hyt_jplace {
    J_GLOBAL = 1,
    J_FILTER = 2,
    J_IS = 4,
    J_STRS = 8,
    J_DICTS = 16,
    J_LOOPS = 32
};

/* Functions may serve several built-ins, told apart by `how`. */
struct hyt_jbuiltin {
    const char *name;
    unsigned where; /* enum hyt_jplace; J_STRS and on: methods */
    struct hyt_jval (*call)(struct hyt_jcall *);
    int how;
};
/* Tables that end with a NULL name. */
extern const struct hyt_jbuiltin hyt_jtexts[], hyt_jlists[], hyt_jothers[];

enum { J_LEFT = 1, J_RIGHT = 2 }; /* ends of a string or a list, as `how` */
struct hyt_jval hyt_jstrip(struct hyt_jcall *c);
struct hyt_jval hyt_jletters(struct hyt_jcall *c); /* how 0: lower case */
struct hyt_jval hyt_jjoin(struct hyt_jrun *r, struct hyt_jval all,
                          const struct hyt_jval *sep); /* or NULL */

/* NULL where there is none of that name in that place. */
const struct hyt_jbuiltin *hyt_jfind(const char *name, unsigned where);

#endif
