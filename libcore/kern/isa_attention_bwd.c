/* SPDX-License-Identifier: MIT */
/*
 * isa_attention_bwd.c - gradients of causal attention, one query head of one
 * sequence; the forward pass is in isa_attention.c
 *
 *     a_tp = exp(s_tp - lse_t)                           D_t = do_t . o_t
 *     s_tp = scale q_t . k_p, and cap tanh(s / cap) where there is a cap
 *     ds_tp = a_tp (do_t . v_p - D_t)
 *     dq = scale ds k       dk = scale ds^T q       dv = a^T do
 * p: the last `window` positions up to t, or all; a cap multiplies ds by
 * 1 - (s / cap)^2.
 *
 * q, o, do, dq, dk, dv: rows of H*E; k, v: rows of G*E; lse: rows of H.
 */
#include "kern/ops.h"
#include "kern/vec.h"

/* The first position that row t sees. */
static size_t first_seen(size_t t, const struct hyt_attn *how)
{
    return (size_t)hyt_attn_first((int32_t)t, how);
}

#ifdef HYT_ISA_ref

static double dot(const float *a, const float *b, size_t E)
{
    double sum = 0;

    for (size_t e = 0; e < E; e++)
        sum += (double)a[e] * (double)b[e];
    return sum;
}

void HYT_KERN_FN(attention_bwd)(const struct kern_attn_bwd *a, size_t h)
{
    size_t E = a->E, HE = a->H * E, GE = a->G * E;
    size_t g = h / (a->H / a->G);
    double scale = (double)a->how.scale, cap = (double)a->how.cap;

    for (size_t t = 0; t < a->n; t++) {
        memset(a->dq + t * HE + h * E, 0, E * sizeof(float));
        memset(a->dk + t * HE + h * E, 0, E * sizeof(float));
        memset(a->dv + t * HE + h * E, 0, E * sizeof(float));
    }
    for (size_t t = 0; t < a->n; t++) {
        size_t at = t * HE + h * E;
        double D = dot(a->dout + at, a->o + at, E);

        for (size_t p = first_seen(t, &a->how); p <= t; p++) {
            const float *k = a->k + p * GE + g * E, *v = a->v + p * GE + g * E;
            double s = scale * dot(a->q + at, k, E), slope = 1;

            if (cap > 0) {
                double tanh = 1 - 2 / (1 + hyt_exp(2 * s / cap));

                s = cap * tanh;
                slope = 1 - tanh * tanh;
            }
            double w = hyt_exp(s - (double)a->lse[t * a->H + h]);
            double ds = scale * slope * w * (dot(a->dout + at, v, E) - D);

            for (size_t e = 0; e < E; e++) {
                a->dq[at + e] += (float)(ds * (double)k[e]);
                a->dk[p * HE + h * E + e] += (float)(ds * (double)a->q[at + e]);
                a->dv[p * HE + h * E + e] +=
                    (float)(w * (double)a->dout[at + e]);
            }
        }
    }
}

#else

/* Rows and columns of a tile of scores; results depend on it. */
enum { TILE = 128 };

/* D_t of rows t … t+n-1 */
static void row_sums(float *D, const struct kern_attn_bwd *a, size_t h,
                     size_t t, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float *x = a->dout + ((t + i) * a->H + h) * a->E;
        const float *y = a->o + ((t + i) * a->H + h) * a->E;
        v8 sum = v8_set(0);

        for (size_t e = 0; e < a->E; e += 8) {
            size_t m = hyt_min_size(8, a->E - e);
            sum = v8_fma(v8_load_n(x + e, m), v8_load_n(y + e, m), sum);
        }
        D[i] = v8_sum(sum);
    }
}

/*
 * One row: s holds q . k and becomes the weights, d holds do . v and becomes
 * scale ds; zeros outside from … to-1, up to a whole vector: as far as tiles of
 * the products with them reach.
 */
static void weigh_row(float *s, float *d, const struct hyt_attn *how, float lse,
                      float D, size_t from, size_t to)
{
    const v8i lane = {0, 1, 2, 3, 4, 5, 6, 7};

    for (size_t p = 0; p < to; p += 8) {
        v8i seen = (lane < (int32_t)to - (int32_t)p) &
                   (lane >= (int32_t)from - (int32_t)p);
        v8 x = v8_load(s + p) * how->scale, slope = v8_set(1);

        if (how->cap > 0) {
            v8 tanh = v8_tanh(x / how->cap);

            x = how->cap * tanh;
            slope = 1 - tanh * tanh;
        }
        v8 w = v8_exp(x - lse);
        v8 ds = w * (v8_load(d + p) - D) * how->scale * slope;

        v8_store(s + p, (v8)(seen & (v8i)w));
        v8_store(d + p, (v8)(seen & (v8i)ds));
    }
}

void HYT_KERN_FN(attention_bwd)(const struct kern_attn_bwd *a, size_t h)
{
    size_t E = a->E, HE = a->H * E, GE = a->G * E;
    const float *k = a->k + h / (a->H / a->G) * E;
    const float *v = a->v + h / (a->H / a->G) * E;
    const float *q = a->q + h * E, *dout = a->dout + h * E;
    float *dq = a->dq + h * E, *dk = a->dk + h * E, *dv = a->dv + h * E;
    float s[TILE * TILE], ds[TILE * TILE], D[TILE];

    for (size_t t = 0; t < a->n; t += TILE) {
        size_t nt = hyt_min_size(TILE, a->n - t);
        size_t p0 = first_seen(t, &a->how) / TILE * TILE;

        row_sums(D, a, h, t, nt);
        /* Tile t writes dk and dv, which later rows add to. */
        for (size_t p = p0; p <= t; p += TILE) {
            size_t np = hyt_min_size(TILE, a->n - p);
            bool below = p < t; /* else half of the tile sees nothing */

            HYT_KERN_FN(gemm)
            (s, TILE, q + t * HE, HE, false, k + p * GE, GE, true, false,
             below ? KERN_ALL : KERN_C_LOWER, nt, np, E);
            HYT_KERN_FN(gemm)
            (ds, TILE, dout + t * HE, HE, false, v + p * GE, GE, true, false,
             below ? KERN_ALL : KERN_C_LOWER, nt, np, E);
            for (size_t i = 0; i < nt; i++) {
                size_t first = first_seen(t + i, &a->how);

                weigh_row(s + i * TILE, ds + i * TILE, &a->how,
                          a->lse[(t + i) * a->H + h], D[i],
                          first > p ? first - p : 0, below ? np : i + 1);
            }
            HYT_KERN_FN(gemm)
            (dv + p * HE, HE, s, TILE, true, dout + t * HE, HE, false, below,
             below ? KERN_ALL : KERN_A_UPPER, np, E, nt);
            HYT_KERN_FN(gemm)
            (dk + p * HE, HE, ds, TILE, true, q + t * HE, HE, false, below,
             below ? KERN_ALL : KERN_A_UPPER, np, E, nt);
            HYT_KERN_FN(gemm)
            (dq + t * HE, HE, ds, TILE, false, k + p * GE, GE, false, p > p0,
             below ? KERN_ALL : KERN_A_LOWER, nt, E, np);
        }
    }
}

#endif
