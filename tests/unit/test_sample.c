/* SPDX-License-Identifier: MIT */
/*
 * test_sample.c - the rollout scheduler on toy models: whatever it does beside
 * a completion, its tokens and log-probabilities have the bits of the
 * reference
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rollouts.h"

/* --- a sample depends on itself alone --- */

static void promise(const char *toy, struct question *q, struct results *want,
                    struct results *got)
{
    static const size_t rows[] = {1, 3, 32};
    struct fixture f;
    struct hyt_state *st;
    size_t order[MAX_QUERIES], n;

    fixture_open(&f, toy);
    st = hyt_state_new(f.m);
    n = ask_all(q, &f);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < usual.n; k++)
            alone(&f, &usual, &q[i], k, &want->r[i][k]);
    for (size_t k = 0; k < 2 * HYT_LEN(rows); k++) {
        struct hyt_rollout_conf conf = usual;
        char what[64];

        conf.rows = rows[k / 2];
        conf.window = k % 2 ? 70 : 2;
        if (k % 2)
            hyt_rng_shuffle(order, n, k);
        else
            in_order(order, n);
        drive(st, &f, NULL, &conf, q, order, n, got);
        snprintf(what, sizeof(what), "%s, %zu rows, window %zu", toy, conf.rows,
                 conf.window);
        same_results(what, got, want, n, conf.n);
    }
    hyt_state_free(st);
    fixture_close(&f);
}

static void test_promise(void **state)
{
    struct question *q = hyt_alloc(MAX_QUERIES, sizeof(*q));
    struct results *want = hyt_alloc(1, sizeof(*want));
    struct results *got = hyt_alloc(1, sizeof(*got));

    (void)state;
    for (size_t i = 0; i < HYT_LEN(fixture_toys); i++)
        promise(fixture_toys[i], q, want, got);
    free(q);
    free(want);
    free(got);
}

/* One sample a query: a prompt's sequence is wanted for one step only. */
static void test_single_samples(void **state)
{
    struct bench *b = *state;
    struct hyt_rollout_conf conf = usual;
    size_t n = ask_all(b->q, &b->f);

    conf.n = 1;
    for (size_t i = 0; i < n; i++)
        alone(&b->f, &conf, &b->q[i], 0, &b->a->r[i][0]);
    for (conf.rows = 1; conf.rows < 40; conf.rows += 19) {
        drive(b->st, &b->f, NULL, &conf, b->q, b->order, n, b->b);
        same_results("single samples", b->b, b->a, n, 1);
    }
}

/* Other ways of sampling, greedy among them, batched or not. */
static void test_ways_of_sampling(void **state)
{
    static const struct hyt_sampling way[] = {
        {.greedy = true},
        {.temperature = 0.5, .top_p = 0.9, .top_k = 10},
        {.temperature = 2, .top_p = 1, .min_p = 0.1},
    };
    struct bench *b = *state;
    size_t n = ask_all(b->q, &b->f);

    for (size_t w = 0; w < HYT_LEN(way); w++) {
        struct hyt_rollout_conf conf = usual;

        conf.sampling = way[w];
        conf.n = 2;
        conf.max_tokens = 12;
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < conf.n; k++)
                alone(&b->f, &conf, &b->q[i], k, &b->a->r[i][k]);
        drive(b->st, &b->f, NULL, &conf, b->q, b->order, n, b->b);
        same_results("way of sampling", b->b, b->a, n, conf.n);
        if (way[w].greedy)
            for (size_t i = 0; i < n; i++)
                same_result("greedy", &b->b->r[i][0], &b->b->r[i][1]);
    }
}

