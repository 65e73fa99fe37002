/* SPDX-License-Identifier: MIT */
/*
 * rollouts.h - questions for the rollout scheduler, and what must come out
 *
 * The reference samples one completion at a time and computes the whole
 * sequence anew for every token: no batch, no cache, no shared prompt.
 */
#ifndef HYT_TEST_ROLLOUTS_H
#define HYT_TEST_ROLLOUTS_H

#include "fixture.h"
#include "hyt/sample.h"

enum { CONTEXT = 128, MAX_QUERIES = 64, MAX_N = 8 };

struct question {
    int32_t prompt[CONTEXT];
    size_t n;
    uint64_t id;
};

struct result {
    int32_t id[CONTEXT];
    float logp[CONTEXT];
    size_t n;
    enum hyt_finish finish;
};

/* Of each question, n results. */
struct results {
    struct result r[MAX_QUERIES][MAX_N];
};

/* Three samples of up to 24 tokens, any number of rows. */
extern const struct hyt_rollout_conf usual;

/* A question of n drawn tokens; n = 0 asks for nothing. */
void ask(struct question *q, const struct fixture *f, size_t i, size_t n);
/* Questions whose lengths lie around the ends of a page; how many. */
size_t ask_all(struct question *q, const struct fixture *f);

/* Runs the questions order[0..n) through a scheduler and checks that groups
 * come out in that order.  Returns the number of tokens. */
uint64_t drive(struct hyt_state *st, const struct fixture *f,
               const struct hyt_tok *tok, const struct hyt_rollout_conf *conf,
               const struct question *q, const size_t *order, size_t n,
               struct results *all);
void in_order(size_t *order, size_t n);

/* One completion by itself: the reference.  No stop strings. */
void alone(const struct fixture *f, const struct hyt_rollout_conf *conf,
           const struct question *q, size_t sample, struct result *r);
bool is_eos(const struct fixture *f, int32_t token);

/* Fail where tokens, finish or the bits of a log-probability differ. */
void same_result(const char *what, const struct result *a,
                 const struct result *b);
void same_results(const char *what, const struct results *a,
                  const struct results *b, size_t n_queries, size_t n);

/* One toy with everything at hand: a test's setup and teardown. */
struct bench {
    struct fixture f;
    struct hyt_state *st;
    struct question *q;
    struct results *a, *b;
    size_t order[MAX_QUERIES];
};

int bench_set_up(void **state);
int bench_tear_down(void **state);

#define BENCH_TEST(f)                                                          \
    cmocka_unit_test_setup_teardown(f, bench_set_up, bench_tear_down)

#endif
