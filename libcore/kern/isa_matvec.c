/* SPDX-License-Identifier: MIT */
/*
 * isa_matvec.c - the matrix product of a single row, limited by reading w
 *
 *     y_n = sum_k x_k w_nk + b_n                        (add: y_n += …)
 *
 * y [N]  x [K]  w [N,K] as stored  b [N]
 *
 * The chains of isa_matmul.c, so the same bits.  One thread reads its rows of
 * w from end to end and asks for each line long before it is used; the
 * processor's own look-ahead stops at the end of a page of memory.
 */
#include "kern/ops.h"
#include "kern/vec.h"

#ifdef HYT_ISA_ref

void HYT_KERN_FN(matvec)(float *y, const float *x, struct hyt_weight w,
                         const void *next, struct hyt_weight b, bool add,
                         size_t N, size_t K)
{
    HYT_KERN_FN(matmul)(y, N, x, K, w, next, b, add, 1, N, K);
}

#else

/* Bytes between what is asked for and what is used.  Lines are asked for in
 * the order of their addresses, not of their use: memory gives a third more. */
enum { AHEAD = 8 << 10, LINE = 64 };

/* sum_j = w_j . x for `rows` rows; `ahead` is what comes so much later. */
VEC_INLINE void dot_rows(float *sum, const float *x, struct hyt_weight w,
                         const char *ahead, enum hyt_dtype type, int rows,
                         size_t K)
{
    const size_t size = type == HYT_BF16 ? 2 : 4, line = LINE / size;
    struct hyt_weight row[2] = {w, hyt_weight_at(w, K)};
    size_t k = 0;
    v8 a[2] = {v8_set(0), v8_set(0)};

    for (; k + line <= K; k += line) {
        for (int j = 0; j < rows; j++)
            __builtin_prefetch(ahead + j * LINE);
        ahead += rows * LINE;
        for (size_t i = k; i < k + line; i += 8)
            for (int j = 0; j < rows; j++)
                a[j] = v8_fma(v8_load(x + i),
                              type == HYT_BF16
                                  ? v8_load_bf16((const uint16_t *)row[j].p + i)
                                  : v8_load((const float *)row[j].p + i),
                              a[j]);
    }
    for (size_t n; k < K; k += n) {
        n = hyt_min_size(8, K - k);
        for (int j = 0; j < rows; j++)
            a[j] =
                v8_fma(v8_load_n(x + k, n), v8_load_weight(row[j], k, n), a[j]);
    }
    for (int j = 0; j < rows; j++)
        sum[j] = v8_sum(a[j]);
}

void HYT_KERN_FN(matvec)(float *y, const float *x, struct hyt_weight w,
                         const void *next, struct hyt_weight b, bool add,
                         size_t N, size_t K)
{
    size_t row_bytes = K * (w.t == HYT_BF16 ? 2 : 4), rows;

    for (size_t n = 0; n < N; n += rows) {
        struct hyt_weight wn = hyt_weight_at(w, n * K);
        size_t left = (N - n) * row_bytes;
        const char *ahead = (const char *)wn.p + AHEAD;
        float sum[2];

        /* At the end of w the thread's next rows are asked for. */
        if (left <= AHEAD)
            ahead = next ? (const char *)next + (AHEAD - left) : wn.p;
        rows = N - n >= 2 ? 2 : 1;
        if (w.t == HYT_BF16 && rows == 2)
            dot_rows(sum, x, wn, ahead, HYT_BF16, 2, K);
        else if (w.t == HYT_BF16)
            dot_rows(sum, x, wn, ahead, HYT_BF16, 1, K);
        else if (rows == 2)
            dot_rows(sum, x, wn, ahead, HYT_F32, 2, K);
        else
            dot_rows(sum, x, wn, ahead, HYT_F32, 1, K);
        for (size_t j = 0; j < rows; j++) {
            if (b.p)
                sum[j] += v8_load_weight(b, n + j, 1)[0];
            y[n + j] = add ? y[n + j] + sum[j] : sum[j];
        }
    }
}

#endif
