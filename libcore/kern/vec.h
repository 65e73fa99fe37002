/* SPDX-License-Identifier: MIT */
/*
 * vec.h - eight float lanes, the same bits on every machine
 *
 * GCC vector extensions carry the arithmetic; the few operations that they
 * lack have an AVX2 form and a portable form that must agree to the bit.  In
 * particular v8_fma() is a true fused multiply-add in both.
 */
#ifndef HYT_KERN_VEC_H
#define HYT_KERN_VEC_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "hyt/kern.h"

#if defined(__AVX2__) && defined(__FMA__)
#    include <immintrin.h>
#    define HYT_VEC_AVX2 1
#else
#    define HYT_VEC_AVX2 0
#endif
#if HYT_VEC_AVX2 && defined(__AVX512F__) && defined(__AVX512DQ__)
#    define HYT_VEC_AVX512 1
#else
#    define HYT_VEC_AVX512 0
#endif

#if defined(__aarch64__) && defined(HYT_ISA_neon)
#    include <arm_neon.h>
#    define HYT_VEC_NEON 1
#else
#    define HYT_VEC_NEON 0
#endif

/* All of these are inlined: no vector is ever passed between functions, so
 * the ABI of vector arguments does not matter. */
#pragma GCC diagnostic ignored "-Wpsabi"

#define VEC_INLINE static inline __attribute__((always_inline))

typedef float v4 __attribute__((vector_size(16)));
typedef float v8 __attribute__((vector_size(32)));
typedef int32_t v8i __attribute__((vector_size(32)));
typedef uint32_t v8u __attribute__((vector_size(32)));
typedef uint16_t v8h __attribute__((vector_size(16)));

VEC_INLINE v8 v8_set(float x)
{
    return (v8){x, x, x, x, x, x, x, x};
}

VEC_INLINE v8 v8_load(const float *p)
{
    v8 v;

    memcpy(&v, p, sizeof(v));
    return v;
}

VEC_INLINE void v8_store(float *p, v8 v)
{
    memcpy(p, &v, sizeof(v));
}

/* The first n <= 8 lanes; the others are zero. */
VEC_INLINE v8 v8_load_n(const float *p, size_t n)
{
    v8 v = {0};

    if (n == 8)
        return v8_load(p);
    memcpy(&v, p, n * sizeof(float));
    return v;
}

VEC_INLINE void v8_store_n(float *p, v8 v, size_t n)
{
    if (n == 8)
        v8_store(p, v);
    else
        memcpy(p, &v, n * sizeof(float));
}

/* bf16 is the upper half of a float: widening is exact. */
VEC_INLINE v8 v8_widen(v8h h)
{
#if HYT_VEC_AVX2
    return (v8)_mm256_slli_epi32(_mm256_cvtepu16_epi32((__m128i)h), 16);
#else
    return (v8)(__builtin_convertvector(h, v8u) << 16);
#endif
}

VEC_INLINE v8 v8_load_bf16(const uint16_t *p)
{
    v8h h;

    memcpy(&h, p, sizeof(h));
    return v8_widen(h);
}

VEC_INLINE v8 v8_load_bf16_n(const uint16_t *p, size_t n)
{
    v8h h = {0};

    if (n == 8)
        return v8_load_bf16(p);
    memcpy(&h, p, n * sizeof(uint16_t));
    return v8_widen(h);
}

/* hyt_bf16_round() of n <= 8 lanes: to nearest, ties to even; NaN, the only
 * value that differs from itself, stays NaN. */
VEC_INLINE void v8_store_bf16_n(uint16_t *p, v8 v, size_t n)
{
    v8u u = (v8u)v, nan = (v8u)(v != v);
    v8u rounded = (u + 0x7fff + ((u >> 16) & 1)) >> 16;
    v8u quiet = (u >> 16) | 0x40;
    v8h h = __builtin_convertvector((nan & quiet) | (~nan & rounded), v8h);

    if (n == 8)
        memcpy(p, &h, sizeof(h));
    else
        memcpy(p, &h, n * sizeof(uint16_t));
}

/* f16 has 5 bits of exponent, bias 15, and 10 of fraction.  Moved to their
 * place in a float they are 2^112 too small; a product with a power of two is
 * exact, subnormals included. */
VEC_INLINE v8 v8_load_f16_n(const uint16_t *p, size_t n)
{
    v8h h = {0};

    memcpy(&h, p, n * sizeof(uint16_t));
    v8u u = __builtin_convertvector(h, v8u);
    v8u size = u & 0x7fff, special = (v8u)(size >= 0x7c00) & 0x7f800000;
    v8u wide = (v8u)((v8)(size << 13) * 0x1p112f) | special;
    return (v8)(wide | (u & 0x8000) << 16);
}