/* Seed, id and sample each change what is drawn; the order does not. */
static void test_keys_of_draws(void **state)
{
    struct bench *b = *state;
    struct hyt_rollout_conf conf = usual;

    b->f.m->c.n_eos = 0;
    ask(&b->q[0], &b->f, 0, 9);
    b->q[1] = b->q[0];
    b->q[1].id++;
    drive(b->st, &b->f, NULL, &conf, b->q, b->order, 2, b->a);
    conf.seed++;
    drive(b->st, &b->f, NULL, &conf, b->q, b->order, 2, b->b);
    assert_memory_not_equal(b->a->r[0][0].id, b->a->r[0][1].id, 40);
    assert_memory_not_equal(b->a->r[0][0].id, b->a->r[1][0].id, 40);
    assert_memory_not_equal(b->a->r[0][0].id, b->b->r[0][0].id, 40);
}

/* --- order ---------------------------------------------------------------- */

/* Queries of nothing keep their place, first, last and in a row. */
static void test_empty_groups(void **state)
{
    static const size_t n[] = {0, 0, 40, 0, 3, 1, 0, 0, 0, 0, 33, 0};
    struct bench *b = *state;

    for (size_t i = 0; i < HYT_LEN(n); i++)
        ask(&b->q[i], &b->f, i, n[i]);
    for (size_t window = 1; window < 8; window += 3) {
        struct hyt_rollout_conf conf = usual;

        conf.window = window;
        conf.rows = 4;
        drive(b->st, &b->f, NULL, &conf, b->q, b->order, HYT_LEN(n), b->b);
        for (size_t i = 0; i < HYT_LEN(n); i++)
            for (size_t k = 0; k < conf.n && n[i] > 0; k++) {
                alone(&b->f, &conf, &b->q[i], k, &b->a->r[i][k]);
                same_result("among empty groups", &b->b->r[i][k],
                            &b->a->r[i][k]);
            }
    }
}

/* A group that is ready early waits for those before it: lengths differ
 * widely, drive() checks the order. */
static void test_order_of_groups(void **state)
{
    struct bench *b = *state;
    struct hyt_rollout_conf conf = usual;

    conf.max_tokens = 100;
    conf.n = 2;
    for (size_t i = 0; i < 40; i++)
        ask(&b->q[i], &b->f, i, i % 3 == 0 ? 1 : 20 + (i * 37) % 108);
    for (conf.window = 1; conf.window < 64; conf.window *= 4)
        for (conf.rows = 1; conf.rows < 64; conf.rows *= 5)
            drive(b->st, &b->f, NULL, &conf, b->q, b->order, 40, b->a);
}

/* --- memory --------------------------------------------------------------- */

/* Pages come back: the same work over and over takes no more than once. */
static void test_no_leak(void **state)
{
    struct bench *b = *state;
    size_t once = 0;

    for (size_t i = 0; i < 30; i++)
        ask(&b->q[i], &b->f, i, i % 7 == 6 ? 0 : 1 + (i * 53) % 127);
    for (size_t round = 0; round < 12; round++) {
        struct hyt_rollout_conf conf = usual;

        conf.max_tokens = 40;
        conf.rows = 16;
        conf.n = 1 + round % 2 * 4;
        drive(b->st, &b->f, NULL, &conf, b->q, b->order, 30, b->a);
        if (round == 1)
            once = hyt_state_bytes(b->st);
        if (round > 1)
            assert_int_equal(hyt_state_bytes(b->st), once);
    }
}

/* Given up in the middle: all memory is returned (as the sanitizer sees). */
static void test_given_up(void **state)
{
    struct bench *b = *state;
    struct hyt_rollouts *r = hyt_rollouts_new(b->st, b->f.m, NULL, &usual);
    struct hyt_err err;

    for (size_t i = 0; i < 20; i++) {
        ask(&b->q[i], &b->f, i, 1 + i);
        hyt_rollouts_add(r, b->q[i].prompt, b->q[i].n, i, NULL);
    }
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(hyt_rollouts_step(r, &err), 0);
    hyt_rollouts_free(r);
    hyt_rollouts_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_promise),    BENCH_TEST(test_single_samples),
        BENCH_TEST(test_ways_of_sampling), BENCH_TEST(test_keys_of_draws),
        BENCH_TEST(test_empty_groups),     BENCH_TEST(test_order_of_groups),
        BENCH_TEST(test_no_leak),          BENCH_TEST(test_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
