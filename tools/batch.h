/* SPDX-License-Identifier: MIT */
/*
 * batch.h - records that wait in memory, as their bytes, to be weighed together
 */
#ifndef HYT_TOOL_BATCH_H
#define HYT_TOOL_BATCH_H

#include "hyt/record.h"
#include "hyt/score.h"

struct hyt_kept {
    struct hyt_sample s; /* s.answer is its own */
    char *line;
    size_t n;
    const char *file; /* lives as long as the input */
    uint64_t lineno;
    uint64_t draw; /* the draw from the pool that last took it */
};

struct hyt_kept_list {
    struct hyt_kept *item;
    size_t n, cap;
};

/* Keeps a copy of the record's bytes and of the answer. */
void hyt_kept_add(struct hyt_kept_list *list, const struct hyt_rec *rec,
                  const struct hyt_sample *s);
/* Forgets the items from..to-1; later ones move down. */
void hyt_kept_drop(struct hyt_kept_list *list, size_t from, size_t to);
void hyt_kept_free(struct hyt_kept_list *list);

/* Makes *rec the record again, as it was read. */
int hyt_kept_load(const struct hyt_kept *kept, struct hyt_rec *rec,
                  struct hyt_err *err) HYT_MUST_USE;

/*
 * Rollouts, the samples 0..n-1 of each query together.  `whole` of them, in
 * `count` groups, are complete; behind them stand those of an open group.
 */
struct hyt_groups {
    struct hyt_kept_list rollouts;
    size_t whole, count;
    struct hyt_buf name; /* of the group last seen, open or not */
    int64_t size;        /* its sampling.n */
    size_t refusals;     /* errors of it: the first one tells all */
};

/* Whether the record is the open group's next sample, or opens one while there
 * is none: 1, else 0; -1 where it cannot be read. */
int hyt_groups_continues(const struct hyt_groups *g, struct hyt_rec *rec,
                         struct hyt_err *err) HYT_MUST_USE;

/* Adds a sample; one that has to be 0 and is not is an error.  1: its group is
 * complete, 0, -1. */
int hyt_groups_add(struct hyt_groups *g, struct hyt_rec *rec,
                   struct hyt_sample *s, struct hyt_err *err) HYT_MUST_USE;

/* How many samples the open group has so far; 0: there is none. */
size_t hyt_groups_open(const struct hyt_groups *g);

/* Nothing more will come for the open group: -1 and where it ended (it is
 * forgotten), or 0 where there is none. */
int hyt_groups_cut(struct hyt_groups *g, struct hyt_err *err) HYT_MUST_USE;

void hyt_groups_drop_whole(struct hyt_groups *g);
void hyt_groups_free(struct hyt_groups *g);

/*
 * The supervised traces.  They are drawn in rounds: each round is a shuffle of
 * all that were there when it began, a function of seed and round.
 */
struct hyt_pool {
    struct hyt_kept_list traces;
    size_t *order;
    size_t n_order, at;
    uint64_t round, draws;
};

/* Draws min(want, all) traces, no one twice, into index[]: how many. */
size_t hyt_pool_draw(struct hyt_pool *pool, size_t *index, size_t want,
                     uint64_t seed);
void hyt_pool_free(struct hyt_pool *pool);

#endif
