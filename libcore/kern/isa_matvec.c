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

/*
 * A line is asked for twice: to come to the second-level cache, FAR bytes after
 * the rows at hand, in the order of addresses, in which memory gives most; and
 * from there to the first, NEAR bytes ahead in its row or the next.  A core has
 * few places for lines on their way to the first, and from memory each is taken
 * for long.
 */
enum { FAR = 8 << 10, NEAR = 1 << 10, LINE = 64 };

/* Rows side by side.  Of bf16 a row's chain of additions has less to do in the
 * time in which as many bytes arrive, so there are more. */
enum { ROWS = 2, ROWS_BF16 = 4 };

/* sum_j = w_j . x for `rows` rows; `far`: what comes to the second level. */
VEC_INLINE void dot_rows(float *sum, const float *x, struct hyt_weight w,
                         const char *far, enum hyt_dtype type, int rows,
                         size_t K)
{
    const size_t size = type == HYT_BF16 ? 2 : 4, line = LINE / size;
    struct hyt_weight row[ROWS_BF16];
    v8 a[ROWS_BF16];
    size_t k = 0;

    for (int j = 0; j < rows; j++) {
        row[j] = hyt_weight_at(w, (size_t)j * K);
        a[j] = v8_set(0);
    }
    for (; k + line <= K; k += line) {
        for (int j = 0; j < rows; j++, far += LINE) {
            __builtin_prefetch(far, 0, 2);
            __builtin_prefetch((const char *)row[j].p + k * size + NEAR, 0, 3);
        }
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

/* The same of the first of N rows that are left; how many.  next: what the
 * thread reads after them. */
VEC_INLINE size_t dot_some(float *sum, const float *x, struct hyt_weight w,
                           const char *next, enum hyt_dtype type, size_t N,
                           size_t K)
{
    const int most = type == HYT_BF16 ? ROWS_BF16 : ROWS;
    const int rows = N < (size_t)most ? 1 : most;
    const size_t row = K * (type == HYT_BF16 ? 2 : 4);
    const size_t left = N * row, before = (size_t)rows * row + FAR;
    const char *far = w.p;

    if (left > before)
        far += before;
    else if (next)
        far = next + (before - left);
    if (rows == most)
        dot_rows(sum, x, w, far, type, most, K);
    else
        dot_rows(sum, x, w, far, type, 1, K);
    return (size_t)rows;
}

void HYT_KERN_FN(matvec)(float *y, const float *x, struct hyt_weight w,
                         const void *next, struct hyt_weight b, bool add,
                         size_t N, size_t K)
{
    for (size_t n = 0, rows; n < N; n += rows) {
        const struct hyt_weight wn = hyt_weight_at(w, n * K);
        float sum[ROWS_BF16];

        if (w.t == HYT_BF16)
            rows = dot_some(sum, x, wn, next, HYT_BF16, N - n, K);
        else
            rows = dot_some(sum, x, wn, next, HYT_F32, N - n, K);
        for (size_t j = 0; j < rows; j++) {
            if (b.p)
                sum[j] += v8_load_weight(b, n + j, 1)[0];
            y[n + j] = add ? y[n + j] + sum[j] : sum[j];
        }
    }
}

#endif
