/* SPDX-License-Identifier: MIT */
/*
 * bench.c - what the kernels reach, as a fraction of what this machine can do
 *
 * The limits are measured in the same run: single-threaded OpenBLAS sgemm at
 * n = 2048 on every thread at once, and streaming reads on every thread at
 * once. Then each row: a table on standard error, JSONL on standard output.
 * FLOPs: 2 for each multiply-add, 2 T N K for a product [T,K] x [N,K].
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cblas.h>

#include "hyt/kern.h"

enum { SGEMM_N = 2048, MAX_THREADS = 256, REPEATS = 5 };
#define STREAM_FLOATS                                                          \
    ((size_t)16 << 20) /* 64 MiB a thread: beyond the caches */

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static float *numbers(size_t n)
{
    float *x = hyt_alloc_aligned(n, sizeof(*x));

    for (size_t i = 0; i < n; i++)
        x[i] = (float)hyt_rng_unit(1, i) - 0.5f;
    return x;
}

/* Seconds of the best of several runs. */
static double best(void (*fn)(void *ctx), void *ctx)
{
    double least = 1e9;

    for (int i = 0; i < REPEATS; i++) {
        double t = now();

        fn(ctx);
        t = now() - t;
        if (t < least)
            least = t;
    }
    return least;
}

/* --- limits --------------------------------------------------------------- */

struct limits {
    float *a[MAX_THREADS], *b[MAX_THREADS], *c[MAX_THREADS];
    double sum[MAX_THREADS];
};

static void one_sgemm(void *ctx, size_t i)
{
    struct limits *l = ctx;

    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, SGEMM_N, SGEMM_N,
                SGEMM_N, 1, l->a[i], SGEMM_N, l->b[i], SGEMM_N, 0, l->c[i],
                SGEMM_N);
}

static void all_sgemm(void *ctx)
{
    hyt_parallel_for((size_t)hyt_threads(), one_sgemm, ctx);
}

static void one_stream(void *ctx, size_t i)
{
    struct limits *l = ctx;
    const float *x = l->a[i];
    float lane[64] = {0};

    for (size_t j = 0; j < STREAM_FLOATS; j += 64)
        for (size_t k = 0; k < 64; k++)
            lane[k] += x[j + k];
    for (size_t k = 0; k < 64; k++)
        l->sum[i] += (double)lane[k];
}

static void all_stream(void *ctx)
{
    hyt_parallel_for((size_t)hyt_threads(), one_stream, ctx);
}

static void measure_limits(double *gflops, double *gbytes)
{
    struct limits *l = hyt_alloc(1, sizeof(*l));
    size_t n = (size_t)hyt_threads(), square = SGEMM_N * SGEMM_N;

    for (size_t i = 0; i < n; i++) {
        l->a[i] = numbers(STREAM_FLOATS);
        l->b[i] = numbers(square);
        l->c[i] = numbers(square);
    }
    *gflops = 2e-9 * pow(SGEMM_N, 3) * (double)n / best(all_sgemm, l);
    *gbytes = 4e-9 * (double)STREAM_FLOATS * (double)n / best(all_stream, l);
    for (size_t i = 0; i < n; i++) {
        free(l->a[i]);
        free(l->b[i]);
        free(l->c[i]);
    }
    free(l);
}

/* --- rows ----------------------------------------------------------------- */

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

    hyt_matmul_bwd_x(p->x, p->y, p->w, p->T, p->N, p->K);
}

static void backward_w(void *ctx)
{
    const struct product *p = ctx;

    hyt_matmul_bwd_w(p->dw, NULL, p->y, p->x, p->T, p->N, p->K);
}

static void report(const char *row, const struct product *p, double seconds,
                   double gflops, double gbytes)
{
    size_t size = p->w.t == HYT_BF16 ? 2 : 4;
    bool reads = p->T == 1;
    double work = reads ? (double)(size * p->N * p->K)
                        : 2.0 * (double)p->T * (double)(p->N * p->K);
    double value = work / seconds * 1e-9, limit = reads ? gbytes : gflops;

    fprintf(stderr, "%-12s %4zu x %5zu x %5zu %s %8.1f %-8s %5.1f %%\n", row,
            p->T, p->N, p->K, size == 2 ? "bf16" : "f32 ", value,
            reads ? "GB/s" : "GFLOP/s", 100 * value / limit);
    printf("{\"row\":\"%s\",\"shape\":\"%zux%zux%zu\",\"dtype\":\"%s\","
           "\"threads\":%d,\"value\":%.2f,\"unit\":\"%s\",\"limit\":%.2f,"
           "\"fraction\":%.4f}\n",
           row, p->T, p->N, p->K, size == 2 ? "bf16" : "f32", hyt_threads(),
           value, reads ? "GB/s" : "GFLOP/s", limit, value / limit);
}

static void measure(size_t T, size_t N, size_t K, enum hyt_dtype dtype,
                    double gflops, double gbytes)
{
    float *w = numbers(N * K);
    struct product p = {.T = T, .N = N, .K = K, .w = {w, dtype}};

    if (dtype == HYT_BF16) {
        uint16_t *half = hyt_alloc(N * K, sizeof(*half));

        for (size_t i = 0; i < N * K; i++)
            half[i] = hyt_bf16_round(w[i]);
        memcpy(w, half, N * K * sizeof(*half));
        free(half);
    }
    p.x = numbers(T * K);
    p.y = numbers(T * N);
    p.dw = numbers(N * K);
    report("forward", &p, best(forward, &p), gflops, gbytes);
    if (T > 1) {
        report("backward dx", &p, best(backward_x, &p), gflops, gbytes);
        if (dtype == HYT_F32)
            report("backward dw", &p, best(backward_w, &p), gflops, gbytes);
    }
    free(p.x);
    free(p.y);
    free(p.dw);
    free(w);
}

int main(void)
{
    static const size_t rows[] = {1, 16, 128, 512};
    static const size_t shape[][2] = {
        {256, 256}, {576, 576}, {1536, 576}, {576, 1536}, {49152, 576}};
    double gflops, gbytes;

    measure_limits(&gflops, &gbytes);
    fprintf(stderr,
            "kern %s, OpenBLAS %s, %d threads: sgemm %.1f GFLOP/s, reads %.1f "
            "GB/s\n",
            hyt_kern_name(), openblas_get_corename(), hyt_threads(), gflops,
            gbytes);
    for (size_t s = 0; s < HYT_LEN(shape); s++)
        for (size_t r = 0; r < HYT_LEN(rows); r++) {
            measure(rows[r], shape[s][0], shape[s][1], HYT_F32, gflops, gbytes);
            measure(rows[r], shape[s][0], shape[s][1], HYT_BF16, gflops,
                    gbytes);
        }
    return ferror(stdout) || fclose(stdout) != 0;
}
