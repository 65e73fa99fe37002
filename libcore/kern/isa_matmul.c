/* SPDX-License-Identifier: MIT */
/*
 * isa_matmul.c - one tile of the matrix product
 *
 *     y_tn = sum_k x_tk w_nk + b_n                      (add: y_tn += …)
 *
 * y [T,N]  x [T,K]  w [N,K] as stored  b [N]; ldy: distance of y's rows.
 *
 * An element of y is one chain: eight lanes along k, fused multiply-add,
 * zeros after the end, one tree.  Tiles only decide which chains run side by
 * side, so its bits depend on its row of x and of w alone.  The backward pass
 * is in isa_gemm.c (dx, dw) and in sum_rows below (db).
 */
#include "kern/ops.h"
#include "kern/vec_wide.h"

#ifdef HYT_ISA_ref

void HYT_KERN_FN(widen)(float *dst, struct hyt_weight w, size_t i, size_t n)
{
    for (size_t j = 0; j < n; j++)
        dst[j] = v8_load_weight(w, i + j, 1)[0];
}

void HYT_KERN_FN(matmul)(float *y, size_t ldy, const float *x,
                         struct hyt_weight w, const void *next,
                         struct hyt_weight b, bool add, size_t T, size_t N,
                         size_t K)
{
    (void)next;
    for (size_t t = 0; t < T; t++)
        for (size_t n = 0; n < N; n++) {
            double sum = b.p ? v8_load_weight(b, n, 1)[0] : 0;

            for (size_t k = 0; k < K; k++)
                sum += (double)x[t * K + k] *
                       (double)v8_load_weight(w, n * K + k, 1)[0];
            y[t * ldy + n] = (float)(add ? y[t * ldy + n] + sum : sum);
        }
}

void HYT_KERN_FN(sum_rows)(float *sum, const float *x, size_t ldx, size_t T,
                           size_t N)
{
    for (size_t n = 0; n < N; n++) {
        double s = 0;

        for (size_t t = 0; t < T; t++)
            s += (double)x[t * ldx + n];
        sum[n] += (float)s;
    }
}

#else

void HYT_KERN_FN(widen)(float *dst, struct hyt_weight w, size_t i, size_t n)
{
    if (w.t == HYT_F32) {
        memcpy(dst, (const float *)w.p + i, n * sizeof(float));
        return;
    }
    for (; n >= 8; n -= 8, i += 8, dst += 8)
        v8_store(dst, v8_load_weight(w, i, 8));
    v8_store_n(dst, v8_load_weight(w, i, n), n);
}

/* Register tile: MR rows of x by NR rows of w, which lie in VECTORS registers,
 * GROUPS rows in each.  A column of tiles goes over at most MB rows of x, KB of
 * k at a time, so that the panel of weights and the accumulators between two
 * blocks of k stay in the first-level cache; but a tile begins and ends at a
 * cost, and a longer k has fewer.  Rows of the panel are not a power of two
 * apart, they would meet in its sets.
 * Results are gathered in strips: rows of y can be a power of two apart, and
 * stores of NR columns would meet in one set of the cache. */
enum { VECTORS = 4, NR = VECTORS * GROUPS, MR = GROUPS == 2 ? 6 : 3 };
enum { KB = GROUPS == 2 ? 640 : 768, MB = GROUPS == 2 ? 96 : 66, STRIP = 32 };

/* bf16 needs registers to widen in: fewer rows of x fit. */
enum { MR_BF16 = GROUPS == 2 ? 5 : 2 };

/* From this many rows of x on, packing the weights into a panel first pays. */
enum { PACK_ROWS = 6 };

/* How a tile finds its weights: in NR rows, or in a panel of VECTORS rows that
 * are widened and lie as registers hold them.  Where a register holds one row,
 * a row of floats is a panel's. */
enum layout { F32_ROWS, BF16_ROWS, PANEL };

/* Elements k … k+7 of the rows of register j. */
VEC_INLINE vw load_weights(const struct hyt_weight *w, enum layout layout,
                           int j, size_t k)
{
    v8 v[GROUPS];

    if (layout == PANEL)
        return vw_load((const float *)w[j].p + GROUPS * k);
    for (int i = 0; i < GROUPS; i++) {
        const void *row = w[GROUPS * j + i].p;

        v[i] = layout == BF16_ROWS ? v8_load_bf16((const uint16_t *)row + k)
                                   : v8_load((const float *)row + k);
    }
    return vw_join(v);
}

/* Sums of lanes: columns 0 … NR-1 of a row of the strip. */
VEC_INLINE void add_up(float *out, const vw acc[VECTORS])
{
    vw_sums s = vw_sum4(acc[0], acc[1], acc[2], acc[3]);

    memcpy(out, &s, sizeof(s));
}

/* acc[i][j] += lanes of sum_k x_ik w_jk, k = 0 … K-1, K a multiple of 8;
 * first: from 0 instead.  out: these are the last, and only their sums are
 * wanted, there. */
