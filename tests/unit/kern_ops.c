/* SPDX-License-Identifier: MIT */
/*
 * kern_ops.c - the operations in the form of kern_ops.h
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kern_ops.h"

float *kern_randoms(size_t n, uint64_t key, float scale)
{
    float *x = hyt_alloc_aligned(n, sizeof(float));

    for (size_t i = 0; i < n; i++)
        x[i] = scale * (float)hyt_rng_normal(key, i);
    return x;
}

uint16_t *kern_to_bf16(const float *x, size_t n)
{
    uint16_t *h = hyt_alloc(n, sizeof(uint16_t));

    for (size_t i = 0; i < n; i++)
        h[i] = hyt_bf16_round(x[i]);
    return h;
}

struct hyt_weight kern_f32(const float *p)
{
    return (struct hyt_weight){p, HYT_F32};
}

void kern_select_best(void)
{
    if (hyt_kern_select(NULL) < 0)
        HYT_BUG("no kernels");
}

/* matmul: x = (x, w, b), and y starts at 1 where add is set */

static size_t matmul_nx(const struct shape *s)
{
    return s->T * s->K + s->N * s->K + s->N;
}

static size_t matmul_ny(const struct shape *s)
{
    return s->T * s->N;
}

static void matmul_fwd(float *y, const float *x, const struct shape *s)
{
    const float *w = x + s->T * s->K, *b = w + s->N * s->K;
    uint16_t *h = kern_to_bf16(w, s->N * s->K);
    struct hyt_weight hw = {h, HYT_BF16};

    for (size_t i = 0; i < s->T * s->N; i++)
        y[i] = 1;
    hyt_matmul(y, x, s->bf16 ? hw : kern_f32(w), kern_f32(b), s->add, s->T,
               s->N, s->K);
    free(h);
}

static void matmul_bwd(float *dx, const float *dy, const float *x,
                       const struct shape *s)
{
    const float *w = x + s->T * s->K;
    uint16_t *h = kern_to_bf16(w, s->N * s->K);
    struct hyt_weight hw = {h, HYT_BF16};
    float *dw = dx + s->T * s->K, *db = dw + s->N * s->K;

    size_t n = s->T * s->K + s->N * s->K + s->N;
    float *d = hyt_alloc(n, sizeof(float));

    for (size_t i = 0; i < n; i++)
        d[i] = s->add ? dx[i] : NAN; /* added to, or overwritten */
    hyt_matmul_bwd_x(d, dy, s->bf16 ? hw : kern_f32(w), s->add, s->T, s->N,
                     s->K);
    hyt_matmul_bwd_w(d + (dw - dx), d + (db - dx), dy, x, s->add, s->T, s->N,
                     s->K);
    for (size_t i = 0; i < n; i++)
        dx[i] = s->add ? d[i] : dx[i] + d[i];
    free(d);
    free(h);
}

/* rmsnorm: x = (x [T,K], g [K]), y = (y, r); add: the weights are 1 + g */

static size_t norm_nx(const struct shape *s)
{
    return s->T * s->K + s->K;
}

static size_t norm_ny(const struct shape *s)
{
    return s->T * s->K;
}

static void norm_fwd(float *y, const float *x, const struct shape *s)
{
    hyt_rmsnorm(y, NULL, x, kern_f32(x + s->T * s->K), s->add, 1e-5f, s->T,
                s->K);
}

static void norm_bwd(float *dx, const float *dy, const float *x,
                     const struct shape *s)
{
    struct hyt_weight g = kern_f32(x + s->T * s->K);
    float *y = hyt_alloc(s->T * s->K, sizeof(float));
    float *r = hyt_alloc(s->T, sizeof(float));

    hyt_rmsnorm(y, r, x, g, s->add, 1e-5f, s->T, s->K);
    hyt_rmsnorm_bwd(dx, dx + s->T * s->K, dy, x, r, g, s->add, s->T, s->K);
    free(y);
    free(r);
}

/* rope: x [T,H,E], positions 0, 3, 6 … */

static size_t rope_nx(const struct shape *s)
{
    return s->T * s->H * s->E;
}

static void rotate(float *x, bool back, const struct shape *s)
{
    size_t n_pos = 3 * s->T + 1;
    float *c = hyt_alloc(n_pos * s->E, sizeof(float)),
          *sn = c + n_pos * s->E / 2, *f = hyt_alloc(s->E, sizeof(float));
    int32_t *pos = hyt_alloc(s->T, sizeof(int32_t));

    for (size_t t = 0; t < s->T; t++)
        pos[t] = (int32_t)(3 * t);
    for (size_t i = 0; i < s->E / 2; i++)
        f[i] = (float)pow(10000, -2.0 * (double)i / (double)s->E);
    hyt_rope_table(c, sn, f, 1, n_pos, s->E);
    (back ? hyt_rope_bwd : hyt_rope)(x, pos, c, sn, s->T, s->H, s->E);
    free(c);
    free(f);
    free(pos);
}

