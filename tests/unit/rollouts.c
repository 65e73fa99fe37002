/* SPDX-License-Identifier: MIT */
/*
 * rollouts.c - the scheduler driven, and its reference
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

const struct hyt_rollout_conf usual = {
    .sampling = {.temperature = 1.3, .top_p = 1},
    .n = 3,
    .max_tokens = 24,
    .rows = 32,
    .window = 70,
    .seed = 5,
};

/* Lengths around the ends of a page (32). */
static const size_t lengths[] = {1, 2, 17, 31, 32, 33, 34, 64, 65, 96, 127, 5};

/* Prompt tokens are drawn; questions of length 0 ask for nothing. */
void ask(struct question *q, const struct fixture *f, size_t i, size_t n)
{
    memset(q, 0, sizeof(*q));
    q->n = n;
    q->id = hyt_rng_u64(99, i);
    for (size_t t = 0; t < n; t++)
        q->prompt[t] = (int32_t)hyt_rng_below(100 + i, t, f->V);
}

size_t ask_all(struct question *q, const struct fixture *f)
{
    for (size_t i = 0; i < HYT_LEN(lengths); i++)
        ask(&q[i], f, i, lengths[i]);
    return HYT_LEN(lengths);
}

/* --- the scheduler, driven ------------------------------------------------ */

static void keep(struct results *all, const struct hyt_group *g, size_t i,
                 size_t n)
{
    assert_int_equal(g->n, n);
    for (size_t k = 0; k < g->n; k++) {
        const struct hyt_completion *c = &g->sample[k];
        struct result *r = &all->r[i][k];

        assert_in_range(c->n, 1, CONTEXT);
        memcpy(r->id, c->id, c->n * sizeof(*c->id));
        memcpy(r->logp, c->logp, c->n * sizeof(*c->logp));
        r->n = c->n;
        r->finish = c->finish;
    }
}

/* Takes what is ready, which must be the questions order[*taken], … */
static void take(struct hyt_rollouts *r, const struct question *q,
                 const size_t *order, size_t *taken, size_t n,
                 struct results *all)
{
    struct hyt_group *g;

    while ((g = hyt_rollouts_take(r)) != NULL) {
        size_t i = order[*taken];

        assert_ptr_equal(g->user, &q[i]);
        keep(all, g, i, q[i].n > 0 ? n : 0);
        ++*taken;
    }
}

uint64_t drive(struct hyt_state *st, const struct fixture *f,
               const struct hyt_tok *tok, const struct hyt_rollout_conf *conf,
               const struct question *q, const size_t *order, size_t n,
               struct results *all)
{
    struct hyt_rollouts *r = hyt_rollouts_new(st, f->m, tok, conf);
    struct hyt_err err = {0};
    size_t added = 0, taken = 0, steps = 0;
    uint64_t tokens;

    memset(all, 0, sizeof(*all));
    while (taken < n) {
        while (added < n && hyt_rollouts_hungry(r)) {
            const struct question *next = &q[order[added++]];

            hyt_rollouts_add(r, next->prompt, next->n, next->id,
                             (void *)(uintptr_t)next);
        }
        assert_int_equal(hyt_rollouts_pending(r), added - taken);
        assert_true(added - taken <= conf->window);
        if (hyt_rollouts_step(r, &err) < 0)
            fail_msg("%s", err.msg);
        take(r, q, order, &taken, conf->n, all);
        assert_true(++steps < 100000);
    }
    assert_int_equal(hyt_rollouts_pending(r), 0);
    assert_int_equal(hyt_rollouts_step(r, &err), 0);
    assert_null(hyt_rollouts_take(r));
    tokens = hyt_rollouts_tokens(r);
    hyt_rollouts_free(r);
    return tokens;
}

void in_order(size_t *order, size_t n)
{
    for (size_t i = 0; i < n; i++)
        order[i] = i;
}

/* --- the reference -------------------------------------------------------- */

struct choice {
    const struct hyt_rollout_conf *conf;
    double u;
    int32_t token;
};

static void choose(void *ctx, size_t i, float *z, size_t vocab)
{
    struct choice *c = ctx;

    assert_int_equal(i, 0);
    c->token = hyt_sample_token(z, vocab, &c->conf->sampling, c->u);
}

