/* SPDX-License-Identifier: MIT */
/*
 * ids.c - a record's identity: the id it was given, or one from its bytes
 *
 * An id made here depends on the record's bytes and on how many records with
 * these bytes came before it, so that it is the same in every run over the
 * same input.  The counts live in an open-addressing hash table; two records
 * whose 64 bits agree by chance are told apart by their number, like repeats.
 */
#include <stdlib.h>
#include <string.h>

#include "record/rec.h"

struct entry {
    uint64_t hash;
    uint64_t count; /* 0: the place is free */
};

struct hyt_ids {
    struct entry *entry;
    size_t n, cap; /* cap is a power of two, n at most 3/4 of it */
};

struct hyt_ids *hyt_ids_new(void)
{
    struct hyt_ids *ids = hyt_alloc(1, sizeof(*ids));

    ids->cap = 1024;
    ids->entry = hyt_alloc(ids->cap, sizeof(*ids->entry));
    return ids;
}

void hyt_ids_free(struct hyt_ids *ids)
{
    if (!ids)
        return;
    free(ids->entry);
    free(ids);
}

/* The place of a hash: its own, or the free one where it belongs. */
static struct entry *place(const struct hyt_ids *ids, uint64_t hash)
{
    size_t i = (size_t)hash & (ids->cap - 1);

    while (ids->entry[i].count > 0 && ids->entry[i].hash != hash)
        i = (i + 1) & (ids->cap - 1);
    return &ids->entry[i];
}

static void enlarge(struct hyt_ids *ids)
{
    struct entry *old = ids->entry;
    size_t n = ids->cap;

    ids->cap *= 2;
    ids->entry = hyt_alloc(ids->cap, sizeof(*ids->entry));
    for (size_t i = 0; i < n; i++)
        if (old[i].count > 0)
            *place(ids, old[i].hash) = old[i];
    free(old);
}

/* Counts the hash; how often it was there before. */
static uint64_t seen(struct hyt_ids *ids, uint64_t hash)
{
    struct entry *e = place(ids, hash);

    if (e->count == 0) {
        if (ids->n >= ids->cap / 4 * 3) {
            enlarge(ids);
            e = place(ids, hash);
        }
        e->hash = hash;
        ids->n++;
    }
    return e->count++;
}

static const char *make(struct hyt_rec *rec, struct hyt_ids *ids)
{
    uint64_t hash = hyt_hash64(rec->line.s, rec->line.n, 0);
    uint64_t repeat = seen(ids, hash);
    struct hyt_buf b = {0};
    char hex[17];
    const char *id;

    hyt_hex64(hex, hash);
    hyt_buf_puts(&b, hex);
    if (repeat > 0)
        hyt_buf_printf(&b, "-%llu", (unsigned long long)repeat);
    id = hyt_arena_strndup(&rec->arena, b.s, b.n);
    hyt_buf_free(&b);
    return id;
}

/* The id that the record was given: 1, 0, -1. */
static int given(struct hyt_rec *rec, const char **id, struct hyt_err *err)
{
    struct hyt_rec_value v;
    size_t n;
    int got = hyt_rec_find(rec, "id", &v, err);

    if (got <= 0 || hyt_rec_type(&v) == HYT_JSON_NULL)
        return got < 0 ? -1 : 0;
    switch (hyt_rec_type(&v)) {
    case HYT_JSON_STR:
        got = hyt_rec_str(rec, "id", id, &n, err);
        if (got > 0)
            *id = hyt_arena_strndup(&rec->arena, *id, n);
        return got;
    case HYT_JSON_NUM:
        if (strcspn(v.s, ".eE") < v.n)
            return hyt_rec_fail_at(
                rec, v.col, err,
                "\"id\" is a fraction, expected a string or an integer");
        *id = hyt_arena_strndup(&rec->arena, v.s, v.n);
        return 1;
    default:
        return hyt_rec_mistyped(rec, "id", &v, "a string or an integer", err);
    }
}

int hyt_rec_id(struct hyt_rec *rec, struct hyt_ids *ids, const char **id,
               struct hyt_err *err)
{
    int got = given(rec, id, err);

    if (got != 0)
        return got;
    /* Asked twice, a record is still one. */
    if (!rec->id)
        rec->id = make(rec, ids);
    *id = rec->id;
    return 0;
}
