/* SPDX-License-Identifier: MIT */
/*
 * family.c - the architectures, and the settings of config.json that change
 * what is computed
 *
 * One table row says how an architecture differs from Llama; everything else
 * is read from the file.  A setting that would change the result and is not
 * implemented is an error: a silent wrong answer is the worst outcome.
 */
#include <math.h>
#include <string.h>

#include "model/config.h"

struct family {
    const char *architecture;
    bool qkv_bias; /* always, whatever attention_bias says */
    enum hyt_qk_norm qk_norm;
    bool fused;
    bool window; /* a "sliding_window" is one */
    size_t global_every;
    bool two_ropes;
    bool pre_norm, post_norm;
    bool gemma; /* scaled embedding, 1 + w, gelu, query_pre_attn_scalar, tied */
    /* Where nothing is said: as the configuration classes of transformers */
    double attn_cap, logit_cap, window_size, eps; /* eps 0: 1e-6 */
    /* Text and images: the text model has its own object in config.json, which
     * leaves these sizes out, and its tensors a prefix. */
    const char *prefix;
    size_t H, G, E, V, max_positions;
};

/* clang-format off */
static const struct family families[] = {
    {"LlamaForCausalLM", .pre_norm = true},
    {"MistralForCausalLM", .pre_norm = true, .window = true,
     .window_size = 4096},
    {"Qwen2ForCausalLM", .pre_norm = true, .qkv_bias = true},
    {"Qwen3ForCausalLM", .pre_norm = true, .qk_norm = HYT_QK_NORM_HEAD},
    {"Phi3ForCausalLM", .pre_norm = true, .window = true, .fused = true,
     .eps = 1e-5},
    {"Olmo2ForCausalLM", .post_norm = true, .qk_norm = HYT_QK_NORM_ALL,
     .eps = 1e-5},
    {"Gemma2ForCausalLM", .pre_norm = true, .post_norm = true, .gemma = true,
     .window = true, .window_size = 4096, .global_every = 2, .attn_cap = 50,
     .logit_cap = 30},
    {"Gemma3ForCausalLM", .pre_norm = true, .post_norm = true, .gemma = true,
     .window = true, .window_size = 4096, .global_every = 6,
     .two_ropes = true, .qk_norm = HYT_QK_NORM_HEAD},
    {"Gemma3ForConditionalGeneration", .pre_norm = true, .post_norm = true,
     .gemma = true, .window = true, .window_size = 4096, .global_every = 6,
     .two_ropes = true, .qk_norm = HYT_QK_NORM_HEAD,
     .prefix = "language_model.", .H = 8, .G = 4, .E = 256, .V = 262208,
     .max_positions = 131072},
};
/* clang-format on */

static int unsupported(const char *name, struct hyt_err *err)
{
    struct hyt_buf known = {0};

    for (size_t i = 0; i < HYT_LEN(families); i++)
        hyt_buf_printf(&known, "%s%s", i > 0 ? ", " : "",
                       families[i].architecture);
    hyt_fail(err,
             "config.json: architecture \"%s\" is not supported (there are %s)",
             name, known.s);
    hyt_buf_free(&known);
    return -1;
}

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
    unsupported(hyt_json_str(name), err);
    return NULL;
}

/* Settings that change the result, and that are refused by name because no code
 * here follows them. */
static int refuse_unknown(const struct hyt_json *config, struct hyt_err *err)
{
    static const char *const flags[] = {"mlp_bias", "use_sliding_window",
                                        "use_bidirectional_attention"};
    const struct hyt_json *v = hyt_json_get(config, "quantization_config");
    const struct hyt_json *method = hyt_json_get(v, "quant_method");

    if (v != NULL && hyt_json_type(v) != HYT_JSON_NULL)
        return hyt_fail(
            err,
            "config.json: quantized weights (%s) are not supported (there are "
            "float32, bfloat16 and float16)",
            method != NULL && hyt_json_type(method) == HYT_JSON_STR
                ? hyt_json_str(method)
                : "quantization_config");
    for (size_t i = 0; i < HYT_LEN(flags); i++) {
        bool on = false;

        if (hyt_config_flag(config, flags[i], &on, err) < 0)
            return -1;
        if (on)
            return hyt_fail(err, "config.json: %s is not supported", flags[i]);
    }
    return hyt_config_whole_rotary(config, err);
}

static int read_activation(struct hyt_config *c, const struct hyt_json *config,
                           bool gelu, struct hyt_err *err)
{
    const struct hyt_json *v = hyt_json_get(config, "hidden_activation");
    const char *name = gelu ? "gelu_pytorch_tanh" : "silu";

    /* Gemma names it apart: its old hidden_act meant something else. */
    if (!gelu || v == NULL || hyt_json_type(v) == HYT_JSON_NULL)
        v = hyt_json_get(config, "hidden_act");
    if (v != NULL)
        name =
            hyt_json_type(v) == HYT_JSON_STR ? hyt_json_str(v) : "of this type";
    c->gelu = strcmp(name, "gelu_pytorch_tanh") == 0;
    if (!c->gelu && strcmp(name, "silu") != 0)
        return hyt_fail(err,
                        "config.json: hidden_act %s is not supported (there "
                        "are silu and gelu_pytorch_tanh)",
                        name);
    return 0;
}

/* Which layers are local: layer_types, or every layer but each
 * global_every-th. */
static int read_layer_types(struct hyt_config *c, const struct hyt_json *types,
                            struct hyt_err *err)
{
    const struct hyt_json *v;
    size_t l = 0;