VEC_INLINE void dot_tile(float *out, vw acc[][VECTORS], const float *x,
                         size_t ldx, const struct hyt_weight *w,
                         enum layout layout, int rows, bool first, size_t K)
{
    vw a[MR][VECTORS], xk[MR];

    for (int i = 0; i < rows; i++)
        for (int j = 0; j < VECTORS; j++)
            a[i][j] = first ? (vw){0} : acc[i][j];
    for (size_t k = 0; k < K; k += 8) {
        for (int i = 0; i < rows; i++)
            xk[i] = vw_repeat(x + (size_t)i * ldx + k);
        for (int j = 0; j < VECTORS; j++) {
            vw wk = load_weights(w, layout, j, k);

            for (int i = 0; i < rows; i++)
                a[i][j] = vw_fma(xk[i], wk, a[i][j]);
        }
    }
    if (out) {
        for (int i = 0; i < rows; i++)
            add_up(out + i * STRIP, a[i]);
        return;
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < VECTORS; j++)
            acc[i][j] = a[i][j];
}

/* The last n < 8 elements of k, at element k, and the sums. */
static void dot_tail(float *out, vw acc[][VECTORS], const float *x, size_t ldx,
                     const struct hyt_weight w[NR], size_t rows, size_t k,
                     size_t n)
{
    for (size_t i = 0; i < rows; i++) {
        float xi[8] = {0};

        memcpy(xi, x + i * ldx + k, n * sizeof(float));
        for (int j = 0; j < VECTORS; j++) {
            v8 v[GROUPS];

            for (int g = 0; g < GROUPS; g++)
                v[g] = v8_load_weight(w[GROUPS * j + g], k, n);
            acc[i][j] = vw_fma(vw_repeat(xi), vw_join(v), acc[i][j]);
        }
        add_up(out + i * STRIP, acc[i]);
    }
}

/* Each tile with its sizes known to the compiler. */
VEC_INLINE void dot_rows_of(float *out, vw acc[][VECTORS], const float *x,
                            size_t ldx, const struct hyt_weight *w,
                            enum layout layout, size_t rows, bool first,
                            size_t K)
{
    if (rows == 1)
        dot_tile(out, acc, x, ldx, w, layout, 1, first, K);
    else if (rows == 2)
        dot_tile(out, acc, x, ldx, w, layout, 2, first, K);
    else if (rows == 3 && MR >= 3)
        dot_tile(out, acc, x, ldx, w, layout, 3, first, K);
#    if HYT_VEC_AVX512
    else if (rows == 4)
        dot_tile(out, acc, x, ldx, w, layout, 4, first, K);
    else if (rows == 5)
        dot_tile(out, acc, x, ldx, w, layout, 5, first, K);
    else
        dot_tile(out, acc, x, ldx, w, layout, 6, first, K);
#    endif
}

static void dot_rows(float *out, vw acc[][VECTORS], const float *x, size_t ldx,
                     const struct hyt_weight *w, enum layout layout,
                     size_t rows, bool first, size_t K)
{
    if (layout == PANEL)
        dot_rows_of(out, acc, x, ldx, w, PANEL, rows, first, K);
    else if (layout == BF16_ROWS)
        dot_rows_of(out, acc, x, ldx, w, BF16_ROWS, rows, first, K);
    else
        dot_rows_of(out, acc, x, ldx, w, F32_ROWS, rows, first, K);
}

/* Elements k … k+n-1 of NR rows of w as a panel; what is left over of n / 8
 * stays out. */
static void pack(float panel[][KB * GROUPS], const struct hyt_weight w[NR],
                 size_t k, size_t n)
{
    for (size_t j = 0; j < NR; j++)
        for (size_t i = 0; i + 8 <= n; i += 8)
            v8_store(panel[j / GROUPS] + GROUPS * i + 8 * (j % GROUPS),
                     v8_load_weight(w[j], k + i, 8));
}

/* Asks for n elements from k on of the next NR rows of w, while the tiles
 * before are computed: where weights come from memory, they come ahead of their
 * use. */
VEC_INLINE void fetch_ahead(struct hyt_weight next, size_t k, size_t n,
                            size_t ldw)
{
    for (size_t j = 0; j < NR; j++) {
        const char *p = hyt_weight_at(next, j * ldw + k).p;
        size_t bytes = n * (next.t == HYT_BF16 ? 2 : 4);

        for (size_t at = 0; at < bytes; at += 64)
            __builtin_prefetch(p + at);
    }
}

/* The strip's part of so many rows of y: soon written, and far apart. */
VEC_INLINE void fetch_rows(const float *y, size_t ldy, size_t rows)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t n = 0; n < STRIP; n += 16)
            __builtin_prefetch(y + i * ldy + n, 1);
}

