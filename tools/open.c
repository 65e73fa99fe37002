/* SPDX-License-Identifier: MIT */
/*
 * open.c - opens a model directory the way every tool with -m needs it
 */
#include <stdlib.h>
#include <string.h>

#include "hyt/kern.h"
#include "open.h"

struct hyt_tok *hyt_open_tokenizer(const struct hyt_ckpt *ckpt,
                                   struct hyt_err *err)
{
    struct hyt_buf json = {0}, config = {0};
    struct hyt_tok *tok = NULL;
    int got = hyt_ckpt_file(ckpt, "tokenizer.json", &json, err);

    if (got == 0)
        hyt_fail(err, "%s: no tokenizer.json", hyt_ckpt_dir(ckpt));
    if (got > 0 &&
        hyt_ckpt_file(ckpt, "tokenizer_config.json", &config, err) >= 0) {
        tok = hyt_tok_load(json.s, json.n, config.s, config.n, err);
        if (tok == NULL)
            hyt_fail_prefix(err, "%s: ", hyt_ckpt_dir(ckpt));
    }
    hyt_buf_free(&json);
    hyt_buf_free(&config);
    return tok;
}

int hyt_open_weights(struct hyt_opened *o, const char *path,
                     struct hyt_err *err)
{
    memset(o, 0, sizeof(*o));
    o->ckpt = hyt_ckpt_open(path, err);
    if (o->ckpt == NULL)
        return -1;
    o->model = hyt_model_open(o->ckpt, err);
    if (o->model != NULL)
        return 0;
    hyt_close(o);
    return -1;
}

void hyt_open_vocab(struct hyt_opened *o, const struct hyt_tok *tok)
{
    size_t n = (size_t)hyt_tok_vocab(tok);
    bool *exists = hyt_alloc(n, sizeof(*exists));

    for (size_t v = 0; v < n; v++)
        exists[v] = hyt_tok_exists(tok, (int32_t)v);
    hyt_model_set_vocab(o->model, n, exists);
    free(exists);
}

int hyt_open(struct hyt_opened *o, const struct hyt_main *m,
             struct hyt_err *err)
{
    size_t vocab;

    memset(o, 0, sizeof(*o));
    if (hyt_kern_check(err) < 0)
        return -1;
    hyt_threads_set((int)m->threads);
    if (hyt_open_weights(o, m->model, err) < 0)
        return -1;
    o->tok = hyt_open_tokenizer(o->ckpt, err);
    if (o->tok == NULL) {
        hyt_close(o);
        return -1;
    }
    vocab = (size_t)hyt_tok_vocab(o->tok);
    /* Special tokens beyond it are those of a larger model of the family. */
    while (vocab > o->model->c.V &&
           (!hyt_tok_exists(o->tok, (int32_t)vocab - 1) ||
            hyt_tok_special(o->tok, (int32_t)vocab - 1)))
        vocab--;
    if (vocab > o->model->c.V) {
        hyt_fail(err,
                 "%s: the tokenizer has %zu ids, the model a vocabulary of "
                 "%zu",
                 hyt_ckpt_dir(o->ckpt), vocab, o->model->c.V);
        hyt_close(o);
        return -1;
    }
    for (size_t i = 0; i < o->model->c.n_eos; i++)
        if (!hyt_tok_exists(o->tok, o->model->c.eos[i])) {
            hyt_fail(err, "%s: end of sequence %d is no token of its tokenizer",
                     hyt_ckpt_dir(o->ckpt), (int)o->model->c.eos[i]);
            hyt_close(o);
            return -1;
        }
    hyt_open_vocab(o, o->tok);
    return 0;
}

void hyt_close(struct hyt_opened *o)
{
    hyt_tok_free(o->tok);
    hyt_model_close(o->model);
    hyt_ckpt_close(o->ckpt);
    memset(o, 0, sizeof(*o));
}

static int check_ids(const struct hyt_opened *o, struct hyt_rec *rec,
                     const char *what, const int32_t *id, size_t n,
                     struct hyt_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (id[i] < 0 || (size_t)id[i] >= o->model->c.V ||
            !hyt_tok_exists(o->tok, id[i]))
            return hyt_rec_fail(rec, "tokens", err,
                                "tokens.%s has %d, which is no token of this "
                                "model (%zu)",
                                what, (int)id[i], o->model->n_tokens);
    return 0;
}

int hyt_check_tokens(const struct hyt_opened *o, struct hyt_rec *rec,
                     const struct hyt_tokens *t, struct hyt_err *err)
{
    size_t n = t->n_prompt + t->n_completion;

    if (t->n_prompt == 0)
        return hyt_rec_fail(rec, "tokens", err, "the prompt has no tokens");
    if (n > o->model->c.max_positions)
        return hyt_rec_fail(rec, "tokens", err,
                            "%zu prompt and %zu completion tokens are more "
                            "than the model's context of %zu",
                            t->n_prompt, t->n_completion,
                            o->model->c.max_positions);
    if (check_ids(o, rec, "prompt", t->prompt, t->n_prompt, err) < 0)
        return -1;
    return check_ids(o, rec, "completion", t->completion, t->n_completion, err);
}

int hyt_record_kv(struct hyt_rec *rec, enum hyt_dtype *kv, struct hyt_err *err)
{
    const char *s;
    size_t n;
    int got = hyt_rec_str(rec, "sampling.kv", &s, &n, err);

    *kv = HYT_F32;
    if (got <= 0 || (n == 3 && memcmp(s, "f32", 3) == 0))
        return got < 0 ? -1 : 0;
    *kv = HYT_BF16;
    if (n == 4 && memcmp(s, "bf16", 4) == 0)
        return 0;
    return hyt_rec_fail(rec, "sampling", err,
                        "sampling.kv is none of " HYT_KV_FORMATS);
}
