/* SPDX-License-Identifier: MIT */
/*
 * isa_swiglu.c - SwiGLU (Shazeer 2020), element by element
 *
 *     h = silu(g) u,   silu(g) = g σ(g),   σ(g) = 1 / (1 + exp(-g))
 *
 *     dg = dh u (σ(g) (1 + g (1 - σ(g))))       du = dh silu(g)
 *
 * h and dg may be g, du may be u.
 */
#include "kern/ops.h"
#include "kern/vec.h"

#ifdef HYT_ISA_ref

void HYT_KERN_FN(swiglu)(float *h, const float *g, const float *u, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h[i] =
            (float)((double)g[i] / (1 + hyt_exp(-(double)g[i])) * (double)u[i]);
}

void HYT_KERN_FN(swiglu_bwd)(float *dg, float *du, const float *dh,
                             const float *g, const float *u, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double gi = (double)g[i], ui = (double)u[i], d = (double)dh[i];
        double sigma = 1 / (1 + hyt_exp(-gi));

        dg[i] = (float)(d * ui * sigma * (1 + gi * (1 - sigma)));
        du[i] = (float)(d * gi * sigma);
    }
}

#else

VEC_INLINE v8 forward(v8 g, v8 u)
{
    return g / (1.0f + v8_exp(-g)) * u;
}

void HYT_KERN_FN(swiglu)(float *h, const float *g, const float *u, size_t n)
{
    size_t i;

    for (i = 0; i + 8 <= n; i += 8)
        v8_store(h + i, forward(v8_load(g + i), v8_load(u + i)));
    v8_store_n(h + i, forward(v8_load_n(g + i, n - i), v8_load_n(u + i, n - i)),
               n - i);
}

VEC_INLINE void backward(float *dg, float *du, const float *dh, const float *g,
                         const float *u, size_t n)
{
    v8 gi = v8_load_n(g, n), ui = v8_load_n(u, n), d = v8_load_n(dh, n);
    v8 sigma = 1.0f / (1.0f + v8_exp(-gi));
    v8 slope = sigma * v8_fma(gi, 1.0f - sigma, v8_set(1));

    v8_store_n(dg, d * ui * slope, n);
    v8_store_n(du, d * (gi * sigma), n);
}

void HYT_KERN_FN(swiglu_bwd)(float *dg, float *du, const float *dh,
                             const float *g, const float *u, size_t n)
{
    size_t i;

    for (i = 0; i + 8 <= n; i += 8)
        backward(dg + i, du + i, dh + i, g + i, u + i, 8);
    backward(dg + i, du + i, dh + i, g + i, u + i, n - i);
}

#endif
