/* SPDX-License-Identifier: MIT */
/*
 * rows_kern.c - matrix products alone
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

/* --- products ------------------------------------------------------------- */

struct product {
    float *y, *x, *dw;
    struct hyt_weight w;
    size_t T, N, K;
};

static void forward(void *ctx)
{
    const struct product *p = ctx;
    const struct hyt_weight none = {NULL, HYT_F32};

    hyt_matmul(p->y, p->x, p->w, none, false, p->T, p->N, p->K);
}

static void backward_x(void *ctx)
{
    const struct product *p = ctx;

    hyt_matmul_bwd_x(p->x, p->y, p->w, true, p->T, p->N, p->K);
}

static void backward_w(void *ctx)
{
    const struct product *p = ctx;

    hyt_matmul_bwd_w(p->dw, NULL, p->y, p->x, false, p->T, p->N, p->K);
}

/* One row of x is limited by reading w, more by arithmetic. */
static void time_product(const char *row, const char *dtype, struct product *p,
                         void (*fn)(void *ctx))
{
    double size = p->w.t == HYT_BF16 ? 2 : 4;
    double weights = (double)p->N * (double)p->K;
    bool reads = p->T == 1;
    double work = reads ? size * weights : 2 * (double)p->T * weights;
    char shape[64];
    struct bench_row r = {
        .row = row,
        .shape = shape,
        .dtype = dtype,
        .unit = reads ? "GB/s" : "GFLOP/s",
        .limit = reads ? bench_limits.gbytes : bench_limits.gflops,
    };
    double seconds;

    snprintf(shape, sizeof(shape), "%zux%zux%zu", p->T, p->N, p->K);
    if (!bench_wants(row, shape, dtype))
        return;
    seconds = bench_best(fn, p);
    r.value = work / seconds * 1e-9;
    bench_report(&r);
    if (!reads)
        bench_threads_row(&r, seconds, fn, p);
}

/* Whether any row of these sizes is asked for. */
static bool wants_products(size_t T, size_t N, size_t K)
{
    char shape[64];

    snprintf(shape, sizeof(shape), "%zux%zux%zu", T, N, K);
    return bench_wants("product", shape, "f32") ||
           bench_wants("product", shape, "bf16") ||
           bench_wants("product: dx", shape, "f32") ||
           bench_wants("product: dw", shape, "f32");
}

static void time_products(size_t T, size_t N, size_t K)
{
    struct product p = {.T = T, .N = N, .K = K};
    float *w = bench_numbers(N * K);
    uint16_t *half = hyt_alloc_aligned(N * K, sizeof(*half));

    for (size_t i = 0; i < N * K; i++)
        half[i] = hyt_bf16_round(w[i]);
    p.x = bench_numbers(T * K);
    p.y = bench_numbers(T * N);
    p.dw = bench_numbers(N * K);
    p.w = (struct hyt_weight){w, HYT_F32};
    time_product("product", "f32", &p, forward);
    if (T > 1) {
        time_product("product: dx", "f32", &p, backward_x);
        time_product("product: dw", "f32", &p, backward_w);
    }
    p.w = (struct hyt_weight){half, HYT_BF16};
    time_product("product", "bf16", &p, forward);
    free(p.x);
    free(p.y);
    free(p.dw);
    free(half);
    free(w);
}

void bench_rows_products(void)
{
    static const size_t shape[][2] = {{576, 576}, {1536, 576}, {49152, 576}};

    for (size_t s = 0; s < HYT_LEN(shape); s++)
        for (size_t T = 1; T <= 512; T *= T == 1 ? 32 : 16)
            if (wants_products(T, shape[s][0], shape[s][1]))
                time_products(T, shape[s][0], shape[s][1]);
}
