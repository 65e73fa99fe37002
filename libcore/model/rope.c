/* SPDX-License-Identifier: MIT */
/*
 * rope.c - the frequencies of rotary positions
 *
 *     f_i = theta^(-2i/E)                          default (Su et al. 2021)
 *     linear:  f_i / factor                        (Chen et al. 2023)
 *     llama3:  f_i where its wave is short against the original context,
 *              f_i / factor where it is long, between them in between
 *     yarn:    the same with other bounds, and cos and sin scaled
 *              (Peng et al. 2023)
 *
 * Names and defaults are those of rope_scaling in Hugging Face transformers.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/config.h"

#define PI 3.14159265358979323846

static double clamp(double x, double lo, double hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

/* The (fractional) i whose wave turns n times over the original context. */
static double turning(const struct hyt_rope *r, double n, size_t E)
{
    return (double)E * hyt_log(r->original / (n * 2 * PI)) /
           (2 * hyt_log(r->theta));
}

/* How far frequency i is interpolated: 0 not at all, 1 by the whole factor. */
static double interpolated(const struct hyt_rope *r, size_t i, double f,
                           size_t E)
{
    double begin, end, turns = r->original * f / (2 * PI);

    switch (r->type) {
    case HYT_ROPE_DEFAULT:
        return 0;
    case HYT_ROPE_LINEAR:
        return 1;
    case HYT_ROPE_LLAMA3:
        return 1 - clamp((turns - r->low) / (r->high - r->low), 0, 1);
    case HYT_ROPE_YARN:
        break;
    }
    begin = turning(r, r->high, E);
    end = turning(r, r->low, E);
    if (r->truncate) {
        begin = floor(begin);
        end = ceil(end);
    }
    begin = begin < 0 ? 0 : begin;
    end = end > (double)E - 1 ? (double)E - 1 : end;
    if (begin == end)
        end += 0.001;
    return clamp(((double)i - begin) / (end - begin), 0, 1);
}

void hyt_rope_frequencies(float *frequency, const struct hyt_rope *r, size_t E)
{
    double step = -2 * hyt_log(r->theta) / (double)E;

    for (size_t i = 0; i < E / 2; i++) {
        double f = hyt_exp(step * (double)i);
        double part = interpolated(r, i, f, E);

        if (part > 0)
            f = f * (1 - part) + f / r->factor * part;
        frequency[i] = (float)f;
    }
}

/* --- config.json ---------------------------------------------------------- */

static int required(const struct hyt_json *v, const char *name, double lo,
                    double *x, struct hyt_err *err)
{
    int got = hyt_config_number(v, name, lo, 1e9, x, err);

    return got == 0
               ? hyt_fail(err, "config.json: this rope type needs a \"%s\"",
                          name)
               : got;
}

static int read_llama3(struct hyt_rope *r, const struct hyt_json *v,
                       struct hyt_err *err)
{
    if (required(v, "low_freq_factor", 1e-6, &r->low, err) < 0 ||
        required(v, "high_freq_factor", 1e-6, &r->high, err) < 0 ||
        required(v, "original_max_position_embeddings", 1, &r->original, err) <
            0)
        return -1;
    if (r->low >= r->high)
        return hyt_fail(err, "config.json: low_freq_factor is not below "
                             "high_freq_factor");
    return 0;
}

static double yarn_scale(double factor, double m)
{
    return factor <= 1 ? 1 : 0.1 * m * hyt_log(factor) + 1;
}

static int read_yarn(struct hyt_rope *r, const struct hyt_json *v,
                     struct hyt_err *err)
{
    double m = 0, m_all = 0;

    r->low = 1;
    r->high = 32;
    r->truncate = true;
    if (hyt_config_flag(v, "truncate", &r->truncate, err) < 0 ||
        hyt_config_number(v, "beta_slow", 1e-6, 1e9, &r->low, err) < 0 ||
        hyt_config_number(v, "beta_fast", 1e-6, 1e9, &r->high, err) < 0 ||
        hyt_config_number(v, "mscale", 0, 1e9, &m, err) < 0 ||
        hyt_config_number(v, "mscale_all_dim", 0, 1e9, &m_all, err) < 0 ||
        hyt_config_number(v, "original_max_position_embeddings", 1, 1e9,
                          &r->original, err) < 0)
        return -1;
    r->scale = m > 0 && m_all > 0
                   ? yarn_scale(r->factor, m) / yarn_scale(r->factor, m_all)
                   : yarn_scale(r->factor, 1);
    return hyt_config_number(v, "attention_factor", 1e-6, 1e9, &r->scale, err) <
                   0
               ? -1
               : 0;
}

