/* SPDX-License-Identifier: MIT */
/*
 * opt.h - one option table a tool: parsing, ranges, --help, completion
 *
 * A row holds the address of a variable whose value before parsing is the
 * default, its range, and its help.  Long options take "--name value" and
 * "--name=value"; short ones "-n value", "-nvalue" and grouped flags; "--"
 * ends the options.
 */
#ifndef HYT_OPT_H
#define HYT_OPT_H

#include "hyt/base.h"

enum hyt_opt_kind {
    HYT_OPT_END,
    HYT_OPT_FLAG,  /* bool */
    HYT_OPT_INT,   /* int64_t, lo..hi */
    HYT_OPT_FLOAT, /* double, lo..hi */
    HYT_OPT_STR,   /* const char * */
    HYT_OPT_LIST,  /* struct hyt_opt_list: may be given several times */
    HYT_OPT_ENUM,  /* int: index of the word in `words` "a|b|c" */
    HYT_OPT_PAIR   /* double[2]: "x,y", both lo..hi */
};

struct hyt_opt_list {
    const char **item;
    size_t n, cap;
};

struct hyt_opt {
    enum hyt_opt_kind kind;
    char letter;      /* 0: no short form */
    const char *name; /* without the dashes */
    void *value;
    double lo, hi;
    const char *words; /* ENUM: "a|b|c"; else the value's name in --help */
    const char *help;  /* one line, no full stop; the default is appended */
};

#define OPT_FLAG(c, name, p, help)                                             \
    {                                                                          \
        HYT_OPT_FLAG, c, name, p, 0, 0, NULL, help                             \
    }
#define OPT_INT(c, name, p, lo, hi, help)                                      \
    {                                                                          \
        HYT_OPT_INT, c, name, p, lo, hi, "N", help                             \
    }
#define OPT_FLOAT(c, name, p, lo, hi, help)                                    \
    {                                                                          \
        HYT_OPT_FLOAT, c, name, p, lo, hi, "X", help                           \
    }
#define OPT_STR(c, name, p, what, help)                                        \
    {                                                                          \
        HYT_OPT_STR, c, name, p, 0, 0, what, help                              \
    }
#define OPT_LIST(c, name, p, what, help)                                       \
    {                                                                          \
        HYT_OPT_LIST, c, name, p, 0, 0, what, help                             \
    }
#define OPT_ENUM(c, name, p, words, help)                                      \
    {                                                                          \
        HYT_OPT_ENUM, c, name, p, 0, 0, words, help                            \
    }
#define OPT_PAIR(c, name, p, lo, hi, help)                                     \
    {                                                                          \
        HYT_OPT_PAIR, c, name, p, lo, hi, "X,Y", help                          \
    }
#define OPT_END                                                                \
    {                                                                          \
        HYT_OPT_END, 0, NULL, NULL, 0, 0, NULL, NULL                           \
    }

/*
 * Parses argv[1..argc-1] by several tables (the tool's own, then the shared
 * ones; NULL ends the array).  Operands are moved to the front of argv[1..] in
 * order and counted in *n_operands; the names of the options that were given
 * are added to `given`.  -1: usage error.
 */
int hyt_opt_parse(int argc, char **argv, const struct hyt_opt *const *tables,
                  int *n_operands, struct hyt_opt_list *given,
                  struct hyt_err *err) HYT_MUST_USE;

/* Appends the options' part of --help: a line or two a row, with defaults
 * (so: call it before parsing changes them, or keep the text). */
void hyt_opt_help(struct hyt_buf *out, const struct hyt_opt *const *tables);

/* Appends the options one a line, "--name<TAB>-n<TAB>kind<TAB>words<TAB>help",
 * for the man page check and shell completion. */
void hyt_opt_list_names(struct hyt_buf *out,
                        const struct hyt_opt *const *tables);

void hyt_opt_list_free(struct hyt_opt_list *list);

#endif
