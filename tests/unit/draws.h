/* SPDX-License-Identifier: MIT */
/*
 * draws.h - logits, and many draws from them
 */
#ifndef HYT_TEST_DRAWS_H
#define HYT_TEST_DRAWS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyt/sample.h"

enum { MAX_V = 64, DRAWS = 20000 };

static const struct hyt_sampling plain = {.temperature = 1, .top_p = 1};

/* Logits from -4 to 4; every other row in steps of 1/2, so that many tie. */
static inline void random_logits(float *z, size_t V, uint64_t key)
{
    for (size_t v = 0; v < V; v++) {
        double x = 8 * hyt_rng_unit(key, v) - 4;

        z[v] = (float)(key % 2 ? floor(2 * x) / 2 : x);
    }
}

/* One draw in each of n equal parts of [0, 1): a token gets its share of them,
 * give or take what the ends of its part cost. */
static inline void count_evenly(size_t *count, const float *z, size_t V,
                                const struct hyt_sampling *s, size_t n)
{
    memset(count, 0, MAX_V * sizeof(*count));
    for (size_t i = 0; i < n; i++) {
        int32_t t = hyt_sample_token(z, V, s, ((double)i + 0.5) / (double)n);

        assert_in_range(t, 0, V - 1);
        count[t]++;
    }
}

#endif
