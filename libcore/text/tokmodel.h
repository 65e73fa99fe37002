/* SPDX-License-Identifier: MIT */
/*
 * tokmodel.h - the model of a tokenizer: a word becomes ids
 *
 * BPE merges characters, Unigram takes the most probable pieces, WordLevel
 * knows whole words.  None makes a special token of text: who wants those
 * parsed has them cut out of the text before.
 */
#ifndef HYT_TEXT_TOKMODEL_H
#define HYT_TEXT_TOKMODEL_H

#include "hyt/json.h"
#include "hyt/text.h"
#include "text/bpe.h"
#include "text/unigram.h"
#include "text/vocab.h"

enum hyt_tokmodel_kind {
    HYT_TOKMODEL_BPE,
    HYT_TOKMODEL_UNIGRAM,
    HYT_TOKMODEL_WORDS
};

struct hyt_tokmodel {
    enum hyt_tokmodel_kind kind;
    const struct hyt_vocab *vocab; /* the tokenizer's, with added tokens */
    int32_t byte_id[256]; /* <0x00> … <0xFF> under byte_fallback; else -1 */
    int32_t unk;          /* -1: none */
    bool fuse_unk;        /* unknown neighbours are one token */
    bool ignore_merges;   /* a word of the vocabulary is its token */
    struct hyt_bpe bpe;
    struct hyt_unigram unigram;
};

/* Reads the "model" part; its vocabulary goes to v, which outlives it. */
int hyt_tokmodel_load(struct hyt_tokmodel *m, struct hyt_vocab *v,
                      const struct hyt_json *part, struct hyt_err *err);
void hyt_tokmodel_free(struct hyt_tokmodel *m);

/* Memory that encoding reuses from word to word: all zero at first. */
struct hyt_tokmodel_work {
    struct hyt_bpe_work bpe;
    struct hyt_unigram_work unigram;
};
void hyt_tokmodel_work_free(struct hyt_tokmodel_work *w);

/* Appends the ids of one word (valid UTF-8). */
int hyt_tokmodel_encode(const struct hyt_tokmodel *m,
                        struct hyt_tokmodel_work *w, const char *word, size_t n,
                        struct hyt_ids32 *ids, struct hyt_err *err);

/* Appends the ids of what the vocabulary does not have: those of its bytes,
 * else the unknown token. */
int hyt_tokmodel_unknown(const struct hyt_tokmodel *m, const char *s, size_t n,
                         struct hyt_ids32 *ids, struct hyt_err *err);

#endif
