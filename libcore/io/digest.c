/* SPDX-License-Identifier: MIT */
/*
 * digest.c - XXH3, 64 bits: not against an adversary, but fast and the same
 * on every machine
 */
#include <stdlib.h>
#include <xxhash.h>

#include "hyt/io.h"

uint64_t hyt_hash64(const void *bytes, size_t n, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, n, seed);
}

struct hyt_digest {
    XXH3_state_t *state;
};

struct hyt_digest *hyt_digest_new(void)
{
    struct hyt_digest *d = hyt_alloc(1, sizeof(*d));

    d->state = XXH3_createState();
    if (!d->state)
        hyt_no_memory("a digest");
    XXH3_64bits_reset(d->state);
    return d;
}

void hyt_digest_add(struct hyt_digest *d, const void *bytes, size_t n)
{
    XXH3_64bits_update(d->state, bytes, n);
}

uint64_t hyt_digest_value(const struct hyt_digest *d)
{
    return XXH3_64bits_digest(d->state);
}

void hyt_digest_free(struct hyt_digest *d)
{
    if (!d)
        return;
    XXH3_freeState(d->state);
    free(d);
}

void hyt_hex64(char out[17], uint64_t x)
{
    static const char digit[] = "0123456789abcdef";

    for (int i = 15; i >= 0; i--, x >>= 4)
        out[i] = digit[x & 15];
    out[16] = 0;
}
