/* SPDX-License-Identifier: MIT */
/*
 * isa_rope.c - rotary positions (Su et al. 2021), half-split layout
 *
 *     (x_i, x_(i+E/2)) <- (x_i c - x_(i+E/2) s,  x_(i+E/2) c + x_i s)
 *
 * in place on x [T,H,E]; cos, sin [n_pos,E/2]; pos [T].  sign -1 is the
 * inverse rotation, which is the backward pass.
 */
#include "kern/ops.h"
#include "kern/vec.h"

#ifdef HYT_ISA_ref

void HYT_KERN_FN(rope)(float *x, const int32_t *pos, const float *cos,
                       const float *sin, float sign, size_t T, size_t H,
                       size_t E)
{
    for (size_t t = 0; t < T; t++)
        for (size_t h = 0; h < H; h++, x += E)
            for (size_t i = 0; i < E / 2; i++) {
                size_t at = (size_t)pos[t] * (E / 2) + i;
                float c = cos[at], s = sign * sin[at];
                float a = x[i], b = x[i + E / 2];

                x[i] = a * c - b * s;
                x[i + E / 2] = b * c + a * s;
            }
}

#else

void HYT_KERN_FN(rope)(float *x, const int32_t *pos, const float *cos,
                       const float *sin, float sign, size_t T, size_t H,
                       size_t E)
{
    size_t half = E / 2;

    for (size_t t = 0; t < T; t++) {
        const float *ct = cos + (size_t)pos[t] * half;
        const float *st = sin + (size_t)pos[t] * half;

        for (size_t h = 0; h < H; h++, x += E)
            for (size_t i = 0; i < half; i += 8) {
                size_t n = hyt_min_size(8, half - i);
                v8 c = v8_load_n(ct + i, n), s = v8_load_n(st + i, n) * sign;
                v8 a = v8_load_n(x + i, n), b = v8_load_n(x + half + i, n);

                v8_store_n(x + i, v8_fma(a, c, -(b * s)), n);
                v8_store_n(x + half + i, v8_fma(b, c, a * s), n);
            }
    }
}

#endif
