/* SPDX-License-Identifier: MIT */
/*
 * test_model.c - forward and backward against PyTorch, and what a row's bits
 * may depend on
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

static const char *const toys[] = {"toy-llama", "toy-qwen2", "toy-qwen3",
                                   "toy-llama-bf16"};
enum { N_TOYS = sizeof(toys) / sizeof(toys[0]) };
#define TOLERANCE 1e-4

struct copy {
    float *to;
};

static void copy_logits(void *ctx, size_t i, float *z, size_t vocab)
{
    memcpy(((struct copy *)ctx)->to + i * vocab, z, vocab * sizeof(float));
}

static void close_to(const char *toy, const char *what, double distance)
{
    if (!(distance < TOLERANCE))
        fail_msg("%s: %s is %g away", toy, what, distance);
}

static void test_logits(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_TOYS; i++) {
        struct fixture f;
        struct hyt_state *st;
        struct copy copy;
        int32_t seq[2];

        fixture_open(&f, toys[i]);
        st = hyt_state_new(f.m);
        fixture_add_rows(&f, st, seq, true);
        hyt_forward(st, false);
        copy.to = hyt_alloc(f.T * f.V, sizeof(float));
        hyt_head_logits(st, copy_logits, &copy);
        close_to(
            toys[i], "logits",
            relative_distance(copy.to, fixture_f32(&f, "logits"), f.T * f.V));
        free(copy.to);
        hyt_state_free(st);
        fixture_close(&f);
    }
}

static void test_stats(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_TOYS; i++) {
        struct fixture f;
        struct hyt_state *st;
        struct hyt_row_stats *stats;
        int32_t seq[2];
        float *logp, *certainty, *entropy;

        fixture_open(&f, toys[i]);
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
        close_to(toys[i], "logp",
                 relative_distance(logp, fixture_f32(&f, "logp"), f.T));
        close_to(
            toys[i], "certainty",
            relative_distance(certainty, fixture_f32(&f, "certainty"), f.T));
        close_to(toys[i], "entropy",
                 relative_distance(entropy, fixture_f32(&f, "entropy"), f.T));
        free(logp);
        free(certainty);
        free(entropy);
        free(stats);
        hyt_state_free(st);
        fixture_close(&f);
    }
}

/* --- gradients ------------------------------------------------------------ */

struct coefs {
    const float *c; /* of the rows with a target, in order */
    double loss;
};

static float weigh(void *ctx, size_t i, const struct hyt_row_stats *s)
{
    struct coefs *coefs = ctx;

    coefs->loss -= (double)coefs->c[i] * (double)s->logp;
    return -coefs->c[i];
}

/* Loss and gradient of the fixture's weighted loss; `memory`: budget of the
 * activations. */
static double gradient(const struct fixture *f, float *grads, size_t memory)
{
    struct hyt_state *st = hyt_state_new(f->m);
    struct hyt_row_stats *stats = hyt_alloc(f->T, sizeof(*stats));
    float *c = hyt_alloc(f->T, sizeof(*c));
    const float *all = fixture_f32(f, "coef");
    struct coefs coefs = {c, 0};
    int32_t seq[2];
    size_t n = 0;

    for (size_t t = 0; t < f->T; t++)
        if (f->target[t] >= 0)
            c[n++] = all[t];
    memset(grads, 0, f->m->n_floats * sizeof(float));
    hyt_state_set_memory(st, memory);
    fixture_add_rows(f, st, seq, false);
    hyt_forward(st, true);
    hyt_head_loss(st, stats, weigh, &coefs, grads);
    hyt_backward(st, grads);
    free(c);
    free(stats);
    hyt_state_free(st);
    return coefs.loss;
}

