/* SPDX-License-Identifier: MIT */
/*
 * isa_geglu.c - GEGLU (Shazeer 2020) with gelu by tanh (Hendrycks & Gimpel
 * 2016), element by element
 *
 *     h = gelu(g) u,   gelu(g) = g (1 + tanh y) / 2 = g σ(2y)
 *     2y = g (A + B g^2),   A = 2 sqrt(2/π),   B = 0.044715 A
 *
 *     dg = dh u (σ + g σ (1 - σ) (A + 3 B g^2))       du = dh gelu(g)
 *
 * h and dg may be g, du may be u.
 */
#include "kern/ops.h"
#include "kern/vec.h"

#define A 1.5957691216057308
#define B 0.07135481627260025

#ifdef HYT_ISA_ref

static double sigma(double g)
{
    return 1 / (1 + hyt_exp(-g * (A + B * g * g)));
}

void HYT_KERN_FN(geglu)(float *h, const float *g, const float *u, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h[i] = (float)((double)g[i] * sigma((double)g[i]) * (double)u[i]);
}

void HYT_KERN_FN(geglu_bwd)(float *dg, float *du, const float *dh,
                            const float *g, const float *u, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double gi = (double)g[i], d = (double)dh[i], s = sigma(gi);
        double slope = s + gi * s * (1 - s) * (A + 3 * B * gi * gi);

        dg[i] = (float)(d * (double)u[i] * slope);
        du[i] = (float)(d * gi * s);
    }
}

#else

VEC_INLINE v8 sigma(v8 g)
{
    v8 y2 = g * v8_fma(g * g, v8_set((float)B), v8_set((float)A));

    return 1.0f / (1.0f + v8_exp(-y2));
}

void HYT_KERN_FN(geglu)(float *h, const float *g, const float *u, size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        size_t m = hyt_min_size(8, n - i);
        v8 gi = v8_load_n(g + i, m);

        v8_store_n(h + i, gi * sigma(gi) * v8_load_n(u + i, m), m);
    }
}

void HYT_KERN_FN(geglu_bwd)(float *dg, float *du, const float *dh,
                            const float *g, const float *u, size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        size_t m = hyt_min_size(8, n - i);
        v8 gi = v8_load_n(g + i, m), d = v8_load_n(dh + i, m), s = sigma(gi);
        v8 rise = v8_fma(gi * gi, v8_set((float)(3 * B)), v8_set((float)A));
        v8 slope = v8_fma(gi * s * (1.0f - s), rise, s);

        v8_store_n(dg + i, d * v8_load_n(u + i, m) * slope, m);
        v8_store_n(du + i, d * (gi * s), m);
    }
}

#endif
