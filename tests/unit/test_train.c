/* SPDX-License-Identifier: MIT */
/*
 * test_train.c - gradient steps against PyTorch, and what method says of them
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "hyt/train.h"

/* A fixture under training in a scratch directory of its own. */
struct bench {
    struct fixture f;
    char dir[64];
    struct hyt_work *work;
    struct hyt_trainer *trainer;
    struct hyt_example *e; /* each target token an example of its own */
    size_t n;
};

static const struct hyt_train_conf plain = {
    .clip_low = 0.2,
    .clip_high = 0.2,
    .beta1 = 0.9,
    .beta2 = 0.95,
    .eps = 1e-8,
    .weight_decay = 0.1,
};

/* The fixtures weigh each token, a record all of its tokens: so here a record
 * is one token after all that stand before it. */
static void token_examples(struct bench *b, const float *coef)
{
    const struct fixture *f = &b->f;

    b->e = hyt_alloc(f->T, sizeof(*b->e));
    b->n = 0;
    for (size_t t = 0; t < f->T; t++) {
        size_t start = t < (size_t)f->lengths[0] ? 0 : (size_t)f->lengths[0];
        struct hyt_example *e = &b->e[b->n];

        if (f->target[t] < 0)
            continue;
        e->prompt = f->tokens + start;
        e->n_prompt = t + 1 - start;
        e->completion = f->target + t;
        e->n_completion = 1;
        e->coef = (double)coef[t];
        b->n++;
    }
}

