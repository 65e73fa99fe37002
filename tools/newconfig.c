/* SPDX-License-Identifier: MIT */
/*
 * newconfig.c - config.json of a new model, as Hugging Face transformers has it
 */
#include <string.h>

#include "newmodel.h"

/* What a kind of model has that others have not; window: its local layers' own,
 * which --shape may change (0: none). */
static const struct {
    const char *class, *type;
    bool window;
    uint64_t window_default;
    const char *more;
} kind[] = {
    [HYT_ARCH_LLAMA] = {"Llama", "llama", false, 0,
                        " \"attention_bias\": false,\n"},
    [HYT_ARCH_MISTRAL] = {"Mistral", "mistral", true, 0, ""},
    [HYT_ARCH_QWEN2] = {"Qwen2", "qwen2", false, 0, ""},
    [HYT_ARCH_QWEN3] = {"Qwen3", "qwen3", false, 0,
                        " \"attention_bias\": false,\n"},
    [HYT_ARCH_PHI3] = {"Phi3", "phi3", true, 0, ""},
    [HYT_ARCH_OLMO2] = {"Olmo2", "olmo2", false, 0,
                        " \"attention_bias\": false,\n"},
    [HYT_ARCH_GEMMA2] = {"Gemma2", "gemma2", true, 4096,
                         " \"attention_bias\": false,\n"
                         " \"attn_logit_softcapping\": 50.0,\n"
                         " \"final_logit_softcapping\": 30.0,\n"},
    [HYT_ARCH_GEMMA3] = {"Gemma3", "gemma3_text", true, 512,
                         " \"attention_bias\": false,\n"
                         " \"attn_logit_softcapping\": null,\n"
                         " \"final_logit_softcapping\": null,\n"
                         " \"rope_local_base_freq\": 10000.0,\n"
                         " \"sliding_window_pattern\": 6,\n"},
};

bool hyt_newconfig_has_window(int arch)
{
    return kind[arch].window;
}

void hyt_newconfig_ids(struct hyt_buf *b, const struct hyt_toksize *tok)
{
    if (tok->bos >= 0)
        hyt_buf_printf(b, " \"bos_token_id\": %lld,\n", (long long)tok->bos);
    hyt_buf_printf(b, " \"eos_token_id\": %lld", (long long)tok->eos);
}

static void put_number(struct hyt_buf *b, const char *key, uint64_t value)
{
    hyt_buf_printf(b, " \"%s\": %llu,\n", key, (unsigned long long)value);
}

static void put_sizes(struct hyt_buf *b, const struct hyt_shape *s)
{
    put_number(b, "hidden_size", s->hidden);
    put_number(b, "intermediate_size", s->ffn);
    put_number(b, "num_hidden_layers", s->layers);
    put_number(b, "num_attention_heads", s->heads);
    put_number(b, "num_key_value_heads", s->kv_heads);
    put_number(b, "head_dim", s->head_dim);
    put_number(b, "vocab_size", s->vocab);
    put_number(b, "max_position_embeddings", s->positions);
}

static void put_window(struct hyt_buf *b, const struct hyt_shape *s)
{
    uint64_t window = s->window ? s->window : kind[s->arch].window_default;

    if (window)
        put_number(b, "sliding_window", window);
    else if (kind[s->arch].window)
        hyt_buf_puts(b, " \"sliding_window\": null,\n");
}

void hyt_newconfig_print(struct hyt_buf *b, const struct hyt_shape *s,
                         enum hyt_dtype dtype, const struct hyt_toksize *tok)
{
    static const char *const dtypes[] = {"float32", "bfloat16", "float16"};
    bool gemma = s->arch == HYT_ARCH_GEMMA2 || s->arch == HYT_ARCH_GEMMA3;

    hyt_buf_printf(b,
                   "{\n \"architectures\": [\n  \"%sForCausalLM\"\n ],\n"
                   " \"model_type\": \"%s\",\n",
                   kind[s->arch].class, kind[s->arch].type);
    put_sizes(b, s);
    hyt_buf_puts(b, " \"rms_norm_eps\": 1e-05,\n \"rope_theta\": ");
    hyt_json_put_f64(b, s->theta);
    hyt_buf_printf(b, ",\n \"%s\": \"%s\",\n%s",
                   gemma ? "hidden_activation" : "hidden_act",
                   gemma ? "gelu_pytorch_tanh" : "silu", kind[s->arch].more);
    put_window(b, s);
    if (gemma)
        put_number(b, "query_pre_attn_scalar", s->head_dim);
    hyt_buf_printf(b,
                   " \"initializer_range\": 0.02,\n"
                   " \"tie_word_embeddings\": %s,\n",
                   s->tied ? "true" : "false");
    hyt_newconfig_ids(b, tok);
    hyt_buf_printf(b, ",\n \"torch_dtype\": \"%s\"\n}\n", dtypes[dtype]);
}
