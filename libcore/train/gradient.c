/* SPDX-License-Identifier: MIT */
/*
 * gradient.c - the gradient of a batch
 *
 * A batch is run in micro-batches of whole examples that fit the activation
 * memory; the gradient adds up over them, so the split changes memory and the
 * last bits of a sum, never the loss.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/loss.h"
#include "train/trainer.h"

/* A row of the running micro-batch that predicts a completion token. */
struct scored {
    const struct hyt_example *e;
    size_t token;
};

struct micro_batch {
    struct hyt_trainer *t;
    struct hyt_train_sums *sums;
    struct scored *scored;
    size_t n, cap;
    struct hyt_row_stats *ref; /* NULL where there is no reference */
};

/* The last token is predicted, never fed. */
static size_t rows_of(const struct hyt_example *e)
{
    return e->n_prompt + e->n_completion - 1;
}

static int32_t token_at(const struct hyt_example *e, size_t i)
{
    return i < e->n_prompt ? e->prompt[i] : e->completion[i - e->n_prompt];
}

/* The first of some examples with one prompt, as of a group of rollouts: the
 * others take its prompt over, but for the row that predicts their first
 * completion token. */
struct leader {
    const struct hyt_example *e;
    int32_t seq;
};

static size_t rows_shared(const struct leader *l, const struct hyt_example *e)
{
    return l->e != NULL && l->e->n_prompt == e->n_prompt &&
                   memcmp(l->e->prompt, e->prompt,
                          e->n_prompt * sizeof(*e->prompt)) == 0
               ? e->n_prompt - 1
               : 0;
}

static int32_t add_example(struct hyt_state *st, const struct hyt_example *e,
                           struct leader *l)
{
    size_t shared = rows_shared(l, e);
    int32_t seq =
        shared > 0 ? hyt_seq_fork(st, l->seq, shared) : hyt_seq_new(st);

    if (shared == 0)
        *l = (struct leader){e, seq};
    for (size_t i = shared; i < rows_of(e); i++) {
        bool want = i + 1 >= e->n_prompt;

        hyt_batch_add(st, seq, token_at(e, i), want ? token_at(e, i + 1) : -1,
                      want);
    }
    return seq;
}

/* What the reference gives the token; NULL where there is none. */
static const float *reference(const struct micro_batch *b, size_t i)
{
    const struct scored *s = &b->scored[i];

    if (s->e->logp_ref != NULL)
        return &s->e->logp_ref[s->token];
    return b->ref != NULL ? &b->ref[i].logp : NULL;
}

static float weigh(void *ctx, size_t i, const struct hyt_row_stats *stats)
{
    struct micro_batch *b = ctx;
    const struct scored *s = &b->scored[i];

    b->sums->entropy += (double)stats->entropy;
    b->sums->certainty += (double)stats->certainty;
    return (float)hyt_token_loss(b->sums, &b->t->conf, s->e, s->token,
                                 stats->logp, reference(b, i));
}

static bool takes_part(const struct hyt_example *e, enum hyt_dtype kv)
{
    return e->n_completion > 0 && (e->rollout || e->coef != 0) && e->kv == kv;
}

static void score_reference(struct micro_batch *b,
                            const struct hyt_example *const *e, size_t n)
{
    struct hyt_state *st = b->t->ref;
    struct leader leader = {NULL, 0};
    int32_t *seq = hyt_alloc(n, sizeof(*seq));

    hyt_batch_clear(st);
    hyt_state_set_kv(st, e[0]->kv);
    for (size_t i = 0; i < n; i++)
        seq[i] = add_example(st, e[i], &leader);
    b->ref = hyt_alloc(b->n, sizeof(*b->ref));
    hyt_forward(st, false);
    hyt_head_stats(st, b->ref);
    for (size_t i = 0; i < n; i++)
        hyt_seq_free(st, seq[i]);
    hyt_batch_clear(st);
    free(seq);
}

/* Examples of one format of the cache. */
static void run_micro_batch(struct hyt_trainer *t,
                            const struct hyt_example *const *e, size_t n,
                            struct hyt_train_sums *sums)
{
    const bool add = sums->n_rlif + sums->n_rd > 0;
    struct micro_batch b = {t, sums, NULL, 0, 0, NULL};
    struct leader leader = {NULL, 0};
    struct hyt_row_stats *stats;
    int32_t *seq = hyt_alloc(n, sizeof(*seq));

    hyt_batch_clear(t->st);
    hyt_state_set_kv(t->st, e[0]->kv);
    for (size_t i = 0; i < n; i++) {
        seq[i] = add_example(t->st, e[i], &leader);
        b.scored = hyt_grow(b.scored, &b.cap, b.n + e[i]->n_completion,
                            sizeof(*b.scored));
        for (size_t j = 0; j < e[i]->n_completion; j++)
            b.scored[b.n++] = (struct scored){e[i], j};
        if (e[i]->rollout)
            sums->n_rlif++;
        else
            sums->n_rd++;
    }
    if (t->ref != NULL)
        score_reference(&b, e, n);
    stats = hyt_alloc(b.n, sizeof(*stats));
    hyt_forward(t->st, true);
    hyt_head_loss(t->st, stats, weigh, &b, t->grads, add);
    hyt_backward(t->st, t->grads, add);
    for (size_t i = 0; i < n; i++)
        hyt_seq_free(t->st, seq[i]);
    hyt_batch_clear(t->st);
    free(stats);
    free(seq);
    free(b.scored);
    free(b.ref);
}

/* The examples with a cache of this format, as many at once as fit. */
static void run_format(struct hyt_trainer *t, const struct hyt_example *e,
                       size_t n, enum hyt_dtype kv, struct hyt_train_sums *sums)
{
    const struct hyt_example **part = hyt_alloc(n, sizeof(*part));
    size_t budget = hyt_state_rows_in_memory(t->st), rows = 0, n_part = 0;
    struct leader leader = {NULL, 0};

    for (size_t i = 0; i < n; i++) {
        size_t shared;

        if (!takes_part(&e[i], kv))
            continue;
        shared = rows_shared(&leader, &e[i]);
        if (n_part > 0 && rows + rows_of(&e[i]) - shared > budget) {
            run_micro_batch(t, part, n_part, sums);
            n_part = rows = shared = 0;
        }
        if (shared == 0)
            leader.e = &e[i];
        part[n_part++] = &e[i];
        rows += rows_of(&e[i]) - shared;
    }
    if (n_part > 0)
        run_micro_batch(t, part, n_part, sums);
    free(part);
}

void hyt_train_gradient(struct hyt_trainer *t, const struct hyt_example *e,
                        size_t n, struct hyt_train_sums *sums)
{
    memset(sums, 0, sizeof(*sums));
    run_format(t, e, n, HYT_F32, sums);
    run_format(t, e, n, HYT_BF16, sums);
    if (sums->n_rlif + sums->n_rd == 0)
        hyt_zero(t->grads, t->m->n_floats);
}
