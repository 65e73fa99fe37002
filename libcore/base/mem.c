/* SPDX-License-Identifier: MIT */
/*
 * Allocation that does not fail: sizes that come from input are checked by
 * whoever reads them, so running out here ends the process.
 */
#include "hyt/base.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64

static HYT_NORETURN void out_of_memory(size_t n, size_t size)
{
    fprintf(stderr, "hyt: out of memory (%zu objects of %zu bytes)\n", n, size);
    exit(1);
}

void hyt_no_memory(const char *what)
{
    fprintf(stderr, "hyt: out of memory for %s\n", what);
    exit(1);
}

/* n * size, at least 1 so that NULL always means failure. */
static size_t bytes_of(size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size)
        out_of_memory(n, size);
    return n && size ? n * size : 1;
}

void *hyt_alloc(size_t n, size_t size)
{
    void *p = calloc(1, bytes_of(n, size));

    if (!p)
        out_of_memory(n, size);
    return p;
}

void *hyt_realloc(void *p, size_t n, size_t size)
{
    void *q = realloc(p, bytes_of(n, size));

    if (!q)
        out_of_memory(n, size);
    return q;
}

char *hyt_strndup(const char *s, size_t n)
{
    char *copy;

    if (n == SIZE_MAX)
        out_of_memory(n, 1);
    copy = hyt_alloc(n + 1, 1);
    if (n)
        memcpy(copy, s, n);
    return copy;
}

void *hyt_alloc_aligned(size_t n, size_t size)
{
    const size_t bytes = bytes_of(n, size);
    void *p;

    if (bytes > SIZE_MAX - CACHE_LINE)
        out_of_memory(n, size);
    /* aligned_alloc() wants a multiple of the alignment. */
    p = aligned_alloc(CACHE_LINE,
                      (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
    if (!p)
        out_of_memory(n, size);
    return memset(p, 0, bytes);
}

void *hyt_grow(void *p, size_t *cap, size_t need, size_t size)
{
    size_t n = *cap;

    if (need <= n)
        return p;
    n = n > SIZE_MAX / 2 ? need : 2 * n;
    if (n < 16)
        n = 16;
    if (n < need)
        n = need;
    p = hyt_realloc(p, n, size);
    *cap = n;
    return p;
}
