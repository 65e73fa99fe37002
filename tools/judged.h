/* SPDX-License-Identifier: MIT */
/*
 * judged.h - from graded records to confidences
 */
#ifndef HYT_TOOL_JUDGED_H
#define HYT_TOOL_JUDGED_H

#include "hyt/score.h"
#include "tool.h"

enum hyt_conf {
    HYT_CONF_SUPPORT,
    HYT_CONF_MEAN,
    HYT_CONF_VOTE,
    HYT_CONF_LOGP,
    HYT_CONF_FIELD
};

/* "support|mean|vote|logp|field:NAME"; *field is NAME or NULL. */
bool hyt_conf_parse(enum hyt_conf *conf, const char **field, const char *spec);

/* What is kept of a record: numbers.  Names and answers are 64-bit digests. */
struct hyt_judgement {
    struct hyt_judged judged;
    uint64_t query, answer;
    uint64_t lineno;
};

struct hyt_judgements {
    struct hyt_judgement *item;
    size_t n, cap;
    struct hyt_ids *ids;
};

/* A record that cannot be judged is an error that says what it lacks. */
int hyt_judgements_add(struct hyt_judgements *all, struct hyt_rec *rec,
                       enum hyt_conf conf, const char *field,
                       struct hyt_err *err) HYT_MUST_USE;
int hyt_judgements_read(struct hyt_judgements *all, const char *path,
                        struct hyt_main *m, enum hyt_conf conf,
                        const char *field) HYT_MUST_USE;
void hyt_judgements_free(struct hyt_judgements *all);

/* Confidence by vote: the share of the query's records with the same answer. */
void hyt_judgements_vote(struct hyt_judgements *all);

/*
 * The rows for hyt_metrics(), sorted, with their queries numbered in the order
 * of digests; free().  *n_queries is their number.
 */
struct hyt_judged *hyt_judgements_rows(struct hyt_judgements *all,
                                       size_t *n_queries);

/* 0 where both hold the same queries, else -1 and a message about `name`, the
 * file b is from.  Both must have been through hyt_judgements_rows(). */
int hyt_judgements_match(const struct hyt_judgements *a,
                         const struct hyt_judgements *b, const char *name,
                         struct hyt_err *err) HYT_MUST_USE;

#endif