static void bench_open(struct bench *b, const char *toy,
                       const struct hyt_train_conf *conf, size_t memory)
{
    struct hyt_err err = {0};

    memset(b, 0, sizeof(*b));
    fixture_open(&b->f, toy);
    snprintf(b->dir, sizeof(b->dir), "/tmp/hyt-train-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    b->work = hyt_work_begin(b->f.ckpt, b->dir, &err);
    if (b->work == NULL)
        fail_msg("%s", err.msg);
    b->trainer = hyt_trainer_new(b->f.m, b->work, NULL, conf, memory, &err);
    if (b->trainer == NULL)
        fail_msg("%s", err.msg);
    token_examples(b, fixture_f32(&b->f, "coef"));
}

static void bench_close(struct bench *b)
{
    char command[128];

    hyt_trainer_free(b->trainer);
    hyt_work_abandon(b->work);
    free(b->e);
    fixture_close(&b->f);
    snprintf(command, sizeof(command), "rm -rf '%s'", b->dir);
    assert_int_equal(system(command), 0);
}

static double relative(double a, double b)
{
    return fabs(a - b) / fabs(b);
}

/* The weights after the steps; and how far the steps moved them, which is much
 * less than the weights are, within 1e-3. */
static void compare_steps(const char *toy, const struct bench *b,
                          const struct hyt_work_tensor *w, const char *prefix)
{
    const float *now = w->master ? w->master : w->data;
    const float *expected = fixture_of(&b->f, prefix, w->from->name);
    float *start = hyt_alloc(w->n, sizeof(float));
    float *moved = hyt_alloc(w->n, sizeof(float));
    float *should = hyt_alloc(w->n, sizeof(float));
    const struct hyt_weight from = {w->from->data, w->from->dtype};

    close_to(toy, w->from->name, relative_distance(now, expected, w->n));
    hyt_widen(start, from, 0, w->n);
    for (size_t i = 0; i < w->n; i++) {
        moved[i] = now[i] - start[i];
        should[i] = expected[i] - start[i];
    }
    if (!(relative_distance(moved, should, w->n) < 1e-3))
        fail_msg("%s: %s moved otherwise by %g", toy, w->from->name,
                 relative_distance(moved, should, w->n));
    free(start);
    free(moved);
    free(should);
}

/* Three AdamW steps: the loss before each, and the weights after the last. */
static void three_steps(const char *toy, const struct hyt_train_conf *conf,
                        const char *loss_name, const char *prefix)
{
    struct bench b;
    struct hyt_train_sums sums;
    const float *loss;

    bench_open(&b, toy, conf, (size_t)1 << 30);
    loss = fixture_f32(&b.f, loss_name);
    for (uint64_t step = 1; step <= 3; step++) {
        hyt_train_gradient(b.trainer, b.e, b.n, &sums);
        close_to(toy, "loss", relative(sums.loss_rd, (double)loss[step - 1]));
        hyt_train_apply(b.trainer, step, 1e-3,
                        hyt_trainer_grad_norm(b.trainer));
    }
    for (size_t i = 0; i < hyt_work_count(b.work); i++)
        compare_steps(toy, &b, hyt_work_tensor(b.work, i), prefix);
    bench_close(&b);
}

static void test_adamw(void **state)
{
    struct hyt_train_conf no_decay = plain;

    (void)state;
    no_decay.weight_decay = 0;
    three_steps("toy-llama", &plain, "loss", "step3.");
    three_steps("toy-qwen2", &plain, "loss", "step3.");
    three_steps("toy-qwen3", &plain, "loss", "step3.");
    three_steps("toy-qwen3", &no_decay, "loss_wd0", "step3_wd0.");
    three_steps("toy-llama-bf16", &plain, "loss", "step3.");
    three_steps("toy-llama3", &plain, "loss", "step3.");
    three_steps("toy-phi3", &plain, "loss", "step3.");
    three_steps("toy-gemma2", &plain, "loss", "step3.");
    three_steps("toy-llama-bias", &plain, "loss", "step3.");
}

/* Ratio, clip and k3 against PyTorch, in micro-batches of one example. */
static void test_policy_gradient(void **state)
{
    static const char *const toys[] = {"toy-llama", "toy-qwen2", "toy-qwen3"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct hyt_train_conf conf = plain;
        struct hyt_train_sums sums;
        struct bench b;
        const float *adv, *old, *ref, *mask;
        size_t n = 0;

        bench_open(&b, toys[i], &conf, 1);
        conf.kl = (double)fixture_f32(&b.f, "beta")[0];
        conf.clip_low = (double)fixture_f32(&b.f, "clip")[0];
        conf.clip_high = (double)fixture_f32(&b.f, "clip")[1];
        hyt_trainer_free(b.trainer);
        b.trainer = hyt_trainer_new(b.f.m, b.work, NULL, &conf, 1, NULL);
        adv = fixture_f32(&b.f, "adv");
        old = fixture_f32(&b.f, "logp_old");
        ref = fixture_f32(&b.f, "logp_ref");
        mask = fixture_f32(&b.f, "mask");
        for (size_t t = 0; t < b.f.T; t++) {
            struct hyt_example *e = &b.e[n];

            if (b.f.target[t] < 0)
                continue;
            e->rollout = true;
            e->coef = (double)adv[t];
            e->norm = (double)mask[t];
            e->logp = old + t;
            e->logp_ref = ref + t;
            n++;
        }
        hyt_train_gradient(b.trainer, b.e, b.n, &sums);
        close_to(
            toys[i], "pg_loss",
            relative(sums.loss_rlif, (double)fixture_f32(&b.f, "pg_loss")[0]));
        close_to(toys[i], "kl",
                 relative(sums.loss_kl, (double)fixture_f32(&b.f, "kl")[0]));
        assert_true(sums.clipped_low + sums.clipped_high > 0);
        for (size_t p = 0; p < b.f.m->n_params; p++) {
            const struct hyt_param *param = &b.f.m->param[p];

            close_to(toys[i], param->name,
                     relative_distance(
                         hyt_trainer_grads(b.trainer) + param->bound->grad,
                         fixture_of(&b.f, "pg_grad.", param->name), param->n));
        }
        bench_close(&b);
    }
}

/* Linear in the records: the gradient of a batch is the sum of its records'
 * gradients, and that of -sum coef log pi at ratio 1 (method.md). */
static void test_linear(void **state)
{
    struct bench b;
    struct hyt_train_sums sums;
    float *sum, *logp;
    const float *g;
    size_t n;

    (void)state;
    bench_open(&b, "toy-qwen2", &plain, (size_t)1 << 30);
    n = b.f.m->n_floats;
    sum = hyt_alloc(n, sizeof(*sum));
    logp = hyt_alloc(b.n, sizeof(*logp));
    g = hyt_trainer_grads(b.trainer);
    for (size_t i = 0; i < b.n; i++) {
        hyt_train_gradient(b.trainer, &b.e[i], 1, &sums);
        for (size_t j = 0; j < n; j++)
            sum[j] += g[j];
    }
    hyt_train_gradient(b.trainer, b.e, b.n, &sums);
    assert_true(relative_distance(g, sum, n) < 1e-5);

    /* A rollout sampled from these very weights has ratio 1: the gradient of
     * a supervised record with its coefficient. */
    memcpy(sum, g, n * sizeof(*sum));
    for (size_t i = 0; i < b.n; i++) {
        struct hyt_state *st = hyt_state_new(b.f.m);
        struct hyt_row_stats stats;
        int32_t seq = hyt_seq_new(st);

        for (size_t j = 0; j < b.e[i].n_prompt; j++)
            hyt_batch_add(st, seq, b.e[i].prompt[j], b.e[i].completion[0],
                          j + 1 == b.e[i].n_prompt);
        hyt_forward(st, false);
        hyt_head_stats(st, &stats);
        logp[i] = stats.logp;
        b.e[i].rollout = true;
        b.e[i].logp = &logp[i];
        hyt_state_free(st);
    }
    hyt_train_gradient(b.trainer, b.e, b.n, &sums);
    assert_true(sums.differs == NULL); /* bit-equal log-probs */
    assert_true(relative_distance(g, sum, n) < 1e-5);
    free(logp);
    free(sum);
    bench_close(&b);
}

/* The trainer's reference model and given reference log-probs agree. */
static void test_reference_model(void **state)
{
    struct hyt_train_conf conf = plain;
    struct hyt_train_sums sums;
    struct hyt_trainer *t;
    struct bench b;
    float *given;
    size_t n;

    (void)state;
    conf.kl = 0.1;
    bench_open(&b, "toy-llama", &conf, (size_t)1 << 30);
    n = b.f.m->n_floats;
    for (size_t i = 0; i < b.n; i++) {
        b.e[i].rollout = true;
        b.e[i].logp = fixture_f32(&b.f, "logp_old");
        b.e[i].norm = 1;
    }
    /* Against itself: k3 = 0, and nothing is added to the gradient. */
    t = hyt_trainer_new(b.f.m, NULL, b.f.m, &conf, (size_t)1 << 30, NULL);
    hyt_train_gradient(t, b.e, b.n, &sums);
    assert_true(sums.k3 == 0);
    assert_true(sums.loss_kl == 0);
    given = hyt_alloc(n, sizeof(*given));
    memcpy(given, hyt_trainer_grads(t), n * sizeof(*given));
    hyt_trainer_free(t);
    conf.kl = 0;
    t = hyt_trainer_new(b.f.m, NULL, NULL, &conf, (size_t)1 << 30, NULL);
    hyt_train_gradient(t, b.e, b.n, &sums);
    assert_true(relative_distance(given, hyt_trainer_grads(t), n) < 1e-6);
    hyt_trainer_free(t);
    free(given);
    bench_close(&b);
}

static void test_clip_grad(void **state)
{
    struct hyt_train_conf conf = plain;
    struct hyt_train_sums sums;
    struct bench a, b;

    (void)state;
    /* A clip below the norm is the same step as a gradient scaled by hand. */
    conf.clip_grad = 0.5;
    bench_open(&a, "toy-llama", &conf, (size_t)1 << 30);
    bench_open(&b, "toy-llama", &plain, (size_t)1 << 30);
    hyt_train_gradient(a.trainer, a.e, a.n, &sums);
    assert_true(hyt_trainer_grad_norm(a.trainer) > 0.5);
    for (size_t i = 0; i < b.n; i++)
        b.e[i].coef *= 0.5 / hyt_trainer_grad_norm(a.trainer);
    hyt_train_gradient(b.trainer, b.e, b.n, &sums);
    assert_true(fabs(hyt_trainer_grad_norm(b.trainer) - 0.5) < 1e-5);
    hyt_train_apply(a.trainer, 1, 1e-2, hyt_trainer_grad_norm(a.trainer));
    hyt_train_apply(b.trainer, 1, 1e-2, hyt_trainer_grad_norm(b.trainer));
    for (size_t i = 0; i < hyt_work_count(a.work); i++)
        assert_true(relative_distance(hyt_work_tensor(a.work, i)->m,
                                      hyt_work_tensor(b.work, i)->m,
                                      hyt_work_tensor(a.work, i)->n) < 1e-5);
    bench_close(&a);
    bench_close(&b);
}

static void near(double a, double b)
{
    assert_true(fabs(a - b) < 1e-12);
}

static void test_learning_rate(void **state)
{
    (void)state;
    near(hyt_learning_rate(1, HYT_CONSTANT, 1, 0, 0), 1);
    near(hyt_learning_rate(1, HYT_CONSTANT, 1, 4, 0), 0.25);
    near(hyt_learning_rate(1, HYT_CONSTANT, 4, 4, 0), 1);
    near(hyt_learning_rate(1, HYT_LINEAR, 5, 4, 14), 1);
    near(hyt_learning_rate(1, HYT_LINEAR, 10, 4, 14), 0.5);
    near(hyt_learning_rate(1, HYT_LINEAR, 14, 4, 14), 0.1);
    near(hyt_learning_rate(1, HYT_LINEAR, 15, 4, 14), 0);
    near(hyt_learning_rate(2, HYT_COSINE, 6, 0, 10), 1);
    near(hyt_learning_rate(2, HYT_COSINE, 1, 0, 10), 2);
}

/* Examples with one prompt share its rows where they follow each other: the
 * gradient of another order, and of one example at a time. */
static void test_one_prompt(void **state)
{
    const size_t orders[][4] = {{0, 1, 2, 3}, {0, 2, 1, 3}, {3, 2, 1, 0}};
    float *want = NULL;

    (void)state;
    for (size_t i = 0; i < HYT_LEN(orders); i++) {
        struct hyt_example e[4] = {{0}};
        struct hyt_train_sums sums;
        struct bench b;
        size_t n;

        bench_open(&b, "toy-qwen3", &plain, i == 2 ? 1 : (size_t)1 << 30);
        n = b.f.m->n_floats;
        for (size_t k = 0; k < 4; k++) {
            size_t which = orders[i][k];

            e[k].prompt = b.f.tokens + which / 2;
            e[k].n_prompt = 12;
            e[k].completion = b.f.tokens + 13 + 4 * which;
            e[k].n_completion = 5;
            e[k].coef = which % 2 ? -0.5 : 1;
        }
        hyt_train_gradient(b.trainer, e, 4, &sums);
        if (want == NULL) {
            want = hyt_alloc(n, sizeof(*want));
            memcpy(want, hyt_trainer_grads(b.trainer), n * sizeof(*want));
        }
        assert_true(relative_distance(hyt_trainer_grads(b.trainer), want, n) <
                    1e-5);
        bench_close(&b);
    }
    free(want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adamw),
        cmocka_unit_test(test_policy_gradient),
        cmocka_unit_test(test_one_prompt),
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_reference_model),
        cmocka_unit_test(test_clip_grad),
        cmocka_unit_test(test_learning_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
