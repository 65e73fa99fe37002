/* SPDX-License-Identifier: MIT */
/*
 * isa_gemm.c - the products of the backward pass
 *
 *     c_ij = (c_ij +) sum_l a_il b_lj
 *
 * c [m,n]  a [m,k]  b [k,n], row-major with the given distances of rows; ta,
 * tb: the operand is stored transposed.
 *
 * After Goto & van de Geijn 2008: a and b are copied into panels, so that the
 * innermost loop reads both in order.  An element is one chain of fused
 * multiply-adds along l in each block of HYT_GEMM_DEPTH, and the blocks are
 * added in order: its bits depend neither on tiles nor on the width of the
 * vectors.
 */
#include "kern/ops.h"
#include "kern/vec_wide.h"

#ifdef HYT_ISA_ref

/* b as it is, widened, rows of HYT_GEMM_PANEL. */
void HYT_KERN_FN(gemm_pack)(float *pack, struct hyt_weight b, size_t ldb,
                            size_t n, size_t k)
{
    for (size_t l = 0; l < k; l++)
        HYT_KERN_FN(widen)(pack + l * HYT_GEMM_PANEL, b, l * ldb, n);
}

void HYT_KERN_FN(gemm_rows)(float *c, size_t ldc, const float *a, size_t lda,
                            bool ta, const float *pack, bool add, size_t m,
                            size_t n, size_t k)
{
    const size_t P = HYT_GEMM_PANEL;

    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            const float *b = pack + j / P * P * k + j % P;
            double sum = add ? (double)c[i * ldc + j] : 0;

            for (size_t l = 0; l < k; l++)
                sum += (double)(ta ? a[l * lda + i] : a[i * lda + l]) *
                       (double)b[l * P];
            c[i * ldc + j] = (float)sum;
        }
}

#else

/* Register tile: MR rows by NR columns, in VECS vectors. */
enum { MR = WIDE == 16 ? 8 : 4, VECS = WIDE == 16 ? 2 : 3, NR = WIDE * VECS };

_Static_assert(HYT_GEMM_PANEL % NR == 0 && HYT_GEMM_ROWS % MR == 0,
               "panels and blocks are whole tiles");

/* pack[l][0..3] = a[0..3][l], l = 0 … k-1, rows of `width` */
static void pack_four(float *pack, size_t width, const float *a, size_t lda,
                      size_t k)
{
    size_t l = 0;

    for (; l + 4 <= k; l += 4, a += 4, pack += 4 * width) {
        v4 row[4];

        for (size_t i = 0; i < 4; i++) {
            memcpy(&row[i], a + i * lda, sizeof(v4));
            if (l % 16 == 0)
                __builtin_prefetch(a + (4 + i) * lda);
        }
        v4_transpose(row);
        for (size_t i = 0; i < 4; i++)
            memcpy(pack + i * width, &row[i], sizeof(v4));
    }
    for (; l < k; l++, a++, pack += width)
        for (size_t i = 0; i < 4; i++)
            pack[i] = a[i * lda];
}

/* Panels of `width` rows, l first; rows past the end are zero. */
static void pack_rows(float *pack, size_t width, const float *a, size_t lda,
                      size_t m, size_t k)
{
    size_t i = 0;

    if (m % width != 0)
        memset(pack + m / width * width * k, 0, width * k * sizeof(float));
    for (; i + 4 <= m; i += 4)
        pack_four(pack + i / width * width * k + i % width, width, a + i * lda,
                  lda, k);
    for (; i < m; i++)
        for (size_t l = 0; l < k; l++)
            pack[i / width * width * k + i % width + l * width] =
                a[i * lda + l];
}

/* The same in panels of MR of a that is [k,m]; some at a time, in whose order
 * the cache has room. */
static void pack_transposed(float *pack, const float *a, size_t lda, size_t m,
                            size_t k)
{
    const size_t some = 32;

    if (m % MR != 0)
        memset(pack + m / MR * MR * k, 0, MR * k * sizeof(float));
    for (size_t first = 0; first < m; first += some)
        for (size_t l = 0; l < k; l++)
            for (size_t i = first; i < m && i < first + some; i += MR) {
                float *to = pack + i * k + l * MR;

                if (m - i >= MR)
                    memcpy(to, a + l * lda + i, MR * sizeof(float));
                else
                    memcpy(to, a + l * lda + i, (m - i) * sizeof(float));
            }
}

VEC_INLINE vw plus_old(vw sum, const float *c, bool add)
{
    return (add ? vw_load(c) : (vw){0}) + sum;
}

