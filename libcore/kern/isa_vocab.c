/* SPDX-License-Identifier: MIT */
/*
 * isa_vocab.c - one row of logits z [V]: what the model thinks of the next
 * token
 *
 *     lse = log sum exp z        logp = z_target - lse
 *     certainty = lse - mean z - log V             entropy = lse - sum p z
 *
 *     dz_v = g (1[v = target] - exp(z_v - lse))    in place
 *
 * and, where z = cap tanh(y / cap): dy_v = dz_v (1 - (z_v / cap)^2).
 *
 * Sums run relative to the largest logit: entropy = log S - W / S with
 * S = sum exp(z - max), W = sum exp(z - max) (z - max), so that a sharp
 * distribution does not lose its entropy to the size of its logits.
 */
#include "kern/ops.h"
#include "kern/vec_wide.h"

#ifdef HYT_ISA_ref

void HYT_KERN_FN(vocab_block)(struct kern_vocab *sums, const float *z, size_t n)
{
    struct kern_vocab b = {.max = (double)z[0]};

    for (size_t i = 0; i < n; i++) {
        b.max = (double)z[i] > b.max ? (double)z[i] : b.max;
        b.sum += (double)z[i];
    }
    for (size_t i = 0; i < n; i++) {
        double p = hyt_exp((double)z[i] - b.max);

        b.s += p;
        b.w += p > 0 ? p * ((double)z[i] - b.max) : 0;
    }
    *sums = b;
}

void HYT_KERN_FN(vocab_bwd)(float *z, const struct hyt_row_stats *stats,
                            int32_t target, float g, float cap, size_t V)
{
    for (size_t v = 0; v < V; v++) {
        double p = hyt_exp((double)z[v] - stats->lse);
        double y = cap > 0 ? (double)z[v] / (double)cap : 0;

        z[v] = (float)((double)g * ((v == (size_t)target) - p) * (1 - y * y));
    }
}

void HYT_KERN_FN(softcap)(float *z, float cap, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double e = hyt_exp(2 * (double)z[i] / (double)cap);

        z[i] = (float)((double)cap * (1 - 2 / (e + 1)));
    }
}

void HYT_KERN_FN(exp_rows)(float *y, const float *x, float shift, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = (float)hyt_exp((double)(x[i] - shift));
}

#else

/* Where exp(x) is 0, x may be anything, but 0 times infinity is no number.  NaN
 * stays NaN. */
VEC_INLINE v8 bounded(v8 x)
{
    return v8_max(v8_set(-1000), x);
}

void HYT_KERN_FN(vocab_block)(struct kern_vocab *sums, const float *z, size_t n)
{
    const size_t wide = n / WIDE * WIDE, rest = (n - wide + 7) / 8 * 8;
    v8 top = v8_set(-INFINITY), sum = v8_set(0), s = sum, w = sum;
    float last[WIDE];

    /* Lanes past the end: exp gives 0. */
    for (size_t l = 0; l < WIDE; l++)
        last[l] = wide + l < n ? z[wide + l] : -INFINITY;
    for (size_t i = 0; i < wide; i += 8) {
        top = v8_max(v8_load(z + i), top);
        sum += v8_load(z + i);
    }
    for (size_t l = 0; l < rest; l += 8) {
        top = v8_max(v8_load(last + l), top);
        sum += v8_load_n(z + wide + l, hyt_min_size(8, n - wide - l));
    }
    const float max = v8_top(top);
    for (size_t i = 0; i < wide; i += WIDE) {
        vw x = vw_load(z + i) - max, e = vw_exp(x);

        for (int g = 0; g < WIDE / 8; g++) {
            s += vw_part(e, g);
            w = v8_fma(vw_part(e, g), bounded(vw_part(x, g)), w);
        }
    }
    for (size_t l = 0; l < rest; l += 8) {
        v8 x = v8_load(last + l) - max, e = v8_exp(x);

        s += e;
        w = v8_fma(e, bounded(x), w);
    }
    *sums = (struct kern_vocab){(double)max, (double)v8_sum(s),
                                (double)v8_sum(w), (double)v8_sum(sum)};
}

/* -g p (1 - (z / cap)^2); shrink: 1 / cap, or 0 */
VEC_INLINE vw slope(vw z, float g, float lse, float shrink)
{
    vw y = z * shrink;

    return -g * vw_exp(z - lse) * (1 - y * y);
}

void HYT_KERN_FN(vocab_bwd)(float *z, const struct hyt_row_stats *stats,
                            int32_t target, float g, float cap, size_t V)
{
    float lse = (float)stats->lse, shrink = cap > 0 ? 1 / cap : 0;
    float y = target < 0 ? 0 : z[target] * shrink;
    size_t v;

    for (v = 0; v + WIDE <= V; v += WIDE)
        vw_store(z + v, slope(vw_load(z + v), g, lse, shrink));
    vw_store_n(z + v, slope(vw_load_n(z + v, V - v), g, lse, shrink), V - v);
    if (target >= 0)
        z[target] += g * (1 - y * y);
}

void HYT_KERN_FN(softcap)(float *z, float cap, size_t n)
{
    size_t i;

    for (i = 0; i + 8 <= n; i += 8)
        v8_store(z + i, cap * v8_tanh(v8_load(z + i) / cap));
    v8_store_n(z + i, cap * v8_tanh(v8_load_n(z + i, n - i) / cap), n - i);
}

void HYT_KERN_FN(exp_rows)(float *y, const float *x, float shift, size_t n)
{
    size_t i;

    for (i = 0; i + WIDE <= n; i += WIDE)
        vw_store(y + i, vw_exp(vw_load(x + i) - shift));
    vw_store_n(y + i, vw_exp(vw_load_n(x + i, n - i) - shift), n - i);
}

#endif
