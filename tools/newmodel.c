/* SPDX-License-Identifier: MIT */
/*
 * newmodel.c - a model directory with random weights
 *
 * Tensor names and config.json are those of Hugging Face transformers.  Every
 * weight is a function of (seed, tensor name, index): the same model on any
 * machine.  Initialisation as GPT-2 (Radford et al. 2019, section 2.3): normal
 * with standard deviation 0.02, the projections onto the residual stream
 * divided by sqrt(2 layers).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hyt/ckpt.h"
#include "hyt/io.h"
#include "hyt/kern.h"
#include "newmodel.h"

/* --- the tensors ---------------------------------------------------------- */

struct init {
    double mean, std;
};

struct plan {
    struct hyt_arena arena;
    struct hyt_tensor *t;
    struct init *init;
    size_t n, t_cap, init_cap;
    enum hyt_dtype dtype;
};

/* [rows, cols], or [rows] where cols is 0. */
static void add(struct plan *p, const char *prefix, const char *name,
                struct init init, uint64_t rows, uint64_t cols)
{
    static const char *const names[] = {"F32", "BF16", "F16"};
    struct hyt_buf full = {0};
    struct hyt_tensor *t;

    p->t = hyt_grow(p->t, &p->t_cap, p->n + 1, sizeof *p->t);
    p->init = hyt_grow(p->init, &p->init_cap, p->n + 1, sizeof *p->init);
    t = &p->t[p->n];
    memset(t, 0, sizeof *t);
    hyt_buf_printf(&full, "%s%s", prefix, name);
    t->name = hyt_arena_strndup(&p->arena, full.s, full.n);
    hyt_buf_free(&full);
    t->dtype = p->dtype;
    t->dtype_name = names[p->dtype];
    t->n_dims = cols ? 2 : 1;
    t->dim[0] = rows;
    t->dim[1] = cols;
    t->n_bytes = rows * (cols ? cols : 1) * hyt_dtype_size(t->dtype);
    p->init[p->n++] = init;
}

static void plan_layer(struct plan *p, const struct hyt_shape *s,
                       uint64_t layer)
{
    const struct init weight = {0, 0.02}, one = {1, 0}, zero = {0, 0};
    const struct init residual = {0, 0.02 / sqrt(2.0 * (double)s->layers)};
    uint64_t q = s->heads * s->head_dim, kv = s->kv_heads * s->head_dim;
    char at[64];

    snprintf(at, sizeof at, "model.layers.%llu.", (unsigned long long)layer);
    add(p, at, "input_layernorm.weight", one, s->hidden, 0);
    add(p, at, "self_attn.q_proj.weight", weight, q, s->hidden);
    add(p, at, "self_attn.k_proj.weight", weight, kv, s->hidden);
    add(p, at, "self_attn.v_proj.weight", weight, kv, s->hidden);
    add(p, at, "self_attn.o_proj.weight", residual, s->hidden, q);
    if (s->arch == HYT_ARCH_QWEN2) {
        add(p, at, "self_attn.q_proj.bias", zero, q, 0);
        add(p, at, "self_attn.k_proj.bias", zero, kv, 0);
        add(p, at, "self_attn.v_proj.bias", zero, kv, 0);
    }
    if (s->arch == HYT_ARCH_QWEN3) {
        add(p, at, "self_attn.q_norm.weight", one, s->head_dim, 0);
        add(p, at, "self_attn.k_norm.weight", one, s->head_dim, 0);
    }
    add(p, at, "post_attention_layernorm.weight", one, s->hidden, 0);
    add(p, at, "mlp.gate_proj.weight", weight, s->ffn, s->hidden);
    add(p, at, "mlp.up_proj.weight", weight, s->ffn, s->hidden);
    add(p, at, "mlp.down_proj.weight", residual, s->hidden, s->ffn);
}

static void plan_model(struct plan *p, const struct hyt_shape *s)
{
    const struct init weight = {0, 0.02}, one = {1, 0};

    add(p, "", "model.embed_tokens.weight", weight, s->vocab, s->hidden);
    for (uint64_t layer = 0; layer < s->layers; layer++)
        plan_layer(p, s, layer);
    add(p, "", "model.norm.weight", one, s->hidden, 0);
    if (!s->tied)
        add(p, "", "lm_head.weight", weight, s->vocab, s->hidden);
}

