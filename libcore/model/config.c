/* SPDX-License-Identifier: MIT */
/*
 * config.c - config.json of a Hugging Face checkpoint
 *
 * One table row says how an architecture differs from Llama; everything else
 * is read from the file.  A setting that would change the result and is not
 * implemented is an error: a silent wrong answer is the worst outcome.
 */
#include <math.h>
#include <string.h>

#include "hyt/model.h"

struct family {
    const char *architecture;
    bool qkv_bias; /* always, whatever attention_bias says */
    bool qk_norm;
};

static const struct family families[] = {
    {"LlamaForCausalLM", false, false},
    {"Qwen2ForCausalLM", true, false},
    {"Qwen3ForCausalLM", false, true},
};

static const struct family *find_family(const struct hyt_json *config,
                                        struct hyt_err *err)
{
    const struct hyt_json *name =
        hyt_json_child(hyt_json_get(config, "architectures"));

    if (name == NULL || hyt_json_type(name) != HYT_JSON_STR) {
        hyt_fail(err, "config.json: no \"architectures\"");
        return NULL;
    }
    for (size_t i = 0; i < HYT_LEN(families); i++)
        if (strcmp(families[i].architecture, hyt_json_str(name)) == 0)
            return &families[i];
    hyt_fail(err,
             "config.json: architecture \"%s\" is not supported (there are "
             "LlamaForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM)",
             hyt_json_str(name));
    return NULL;
}

/* 1 and *x, 0 where absent or null, -1. */
static int number(const struct hyt_json *config, const char *name, double lo,
                  double hi, double *x, struct hyt_err *err)
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

/* A whole number; `fallback` 0: required. */
static int size_field(const struct hyt_json *config, const char *name,
                      size_t fallback, size_t *out, struct hyt_err *err)
{
    double x = 0;
    int got = number(config, name, 1, 1e9, &x, err);

    if (got < 0)
        return -1;
    if (got == 0 && fallback == 0)
        return hyt_fail(err, "config.json: no \"%s\"", name);
    if (got == 1 && x != floor(x))
        return hyt_fail(err, "config.json: \"%s\" is not a whole number", name);
    *out = got ? (size_t)x : fallback;
    return 0;
}

static bool flag(const struct hyt_json *config, const char *name, bool fallback)
{
    const struct hyt_json *v = hyt_json_get(config, name);

    return v != NULL && hyt_json_type(v) == HYT_JSON_BOOL ? hyt_json_bool(v)
                                                          : fallback;
}

/* Rotary positions are scaled by nothing: "default", or nothing said. */
static int refuse_scaling(const struct hyt_json *config, const char *name,
                          struct hyt_err *err)
{
    const struct hyt_json *v = hyt_json_get(config, name), *type;

    if (v == NULL || hyt_json_type(v) == HYT_JSON_NULL)
        return 0;
    type = hyt_json_get(v, "rope_type");
    if (type == NULL)
        type = hyt_json_get(v, "type");
    if (type == NULL || hyt_json_type(type) != HYT_JSON_STR)
        return hyt_fail(err, "config.json: \"%s\" has no \"rope_type\"", name);
    if (strcmp(hyt_json_str(type), "default") != 0)
        return hyt_fail(err,
                        "config.json: rope type \"%s\" is not supported (there "
                        "is default)",
                        hyt_json_str(type));
    return 0;
}

/* Settings that change the result, and that are refused by name because no code
 * here follows them. */