static void rope_fwd(float *y, const float *x, const struct shape *s)
{
    memcpy(y, x, rope_nx(s) * sizeof(float));
    rotate(y, false, s);
}

static void rope_bwd(float *dx, const float *dy, const float *x,
                     const struct shape *s)
{
    float *d = hyt_alloc(rope_nx(s), sizeof(float));

    (void)x;
    memcpy(d, dy, rope_nx(s) * sizeof(float));
    rotate(d, true, s);
    for (size_t i = 0; i < rope_nx(s); i++)
        dx[i] += d[i];
    free(d);
}

/* attention: two sequences, of T and of K rows; x = (q, k, v), y = (o, lse) */

static size_t rows(const struct shape *s)
{
    return s->T + s->K;
}

static size_t attn_nx(const struct shape *s)
{
    return rows(s) * (s->H + 2 * s->G) * s->E;
}

static size_t attn_ny(const struct shape *s)
{
    return rows(s) * s->H * s->E;
}

static struct kern_cache cache_of(const float *x, const struct shape *s)
{
    const float *k = x + rows(s) * s->H * s->E, *v = k + rows(s) * s->G * s->E;

    return kern_cache_make(s->bf16 ? HYT_BF16 : HYT_F32, k, v, s->T, s->K, s->G,
                           s->E);
}

static struct hyt_attn how_of(const struct shape *s)
{
    return (struct hyt_attn){0.25f, s->cap, s->window};
}

static void attn_fwd(float *y, const float *x, const struct shape *s)
{
    const struct hyt_attn how = how_of(s);
    struct kern_cache c = cache_of(x, s);

    hyt_attention(y, NULL, x, &c.kv, c.row, &how, rows(s), s->H, s->G, s->E);
    kern_cache_free(c);
}

static void attn_bwd(float *dx, const float *dy, const float *x,
                     const struct shape *s)
{
    const struct hyt_attn how = how_of(s);
    size_t n = rows(s), nq = n * s->H * s->E, nk = n * s->G * s->E;
    const struct hyt_attn_seq seq[] = {{.n = s->T},
                                       {.first = s->T, .n = n - s->T}};
    struct kern_cache c = cache_of(x, s);
    float *o = hyt_alloc(nq, sizeof(float));
    float *lse = hyt_alloc(n * s->H, sizeof(float));
    float *d = hyt_alloc(nq + 2 * nk, sizeof(float));

    for (size_t i = 0; i < nq + 2 * nk; i++)
        d[i] = NAN; /* overwritten */
    hyt_attention(o, lse, x, &c.kv, c.row, &how, n, s->H, s->G, s->E);
    hyt_attention_bwd(d, d + nq, d + nq + nk, dy, x, c.k, c.v, o, lse, seq, 2,
                      &how, n, s->H, s->G, s->E);
    for (size_t i = 0; i < nq + 2 * nk; i++)
        dx[i] += d[i];
    free(d);
    kern_cache_free(c);
    free(o);
    free(lse);
}

/* swiglu, geglu: x = (g [K], u [K]) */

static size_t gate_nx(const struct shape *s)
{
    return 2 * s->K;
}

static size_t gate_ny(const struct shape *s)
{
    return s->K;
}

static void gate_fwd(float *y, const float *x, const struct shape *s)
{
    hyt_swiglu(y, x, x + s->K, s->K);
}

/* in place, over g and u */
static void gated_bwd(float *dx, const float *dy, const float *x, size_t n,
                      void (*bwd)(float *dg, float *du, const float *dh,
                                  const float *g, const float *u, size_t n))
{
    float *d = hyt_alloc(2 * n, sizeof(float));

    memcpy(d, x, 2 * n * sizeof(float));
    bwd(d, d + n, dy, d, d + n, n);
    for (size_t i = 0; i < 2 * n; i++)
        dx[i] += d[i];
    free(d);
}

static void gate_bwd(float *dx, const float *dy, const float *x,
                     const struct shape *s)
{
    gated_bwd(dx, dy, x, s->K, hyt_swiglu_bwd);
}

static void gelu_fwd(float *y, const float *x, const struct shape *s)
{
    hyt_geglu(y, x, x + s->K, s->K);
}

static void gelu_bwd(float *dx, const float *dy, const float *x,
                     const struct shape *s)
{
    gated_bwd(dx, dy, x, s->K, hyt_geglu_bwd);
}

