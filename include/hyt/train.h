/* SPDX-License-Identifier: MIT */
/*
 * train.h - weighted gradient steps
 *
 * An *example* is a record as the update sees it: tokens, a coefficient, and
 * for rollouts the log-probs they were sampled with.  A *trainer* holds the
 * model whose weights are the working generation, the gradients, and what one
 * batch came to.  The formulas are hyt(7), METHOD.
 */
#ifndef HYT_TRAIN_H
#define HYT_TRAIN_H

#include "hyt/base.h"
#include "hyt/ckpt.h"
#include "hyt/model.h"

struct hyt_example {
    const int32_t *prompt, *completion;
    size_t n_prompt, n_completion;
    bool rollout;          /* kind rlif; else rd */
    enum hyt_dtype kv;     /* of the cache: hyt_state_set_kv() */
    bool exact;            /* logp must be what the model gives, to the bit */
    const float *logp;     /* sampled log-probs; NULL for rd */
    const float *logp_ref; /* under the reference; NULL: computed with it */
    double coef;           /* > 0 raises log pi: weight.coef */
    double norm;           /* of the KL term: weight.norm */
};

struct hyt_train_conf {
    double clip_low, clip_high; /* 1 - low … 1 + high */
    double kl;                  /* beta; 0: a reference is only measured */
    double clip_grad;           /* largest norm of the gradient; 0: any */
    double beta1, beta2, eps, weight_decay;
};

/* Of one batch, or its sum: filled by hyt_train_gradient(). */
struct hyt_train_sums {
    double loss_rd, loss_rlif, loss_kl; /* L = their sum */
    size_t n_rd, n_rlif;                /* examples that took part */
    size_t tokens, rlif_tokens;         /* completion tokens of those */
    double entropy, certainty;          /* sums over tokens */
    double k3;                          /* sum over rlif tokens with a ref */
    double ratio;                       /* sum over rlif tokens */
    size_t clipped_low, clipped_high;   /* rlif tokens whose ratio was cut */
    double diff_max, diff_sum;          /* |logp - sampled logp| */
    const struct hyt_example *differs;  /* an exact one that is not, or NULL */
};

struct hyt_trainer;

/*
 * Binds the model's weights to the working generation (so that a step's writes
 * are what the next forward reads).  ref: the reference of the KL term, which
 * conf->kl > 0 needs; else it may be NULL.  work NULL: gradients alone, no
 * steps.  Models and work must outlive the trainer.
 */
struct hyt_trainer *hyt_trainer_new(struct hyt_model *m, struct hyt_work *work,
                                    const struct hyt_model *ref,
                                    const struct hyt_train_conf *conf,
                                    size_t activation_memory,
                                    struct hyt_err *err) HYT_MUST_USE;
void hyt_trainer_free(struct hyt_trainer *t);

/* After hyt_work_go_on(): the same weights at other addresses. */
int hyt_trainer_rebind(struct hyt_trainer *t, struct hyt_work *work,
                       struct hyt_err *err) HYT_MUST_USE;

/*
 * Gradient of L over the examples (from zero):
 *
 *     rd    L -= coef sum_t log pi(y_t)
 *     rlif  L -= sum_t min(rho_t coef, clip(rho_t) coef)
 *             - beta norm sum_t (e^r_t - r_t - 1)
 *     rho_t = exp(log pi(y_t) - logp_t),  r_t = log pi_ref(y_t) - log pi(y_t)
 *
 * Supervised examples of coefficient 0 are left out; rollouts are all run, for
 * what the sums say of them.  Those of an f32 cache are run before those of a
 * bf16 one.
 */
void hyt_train_gradient(struct hyt_trainer *t, const struct hyt_example *e,
                        size_t n, struct hyt_train_sums *sums);

/* The gradient as it stands: model->n_floats floats in the order of
 * model->param; and its norm. */
const float *hyt_trainer_grads(const struct hyt_trainer *t);
double hyt_trainer_grad_norm(const struct hyt_trainer *t);

/* One AdamW step with the gradient as it stands, scaled to at most clip_grad;
 * `step` counts from 1 over the life of the checkpoint; norm:
 * hyt_trainer_grad_norm(). */
void hyt_train_apply(struct hyt_trainer *t, uint64_t step, double lr,
                     double norm);

/* Whether weights, masters and moments are all numbers, none infinite. */
bool hyt_trainer_finite(const struct hyt_trainer *t);

/* Learning rate at `step` (1-based): linear warm-up, then constant, or linear
 * or cosine down to 0 at `total`. */
enum hyt_schedule { HYT_CONSTANT, HYT_LINEAR, HYT_COSINE };
double hyt_learning_rate(double lr, enum hyt_schedule s, uint64_t step,
                         uint64_t warmup, uint64_t total);

#endif