/* c (+)= a b for one register tile, of which m x n exist. */
static void multiply(float *c, size_t ldc, const float *a, const float *b,
                     bool add, size_t m, size_t n, size_t k)
{
    vw sum[MR][VECS];

    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j += 16)
            __builtin_prefetch(c + i * ldc + j, 1);
    for (int i = 0; i < MR; i++)
        for (int j = 0; j < VECS; j++)
            sum[i][j] = (vw){0};
    for (size_t l = 0; l < k; l++, a += MR, b += NR) {
        vw bl[VECS];

        for (int j = 0; j < VECS; j++)
            bl[j] = vw_load(b + j * WIDE);
        for (int i = 0; i < MR; i++)
            for (int j = 0; j < VECS; j++)
                sum[i][j] = vw_fma_one(a[i], bl[j], sum[i][j]);
    }
    if (m == MR && n == NR) {
        for (int i = 0; i < MR; i++, c += ldc)
            for (int j = 0; j < NR; j += WIDE)
                vw_store(c + j, plus_old(sum[i][j / WIDE], c + j, add));
        return;
    }
    for (size_t i = 0; i < m; i++, c += ldc) {
        float row[NR] = {0};

        memcpy(row, c, n * sizeof(float));
        for (int j = 0; j < NR; j += WIDE)
            vw_store(row + j, plus_old(sum[i][j / WIDE], row + j, add));
        memcpy(c, row, n * sizeof(float));
    }
}

/* Strips of NR columns, l first, widened; columns past the end are zero. */
void HYT_KERN_FN(gemm_pack)(float *pack, struct hyt_weight b, size_t ldb,
                            size_t n, size_t k)
{
    const size_t ahead = 6; /* rows: weights come from memory */

    if (n % NR != 0)
        memset(pack + n / NR * NR * k, 0, NR * k * sizeof(float));
    for (size_t l = 0; l < k; l++)
        for (size_t j = 0; j < n; j += NR) {
            for (size_t i = 0; i < NR; i += 16)
                __builtin_prefetch(
                    hyt_weight_at(b, (l + ahead) * ldb + j + i).p);
            HYT_KERN_FN(widen)
            (pack + j * k + l * NR, b, l * ldb + j, hyt_min_size(NR, n - j));
        }
}

/* At most HYT_GEMM_ROWS rows of c and HYT_GEMM_DEPTH along l. */
static void multiply_rows(float *c, size_t ldc, const float *a, size_t lda,
                          bool ta, const float *pack, bool add,
                          enum kern_part part, size_t m, size_t n, size_t k)
{
    float a_pack[HYT_GEMM_ROWS * HYT_GEMM_DEPTH];

    if (ta)
        pack_transposed(a_pack, a, lda, m, k);
    else
        pack_rows(a_pack, MR, a, lda, m, k);
    for (size_t j = 0; j < n; j += NR)
        for (size_t i = part == KERN_C_LOWER ? j / MR * MR : 0; i < m;
             i += MR) {
            size_t from = part == KERN_A_UPPER ? hyt_min_size(i, k) : 0;
            size_t to = part == KERN_A_LOWER ? hyt_min_size(i + MR, k) : k;

            multiply(c + i * ldc + j, ldc, a_pack + i * k + from * MR,
                     pack + j * k + from * NR, add, hyt_min_size(MR, m - i),
                     hyt_min_size(NR, n - j), to - from);
        }
}

void HYT_KERN_FN(gemm_rows)(float *c, size_t ldc, const float *a, size_t lda,
                            bool ta, const float *pack, bool add, size_t m,
                            size_t n, size_t k)
{
    multiply_rows(c, ldc, a, lda, ta, pack, add, KERN_ALL, m, n, k);
}

void HYT_KERN_FN(gemm)(float *c, size_t ldc, const float *a, size_t lda,
                       bool ta, const float *b, size_t ldb, bool tb, bool add,
                       enum kern_part part, size_t m, size_t n, size_t k)
{
    float pack[HYT_GEMM_DEPTH * HYT_GEMM_PANEL];

    for (size_t l = 0; l < k; l += HYT_GEMM_DEPTH)
        for (size_t j = 0; j < n; j += HYT_GEMM_PANEL) {
            size_t depth = hyt_min_size(HYT_GEMM_DEPTH, k - l);
            size_t cols = hyt_min_size(HYT_GEMM_PANEL, n - j);
            struct hyt_weight from = {b + l * ldb + j, HYT_F32};

            if (tb)
                pack_rows(pack, NR, b + j * ldb + l, ldb, cols, depth);
            else
                HYT_KERN_FN(gemm_pack)(pack, from, ldb, cols, depth);
            for (size_t i = 0; i < m; i += HYT_GEMM_ROWS)
                multiply_rows(c + i * ldc + j, ldc,
                              ta ? a + l * lda + i : a + i * lda + l, lda, ta,
                              pack, add || l > 0, part,
                              hyt_min_size(HYT_GEMM_ROWS, m - i), cols, depth);
        }
}

#endif