static int refuse_unknown(const struct hyt_json *config, struct hyt_err *err)
{
    const struct hyt_json *v = hyt_json_get(config, "hidden_act");

    double rotary = 1;

    if (v != NULL && (hyt_json_type(v) != HYT_JSON_STR ||
                      strcmp(hyt_json_str(v), "silu") != 0))
        return hyt_fail(err,
                        "config.json: hidden_act %s is not supported (there "
                        "is silu)",
                        hyt_json_type(v) == HYT_JSON_STR ? hyt_json_str(v)
                                                         : "of this type");
    if (refuse_scaling(config, "rope_scaling", err) < 0 ||
        refuse_scaling(config, "rope_parameters", err) < 0 ||
        number(config, "partial_rotary_factor", 0, 1, &rotary, err) < 0)
        return -1;
    if (rotary < 1)
        return hyt_fail(err, "config.json: partial_rotary_factor is not "
                             "supported");
    if (hyt_json_get(config, "quantization_config") != NULL)
        return hyt_fail(err, "config.json: quantized weights are not supported "
                             "(there are float32 and bfloat16)");
    if (flag(config, "mlp_bias", false))
        return hyt_fail(err, "config.json: mlp_bias is not supported");
    if (flag(config, "use_sliding_window", false))
        return hyt_fail(err, "config.json: a sliding window is not supported");
    for (v = hyt_json_child(hyt_json_get(config, "layer_types")); v != NULL;
         v = hyt_json_next(v))
        if (hyt_json_type(v) != HYT_JSON_STR ||
            strcmp(hyt_json_str(v), "full_attention") != 0)
            return hyt_fail(err, "config.json: a layer type other than "
                                 "full_attention is not supported");
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

static int read_sizes(struct hyt_config *c, const struct hyt_json *config,
                      struct hyt_err *err)
{
    if (size_field(config, "hidden_size", 0, &c->D, err) < 0 ||
        size_field(config, "num_hidden_layers", 0, &c->L, err) < 0 ||
        size_field(config, "num_attention_heads", 0, &c->H, err) < 0 ||
        size_field(config, "num_key_value_heads", c->H, &c->G, err) < 0 ||
        size_field(config, "head_dim", c->D / c->H ? c->D / c->H : 1, &c->E,
                   err) < 0 ||
        size_field(config, "intermediate_size", 0, &c->F, err) < 0 ||
        size_field(config, "vocab_size", 0, &c->V, err) < 0 ||
        size_field(config, "max_position_embeddings", 2048, &c->max_positions,
                   err) < 0)
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

static int read_bos(struct hyt_config *c, const struct hyt_json *config,
                    struct hyt_err *err)
{
    const struct hyt_json *v = hyt_json_get(config, "bos_token_id");
    double x;

    if (v == NULL || hyt_json_type(v) == HYT_JSON_NULL)
        return 0;
    x = hyt_json_type(v) == HYT_JSON_NUM ? hyt_json_num(v) : -1;
    if (!(x >= 0 && x < (double)c->V && x == floor(x)))
        return hyt_fail(err,
                        "bos_token_id is not a token of a vocabulary of "
                        "%zu",
                        c->V);
    c->bos = (int32_t)x;
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
    if (read_bos(c, generation, err) < 0)
        return -1;
    return read_eos(c, hyt_json_get(generation, "eos_token_id"), err);
}

int hyt_config_read(struct hyt_config *c, const struct hyt_json *config,
                    const struct hyt_json *generation, struct hyt_err *err)
{
    const struct family *family = find_family(config, err);
    double eps = 1e-6;

    memset(c, 0, sizeof(*c));
    c->theta = 10000;
    if (family == NULL || refuse_unknown(config, err) < 0 ||
        read_sizes(c, config, err) < 0 ||
        number(config, "rms_norm_eps", 0, 1, &eps, err) < 0 ||
        number(config, "rope_theta", 1, 1e12, &c->theta, err) < 0 ||
        number(hyt_json_get(config, "rope_parameters"), "rope_theta", 1, 1e12,
               &c->theta, err) < 0)
        return -1;
    c->eps = (float)eps;
    c->tied = flag(config, "tie_word_embeddings", false);
    c->o_bias = flag(config, "attention_bias", false) && !family->qkv_bias;
    c->qkv_bias = family->qkv_bias || c->o_bias;
    c->qk_norm = family->qk_norm;

    c->bos = -1;
    /* generation_config.json is the later word, and may name several. */
    if (read_generation(c, generation, err) < 0)
        return hyt_fail_prefix(err, "generation_config.json: ");
    if ((c->bos < 0 && read_bos(c, config, err) < 0) ||
        (c->n_eos == 0 &&
         read_eos(c, hyt_json_get(config, "eos_token_id"), err) < 0))
        return hyt_fail_prefix(err, "config.json: ");
    return 0;
}