static void fill(void *data, const struct hyt_tensor *t, struct init init,
                 uint64_t seed)
{
    uint64_t key = hyt_rng_key(seed, hyt_hash64(t->name, strlen(t->name), 0));
    uint64_t n = t->n_bytes / hyt_dtype_size(t->dtype);

    for (uint64_t i = 0; i < n; i++) {
        double x = init.mean;

        if (init.std > 0)
            x += init.std * hyt_rng_normal(key, i);
        if (t->dtype == HYT_BF16)
            ((uint16_t *)data)[i] = hyt_bf16_round((float)x);
        else if (t->dtype == HYT_F16)
            ((uint16_t *)data)[i] = hyt_f16_round((float)x);
        else
            ((float *)data)[i] = (float)x;
    }
}

static int write_weights(const char *path, const struct hyt_shape *s,
                         const struct hyt_newmodel *nm, struct hyt_err *err)
{
    struct plan p = {.dtype = nm->dtype};
    struct hyt_st_new *f;

    plan_model(&p, s);
    f = hyt_st_create(path, p.t, p.n, err);
    for (size_t i = 0; f && i < p.n; i++)
        fill(hyt_st_new_data(f, i), &p.t[i], p.init[i], nm->seed);
    free(p.t);
    free(p.init);
    hyt_arena_free(&p.arena);
    return f ? hyt_st_new_close(f, err) : -1;
}

/* --- the directory -------------------------------------------------------- */

static void put_ids(struct hyt_buf *b, const struct hyt_toksize *tok)
{
    if (tok->bos >= 0)
        hyt_buf_printf(b, " \"bos_token_id\": %lld,\n", (long long)tok->bos);
    hyt_buf_printf(b, " \"eos_token_id\": %lld", (long long)tok->eos);
}

static void print_config(struct hyt_buf *b, const struct hyt_shape *s,
                         enum hyt_dtype dtype, const struct hyt_toksize *tok)
{
    static const char *const type[] = {"llama", "qwen2", "qwen3"};
    static const char *const class[] = {"Llama", "Qwen2", "Qwen3"};
    static const char *const dtypes[] = {"float32", "bfloat16", "float16"};
    const struct {
        const char *key;
        uint64_t value;
    } numbers[] = {
        {"hidden_size", s->hidden},
        {"intermediate_size", s->ffn},
        {"num_hidden_layers", s->layers},
        {"num_attention_heads", s->heads},
        {"num_key_value_heads", s->kv_heads},
        {"head_dim", s->head_dim},
        {"vocab_size", s->vocab},
        {"max_position_embeddings", s->positions},
    };

    hyt_buf_printf(b,
                   "{\n \"architectures\": [\n  \"%sForCausalLM\"\n ],\n"
                   " \"model_type\": \"%s\",\n",
                   class[s->arch], type[s->arch]);
    for (size_t i = 0; i < HYT_LEN(numbers); i++)
        hyt_buf_printf(b, " \"%s\": %llu,\n", numbers[i].key,
                       (unsigned long long)numbers[i].value);
    hyt_buf_puts(b, " \"rms_norm_eps\": 1e-05,\n \"rope_theta\": ");
    hyt_json_put_f64(b, s->theta);
    hyt_buf_puts(b, ",\n \"hidden_act\": \"silu\",\n");
    if (s->arch != HYT_ARCH_QWEN2)
        hyt_buf_puts(b, " \"attention_bias\": false,\n");
    hyt_buf_printf(b,
                   " \"initializer_range\": 0.02,\n"
                   " \"tie_word_embeddings\": %s,\n",
                   s->tied ? "true" : "false");
    put_ids(b, tok);
    hyt_buf_printf(b, ",\n \"torch_dtype\": \"%s\"\n}\n", dtypes[dtype]);
}

/* A file of the new directory; those of the same name are not ours to replace,
 * so check_free() has seen that there are none. */