int hyt_config_whole_rotary(const struct hyt_json *v, struct hyt_err *err)
{
    double part = 1;

    if (hyt_config_number(v, "partial_rotary_factor", 0, 1, &part, err) < 0)
        return -1;
    return part < 1 ? hyt_fail(err, "config.json: partial_rotary_factor is not "
                                    "supported")
                    : 0;
}

/* *r: what holds where v says nothing.  Phi3 has but its own longrope, which it
 * also calls by the names of others. */
static int read_scaling(struct hyt_rope *r, const struct hyt_json *v, bool phi3,
                        struct hyt_err *err)
{
    static const char *const names[] = {"default", "linear", "llama3", "yarn"};
    const struct hyt_json *type = hyt_json_get(v, "rope_type");
    size_t i = 0;

    if (type == NULL)
        type = hyt_json_get(v, "type");
    if (type == NULL || hyt_json_type(type) != HYT_JSON_STR)
        return hyt_fail(err, "config.json: no \"rope_type\"");
    while (i < HYT_LEN(names) && strcmp(hyt_json_str(type), names[i]) != 0)
        i++;
    if (i == HYT_LEN(names))
        return hyt_fail(err,
                        "config.json: rope type \"%s\" is not supported (there "
                        "are default, linear, llama3, yarn)",
                        hyt_json_str(type));
    if (phi3 && i > 0)
        return hyt_fail(err,
                        "config.json: rope type \"%s\" is not supported here "
                        "(there is default)",
                        hyt_json_str(type));
    r->type = (enum hyt_rope_type)i;
    if (hyt_config_whole_rotary(v, err) < 0 ||
        hyt_config_number(v, "rope_theta", 1 + 1e-6, 1e12, &r->theta, err) <
            0 ||
        (i > 0 && required(v, "factor", 1, &r->factor, err) < 0))
        return -1;
    return r->type == HYT_ROPE_LLAMA3 ? read_llama3(r, v, err)
           : r->type == HYT_ROPE_YARN ? read_yarn(r, v, err)
                                      : 0;
}

/* "rope_scaling", or "rope_parameters" of later versions, which may hold one
 * for each type of layer. */
static int read_parameters(struct hyt_config *c, const struct hyt_json *v,
                           struct hyt_err *err)
{
    const struct hyt_json *full, *sliding;

    if (v == NULL || hyt_json_type(v) == HYT_JSON_NULL)
        return 0;
    full = hyt_json_get(v, "full_attention");
    sliding = hyt_json_get(v, "sliding_attention");
    if (read_scaling(&c->rope[0], full != NULL ? full : v, c->fused, err) < 0)
        return -1;
    if (sliding == NULL)
        return 0;
    c->two_ropes = true;
    return read_scaling(&c->rope[1], sliding, c->fused, err);
}

int hyt_config_rope(struct hyt_config *c, const struct hyt_json *config,
                    struct hyt_err *err)
{
    struct hyt_rope *r = c->rope;

    r[0] = (struct hyt_rope){.theta = c->two_ropes ? 1e6 : 1e4,
                             .factor = 1,
                             .scale = 1,
                             .original = (double)c->max_positions};
    if (hyt_config_number(config, "rope_theta", 1 + 1e-6, 1e12, &r->theta,
                          err) < 0)
        return -1;
    r[1] = r[0];
    r[1].theta = 1e4;
    if (hyt_config_number(config, "rope_local_base_freq", 1 + 1e-6, 1e12,
                          &r[1].theta, err) < 0)
        return -1;
    if (read_parameters(c, hyt_json_get(config, "rope_scaling"), err) < 0 ||
        read_parameters(c, hyt_json_get(config, "rope_parameters"), err) < 0)
        return -1;
    /* The others are stretched by max_position_embeddings itself. */
    if (r->type == HYT_ROPE_YARN)
        c->max_positions = (size_t)clamp(r->original * r->factor,
                                         (double)c->max_positions, 1 << 24);
    return 0;
}
