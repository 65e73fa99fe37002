/* SPDX-License-Identifier: MIT */
/*
 * models.c - models of the named shapes, and what a pass over them costs
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

void bench_model_open(struct bench_model *b, const char *shape,
                      const char *dtype)
{
    struct hyt_err err = {0};
    struct hyt_buf path = {0};

    hyt_buf_printf(&path, "%s/%s-%s", bench_dir, shape, dtype);
    if (access(path.s, F_OK) < 0)
        bench_shell("hyt-ckpt new %s --shape %s --dtype %s", path.s, shape,
                    dtype);
    b->shape = shape;
    b->dtype = dtype;
    b->ckpt = hyt_ckpt_open(path.s, &err);
    b->m = b->ckpt ? hyt_model_open(b->ckpt, &err) : NULL;
    if (b->m == NULL)
        bench_die("%s", err.msg);
    b->m->c.n_eos = 0;
    hyt_buf_free(&path);
}

void bench_model_close(struct bench_model *b)
{
    hyt_model_close(b->m);
    hyt_ckpt_close(b->ckpt);
}

float *bench_numbers(size_t n)
{
    float *x = hyt_alloc_aligned(n, sizeof(*x));

    for (size_t i = 0; i < n; i++)
        x[i] = (float)(i * 2654435761U % 1024) / 1024 - 0.5f;
    return x;
}

int32_t bench_token(const struct hyt_model *m, size_t i)
{
    return (int32_t)hyt_rng_below(1, i, m->c.V);
}

double bench_flops(const struct hyt_config *c, size_t first, size_t n,
                   size_t wanted)
{
    double D = (double)c->D, HE = (double)(c->H * c->E);
    double GE = (double)(c->G * c->E), F = (double)c->F, rows = (double)n;
    double linear = 2 * D * HE + 2 * D * GE + 3 * D * F;
    double seen = rows * (double)first + rows * (rows + 1) / 2;

    return (double)c->L * (rows * 2 * linear + 4 * HE * seen) +
           (double)wanted * 2 * (double)c->V * D;
}
