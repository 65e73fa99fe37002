/* SPDX-License-Identifier: MIT */
/*
 * open.h - a checkpoint opened for use: weights, config, tokenizer, state
 */
#ifndef HYT_OPEN_H
#define HYT_OPEN_H

#include "hyt/ckpt.h"
#include "hyt/model.h"
#include "hyt/text.h"
#include "tool.h"

struct hyt_opened {
    struct hyt_ckpt *ckpt;
    struct hyt_model *model;
    struct hyt_tok *tok;
};

/* Opens m->model, sets the threads and checks HYT_KERN. -1 on error. */
int hyt_open(struct hyt_opened *o, const struct hyt_main *m,
             struct hyt_err *err) HYT_MUST_USE;

/* The same without a tokenizer, for another directory (--ref). */
int hyt_open_weights(struct hyt_opened *o, const char *path,
                     struct hyt_err *err) HYT_MUST_USE;
void hyt_close(struct hyt_opened *o);

/* Tells the model which ids have a token. */
void hyt_open_vocab(struct hyt_opened *o, const struct hyt_tok *tok);

/* The tokenizer of an open checkpoint; NULL on error. */
struct hyt_tok *hyt_open_tokenizer(const struct hyt_ckpt *ckpt,
                                   struct hyt_err *err) HYT_MUST_USE;

/* Checks ids from a record against the model: range and context length. */
int hyt_check_tokens(const struct hyt_opened *o, struct hyt_rec *rec,
                     const struct hyt_tokens *t,
                     struct hyt_err *err) HYT_MUST_USE;

/* The words of enum hyt_dtype that a cache may have, in its order. */
#define HYT_KV_FORMATS "f32|bf16"

/* The format of the cache that the record was sampled with: sampling.kv, f32
 * where it says nothing, as in a supervised trace. */
int hyt_record_kv(struct hyt_rec *rec, enum hyt_dtype *kv,
                  struct hyt_err *err) HYT_MUST_USE;

#endif