static const char *in_dir(struct hyt_buf *path, const char *dir,
                          const char *name)
{
    hyt_buf_reset(path);
    hyt_buf_printf(path, "%s/%s", dir, name);
    return path->s;
}

static int check_free(const char *dir, struct hyt_err *err)
{
    static const char *const files[] = {
        "model.safetensors", "model.safetensors.index.json",
        "config.json",       "generation_config.json",
        "tokenizer.json",    "tokenizer_config.json"};
    struct hyt_buf path = {0};
    int status = 0;

    for (size_t i = 0; status == 0 && i < HYT_LEN(files); i++)
        if (access(in_dir(&path, dir, files[i]), F_OK) == 0)
            status = hyt_fail(err, "%s is there already", path.s);
    hyt_buf_free(&path);
    return status;
}

static int write_texts(const struct hyt_newmodel *nm, const struct hyt_shape *s,
                       const struct hyt_buf *tokenizer,
                       const struct hyt_buf *tokenizer_config,
                       const struct hyt_toksize *tok, struct hyt_err *err)
{
    struct hyt_buf config = {0}, generation = {0}, path = {0};
    const struct {
        const char *name;
        const struct hyt_buf *text;
    } file[] = {{"tokenizer.json", tokenizer},
                {"tokenizer_config.json", tokenizer_config},
                {"generation_config.json", &generation},
                {"config.json", &config}};
    int status = 0;

    print_config(&config, s, nm->dtype, tok);
    hyt_buf_puts(&generation, "{\n");
    put_ids(&generation, tok);
    hyt_buf_puts(&generation, "\n}\n");
    for (size_t i = 0; status == 0 && i < HYT_LEN(file); i++)
        if (file[i].text->n)
            status = hyt_file_write(in_dir(&path, nm->dir, file[i].name),
                                    file[i].text->s, file[i].text->n, err);
    for (size_t i = 0; status < 0 && i < HYT_LEN(file); i++)
        unlink(in_dir(&path, nm->dir, file[i].name));
    hyt_buf_free(&config);
    hyt_buf_free(&generation);
    hyt_buf_free(&path);
    return status;
}

/* All files or none.  The weights come first: where there is no room, it is for
 * them, and their name is only taken once. */
static int write_files(const struct hyt_newmodel *nm, const struct hyt_shape *s,
                       const struct hyt_buf *tokenizer,
                       const struct hyt_buf *tokenizer_config,
                       const struct hyt_toksize *tok, struct hyt_err *err)
{
    struct hyt_buf weights = {0};
    bool made = mkdir(nm->dir, 0777) == 0;
    int status = 0;

    in_dir(&weights, nm->dir, "model.safetensors");
    if (!made && access(nm->dir, W_OK) < 0)
        status = hyt_fail_errno(err, "%s", nm->dir);
    else
        status = write_weights(weights.s, s, nm, err);
    if (status == 0) {
        status = write_texts(nm, s, tokenizer, tokenizer_config, tok, err);
        if (status < 0)
            unlink(weights.s);
    }
    if (status < 0 && made)
        rmdir(nm->dir);
    hyt_buf_free(&weights);
    return status;
}

int hyt_newmodel(const struct hyt_newmodel *nm, bool *usage,
                 struct hyt_err *err)
{
    struct hyt_buf tokenizer = {0}, config = {0};
    struct hyt_toksize tok;
    struct hyt_shape shape;
    int status = 0;

    *usage = true;
    if (hyt_shape_parse(&shape, nm, err) < 0)
        return -1;
    *usage = false;
    if (nm->tokenizer)
        status = hyt_tok_read(nm->tokenizer, &tokenizer, &config, &tok, err);
    else
        hyt_bytetok_print(&tokenizer, &config, &tok);
    if (status == 0 && shape.vocab < tok.size)
        shape.vocab = tok.size;
    if (status == 0)
        status = check_free(nm->dir, err);
    if (status == 0)
        status = write_files(nm, &shape, &tokenizer, &config, &tok, err);
    hyt_buf_free(&tokenizer);
    hyt_buf_free(&config);
    return status;
}
