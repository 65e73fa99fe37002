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
    /* Where a word may be cut: in front of U+2581, unless one of these
     * characters stands there.  Nothing merges across. */
    uint32_t *joins;
    size_t n_joins, joins_cap;
    bool cuts; /* such cuts are possible */
};

struct hyt_tokmodel;

/* Reads "merges"; the vocabulary and the unknown token are loaded. */
int hyt_bpe_load(struct hyt_tokmodel *m, struct hyt_vocab *v,
                 const struct hyt_json *part, struct hyt_err *err);
void hyt_bpe_free(struct hyt_bpe *bpe);

/* Memory that encoding reuses from word to word: all zero at first. */
struct hyt_symbol;
struct hyt_candidate;
struct hyt_bpe_work {
    struct hyt_ids32 ids; /* of the characters */
    struct hyt_symbol *symbol;
    struct hyt_candidate *heap;
    size_t n_symbols, symbol_cap;
    size_t n_heap, heap_cap;
};
void hyt_bpe_work_free(struct hyt_bpe_work *w);

/* Appends the ids of one word (valid UTF-8). */
int hyt_bpe_encode(const struct hyt_tokmodel *m, struct hyt_bpe_work *w,
                   const char *word, size_t n, struct hyt_ids32 *ids,
                   struct hyt_err *err);

/* The merge of two ids; NULL where they do not merge. */
const struct hyt_merge *hyt_bpe_merge(const struct hyt_bpe *bpe, int32_t left,
                                      int32_t right);

/* The length of the first part of a word that is encoded by itself: parts
 * give the same ids as the whole, and repeat more often. */
size_t hyt_bpe_cut(const struct hyt_bpe *bpe, const char *word, size_t n);

#endif
