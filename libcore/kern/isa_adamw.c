/* SPDX-License-Identifier: MIT */
/*
 * isa_adamw.c - AdamW (Loshchilov & Hutter 2019), and the gradient's norm
 *
 *     m <- b1 m + (1-b1) g          v <- b2 v + (1-b2) g^2
 *     w <- w (1 - lr wd) - lr (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + eps)
 *
 * g is scaled by gscale first.  w is the float weight, or the master of a half
 * weight, which is then rounded into `stored`.
 */
#include "kern/ops.h"
#include "kern/vec.h"

#ifdef HYT_ISA_ref

void HYT_KERN_FN(adamw)(float *w, uint16_t *stored, float *m, float *v,
                        const float *g, const struct hyt_adamw *a, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float gi = g[i] * a->gscale;

        m[i] = a->beta1 * m[i] + (1 - a->beta1) * gi;
        v[i] = a->beta2 * v[i] + (1 - a->beta2) * gi * gi;
        float step = m[i] / a->correct1 / (sqrtf(v[i] / a->correct2) + a->eps);
        w[i] = w[i] * (1 - a->lr * a->weight_decay) - a->lr * step;
        if (stored)
            stored[i] = a->half ? hyt_f16_round(w[i]) : hyt_bf16_round(w[i]);
    }
}

double HYT_KERN_FN(sum_squares)(const float *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

#else

VEC_INLINE void step(float *w, uint16_t *stored, float *m, float *v,
                     const float *g, const struct hyt_adamw *a, size_t n)
{
    v8 gi = v8_load_n(g, n) * a->gscale;
    v8 mi = v8_fma(v8_set(a->beta1), v8_load_n(m, n), (1 - a->beta1) * gi);
    v8 vi =
        v8_fma(v8_set(a->beta2), v8_load_n(v, n), (1 - a->beta2) * (gi * gi));
    v8 change = mi / a->correct1 / (v8_sqrt(vi / a->correct2) + a->eps);
    v8 wi = v8_fma(v8_set(-a->lr), change,
                   v8_load_n(w, n) * (1 - a->lr * a->weight_decay));

    v8_store_n(m, mi, n);
    v8_store_n(v, vi, n);
    v8_store_n(w, wi, n);
    if (stored && a->half)
        for (size_t l = 0; l < n; l++)
            stored[l] = hyt_f16_round(wi[l]);
    else if (stored)
        v8_store_bf16_n(stored, wi, n);
}

void HYT_KERN_FN(adamw)(float *w, uint16_t *stored, float *m, float *v,
                        const float *g, const struct hyt_adamw *a, size_t n)
{
    size_t i;

    for (i = 0; i + 8 <= n; i += 8)
        step(w + i, stored ? stored + i : NULL, m + i, v + i, g + i, a, 8);
    step(w + i, stored ? stored + i : NULL, m + i, v + i, g + i, a, n - i);
}

/* A core alone does not ask for enough of what comes. */
enum { AHEAD = 1024 };

double HYT_KERN_FN(sum_squares)(const float *x, size_t n)
{
    double lane[8] = {0};
    size_t i;

    for (i = 0; i + 8 <= n; i += 8) {
        __builtin_prefetch(x + i + AHEAD);
        for (size_t l = 0; l < 8; l++)
            lane[l] += (double)x[i + l] * (double)x[i + l];
    }
    for (size_t l = 0; i + l < n; l++)
        lane[l] += (double)x[i + l] * (double)x[i + l];
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

#endif