static void test_gradients(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_TOYS; i++) {
        struct fixture f;
        float *grads, *again;
        double loss, expected;

        fixture_open(&f, toys[i]);
        grads = hyt_grads_new(f.m);
        again = hyt_grads_new(f.m);
        loss = gradient(&f, grads, (size_t)1 << 30);
        expected = (double)fixture_f32(&f, "loss_first")[0];
        close_to(toys[i], "loss", fabs(loss - expected) / fabs(expected));
        for (size_t p = 0; p < f.m->n_params; p++) {
            const struct hyt_param *param = &f.m->param[p];

            close_to(toys[i], param->name,
                     relative_distance(grads + param->bound->grad,
                                       fixture_of(&f, "grad.", param->name),
                                       param->n));
        }
        /* Recomputed layers give the same bits. */
        gradient(&f, again, 1);
        assert_memory_equal(grads, again, f.m->n_floats * sizeof(float));
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
    gradient(&f, one, (size_t)1 << 30);
    hyt_threads_set(3);
    gradient(&f, two, (size_t)1 << 30);
    assert_memory_equal(one, two, f.m->n_floats * sizeof(float));
    hyt_threads_set(2);
    free(one);
    free(two);
    fixture_close(&f);
}

/* --- bits ----------------------------------------------------------------- */

static struct hyt_row_stats *all_stats(const struct fixture *f)
{
    struct hyt_state *st = hyt_state_new(f->m);
    struct hyt_row_stats *stats = hyt_alloc(f->T, sizeof(*stats));
    int32_t seq[2];

    fixture_add_rows(f, st, seq, true);
    hyt_forward(st, false);
    hyt_head_stats(st, stats);
    hyt_state_free(st);
    return stats;
}

static void same_stats(const struct hyt_row_stats *a,
                       const struct hyt_row_stats *b)
{
    assert_memory_equal(&a->lse, &b->lse, sizeof(a->lse));
    assert_memory_equal(&a->logp, &b->logp, sizeof(a->logp));
    assert_memory_equal(&a->certainty, &b->certainty, sizeof(a->certainty));
    assert_memory_equal(&a->entropy, &b->entropy, sizeof(a->entropy));
}

/* One row a pass gives the bits of all rows in one pass. */
static void test_row_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_TOYS; i++) {
        struct fixture f;
        struct hyt_row_stats *stats, one;
        struct hyt_state *st;
        int32_t seq = 0;

        fixture_open(&f, toys[i]);
        stats = all_stats(&f);
        st = hyt_state_new(f.m);
        for (size_t t = 0; t < f.T; t++) {
            if (t == 0 || t == (size_t)f.lengths[0])
                seq = hyt_seq_new(st);
            hyt_batch_add(st, seq, f.tokens[t], f.target[t], true);
            hyt_forward(st, false);
            hyt_head_stats(st, &one);
            hyt_batch_clear(st);
            same_stats(&one, &stats[t]);
        }
        free(stats);
        hyt_state_free(st);
        fixture_close(&f);
    }
}

/* Forks at every length, in the parent's own batch and after it, see exactly
 * what the parent's rows saw. */
static void test_forks(void **state)
{
    struct fixture f;
    struct hyt_row_stats *stats, *got;

    (void)state;
    fixture_open(&f, "toy-llama");
    stats = all_stats(&f);
    got = hyt_alloc(f.T, sizeof(*got));
    for (int later = 0; later < 2; later++) {
        size_t from = (size_t)f.lengths[0], n = (size_t)f.lengths[1];
        struct hyt_state *st = hyt_state_new(f.m);
        int32_t parent = hyt_seq_new(st);

        for (size_t p = 0; p < n; p++)
            hyt_batch_add(st, parent, f.tokens[from + p], -1, false);
        if (later) {
            hyt_forward(st, false);
            hyt_batch_clear(st);
        }
        for (size_t p = 0; p < n; p++) {
            int32_t child = hyt_seq_fork(st, parent, p);

            hyt_batch_add(st, child, f.tokens[from + p], f.target[from + p],
                          true);
        }
        /* Freed before its rows ran, and its number taken by another. */
        hyt_seq_free(st, parent);
        hyt_batch_add(st, hyt_seq_new(st), f.tokens[0], -1, false);
        hyt_forward(st, false);
        hyt_head_stats(st, got);
        for (size_t p = 0; p < n; p++)
            same_stats(&got[p], &stats[from + p]);
        hyt_state_free(st);
    }
    free(got);
    free(stats);
    fixture_close(&f);
}

