/* SPDX-License-Identifier: MIT */
/*
 * run.h - values, syntax trees, and the run that makes them
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
    J_MACRO,  /* defined in the template */
    J_BUILTIN /* a function of ours, bound to `self` where it is a method */
};

struct hyt_jval {
    enum hyt_jkind kind;
    size_t n; /* J_STR: bytes; lists: items; J_DICT: members */
    union {
        int64_t i; /* J_BOOL, J_INT */
        double f;
        struct { /* J_STR; J_UNDEFINED: what is (s) */
            const char *s;
            const unsigned char *mark; /* enum hyt_jinja_mark; NULL: all 0 */
        };
        const struct hyt_jval **item; /* J_DICT: key, value, key, value ... */
        struct { /* J_MACRO: where it was defined; J_SPACE: its members */
            struct hyt_jscope *scope;
            const struct hyt_jnode *macro;
        };
        struct {
            const struct hyt_jbuiltin *builtin;
            const struct hyt_jval *self;
        };
    };
};

struct hyt_jscope {
    struct hyt_jscope *up;
    struct hyt_jvar {
        const char *name;
        const struct hyt_jval *value;
        struct hyt_jvar *next;
    } * var;
};

/* --- syntax --------------------------------------------------------------- */

/* a, b, c, d, e are the children; [] are lists linked by `next`. */
enum hyt_jnode_kind {
    N_CONST,   /* value */
    N_NAME,    /* name */
    N_ATTR,    /* a.name */
    N_ITEM,    /* a[b] */
    N_SLICE,   /* a[b:c:d], each may be NULL */
    N_CALL,    /* a(b[]) */
    N_FILTER,  /* a|name(b[]) */
    N_TEST,    /* a is name(b[]) */
    N_ARG,     /* name=a, of a call or a macro; either may be NULL */
    N_COND,    /* b if a else c, which may be NULL */
    N_AND,     /* a and b */
    N_OR,      /* a or b */
    N_NOT,     /* not a */
    N_NEG,     /* -a */
    N_BINARY,  /* a op b */
    N_COMPARE, /* a op b.a, and b.a op b.next.a ...: b[] have the op */
    N_LIST,    /* a[] */
    N_TUPLE,   /* a[] */
    N_DICT,    /* a[]: key, value, key, value ... */
    N_BODY,    /* what a[], statements, prints */

    N_PRINT,     /* a */
    N_IF,        /* if a then b[] else c[] */
    N_FOR,       /* for a in b if e: c[], else d[]; op: c uses `loop` */
    N_SET,       /* a = b */
    N_MACRO,     /* name(a[]): b[] */
    N_GENERATED, /* a[] */
    N_BREAK,
    N_CONTINUE
};

struct hyt_jnode {
    enum hyt_jnode_kind kind;
    char op;   /* the operator's first character; F: //, P: **, l: <=, g: >=,
                  i: in, n: not in */
    size_t at; /* offset in the source */
    const char *name;
    const struct hyt_jval *value;
    struct hyt_jnode *a, *b, *c, *d, *e, *next;
};

struct hyt_jinja {
    struct hyt_arena arena;
    char *source;
    size_t n;
    struct hyt_jnode *body;
};

/* --- a run: parsing, or one rendering ------------------------------------- */

struct hyt_jtext { /* a string in the making; s ends with a NUL */
    char *s;
    unsigned char *mark;
    size_t n, cap;
};

struct hyt_jrun {
    jmp_buf failed;
    struct hyt_err *err;
    struct hyt_arena *arena;
    const char *source;
    size_t at; /* in the source: what a message is about */
    size_t steps, memory, depth;
    const char *date;
    struct hyt_jtext *out;
    struct hyt_jscope *scope;
    enum { J_FLOWS, J_BREAKS, J_CONTINUES } flow;
};

HYT_NORETURN void hyt_jfail(struct hyt_jrun *r, const char *fmt, ...)
    HYT_PRINTF(2, 3);
void *hyt_jalloc(struct hyt_jrun *r, size_t n, size_t size);
void hyt_jstep(struct hyt_jrun *r, size_t work); /* one, and for bytes, items */
void hyt_jdeeper(struct hyt_jrun *r);            /* undone by r->depth-- */
void hyt_jput(struct hyt_jrun *r, struct hyt_jtext *t, const char *s,
              const unsigned char *mark, size_t n);

/* --- values (value.c) ----------------------------------------------------- */

extern const struct hyt_jval hyt_jnone, hyt_jtrue, hyt_jfalse, hyt_jempty;

const struct hyt_jval *hyt_jundefined(struct hyt_jrun *r, const char *name);
const struct hyt_jval *hyt_jint(struct hyt_jrun *r, int64_t i);
const struct hyt_jval *hyt_jfloat(struct hyt_jrun *r, double f);
const struct hyt_jval *hyt_jstr(struct hyt_jrun *r, const char *s);
/* A string's bytes with a NUL behind them, which a part of another has not. */
char *hyt_jchars(struct hyt_jrun *r, const struct hyt_jval *v);
const struct hyt_jval *hyt_jdone(struct hyt_jrun *r, const struct hyt_jtext *t);
/* Bytes begin to end of a string. */
const struct hyt_jval *hyt_jpart(struct hyt_jrun *r, const struct hyt_jval *v,
                                 size_t begin, size_t end);