/* Elements i … i+n-1 of a stored weight, n <= 8. */
VEC_INLINE v8 v8_load_weight(struct hyt_weight w, size_t i, size_t n)
{
    if (w.t == HYT_BF16)
        return v8_load_bf16_n((const uint16_t *)w.p + i, n);
    if (w.t == HYT_F16)
        return v8_load_f16_n((const uint16_t *)w.p + i, n);
    return v8_load_n((const float *)w.p + i, n);
}

VEC_INLINE v4 v8_low(v8 a)
{
    return __builtin_shufflevector(a, a, 0, 1, 2, 3);
}

VEC_INLINE v4 v8_high(v8 a)
{
    return __builtin_shufflevector(a, a, 4, 5, 6, 7);
}

VEC_INLINE v8 v8_join(v4 low, v4 high)
{
    return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
}

/* a b + c, rounded once. */
VEC_INLINE v8 v8_fma(v8 a, v8 b, v8 c)
{
#if HYT_VEC_AVX2
    return (v8)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif HYT_VEC_NEON
    return v8_join(vfmaq_f32(v8_low(c), v8_low(a), v8_low(b)),
                   vfmaq_f32(v8_high(c), v8_high(a), v8_high(b)));
#else
    v8 r;

    for (int l = 0; l < 8; l++)
        r[l] = fmaf(a[l], b[l], c[l]);
    return r;
#endif
}

/* a > b ? a : b, so b where either is NaN. */
VEC_INLINE v8 v8_max(v8 a, v8 b)
{
#if HYT_VEC_AVX2
    return (v8)_mm256_max_ps((__m256)a, (__m256)b);
#else
    v8i m = a > b;

    return (v8)((m & (v8i)a) | (~m & (v8i)b));
#endif
}

/* a < b ? a : b, so b where either is NaN. */
VEC_INLINE v8 v8_min(v8 a, v8 b)
{
#if HYT_VEC_AVX2
    return (v8)_mm256_min_ps((__m256)a, (__m256)b);
#else
    v8i m = a < b;

    return (v8)((m & (v8i)a) | (~m & (v8i)b));
#endif
}

VEC_INLINE v8 v8_sqrt(v8 a)
{
#if HYT_VEC_AVX2
    return (v8)_mm256_sqrt_ps((__m256)a);
#else
    v8 r;

    for (int l = 0; l < 8; l++)
        r[l] = sqrtf(a[l]);
    return r;
#endif
}

/* (0+4, 1+5, 2+6, 3+7) */
VEC_INLINE v4 v8_fold(v8 a)
{
    return __builtin_shufflevector(a, a, 0, 1, 2, 3) +
           __builtin_shufflevector(a, a, 4, 5, 6, 7);
}

/* The one reduction tree: ((0+4)+(2+6)) + ((1+5)+(3+7)). */
VEC_INLINE float v8_sum(v8 a)
{
    v4 s = v8_fold(a);

    return (s[0] + s[2]) + (s[1] + s[3]);
}

/* The same tree for four vectors at once. */
VEC_INLINE v4 v8_sum4(v8 a, v8 b, v8 c, v8 d)
{
    v4 fa = v8_fold(a), fb = v8_fold(b), fc = v8_fold(c), fd = v8_fold(d);
    v4 ab = __builtin_shufflevector(fa, fb, 0, 1, 4, 5) +
            __builtin_shufflevector(fa, fb, 2, 3, 6, 7);
    v4 cd = __builtin_shufflevector(fc, fd, 0, 1, 4, 5) +
            __builtin_shufflevector(fc, fd, 2, 3, 6, 7);

    return __builtin_shufflevector(ab, cd, 0, 2, 4, 6) +
           __builtin_shufflevector(ab, cd, 1, 3, 5, 7);
}

/* The largest lane of each of four vectors. */
VEC_INLINE v4 v8_max4(v8 a, v8 b, v8 c, v8 d)
{
    v8 ac = v8_max(__builtin_shufflevector(a, c, 0, 1, 2, 3, 8, 9, 10, 11),
                   __builtin_shufflevector(a, c, 4, 5, 6, 7, 12, 13, 14, 15));
    v8 bd = v8_max(__builtin_shufflevector(b, d, 0, 1, 2, 3, 8, 9, 10, 11),
                   __builtin_shufflevector(b, d, 4, 5, 6, 7, 12, 13, 14, 15));
    v8 all =
        v8_max(__builtin_shufflevector(ac, bd, 0, 1, 8, 9, 4, 5, 12, 13),
               __builtin_shufflevector(ac, bd, 2, 3, 10, 11, 6, 7, 14, 15));
    /* a a b b  c c d d */
    all =
        v8_max(all, __builtin_shufflevector(all, all, 1, 0, 3, 2, 5, 4, 7, 6));
    return __builtin_shufflevector(all, all, 0, 2, 4, 6);
}

