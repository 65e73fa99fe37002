/* SPDX-License-Identifier: MIT */
/*
 * test_model_bits.c - what a row's bits may depend on, and what a state keeps
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

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
    for (size_t i = 0; i < HYT_LEN(fixture_toys); i++) {
        struct fixture f;
        struct hyt_row_stats *stats, one;
        struct hyt_state *st;
        int32_t seq = 0;

        fixture_open(&f, fixture_toys[i]);
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

/* A pass that keeps what training needs gives the bits of one that does not,
 * whether all is kept or recomputed. */
static void test_saved(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * HYT_LEN(fixture_toys); i++) {
        struct fixture f;
        struct hyt_row_stats *stats, *got;
        struct hyt_state *st;
        int32_t seq[2];

        fixture_open(&f, fixture_toys[i / 2]);
        stats = all_stats(&f);
        got = hyt_alloc(f.T, sizeof(*got));
        st = hyt_state_new(f.m);
        if (i % 2)
            hyt_state_set_memory(st, 1);
        fixture_add_rows(&f, st, seq, true);
        hyt_forward(st, true);
        hyt_head_stats(st, got);
        for (size_t t = 0; t < f.T; t++)
            same_stats(&got[t], &stats[t]);
        free(got);
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

        assert_int_equal(hyt_probe_run(st, &p, NULL, logp, stats, &err), 0);
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

/* Prompts that begin alike, are alike, or a prefix of each other: whatever is
 * taken over from the last one, the bits are those of a whole pass. */
static void test_probe_prompts(void **state)
{
    const size_t n_prompt[] = {20, 20, 9, 34, 33, 1, 20}, prefix[] = {40};
    struct hyt_probe_prompt last = {0};
    struct hyt_err err = {0};
    struct hyt_state *st, *whole;
    struct fixture f;
    int32_t trace[45];

    (void)state;
    fixture_open(&f, "toy-qwen3");
    st = hyt_state_new(f.m);
    whole = hyt_state_new(f.m);
    memcpy(trace, f.tokens + f.lengths[0], sizeof(trace));
    for (size_t i = 0; i < HYT_LEN(n_prompt); i++) {
        struct hyt_row_stats got[45] = {0}, want[45] = {0};
        double logp, support;
        struct hyt_probe p = {.trace = trace,
                              .n_trace = 45,
                              .n_prompt = n_prompt[i],
                              .tail = f.tokens,
                              .n_tail = 3,
                              .answer_end = 3,
                              .prefix = prefix,
                              .n_prefix = 1};

        trace[i % 2 ? 44 : 12] = f.tokens[i]; /* behind, or in, the prompt */
        assert_int_equal(hyt_probe_run(st, &p, &last, &logp, got, &err), 0);
        assert_int_equal(hyt_probe_run(whole, &p, NULL, &support, want, &err),
                         0);
        assert_memory_equal(&logp, &support, sizeof(logp));
        assert_memory_equal(got, want, sizeof(want));
    }
    hyt_probe_forget(st, &last);
    hyt_state_set_kv(st, HYT_BF16); /* no sequence lives */
    hyt_state_free(st);
    hyt_state_free(whole);
    fixture_close(&f);
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
        cmocka_unit_test(test_row_alone),
        cmocka_unit_test(test_saved),
        cmocka_unit_test(test_forks),
        cmocka_unit_test(test_probe),
        cmocka_unit_test(test_probe_prompts),
        cmocka_unit_test(test_pages_return),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
