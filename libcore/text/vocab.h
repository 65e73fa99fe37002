/* SPDX-License-Identifier: MIT */
/* vocab.h - pieces of text and their ids, both ways */
#ifndef HYT_TEXT_VOCAB_H
#define HYT_TEXT_VOCAB_H

#include "hyt/base.h"

#define HYT_MAX_ID ((int32_t)1 << 24) /* bounds what a hostile file can cost */

/* A piece without a flag is one that the model may make of text. */
enum hyt_piece_flag {
    HYT_PIECE_SPECIAL = 1,
    HYT_PIECE_BYTE = 2, /* <0xNN> of byte_fallback */
    HYT_PIECE_ADDED = 4 /* not in the model's own vocabulary */
};

struct hyt_piece {
    const char *s; /* NULL: no token has this id */
    uint32_t n;
    unsigned flags; /* enum hyt_piece_flag */
};

/* All zero is an empty vocabulary. */
struct hyt_vocab {
    struct hyt_piece *piece; /* by id */
    int32_t n;               /* largest id + 1 */
    size_t cap, n_pieces;
    int32_t *slot; /* open addressing: id + 1, 0 where free */
    size_t n_slots;
    struct hyt_arena arena;
    bool marked; /* in the file's strings U+FFFF stands for NUL */
};

/* The text of a string of tokenizer.json, whose NULs are marked where
 * v->marked; it lives as long as s or the vocabulary. */
struct hyt_piece hyt_vocab_text(struct hyt_vocab *v, const char *s);

/* Adds a piece; it is an error where the piece or the id is taken already. */
int hyt_vocab_add(struct hyt_vocab *v, const char *s, size_t n, int32_t id,
                  struct hyt_err *err);
int32_t hyt_vocab_find(const struct hyt_vocab *v, const char *s, size_t n);
void hyt_vocab_flag(struct hyt_vocab *v, int32_t id, enum hyt_piece_flag flag);
void hyt_vocab_free(struct hyt_vocab *v);

/* The same, of those without a flag. */
int32_t hyt_vocab_plain(const struct hyt_vocab *v, const char *s, size_t n);

#endif