#define MATMUL matmul_nx, matmul_ny, matmul_fwd, matmul_bwd, 2e-5, NULL
#define NORM   norm_nx, norm_ny, norm_fwd, norm_bwd, 1e-5, NULL
#define ROPE   rope_nx, rope_nx, rope_fwd, rope_bwd, 1e-6, NULL
#define ATTN   attn_nx, attn_ny, attn_fwd, attn_bwd, 5e-5, NULL
#define GATE   gate_nx, gate_ny, gate_fwd, gate_bwd, 1e-6, NULL
#define GELU   gate_nx, gate_ny, gelu_fwd, gelu_bwd, 1e-6, NULL
#define EMBED                                                                  \
    kern_embed_nx, kern_embed_ny, kern_embed_fwd, kern_embed_bwd, 0, NULL
#define VOCAB                                                                  \
    kern_vocab_nx, kern_vocab_ny, kern_vocab_fwd, kern_vocab_bwd, 1e-5,        \
        kern_vocab_smooth

const struct op kern_small[] = {
    {{"matmul", .T = 5, .N = 7, .K = 11}, MATMUL},
    {{"matmul add", .T = 3, .N = 4, .K = 8, .add = true}, MATMUL},
    {{"rmsnorm", .T = 3, .K = 19}, NORM},
    {{"rope", .T = 4, .H = 2, .E = 8}, ROPE},
    {{"rope 18", .T = 2, .H = 1, .E = 18}, ROPE},
    {{"attention", .T = 5, .K = 3, .H = 4, .G = 2, .E = 8}, ATTN},
    {{"attention 6", .T = 35, .K = 1, .H = 1, .G = 1, .E = 6}, ATTN},
    {{"attention 9", .T = 37, .K = 3, .H = 2, .G = 1, .E = 8, .window = 9},
     ATTN},
    {{"attention cap", .T = 5, .K = 3, .H = 4, .G = 2, .E = 8, .cap = 0.5f},
     ATTN},
    {{"rmsnorm 1 + w", .T = 3, .K = 19, .add = true}, NORM},
    {{"swiglu", .K = 21}, GATE},
    {{"geglu", .K = 21}, GELU},
    {{"vocabulary cap", .T = 3, .N = 13, .cap = 1.5f}, VOCAB},
    {{"embedding", .T = 9, .N = 5, .K = 6}, EMBED},
    {{"vocabulary", .T = 3, .N = 13}, VOCAB},
};

const struct op kern_large[] = {
    {{"matmul 1", .T = 1, .N = 301, .K = 1030}, MATMUL},
    {{"matmul 5", .T = 5, .N = 66, .K = 97, .bf16 = true}, MATMUL},
    {{"matmul 14", .T = 14, .N = 39, .K = 2500, .bf16 = true}, MATMUL},
    {{"matmul 131", .T = 131, .N = 201, .K = 70, .add = true}, MATMUL},
    {{"matmul 200", .T = 200, .N = 43, .K = 203}, MATMUL},
    {{"matmul 601", .T = 17, .N = 601, .K = 33, .bf16 = true}, MATMUL},
    {{"matmul 300", .T = 300, .N = 280, .K = 900}, MATMUL},
    {{"rmsnorm", .T = 600, .K = 100}, NORM},
    {{"rope", .T = 65, .H = 3, .E = 64}, ROPE},
    {{"attention 64", .T = 70, .K = 33, .H = 6, .G = 2, .E = 64}, ATTN},
    {{"attention 20", .T = 64, .K = 1, .H = 7, .G = 1, .E = 20}, ATTN},
    {{"attention 40", .T = 5, .K = 150, .H = 2, .G = 2, .E = 40}, ATTN},
    {{"attention bf16", .T = 70, .K = 33, .H = 6, .G = 2, .E = 20,
      .bf16 = true},
     ATTN},
    {{"attention window", .T = 301, .K = 33, .H = 6, .G = 2, .E = 20, .cap = 2,
      .window = 70},
     ATTN},
    {{"swiglu", .K = 40003}, GATE},
    {{"geglu", .K = 40003}, GELU},
    {{"vocabulary cap", .T = 3, .N = 5003, .cap = 2}, VOCAB},
    {{"embedding", .T = 50, .N = 30, .K = 300}, EMBED},
    {{"vocabulary", .T = 3, .N = 5003}, VOCAB},
};

const size_t kern_n_small = HYT_LEN(kern_small);
const size_t kern_n_large = HYT_LEN(kern_large);

float *kern_run(const struct op *op, size_t *n)
{
    size_t nx = op->nx(&op->s), ny = op->ny(&op->s);
    float *x = kern_randoms(nx, 1, 1), *dy = kern_randoms(ny, 2, 1);
    float *out = hyt_alloc(nx + ny, sizeof(float));

    op->fwd(out, x, &op->s);
    op->bwd(out + ny, dy, x, &op->s);
    free(x);
    free(dy);
    *n = nx + ny;
    return out;
}
