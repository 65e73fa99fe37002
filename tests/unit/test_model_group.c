/* SPDX-License-Identifier: MIT */
/*
 * test_model_group.c - training on sequences that share their first rows: what
 * each of them alone gives, but for the last bits of sums
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

/* Samples of N tokens, the first COMMON of which are the same in all. */
enum { SAMPLES = 5, N = 45, COMMON = 20, SCORED = N - COMMON };

struct group {
    size_t shared[SAMPLES]; /* rows taken over from the last that has none */
    enum hyt_dtype kv;
    size_t memory;
    struct hyt_row_stats stats[SAMPLES * SCORED];
};

static int32_t token(const struct hyt_model *m, size_t sample, size_t i)
{
    return (int32_t)hyt_rng_below(i < COMMON ? 7 : 8 + sample, i,
                                  (uint64_t)m->c.V);
}

static float weigh(void *ctx, size_t i, const struct hyt_row_stats *s)
{
    (void)ctx;
    (void)s;
    return i % 3 == 0 ? -0.5f : 1;
}

/* The gradient of all samples in one batch. */
static void gradient(const struct hyt_model *m, struct group *g, float *grads)
{
    struct hyt_state *st = hyt_state_new(m);
    int32_t leader = -1;

    hyt_state_set_passing(st);
    hyt_state_set_kv(st, g->kv);
    hyt_state_set_memory(st, g->memory);
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t shared = g->shared[i];
        int32_t seq =
            shared > 0 ? hyt_seq_fork(st, leader, shared) : hyt_seq_new(st);

        if (shared == 0)
            leader = seq;
        for (size_t j = shared; j < N; j++) {
            bool want = j + 1 >= COMMON && j + 1 < N;

            hyt_batch_add(st, seq, token(m, i, j),
                          want ? token(m, i, j + 1) : -1, want);
        }
    }
    hyt_forward(st, true);
    hyt_head_loss(st, g->stats, weigh, NULL, grads, false);
    hyt_backward(st, grads, false);
    hyt_batch_clear(st);
    hyt_state_free(st);
}

/* All parameters, relative to each. */
static void same_gradient(const char *toy, const struct hyt_model *m,
                          const float *a, const float *b)
{
    for (size_t p = 0; p < m->n_params; p++) {
        size_t at = m->param[p].bound->grad;
        double d = relative_distance(a + at, b + at, m->param[p].n);

        if (!(d < 1e-5))
            fail_msg("%s: %s is %g off", toy, m->param[p].name, d);
    }
}

static void compare(const char *toy, const struct hyt_model *m, struct group g)
{
    struct group alone = {.kv = g.kv, .memory = g.memory};
    float *want = hyt_grads_new(m), *got = hyt_grads_new(m);
    float *again = hyt_grads_new(m);

    gradient(m, &alone, want);
    gradient(m, &g, got);
    same_gradient(toy, m, got, want);
    for (size_t i = 0; i < SAMPLES * SCORED; i++) {
        assert_true(alone.stats[i].lse == g.stats[i].lse);
        assert_true(alone.stats[i].logp == g.stats[i].logp);
    }
    /* Layers that are computed again, and other threads: the same bits. */
    g.memory = 1;
    hyt_threads_set(3);
    gradient(m, &g, again);
    hyt_threads_set(2);
    assert_memory_equal(got, again, m->n_floats * sizeof(*got));
    free(want);
    free(got);
    free(again);
}

static void test_groups(void **state)
{
    const struct group groups[] = {
        {.shared = {0, 19, 19, 19, 19}, .memory = (size_t)1 << 30},
        {.shared = {0, 16, 1, 0, 19}, .memory = (size_t)1 << 30},
        {.shared = {0, 0, 19, 8, 0},
         .memory = (size_t)1 << 30,
         .kv = HYT_BF16}};

    (void)state;
    for (size_t i = 0; i < HYT_LEN(fixture_toys); i++) {
        struct fixture f;

        fixture_open(&f, fixture_toys[i]);
        for (size_t k = 0; k < HYT_LEN(groups); k++)
            compare(fixture_toys[i], f.m, groups[k]);
        fixture_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_groups)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
