/* SPDX-License-Identifier: MIT */
/*
 * rows_update.c - training steps: forward, backward, AdamW
 */
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "hyt/train.h"

struct update {
    struct bench_model b;
    struct hyt_work *work;
    struct hyt_trainer *trainer;
    struct hyt_example *example;
    int32_t *text;
    size_t n;
    uint64_t step;
};

/* n supervised examples of `length` rows, all of them predictions. */
static void make_examples(struct update *u, size_t n, size_t length)
{
    u->n = n;
    u->example = hyt_alloc(n, sizeof(*u->example));
    u->text = hyt_alloc(n * (length + 1), sizeof(*u->text));
    for (size_t i = 0; i < n * (length + 1); i++)
        u->text[i] = bench_token(u->b.m, i);
    for (size_t i = 0; i < n; i++) {
        u->example[i].prompt = u->text + i * (length + 1);
        u->example[i].n_prompt = 1;
        u->example[i].completion = u->example[i].prompt + 1;
        u->example[i].n_completion = length;
        u->example[i].coef = 1 / (double)(n * length);
    }
}

static void open_update(struct update *u, const char *shape, const char *dtype)
{
    const struct hyt_train_conf conf = {.clip_low = 0.2,
                                        .clip_high = 0.2,
                                        .clip_grad = 1,
                                        .beta1 = 0.9,
                                        .beta2 = 0.95,
                                        .eps = 1e-8};
    struct hyt_err err = {0};
    struct hyt_buf out = {0};

    bench_model_open(&u->b, shape, dtype);
    bench_shell("rm -rf updated");
    hyt_buf_printf(&out, "%s/updated", bench_dir);
    u->work = hyt_work_begin(u->b.ckpt, out.s, &err);
    if (u->work)
        u->trainer = hyt_trainer_new(u->b.m, u->work, NULL, &conf,
                                     HYT_ACTIVATION_MEMORY, &err);
    if (u->trainer == NULL)
        bench_die("%s", err.msg);
    hyt_buf_free(&out);
}

static void close_update(struct update *u)
{
    hyt_trainer_free(u->trainer);
    hyt_work_abandon(u->work);
    bench_shell("rm -rf updated");
    free(u->example);
    free(u->text);
    bench_model_close(&u->b);
}

static void run_step(void *ctx)
{
    struct update *u = ctx;
    struct hyt_train_sums sums;

    hyt_train_gradient(u->trainer, u->example, u->n, &sums);
    hyt_train_apply(u->trainer, ++u->step, 1e-6,
                    hyt_trainer_grad_norm(u->trainer));
}

static void time_update(const char *row, const char *shape, const char *dtype,
                        size_t n, size_t length, double goal)
{
    struct update u = {0};
    double flops;

    if (!bench_wants(row, shape, dtype))
        return;
    open_update(&u, shape, dtype);
    make_examples(&u, n, length);
    flops = 3 * (double)n * bench_flops(&u.b.m->c, 0, length, length);
    bench_arithmetic(row, shape, dtype, goal, flops, (double)(n * length),
                     run_step, &u);
    close_update(&u);
}

void bench_rows_update(void)
{
    time_update("update: 4 x 128", "smol135", "f32", 4, 128, 0.70);
    time_update("update: 4 x 128", "smol135", "bf16", 4, 128, 0.65);
    time_update("update: 1 x 512", "smol135", "f32", 1, 512, 0.70);
    time_update("update: 1 x 512", "smol135", "bf16", 1, 512, 0.65);
    time_update("update: 16 x 128", "tiny5m", "f32", 16, 128, 0.55);
}

void bench_rows_update_memory(void)
{
    struct bench_row row = {"update: peak memory, 4 x 512",
                            "smol135",
                            "f32",
                            0,
                            "MB",
                            0,
                            1,
                            true,
                            0};
    struct update u = {0};

    if (!bench_wants(row.row, row.shape, row.dtype))
        return;
    open_update(&u, row.shape, row.dtype);
    make_examples(&u, 4, 512);
    run_step(&u);
    row.value = bench_proc_status((long)getpid(), "VmHWM") * 1e-6;
    row.limit = 4.2 * 4e-6 * (double)u.b.m->n_floats + 350;
    bench_report(&row);
    close_update(&u);
}
