/* SPDX-License-Identifier: MIT */
/*
 * judged.c - from graded records to confidences
 */
#include "judged.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool hyt_conf_parse(enum hyt_conf *conf, const char **field, const char *spec)
{
    static const char *const words[] = {"support", "mean", "vote", "logp"};

    *field = NULL;
    for (size_t i = 0; i < HYT_LEN(words); i++) {
        if (strcmp(spec, words[i]) == 0) {
            *conf = (enum hyt_conf)i;
            return true;
        }
    }
    *conf = HYT_CONF_FIELD;
    *field = spec + strlen("field:");
    return strncmp(spec, "field:", 6) == 0 && spec[6] != '\0';
}

/* --- one record ---------------------------------------------------------- */

static int missing(const struct hyt_rec *rec, const char *field, const char *by,
                   struct hyt_err *err)
{
    return hyt_rec_fail(rec, NULL, err, "no \"%s\"%s%s", field,
                        by ? ": pass the records through " : "", by ? by : "");
}

static int read_query(uint64_t *query, struct hyt_rec *rec,
                      struct hyt_judgements *all, struct hyt_err *err)
{
    const char *name;
    size_t n;
    int got = hyt_rec_str(rec, "group", &name, &n, err);

    if (got == 0) {
        if (all->ids == NULL)
            all->ids = hyt_ids_new();
        got = hyt_rec_id(rec, all->ids, &name, err);
        n = got < 0 ? 0 : strlen(name);
    }
    if (got >= 0)
        *query = hyt_hash64(name, n, 0);
    return got < 0 ? -1 : 0;
}

static int read_correct(bool *correct, struct hyt_rec *rec, struct hyt_err *err)
{
    const struct hyt_json *v;
    int got = hyt_rec_get(rec, "grade.correct", &v, err);

    if (got < 0)
        return -1;
    if (got == 0)
        return missing(rec, "grade", "hyt-grade", err);
    if (hyt_json_type(v) != HYT_JSON_BOOL)
        return hyt_rec_fail(rec, "grade", err,
                            "\"grade.correct\" is %s, not true or false",
                            hyt_json_type_name(v));
    *correct = hyt_json_bool(v);
    return 0;
}

/* Whether there is an answer; its digest.  A record that nobody has looked for
 * answers in may be judged by a field of the user's. */
static int read_answer(bool *answered, uint64_t *answer, struct hyt_rec *rec,
                       enum hyt_conf conf, struct hyt_err *err)
{
    struct hyt_buf canon = {0};
    const struct hyt_json *v;
    struct hyt_final final = {0};
    int got = hyt_rec_get(rec, "final", &v, err);

    *answered = true;
    if (got == 0)
        return conf == HYT_CONF_FIELD
                   ? 0
                   : missing(rec, "final", "hyt-split or hyt-prg", err);
    if (got > 0)
        got = hyt_rec_final(rec, &final, err);
    if (got < 0)
        return -1;
    *answered = got > 0;
    if (got > 0 && conf == HYT_CONF_VOTE) {
        hyt_answer_canon(&canon, final.text, final.n, HYT_GRADE_AUTO);
        *answer = hyt_hash64(canon.s, canon.n, 0);
        hyt_buf_free(&canon);
    }
    return 0;
}

/* Confidence, or NaN where it is null. */
static int read_conf(double *x, struct hyt_rec *rec, enum hyt_conf conf,
                     const char *field, struct hyt_err *err)
{
    static const char *const tops[] = {"prg", "prg", NULL, "certainty", NULL};
    static const char *const paths[] = {"prg.support", "prg.mean", NULL,
                                        "certainty.logp", NULL};
    bool mine = conf == HYT_CONF_FIELD;
    const char *top = mine ? field : tops[conf];
    const char *path = mine ? field : paths[conf];
    const struct hyt_json *v;
    const double *support;
    size_t n;
    int got = hyt_rec_get_null(rec, top, &v, err);

    *x = NAN;
    if (got == 0)
        return missing(rec, top, mine ? NULL : "hyt-prg", err);
    if (got < 0 || hyt_json_type(v) == HYT_JSON_NULL)
        return got < 0 ? -1 : 0;
    got = hyt_rec_get(rec, path, &v, err);
    if (got == 0)
        return missing(rec, path, NULL, err);
    if (got > 0 && conf == HYT_CONF_SUPPORT) {
        got = hyt_rec_f64s(rec, path, &support, &n, err);
        if (got > 0 && n > 0)
            *x = support[n - 1];
    } else if (got > 0) {
        got = hyt_rec_num(rec, path, x, err);
        if (got > 0 && conf == HYT_CONF_LOGP)
            *x = hyt_exp(*x);
    }
    if (got > 0 && !(*x >= 0 && *x <= 1))
        return hyt_rec_fail(rec, top, err,
                            "a confidence of %g is not between 0 and 1", *x);
    return got < 0 ? -1 : 0;
}

static int read_text(double text[HYT_N_TEXT_FACTS], struct hyt_rec *rec,
                     struct hyt_err *err)
{
    const struct hyt_json *certainty;
    struct hyt_tokens t = {0};
    const char *finish;
    size_t n;
    int got = hyt_rec_get(rec, "certainty", &certainty, err);

