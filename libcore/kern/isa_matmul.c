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
#include "kern/vec.h"

#ifdef HYT_ISA_ref

void HYT_KERN_FN(widen)(float *dst, struct hyt_weight w, size_t i, size_t n)
{
    for (size_t j = 0; j < n; j++)
        dst[j] = v8_load_weight(w, i + j, 1)[0];
}

void HYT_KERN_FN(matmul)(float *y, size_t ldy, const float *x,
                         struct hyt_weight w, struct hyt_weight b, bool add,
                         size_t T, size_t N, size_t K)
{
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

/* Register tile: MR rows of x by NR rows of w, twelve accumulators.  A column
 * of tiles goes over at most MB rows of x, KB of k at a time, so that the
 * widened weights and the accumulators between two blocks of k stay in the
 * first-level cache, and the rows of x in the second.  Results are gathered
 * in strips: rows of y can be a power of two apart, and stores of four
 * columns would meet in one set of the cache. */
enum { MR = 3, NR = 4, KB = 1024, STRIP = 32 };
enum { MB_MIN = 24, MB = 96, L2_BYTES = 512 << 10 };

/* From this many rows on, widening the weights first pays. */
enum { WIDEN_ROWS = 6 };

/* acc[i][j] += lanes of sum_k x_ik w_jk, k = 0 … K-1, K a multiple of 8. */
VEC_INLINE void dot_tile(v8 acc[][NR], const float *x, size_t ldx,
                         const struct hyt_weight w[NR], enum hyt_dtype type,
                         int rows, size_t K)
{
    v8 a[MR][NR], b[NR];

    for (int i = 0; i < rows; i++)
        for (int j = 0; j < NR; j++)
            a[i][j] = acc[i][j];
    for (size_t k = 0; k < K; k += 8) {
        for (int j = 0; j < NR; j++)
            b[j] = type == HYT_BF16 ? v8_load_bf16((const uint16_t *)w[j].p + k)
                                    : v8_load((const float *)w[j].p + k);
        for (int i = 0; i < rows; i++) {
            v8 xi = v8_load(x + (size_t)i * ldx + k);

            for (int j = 0; j < NR; j++)
                a[i][j] = v8_fma(xi, b[j], a[i][j]);
        }
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < NR; j++)
            acc[i][j] = a[i][j];
}

/* The same for the last n < 8 elements of k, at element k. */
static void dot_tail(v8 acc[][NR], const float *x, size_t ldx,
                     const struct hyt_weight w[NR], size_t rows, size_t k,
                     size_t n)
{
    for (size_t i = 0; i < rows; i++) {
        v8 xi = v8_load_n(x + i * ldx + k, n);

        for (int j = 0; j < NR; j++)
            acc[i][j] = v8_fma(xi, v8_load_weight(w[j], k, n), acc[i][j]);
    }
}

/* Each tile with its sizes known to the compiler; bf16 needs registers to
 * widen in, so only two rows fit. */
static void dot_rows(v8 acc[][NR], const float *x, size_t ldx,
                     const struct hyt_weight w[NR], size_t rows, size_t K)
{
    size_t even = K / 8 * 8;

    if (w[0].t == HYT_BF16 && rows == 2)
        dot_tile(acc, x, ldx, w, HYT_BF16, 2, even);
    else if (w[0].t == HYT_BF16)
        dot_tile(acc, x, ldx, w, HYT_BF16, 1, even);
    else if (rows == 3)
        dot_tile(acc, x, ldx, w, HYT_F32, 3, even);
    else if (rows == 2)
        dot_tile(acc, x, ldx, w, HYT_F32, 2, even);
    else
        dot_tile(acc, x, ldx, w, HYT_F32, 1, even);
    if (even < K)
        dot_tail(acc, x, ldx, w, rows, even, K - even);
}

/* Asks for a share of the next NR rows of w, elements k … k+n-1, while the
 * rows i … i+rows-1 of M are computed: where weights come from memory, they
 * come ahead of their use. */
VEC_INLINE void fetch_ahead(const struct hyt_weight w[NR], size_t k, size_t n,
                            size_t ldw, size_t i, size_t rows, size_t M)
{
    size_t begin = n * i / M, end = n * (i + rows) / M;

    for (size_t j = 0; j < NR; j++) {
        const char *p = hyt_weight_at(w[j], NR * ldw + k + begin).p;
        size_t bytes = (end - begin) * (w[j].t == HYT_BF16 ? 2 : 4);

        for (size_t at = 0; at < bytes; at += 64)
            __builtin_prefetch(p + at);
    }
}

/* Dot products of M <= MB rows of x with NR rows of w, as lanes. */
static void dot_column(v8 acc[][NR], const float *x,
                       const struct hyt_weight w[NR], bool ahead, size_t M,
                       size_t K)
{
    float wide[NR][KB];
    struct hyt_weight part[NR];
    bool widen = w[0].t == HYT_BF16 && M >= WIDEN_ROWS;
    size_t step = M >= WIDEN_ROWS ? KB : K;

    memset(acc, 0, M * sizeof(acc[0]));
    for (size_t k = 0; k < K; k += step) {
        size_t n = hyt_min_size(step, K - k), rows;

        for (int j = 0; j < NR; j++) {
            part[j] = hyt_weight_at(w[j], k);
            if (widen) {
                HYT_KERN_FN(widen)(wide[j], w[j], k, n);
                part[j] = (struct hyt_weight){wide[j], HYT_F32};
            }
        }
        for (size_t i = 0; i < M; i += rows) {
            rows = hyt_min_size(part[0].t == HYT_BF16 ? 2 : MR, M - i);
            if (M - i == 4)
                rows = 2;
            if (ahead)
                fetch_ahead(w, k, n, K, i, rows, M);
            dot_rows(acc + i, x + i * K + k, K, part, rows, n);
        }
    }
}

/* Adds the lanes of M rows up: columns n … n+NR-1 of `out`. */
static void finish(float out[][STRIP], v8 acc[][NR], struct hyt_weight b,
                   size_t M, size_t n, size_t cols)
{
    v8 bias = b.p ? v8_load_weight(b, 0, cols) : v8_set(0);

    for (size_t i = 0; i < M; i++) {
        v4 s = v8_sum4(acc[i][0], acc[i][1], acc[i][2], acc[i][3]);

        if (b.p)
            s += __builtin_shufflevector(bias, bias, 0, 1, 2, 3);
        memcpy(out[i] + n, &s, sizeof(s));
    }
}

/* y = out, or y += out: [M,N], N <= STRIP */
static void write_out(float *y, size_t ldy, float out[][STRIP], bool add,
                      size_t M, size_t N)
{
    for (size_t i = 0; i < M; i++, y += ldy)
        for (size_t n = 0; n < N; n += 8) {
            size_t cols = hyt_min_size(8, N - n);
            v8 s = v8_load_n(out[i] + n, cols);

            v8_store_n(y + n, add ? v8_load_n(y + n, cols) + s : s, cols);
        }
}

void HYT_KERN_FN(matmul)(float *y, size_t ldy, const float *x,
                         struct hyt_weight w, struct hyt_weight b, bool add,
                         size_t T, size_t N, size_t K)
{
    v8 acc[MB][NR];
    float out[MB][STRIP];
    size_t fit = L2_BYTES / (sizeof(float) * (K + 1)) / MR * MR;
    size_t block = fit < MB_MIN ? MB_MIN : hyt_min_size(fit, MB);

    for (size_t t = 0; t < T; t += block)
        for (size_t strip = 0; strip < N; strip += STRIP) {
            size_t M = hyt_min_size(block, T - t);
            size_t end = hyt_min_size(STRIP, N - strip);

            for (size_t n = 0; n < end; n += NR) {
                size_t at = strip + n, cols = hyt_min_size(NR, end - n);
                struct hyt_weight row[NR];

                /* After the last row of w it stands in again, unused. */
                for (size_t j = 0; j < NR; j++)
                    row[j] = hyt_weight_at(w, hyt_min_size(at + j, N - 1) * K);
                dot_column(acc, x + t * K, row, at + 2 * NR <= N, M, K);
                finish(out, acc, hyt_weight_at(b, at), M, n, cols);
            }
            write_out(y + t * ldy + strip, ldy, out, add, M, end);
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
