/* SPDX-License-Identifier: MIT */
/*
 * model.c - binds the tensors of a checkpoint to the fields of a model
 *
 * The table in model.h is the only list of tensors: binding, parameters and
 * gradients walk it in one order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyt/model.h"

/* How many tensors one pass over the table yields at most. */
#define HYT_COUNT_ONE(field, name, rows, columns, present) +1
enum {
    LAYER_TENSORS = 0 HYT_LAYER_TENSORS(HYT_COUNT_ONE),
    MODEL_TENSORS = 0 HYT_MODEL_TENSORS(HYT_COUNT_ONE)
};

static int check_shape(const struct hyt_tensor *t, size_t rows, size_t columns,
                       struct hyt_err *err)
{
    bool vector = columns == 1;
    bool fits =
        vector ? t->n_dims == 1 && t->dim[0] == rows
               : t->n_dims == 2 && t->dim[0] == rows && t->dim[1] == columns;

    if (t->dtype == HYT_DTYPE_OTHER)
        return hyt_fail(err,
                        "tensor \"%s\" is %s, which is not supported (there "
                        "are F32, BF16 and F16)",
                        t->name, t->dtype_name);
    if (fits)
        return 0;
    if (vector)
        return hyt_fail(err,
                        "tensor \"%s\" does not have the shape [%zu] that "
                        "config.json asks for",
                        t->name, rows);
    return hyt_fail(err,
                    "tensor \"%s\" does not have the shape [%zu, %zu] that "
                    "config.json asks for",
                    t->name, rows, columns);
}

static int bind(struct hyt_model *m, const struct hyt_ckpt *ckpt,
                struct hyt_bound *field, const char *name, size_t rows,
                size_t columns, struct hyt_err *err)
{
    const struct hyt_tensor *t = hyt_ckpt_find(ckpt, name);
    struct hyt_param *p = &m->param[m->n_params];

    if (t == NULL)
        return hyt_fail(err, "%s: no tensor \"%s\"", hyt_ckpt_dir(ckpt), name);
    if (check_shape(t, rows, columns, err) < 0)
        return hyt_fail_prefix(err, "%s: ", hyt_ckpt_dir(ckpt));
    field->w.p = t->data;
    field->w.t = t->dtype;
    field->grad = m->n_floats;
    p->name = hyt_strndup(name, strlen(name));
    p->bound = field;
    p->n = rows * columns;
    p->vector = columns == 1;
    m->n_floats += p->n;
    m->n_params++;
    return 0;
}

static int bind_layer(struct hyt_model *m, const struct hyt_ckpt *ckpt,
                      size_t l, struct hyt_err *err)
{
    const struct hyt_config *c = &m->c;
    struct hyt_layer *w = &m->layer[l];
    char name[128];

#define HYT_BIND(field, suffix, rows, columns, present)                        \
    snprintf(name, sizeof(name), "%smodel.layers.%zu.%s", c->prefix, l,        \
             suffix);                                                          \
    if ((present) &&                                                           \
        bind(m, ckpt, &w->field, name, (rows), (columns), err) < 0)            \
        return -1;
    HYT_LAYER_TENSORS(HYT_BIND)
#undef HYT_BIND
    return 0;
}

/* `whole` from a row on. */
static struct hyt_bound rows_of(struct hyt_bound whole, size_t row, size_t D)
{
    size_t at = row * D, size = whole.w.t == HYT_F32 ? 4 : 2;

    whole.w.p = (const char *)whole.w.p + at * size;
    whole.grad += at;
    return whole;
}

/* What is bound to a part of another tensor, or to the whole of it. */
static void bind_views(struct hyt_model *m)
{
    const struct hyt_config *c = &m->c;

    if (c->tied)
        m->head = m->embed;
    for (size_t l = 0; l < c->L && c->fused; l++) {
        struct hyt_layer *w = &m->layer[l];

        w->wq = w->w_qkv;
        w->wk = rows_of(w->w_qkv, c->H * c->E, c->D);
        w->wv = rows_of(w->w_qkv, (c->H + c->G) * c->E, c->D);
        w->w_gate = w->w_gate_up;
        w->w_up = rows_of(w->w_gate_up, c->F, c->D);
    }
}

static int bind_all(struct hyt_model *m, const struct hyt_ckpt *ckpt,
                    struct hyt_err *err)
{
    const struct hyt_config *c = &m->c;
    char name[128];

#define HYT_BIND(field, suffix, rows, columns, present)                        \
    snprintf(name, sizeof(name), "%s%s", c->prefix, suffix);                   \
    if ((present) &&                                                           \
        bind(m, ckpt, &m->field, name, (rows), (columns), err) < 0)            \
        return -1;
    HYT_MODEL_TENSORS(HYT_BIND)
#undef HYT_BIND
    for (size_t l = 0; l < c->L; l++)
        if (bind_layer(m, ckpt, l, err) < 0)
            return -1;
    bind_views(m);
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool hyt_model_is_second_head(const struct hyt_model *m, const char *name)
{
    const size_t n = strlen(m->c.prefix);

    return m->c.tied && strncmp(name, m->c.prefix, n) == 0 &&
           strcmp(name + n, "lm_head.weight") == 0;
}

static int check_second_head(const struct hyt_model *m,
                             const struct hyt_ckpt *ckpt,
                             const struct hyt_tensor *head, struct hyt_err *err)
{
    const struct hyt_tensor *e = hyt_ckpt_find(ckpt, m->param[0].name);

    if (e->n_bytes == head->n_bytes && e->dtype == head->dtype &&
        memcmp(e->data, head->data, (size_t)head->n_bytes) == 0)
        return 0;
    return hyt_fail(err,
                    "%s: tie_word_embeddings is set, but \"%s\" differs from "
                    "\"%s\"",
                    hyt_ckpt_dir(ckpt), head->name, e->name);
}

/* What checkpoints have beside the weights of a text model: frequencies that
 * follow from the config, which old ones store, and what makes images of a
 * prompt into embeddings. */
static bool is_beside(const struct hyt_model *m, const char *name)
{
    static const char *const images[] = {"vision_tower.",
                                         "multi_modal_projector."};

    for (size_t i = 0; *m->c.prefix && i < HYT_LEN(images); i++)
        if (strncmp(name, images[i], strlen(images[i])) == 0)
            return true;
    return strstr(name, ".rotary_emb.inv_freq") != NULL;
}

/* Every tensor of the file is bound; a tied head may be there once more. */
static int check_unused(const struct hyt_model *m, const struct hyt_ckpt *ckpt,
                        struct hyt_err *err)
{
    const char **bound = hyt_alloc(m->n_params + 1, sizeof(*bound));
    int status = 0;

