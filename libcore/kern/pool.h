/* SPDX-License-Identifier: MIT */
/*
 * pool.h - hyt_parallel_for over ranges, for the kernels' own use
 */
#ifndef HYT_KERN_POOL_H
#define HYT_KERN_POOL_H

#include "hyt/kern.h"

/* Runs fn(ctx, begin, end) for [0, n) cut into blocks of `block`, the last
 * one shorter. */
void hyt_parallel_blocks(size_t n, size_t block,
                         void (*fn)(const void *ctx, size_t begin, size_t end),
                         const void *ctx);

/* Elements that are worth a task of their own, and rows of so many. */
enum { HYT_GRAIN = 8192 };

static inline size_t hyt_rows_of_task(size_t width)
{
    return width < HYT_GRAIN ? HYT_GRAIN / (width + 1) + 1 : 1;
}

#endif
