/* SPDX-License-Identifier: MIT */
/*
 * Philox4x32-10: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", SC 2011.  Ten rounds of a keyed bijection of
 * 128 bits, checked against the authors' known answers.
 *
 * The upper half of the counter keeps the uses apart, so that a normal and a
 * uniform draw of one counter are independent.
 */
#include "hyt/base.h"

#include <math.h>

enum use { USE_DRAW, USE_KEY, USE_NORMAL };

void hyt_philox(uint32_t out[4], const uint32_t counter[4],
                const uint32_t key[2])
{
    uint32_t c0 = counter[0], c1 = counter[1];
    uint32_t c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];

    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = (uint64_t)0xD2511F53u * c0;
        const uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;

        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u; /* the golden ratio */
        k1 += 0xBB67AE85u; /* sqrt(3) - 1 */
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

static void draw(uint64_t out[2], uint64_t key, uint64_t counter, enum use use)
{
    const uint32_t c[4] = {(uint32_t)counter, (uint32_t)(counter >> 32),
                           (uint32_t)use, 0};
    const uint32_t k[2] = {(uint32_t)key, (uint32_t)(key >> 32)};
    uint32_t w[4];

    hyt_philox(w, c, k);
    out[0] = w[0] | (uint64_t)w[1] << 32;
    out[1] = w[2] | (uint64_t)w[3] << 32;
}

/* The upper 53 bits as a multiple of 2^-53 in [0, 1). */
static double unit(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

uint64_t hyt_rng_u64(uint64_t key, uint64_t counter)
{
    uint64_t w[2];

    draw(w, key, counter, USE_DRAW);
    return w[0];
}

double hyt_rng_unit(uint64_t key, uint64_t counter)
{
    return unit(hyt_rng_u64(key, counter));
}

/* G. Box, M. Muller 1958: sqrt(-2 log u) cos(2 pi v), u in (0, 1]. */
double hyt_rng_normal(uint64_t key, uint64_t counter)
{
    const double two_pi = 0x1.921fb54442d18p+2;
    uint64_t w[2];
    double sine, cosine;

    draw(w, key, counter, USE_NORMAL);
    hyt_sincos(two_pi * unit(w[1]), &sine, &cosine);
    return sqrt(-2 * hyt_log(1 - unit(w[0]))) * cosine;
}

/* floor(draw * n / 2^64).  A value's probability differs from 1/n by less
 * than 2^-64: rejection, which would need further counters, is not worth it. */
uint64_t hyt_rng_below(uint64_t key, uint64_t counter, uint64_t n)
{
    __extension__ typedef unsigned __int128 u128;

    if (n == 0)
        HYT_BUG("a draw from nothing");
    return (uint64_t)((u128)hyt_rng_u64(key, counter) * n >> 64);
}

uint64_t hyt_rng_key(uint64_t key, uint64_t word)
{
    uint64_t w[2];

    draw(w, key, word, USE_KEY);
    return w[0];
}

/* Fisher and Yates, from the end. */
void hyt_rng_shuffle(size_t *order, size_t n, uint64_t key)
{
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = n; i > 1; i--) {
        const size_t j = (size_t)hyt_rng_below(key, i, i);
        const size_t kept = order[j];

        order[j] = order[i - 1];
        order[i - 1] = kept;
    }
}
