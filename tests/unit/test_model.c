/* SPDX-License-Identifier: MIT */
/*
 * test_model.c - forward and backward against PyTorch
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

struct copy {
    float *to;
};

static void copy_logits(void *ctx, size_t i, float *z, size_t vocab)
{
    memcpy(((struct copy *)ctx)->to + i * vocab, z, vocab * sizeof(float));
}

static void test_logits(void **state)
{
    (void)state;
    for (size_t i = 0; i < HYT_LEN(fixture_toys); i++) {
        struct fixture f;
        struct hyt_state *st;
        struct copy copy;
        int32_t seq[2];

        fixture_open(&f, fixture_toys[i]);
        st = hyt_state_new(f.m);
        fixture_add_rows(&f, st, seq, true);
        hyt_forward(st, false);
        copy.to = hyt_alloc(f.T * f.V, sizeof(float));
        hyt_head_logits(st, copy_logits, &copy);
        close_to(
            fixture_toys[i], "logits",
            relative_distance(copy.to, fixture_f32(&f, "logits"), f.T * f.V));
        free(copy.to);
        hyt_state_free(st);
        fixture_close(&f);
    }
}

static void test_stats(void **state)
{
    (void)state;
    for (size_t i = 0; i < HYT_LEN(fixture_toys); i++) {
        struct fixture f;
        struct hyt_state *st;
        struct hyt_row_stats *stats;
        int32_t seq[2];
        float *logp, *certainty, *entropy;

        fixture_open(&f, fixture_toys[i]);
        st = hyt_state_new(f.m);
        fixture_add_rows(&f, st, seq, true);
        stats = hyt_alloc(f.T, sizeof(*stats));
        logp = hyt_alloc(f.T, sizeof(float));
        certainty = hyt_alloc(f.T, sizeof(float));
        entropy = hyt_alloc(f.T, sizeof(float));
        hyt_forward(st, false);
        hyt_head_stats(st, stats);
        for (size_t t = 0; t < f.T; t++) {
            logp[t] = stats[t].logp;
            certainty[t] = stats[t].certainty;
            entropy[t] = stats[t].entropy;
        }
        close_to(fixture_toys[i], "logp",
                 relative_distance(logp, fixture_f32(&f, "logp"), f.T));
        close_to(
            fixture_toys[i], "certainty",
            relative_distance(certainty, fixture_f32(&f, "certainty"), f.T));
        close_to(fixture_toys[i], "entropy",
                 relative_distance(entropy, fixture_f32(&f, "entropy"), f.T));
        free(logp);
        free(certainty);
        free(entropy);
        free(stats);
        hyt_state_free(st);
        fixture_close(&f);
    }
}

static void test_greedy(void **state)
{
    (void)state;
    for (size_t i = 0; i < HYT_LEN(fixture_toys); i++) {
        struct fixture f;
        struct hyt_state *st;
        struct copy copy;
        const int32_t *prompt, *expected;
        int32_t seq;

        fixture_open(&f, fixture_toys[i]);
        prompt = fixture_i32(&f, "prompt");
        expected = fixture_i32(&f, "greedy");
        st = hyt_state_new(f.m);
        copy.to = hyt_alloc(f.V, sizeof(float));
        seq = hyt_seq_new(st);
        for (size_t t = 0; t < 5; t++)
            hyt_batch_add(st, seq, prompt[t], -1, t == 4);
        for (size_t t = 0; t < 20; t++) {
            size_t best = 0;

            hyt_forward(st, false);
            hyt_head_logits(st, copy_logits, &copy);
            for (size_t v = 1; v < f.V; v++)
                if (copy.to[v] > copy.to[best])
                    best = v;
            assert_int_equal(best, expected[t]);
            hyt_batch_clear(st);
            hyt_batch_add(st, seq, (int32_t)best, -1, true);
        }
        free(copy.to);
        hyt_state_free(st);
        fixture_close(&f);
    }
}

/* --- gradients ------------------------------------------------------------ */

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
        loss = fixture_gradient(&f, grads, HYT_F32, (size_t)1 << 30);
        expected = (double)fixture_f32(&f, "loss_first")[0];
        close_to(fixture_toys[i], "loss",
                 fabs(loss - expected) / fabs(expected));
        for (size_t p = 0; p < f.m->n_params; p++) {
            const struct hyt_param *param = &f.m->param[p];

            close_to(fixture_toys[i], param->name,
                     relative_distance(grads + param->bound->grad,
                                       fixture_of(&f, "grad.", param->name),
                                       param->n));
        }
        /* Recomputed layers give the same bits, all of them or some. */
        for (size_t memory = 1; memory < 1 << 20; memory += 10000) {
            fixture_gradient(&f, again, HYT_F32, memory);
            assert_memory_equal(grads, again, f.m->n_floats * sizeof(float));
        }
        free(grads);
        free(again);
        fixture_close(&f);
    }
}

static void test_gradient_any_threads(void **state)
{
    struct fixture f;
    float *one, *two;

    (void)state;
    fixture_open(&f, "toy-qwen3");
    one = hyt_grads_new(f.m);
    two = hyt_grads_new(f.m);
    hyt_threads_set(1);
    fixture_gradient(&f, one, HYT_F32, (size_t)1 << 30);
    hyt_threads_set(3);
    fixture_gradient(&f, two, HYT_F32, (size_t)1 << 30);
    assert_memory_equal(one, two, f.m->n_floats * sizeof(float));
    hyt_threads_set(2);
    free(one);
    free(two);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logits),
        cmocka_unit_test(test_stats),
        cmocka_unit_test(test_greedy),
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_gradient_any_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
