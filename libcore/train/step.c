/* SPDX-License-Identifier: MIT */
/*
 * step.c - a trainer, and one step of AdamW with the gradient of gradient.c
 */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "train/trainer.h"

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