    c->global_every = 0;
    for (v = hyt_json_child(types); v != NULL; v = hyt_json_next(v), l++) {
        const char *name =
            hyt_json_type(v) == HYT_JSON_STR ? hyt_json_str(v) : "";
        bool local = strcmp(name, "sliding_attention") == 0;

        if (!local && strcmp(name, "full_attention") != 0)
            return hyt_fail(err,
                            "config.json: layer type \"%s\" is not supported "
                            "(there are full_attention and sliding_attention)",
                            name);
        if (local && c->window == 0)
            return hyt_fail(err, "config.json: sliding_attention is not "
                                 "supported here");
        if (!local && c->global_every == 0)
            c->global_every = l + 1;
        if (local != hyt_config_local(c, l))
            return hyt_fail(err,
                            "config.json: layer_types is supported only where "
                            "each k-th layer is full_attention");
    }
    if (l != c->L)
        return hyt_fail(err, "config.json: layer_types names %zu layers of %zu",
                        l, c->L);
    return 0;
}

static int read_window(struct hyt_config *c, const struct hyt_json *config,
                       const struct family *family, struct hyt_err *err)
{
    const struct hyt_json *types = hyt_json_get(config, "layer_types");
    double window = 0; /* null: none */

    if (family->window && hyt_json_get(config, "sliding_window") == NULL)
        window = family->window_size;
    if (family->window && hyt_config_number(config, "sliding_window", 1,
                                            INT32_MAX, &window, err) < 0)
        return -1;
    c->window = (int32_t)window;
    c->global_every = family->global_every;
    if (family->global_every > 0 &&
        hyt_config_size(config, "sliding_window_pattern", c->global_every,
                        &c->global_every, err) < 0)
        return -1;
    if (types == NULL || hyt_json_type(types) == HYT_JSON_NULL)
        return 0;
    return read_layer_types(c, types, err);
}

/* null: none; absent: *cap stays. */
static int read_cap(float *cap, const struct hyt_json *config, const char *name,
                    double fallback, struct hyt_err *err)
{
    double x = hyt_json_get(config, name) == NULL ? fallback : 0;

    if (hyt_config_number(config, name, 1e-3, 1e9, &x, err) < 0)
        return -1;
    *cap = (float)x;
    return 0;
}

/* Scaled embeddings (by sqrt D in float, where bfloat16 models round it), norms
 * by 1 + w, soft caps (Gemma Team 2024). */
static int read_gemma(struct hyt_config *c, const struct hyt_json *config,
                      const struct family *family, struct hyt_err *err)
{
    double width = 256;

    if (hyt_config_number(config, "query_pre_attn_scalar", 1e-6, 1e9, &width,
                          err) < 0 ||
        /* Gemma 3 has it in its config, and no use for it. */
        (family->attn_cap > 0 &&
         read_cap(&c->attn_cap, config, "attn_logit_softcapping",
                  family->attn_cap, err) < 0) ||
        read_cap(&c->logit_cap, config, "final_logit_softcapping",
                 family->logit_cap, err) < 0)
        return -1;
    c->q_scale = (float)(1 / sqrt(width));
    c->embed_scale = sqrtf((float)c->D);
    c->norm_plus = 1;
    return 0;
}

const struct hyt_json *hyt_config_text(struct hyt_config *c,
                                       const struct hyt_json *config,
                                       struct hyt_err *err)
{
    const struct family *family = find_family(config, err);
    const struct hyt_json *text = config;

    memset(c, 0, sizeof(*c));
    if (family == NULL || refuse_unknown(config, err) < 0)
        return NULL;
    c->prefix = "";
    if (family->prefix == NULL)
        return config;
    c->prefix = family->prefix;
    c->H = family->H;
    c->G = family->G;
    c->E = family->E;
    c->V = family->V;
    c->max_positions = family->max_positions;
    text = hyt_json_get(config, "text_config");
    if (text == NULL || hyt_json_type(text) != HYT_JSON_OBJECT) {
        hyt_fail(err, "config.json: no \"text_config\"");
        return NULL;
    }
    return text;
}

int hyt_config_family(struct hyt_config *c, const struct hyt_json *whole,
                      const struct hyt_json *config, struct hyt_err *err)
{
    const struct family *family = find_family(whole, err);

    if (family == NULL || refuse_unknown(config, err) < 0 ||
        read_activation(c, config, family->gemma, err) < 0 ||
        read_window(c, config, family, err) < 0)
        return -1;
    c->eps = family->eps > 0 ? (float)family->eps : 1e-6f;
    c->tied = family->gemma;
    c->o_bias = false;
    if (hyt_config_flag(whole, "tie_word_embeddings", &c->tied, err) < 0 ||
        hyt_config_flag(config, "tie_word_embeddings", &c->tied, err) < 0 ||
        hyt_config_flag(config, "attention_bias", &c->o_bias, err) < 0)
        return -1;
    c->o_bias = c->o_bias && !family->qkv_bias;
    c->qkv_bias = family->qkv_bias || c->o_bias;
    c->qk_norm = family->qk_norm;
    c->fused = family->fused;
    c->two_ropes = family->two_ropes;
    c->pre_norm = family->pre_norm;
    c->post_norm = family->post_norm;
    c->q_scale = 1.0f / sqrtf((float)c->E);
    c->embed_scale = 1;
    if (c->fused && c->qkv_bias)
        return hyt_fail(err, "config.json: attention_bias is not supported "
                             "here");
    return family->gemma ? read_gemma(c, config, family, err) : 0;
}

bool hyt_config_local(const struct hyt_config *c, size_t l)
{
    return c->window > 0 &&
           (c->global_every == 0 || (l + 1) % c->global_every != 0);
}
