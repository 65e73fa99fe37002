/* SPDX-License-Identifier: MIT */
/*
 * isa_rmsnorm.c - RMSNorm (Zhang & Sennrich 2019, eq. 4)
 *
 *     y_ti = g_i x_ti r_t,    r_t = (mean_j x_tj^2 + eps)^(-1/2)
 *
 *     dg_i  += sum_t dy_ti x_ti r_t
 *     dx_ti += r_t (g_i dy_ti - x_ti r_t^2 mean_j g_j dy_tj x_tj)
 *
 * x, y, dx, dy [T,D]  g, dg [D]  r [T]; g is what is stored, plus `plus`
 */
#include "kern/ops.h"
#include "kern/vec.h"

#ifdef HYT_ISA_ref

void HYT_KERN_FN(rmsnorm)(float *y, float *r, const float *x,
                          struct hyt_weight g, float plus, float eps, size_t T,
                          size_t D)
{
    for (size_t t = 0; t < T; t++, x += D, y += D) {
        double sum = 0;

        for (size_t i = 0; i < D; i++)
            sum += (double)x[i] * (double)x[i];
        double scale = 1 / sqrt(sum / (double)D + (double)eps);
        for (size_t i = 0; i < D; i++)
            y[i] = (float)((double)(v8_load_weight(g, i, 1)[0] + plus) *
                           (double)x[i] * scale);
        if (r)
            r[t] = (float)scale;
    }
}

void HYT_KERN_FN(rmsnorm_bwd)(float *dx, float *dg, const float *dy,
                              const float *x, const float *r,
                              struct hyt_weight g, float plus, size_t T,
                              size_t D)
{
    for (size_t t = 0; t < T; t++, dx += D, dy += D, x += D) {
        double mean = 0, rt = (double)r[t];

        for (size_t i = 0; i < D; i++)
            mean += (double)(v8_load_weight(g, i, 1)[0] + plus) *
                    (double)dy[i] * (double)x[i] / (double)D;
        for (size_t i = 0; i < D; i++) {
            double gi = (double)(v8_load_weight(g, i, 1)[0] + plus);

            dg[i] += (float)((double)dy[i] * (double)x[i] * rt);
            dx[i] += (float)(rt * (gi * (double)dy[i] -
                                   (double)x[i] * rt * rt * mean));
        }
    }
}

#else

void HYT_KERN_FN(rmsnorm)(float *y, float *r, const float *x,
                          struct hyt_weight g, float plus, float eps, size_t T,
                          size_t D)
{
    size_t even = D / 8 * 8;

    for (size_t t = 0; t < T; t++, x += D, y += D) {
        v8 sum = v8_set(0), tail = v8_load_n(x + even, D - even);

        for (size_t i = 0; i < even; i += 8) {
            v8 xi = v8_load(x + i);
            sum = v8_fma(xi, xi, sum);
        }
        sum = v8_fma(tail, tail, sum);
        float scale = 1.0f / sqrtf(v8_sum(sum) / (float)D + eps);
        for (size_t i = 0; i < even; i += 8)
            v8_store(y + i,
                     v8_load(x + i) * scale * (v8_load_weight(g, i, 8) + plus));
        v8_store_n(y + even,
                   tail * scale * (v8_load_weight(g, even, D - even) + plus),
                   D - even);
        if (r)
            r[t] = scale;
    }
}

/* One vector's share of the backward pass of row t. */
VEC_INLINE v8 bwd_lanes(float *dg, v8 dx, v8 dy, v8 x, v8 g, float r,
                        float pull, size_t n)
{
    v8 sum = v8_fma(dy, x * r, v8_load_n(dg, n));

    v8_store_n(dg, sum, n);
    return v8_fma(v8_set(r), v8_fma(x, v8_set(-pull), g * dy), dx);
}

void HYT_KERN_FN(rmsnorm_bwd)(float *dx, float *dg, const float *dy,
                              const float *x, const float *r,
                              struct hyt_weight g, float plus, size_t T,
                              size_t D)
{
    size_t even = D / 8 * 8, rest = D - even;
    v8 gtail = v8_load_weight(g, even, rest) + plus;

    for (size_t t = 0; t < T; t++, dx += D, dy += D, x += D) {
        v8 xtail = v8_load_n(x + even, rest), sum = v8_set(0);
        v8 dytail = v8_load_n(dy + even, rest);

        for (size_t i = 0; i < even; i += 8)
            sum = v8_fma((v8_load_weight(g, i, 8) + plus) * v8_load(dy + i),
                         v8_load(x + i), sum);
        sum = v8_fma(gtail * dytail, xtail, sum);
        float pull = r[t] * r[t] * (v8_sum(sum) / (float)D);
        for (size_t i = 0; i < even; i += 8)
            v8_store(dx + i,
                     bwd_lanes(dg + i, v8_load(dx + i), v8_load(dy + i),
                               v8_load(x + i), v8_load_weight(g, i, 8) + plus,
                               r[t], pull, 8));
        v8_store_n(dx + even,
                   bwd_lanes(dg + even, v8_load_n(dx + even, rest), dytail,
                             xtail, gtail, r[t], pull, rest),
                   rest);
    }
}

#endif
