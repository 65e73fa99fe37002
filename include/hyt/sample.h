/* SPDX-License-Identifier: MIT */
/*
 * sample.h - logits to token, and the rollout scheduler
 *
 * A *query* is a prompt; its *group* is the n completions sampled for it.  The
 * scheduler keeps up to `rows` completions running in one packed batch: they
 * join and leave at every step, and a prompt is computed once for its group.
 * Groups come out in the order their queries went in.
 */
#ifndef HYT_SAMPLE_H
#define HYT_SAMPLE_H

#include "hyt/base.h"
#include "hyt/model.h"
#include "hyt/text.h"

/* Applied in this order, as Hugging Face's generate() does. */
struct hyt_sampling {
    double temperature; /* > 0; 0 means greedy */
    size_t top_k;       /* 0: all */
    double top_p;       /* (0, 1]; 1: all */
    double min_p;       /* [0, 1): of the largest probability; 0: all */
    bool greedy;
};

/*
 * Draws a token from one row of logits z [V].  u: a draw from [0, 1).  Ties are
 * broken towards the lower id.
 *
 *     p = softmax(z / temperature), cut to the k most probable, then to the
 *     fewest that reach top_p of what is left, then to those >= min_p max p
 */
int32_t hyt_sample_token(const float *z, size_t V, const struct hyt_sampling *s,
                         double u);

enum hyt_finish { HYT_FINISH_STOP, HYT_FINISH_LENGTH };
const char *hyt_finish_name(enum hyt_finish f); /* "stop" | "length" */

struct hyt_completion {
    int32_t *id; /* with the token that ended it, if one did */
    float *logp; /* of the raw model at temperature 1 */
    size_t n, cap;
    enum hyt_finish finish;
};

struct hyt_group {
    struct hyt_completion *sample; /* [n] */
    size_t n;                      /* 0 for a query that needs no sampling */
    void *user;                    /* as given with the query */
};

struct hyt_rollout_conf {
    struct hyt_sampling sampling;
    size_t n;          /* completions a query */
    size_t max_tokens; /* a completion, the one that ends it included */
    size_t rows;       /* completions running at once */
    size_t window;     /* queries held at once, finished or not */
    enum hyt_dtype kv; /* of the cache: hyt_state_set_kv() */
    uint64_t seed;
    const char *const *stop; /* strings that end a completion (kept in it) */
    size_t n_stop;
};

struct hyt_rollouts;

/* The state is used by nobody else while the scheduler lives.  tok is only
 * read where there are stop strings. */
struct hyt_rollouts *hyt_rollouts_new(struct hyt_state *st,
                                      const struct hyt_model *m,
                                      const struct hyt_tok *tok,
                                      const struct hyt_rollout_conf *conf);
void hyt_rollouts_free(struct hyt_rollouts *r);

/* Whether another query is welcome now: rows would stay empty without, and
 * there is room in the window. */
bool hyt_rollouts_hungry(const struct hyt_rollouts *r);

/* Adds a query of n_prompt >= 1 tokens that leaves room for a completion (the
 * caller has checked).  id_hash keys its random draws. n_prompt = 0: nothing is
 * sampled, the group only keeps its place in the order. */
void hyt_rollouts_add(struct hyt_rollouts *r, const int32_t *prompt,
                      size_t n_prompt, uint64_t id_hash, void *user);

/* One forward pass of all that run. Does nothing where nothing does. */
int hyt_rollouts_step(struct hyt_rollouts *r, struct hyt_err *err) HYT_MUST_USE;

/* The next group in order if it is finished, else NULL; lives until the next
 * call. */
struct hyt_group *hyt_rollouts_take(struct hyt_rollouts *r);

/* Queries that were added and not taken; tokens sampled so far. */
size_t hyt_rollouts_pending(const struct hyt_rollouts *r);
uint64_t hyt_rollouts_tokens(const struct hyt_rollouts *r);

#endif
