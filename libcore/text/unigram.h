/* SPDX-License-Identifier: MIT */
/* unigram.h - the unigram model: a word becomes its most probable pieces */
#ifndef HYT_TEXT_UNIGRAM_H
#define HYT_TEXT_UNIGRAM_H

#include "hyt/json.h"
#include "hyt/text.h"
#include "text/vocab.h"

/* One step down the trie of all pieces, by a byte. */
struct hyt_edge {
    uint64_t from; /* node << 8 | byte */
    uint32_t to;   /* 0, the root: slot is free */
};

struct hyt_unigram {
    double *score; /* by id: log-probability */
    double unk_score;
    struct hyt_edge *edge; /* open addressing by `from` */
    size_t n_slots, n_edges;
    int32_t *piece; /* by node: the id of the piece that ends there, or -1 */
    size_t piece_cap;
};

struct hyt_tokmodel;

/* Reads "vocab", a list of [piece, score], and "unk_id". */
int hyt_unigram_load(struct hyt_tokmodel *m, struct hyt_vocab *v,
                     const struct hyt_json *part, struct hyt_err *err);
void hyt_unigram_free(struct hyt_unigram *u);

struct hyt_unigram_node;
struct hyt_unigram_work {
    struct hyt_unigram_node *node;
    size_t cap;
    size_t *end;
    size_t n_ends, end_cap;
};
void hyt_unigram_work_free(struct hyt_unigram_work *w);

int hyt_unigram_encode(const struct hyt_tokmodel *m, struct hyt_unigram_work *w,
                       const char *word, size_t n, struct hyt_ids32 *ids,
                       struct hyt_err *err);

#endif
