/* SPDX-License-Identifier: MIT */
/*
 * An arena: memory that dies together.  A list of chunks, the newest (which
 * is the largest so far, as each is at least twice the one before) in front.
 */
#include "hyt/base.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Under AddressSanitizer what reset() took back is out of bounds until it is
 * given out again. */
#ifdef __has_feature
#    if __has_feature(address_sanitizer)
#        define POISONING 1
#    endif
#endif
#ifdef __SANITIZE_ADDRESS__
#    define POISONING 1
#endif
#ifdef POISONING
#    include <sanitizer/asan_interface.h>
#    define POISON(p, n)   ASAN_POISON_MEMORY_REGION((p), (n))
#    define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#else
#    define POISON(p, n)   ((void)0)
#    define UNPOISON(p, n) ((void)0)
#endif

#define ALIGNMENT   alignof(max_align_t)
#define FIRST_CHUNK 4096

struct hyt_arena_chunk {
    struct hyt_arena_chunk *older;
    size_t used, size; /* bytes of data */
    alignas(max_align_t) unsigned char data[];
};

static struct hyt_arena_chunk *add_chunk(struct hyt_arena *a, size_t need)
{
    const size_t last = a->chunk ? a->chunk->size : FIRST_CHUNK / 2;
    struct hyt_arena_chunk *c;
    size_t size = last > SIZE_MAX / 4 ? need : 2 * last;

    if (size < need)
        size = need;
    c = hyt_realloc(NULL, 1, sizeof *c + size);
    c->older = a->chunk;
    c->used = 0;
    c->size = size;
    POISON(c->data, size);
    a->chunk = c;
    return c;
}

void *hyt_arena_alloc(struct hyt_arena *a, size_t n, size_t size)
{
    /* The bound leaves room for rounding up and for a chunk's head; more
     * cannot be had and hyt_alloc() says so. */
    const size_t limit = SIZE_MAX / 2;
    struct hyt_arena_chunk *c = a->chunk;
    size_t bytes;
    unsigned char *p;

    if (size && n > limit / size)
        return hyt_alloc(SIZE_MAX, 2);
    bytes = n && size ? n * size : 1;
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!c || bytes > c->size - c->used)
        c = add_chunk(a, bytes);
    p = c->data + c->used;
    c->used += bytes;
    UNPOISON(p, n * size);
    memset(p, 0, n * size);
    return p;
}

char *hyt_arena_strndup(struct hyt_arena *a, const char *s, size_t n)
{
    char *copy;

    if (n == SIZE_MAX)
        return hyt_alloc(SIZE_MAX, 2);
    copy = hyt_arena_alloc(a, n + 1, 1);
    if (n)
        memcpy(copy, s, n);
    return copy;
}

static void free_older(struct hyt_arena_chunk *c)
{
    while (c) {
        struct hyt_arena_chunk *older = c->older;

        UNPOISON(c->data, c->size);
        free(c);
        c = older;
    }
}

void hyt_arena_reset(struct hyt_arena *a)
{
    struct hyt_arena_chunk *c = a->chunk;

    if (!c)
        return;
    free_older(c->older);
    c->older = NULL;
    c->used = 0;
    POISON(c->data, c->size);
}

void hyt_arena_free(struct hyt_arena *a)
{
    free_older(a->chunk);
    a->chunk = NULL;
}
