/* SPDX-License-Identifier: MIT */
/*
 * test_model_vocab.c - rows of lm_head without a token do not exist: no logit,
 * no share in a sum, no gradient
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

/* The ids 3 and 20 and all from 50 on have no token. */
enum { VOCAB = 50, TOKENS = 48 };

static bool absent(size_t v)
{
    return v == 3 || v == 20 || v >= VOCAB;
}

static void set_gaps(struct fixture *f)
{
    bool exists[VOCAB];

    for (size_t v = 0; v < VOCAB; v++)
        exists[v] = !absent(v);
    hyt_model_set_vocab(f->m, VOCAB, exists);
    assert_int_equal(f->m->n_tokens, TOKENS);
}

/* One sequence, whose targets all have a token. */
static void add_row(const struct fixture *f, struct hyt_state *st)
{
    int32_t seq = hyt_seq_new(st);

    for (size_t t = 0; t < 9; t++)
        hyt_batch_add(st, seq, f->tokens[t], 7, t == 8);
}

struct row {
    float z[TOKENS];
    size_t n;
};

static void take_row(void *ctx, size_t i, float *z, size_t n)
{
    struct row *row = ctx;

    assert_int_equal(i, 0);
    assert_int_equal(n, TOKENS);
    memcpy(row->z, z, sizeof(row->z));
    row->n = n;
}

static void test_logits_and_stats(void **state)
{
    struct fixture f;
    struct hyt_state *st;
    struct row row = {.n = 0};
    struct hyt_row_stats stats;
    float full[64];
    double sum = 0, mean = 0, entropy = 0, lse;
    size_t n = 0;

    (void)state;
    fixture_open(&f, "toy-llama");
    memcpy(full, fixture_f32(&f, "logits") + 8 * f.V, f.V * sizeof(float));
    set_gaps(&f);
    st = hyt_state_new(f.m);
    add_row(&f, st);
    hyt_forward(st, false);
    hyt_head_logits(st, take_row, &row);
    hyt_head_stats(st, &stats);
    for (size_t v = 0; v < f.V; v++) {
        if (absent(v))
            continue;
        assert_int_equal(hyt_model_token(f.m, n), v);
        assert_true(fabsf(row.z[n++] - full[v]) < 1e-4F);
        sum += exp((double)full[v]);
        mean += (double)full[v] / TOKENS;
    }
    lse = log(sum);
    for (size_t v = 0; v < f.V; v++)
        if (!absent(v))
            entropy += exp((double)full[v] - lse) * (lse - (double)full[v]);
    assert_true(fabs(stats.lse - lse) < 1e-4);
    assert_true(fabs((double)stats.logp - ((double)full[7] - lse)) < 1e-4);
    assert_true(fabs((double)stats.entropy - entropy) < 1e-4);
    assert_true(fabs((double)stats.certainty - (lse - mean - log(TOKENS))) <
                1e-4);
    hyt_state_free(st);
    fixture_close(&f);
}

static float minus_one(void *ctx, size_t i, const struct hyt_row_stats *s)
{
    (void)ctx;
    (void)i;
    (void)s;
    return -1;
}

static void test_gradient(void **state)
{
    struct fixture f;
    struct hyt_state *st;
    struct hyt_row_stats stats;
    float *grads;

    (void)state;
    fixture_open(&f, "toy-qwen2"); /* a head of its own */
    set_gaps(&f);
    grads = hyt_grads_new(f.m);
    for (size_t i = 0; i < f.m->n_floats; i++)
        grads[i] = NAN; /* all of it is overwritten */
    st = hyt_state_new(f.m);
    add_row(&f, st);
    hyt_forward(st, true);
    hyt_head_loss(st, &stats, minus_one, NULL, grads, false);
    hyt_backward(st, grads, false);
    for (size_t v = 0; v < f.V; v++) {
        const float *row = grads + f.m->head.grad + v * f.m->c.D;
        double norm = 0;

        for (size_t d = 0; d < f.m->c.D; d++)
            norm += (double)row[d] * (double)row[d];
        assert_true(absent(v) ? norm == 0 : norm > 0);
    }
    free(grads);
    hyt_state_free(st);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logits_and_stats),
        cmocka_unit_test(test_gradient),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
