/* SPDX-License-Identifier: MIT */
/* vocab.c - pieces of text and their ids, both ways */
#include <stdlib.h>
#include <string.h>

#include "text/vocab.h"

/* FNV-1a, 64 bits (Fowler, Noll, Vo): pieces are short. */
static uint64_t hash(const char *s, size_t n)
{
    uint64_t h = 14695981039346656037u;

    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)s[i]) * 1099511628211u;
    return h ^ h >> 32;
}

/* The slot that holds the piece, or the free one where it would go. */
static size_t find_slot(const struct hyt_vocab *v, const char *s, size_t n)
{
    size_t i = hash(s, n) & (v->n_slots - 1);

    while (v->slot[i] != 0) {
        const struct hyt_piece *p = &v->piece[v->slot[i] - 1];

        if (p->n == n && memcmp(p->s, s, n) == 0)
            break;
        i = (i + 1) & (v->n_slots - 1);
    }
    return i;
}

int32_t hyt_vocab_find(const struct hyt_vocab *v, const char *s, size_t n)
{
    return v->n_slots ? v->slot[find_slot(v, s, n)] - 1 : -1;
}

int32_t hyt_vocab_plain(const struct hyt_vocab *v, const char *s, size_t n)
{
    const int32_t id = hyt_vocab_find(v, s, n);

    return id >= 0 && v->piece[id].flags == 0 ? id : -1;
}

void hyt_vocab_flag(struct hyt_vocab *v, int32_t id, enum hyt_piece_flag flag)
{
    v->piece[id].flags |= flag;
}

/* At most half of the slots are ever taken. */
static void grow_slots(struct hyt_vocab *v)
{
    free(v->slot);
    v->n_slots = v->n_slots ? 2 * v->n_slots : 1024;
    v->slot = hyt_alloc(v->n_slots, sizeof(*v->slot));
    for (int32_t id = 0; id < v->n; id++) {
        const struct hyt_piece *p = &v->piece[id];

        if (p->s)
            v->slot[find_slot(v, p->s, p->n)] = id + 1;
    }
}

int hyt_vocab_add(struct hyt_vocab *v, const char *s, size_t n, int32_t id,
                  struct hyt_err *err)
{
    if (id < 0 || id > HYT_MAX_ID)
        HYT_BUG("token id out of range");
    if (id < v->n && v->piece[id].s)
        return hyt_fail(err, "id %ld is both \"%s\" and \"%s\"", (long)id,
                        v->piece[id].s, s);
    if (hyt_vocab_find(v, s, n) >= 0)
        return hyt_fail(err, "\"%s\" has two ids", s);
    if (n > UINT32_MAX)
        return hyt_fail(err, "a token of %zu bytes", n);
    if (id >= v->n) {
        v->piece =
            hyt_grow(v->piece, &v->cap, (size_t)id + 1, sizeof(*v->piece));
        memset(v->piece + v->n, 0, (size_t)(id + 1 - v->n) * sizeof(*v->piece));
        v->n = id + 1;
    }
    if (2 * (v->n_pieces + 1) > v->n_slots)
        grow_slots(v);
    v->piece[id].s = hyt_arena_strndup(&v->arena, s, n);
    v->piece[id].n = (uint32_t)n;
    v->slot[find_slot(v, s, n)] = id + 1;
    v->n_pieces++;
    return 0;
}

struct hyt_piece hyt_vocab_text(struct hyt_vocab *v, const char *s)
{
    static const char mark[] = "\xEF\xBF\xBF"; /* U+FFFF */
    const char *end = v->marked ? strstr(s, mark) : NULL;
    size_t n = strlen(s);
    char *copy;

    if (!end)
        return (struct hyt_piece){.s = s, .n = (uint32_t)n};
    copy = hyt_arena_strndup(&v->arena, s, n);
    for (n = 0; end; s = end + strlen(mark), end = strstr(s, mark)) {
        memcpy(copy + n, s, (size_t)(end - s));
        n += (size_t)(end - s);
        copy[n++] = '\0';
    }
    memcpy(copy + n, s, strlen(s));
    return (struct hyt_piece){.s = copy, .n = (uint32_t)(n + strlen(s))};
}

void hyt_vocab_free(struct hyt_vocab *v)
{
    free(v->piece);
    free(v->slot);
    hyt_arena_free(&v->arena);
}