    for (int k = 0; k < HYT_N_TEXT_FACTS; k++)
        text[k] = NAN;
    if (got > 0 && hyt_json_type(certainty) != HYT_JSON_NULL)
        got =
            hyt_rec_num(rec, "certainty.entropy", &text[HYT_TEXT_ENTROPY], err);
    if (got >= 0)
        got = hyt_rec_tokens(rec, &t, err);
    if (got > 0) {
        text[HYT_TEXT_REPETITION] =
            hyt_repetition(t.completion, t.n_completion);
        text[HYT_TEXT_LENGTH] = (double)t.n_completion;
    }
    if (got >= 0)
        got = hyt_rec_str(rec, "finish", &finish, &n, err);
    if (got > 0)
        text[HYT_TEXT_TRUNCATED] = n == 6 && memcmp(finish, "length", n) == 0;
    return got < 0 ? -1 : 0;
}

int hyt_judgements_add(struct hyt_judgements *all, struct hyt_rec *rec,
                       enum hyt_conf conf, const char *field,
                       struct hyt_err *err)
{
    struct hyt_judgement j = {.lineno = hyt_rec_lineno(rec)};
    bool answered;

    if (read_query(&j.query, rec, all, err) < 0 ||
        read_correct(&j.judged.correct, rec, err) < 0 ||
        read_text(j.judged.text, rec, err) < 0 ||
        read_answer(&answered, &j.answer, rec, conf, err) < 0 ||
        (conf != HYT_CONF_VOTE &&
         read_conf(&j.judged.conf, rec, conf, field, err) < 0))
        return -1;
    if (!answered) {
        j.judged.conf = NAN;
        j.judged.correct = false;
    }
    all->item = hyt_grow(all->item, &all->cap, all->n + 1, sizeof j);
    all->item[all->n++] = j;
    return 0;
}

int hyt_judgements_read(struct hyt_judgements *all, const char *path,
                        struct hyt_main *m, enum hyt_conf conf,
                        const char *field)
{
    struct hyt_lines *in = hyt_lines_open(&path, 1, (size_t)m->max_line);
    struct hyt_rec *rec = hyt_rec_new();
    struct hyt_err *err = &m->err;
    struct hyt_line line;
    int got;

    while ((got = hyt_lines_next(in, &line, err)) > 0) {
        m->n_read++;
        got = hyt_rec_load(rec, &line, err);
        if (got >= 0)
            got = hyt_judgements_add(all, rec, conf, field, err);
        if (hyt_main_keep(m, got) < 0)
            break;
    }
    hyt_rec_free(rec);
    hyt_lines_close(in);
    return got;
}

void hyt_judgements_free(struct hyt_judgements *all)
{
    hyt_ids_free(all->ids);
    free(all->item);
    *all = (struct hyt_judgements){0};
}

/* --- all of them --------------------------------------------------------- */

/* By query, the unanswered first, equal answers together. */
static int by_query(const void *x, const void *y)
{
    const struct hyt_judgement *a = x, *b = y;
    bool na = isnan(a->judged.conf), nb = isnan(b->judged.conf);

    if (a->query != b->query)
        return a->query < b->query ? -1 : 1;
    if (na != nb)
        return na ? -1 : 1;
    if (a->answer != b->answer)
        return a->answer < b->answer ? -1 : 1;
    return (a->lineno > b->lineno) - (a->lineno < b->lineno);
}

static void sort_by_query(struct hyt_judgements *all)
{
    if (all->n > 0)
        qsort(all->item, all->n, sizeof *all->item, by_query);
}

void hyt_judgements_vote(struct hyt_judgements *all)
{
    size_t end, same;

    sort_by_query(all);
    for (size_t i = 0; i < all->n; i = end) {
        for (end = i;
             end < all->n && all->item[end].query == all->item[i].query;)
            end++;
        for (size_t j = i; j < end; j = same) {
            for (same = j;
                 same < end && all->item[same].answer == all->item[j].answer;)
                same++;
            for (size_t k = j; k < same; k++)
                if (!isnan(all->item[k].judged.conf))
                    all->item[k].judged.conf =
                        (double)(same - j) / (double)(end - i);
        }
    }
}

struct hyt_judged *hyt_judgements_rows(struct hyt_judgements *all,
                                       size_t *n_queries)
{
    struct hyt_judged *row = hyt_alloc(all->n, sizeof *row);
    size_t n = 0;

    sort_by_query(all);
    for (size_t i = 0; i < all->n; i++) {
        if (i > 0 && all->item[i].query != all->item[i - 1].query)
            n++;
        row[i] = all->item[i].judged;
        row[i].query = n;
    }
    *n_queries = all->n > 0 ? n + 1 : 0;
    hyt_judged_sort(row, all->n);
    return row;
}

/* The next item of another query. */
static size_t next_query(const struct hyt_judgements *all, size_t i)
{
    uint64_t query = all->item[i].query;

    while (i < all->n && all->item[i].query == query)
        i++;
    return i;
}

int hyt_judgements_match(const struct hyt_judgements *a,
                         const struct hyt_judgements *b, const char *name,
                         struct hyt_err *err)
{
    size_t i = 0, j = 0, only_a = 0, only_b = 0;

    while (i < a->n || j < b->n) {
        bool take_a =
            j == b->n || (i < a->n && a->item[i].query <= b->item[j].query);
        bool take_b =
            i == a->n || (j < b->n && b->item[j].query <= a->item[i].query);

        only_a += !take_b;
        only_b += !take_a;
        i = take_a ? next_query(a, i) : i;
        j = take_b ? next_query(b, j) : j;
    }
    if (only_a + only_b == 0)
        return 0;
    return hyt_fail(err,
                    "%s holds other queries: %zu of ours are not in it, %zu of "
                    "its own are not in ours",
                    name, only_a, only_b);
}
