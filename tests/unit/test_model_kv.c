/* SPDX-License-Identifier: MIT */
/*
 * test_model_kv.c - a cache in bf16: against PyTorch with rounded keys and
 * values, its bits and its size
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fixture.h"

/* logp of all rows in one pass, or a row a pass. */
static float *logp_of(const struct fixture *f, enum hyt_dtype kv, bool alone)
{
    struct hyt_state *st = hyt_state_new(f->m);
    struct hyt_row_stats *stats = hyt_alloc(f->T, sizeof(*stats));
    float *logp = hyt_alloc(f->T, sizeof(*logp));
    int32_t seq[2] = {0, 0};

    hyt_state_set_kv(st, kv);
    if (!alone) {
        fixture_add_rows(f, st, seq, true);
        hyt_forward(st, false);
        hyt_head_stats(st, stats);
    }
    for (size_t t = 0; alone && t < f->T; t++) {
        if (t == 0 || t == (size_t)f->lengths[0])
            seq[0] = hyt_seq_new(st);
        hyt_batch_add(st, seq[0], f->tokens[t], f->target[t], true);
        hyt_forward(st, false);
        hyt_head_stats(st, stats + t);
        hyt_batch_clear(st);
    }
    for (size_t t = 0; t < f->T; t++)
        logp[t] = stats[t].logp;
    free(stats);
    hyt_state_free(st);
    return logp;
}

static void test_logp(void **state)
{
    (void)state;
    for (size_t i = 0; i < HYT_LEN(fixture_toys); i++) {
        struct fixture f;
        float *wide, *half;

        fixture_open(&f, fixture_toys[i]);
        wide = logp_of(&f, HYT_F32, false);
        half = logp_of(&f, HYT_BF16, false);
        close_to(fixture_toys[i], "logp",
                 relative_distance(half, fixture_f32(&f, "bf16kv_logp"), f.T));
        assert_true(relative_distance(half, wide, f.T) > 5e-4);
        free(wide);
        free(half);
        fixture_close(&f);
    }
}

static void test_gradients(void **state)
{
    (void)state;
    for (size_t i = 0; i < HYT_LEN(fixture_toys); i++) {
        struct fixture f;
        float *grads, *again;
        double loss, expected;

        fixture_open(&f, fixture_toys[i]);
        grads = hyt_grads_new(f.m);
        again = hyt_grads_new(f.m);
        loss = fixture_gradient(&f, grads, HYT_BF16, (size_t)1 << 30);
        expected = (double)fixture_f32(&f, "bf16kv_loss")[0];
        close_to(fixture_toys[i], "loss",
                 fabs(loss - expected) / fabs(expected));
        for (size_t p = 0; p < f.m->n_params; p++) {
            const struct hyt_param *param = &f.m->param[p];

            close_to(
                fixture_toys[i], param->name,
                relative_distance(grads + param->bound->grad,
                                  fixture_of(&f, "bf16kv_grad.", param->name),
                                  param->n));
        }
        /* Recomputed layers, and other threads, give the same bits. */
        hyt_threads_set(3);
        fixture_gradient(&f, again, HYT_BF16, 1);
        assert_memory_equal(grads, again, f.m->n_floats * sizeof(float));
        hyt_threads_set(2);
        free(grads);
        free(again);
        fixture_close(&f);
    }
}

/* The bits of a row are its own: run alone, with other threads, on another
 * instruction set. */
static void test_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < HYT_LEN(fixture_toys); i++) {
        struct fixture f;
        float *all, *other;

        fixture_open(&f, fixture_toys[i]);
        all = logp_of(&f, HYT_BF16, false);
        other = logp_of(&f, HYT_BF16, true);
        assert_memory_equal(other, all, f.T * sizeof(float));
        free(other);
        hyt_threads_set(3);
        other = logp_of(&f, HYT_BF16, false);
        assert_memory_equal(other, all, f.T * sizeof(float));
        free(other);
        hyt_threads_set(2);
        assert_int_equal(hyt_kern_select("base"), 0);
        other = logp_of(&f, HYT_BF16, false);
        assert_memory_equal(other, all, f.T * sizeof(float));
        free(other);
        assert_int_equal(hyt_kern_select(NULL), 0);
        free(all);
        fixture_close(&f);
    }
}

/* Forks inside a page copy halves. */
static void test_forks(void **state)
{
    struct fixture f;
    struct hyt_state *st;
    struct hyt_row_stats *stats;
    float *all;
    size_t from, n;
    int32_t parent;

    (void)state;
    fixture_open(&f, "toy-llama");
    all = logp_of(&f, HYT_BF16, false);
    from = (size_t)f.lengths[0];
    n = (size_t)f.lengths[1];
    stats = hyt_alloc(n, sizeof(*stats));
    st = hyt_state_new(f.m);
    hyt_state_set_kv(st, HYT_BF16);
    parent = hyt_seq_new(st);
    for (size_t p = 0; p < n; p++)
        hyt_batch_add(st, parent, f.tokens[from + p], -1, false);
    for (size_t p = 0; p < n; p++)
        hyt_batch_add(st, hyt_seq_fork(st, parent, p), f.tokens[from + p],
                      f.target[from + p], true);
    hyt_forward(st, false);
    hyt_head_stats(st, stats);
    for (size_t p = 0; p < n; p++)
        assert_memory_equal(&stats[p].logp, &all[from + p], sizeof(float));
    free(stats);
    free(all);
    hyt_state_free(st);
    fixture_close(&f);
}

/* Rows that wait have pages and nothing else yet. */
static size_t cache_bytes(struct hyt_state *st, const struct fixture *f)
{
    int32_t seq[2];
    size_t bytes;

    fixture_add_rows(f, st, seq, false);
    bytes = hyt_state_bytes(st);
    hyt_seq_free(st, seq[0]);
    hyt_seq_free(st, seq[1]);
    hyt_batch_clear(st);
    return bytes;
}

static void test_half_the_memory(void **state)
{
    struct fixture f;
    struct hyt_state *st;
    size_t wide;

    (void)state;
    fixture_open(&f, "toy-qwen3");
    st = hyt_state_new(f.m);
    wide = cache_bytes(st, &f);
    assert_true(wide >= 8 * f.T * f.m->c.L * f.m->c.G * f.m->c.E);
    hyt_state_set_kv(st, HYT_BF16);
    assert_int_equal(hyt_state_bytes(st), 0);
    assert_int_equal(2 * cache_bytes(st, &f), wide);
    hyt_state_set_kv(st, HYT_F32);
    assert_int_equal(cache_bytes(st, &f), wide);
    hyt_state_free(st);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logp),
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_forks),
        cmocka_unit_test(test_half_the_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
