/* SPDX-License-Identifier: MIT */
/* cache.c - words that were encoded before, and their ids */
#include <stdlib.h>
#include <string.h>

#include "text/cache.h"

#define PLACES ((size_t)1 << 15) /* 2 MiB: as much as stays near */

void hyt_cache_free(struct hyt_cache *c)
{
    free(c->place);
    c->place = NULL;
}

/* Eight bytes at a time, each round a multiplication by 2^64 / golden ratio;
 * the high bits are the mixed ones. */
static size_t place_of(const char *word, size_t n)
{
    uint64_t h = n;

    for (size_t i = 0; i < n; i += 8) {
        uint64_t part = 0;

        memcpy(&part, word + i, n - i < 8 ? n - i : 8);
        h = (h ^ part) * 0x9E3779B97F4A7C15u;
        h ^= h >> 32;
    }
    return h % PLACES;
}

struct hyt_cached *hyt_cache_find(struct hyt_cache *c, const char *word,
                                  size_t n)
{
    struct hyt_cached *place;

    if (n == 0 || n > HYT_CACHED_BYTES)
        return NULL;
    if (!c->place)
        c->place = hyt_alloc(PLACES, sizeof(*c->place));
    place = &c->place[place_of(word, n)];
    if (place->n != n || memcmp(place->word, word, n) != 0)
        place->n = 0;
    return place;
}

void hyt_cache_put(struct hyt_cached *place, const char *word, size_t n,
                   const int32_t *id, size_t n_ids)
{
    if (n_ids > HYT_CACHED_IDS)
        return;
    place->n = (unsigned char)n;
    place->n_ids = (unsigned char)n_ids;
    memcpy(place->word, word, n);
    memcpy(place->id, id, n_ids * sizeof(*id));
}
