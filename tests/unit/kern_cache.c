/* SPDX-License-Identifier: MIT */
/*
 * kern_cache.c - a cache of two sequences
 */
#include <stdlib.h>
#include <string.h>

#include "kern_ops.h"

/* A pool of NaN, in either format. */
static void *nan_pool(size_t n)
{
    uint32_t *p = hyt_alloc(n, sizeof(*p));

    for (size_t i = 0; i < n; i++)
        p[i] = 0x7fc07fc0;
    return p;
}

static float *copy_of(const float *x, size_t n)
{
    float *y = hyt_alloc(n, sizeof(*y));

    memcpy(y, x, n * sizeof(*y));
    return y;
}

/* Pages of the sequences alternate in the pool, which holds NaN at first:
 * what no sequence stored must not be seen. */
struct kern_cache kern_cache_make(enum hyt_dtype t, const float *k,
                                  const float *v, size_t n0, size_t n1,
                                  size_t G, size_t E)
{
    size_t pages = (n0 + n1) / HYT_PAGE + 2, size = G * E * HYT_PAGE;
    struct kern_cache c = {
        {nan_pool(2 * pages * size), nan_pool(2 * pages * size), t},
        copy_of(k, (n0 + n1) * G * E),
        copy_of(v, (n0 + n1) * G * E),
        hyt_alloc(2 * pages, sizeof(int32_t)),
        hyt_alloc(n0 + n1, sizeof(struct hyt_attn_row))};

    for (size_t i = 0; i < 2 * pages; i++)
        c.page[i] = (int32_t)(i < pages ? 2 * i : 2 * (i - pages) + 1);
    for (size_t i = 0; i < n0 + n1; i++)
        c.row[i] =
            i < n0 ? (struct hyt_attn_row){c.page, (int32_t)i}
                   : (struct hyt_attn_row){c.page + pages, (int32_t)(i - n0)};
    hyt_kv_store(&c.kv, c.k, c.v, c.row, n0 + n1, G, E);
    return c;
}

void kern_cache_free(struct kern_cache c)
{
    free(c.kv.k);
    free(c.kv.v);
    free(c.k);
    free(c.v);
    free(c.page);
    free(c.row);
}
