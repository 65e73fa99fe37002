/* SPDX-License-Identifier: MIT */
/*
 * test_kern.c - every operation against its naive twin and against central
 * differences; the bits against threads, tiles, batches and instruction sets
 */
#include <math.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyt/kern.h"

static float *randoms(size_t n, uint64_t key, float scale)
{
    float *x = hyt_alloc_aligned(n, sizeof(float));

    for (size_t i = 0; i < n; i++)
        x[i] = scale * (float)hyt_rng_normal(key, i);
    return x;
}

static uint16_t *to_bf16(const float *x, size_t n)
{
    uint16_t *h = hyt_alloc(n, sizeof(uint16_t));

    for (size_t i = 0; i < n; i++)
        h[i] = hyt_bf16_round(x[i]);
    return h;
}

static struct hyt_weight f32(const float *p)
{
    return (struct hyt_weight){p, HYT_F32};
}

static const struct hyt_weight none = {NULL, HYT_F32};

static void assert_near(const float *a, const float *b, size_t n, double tol)
{
    for (size_t i = 0; i < n; i++) {
        double x = (double)a[i], y = (double)b[i];

        if (!(fabs(x - y) <= tol * (1 + fabs(y))))
            fail_msg("element %zu: %.9g, expected %.9g", i, x, y);
    }
}

/* The best implementation of this CPU; base and it have the same bits. */
static void select_best(void)
{
    if (hyt_kern_select("v3") < 0)
        assert_int_equal(hyt_kern_select("base"), 0);
}

/* --- one run of an operation: x [nx] in, y [ny] out ---------------------- */

struct shape {
    const char *name;
    size_t T, N, K, H, G, E;
    bool bf16, add;
};

struct op {
    struct shape s;
    size_t (*nx)(const struct shape *s);
    size_t (*ny)(const struct shape *s);
    void (*fwd)(float *y, const float *x, const struct shape *s);
    /* dx += gradient of sum dy y; NULL where bf16 stands in the way */
    void (*bwd)(float *dx, const float *dy, const float *x,
                const struct shape *s);
    double tol; /* of fast against naive */
};

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
    uint16_t *h = to_bf16(w, s->N * s->K);
    struct hyt_weight hw = {h, HYT_BF16};

    for (size_t i = 0; i < s->T * s->N; i++)
        y[i] = 1;
    hyt_matmul(y, x, s->bf16 ? hw : f32(w), f32(b), s->add, s->T, s->N, s->K);
    free(h);
}

static void matmul_bwd(float *dx, const float *dy, const float *x,
                       const struct shape *s)
{
    const float *w = x + s->T * s->K;
    uint16_t *h = to_bf16(w, s->N * s->K);
    struct hyt_weight hw = {h, HYT_BF16};
    float *dw = dx + s->T * s->K, *db = dw + s->N * s->K;

    hyt_matmul_bwd_x(dx, dy, s->bf16 ? hw : f32(w), s->T, s->N, s->K);
    hyt_matmul_bwd_w(dw, db, dy, x, s->T, s->N, s->K);
    free(h);
}

/* rmsnorm: x = (x [T,K], g [K]), y = (y, r) */

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
    hyt_rmsnorm(y, NULL, x, f32(x + s->T * s->K), 1e-5f, s->T, s->K);
}

