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
#include "hyt/model.h"
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

/* Norms multiply by one, biases add nothing. */
static struct init init_of(const struct hyt_config *c, const char *name)
{
    if (strstr(name, "norm."))
        return (struct init){1 - (double)c->norm_plus, 0};
    if (strstr(name, ".bias"))
        return (struct init){0, 0};
    if (strstr(name, "o_proj.") || strstr(name, "down_proj."))
        return (struct init){0, 0.02 / sqrt(2.0 * (double)c->L)};
    return (struct init){0, 0.02};
}

#define PLAN(field, name, rows, columns, present)                              \
    if (present)                                                               \
        add(p, at, name, init_of(c, name), rows, (columns) > 1 ? (columns) : 0);

static void plan_layer(struct plan *p, const struct hyt_config *c, size_t layer)
{
    char at[64];

    snprintf(at, sizeof at, "model.layers.%zu.", layer);
    HYT_LAYER_TENSORS(PLAN)
}

static void plan_model(struct plan *p, const struct hyt_config *c)
{
    const char *const at = "";

    HYT_MODEL_TENSORS(PLAN)
    for (size_t layer = 0; layer < c->L; layer++)
        plan_layer(p, c, layer);
}
#undef PLAN

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

static int write_weights(const char *path, const struct hyt_config *c,
                         const struct hyt_newmodel *nm, struct hyt_err *err)
{
    struct plan p = {.dtype = nm->dtype};
    struct hyt_st_new *f;

    plan_model(&p, c);
    f = hyt_st_create(path, p.t, p.n, err);
    for (size_t i = 0; f && i < p.n; i++)
        fill(hyt_st_new_data(f, i), &p.t[i], p.init[i], nm->seed);
    free(p.t);
    free(p.init);
    hyt_arena_free(&p.arena);
    return f ? hyt_st_new_close(f, err) : -1;
}

/* --- the directory -------------------------------------------------------- */

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

/* What stands beside the weights. */
struct texts {
    struct hyt_buf tokenizer, tokenizer_config, config, generation;
};

static int write_texts(const char *dir, const struct texts *texts,
                       struct hyt_err *err)
{
    const struct {
        const char *name;
        const struct hyt_buf *text;
    } file[] = {{"tokenizer.json", &texts->tokenizer},
                {"tokenizer_config.json", &texts->tokenizer_config},
                {"generation_config.json", &texts->generation},
                {"config.json", &texts->config}};
    struct hyt_buf path = {0};
    int status = 0;

    for (size_t i = 0; status == 0 && i < HYT_LEN(file); i++)
        if (file[i].text->n)
            status = hyt_file_write(in_dir(&path, dir, file[i].name),
                                    file[i].text->s, file[i].text->n, err);
    for (size_t i = 0; status < 0 && i < HYT_LEN(file); i++)
        unlink(in_dir(&path, dir, file[i].name));
    hyt_buf_free(&path);
    return status;
}

/* All files or none.  The weights come first: where there is no room, it is for
 * them, and their name is only taken once. */
static int write_files(const struct hyt_newmodel *nm,
                       const struct hyt_config *c, const struct texts *texts,
                       struct hyt_err *err)
{
    struct hyt_buf weights = {0};
    bool made = mkdir(nm->dir, 0777) == 0;
    int status = 0;

    in_dir(&weights, nm->dir, "model.safetensors");
    if (!made && access(nm->dir, W_OK) < 0)
        status = hyt_fail_errno(err, "%s", nm->dir);
    else
        status = write_weights(weights.s, c, nm, err);
    if (status == 0) {
        status = write_texts(nm->dir, texts, err);
        if (status < 0)
            unlink(weights.s);
    }
    if (status < 0 && made)
        rmdir(nm->dir);
    hyt_buf_free(&weights);
    return status;
}

/* The config is read as that of any model: it says which tensors there are. */
static int make_config(struct hyt_config *c, struct texts *texts,
                       const struct hyt_shape *s, enum hyt_dtype dtype,
                       const struct hyt_toksize *tok, struct hyt_err *err)
{
    struct hyt_json *config;
    int status;

    hyt_buf_puts(&texts->generation, "{\n");
    hyt_newconfig_ids(&texts->generation, tok);
    hyt_buf_puts(&texts->generation, "\n}\n");
    hyt_newconfig_print(&texts->config, s, dtype, tok);
    config = hyt_json_parse(texts->config.s, texts->config.n, 0, err);
    status = config ? hyt_config_read(c, config, NULL, err) : -1;
    hyt_json_free(config);
    return status;
}

int hyt_newmodel(const struct hyt_newmodel *nm, bool *usage,
                 struct hyt_err *err)
{
    struct texts texts = {0};
    struct hyt_toksize tok;
    struct hyt_shape shape;
    struct hyt_config c;
    int status = 0;

    *usage = true;
    if (hyt_shape_parse(&shape, nm, err) < 0)
        return -1;
    *usage = false;
    if (nm->tokenizer)
        status = hyt_tok_read(nm->tokenizer, &texts.tokenizer,
                              &texts.tokenizer_config, &tok, err);
    else
        hyt_bytetok_print(&texts.tokenizer, &texts.tokenizer_config, &tok);
    if (status == 0 && shape.vocab < tok.size)
        shape.vocab = tok.size;
    if (status == 0)
        status = make_config(&c, &texts, &shape, nm->dtype, &tok, err);
    if (status == 0)
        status = check_free(nm->dir, err);
    if (status == 0)
        status = write_files(nm, &c, &texts, err);
    hyt_buf_free(&texts.tokenizer);
    hyt_buf_free(&texts.tokenizer_config);
    hyt_buf_free(&texts.config);
    hyt_buf_free(&texts.generation);
    return status;
}
