/* SPDX-License-Identifier: MIT */
/* charsmap.h - SentencePiece's normalization, as it is compiled into models */
#ifndef HYT_TEXT_CHARSMAP_H
#define HYT_TEXT_CHARSMAP_H

#include "hyt/base.h"

/* A trie of what is replaced leads to places in `text`. */
struct hyt_charsmap {
    uint32_t *unit;
    size_t n_units;
    char *text; /* strings, each with its NUL */
    size_t n_text;
};

int hyt_charsmap_load(struct hyt_charsmap *map, const char *base64,
                      struct hyt_err *err);
void hyt_charsmap_free(struct hyt_charsmap *map);

/* Appends s[0..n), valid UTF-8, in its normal form. */
void hyt_charsmap_put(const struct hyt_charsmap *map, struct hyt_buf *out,
                      const char *s, size_t n);

#endif
