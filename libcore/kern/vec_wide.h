/* SPDX-License-Identifier: MIT */
/*
 * vec_wide.h - vectors as wide as the machine's registers
 *
 * Their width does not show in the bits: the lanes of a `vw` are GROUPS times
 * eight, each eight of them a v8 of its own (of another row, say), or WIDE that
 * are each on their own.
 */
#ifndef HYT_KERN_VEC_WIDE_H
#define HYT_KERN_VEC_WIDE_H

#include "kern/vec.h"

#if HYT_VEC_AVX512

enum { GROUPS = 2, WIDE = 16 };
typedef float vw __attribute__((vector_size(64)));
typedef int32_t vwi __attribute__((vector_size(64)));

VEC_INLINE vw vw_set(float x)
{
    return (vw)_mm512_set1_ps(x);
}

/* a > b ? a : b, so b where either is NaN. */
VEC_INLINE vw vw_max(vw a, vw b)
{
    return (vw)_mm512_max_ps((__m512)a, (__m512)b);
}

/* a < b ? a : b, so b where either is NaN. */
VEC_INLINE vw vw_min(vw a, vw b)
{
    return (vw)_mm512_min_ps((__m512)a, (__m512)b);
}

/* Lanes 8 i … 8 i + 7. */
VEC_INLINE v8 vw_part(vw a, int i)
{
    return i == 0 ? (v8)_mm512_castps512_ps256((__m512)a)
                  : (v8)_mm512_extractf32x8_ps((__m512)a, 1);
}

/* a b + c, rounded once, a the same in every lane. */
VEC_INLINE vw vw_fma_one(float a, vw b, vw c)
{
    return (vw)_mm512_fmadd_ps(_mm512_set1_ps(a), (__m512)b, (__m512)c);
}

/* The same eight lanes in each group. */
VEC_INLINE vw vw_repeat(v8 v)
{
    return (vw)_mm512_broadcast_f32x8((__m256)v);
}

VEC_INLINE vw vw_load_repeat(const float *p)
{
    return (vw)_mm512_broadcast_f32x8(_mm256_loadu_ps(p));
}

VEC_INLINE vw vw_fma(vw a, vw b, vw c)
{
    return (vw)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}

/* v8_fold() of each group of a and of b. */
VEC_INLINE vw vw_fold(vw a, vw b)
{
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18,
                                   19, 24, 25, 26, 27) +
           __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22,
                                   23, 28, 29, 30, 31);
}

/* s[g] = v8_sum() of group g of a, b, c, d. */
VEC_INLINE void vw_sum4(v4 *s, vw a, vw b, vw c, vw d)
{
    vw ab = vw_fold(a, b), cd = vw_fold(c, d);
    vw t = __builtin_shufflevector(ab, cd, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24,
                                   25, 12, 13, 28, 29) +
           __builtin_shufflevector(ab, cd, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11,
                                   26, 27, 14, 15, 30, 31);
    v8 sums = __builtin_shufflevector(t, t, 0, 8, 2, 10, 4, 12, 6, 14) +
              __builtin_shufflevector(t, t, 1, 9, 3, 11, 5, 13, 7, 15);

    memcpy(s, &sums, sizeof(sums));
}

#else

enum { GROUPS = 1, WIDE = 8 };
typedef v8 vw;
typedef v8i vwi;

VEC_INLINE vw vw_set(float x)
{
    return v8_set(x);
}

VEC_INLINE vw vw_max(vw a, vw b)
{
    return v8_max(a, b);
}

VEC_INLINE vw vw_min(vw a, vw b)
{
    return v8_min(a, b);
}

VEC_INLINE v8 vw_part(vw a, int i)
{
    (void)i;
    return a;
}

VEC_INLINE vw vw_fma_one(float a, vw b, vw c)
{
    return v8_fma(v8_set(a), b, c);
}

VEC_INLINE vw vw_repeat(v8 v)
{
    return v;
}

VEC_INLINE vw vw_load_repeat(const float *p)
{
    return v8_load(p);
}

VEC_INLINE vw vw_fma(vw a, vw b, vw c)
{
    return v8_fma(a, b, c);
}

VEC_INLINE void vw_sum4(v4 *s, vw a, vw b, vw c, vw d)
{
    *s = v8_sum4(a, b, c, d);
}

#endif

VEC_INLINE vw vw_load(const float *p)
{
    vw v;

    memcpy(&v, p, sizeof(v));
    return v;
}

VEC_INLINE void vw_store(float *p, vw v)
{
    memcpy(p, &v, sizeof(v));
}

/* The first n <= WIDE lanes; the others are zero. */
VEC_INLINE vw vw_load_n(const float *p, size_t n)
{
    vw v = {0};

    memcpy(&v, p, n * sizeof(float));
    return v;
}

VEC_INLINE void vw_store_n(float *p, vw v, size_t n)
{
    memcpy(p, &v, n * sizeof(float));
}

VEC_EXP_PARTS(vw_exp_parts, vw, vwi, vw_fma, vw_set)
VEC_EXP(vw_exp, vw, vwi, vw_exp_parts, vw_max, vw_min, vw_set)

/* exp(x) for x <= 0, but no less than e^-87 = 2^-126 p: for weights beside one
 * that is 1, to which less adds nothing.  The bits of v8_exp() else. */
VEC_INLINE vw vw_exp_weight(vw x)
{
    vwi n;
    vw p = vw_exp_parts(&n, vw_max(vw_set(-87.0f), x));

    return p * (vw)((n + 127) << 23);
}

#endif