/* Room for n items, or members. */
struct hyt_jval *hyt_jlist(struct hyt_jrun *r, enum hyt_jkind kind, size_t n);
const struct hyt_jval *hyt_jfrom_json(struct hyt_jrun *r,
                                      const struct hyt_json *v, size_t most,
                                      bool user);

const char *hyt_jname(const struct hyt_jval *v); /* "str" … as in Python */
bool hyt_jtruth(const struct hyt_jval *v);
bool hyt_jnumber(const struct hyt_jval *v, double *x); /* bool, int, float */
bool hyt_jequal(struct hyt_jrun *r, const struct hyt_jval *x,
                const struct hyt_jval *y);
int hyt_jorder(struct hyt_jrun *r, const struct hyt_jval *x,
               const struct hyt_jval *y); /* < 0, 0, > 0 */
const struct hyt_jval *hyt_jmember(struct hyt_jrun *r,
                                   const struct hyt_jval *dict, const char *key,
                                   size_t n); /* or NULL */
/* A list, the characters of a string, the keys of a dict, nothing of what is
 * undefined. */
const struct hyt_jval *hyt_jitems(struct hyt_jrun *r, const struct hyt_jval *v);
bool hyt_jis_space(const char *s, size_t n, size_t *width); /* as Python's */

/* --- as text (print.c) ---------------------------------------------------- */

const struct hyt_jval *hyt_jto_text(struct hyt_jrun *r,
                                    const struct hyt_jval *v);
void hyt_jput_value(struct hyt_jrun *r, struct hyt_jtext *t,
                    const struct hyt_jval *v);

struct hyt_jjson {                     /* as json.dumps() has them */
    const struct hyt_jval *item, *key; /* separators */
    int64_t indent;                    /* < 0: all on one line */
    bool ascii;
};
void hyt_jput_json(struct hyt_jrun *r, struct hyt_jtext *t,
                   const struct hyt_jval *v, const struct hyt_jjson *how,
                   size_t level);

/* --- evaluating (eval.c, exec.c) ------------------------------------------ */

const struct hyt_jval *hyt_jeval(struct hyt_jrun *r, const struct hyt_jnode *n);
const struct hyt_jval *hyt_jitem(struct hyt_jrun *r, const struct hyt_jval *v,
                                 const struct hyt_jval *key); /* v[key] */
void hyt_jexec(struct hyt_jrun *r, const struct hyt_jnode *list);
const struct hyt_jval *hyt_jcapture(struct hyt_jrun *r,
                                    const struct hyt_jnode *list);
void hyt_jset(struct hyt_jrun *r, struct hyt_jscope *scope, const char *name,
              const struct hyt_jval *v);
const struct hyt_jval *hyt_jget(const struct hyt_jscope *scope,
                                const char *name); /* or NULL */

/* --- operators, by their letters in struct hyt_jnode (operate.c) ---------- */

/* What has no value may be printed and tested, but not looked into. */
void hyt_jneed(struct hyt_jrun *r, const struct hyt_jval *v);
const struct hyt_jval *hyt_jbinary(struct hyt_jrun *r, char op,
                                   const struct hyt_jval *a,
                                   const struct hyt_jval *b);
const struct hyt_jval *hyt_jnegative(struct hyt_jrun *r,
                                     const struct hyt_jval *v);
bool hyt_jcompare(struct hyt_jrun *r, char op, const struct hyt_jval *a,
                  const struct hyt_jval *b);
bool hyt_jcontains(struct hyt_jrun *r, const struct hyt_jval *in,
                   const struct hyt_jval *x);

/* --- functions, methods, filters, tests (builtin.c ...) ------------------- */

struct hyt_jcall {
    struct hyt_jrun *run;
    const struct hyt_jval *self; /* of a method, filter or test */
    const struct hyt_jval **arg;
    const char **key; /* of a keyword argument, else NULL */
    size_t n;
    uint32_t used; /* bits of those that were asked for */
};

/* The same of a type; hyt_jtext_arg: NULL also where it is none. */
const struct hyt_jval *hyt_jself(struct hyt_jcall *c); /* as text */
const struct hyt_jval *hyt_jtext_arg(struct hyt_jcall *c, size_t i,
                                     const char *name);
const struct hyt_jval *hyt_jneed_text(struct hyt_jcall *c, size_t i,
                                      const char *name);
int64_t hyt_jint_arg(struct hyt_jcall *c, size_t i, const char *name,
                     int64_t absent);

#define HYT_JMAX_ARGS 32

/* Positional argument i, or the one called `name`; NULL where it is neither. */
const struct hyt_jval *hyt_jarg(struct hyt_jcall *c, size_t i,
                                const char *name);

enum hyt_jplace {
    J_GLOBAL = 1,
    J_FILTER = 2,
    J_OF_STR = 4,
    J_OF_LIST = 8,
    J_OF_DICT = 16,
    J_IS = 32 /* a test */
};

struct hyt_jbuiltin {
    const char *name;
    unsigned where; /* enum hyt_jplace */
    const struct hyt_jval *(*call)(struct hyt_jcall *);
};
/* Tables that end with a NULL name. */
extern const struct hyt_jbuiltin hyt_jtexts[], hyt_jparts[], hyt_jlists[],
    hyt_jothers[];

/* NULL where there is none of that name in that place. */
const struct hyt_jbuiltin *hyt_jfind(const char *name, unsigned where);

/* Where `what` begins in v, from byte `from` on; SIZE_MAX: nowhere. */
size_t hyt_jsearch(struct hyt_jrun *r, const struct hyt_jval *v,
                   const struct hyt_jval *what, size_t from);

#endif
