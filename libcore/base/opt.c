/* SPDX-License-Identifier: MIT */
/* Option parsing by table.  What --help prints is in opt_help.c. */
#include "hyt/opt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* By letter, or where that is 0 by the name's n bytes. */
static const struct hyt_opt *find(const struct hyt_opt *const *tables,
                                  char letter, const char *name, size_t n)
{
    for (; *tables; tables++) {
        for (const struct hyt_opt *o = *tables; o->kind != HYT_OPT_END; o++) {
            if (letter ? o->letter == letter
                       : strlen(o->name) == n && memcmp(o->name, name, n) == 0)
                return o;
        }
    }
    return NULL;
}

static void bound(char out[HYT_NUM_MAX], double x)
{
    if (x - x == 0)
        hyt_num_f64(out, x);
    else
        snprintf(out, HYT_NUM_MAX, "%sinfinity", x < 0 ? "-" : "");
}

static int outside(const struct hyt_opt *o, const char *text,
                   struct hyt_err *err)
{
    char lo[HYT_NUM_MAX], hi[HYT_NUM_MAX];

    bound(lo, o->lo);
    bound(hi, o->hi);
    return hyt_fail(err, "%s is outside %s ... %s", text, lo, hi);
}

static int set_int(const struct hyt_opt *o, const char *text,
                   struct hyt_err *err)
{
    int64_t x;

    if (hyt_parse_i64(text, &x, err) < 0)
        return -1;
    if ((double)x < o->lo || (double)x > o->hi)
        return outside(o, text, err);
    *(int64_t *)o->value = x;
    return 0;
}

static int set_float(const struct hyt_opt *o, const char *text,
                     struct hyt_err *err)
{
    double x;

    if (hyt_parse_f64(text, &x, err) < 0)
        return -1;
    if (x < o->lo || x > o->hi)
        return outside(o, text, err);
    *(double *)o->value = x;
    return 0;
}

static int set_pair(const struct hyt_opt *o, const char *text,
                    struct hyt_err *err)
{
    const char *comma = strchr(text, ',');
    double *pair = o->value;
    double x[2];
    char *first;
    int status;

    if (!comma)
        return hyt_fail(err, "\"%s\" is not a pair %s", text, o->words);
    first = hyt_strndup(text, (size_t)(comma - text));
    status = hyt_parse_f64(first, &x[0], err);
    if (status == 0 && (x[0] < o->lo || x[0] > o->hi))
        status = outside(o, first, err);
    free(first);
    if (status == 0)
        status = hyt_parse_f64(comma + 1, &x[1], err);
    if (status == 0 && (x[1] < o->lo || x[1] > o->hi))
        status = outside(o, comma + 1, err);
    if (status == 0)
        memcpy(pair, x, sizeof x);
    return status;
}

static int set_enum(const struct hyt_opt *o, const char *text,
                    struct hyt_err *err)
{
    const size_t n = strlen(text);
    const char *word = o->words;

    for (int i = 0;; i++) {
        const size_t len = strcspn(word, "|");

        if (n > 0 && len == n && memcmp(word, text, n) == 0) {
            *(int *)o->value = i;
            return 0;
        }
        if (!word[len])
            break;
        word += len + 1;
    }
    return hyt_fail(err, "\"%s\" is none of %s", text, o->words);
}

static void add_item(struct hyt_opt_list *list, const char *text)
{
    list->item =
        hyt_grow(list->item, &list->cap, list->n + 1, sizeof *list->item);
    list->item[list->n++] = text;
}

static int set(const struct hyt_opt *o, const char *text, struct hyt_err *err)
{
    int status = 0;

    switch (o->kind) {
    case HYT_OPT_INT:
        status = set_int(o, text, err);
        break;
    case HYT_OPT_FLOAT:
        status = set_float(o, text, err);
        break;
    case HYT_OPT_PAIR:
        status = set_pair(o, text, err);
        break;
    case HYT_OPT_ENUM:
        status = set_enum(o, text, err);
        break;
    case HYT_OPT_STR:
        *(const char **)o->value = text;
        break;
    case HYT_OPT_LIST:
        add_item(o->value, text);
        break;
    case HYT_OPT_FLAG:
    case HYT_OPT_END:
        HYT_BUG("an option without a value was given one");
    }
    return status < 0 ? hyt_fail_prefix(err, "--%s: ", o->name) : 0;
}

/* The arguments not looked at yet, and the options among those that were. */
struct args {
    char **next, **end;
    struct hyt_opt_list *given;
};

static int set_from_next(const struct hyt_opt *o, struct args *a,
                         struct hyt_err *err)
{
    if (a->next == a->end)
        return hyt_fail(err, "--%s needs a value", o->name);
    return set(o, *a->next++, err);
}

/* "--name", "--name=value" or "--name value"; arg is past the dashes. */
static int parse_long(const char *arg, struct args *a,
                      const struct hyt_opt *const *tables, struct hyt_err *err)
{
    const size_t n = strcspn(arg, "=");
    const struct hyt_opt *o = find(tables, 0, arg, n);

    if (!o)
        return hyt_fail(err, "unknown option \"--%.*s\"", (int)n, arg);
    add_item(a->given, o->name);
    if (o->kind == HYT_OPT_FLAG) {
        if (arg[n] == '=')
            return hyt_fail(err, "--%s takes no value", o->name);
        *(bool *)o->value = true;
        return 0;
    }
    if (arg[n] == '=')
        return set(o, arg + n + 1, err);
    return set_from_next(o, a, err);
}

/* "-a", "-abc" as flags; the rest after the first that takes a value is that
 * value. */
static int parse_short(const char *arg, struct args *a,
                       const struct hyt_opt *const *tables, struct hyt_err *err)
{
    for (; *arg; arg++) {
        const struct hyt_opt *o = find(tables, *arg, "", 0);

        if (!o)
            return hyt_fail(err, "unknown option \"-%c\"", *arg);
        add_item(a->given, o->name);
        if (o->kind != HYT_OPT_FLAG)
            return arg[1] ? set(o, arg + 1, err) : set_from_next(o, a, err);
        *(bool *)o->value = true;
    }
    return 0;
}

int hyt_opt_parse(int argc, char **argv, const struct hyt_opt *const *tables,
                  int *n_operands, struct hyt_opt_list *given,
                  struct hyt_err *err)
{
    struct args a = {argv + 1, argv + argc, given};
    bool options = true;
    int n = 0;

    if (argc < 1)
        a.next = a.end;
    while (a.next < a.end) {
        char *arg = *a.next++;

        if (!options || arg[0] != '-' || arg[1] == '\0') {
            argv[1 + n++] = arg;
        } else if (strcmp(arg, "--") == 0) {
            options = false;
        } else if (arg[1] == '-') {
            if (parse_long(arg + 2, &a, tables, err) < 0)
                return -1;
        } else if (parse_short(arg + 1, &a, tables, err) < 0) {
            return -1;
        }
    }
    *n_operands = n;
    return 0;
}

void hyt_opt_list_free(struct hyt_opt_list *list)
{
    free(list->item);
    *list = (struct hyt_opt_list){0};
}
