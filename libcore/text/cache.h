/* SPDX-License-Identifier: MIT */
/* cache.h - words that were encoded before, and their ids */
#ifndef HYT_TEXT_CACHE_H
#define HYT_TEXT_CACHE_H

#include "hyt/base.h"

/* A word has one place; it takes that of the word that was there.  Words that
 * do not fit are not kept. */
enum { HYT_CACHED_BYTES = 22, HYT_CACHED_IDS = 10 };

struct hyt_cached {
    unsigned char n, n_ids; /* n = 0: free */
    char word[HYT_CACHED_BYTES];
    int32_t id[HYT_CACHED_IDS];
};

/* All zero is an empty cache. */
struct hyt_cache {
    struct hyt_cached *place;
};
void hyt_cache_free(struct hyt_cache *c);

/* The entry of a word; where it has none, its place, with n = 0, and NULL
 * where it does not fit. */
struct hyt_cached *hyt_cache_find(struct hyt_cache *c, const char *word,
                                  size_t n);

/* Fills the place that hyt_cache_find() gave. */
void hyt_cache_put(struct hyt_cached *place, const char *word, size_t n,
                   const int32_t *id, size_t n_ids);

#endif