    for (size_t i = 0; i < m->n_params; i++)
        bound[i] = m->param[i].name;
    qsort(bound, m->n_params, sizeof(*bound), compare_names);
    for (size_t i = 0; i < hyt_ckpt_count(ckpt) && status == 0; i++) {
        const struct hyt_tensor *t = hyt_ckpt_tensor(ckpt, i);

        if (bsearch(&t->name, bound, m->n_params, sizeof(*bound),
                    compare_names) != NULL)
            continue;
        if (hyt_model_is_second_head(m, t->name))
            status = check_second_head(m, ckpt, t, err);
        else if (!is_beside(m, t->name))
            status = hyt_fail(err,
                              "%s: tensor \"%s\" has no use in this "
                              "architecture",
                              hyt_ckpt_dir(ckpt), t->name);
    }
    free(bound);
    return status;
}

static int read_config(struct hyt_model *m, const struct hyt_ckpt *ckpt,
                       struct hyt_err *err)
{
    struct hyt_buf text = {0};
    struct hyt_json *generation = NULL;
    int got = hyt_ckpt_file(ckpt, "generation_config.json", &text, err);

    if (got > 0) {
        generation = hyt_json_parse(text.s, text.n, 0, err);
        if (generation == NULL)
            got = hyt_fail_prefix(err, "generation_config.json: ");
    }
    if (got >= 0)
        got = hyt_config_read(&m->c, hyt_ckpt_config(ckpt), generation, err);
    hyt_json_free(generation);
    hyt_buf_free(&text);
    return got < 0 ? hyt_fail_prefix(err, "%s: ", hyt_ckpt_dir(ckpt)) : 0;
}

struct hyt_model *hyt_model_open(const struct hyt_ckpt *ckpt,
                                 struct hyt_err *err)
{
    struct hyt_model *m = hyt_alloc(1, sizeof(*m));
    const struct hyt_config *c = &m->c;

    if (read_config(m, ckpt, err) < 0) {
        free(m);
        return NULL;
    }
    /* A hostile layer count fails here at its first missing tensor, before
     * anything of its size is allocated. */
    if (c->L > hyt_ckpt_count(ckpt)) {
        hyt_fail(err,
                 "%s: config.json has %zu layers, the checkpoint has %zu "
                 "tensors",
                 hyt_ckpt_dir(ckpt), c->L, hyt_ckpt_count(ckpt));
        free(m);
        return NULL;
    }
    m->layer = hyt_alloc(c->L, sizeof(*m->layer));
    m->param =
        hyt_alloc(c->L * LAYER_TENSORS + MODEL_TENSORS, sizeof(*m->param));
    if (bind_all(m, ckpt, err) < 0 || check_unused(m, ckpt, err) < 0) {
        hyt_model_close(m);
        return NULL;
    }
    m->vocab = m->n_tokens = c->V;
    return m;
}

void hyt_model_close(struct hyt_model *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->n_params; i++)
        free(m->param[i].name);
    free(m->param);
    free(m->token);
    free(m->place);
    free(m->layer);
    free(m);
}

void hyt_model_rebind(struct hyt_model *m, size_t i, const void *data)
{
    m->param[i].bound->w.p = data;
    bind_views(m);
}

void hyt_model_set_vocab(struct hyt_model *m, size_t n, const bool *exists)
{
    free(m->token);
    free(m->place);
    m->token = m->place = NULL;
    m->vocab = m->n_tokens = n < m->c.V ? n : m->c.V;
    if (exists == NULL || memchr(exists, 0, m->vocab) == NULL)
        return;
    m->token = hyt_alloc(m->vocab, sizeof(*m->token));
    m->place = hyt_alloc(m->vocab, sizeof(*m->place));
    m->n_tokens = 0;
    for (size_t v = 0; v < m->vocab; v++) {
        m->place[v] = exists[v] ? (int32_t)m->n_tokens : -1;
        if (exists[v])
            m->token[m->n_tokens++] = (int32_t)v;
    }
}

int32_t hyt_model_token(const struct hyt_model *m, size_t i)
{
    return m->token != NULL ? m->token[i] : (int32_t)i;
}

float *hyt_grads_new(const struct hyt_model *m)
{
    return hyt_alloc_aligned(m->n_floats, sizeof(float));
}
