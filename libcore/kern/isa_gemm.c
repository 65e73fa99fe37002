/* SPDX-License-Identifier: MIT */
/*
 * isa_gemm.c - one tile of the products of the backward pass
 *
 *     c_ij = (c_ij +) sum_l a_il b_lj
 *
 * c [m,n]  a [m,k]  b [k,n], row-major with the given distances of rows; ta,
 * tb: the operand is stored transposed.
 *
 * After Goto & van de Geijn 2008: a block of a and a strip of b are copied
 * into panels, so that the innermost loop reads both in order.  An element
 * is one chain of fused multiply-adds along l in each block of KC, and the
 * blocks are added in order: its bits do not depend on tiles.
 */
#include "kern/ops.h"
#include "kern/vec.h"

#ifdef HYT_ISA_ref

void HYT_KERN_FN(gemm)(float *c, size_t ldc, const float *a, size_t lda,
                       bool ta, struct hyt_weight b, size_t ldb, bool tb,
                       bool add, size_t m, size_t n, size_t k)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = add ? (double)c[i * ldc + j] : 0;

            for (size_t l = 0; l < k; l++) {
                size_t at = tb ? j * ldb + l : l * ldb + j;
                float ail = ta ? a[l * lda + i] : a[i * lda + l];

                sum += (double)ail * (double)v8_load_weight(b, at, 1)[0];
            }
            c[i * ldc + j] = (float)sum;
        }
}

#else

/* Register tile MR x NR (twelve accumulators); a block of a (MC x KC) stays in
 * the second-level cache, a strip of b (KC x NR) in the first. */
enum { MR = 6, NR = 16, MC = 96, KC = 256 };

/* Panels of MR rows, l first; rows past the end are zero. */
static void pack_a(float *pack, const float *a, size_t lda, bool ta, size_t m,
                   size_t k)
{
    for (size_t i = 0; i < m; i += MR) {
        size_t rows = hyt_min_size(MR, m - i);

        if (rows < MR)
            memset(pack, 0, MR * k * sizeof(float));
        for (size_t l = 0; l < k; l++)
            for (size_t r = 0; r < rows; r++)
                pack[l * MR + r] =
                    ta ? a[l * lda + i + r] : a[(i + r) * lda + l];
        pack += MR * k;
    }
}

/* One strip of NR columns, l first, widened; columns past the end are zero. */
static void pack_b(float *pack, struct hyt_weight b, size_t ldb, bool tb,
                   size_t n, size_t k)
{
    if (n < NR)
        memset(pack, 0, NR * k * sizeof(float));
    if (tb) {
        for (size_t j = 0; j < n; j++)
            for (size_t l = 0; l < k; l++)
                pack[l * NR + j] = v8_load_weight(b, j * ldb + l, 1)[0];
        return;
    }
    for (size_t l = 0; l < k; l++, pack += NR) {
        if (n == NR) {
            v8_store(pack, v8_load_weight(b, l * ldb, 8));
            v8_store(pack + 8, v8_load_weight(b, l * ldb + 8, 8));
        } else {
            HYT_KERN_FN(widen)(pack, b, l * ldb, n);
        }
    }
}

/* c (+)= a b for one register tile, of which m x n exist. */
static void multiply(float *c, size_t ldc, const float *a, const float *b,
                     bool add, size_t m, size_t n, size_t k)
{
    v8 sum[MR][2];

    for (int i = 0; i < MR; i++)
        sum[i][0] = sum[i][1] = v8_set(0);
    for (size_t l = 0; l < k; l++, a += MR, b += NR) {
        v8 b0 = v8_load(b), b1 = v8_load(b + 8);

        for (int i = 0; i < MR; i++) {
            v8 ai = v8_set(a[i]);

            sum[i][0] = v8_fma(ai, b0, sum[i][0]);
            sum[i][1] = v8_fma(ai, b1, sum[i][1]);
        }
    }
    size_t left = hyt_min_size(8, n), right = n - left;
    for (size_t i = 0; i < m; i++, c += ldc) {
        v8 c0 = add ? v8_load_n(c, left) : v8_set(0);
        v8 c1 = add ? v8_load_n(c + left, right) : v8_set(0);

        v8_store_n(c, c0 + sum[i][0], left);
        v8_store_n(c + left, c1 + sum[i][1], right);
    }
}

void HYT_KERN_FN(gemm)(float *c, size_t ldc, const float *a, size_t lda,
                       bool ta, struct hyt_weight b, size_t ldb, bool tb,
                       bool add, size_t m, size_t n, size_t k)
{
    float a_pack[MC * KC], b_pack[KC * NR];

    for (size_t i = 0; i < m; i += MC) {
        size_t mc = hyt_min_size(MC, m - i);

        for (size_t l = 0; l < k; l += KC) {
            size_t kc = hyt_min_size(KC, k - l);

            pack_a(a_pack, ta ? a + l * lda + i : a + i * lda + l, lda, ta, mc,
                   kc);
            for (size_t j = 0; j < n; j += NR) {
                size_t cols = hyt_min_size(NR, n - j);
                size_t at = tb ? j * ldb + l : l * ldb + j;

                pack_b(b_pack, hyt_weight_at(b, at), ldb, tb, cols, kc);
                for (size_t r = 0; r < mc; r += MR)
                    multiply(c + (i + r) * ldc + j, ldc, a_pack + r * kc,
                             b_pack, add || l > 0, hyt_min_size(MR, mc - r),
                             cols, kc);
            }
        }
    }
}

#endif