bool is_eos(const struct fixture *f, int32_t token)
{
    for (size_t i = 0; i < f->m->c.n_eos; i++)
        if (f->m->c.eos[i] == token)
            return true;
    return false;
}

/* logp of r's tokens after the prompt, in one pass over a new sequence. */
static void score(const struct fixture *f, const struct question *q,
                  const struct result *r, float *logp)
{
    struct hyt_state *st = hyt_state_new(f->m);
    struct hyt_row_stats *stats = hyt_alloc(r->n, sizeof(*stats));
    int32_t seq = hyt_seq_new(st), all[2 * CONTEXT];

    memcpy(all, q->prompt, q->n * sizeof(*all));
    memcpy(all + q->n, r->id, r->n * sizeof(*all));
    for (size_t t = 0; t + 1 < q->n + r->n; t++)
        hyt_batch_add(st, seq, all[t], t + 1 < q->n ? -1 : all[t + 1],
                      t + 1 >= q->n);
    hyt_forward(st, false);
    hyt_head_stats(st, stats);
    for (size_t t = 0; t < r->n; t++)
        logp[t] = stats[t].logp;
    hyt_state_free(st);
    free(stats);
}

/* One completion, by itself.  Draws are keyed by seed, id, sample, position. */
void alone(const struct fixture *f, const struct hyt_rollout_conf *conf,
           const struct question *q, size_t sample, struct result *r)
{
    uint64_t key = hyt_rng_key(hyt_rng_key(conf->seed, q->id), sample);
    struct hyt_state *st = hyt_state_new(f->m);

    memset(r, 0, sizeof(*r));
    r->finish = HYT_FINISH_LENGTH;
    while (r->n < conf->max_tokens && q->n + r->n < f->m->c.max_positions &&
           r->finish == HYT_FINISH_LENGTH) {
        struct choice c = {conf, hyt_rng_unit(key, r->n), -1};
        int32_t seq = hyt_seq_new(st);

        for (size_t t = 0; t < q->n + r->n; t++)
            hyt_batch_add(st, seq, t < q->n ? q->prompt[t] : r->id[t - q->n],
                          -1, t + 1 == q->n + r->n);
        hyt_forward(st, false);
        hyt_head_logits(st, choose, &c);
        hyt_seq_free(st, seq);
        hyt_batch_clear(st);
        r->id[r->n++] = c.token;
        if (is_eos(f, c.token))
            r->finish = HYT_FINISH_STOP;
    }
    hyt_state_free(st);
    score(f, q, r, r->logp);
}

void same_result(const char *what, const struct result *a,
                 const struct result *b)
{
    if (a->n != b->n || a->finish != b->finish ||
        memcmp(a->id, b->id, a->n * sizeof(*a->id)) != 0)
        fail_msg("%s: %zu tokens (%s), the reference has %zu (%s)", what, a->n,
                 hyt_finish_name(a->finish), b->n, hyt_finish_name(b->finish));
    if (memcmp(a->logp, b->logp, a->n * sizeof(*a->logp)) != 0)
        fail_msg("%s: the log-probabilities have other bits", what);
}

void same_results(const char *what, const struct results *a,
                  const struct results *b, size_t n_queries, size_t n)
{
    for (size_t i = 0; i < n_queries; i++)
        for (size_t k = 0; k < n; k++) {
            char which[128];

            snprintf(which, sizeof(which), "%s: question %zu, sample %zu", what,
                     i, k);
            same_result(which, &a->r[i][k], &b->r[i][k]);
        }
}

/* --- setup ---------------------------------------------------------------- */

int bench_set_up(void **state)
{
    struct bench *b = hyt_alloc(1, sizeof(*b));

    fixture_open(&b->f, "toy-qwen3");
    b->st = hyt_state_new(b->f.m);
    b->q = hyt_alloc(MAX_QUERIES, sizeof(*b->q));
    b->a = hyt_alloc(1, sizeof(*b->a));
    b->b = hyt_alloc(1, sizeof(*b->b));
    in_order(b->order, MAX_QUERIES);
    *state = b;
    return 0;
}

int bench_tear_down(void **state)
{
    struct bench *b = *state;

    hyt_state_free(b->st);
    fixture_close(&b->f);
    free(b->q);
    free(b->a);
    free(b->b);
    free(b);
    return 0;
}
