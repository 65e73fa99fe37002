/* SPDX-License-Identifier: MIT */
/* bpe_load.c - the "model" part of tokenizer.json, type BPE */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/bpe.h"
#include "text/field.h"

static size_t slot_of(const struct hyt_bpe *bpe, uint64_t pair)
{
    uint64_t h = pair * 0x9E3779B97F4A7C15u; /* 2^64 / golden ratio */
    size_t i = (size_t)(h ^ h >> 32) & (bpe->n_slots - 1);

    while (bpe->merge[i].rank && bpe->merge[i].pair != pair)
        i = (i + 1) & (bpe->n_slots - 1);
    return i;
}

static uint64_t pair_of(int32_t left, int32_t right)
{
    return (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
}

const struct hyt_merge *hyt_bpe_merge(const struct hyt_bpe *bpe, int32_t left,
                                      int32_t right)
{
    const struct hyt_merge *m = &bpe->merge[slot_of(bpe, pair_of(left, right))];

    return m->rank ? m : NULL;
}

static int load_vocab(struct hyt_vocab *v, const struct hyt_json *model,
                      struct hyt_err *err)
{
    const struct hyt_json *vocab = hyt_field(model, "vocab");

    if (!vocab || hyt_json_type(vocab) != HYT_JSON_OBJECT)
        return hyt_fail(err, "model: \"vocab\" is not an object");
    for (const struct hyt_json *m = hyt_json_child(vocab); m;
         m = hyt_json_next(m)) {
        const char *piece = hyt_json_key(m);
        int32_t id;

        if (hyt_field_index(m, "model: vocab", HYT_MAX_ID, &id, err) < 0)
            return -1;
        if (hyt_vocab_add(v, piece, strlen(piece), id, err) < 0)
            return hyt_fail_prefix(err, "model: vocab: ");
    }
    return 0;
}

/* A merge is "left right" or ["left", "right"]. */
static int read_merge(const struct hyt_json *m, struct hyt_piece *left,
                      struct hyt_piece *right, struct hyt_err *err)
{
    const struct hyt_json *a, *b;

    if (hyt_json_type(m) == HYT_JSON_STR) {
        const char *s = hyt_json_str(m), *space = strchr(s, ' ');

        if (!space || strchr(space + 1, ' '))
            return hyt_fail(err, "\"%s\" is not two pieces", s);
        *left = (struct hyt_piece){s, (size_t)(space - s)};
        *right = (struct hyt_piece){space + 1, strlen(space + 1)};
        return 0;
    }
    a = hyt_json_type(m) == HYT_JSON_ARRAY ? hyt_json_child(m) : NULL;
    b = a ? hyt_json_next(a) : NULL;
    if (!b || hyt_json_next(b) || hyt_json_type(a) != HYT_JSON_STR ||
        hyt_json_type(b) != HYT_JSON_STR)
        return hyt_fail(err, "expected \"a b\" or [\"a\", \"b\"]");
    *left = (struct hyt_piece){hyt_json_str(a), strlen(hyt_json_str(a))};
    *right = (struct hyt_piece){hyt_json_str(b), strlen(hyt_json_str(b))};
    return 0;
}

static int add_merge(struct hyt_bpe *bpe, const struct hyt_vocab *v,
                     const struct hyt_json *m, uint32_t rank,
                     struct hyt_buf *both, struct hyt_err *err)
{
    struct hyt_piece left = {0}, right = {0};
    struct hyt_merge *slot;
    int32_t a, b, id;

    if (read_merge(m, &left, &right, err) < 0)
        return -1;
    hyt_buf_reset(both);
    hyt_buf_put(both, left.s, left.n);
    hyt_buf_put(both, right.s, right.n);
    a = hyt_vocab_find(v, left.s, left.n);
    b = hyt_vocab_find(v, right.s, right.n);
    id = hyt_vocab_find(v, both->s, both->n);
    if (a < 0 || b < 0 || id < 0)
        return hyt_fail(err, "a part of \"%s\" is not in the vocabulary",
                        both->s);
    slot = &bpe->merge[slot_of(bpe, pair_of(a, b))];
    *slot = (struct hyt_merge){pair_of(a, b), rank, id};
    return 0;
}

static int load_merges(struct hyt_bpe *bpe, const struct hyt_vocab *v,
                       const struct hyt_json *model, struct hyt_err *err)
{
    const struct hyt_json *merges = NULL;
    struct hyt_buf both = {0};
    uint32_t rank = 0;
    size_t count;
    int status = 0;

    if (hyt_field_array(model, "model", "merges", &merges, err) < 0)
        return -1;
    count = merges ? hyt_json_count(merges) : 0;
    bpe->n_slots = 16;
    while (bpe->n_slots < 2 * count)
        bpe->n_slots *= 2;
    bpe->merge = hyt_alloc(bpe->n_slots, sizeof(*bpe->merge));
    for (const struct hyt_json *m = merges ? hyt_json_child(merges) : NULL;
         m && status == 0; m = hyt_json_next(m)) {
        rank++;
        status = add_merge(bpe, v, m, rank, &both, err);
        if (status < 0)
            hyt_fail_prefix(err, "model: merge %lu: ", (unsigned long)rank);
    }
    hyt_buf_free(&both);
    return status;
}

static int load_byte_fallback(struct hyt_bpe *bpe, const struct hyt_vocab *v,
                              const struct hyt_json *model, struct hyt_err *err)
{
    bool fallback;

    if (hyt_field_bool(model, "model", "byte_fallback", false, &fallback, err) <
        0)
        return -1;
    for (unsigned byte = 0; byte < 256; byte++) {
        char piece[8];

        snprintf(piece, sizeof piece, "<0x%02X>", byte);
        bpe->byte_id[byte] = fallback ? hyt_vocab_find(v, piece, 6) : -1;
    }
    return 0;
}

/* What changes the ids, and no code here follows, is refused by name. */
static int refuse(const struct hyt_json *model, struct hyt_err *err)
{
    static const char *const affix[] = {"continuing_subword_prefix",
                                        "end_of_word_suffix"};

    if (hyt_field(model, "dropout"))
        return hyt_fail(err, "model: \"dropout\" is not supported");
    for (size_t i = 0; i < HYT_LEN(affix); i++) {
        const char *s = "";

        if (hyt_field_str(model, "model", affix[i], &s, err) < 0)
            return -1;
        if (*s)
            return hyt_fail(err, "model: \"%s\" is not supported", affix[i]);
    }
    return 0;
}

int hyt_bpe_load(struct hyt_bpe *bpe, struct hyt_vocab *v,
                 const struct hyt_json *model, struct hyt_err *err)
{
    const char *type = "BPE"; /* old files have no type */
    const char *unk = NULL;

    if (hyt_field_str(model, "model", "type", &type, err) < 0)
        return -1;
    if (strcmp(type, "BPE") != 0)
        return hyt_fail(err, "model type \"%s\" is not supported", type);
    if (refuse(model, err) < 0 || load_vocab(v, model, err) < 0 ||
        load_merges(bpe, v, model, err) < 0 ||
        load_byte_fallback(bpe, v, model, err) < 0 ||
        hyt_field_bool(model, "model", "fuse_unk", false, &bpe->fuse_unk, err) <
            0 ||
        hyt_field_bool(model, "model", "ignore_merges", false,
                       &bpe->ignore_merges, err) < 0 ||
        hyt_field_str(model, "model", "unk_token", &unk, err) < 0)
        return -1;
    bpe->unk = unk ? hyt_vocab_find(v, unk, strlen(unk)) : -1;
    if (unk && bpe->unk < 0)
        return hyt_fail(err, "model: unk_token \"%s\" is not in the vocabulary",
                        unk);
    return 0;
}

void hyt_bpe_free(struct hyt_bpe *bpe)
{
    free(bpe->merge);
}
