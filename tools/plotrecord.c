/* SPDX-License-Identifier: MIT */
/*
 * plotrecord.c - what the pictures read of records, and lists of names
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"

/* --- names ---------------------------------------------------------------- */

void hyt_names_add(struct hyt_names *names, const char *s, size_t n)
{
    names->item =
        hyt_grow(names->item, &names->cap, names->n + 1, sizeof(*names->item));
    names->item[names->n++] = hyt_strndup(s, n);
}

void hyt_names_split(struct hyt_names *names, const char *list)
{
    for (;;) {
        size_t n = strcspn(list, ",");

        if (n > 0)
            hyt_names_add(names, list, n);
        if (list[n] == '\0')
            return;
        list += n + 1;
    }
}

size_t hyt_names_find(const struct hyt_names *names, const char *s)
{
    size_t i = 0;

    while (i < names->n && strcmp(names->item[i], s) != 0)
        i++;
    return i;
}

void hyt_names_free(struct hyt_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->item[i]);
    free(names->item);
    *names = (struct hyt_names){0};
}

/* --- fields --------------------------------------------------------------- */

int hyt_read_verdict(enum hyt_verdict *verdict, struct hyt_rec *rec,
                     struct hyt_err *err)
{
    const struct hyt_json *v;
    int got = hyt_rec_get(rec, "grade.correct", &v, err);

    *verdict = HYT_UNGRADED;
    if (got <= 0)
        return got;
    if (hyt_json_type(v) != HYT_JSON_BOOL)
        return hyt_rec_fail(rec, "grade", err,
                            "\"grade.correct\" is %s, not true or false",
                            hyt_json_type_name(v));
    *verdict = hyt_json_bool(v) ? HYT_RIGHT : HYT_WRONG;
    return 0;
}

int hyt_read_interval(double x[3], struct hyt_rec *rec, const char *at,
                      const char *const name[3], struct hyt_err *err)
{
    struct hyt_buf path = {0};
    int got = 0;

    for (int i = 0; i < 3 && got >= 0; i++) {
        hyt_buf_reset(&path);
        hyt_buf_printf(&path, "%s%s", at, name[i]);
        x[i] = NAN;
        got = hyt_rec_num(rec, path.s, &x[i], err);
    }
    hyt_buf_free(&path);
    return got < 0 ? -1 : 0;
}

int hyt_read_support(const double **c, size_t *n, struct hyt_rec *rec,
                     struct hyt_err *err)
{
    const struct hyt_json *v;
    int got = hyt_rec_get(rec, "prg", &v, err);

    if (got == 0)
        return hyt_rec_fail(rec, NULL, err,
                            "no \"prg\": pass the records through hyt-prg");
    if (got < 0 || hyt_json_type(v) == HYT_JSON_NULL)
        return got < 0 ? -1 : 0;
    got = hyt_rec_f64s(rec, "prg.support", c, n, err);
    if (got == 0)
        return hyt_rec_fail(rec, "prg", err, "no \"prg.support\"");
    return got;
}

/* --- the records that --id names ------------------------------------------ */

void hyt_chosen_open(struct hyt_chosen *c, const struct hyt_plot *p)
{
    c->wanted = &p->ids;
    c->ids = hyt_ids_new();
    c->found = hyt_alloc(p->ids.n, sizeof(*c->found));
}

int hyt_chosen_has(struct hyt_chosen *c, struct hyt_rec *rec, const char **id,
                   struct hyt_err *err)
{
    int has = c->wanted->n == 0;

    if (hyt_rec_id(rec, c->ids, id, err) < 0)
        return -1;
    for (size_t i = 0; i < c->wanted->n; i++)
        if (strcmp(c->wanted->item[i], *id) == 0)
            has = c->found[i] = true;
    return has;
}

int hyt_chosen_close(struct hyt_chosen *c, int status, struct hyt_err *err)
{
    size_t i = 0;

    while (i < c->wanted->n && c->found[i])
        i++;
    free(c->found);
    hyt_ids_free(c->ids);
    if (status >= 0 && i < c->wanted->n)
        return hyt_fail(err, "--id %s: no such record", c->wanted->item[i]);
    return status;
}