/* The packed probe gives the bits of each prefix run alone. */
static void test_probe(void **state)
{
    struct fixture f;
    const size_t prefix[] = {5, 12, 32, 33, 50}, begin[] = {0, 3};
    struct hyt_state *st;
    struct hyt_err err = {0};

    (void)state;
    fixture_open(&f, "toy-qwen3");
    st = hyt_state_new(f.m);
    for (size_t b = 0; b < 2; b++) {
        struct hyt_row_stats stats[100], naive[100];
        double logp[5];
        struct hyt_probe p = {
            .trace = f.tokens + f.lengths[0],
            .n_trace = (size_t)f.lengths[1],
            .n_prompt = 5,
            .tail = f.tokens,
            .n_tail = 6,
            .answer_begin = begin[b],
            .answer_end = 6,
            .prefix = prefix,
            .n_prefix = 5,
        };

        assert_int_equal(hyt_probe_run(st, &p, logp, stats, &err), 0);
        for (size_t k = 0; k < p.n_prefix; k++) {
            struct hyt_state *alone = hyt_state_new(f.m);
            int32_t seq = hyt_seq_new(alone);
            size_t n = 0;
            double sum = 0;

            for (size_t j = 0; j < prefix[k]; j++)
                hyt_batch_add(alone, seq, p.trace[j],
                              j + 1 == prefix[k] ? p.tail[0] : -1,
                              j + 1 == prefix[k] && begin[b] == 0);
            for (size_t j = 0; j + 1 < 6; j++)
                hyt_batch_add(alone, seq, p.tail[j], p.tail[j + 1],
                              j + 1 >= begin[b]);
            n = hyt_batch_wanted(alone);
            hyt_forward(alone, false);
            hyt_head_stats(alone, naive);
            for (size_t j = 0; j < n; j++)
                sum += (double)naive[j].logp;
            sum /= (double)n;
            assert_int_equal(n, 6 - begin[b]);
            assert_memory_equal(&sum, &logp[k], sizeof(sum));
            hyt_state_free(alone);
        }
    }
    hyt_state_free(st);
    fixture_close(&f);
}

static void test_greedy(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_TOYS; i++) {
        struct fixture f;
        struct hyt_state *st;
        struct copy copy;
        const int32_t *prompt, *expected;
        int32_t seq;

        fixture_open(&f, toys[i]);
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

/* Pages go back: a long run of sequences holds no more than one does. */
static void test_pages_return(void **state)
{
    struct fixture f;
    struct hyt_state *st;
    size_t before = 0;

    (void)state;
    fixture_open(&f, "toy-llama");
    st = hyt_state_new(f.m);
    for (int round = 0; round < 50; round++) {
        int32_t seq[2], fork;

        fixture_add_rows(&f, st, seq, false);
        fork = hyt_seq_fork(st, seq[1], 41);
        hyt_batch_add(st, fork, 1, -1, false);
        hyt_forward(st, false);
        hyt_batch_clear(st);
        hyt_seq_free(st, seq[0]);
        hyt_seq_free(st, seq[1]);
        hyt_seq_free(st, fork);
        if (round == 0)
            before = hyt_state_bytes(st);
    }
    assert_int_equal(hyt_state_bytes(st), before);
    hyt_state_free(st);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logits),
        cmocka_unit_test(test_stats),
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_gradient_any_threads),
        cmocka_unit_test(test_row_alone),
        cmocka_unit_test(test_forks),
        cmocka_unit_test(test_probe),
        cmocka_unit_test(test_greedy),
        cmocka_unit_test(test_pages_return),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