static size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* Dot products of M <= MB rows of x with NR rows of w: columns of a strip.  y:
 * where the strip goes, if these are its last columns, or NULL. */
static void dot_column(float *out, const float *x,
                       const struct hyt_weight w[NR], struct hyt_weight next,
                       const float *y, size_t ldy, size_t M, size_t K)
{
    vw acc[MB][VECTORS];
    float panel[VECTORS][KB * GROUPS];
    struct hyt_weight part[NR];
    enum layout layout = w[0].t == HYT_BF16 ? BF16_ROWS
                         : GROUPS == 1      ? PANEL
                                            : F32_ROWS;
    bool packs = M >= PACK_ROWS && layout != PANEL;
    size_t most = layout == BF16_ROWS && !packs ? MR_BF16 : MR;
    size_t step =
        M < PACK_ROWS ? K : ceil_div(ceil_div(K, ceil_div(K, KB)), 8) * 8;
    /* Tiles of nearly as many rows: `larger` rows are in those with one more.
     * Each asks for a share of the weights to come, of whole lines. */
    size_t tiles = ceil_div(M, most), base = M / tiles;
    size_t larger = M % tiles * (base + 1);

    for (size_t k = 0; k < K; k += step) {
        size_t n = hyt_min_size(step, K - k), even = n / 8 * 8, rows;
        size_t share = ceil_div(ceil_div(n, tiles), 32) * 32;

        for (int j = 0; j < NR; j++)
            part[j] = hyt_weight_at(w[j], k);
        if (packs) {
            pack(panel, w, k, n);
            layout = PANEL;
            for (int j = 0; j < VECTORS; j++)
                part[j] = (struct hyt_weight){panel[j], HYT_F32};
        }
        for (size_t i = 0, ahead = 0; i < M; i += rows, ahead += share) {
            bool last = k + even == K;

            rows = i < larger ? base + 1 : base;
            if (next.p && ahead < n)
                fetch_ahead(next, k + ahead, hyt_min_size(share, n - ahead), K);
            if (y)
                fetch_rows(y + i * ldy, ldy, rows);
            dot_rows(last ? out + i * STRIP : NULL, acc + i, x + i * K + k, K,
                     part, layout, rows, k == 0, even);
            if (even < n)
                dot_tail(out + i * STRIP, acc + i, x + i * K, K, w, rows,
                         k + even, n - even);
        }
    }
}

/* y = out + b, or y += out + b: [M,N], N <= STRIP */
static void write_out(float *y, size_t ldy, float out[][STRIP],
                      struct hyt_weight b, bool add, size_t M, size_t N)
{
    for (size_t i = 0; i < M; i++, y += ldy)
        for (size_t n = 0; n < N; n += 8) {
            size_t cols = hyt_min_size(8, N - n);
            v8 s = v8_load_n(out[i] + n, cols);

            if (b.p)
                s += v8_load_weight(b, n, cols);
            v8_store_n(y + n, add ? v8_load_n(y + n, cols) + s : s, cols);
        }
}

void HYT_KERN_FN(matmul)(float *y, size_t ldy, const float *x,
                         struct hyt_weight w, const void *next,
                         struct hyt_weight b, bool add, size_t T, size_t N,
                         size_t K)
{
    float out[MB][STRIP];
    size_t block = ceil_div(ceil_div(T, ceil_div(T, MB)), MR) * MR;

    for (size_t t = 0; t < T; t += block)
        for (size_t strip = 0; strip < N; strip += STRIP) {
            size_t M = hyt_min_size(block, T - t);
            size_t end = hyt_min_size(STRIP, N - strip);

            for (size_t n = 0; n < end; n += NR) {
                size_t at = strip + n;
                struct hyt_weight row[NR], after = {next, w.t};

                if (at + 2 * NR <= N)
                    after = hyt_weight_at(w, (at + NR) * K);
                /* After the last row of w it stands in again, unused. */
                for (size_t j = 0; j < NR; j++)
                    row[j] = hyt_weight_at(w, hyt_min_size(at + j, N - 1) * K);
                dot_column(out[0] + n, x + t * K, row, after,
                           n + NR < end ? NULL : y + t * ldy + strip, ldy, M,
                           K);
            }
            write_out(y + t * ldy + strip, ldy, out, hyt_weight_at(b, strip),
                      add, M, end);
        }
}

/* sum_n += sum_t x_tn, t in order */
void HYT_KERN_FN(sum_rows)(float *sum, const float *x, size_t ldx, size_t T,
                           size_t N)
{
    for (size_t n = 0; n < N; n += 8) {
        size_t cols = hyt_min_size(8, N - n);
        v8 s = v8_set(0);

        for (size_t t = 0; t < T; t++)
            s += cols == 8 ? v8_load(x + t * ldx + n)
                           : v8_load_n(x + t * ldx + n, cols);
        v8_store_n(sum + n, v8_load_n(sum + n, cols) + s, cols);
    }
}

#endif
