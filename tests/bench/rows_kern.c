/* SPDX-License-Identifier: MIT */
/*
 * rows_kern.c - kernels alone: matrix products and attention
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static float *numbers(size_t n)
{
    float *x = hyt_alloc_aligned(n, sizeof(*x));

    for (size_t i = 0; i < n; i++)
        x[i] = (float)(i * 2654435761U % 1024) / 1024 - 0.5f;
    return x;
}

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

    hyt_matmul_bwd_x(p->x, p->y, p->w, p->T, p->N, p->K);
}

static void backward_w(void *ctx)
{
    const struct product *p = ctx;

    hyt_matmul_bwd_w(p->dw, NULL, p->y, p->x, p->T, p->N, p->K);
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

    snprintf(shape, sizeof(shape), "%zux%zux%zu", p->T, p->N, p->K);
    if (!bench_wants(row, shape, dtype))
        return;
    bench_report(&(struct bench_row){
        .row = row,
        .shape = shape,
        .dtype = dtype,
        .value = work / bench_best(fn, p) * 1e-9,
        .unit = reads ? "GB/s" : "GFLOP/s",
        .limit = reads ? bench_limits.gbytes : bench_limits.gflops,
    });
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
    float *w = numbers(N * K);
    uint16_t *half = hyt_alloc_aligned(N * K, sizeof(*half));

    for (size_t i = 0; i < N * K; i++)
        half[i] = hyt_bf16_round(w[i]);
    p.x = numbers(T * K);
    p.y = numbers(T * N);
    p.dw = numbers(N * K);
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

/* --- attention ------------------------------------------------------------ */

/* The heads of smol135. */
enum { H = 9, G = 3, E = 64, ROWS = 128, SEQUENCES = 32 };

struct attention {
    float *o, *q, *k, *v;
    int32_t *page;
    struct hyt_attn_row *row;
    size_t T;
};

static void attend(void *ctx)
{
    const struct attention *a = ctx;

    hyt_attention(a->o, NULL, a->q, &(struct hyt_kv){a->k, a->v, HYT_F32},
                  a->row, 0.125f, a->T, H, G, E);
}

/* T rows at the end of a context of n positions, of one sequence or each of
 * its own. */
static void make_attention(struct attention *a, size_t n, size_t T, bool one)
{
    size_t pages = (n + HYT_PAGE - 1) / HYT_PAGE, pool = pages * (one ? 1 : T);

    a->T = T;
    a->o = numbers(T * H * E);
    a->q = numbers(T * H * E);
    a->k = numbers(pool * G * E * HYT_PAGE);
    a->v = numbers(pool * G * E * HYT_PAGE);
    a->page = hyt_alloc(pool, sizeof(*a->page));
    a->row = hyt_alloc(T, sizeof(*a->row));
    for (size_t i = 0; i < pool; i++)
        a->page[i] = (int32_t)i;
    for (size_t t = 0; t < T; t++) {
        a->row[t].page = one ? a->page : a->page + t * pages;
        a->row[t].pos = (int32_t)(one ? n - T + t : n - 1);
    }
}

static void free_attention(struct attention *a)
{
    free(a->o);
    free(a->q);
    free(a->k);
    free(a->v);
    free(a->page);
    free(a->row);
}

static void time_attention(size_t n, bool one)
{
    const char *row = one ? "attention: 128 rows of a sequence"
                          : "attention: a row of 32 sequences";
    double positions =
        one ? ROWS * ((double)n - (ROWS - 1) / 2.0) : SEQUENCES * (double)n;
    double flops = 4.0 * H * E * positions, bytes = 8.0 * G * E * positions;
    struct attention a;
    double seconds;
    char shape[32];

    snprintf(shape, sizeof(shape), "context %zu", n);
    if (!bench_wants(row, shape, "f32"))
        return;
    make_attention(&a, n, one ? ROWS : SEQUENCES, one);
    seconds = bench_best(attend, &a);
    bench_report(&(struct bench_row){
        .row = row,
        .shape = shape,
        .dtype = "f32",
        .value = (one ? flops : bytes) / seconds * 1e-9,
        .unit = one ? "GFLOP/s" : "GB/s",
        .limit = one ? bench_limits.gflops : bench_limits.gbytes,
    });
    free_attention(&a);
}

/* The cache's bytes a position against what keys and values take. */
static void cache_size(size_t n)
{
    struct bench_model b;
    struct hyt_state *st;
    int32_t seq;
    char shape[32];

    snprintf(shape, sizeof(shape), "context %zu", n);
    if (!bench_wants("attention: bytes of cache", shape, "f32"))
        return;
    bench_model_open(&b, "smol135", "f32");
    b.m->c.max_positions = n;
    st = hyt_state_new(b.m);
    seq = hyt_seq_new(st);
    for (size_t i = 0; i < n; i++)
        hyt_batch_add(st, seq, bench_token(b.m, i), -1, false);
    bench_report(&(struct bench_row){
        .row = "attention: bytes of cache",
        .shape = shape,
        .dtype = "f32",
        .value = (double)hyt_state_bytes(st) * 1e-6,
        .unit = "MB",
        .limit = 8e-6 * (double)(b.m->c.L * G * E) * (double)n,
    });
    hyt_batch_clear(st);
    hyt_state_free(st);
    bench_model_close(&b);
}

void bench_rows_attention(void)
{
    static const size_t context[] = {256, 1024, 4096, 8192};

    for (size_t i = 0; i < HYT_LEN(context); i++) {
        time_attention(context[i], true);
        time_attention(context[i], false);
        cache_size(context[i]);
    }
}
