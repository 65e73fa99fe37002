/* SPDX-License-Identifier: MIT */
/*
 * ckptdiff.c - in which tensors two checkpoints differ, and by how much
 *
 * Of tensors of one shape: the largest |a - b|, and |a - b|_2 / |a|_2, over
 * the stored values.
 */
#include <math.h>
#include <string.h>

#include "ckptinfo.h"
#include "hyt/json.h"

static double value(const struct hyt_tensor *t, uint64_t i)
{
    const uint16_t *half = t->data;
    uint32_t bits;
    float x;
    int exponent, fraction;
    double magnitude;

    if (t->dtype == HYT_F32)
        return (double)((const float *)t->data)[i];
    if (t->dtype == HYT_BF16) {
        bits = (uint32_t)half[i] << 16;
        memcpy(&x, &bits, sizeof x);
        return (double)x;
    }
    exponent = half[i] >> 10 & 31;
    fraction = half[i] & 1023;
    if (exponent == 31)
        magnitude = fraction ? (double)NAN : (double)INFINITY;
    else if (exponent == 0)
        magnitude = ldexp(fraction, -24);
    else
        magnitude = ldexp(1024 + fraction, exponent - 25);
    return half[i] & 0x8000 ? -magnitude : magnitude;
}

static bool same_shape(const struct hyt_tensor *a, const struct hyt_tensor *b)
{
    return a->n_dims == b->n_dims &&
           memcmp(a->dim, b->dim, (size_t)a->n_dims * sizeof a->dim[0]) == 0;
}

/* How a and b differ; NaN where they have no numbers. */
struct difference {
    double max_abs, relative;
};

static struct difference measure(const struct hyt_tensor *a,
                                 const struct hyt_tensor *b)
{
    struct difference d = {0, 0};
    double norm = 0, sum = 0;
    uint64_t n = a->n_bytes / hyt_dtype_size(a->dtype);

    for (uint64_t i = 0; i < n; i++) {
        double x = value(a, i), delta = fabs(x - value(b, i));

        if (!isnan(d.max_abs) && !(delta <= d.max_abs)) /* NaN stays */
            d.max_abs = delta;
        norm += x * x;
        sum += delta * delta;
    }
    d.relative = norm > 0 ? sqrt(sum / norm) : (double)NAN;
    return d;
}

/* --- output --------------------------------------------------------------- */

static void put_number(struct hyt_buf *out, double x, bool json)
{
    if (isfinite(x))
        hyt_json_put_f64(out, x);
    else
        hyt_buf_puts(out, json ? "null" : "-");
}

static void put_line(struct hyt_buf *out, const char *name, const char *how,
                     struct difference d, bool json)
{
    if (json) {
        hyt_buf_puts(out, "{\"tensor\": ");
        hyt_json_put_str(out, name, strlen(name));
        hyt_buf_printf(out, ", \"how\": \"%s\", \"max_abs\": ", how);
        put_number(out, d.max_abs, json);
        hyt_buf_puts(out, ", \"relative\": ");
        put_number(out, d.relative, json);
        hyt_buf_puts(out, "}\n");
        return;
    }
    hyt_buf_printf(out, "%s\t%s\t", name, how);
    put_number(out, d.max_abs, json);
    hyt_buf_putc(out, '\t');
    put_number(out, d.relative, json);
    hyt_buf_putc(out, '\n');
}

/* What is wrong with the pair, or NULL where they are the same. */
static const char *compare(const struct hyt_tensor *a,
                           const struct hyt_tensor *b, struct difference *d)
{
    bool numbers =
        a->dtype != HYT_DTYPE_OTHER && b && b->dtype != HYT_DTYPE_OTHER;

    d->max_abs = d->relative = (double)NAN;
    if (!b)
        return "only in A";
    if (!same_shape(a, b))
        return "shape";
    if (strcmp(a->dtype_name, b->dtype_name) == 0 &&
        memcmp(a->data, b->data, a->n_bytes) == 0)
        return NULL;
    if (numbers)
        *d = measure(a, b);
    return strcmp(a->dtype_name, b->dtype_name) == 0 ? "value" : "dtype";
}

bool hyt_ckpt_diff(const struct hyt_ckpt *a, const struct hyt_ckpt *b,
                   bool json, struct hyt_buf *out)
{
    struct difference d;
    size_t n = 0;

    for (size_t i = 0; i < hyt_ckpt_count(a); i++) {
        const struct hyt_tensor *t = hyt_ckpt_tensor(a, i);
        const char *how = compare(t, hyt_ckpt_find(b, t->name), &d);

        if (how) {
            put_line(out, t->name, how, d, json);
            n++;
        }
    }
    d.max_abs = d.relative = (double)NAN;
    for (size_t i = 0; i < hyt_ckpt_count(b); i++)
        if (!hyt_ckpt_find(a, hyt_ckpt_tensor(b, i)->name)) {
            put_line(out, hyt_ckpt_tensor(b, i)->name, "only in B", d, json);
            n++;
        }
    return n > 0;
}