static void norm_bwd(float *dx, const float *dy, const float *x,
                     const struct shape *s)
{
    struct hyt_weight g = f32(x + s->T * s->K);
    float *y = hyt_alloc(s->T * s->K, sizeof(float));
    float *r = hyt_alloc(s->T, sizeof(float));

    hyt_rmsnorm(y, r, x, g, 1e-5f, s->T, s->K);
    hyt_rmsnorm_bwd(dx, dx + s->T * s->K, dy, x, r, g, s->T, s->K);
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
          *sn = c + n_pos * s->E / 2;
    int32_t *pos = hyt_alloc(s->T, sizeof(int32_t));

    for (size_t t = 0; t < s->T; t++)
        pos[t] = (int32_t)(3 * t);
    hyt_rope_table(c, sn, 10000, n_pos, s->E);
    (back ? hyt_rope_bwd : hyt_rope)(x, pos, c, sn, s->T, s->H, s->E);
    free(c);
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

struct cache {
    float *k, *v;
    int32_t *page;
    struct hyt_attn_row *row;
};

/* Pages of the sequences alternate in the pool, which holds NaN at first:
 * what no sequence stored must not be seen. */
static struct cache make_cache(const float *k, const float *v,
                               const struct shape *s)
{
    size_t pages = rows(s) / HYT_PAGE + 2, size = s->G * s->E * HYT_PAGE;
    struct cache c = {hyt_alloc(2 * pages * size, sizeof(float)),
                      hyt_alloc(2 * pages * size, sizeof(float)),
                      hyt_alloc(2 * pages, sizeof(int32_t)),
                      hyt_alloc(rows(s), sizeof(struct hyt_attn_row))};

    for (size_t i = 0; i < 2 * pages * size; i++)
        c.k[i] = c.v[i] = NAN;
    for (size_t i = 0; i < 2 * pages; i++)
        c.page[i] = (int32_t)(i < pages ? 2 * i : 2 * (i - pages) + 1);
    for (size_t t = 0; t < rows(s); t++)
        c.row[t] = t < s->T ? (struct hyt_attn_row){c.page, (int32_t)t}
                            : (struct hyt_attn_row){c.page + pages,
                                                    (int32_t)(t - s->T)};
    hyt_kv_store(c.k, c.v, k, v, c.row, rows(s), s->G, s->E);
    return c;
}

static void free_cache(struct cache c)
{
    free(c.k);
    free(c.v);
    free(c.page);
    free(c.row);
}

static void attend(float *o, float *lse, const float *x, const struct shape *s)
{
    const float *k = x + rows(s) * s->H * s->E, *v = k + rows(s) * s->G * s->E;
    struct cache c = make_cache(k, v, s);

    hyt_attention(o, lse, x, c.k, c.v, c.row, 0.25f, rows(s), s->H, s->G, s->E);
    free_cache(c);
}

static void attn_fwd(float *y, const float *x, const struct shape *s)
{
    attend(y, NULL, x, s);
}

static void attn_bwd(float *dx, const float *dy, const float *x,
                     const struct shape *s)
{
    size_t n = rows(s), nq = n * s->H * s->E, nk = n * s->G * s->E;
    size_t begin[3] = {0, s->T, n};
    float *o = hyt_alloc(nq, sizeof(float));
    float *lse = hyt_alloc(n * s->H, sizeof(float));

    attend(o, lse, x, s);
    hyt_attention_bwd(dx, dx + nq, dx + nq + nk, dy, x, x + nq, x + nq + nk, o,
                      lse, begin, 2, 0.25f, s->H, s->G, s->E);
    free(o);
    free(lse);
}

/* swiglu: x = (g [K], u [K]) */

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

static void gate_bwd(float *dx, const float *dy, const float *x,
                     const struct shape *s)
{
    hyt_swiglu_bwd(dx, dx + s->K, dy, x, x + s->K, s->K);
}

/* embedding: x = e [N,K], ids repeat */

static size_t embed_nx(const struct shape *s)
{
    return s->N * s->K;
}

static int32_t *ids(const struct shape *s)
{
    int32_t *id = hyt_alloc(s->T, sizeof(int32_t));

    for (size_t t = 0; t < s->T; t++)
        id[t] = (int32_t)(t * t % s->N);
    return id;
}

static void embed_fwd(float *y, const float *x, const struct shape *s)
{
    int32_t *id = ids(s);

    hyt_embed(y, f32(x), id, s->T, s->K);
    free(id);
}

static void embed_bwd(float *dx, const float *dy, const float *x,
                      const struct shape *s)
{
    int32_t *id = ids(s);

    (void)x;
    hyt_embed_bwd(dx, dy, id, s->T, s->K);
    free(id);
}

/* vocabulary: x = z [T,N] in rows of N + 3; y = (logp, certainty, entropy,
 * lse) a row, and only logp has a gradient */

static size_t vocab_nx(const struct shape *s)
{
    return s->T * (s->N + 3);
}

static size_t vocab_ny(const struct shape *s)
{
    return 4 * s->T;
}

static void vocab_fwd(float *y, const float *x, const struct shape *s)
{
    struct hyt_row_stats *st = hyt_alloc(s->T, sizeof(*st));
    int32_t *target = ids(s);

    hyt_vocab_stats(st, x, target, s->T, s->N, s->N + 3);
    for (size_t t = 0; t < s->T; t++) {
        y[t] = st[t].logp;
        y[s->T + t] = st[t].certainty;
        y[2 * s->T + t] = st[t].entropy;
        y[3 * s->T + t] = (float)st[t].lse;
    }
    free(st);
    free(target);
}

static void vocab_bwd(float *dx, const float *dy, const float *x,
                      const struct shape *s)
{
    struct hyt_row_stats *st = hyt_alloc(s->T, sizeof(*st));
    int32_t *target = ids(s);
    float *z = hyt_alloc(vocab_nx(s), sizeof(float));

    memcpy(z, x, vocab_nx(s) * sizeof(float));
    hyt_vocab_stats(st, x, target, s->T, s->N, s->N + 3);
    hyt_vocab_bwd(z, st, target, dy, s->T, s->N, s->N + 3);
    for (size_t i = 0; i < vocab_nx(s); i++)
        dx[i] += z[i];
    free(z);
    free(st);
    free(target);
}

#define MATMUL matmul_nx, matmul_ny, matmul_fwd, matmul_bwd, 2e-5
#define NORM   norm_nx, norm_ny, norm_fwd, norm_bwd, 1e-5
#define ROPE   rope_nx, rope_nx, rope_fwd, rope_bwd, 1e-6
#define ATTN   attn_nx, attn_ny, attn_fwd, attn_bwd, 5e-5
#define GATE   gate_nx, gate_ny, gate_fwd, gate_bwd, 1e-6
#define EMBED  embed_nx, matmul_y_of_embed, embed_fwd, embed_bwd, 0
#define VOCAB  vocab_nx, vocab_ny, vocab_fwd, vocab_bwd, 1e-5

static size_t matmul_y_of_embed(const struct shape *s)
{
    return s->T * s->K;
}

/* Small: every element is compared with a central difference. */
static const struct op small[] = {
    {{"matmul", .T = 5, .N = 7, .K = 11}, MATMUL},
    {{"matmul add", .T = 3, .N = 4, .K = 8, .add = true}, MATMUL},
    {{"rmsnorm", .T = 3, .K = 19}, NORM},
    {{"rope", .T = 4, .H = 2, .E = 8}, ROPE},
    {{"rope 18", .T = 2, .H = 1, .E = 18}, ROPE},
    {{"attention", .T = 5, .K = 3, .H = 4, .G = 2, .E = 8}, ATTN},
    {{"attention 6", .T = 35, .K = 1, .H = 1, .G = 1, .E = 6}, ATTN},
    {{"swiglu", .K = 21}, GATE},
    {{"embedding", .T = 9, .N = 5, .K = 6}, EMBED},
    {{"vocabulary", .T = 3, .N = 13}, VOCAB},
};

/* Large enough for every path: tails, blocks, several tiles and pages. */
static const struct op large[] = {
    {{"matmul 1", .T = 1, .N = 301, .K = 1030}, MATMUL},
    {{"matmul 5", .T = 5, .N = 66, .K = 97, .bf16 = true}, MATMUL},
    {{"matmul 14", .T = 14, .N = 39, .K = 2500, .bf16 = true}, MATMUL},
    {{"matmul 131", .T = 131, .N = 201, .K = 70, .add = true}, MATMUL},
    {{"matmul 200", .T = 200, .N = 43, .K = 203}, MATMUL},
    {{"matmul 601", .T = 17, .N = 601, .K = 33, .bf16 = true}, MATMUL},
    {{"rmsnorm", .T = 600, .K = 100}, NORM},
    {{"rope", .T = 65, .H = 3, .E = 64}, ROPE},
    {{"attention 64", .T = 70, .K = 33, .H = 6, .G = 2, .E = 64}, ATTN},
    {{"attention 20", .T = 64, .K = 1, .H = 7, .G = 1, .E = 20}, ATTN},
    {{"attention 40", .T = 5, .K = 150, .H = 2, .G = 2, .E = 40}, ATTN},
    {{"swiglu", .K = 40003}, GATE},
    {{"embedding", .T = 50, .N = 30, .K = 300}, EMBED},
    {{"vocabulary", .T = 3, .N = 5003}, VOCAB},
};

/* Forward and backward in one array: y [ny], dx [nx]. */
static float *run(const struct op *op, size_t *n)
{
    size_t nx = op->nx(&op->s), ny = op->ny(&op->s);
    float *x = randoms(nx, 1, 1), *dy = randoms(ny, 2, 1);
    float *out = hyt_alloc(nx + ny, sizeof(float));

    op->fwd(out, x, &op->s);
    op->bwd(out + ny, dy, x, &op->s);
    free(x);
    free(dy);
    *n = nx + ny;
    return out;
}

static void test_gradients(void **state)
{
    const float step = 0x1p-7f;

    (void)state;
    for (size_t c = 0; c < HYT_LEN(small); c++) {
        const struct op *op = &small[c];
        size_t nx = op->nx(&op->s), ny = op->ny(&op->s);
        float *x = randoms(nx, 3, 1), *dy = randoms(ny, 4, 1);
        float *dx = hyt_alloc(nx, sizeof(float));
        float *hi = hyt_alloc(ny, sizeof(float));
        float *lo = hyt_alloc(ny, sizeof(float));

        for (size_t i = 0; i < nx; i++)
            dx[i] = 2; /* backward adds */
        op->bwd(dx, dy, x, &op->s);
        /* Of the vocabulary's numbers only logp has a gradient. */
        size_t used = op->fwd == vocab_fwd ? op->s.T : ny;
        for (size_t i = 0; i < nx; i++) {
            float old = x[i];
            double slope = 0;

            x[i] = old + step;
            op->fwd(hi, x, &op->s);
            double width = (double)x[i];
            x[i] = old - step;
            op->fwd(lo, x, &op->s);
            width -= (double)x[i];
            x[i] = old;
            for (size_t j = 0; j < used; j++)
                slope += (double)dy[j] * ((double)hi[j] - (double)lo[j]);
            slope /= width;
            if (fabs(slope + 2 - (double)dx[i]) > 1e-3 * (1 + fabs(slope)))
                fail_msg("%s: element %zu: %g, by differences %g", op->s.name,
                         i, (double)dx[i] - 2, slope);
        }
        free(x);
        free(dy);
        free(dx);
        free(hi);
        free(lo);
    }
}

/* One name's result equals another's, forward and backward. */
static void compare(const struct op *op, const char *a, const char *b,
                    double tol)
{
    size_t n;

    if (hyt_kern_select(a) < 0 || hyt_kern_select(b) < 0)
        return;
    float *y = run(op, &n);
    assert_int_equal(hyt_kern_select(a), 0);
    float *x = run(op, &n);
    if (tol > 0)
        assert_near(x, y, n, tol);
    else if (memcmp(x, y, n * sizeof(float)) != 0)
        fail_msg("%s: %s and %s differ", op->s.name, a, b);
    free(x);
    free(y);
    select_best();
}

static void test_twins(void **state)
{
    (void)state;
    for (size_t c = 0; c < HYT_LEN(small); c++)
        compare(&small[c], "base", "ref", small[c].tol);
    for (size_t c = 0; c < HYT_LEN(large); c++)
        compare(&large[c], "v3", "ref", 10 * large[c].tol);
}

static void test_same_bits_on_every_isa(void **state)
{
    (void)state;
    for (size_t c = 0; c < HYT_LEN(small); c++)
        compare(&small[c], "v3", "base", 0);
    for (size_t c = 0; c < HYT_LEN(large); c++)
        compare(&large[c], "v3", "base", 0);
}

static void test_same_bits_for_any_threads(void **state)
{
    (void)state;
    for (size_t c = 0; c < HYT_LEN(large); c++) {
        size_t n;

        hyt_threads_set(1);
        float *one = run(&large[c], &n);
        for (int threads = 2; threads <= 3; threads++) {
            hyt_threads_set(threads);
            float *many = run(&large[c], &n);
            if (memcmp(one, many, n * sizeof(float)) != 0)
                fail_msg("%s: %d threads differ", large[c].s.name, threads);
            free(many);
        }
        free(one);
    }
}

/* --- rows alone and in a batch ------------------------------------------- */

static void test_matmul_rows_alone(void **state)
{
    const size_t Ts[] = {2, 3, 4, 5, 7, 8, 31, 97, 193}, T_max = 193;
    const struct {
        size_t N, K;
    } shapes[] = {{1, 1}, {5, 3}, {33, 17}, {70, 129}, {10, 2049}, {64, 64}};

    (void)state;
    for (size_t s = 0; s < HYT_LEN(shapes); s++)
        for (int bf16 = 0; bf16 < 2; bf16++) {
            size_t N = shapes[s].N, K = shapes[s].K;
            float *x = randoms(T_max * K, 5, 1), *wf = randoms(N * K, 6, 1);
            float *b = randoms(N, 7, 1);
            float *y = hyt_alloc(T_max * N, sizeof(float));
            float *alone = hyt_alloc(T_max * N, sizeof(float));
            uint16_t *wh = to_bf16(wf, N * K);
            struct hyt_weight w = {bf16 ? (void *)wh : (void *)wf,
                                   bf16 ? HYT_BF16 : HYT_F32};

            for (size_t t = 0; t < T_max; t++)
                hyt_matmul(alone + t * N, x + t * K, w, f32(b), false, 1, N, K);
            for (size_t i = 0; i < HYT_LEN(Ts); i++) {
                hyt_matmul(y, x, w, f32(b), false, Ts[i], N, K);
                assert_memory_equal(y, alone, Ts[i] * N * sizeof(float));
            }
            free(x);
            free(wf);
            free(wh);
            free(b);
            free(y);
            free(alone);
        }
}

/* bf16 weights give what their widened copies give. */
static void test_matmul_widening_is_exact(void **state)
{
    enum { T = 9, N = 21, K = 1100 };
    float *x = randoms(T * K, 8, 1), *w = randoms(N * K, 9, 1);
    float a[T * N], b[T * N];
    uint16_t *h = to_bf16(w, N * K);

    (void)state;
    hyt_widen(w, (struct hyt_weight){h, HYT_BF16}, 0, N * K);
    for (size_t t = 1; t <= T; t += 4) {
        hyt_matmul(a, x, f32(w), none, false, t, N, K);
        hyt_matmul(b, x, (struct hyt_weight){h, HYT_BF16}, none, false, t, N,
                   K);
        assert_memory_equal(a, b, t * N * sizeof(float));
    }
    free(x);
    free(w);
    free(h);
}

static void test_attention_rows_alone(void **state)
{
    const struct shape s = {.T = 100, .K = 45, .H = 6, .G = 2, .E = 24};
    const size_t n = 145, HE = 6 * 24;
    float *x = randoms(attn_nx(&s), 10, 1), *k = x + n * HE;
    struct cache c = make_cache(k, k + n * 48, &s);
    float *o = hyt_alloc(n * HE, sizeof(float)), one[6 * 24], one_lse[6];
    float *lse = hyt_alloc(n * 6, sizeof(float));

    (void)state;
    hyt_attention(o, lse, x, c.k, c.v, c.row, 0.2f, n, 6, 2, 24);
    for (size_t t = 0; t < n; t++) {
        hyt_attention(one, one_lse, x + t * HE, c.k, c.v, c.row + t, 0.2f, 1, 6,
                      2, 24);
        assert_memory_equal(one, o + t * HE, sizeof(one));
        assert_memory_equal(one_lse, lse + t * 6, sizeof(one_lse));
    }
    free_cache(c);
    free(x);
    free(o);
    free(lse);
}

/* A sequence that shares another's pages, with a copy of the page that it
 * goes on in, sees what one with pages of its own sees. */
static void test_attention_shared_pages(void **state)
{
    enum { n = 50, E = 16 };
    const struct shape s = {.T = n, .K = n, .H = 2, .G = 1, .E = E};
    float *x = randoms(attn_nx(&s), 11, 1), *k = x + 2 * n * 2 * E;
    float *v = k + 2 * n * E, a[2 * E], b[2 * E];

    (void)state;
    /* Both sequences hold the same first 49 rows, then differ. */
    memcpy(k + n * E, k, (n - 1) * E * sizeof(float));
    memcpy(v + n * E, v, (n - 1) * E * sizeof(float));
    struct cache c = make_cache(k, v, &s);
    const struct hyt_attn_row *own = &c.row[2 * n - 1];
    int32_t shared[2] = {c.row[0].page[0], own->page[2]};
    struct hyt_attn_row row = {shared, n - 1};

    hyt_kv_copy(c.k, c.v, shared[1], c.row[0].page[1], n - 1 - HYT_PAGE, 1, E);
    hyt_kv_store(c.k, c.v, k + (2 * n - 1) * E, v + (2 * n - 1) * E, &row, 1, 1,
                 E);
    hyt_attention(a, NULL, x, c.k, c.v, own, 1, 1, 2, 1, E);
    hyt_attention(b, NULL, x, c.k, c.v, &row, 1, 1, 2, 1, E);
    assert_memory_equal(a, b, sizeof(a));
    free_cache(c);
    free(x);
}

/* Tiles of the backward pass: a long sequence against the naive twin. */
static void test_attention_bwd_long(void **state)
{
    const struct op op = {
        {"attention 300", .T = 300, .K = 129, .H = 2, .G = 1, .E = 8}, ATTN};

    (void)state;
    compare(&op, "v3", "ref", 1e-3);
}

/* --- functions of one variable ------------------------------------------- */

/* Distance in units of the last place of the exact value's float. */
static double ulps(float y, double exact)
{
    int e;

    (void)frexp(exact, &e);
    return fabs((double)y - exact) / ldexp(1, e < -125 ? -149 : e - 24);
}

static void test_exp(void **state)
{
    enum { n = 1 << 16 };
    const float ends[] = {0, -INFINITY, INFINITY, 88.7f, 89, -200, NAN, -0.0f};
    float x[n / 64], y[n / 64], e[8];
    double worst = 0;

    (void)state;
    for (int i = 0; i < n; i += n / 64) {
        for (int j = 0; j < n / 64; j++)
            x[j] = (float)(-105 + (105 + 88.72) * (i + j) / n);
        hyt_exp_rows(y, x, 0, n / 64);
        for (int j = 0; j < n / 64; j++)
            worst = fmax(worst, ulps(y[j], exp((double)x[j])));
    }
    if (worst > 2)
        fail_msg("exp is %g ulp off", worst);
    hyt_exp_rows(e, ends, 0, 8);
    assert_true(e[0] == 1 && e[7] == 1);
    assert_true(e[1] == 0 && e[5] == 0);
    assert_true(isinf(e[2]) && isinf(e[4]) && isfinite(e[3]));
    assert_true(isnan(e[6]));
    hyt_exp_rows(e, ends + 3, 88.7f, 1);
    assert_true(e[0] == 1);
}

static void test_bf16(void **state)
{
    uint16_t h[3];
    float x;

    (void)state;
    for (uint32_t u = 0; u < 0x10000; u++) {
        h[0] = (uint16_t)u;
        hyt_widen(&x, (struct hyt_weight){h, HYT_BF16}, 0, 1);
        if (isnan(x))
            assert_int_equal(hyt_bf16_round(x) & 0x7fc0, 0x7fc0);
        else
            assert_int_equal(hyt_bf16_round(x), u);
    }
    assert_int_equal(hyt_bf16_round(0x1.01p0f), 0x3f80);       /* tie, down */
    assert_int_equal(hyt_bf16_round(0x1.03p0f), 0x3f82);       /* tie, up */
    assert_int_equal(hyt_bf16_round(0x1.010002p0f), 0x3f81);   /* above it */
    assert_int_equal(hyt_bf16_round(0x1.fffffep127f), 0x7f80); /* overflows */
}

static void test_rope_table(void **state)
{
    enum { n = 40, E = 16 };
    float c[n * E / 2], s[n * E / 2];

    (void)state;
    hyt_rope_table(c, s, 10000, n, E);
    for (int p = 0; p < n; p++)
        for (int i = 0; i < E / 2; i++) {
            double angle = p * pow(10000, -2.0 * i / E);

            assert_true(fabs((double)c[p * E / 2 + i] - cos(angle)) < 5e-6);
            assert_true(fabs((double)s[p * E / 2 + i] - sin(angle)) < 5e-6);
        }
}

/* A nearly certain row: entropy must not drown in the logits. */
static void test_vocab_sharp(void **state)
{
    enum { V = 3000 };
    float z[V];
    struct hyt_row_stats st;
    int32_t target = 2999;
    double s = 0, entropy = 0;

    (void)state;
    for (int v = 0; v < V; v++)
        z[v] = v == 2999 ? 118 : 100 + 0.001f * (float)v;
    for (int v = 0; v < V; v++)
        s += exp((double)z[v] - 118);
    for (int v = 0; v < V; v++) {
        double p = exp((double)z[v] - 118) / s;
        entropy -= p * log(p);
    }
    hyt_vocab_stats(&st, z, &target, 1, V, V);
    assert_true(fabs((double)st.entropy - entropy) < 1e-4 * entropy);
    assert_true(fabs(st.lse - 118 - log(s)) < 1e-7);
    target = -1;
    hyt_vocab_stats(&st, z, &target, 1, V, V);
    assert_true(st.logp == 0);
    /* The uniform distribution: certainty 0, entropy log V. */
    memset(z, 0, sizeof(z));
    hyt_vocab_stats(&st, z, &target, 1, V, V);
    assert_true(fabs((double)st.certainty) < 1e-6);
    assert_true(fabs((double)st.entropy - log(V)) < 1e-5);
}

/* --- optimizer ------------------------------------------------------------ */

static void adamw_run(float *w, uint16_t *stored, const float *g, size_t n)
{
    float *m = hyt_alloc(n, sizeof(float)), *v = hyt_alloc(n, sizeof(float));

    for (int t = 1; t <= 5; t++) {
        struct hyt_adamw a = {.lr = 0.01f,
                              .beta1 = 0.9f,
                              .beta2 = 0.95f,
                              .eps = 1e-8f,
                              .weight_decay = 0.1f,
                              .correct1 = (float)(1 - pow(0.9, t)),
                              .correct2 = (float)(1 - pow(0.95, t)),
                              .gscale = 0.5f};
        hyt_adamw_step(w, stored, m, v, g + (size_t)t, &a, n);
    }
    free(m);
    free(v);
}

static void test_adamw(void **state)
{
    enum { n = 70001 };
    float *w = randoms(n, 12, 1), *w2 = randoms(n, 12, 1);
    float *first = randoms(n, 12, 1), *g = randoms(n + 6, 13, 1);
    uint16_t *stored = hyt_alloc(n, sizeof(uint16_t));

    (void)state;
    hyt_threads_set(3);
    adamw_run(w, stored, g, n);
    for (size_t i = 0; i < n; i++) {
        double x = (double)first[i], m = 0, v = 0;

        for (int t = 1; t <= 5; t++) {
            double d = 0.5 * (double)g[i + (size_t)t];
            m = 0.9 * m + 0.1 * d;
            v = 0.95 * v + 0.05 * d * d;
            x -= 0.01 * 0.1 * x;
            x -= 0.01 * (m / (1 - pow(0.9, t))) /
                 (sqrt(v / (1 - pow(0.95, t))) + 1e-8);
        }
        assert_true(fabs((double)w[i] - x) < 1e-6 * (1 + fabs(x)));
        assert_int_equal(stored[i], hyt_bf16_round(w[i]));
    }
    assert_int_equal(hyt_kern_select("base"), 0);
    adamw_run(w2, NULL, g, n);
    assert_memory_equal(w, w2, n * sizeof(float));
    double base = hyt_sum_squares(g, n);
    select_best();
    assert_true(hyt_sum_squares(g, n) == base);
    hyt_threads_set(1);
    assert_true(hyt_sum_squares(g, n) == base);
    assert_int_equal(hyt_kern_select("ref"), 0);
    assert_true(fabs(hyt_sum_squares(g, n) / base - 1) < 1e-12);
    select_best();
    free(w);
    free(w2);
    free(first);
    free(g);
    free(stored);
}

/* --- threads and choice of implementation --------------------------------- */

static void count(void *ctx, size_t i)
{
    atomic_fetch_add((atomic_int *)ctx + i, 1);
}

static void nested(void *ctx, size_t i)
{
    hyt_parallel_for(10, count, (atomic_int *)ctx + 10 * i);
}

static void test_parallel_for(void **state)
{
    static atomic_int seen[1000];

    (void)state;
    for (int threads = 1; threads <= 4; threads++) {
        hyt_threads_set(threads);
        assert_int_equal(hyt_threads(), threads);
        for (size_t n = 0; n <= 1000; n += n < 10 ? 1 : 55) {
            memset(seen, 0, sizeof(seen));
            hyt_parallel_for(n, count, seen);
            for (size_t i = 0; i < 1000; i++)
                assert_int_equal(seen[i], i < n);
        }
        memset(seen, 0, sizeof(seen));
        hyt_parallel_for(100, nested, seen);
        for (size_t i = 0; i < 1000; i++)
            assert_int_equal(seen[i], 1);
        hyt_threads_stop();
    }
}

static void test_select(void **state)
{
    struct hyt_err err = {0};

    (void)state;
    assert_int_equal(hyt_kern_select("fast"), -1);
    assert_int_equal(hyt_kern_select("base"), 0);
    assert_string_equal(hyt_kern_name(), "base");
    assert_int_equal(setenv("HYT_KERN", "ref", 1), 0);
    assert_int_equal(hyt_kern_check(&err), 0);
    assert_int_equal(hyt_kern_select(NULL), 0);
    assert_string_equal(hyt_kern_name(), "ref");
    assert_int_equal(setenv("HYT_KERN", "avx9", 1), 0);
    assert_int_equal(hyt_kern_check(&err), -1);
    assert_non_null(strstr(err.msg, "avx9"));
    assert_int_equal(unsetenv("HYT_KERN"), 0);
    assert_int_equal(hyt_kern_check(&err), 0);
    select_best();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parallel_for),
        cmocka_unit_test(test_select),
        cmocka_unit_test(test_exp),
        cmocka_unit_test(test_bf16),
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_same_bits_on_every_isa),
        cmocka_unit_test(test_same_bits_for_any_threads),
        cmocka_unit_test(test_matmul_rows_alone),
        cmocka_unit_test(test_matmul_widening_is_exact),
        cmocka_unit_test(test_attention_rows_alone),
        cmocka_unit_test(test_attention_shared_pages),
        cmocka_unit_test(test_attention_bwd_long),
        cmocka_unit_test(test_rope_table),
        cmocka_unit_test(test_vocab_sharp),
        cmocka_unit_test(test_adamw),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
