/* SPDX-License-Identifier: MIT */
/*
 * step.c - the gradient of a batch, and one step of AdamW
 *
 * A batch is run in micro-batches of whole examples that fit the activation
 * memory; the gradient adds up over them, so the split changes memory and the
 * last bits of a sum, never the loss.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "train/loss.h"

struct hyt_trainer {
    struct hyt_model *m;
    struct hyt_state *st, *ref;
    struct hyt_train_conf conf;
    struct hyt_work_tensor **tensor;     /* of each parameter */
    struct hyt_work_tensor *second_head; /* a tied head that is stored twice */
    float *grads;
};

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

static struct hyt_work_tensor *find_tensor(struct hyt_work *work,
                                           const char *name)
{
    for (size_t i = 0; i < hyt_work_count(work); i++)
        if (strcmp(hyt_work_tensor(work, i)->from->name, name) == 0)
            return hyt_work_tensor(work, i);
    return NULL;
}

int hyt_trainer_rebind(struct hyt_trainer *t, struct hyt_work *work,
                       struct hyt_err *err)
{
    struct hyt_model *m = t->m;

    for (size_t i = 0; i < m->n_params; i++) {
        t->tensor[i] = find_tensor(work, m->param[i].name);
        if (t->tensor[i] == NULL)
            return hyt_fail(err, "the working generation has no tensor \"%s\"",
                            m->param[i].name);
        hyt_model_rebind(m, i, t->tensor[i]->data);
    }
    t->second_head = NULL;
    for (size_t i = 0; i < hyt_work_count(work); i++)
        if (hyt_model_is_second_head(m, hyt_work_tensor(work, i)->from->name))
            t->second_head = hyt_work_tensor(work, i);
    return 0;
}

struct hyt_trainer *hyt_trainer_new(struct hyt_model *m, struct hyt_work *work,
                                    const struct hyt_model *ref,
                                    const struct hyt_train_conf *conf,
                                    size_t activation_memory,
                                    struct hyt_err *err)
{
    struct hyt_trainer *t = hyt_alloc(1, sizeof(*t));

    t->m = m;
    t->conf = *conf;
    t->tensor = hyt_alloc(m->n_params, sizeof(struct hyt_work_tensor *));
    if (work != NULL && hyt_trainer_rebind(t, work, err) < 0) {
        hyt_trainer_free(t);
        return NULL;
    }
    t->grads = hyt_grads_new(m);
    t->st = hyt_state_new(m);
    hyt_state_set_passing(t->st);
    hyt_state_set_memory(t->st, activation_memory);
    if (ref != NULL) {
        t->ref = hyt_state_new(ref);
        hyt_state_set_passing(t->ref);
    }
    return t;
}

void hyt_trainer_free(struct hyt_trainer *t)
{
    if (t == NULL)
        return;
    hyt_state_free(t->st);
    hyt_state_free(t->ref);
    free(t->tensor);
    free(t->grads);
    free(t);
}

const float *hyt_trainer_grads(const struct hyt_trainer *t)
{
    return t->grads;
}

/* --- gradient ------------------------------------------------------------- */

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

/* What the reference gives the token; NaN where there is none. */
static float reference(const struct micro_batch *b, size_t i)
{
    const struct scored *s = &b->scored[i];

    if (s->e->logp_ref != NULL)
        return s->e->logp_ref[s->token];
    return b->ref != NULL ? b->ref[i].logp : (float)NAN;
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
    hyt_head_loss(t->st, stats, weigh, &b, t->grads);
    hyt_backward(t->st, t->grads);
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
    struct hyt_trace_span trace;

    memset(sums, 0, sizeof(*sums));
    hyt_trace_begin(&trace);
    hyt_zero(t->grads, t->m->n_floats);
    hyt_trace_op(&trace, "zero");
    hyt_trace_end(&trace, "zero");
    run_format(t, e, n, HYT_F32, sums);
    run_format(t, e, n, HYT_BF16, sums);
}

/* --- step ----------------------------------------------------------------- */

double hyt_trainer_grad_norm(const struct hyt_trainer *t)
{
    struct hyt_trace_span trace;
    double norm;

    hyt_trace_begin(&trace);
    norm = sqrt(hyt_sum_squares(t->grads, t->m->n_floats));
    hyt_trace_op(&trace, "grad_norm");
    hyt_trace_end(&trace, "grad_norm");
    return norm;
}

