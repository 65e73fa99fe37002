/* SPDX-License-Identifier: MIT */
/*
 * config.c - config.json of a Hugging Face checkpoint: sizes and special tokens
 * (family.c: the architecture, rope.c: rotary positions)
 */
#include <math.h>
#include <string.h>

#include "model/config.h"

int hyt_config_number(const struct hyt_json *config, const char *name,
                      double lo, double hi, double *x, struct hyt_err *err)
{
    const struct hyt_json *v = hyt_json_get(config, name);

    if (v == NULL || hyt_json_type(v) == HYT_JSON_NULL)
        return 0;
    if (hyt_json_type(v) != HYT_JSON_NUM)
        return hyt_fail(err, "config.json: \"%s\" is %s, expected a number",
                        name, hyt_json_type_name(v));
    *x = hyt_json_num(v);
    if (!(*x >= lo && *x <= hi))
        return hyt_fail(err, "config.json: \"%s\" is %g, outside %g ... %g",
                        name, *x, lo, hi);
    return 1;
}

int hyt_config_size(const struct hyt_json *config, const char *name,
                    size_t fallback, size_t *out, struct hyt_err *err)
{
    double x = 0;
    int got = hyt_config_number(config, name, 1, 1e9, &x, err);

    if (got < 0)
        return -1;
    if (got == 0 && fallback == 0)
        return hyt_fail(err, "config.json: no \"%s\"", name);
    if (got == 1 && x != floor(x))
        return hyt_fail(err, "config.json: \"%s\" is not a whole number", name);
    *out = got ? (size_t)x : fallback;
    return 0;
}

int hyt_config_flag(const struct hyt_json *config, const char *name, bool *x,
                    struct hyt_err *err)
{
    const struct hyt_json *v = hyt_json_get(config, name);

    if (v == NULL || hyt_json_type(v) == HYT_JSON_NULL)
        return 0;
    if (hyt_json_type(v) != HYT_JSON_BOOL)
        return hyt_fail(err, "config.json: \"%s\" is neither true nor false",
                        name);
    *x = hyt_json_bool(v);
    return 0;
}

/* An id or a list of ids, without repeats. */
static int read_eos(struct hyt_config *c, const struct hyt_json *v,
                    struct hyt_err *err)
{
    const struct hyt_json *item = v;

    if (v == NULL || hyt_json_type(v) == HYT_JSON_NULL)
        return 0;
    if (hyt_json_type(v) == HYT_JSON_ARRAY)
        item = hyt_json_child(v);
    for (; item != NULL; item = item == v ? NULL : hyt_json_next(item)) {
        bool known = false;
        double x =
            hyt_json_type(item) == HYT_JSON_NUM ? hyt_json_num(item) : -1;

        if (!(x >= 0 && x < (double)c->V && x == floor(x)))
            return hyt_fail(err,
                            "eos_token_id is not a token of a vocabulary "
                            "of %zu",
                            c->V);
        for (size_t i = 0; i < c->n_eos; i++)
            known = known || c->eos[i] == (int32_t)x;
        if (known)
            continue;
        if (c->n_eos == HYT_MAX_EOS)
            return hyt_fail(err, "more than %d end-of-sequence ids",
                            HYT_MAX_EOS);
        c->eos[c->n_eos++] = (int32_t)x;
    }
    return 0;
}

/* What c has already is taken where config says nothing. */
static int read_sizes(struct hyt_config *c, const struct hyt_json *config,
                      struct hyt_err *err)
{
    size_t positions = c->max_positions ? c->max_positions : 2048;
    size_t G = c->G, E = c->E;

    if (hyt_config_size(config, "hidden_size", 0, &c->D, err) < 0 ||
        hyt_config_size(config, "num_hidden_layers", 0, &c->L, err) < 0 ||
        hyt_config_size(config, "num_attention_heads", c->H, &c->H, err) < 0 ||
        hyt_config_size(config, "num_key_value_heads", G ? G : c->H, &c->G,
                        err) < 0)
        return -1;
    if (E == 0)
        E = c->D / c->H ? c->D / c->H : 1;
    if (hyt_config_size(config, "head_dim", E, &c->E, err) < 0 ||
        hyt_config_size(config, "intermediate_size", 0, &c->F, err) < 0 ||
        hyt_config_size(config, "vocab_size", c->V, &c->V, err) < 0 ||
        hyt_config_size(config, "max_position_embeddings", positions,
                        &c->max_positions, err) < 0)
        return -1;
    if (c->H % c->G != 0)
        return hyt_fail(err,
                        "config.json: %zu query heads cannot share %zu "
                        "key/value heads",
                        c->H, c->G);
    if (c->E % 2 != 0 || c->E > 256)
        return hyt_fail(err,
                        "config.json: head_dim %zu is not supported "
                        "(even, at most 256)",
                        c->E);
    if (c->V > INT32_MAX || c->max_positions > (size_t)1 << 24)
        return hyt_fail(err, "config.json: a size is beyond what is supported");
    return 0;
}

static int read_generation(struct hyt_config *c,
                           const struct hyt_json *generation,
                           struct hyt_err *err)
{
    if (generation == NULL)
        return 0;
    if (hyt_json_type(generation) != HYT_JSON_OBJECT)
        return hyt_fail(err, "%s, expected an object",
                        hyt_json_type_name(generation));
    return read_eos(c, hyt_json_get(generation, "eos_token_id"), err);
}

int hyt_config_read(struct hyt_config *c, const struct hyt_json *config,
                    const struct hyt_json *generation, struct hyt_err *err)
{
    const struct hyt_json *text = hyt_config_text(c, config, err);
    double eps;

    if (text == NULL || read_sizes(c, text, err) < 0 ||
        hyt_config_family(c, config, text, err) < 0 ||
        hyt_config_rope(c, text, err) < 0)
        return -1;
    eps = (double)c->eps;
    if (hyt_config_number(text, "rms_norm_eps", 0, 1, &eps, err) < 0)
        return -1;
    c->eps = (float)eps;
    /* generation_config.json is the later word, and may name several. */
    if (read_generation(c, generation, err) < 0)
        return hyt_fail_prefix(err, "generation_config.json: ");
    if (c->n_eos == 0 &&
        read_eos(c, hyt_json_get(config, "eos_token_id"), err) < 0)
        return hyt_fail_prefix(err, "config.json: ");
    return 0;
}
