/* SPDX-License-Identifier: MIT */
/*
 * header_check.c - what a parsed safetensors header must hold
 *
 * No name twice, each size exactly that of its shape, and the ranges together
 * exactly the file's data: no hole, no overlap, nothing behind them.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ckpt/st.h"

/* product(shape) * size = END - BEGIN, without overflow, inside the data. */
static int check_size(struct hyt_st_entry *e, uint64_t n_data,
                      struct hyt_err *err)
{
    uint64_t bits = e->type->bits;

    for (int i = 0; i < e->t.n_dims; i++) {
        if (e->t.dim[i] && bits > UINT64_MAX / e->t.dim[i])
            return hyt_fail(err, "tensor \"%s\": its size overflows 64 bits",
                            e->t.name);
        bits *= e->t.dim[i];
    }
    if (e->begin > e->end || e->end > n_data)
        return hyt_fail(err,
                        "tensor \"%s\": its data [%" PRIu64 ", %" PRIu64
                        ") is not inside the file's %" PRIu64,
                        e->t.name, e->begin, e->end, n_data);
    e->t.n_bytes = e->end - e->begin;
    if (bits % 8 != 0 || bits / 8 != e->t.n_bytes)
        return hyt_fail(
            err,
            "tensor \"%s\": shape and dtype %s do not make its %" PRIu64
            " bytes",
            e->t.name, e->type->name, e->t.n_bytes);
    return 0;
}

static int by_range(const void *a, const void *b)
{
    const struct hyt_st_entry *x = a, *y = b;

    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return strcmp(x->t.name, y->t.name);
}

/* The ranges in order follow each other and end where the file ends. */
static int check_ranges(struct hyt_st_header *h, uint64_t n_data,
                        struct hyt_err *err)
{
    uint64_t at = 0;

    for (size_t i = 0; i < h->n; i++) {
        const struct hyt_st_entry *e = &h->entry[i];

        if (e->begin != at)
            return hyt_fail(
                err, "tensor \"%s\": %s at data byte %" PRIu64, e->t.name,
                e->begin > at ? "a hole before it," : "it overlaps another",
                e->begin > at ? at : e->begin);
        at = e->end;
    }
    if (at != n_data)
        return hyt_fail(err,
                        "the tensors end at data byte %" PRIu64
                        ", the file at %" PRIu64,
                        at, n_data);
    return 0;
}

static int by_tensor_name(const void *a, const void *b)
{
    const struct hyt_st_entry *const *x = a, *const *y = b;

    return strcmp((*x)->t.name, (*y)->t.name);
}

static int by_key(const void *a, const void *b)
{
    const struct hyt_pair *x = a, *y = b;

    return strcmp(x->key, y->key);
}

static int index_names(struct hyt_st_header *h, struct hyt_err *err)
{
    h->by_name = hyt_alloc(h->n, sizeof(struct hyt_st_entry *));
    for (size_t i = 0; i < h->n; i++)
        h->by_name[i] = &h->entry[i];
    if (h->n)
        qsort(h->by_name, h->n, sizeof *h->by_name, by_tensor_name);
    for (size_t i = 1; i < h->n; i++)
        if (by_tensor_name(&h->by_name[i - 1], &h->by_name[i]) == 0)
            return hyt_fail(err, "tensor \"%s\" occurs twice",
                            h->by_name[i]->t.name);
    if (h->n_meta)
        qsort(h->meta, h->n_meta, sizeof *h->meta, by_key);
    for (size_t i = 1; i < h->n_meta; i++)
        if (by_key(&h->meta[i - 1], &h->meta[i]) == 0)
            return hyt_fail(err, "__metadata__: \"%s\" occurs twice",
                            h->meta[i].key);
    return 0;
}

int hyt_st_header_check(struct hyt_st_header *h, uint64_t n_data,
                        struct hyt_err *err)
{
    if (h->n)
        qsort(h->entry, h->n, sizeof *h->entry, by_range);
    /* Names first: a tensor listed twice would also look like an overlap. */
    if (index_names(h, err) < 0)
        return -1;
    for (size_t i = 0; i < h->n; i++)
        if (check_size(&h->entry[i], n_data, err) < 0)
            return -1;
    return check_ranges(h, n_data, err);
}
