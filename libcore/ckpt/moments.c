/* SPDX-License-Identifier: MIT */
/*
 * moments.c - the optimizer's state, one safetensors file beside the model
 *
 *     m.NAME, v.NAME    AdamW's moments, f32
 *     master.NAME       float weights, where the model stores bf16 or f16
 *
 * Without a committed file the moments are 0 and the masters the stored
 * weights, widened exactly.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ckpt/work.h"

struct plan {
    struct hyt_arena arena;
    struct hyt_tensor *t;
    size_t *of; /* the work tensor that state tensor i belongs to */
    size_t n;
};

static bool has_master(enum hyt_dtype t)
{
    return t == HYT_BF16 || t == HYT_F16;
}

static void plan_one(struct plan *p, const struct hyt_work *w, size_t i,
                     const char *prefix)
{
    struct hyt_tensor *t = &p->t[p->n];
    struct hyt_buf name = {0};

    *t = *w->t[i].from;
    hyt_buf_printf(&name, "%s.%s", prefix, w->t[i].from->name);
    t->name = hyt_arena_strndup(&p->arena, name.s, name.n);
    t->dtype = HYT_F32;
    t->dtype_name = "F32";
    t->n_bytes = w->t[i].n * sizeof(float);
    p->of[p->n++] = i;
    hyt_buf_free(&name);
}

static void plan_all(struct plan *p, const struct hyt_work *w)
{
    p->t = HYT_NEW(&p->arena, struct hyt_tensor, 3 * w->n);
    p->of = HYT_NEW(&p->arena, size_t, 3 * w->n);
    for (size_t i = 0; i < w->n; i++) {
        enum hyt_dtype dtype = w->t[i].from->dtype;

        if (dtype == HYT_DTYPE_OTHER)
            continue;
        plan_one(p, w, i, "m");
        plan_one(p, w, i, "v");
        if (has_master(dtype))
            plan_one(p, w, i, "master");
    }
}

/* The float that a half stands for: 1 sign, 5 exponent (bias 15), 10 fraction
 * bits; every half is exact in float. */
static float widen_f16(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t exponent = half >> 10 & 31u, fraction = half & 1023u, bits;
    float x;

    if (exponent == 0) {
        x = (float)fraction * 0x1p-24f;
        return sign ? -x : x;
    }
    bits = sign | fraction << 13 |
           (exponent == 31 ? 0x7f800000u : (exponent + 112) << 23);
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void widen(float *out, const uint16_t *in, enum hyt_dtype dtype,
                  uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        uint32_t bits = (uint32_t)in[i] << 16;

        if (dtype == HYT_BF16)
            memcpy(&out[i], &bits, sizeof bits);
        else
            out[i] = widen_f16(in[i]);
    }
}

static bool same_shape(const struct hyt_tensor *a, const struct hyt_tensor *b)
{
    return a->dtype == b->dtype && a->n_dims == b->n_dims &&
           memcmp(a->dim, b->dim, (size_t)a->n_dims * sizeof a->dim[0]) == 0;
}

static int copy_state(struct hyt_work *w, const struct plan *p,
                      const struct hyt_st *st, struct hyt_err *err)
{
    const char *file = hyt_ckpt_meta(hyt_work_source(w), "hyt.optimizer");
    const char *step = hyt_st_meta(st, "step");

    if (!step || hyt_parse_u64(step, &w->step, err) < 0)
        return hyt_fail(err, "%s/%s: no step count", w->in->name, file);
    for (size_t i = 0; i < p->n; i++) {
        const struct hyt_tensor *from = hyt_st_find(st, p->t[i].name);

        if (!from || !same_shape(from, &p->t[i]))
            return hyt_fail(err,
                            "%s/%s: \"%s\" is not there in the model's shape",
                            w->in->name, file, p->t[i].name);
        if (hyt_shadow_fill(w->optimizer, i, from->data, err) < 0)
            return -1;
    }
    if (hyt_st_count(st) != p->n)
        return hyt_fail(err, "%s/%s: %zu tensors, the model needs %zu",
                        w->in->name, file, hyt_st_count(st), p->n);
    return 0;
}

static void first_state(struct hyt_work *w)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->t[i].master)
            widen(w->t[i].master, w->t[i].from->data, w->t[i].from->dtype,
                  w->t[i].n);
}

static void bind(struct hyt_work *w, const struct plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        struct hyt_work_tensor *t = &w->t[p->of[i]];
        float *state = hyt_shadow_data(w->optimizer, i);

        if (p->t[i].name[1] == 'a') /* "master." */
            t->master = state;
        else if (p->t[i].name[0] == 'm')
            t->m = state;
        else
            t->v = state;
    }
}

int hyt_moments_begin(struct hyt_work *w, struct hyt_err *err)
{
    struct plan p = {0};
    struct hyt_st *st = NULL;
    char temp[64];
    int status;

    plan_all(&p, w);
    snprintf(temp, sizeof temp, ".hyt-%" PRIu64 "-optimizer.tmp",
             w->generation);
    w->optimizer = hyt_shadow_create(w->dir, w->name, temp, p.t, p.n, 256, err);
    status =
        w->optimizer ? hyt_ckpt_optimizer(hyt_work_source(w), &st, err) : -1;
    if (w->optimizer)
        bind(w, &p);
    if (status > 0)
        status = copy_state(w, &p, st, err);
    else if (status == 0)
        first_state(w);
    hyt_st_close(st);
    hyt_arena_free(&p.arena);
    return status;
}