/* Rows become columns. */
VEC_INLINE void v4_transpose(v4 a[4])
{
    v4 p = __builtin_shufflevector(a[0], a[1], 0, 4, 1, 5);
    v4 q = __builtin_shufflevector(a[0], a[1], 2, 6, 3, 7);
    v4 r = __builtin_shufflevector(a[2], a[3], 0, 4, 1, 5);
    v4 s = __builtin_shufflevector(a[2], a[3], 2, 6, 3, 7);

    a[0] = __builtin_shufflevector(p, r, 0, 1, 4, 5);
    a[1] = __builtin_shufflevector(p, r, 2, 3, 6, 7);
    a[2] = __builtin_shufflevector(q, s, 0, 1, 4, 5);
    a[3] = __builtin_shufflevector(q, s, 2, 3, 6, 7);
}

/* --- functions ------------------------------------------------------------ */

VEC_INLINE float v8_top(v8 a)
{
    a = v8_max(a, __builtin_shufflevector(a, a, 4, 5, 6, 7, 0, 1, 2, 3));
    a = v8_max(a, __builtin_shufflevector(a, a, 2, 3, 0, 1, 6, 7, 4, 5));
    a = v8_max(a, __builtin_shufflevector(a, a, 1, 0, 3, 2, 5, 4, 7, 6));
    return a[0];
}

/*
 * exp(x) = 2^n p:
 *
 *     x = n ln 2 + r, |r| <= ln(2) / 2        (Cody and Waite 1980)
 *     p = 1 + r + r^2 P(r)                    P as in Cephes' expf, S. Moshier
 *
 * For vectors V, of integers I, of either width: see vec_wide.h.
 */
#define VEC_EXP_PARTS(name, V, I, fma, set)                                    \
    VEC_INLINE V name(I *n, V x)                                               \
    {                                                                          \
        const float magic = 0x1.8p23f; /* adding it rounds to an integer */    \
                                                                               \
        V shifted = fma(x, set(0x1.715476p0f), set(magic));                    \
        V whole = shifted - magic;                                             \
        V r = fma(whole, set(-0x1.62e4p-1f), x);                               \
        r = fma(whole, set(-0x1.7f7d1cp-20f), r);                              \
                                                                               \
        V p = set(1.9875691500e-4f);                                           \
        p = fma(p, r, set(1.3981999507e-3f));                                  \
        p = fma(p, r, set(8.3334519073e-3f));                                  \
        p = fma(p, r, set(4.1665795894e-2f));                                  \
        p = fma(p, r, set(1.6666665459e-1f));                                  \
        p = fma(p, r, set(5.0000001201e-1f));                                  \
        *n = (I)shifted - (I)set(magic);                                       \
        return fma(p, r * r, r) + 1.0f;                                        \
    }
VEC_EXP_PARTS(v8_exp_parts, v8, v8i, v8_fma, v8_set)

/*
 * exp(x), at most 2 ulp off over the whole range, subnormal results included;
 * exp(0) = 1, exp(-inf) = 0, exp(88.73 …) = inf, NaN stays NaN.  2^n is applied
 * in two halves, for n from -151 to 128 leaves the range of one float's
 * exponent.
 */
#define VEC_EXP(name, V, I, parts, max, min, set)                              \
    VEC_INLINE V name(V x)                                                     \
    {                                                                          \
        I n;                                                                   \
        V p = parts(&n, max(set(-105.0f), min(set(89.0f), x)));                \
        I half = n >> 1;                                                       \
        I rest = n - half;                                                     \
                                                                               \
        return p * (V)((half + 127) << 23) * (V)((rest + 127) << 23);          \
    }
VEC_EXP(v8_exp, v8, v8i, v8_exp_parts, v8_max, v8_min, v8_set)

/*
 * tanh(x), at most 3 ulp off; NaN stays NaN.
 *
 *     |x| >= 0.625: 1 - 2 / (exp 2|x| + 1)        below: x + x^3 P(x^2)
 *
 * P as in Cephes' tanhf, S. Moshier
 */
VEC_INLINE v8 v8_tanh(v8 x)
{
    const v8i sign = {INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN,
                      INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN};
    v8 size = (v8)((v8i)x & ~sign), z = x * x;
    v8i large = size >= 0.625f;
    v8 far = 1.0f - 2.0f / (v8_exp(size + size) + 1.0f);

    v8 p = v8_set(-5.70498872745e-3f);
    p = v8_fma(p, z, v8_set(2.06390887954e-2f));
    p = v8_fma(p, z, v8_set(-5.37397155531e-2f));
    p = v8_fma(p, z, v8_set(1.33314422036e-1f));
    p = v8_fma(p, z, v8_set(-3.33332819422e-1f));
    v8 near = v8_fma(p * z, x, x);

    return (v8)((large & ((v8i)far | ((v8i)x & sign))) | (~large & (v8i)near));
}

#endif
