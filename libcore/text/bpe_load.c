/* SPDX-License-Identifier: MIT */
/* bpe_load.c - the merges of byte-pair encoding, and what follows from them */
#include <stdlib.h>
#include <string.h>

#include "text/chars.h"
#include "text/field.h"
#include "text/tokmodel.h"

#define MAX_JOINS 16

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

static struct hyt_piece piece_of(const char *s, size_t n)
{
    return (struct hyt_piece){.s = s, .n = (uint32_t)n};
}

/* A merge is "left right" or ["left", "right"]. */
static int read_merge(struct hyt_vocab *v, const struct hyt_json *m,
                      struct hyt_piece *left, struct hyt_piece *right,
                      struct hyt_err *err)
{
    const struct hyt_json *a, *b;

    if (hyt_json_type(m) == HYT_JSON_STR) {
        const struct hyt_piece both = hyt_vocab_text(v, hyt_json_str(m));
        const char *space = memchr(both.s, ' ', both.n);
        const size_t n = space ? (size_t)(space - both.s) : 0;

        if (!space || memchr(space + 1, ' ', both.n - n - 1))
            return hyt_fail(err, "\"%s\" is not two pieces", both.s);
        *left = piece_of(both.s, n);
        *right = piece_of(space + 1, both.n - n - 1);
        return 0;
    }
    a = hyt_json_type(m) == HYT_JSON_ARRAY ? hyt_json_child(m) : NULL;
    b = a ? hyt_json_next(a) : NULL;
    if (!b || hyt_json_next(b) || hyt_json_type(a) != HYT_JSON_STR ||
        hyt_json_type(b) != HYT_JSON_STR)
        return hyt_fail(err, "expected \"a b\" or [\"a\", \"b\"]");
    *left = hyt_vocab_text(v, hyt_json_str(a));
    *right = hyt_vocab_text(v, hyt_json_str(b));
    return 0;
}

/* --- where a word may be cut ---------------------------------------------- */

#define MARK "\xE2\x96\x81" /* U+2581 */

static bool ends_with(struct hyt_piece p, const char *end, size_t n)
{
    return p.n >= n && memcmp(p.s + p.n - n, end, n) == 0;
}

/* Symbols that stand for other text than they spell: bytes, the unknown. */
static bool ends_with_stand_in(const struct hyt_tokmodel *m, struct hyt_piece p)
{
    const struct hyt_piece *unk = m->unk < 0 ? NULL : &m->vocab->piece[m->unk];

    return (p.n >= 6 && memcmp(p.s + p.n - 6, "<0x", 3) == 0) ||
           (unk && ends_with(p, unk->s, unk->n));
}

static void note_join(struct hyt_tokmodel *m, struct hyt_piece left,
                      struct hyt_piece right)
{
    struct hyt_bpe *bpe = &m->bpe;
    uint32_t cp;

    if (!bpe->cuts || left.n == 0 || right.n < strlen(MARK) ||
        memcmp(right.s, MARK, strlen(MARK)) != 0)
        return;
    if (ends_with_stand_in(m, left)) {
        bpe->cuts = false;
        return;
    }
    hyt_utf8_before(left.s, left.n, &cp);
    for (size_t i = 0; i < bpe->n_joins; i++)
        if (bpe->joins[i] == cp)
            return;
    bpe->joins = hyt_grow(bpe->joins, &bpe->joins_cap, bpe->n_joins + 1,
                          sizeof(*bpe->joins));
    bpe->joins[bpe->n_joins++] = cp;
    bpe->cuts = bpe->n_joins <= MAX_JOINS;
}

static bool is_join(const struct hyt_bpe *bpe, const char *word, size_t at)
{
    uint32_t cp;
    size_t i = 0;

    hyt_utf8_before(word, at, &cp);
    while (i < bpe->n_joins && bpe->joins[i] != cp)
        i++;
    return i < bpe->n_joins;
}

size_t hyt_bpe_cut(const struct hyt_bpe *bpe, const char *word, size_t n)
{
    const size_t len = strlen(MARK);

    for (size_t at = 1; bpe->cuts && at + len <= n; at++) {
        const char *mark =
            memchr(word + at, (unsigned char)MARK[0], n - len + 1 - at);

        if (!mark)
            break;
        at = (size_t)(mark - word);
        if (memcmp(mark, MARK, len) == 0 && !is_join(bpe, word, at))
            return at;
    }
    return n;
}

/* --- merges --------------------------------------------------------------- */

static int add_merge(struct hyt_tokmodel *m, struct hyt_vocab *v,
                     const struct hyt_json *merge, uint32_t rank,
                     struct hyt_buf *both, struct hyt_err *err)
{
    struct hyt_piece left = {0}, right = {0};
    struct hyt_merge *slot;
    int32_t a, b, id;

    if (read_merge(v, merge, &left, &right, err) < 0)
        return -1;
    hyt_buf_reset(both);
    hyt_buf_put(both, left.s, left.n);
    hyt_buf_put(both, right.s, right.n);
    a = hyt_vocab_find(m->vocab, left.s, left.n);
    b = hyt_vocab_find(m->vocab, right.s, right.n);
    id = hyt_vocab_find(m->vocab, both->s, both->n);
    if (a < 0 || b < 0 || id < 0)
        return hyt_fail(err, "a part of \"%s\" is not in the vocabulary",
                        both->s);
    slot = &m->bpe.merge[slot_of(&m->bpe, pair_of(a, b))];
    *slot = (struct hyt_merge){pair_of(a, b), rank, id};
    note_join(m, left, right);
    return 0;
}

int hyt_bpe_load(struct hyt_tokmodel *m, struct hyt_vocab *v,
                 const struct hyt_json *part, struct hyt_err *err)
{
    struct hyt_bpe *bpe = &m->bpe;
    const struct hyt_json *merges = NULL;
    struct hyt_buf both = {0};
    uint32_t rank = 0;
    size_t count;
    int status = 0;

    if (hyt_field_array(part, "model", "merges", &merges, err) < 0)
        return -1;
    count = merges ? hyt_json_count(merges) : 0;
    bpe->n_slots = 16;
    while (bpe->n_slots < 2 * count)
        bpe->n_slots *= 2;
    bpe->merge = hyt_alloc(bpe->n_slots, sizeof(*bpe->merge));
    bpe->cuts = hyt_vocab_find(m->vocab, MARK, strlen(MARK)) >= 0;
    for (const struct hyt_json *merge = merges ? hyt_json_child(merges) : NULL;
         merge && status == 0; merge = hyt_json_next(merge)) {
        rank++;
        status = add_merge(m, v, merge, rank, &both, err);
        if (status < 0)
            hyt_fail_prefix(err, "model: merge %lu: ", (unsigned long)rank);
    }
    hyt_buf_free(&both);
    return status;
}

void hyt_bpe_free(struct hyt_bpe *bpe)
{
    free(bpe->merge);
    free(bpe->joins);
}
