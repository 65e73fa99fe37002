/* SPDX-License-Identifier: MIT */
/*
 * index.c - model.safetensors.index.json and its shards
 *
 *     {"metadata": {...}, "weight_map": {"NAME": "SHARD", ...}}
 *
 * Each listed tensor is in exactly the shard that lists it, and the shards hold
 * no other: a file that lost or gained a tensor is an error here, not a model
 * that behaves oddly.
 */
#include <stdlib.h>
#include <string.h>

#include "ckpt/dir.h"

struct listing {
    const char *tensor, *file;
};

static int by_file(const void *a, const void *b)
{
    const struct listing *x = a, *y = b;

    return strcmp(x->file, y->file);
}

static int by_tensor(const void *a, const void *b)
{
    const struct listing *x = a, *y = b;

    return strcmp(x->tensor, y->tensor);
}

/* The weight map as an array, its file names checked; free().  NULL: error. */
static struct listing *read_listing(const struct hyt_ckpt *c, size_t *n,
                                    struct hyt_err *err)
{
    const struct hyt_json *map = hyt_json_get(c->index, "weight_map");
    struct listing *list;

    if (!map || hyt_json_type(map) != HYT_JSON_OBJECT) {
        hyt_fail(err, "%s/%s: no \"weight_map\" object", c->name, c->file);
        return NULL;
    }
    list = hyt_alloc(hyt_json_count(map), sizeof *list);
    *n = 0;
    for (const struct hyt_json *v = hyt_json_child(map); v;
         v = hyt_json_next(v)) {
        const char *name = hyt_json_key(v);

        if (hyt_json_type(v) != HYT_JSON_STR) {
            hyt_fail(err, "%s/%s: the file of \"%s\" is %s", c->name, c->file,
                     name, hyt_json_type_name(v));
            free(list);
            return NULL;
        }
        list[(*n)++] = (struct listing){name, hyt_json_str(v)};
        if (!hyt_plain_name(hyt_json_str(v)) ||
            !hyt_has_suffix(hyt_json_str(v), ".safetensors")) {
            hyt_fail(err,
                     "%s/%s: \"%s\" is not the name of a .safetensors file of "
                     "this directory",
                     c->name, c->file, hyt_json_str(v));
            free(list);
            return NULL;
        }
    }
    return list;
}

/* One file after the other, each once. */
static int open_shards(struct hyt_ckpt *c, struct listing *list, size_t n,
                       struct hyt_err *err)
{
    if (n)
        qsort(list, n, sizeof *list, by_file);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || by_file(&list[i - 1], &list[i]) != 0)
            if (hyt_shard_open(c, list[i].file, err) < 0)
                return -1;
    if (n == 0)
        return hyt_fail(err, "%s/%s: \"weight_map\" is empty", c->name,
                        c->file);
    return 0;
}

/* What is in a shard is listed there. */
static int check_shard(const struct hyt_ckpt *c, const struct hyt_shard *shard,
                       const struct listing *list, size_t n,
                       struct hyt_err *err)
{
    for (size_t i = 0; i < hyt_st_count(shard->st); i++) {
        const char *name = hyt_st_tensor(shard->st, i)->name;
        const struct listing key = {name, NULL}, *found;

        found = bsearch(&key, list, n, sizeof *list, by_tensor);
        if (!found)
            return hyt_fail(err, "%s/%s: tensor \"%s\" is not listed in %s",
                            c->name, shard->name, name, c->file);
        if (strcmp(found->file, shard->name) != 0)
            return hyt_fail(err, "%s/%s: tensor \"%s\" is listed in %s",
                            c->name, shard->name, name, found->file);
    }
    return 0;
}

/* What is listed is somewhere; check_shard() has seen that it is there. */
static int check_listing(const struct hyt_ckpt *c, const struct listing *list,
                         size_t n, struct hyt_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (!hyt_ckpt_find(c, list[i].tensor))
            return hyt_fail(err, "%s/%s: tensor \"%s\" is not in it", c->name,
                            list[i].file, list[i].tensor);
    return 0;
}

int hyt_index_open(struct hyt_ckpt *c, struct hyt_err *err)
{
    struct listing *list;
    size_t n = 0;
    int status;

    if (hyt_json_unique(c->index, err) < 0)
        return hyt_fail_prefix(err, "%s/%s: ", c->name, c->file);
    list = read_listing(c, &n, err);
    if (!list)
        return -1;
    status = open_shards(c, list, n, err);
    if (status == 0)
        qsort(list, n, sizeof *list, by_tensor);
    for (size_t i = 0; status == 0 && i < c->n_shards; i++)
        status = check_shard(c, &c->shard[i], list, n, err);
    if (status == 0)
        status = check_listing(c, list, n, err);
    free(list);
    return status;
}