void hyt_train_apply(struct hyt_trainer *t, uint64_t step, double lr,
                     double norm)
{
    struct hyt_trace_span trace;
    double n = (double)step;
    struct hyt_adamw a = {
        .lr = (float)lr,
        .beta1 = (float)t->conf.beta1,
        .beta2 = (float)t->conf.beta2,
        .eps = (float)t->conf.eps,
        .weight_decay = (float)t->conf.weight_decay,
        .correct1 = (float)(1 - hyt_exp(n * hyt_log(t->conf.beta1))),
        .correct2 = (float)(1 - hyt_exp(n * hyt_log(t->conf.beta2))),
        .gscale = 1,
    };

    hyt_trace_begin(&trace);
    if (t->conf.clip_grad > 0 && norm > t->conf.clip_grad)
        a.gscale = (float)(t->conf.clip_grad / norm);
    for (size_t i = 0; i < t->m->n_params; i++) {
        const struct hyt_param *p = &t->m->param[i];
        struct hyt_work_tensor *w = t->tensor[i];
        bool rounded = w->master != NULL;

        a.half = w->from->dtype == HYT_F16;
        hyt_adamw_step(rounded ? w->master : w->data, rounded ? w->data : NULL,
                       w->m, w->v, t->grads + p->bound->grad, &a, p->n);
    }
    if (t->second_head != NULL)
        memcpy(t->second_head->data, t->m->embed.w.p,
               (size_t)t->second_head->from->n_bytes);
    hyt_trace_op(&trace, "adamw");
    hyt_trace_end(&trace, "adamw");
}

/* All exponent bits set is infinity or NaN, in f32, bf16 and f16 alike. */
static bool finite32(const float *x, size_t n)
{
    uint32_t bits, bad = 0;

    for (size_t i = 0; i < n; i++) {
        memcpy(&bits, &x[i], sizeof bits);
        bad |= (bits & 0x7f800000) == 0x7f800000;
    }
    return !bad;
}

static bool finite16(const uint16_t *x, size_t n, uint16_t exponent)
{
    uint16_t bad = 0;

    for (size_t i = 0; i < n; i++)
        bad |= (x[i] & exponent) == exponent;
    return !bad;
}

/* What a step has written of one tensor, looked at in blocks. */
struct written {
    const struct hyt_work_tensor *w;
    size_t n;
    atomic_bool bad;
};

enum { BLOCK = 1 << 16 };

static void check_block(void *ctx, size_t i)
{
    struct written *t = ctx;
    const struct hyt_work_tensor *w = t->w;
    size_t at = i * BLOCK, n = t->n - at < BLOCK ? t->n - at : BLOCK;
    bool finite = finite32(w->m + at, n) && finite32(w->v + at, n) &&
                  (w->master == NULL || finite32(w->master + at, n));

    if (w->from->dtype == HYT_F32)
        finite = finite && finite32((const float *)w->data + at, n);
    else
        finite =
            finite && finite16((const uint16_t *)w->data + at, n,
                               w->from->dtype == HYT_F16 ? 0x7c00 : 0x7f80);
    if (!finite)
        atomic_store(&t->bad, true);
}

bool hyt_trainer_finite(const struct hyt_trainer *t)
{
    struct hyt_trace_span trace;
    bool finite = true;

    hyt_trace_begin(&trace);
    for (size_t i = 0; i < t->m->n_params && finite; i++) {
        struct written w = {.w = t->tensor[i], .n = t->m->param[i].n};

        hyt_parallel_for((w.n + BLOCK - 1) / BLOCK, check_block, &w);
        finite = !w.bad;
    }
    hyt_trace_op(&trace, "finite");
    hyt_trace_end(&trace, "finite");
    return finite;
}

double hyt_learning_rate(double lr, enum hyt_schedule s, uint64_t step,
                         uint64_t warmup, uint64_t total)
{
    const double pi = 3.14159265358979323846;
    double done, sine, cosine;

    if (step <= warmup)
        return lr * (double)step / (double)warmup;
    if (s == HYT_CONSTANT)
        return lr;
    if (step > total)
        return 0;
    done = (double)(step - 1 - warmup) / (double)(total - warmup);
    if (s == HYT_LINEAR)
        return lr * (1 - done);
    hyt_sincos(pi * done, &sine, &cosine);
    return lr * (1 + cosine) / 2;
}
