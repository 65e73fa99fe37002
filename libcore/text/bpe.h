/* SPDX-License-Identifier: MIT */
/* bpe.h - byte-pair encoding: a word becomes ids */
#ifndef HYT_TEXT_BPE_H
#define HYT_TEXT_BPE_H

#include "hyt/json.h"
#include "hyt/text.h"
#include "text/vocab.h"

struct hyt_merge {
    uint64_t pair; /* left id << 32 | right id */
    uint32_t rank; /* position in the list of merges + 1; 0: slot is free */
    int32_t id;    /* what the pair becomes */
};

struct hyt_bpe {
    struct hyt_merge *merge; /* open addressing by pair */
    size_t n_slots;
    int32_t byte_id[256]; /* <0x00> … <0xFF> under byte_fallback; else -1 */
    int32_t unk;          /* -1: none */
    bool fuse_unk, ignore_merges;
};

/* Reads the "model" part; its vocabulary goes to v. */
int hyt_bpe_load(struct hyt_bpe *bpe, struct hyt_vocab *v,
                 const struct hyt_json *model, struct hyt_err *err);
void hyt_bpe_free(struct hyt_bpe *bpe);

/* Memory that encoding reuses from word to word: all zero at first. */
struct hyt_symbol;
struct hyt_candidate;
struct hyt_bpe_work {
    struct hyt_symbol *symbol;
    struct hyt_candidate *heap;
    size_t n_symbols, symbol_cap;
    size_t n_heap, heap_cap;
};
void hyt_bpe_work_free(struct hyt_bpe_work *w);

/* Appends the ids of one word (valid UTF-8). */
int hyt_bpe_encode(const struct hyt_bpe *bpe, const struct hyt_vocab *v,
                   struct hyt_bpe_work *w, const char *word, size_t n,
                   struct hyt_ids32 *ids, struct hyt_err *err);

/* The merge of two ids; NULL where they do not merge. */
const struct hyt_merge *hyt_bpe_merge(const struct hyt_bpe *bpe, int32_t left,
                                      int32_t right);

#endif
