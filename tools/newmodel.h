/* SPDX-License-Identifier: MIT */
/*
 * newmodel.h - a model directory with random weights (hyt-ckpt new)
 */
#ifndef HYT_NEWMODEL_H
#define HYT_NEWMODEL_H

#include "hyt/base.h"
#include "hyt/json.h"

/* In the order of the option --arch. */
enum hyt_arch {
    HYT_ARCH_LLAMA,
    HYT_ARCH_MISTRAL,
    HYT_ARCH_QWEN2,
    HYT_ARCH_QWEN3,
    HYT_ARCH_PHI3,
    HYT_ARCH_OLMO2,
    HYT_ARCH_GEMMA2,
    HYT_ARCH_GEMMA3
};

/* 0 (and -1 for arch and tied): the shape's own, or the default. */
struct hyt_newmodel {
    const char *dir;
    const char *shape;     /* "tiny5m,layers=2" */
    const char *tokenizer; /* path of a tokenizer.json; NULL: bytes */
    int arch;              /* enum hyt_arch */
    int tied;
    enum hyt_dtype dtype; /* F32, BF16 or F16 */
    uint64_t seed, max_positions;
    double rope_theta;
};

/* Creates the directory and its files; on failure neither stays.  *usage: the
 * failure is one of the command line. */
int hyt_newmodel(const struct hyt_newmodel *nm, bool *usage,
                 struct hyt_err *err) HYT_MUST_USE;

/* newshape.c: what nm->shape and the other options make. */
struct hyt_shape {
    const char *name;
    int arch;
    uint64_t layers, hidden, heads, kv_heads, head_dim, ffn, vocab;
    uint64_t positions, window; /* 0: the architecture's own */
    double theta;
    bool tied;
};
int hyt_shape_parse(struct hyt_shape *s, const struct hyt_newmodel *nm,
                    struct hyt_err *err) HYT_MUST_USE;

/* What of a tokenizer concerns the model. */
struct hyt_toksize {
    uint64_t size; /* largest id + 1 */
    int64_t bos, eos;
};

/* newconfig.c: config.json, and the lines of it that generation_config.json has
 * as well. */
void hyt_newconfig_print(struct hyt_buf *b, const struct hyt_shape *s,
                         enum hyt_dtype dtype, const struct hyt_toksize *tok);
void hyt_newconfig_ids(struct hyt_buf *b, const struct hyt_toksize *tok);
bool hyt_newconfig_has_window(int arch);

/* bytetok.c: a tokenizer of 256 bytes and one end-of-text token. */
void hyt_bytetok_print(struct hyt_buf *tokenizer, struct hyt_buf *config,
                       struct hyt_toksize *size);

/* bytetok.c: reads a tokenizer.json, and the tokenizer_config.json beside it
 * (empty where there is none). */
int hyt_tok_read(const char *path, struct hyt_buf *tokenizer,
                 struct hyt_buf *config, struct hyt_toksize *size,
                 struct hyt_err *err) HYT_MUST_USE;

#endif
