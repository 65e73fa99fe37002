/* SPDX-License-Identifier: MIT */
/*
 * bpe.c - byte-pair encoding: a word becomes ids
 *
 * The word is a linked list of symbols, one a character at first.  The pair
 * of neighbours with the lowest rank, the leftmost of equals, is merged until
 * no pair has a rank (Sennrich et al. 2016).  A heap holds the candidates, so
 * that n characters cost n log n; a candidate whose symbols have changed since
 * it was pushed is passed over.
 */
#include <stdlib.h>

#include "text/tokmodel.h"

#define NONE UINT32_MAX

struct hyt_symbol {
    int32_t id; /* -1: merged into the one before */
    uint32_t prev, next;
};

struct hyt_candidate {
    uint32_t rank, at;   /* the left symbol */
    int32_t left, right; /* as they were when pushed */
    int32_t id;
};

void hyt_bpe_work_free(struct hyt_bpe_work *w)
{
    hyt_ids32_free(&w->ids);
    free(w->symbol);
    free(w->heap);
}

static bool before(const struct hyt_candidate *a, const struct hyt_candidate *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->at < b->at;
}

static void push(struct hyt_bpe_work *w, struct hyt_candidate c)
{
    size_t i = w->n_heap++;

    w->heap = hyt_grow(w->heap, &w->heap_cap, w->n_heap, sizeof(*w->heap));
    while (i > 0 && before(&c, &w->heap[(i - 1) / 2])) {
        w->heap[i] = w->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    w->heap[i] = c;
}

static struct hyt_candidate pop(struct hyt_bpe_work *w)
{
    const struct hyt_candidate top = w->heap[0];
    const struct hyt_candidate last = w->heap[--w->n_heap];
    size_t i = 0;

    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= w->n_heap)
            break;
        if (child + 1 < w->n_heap &&
            before(&w->heap[child + 1], &w->heap[child]))
            child++;
        if (!before(&w->heap[child], &last))
            break;
        w->heap[i] = w->heap[child];
        i = child;
    }
    w->heap[i] = last;
    return top;
}

/* Pushes the pair whose left symbol is at `at`, if it has a rank and does not
 * become a special token. */
static void consider(const struct hyt_tokmodel *m, struct hyt_bpe_work *w,
                     uint32_t at)
{
    const uint32_t next = at == NONE ? NONE : w->symbol[at].next;
    const struct hyt_merge *merge;

    if (next == NONE)
        return;
    merge = hyt_bpe_merge(&m->bpe, w->symbol[at].id, w->symbol[next].id);
    if (merge && !(m->vocab->piece[merge->id].flags & HYT_PIECE_SPECIAL))
        push(w, (struct hyt_candidate){merge->rank, at, w->symbol[at].id,
                                       w->symbol[next].id, merge->id});
}

static void merge_all(const struct hyt_tokmodel *m, struct hyt_bpe_work *w)
{
    w->n_heap = 0;
    for (uint32_t i = 0; i + 1 < w->n_symbols; i++)
        consider(m, w, i);
    while (w->n_heap > 0) {
        const struct hyt_candidate c = pop(w);
        struct hyt_symbol *left = &w->symbol[c.at], *right;

        if (left->id != c.left || left->next == NONE)
            continue;
        right = &w->symbol[left->next];
        if (right->id != c.right)
            continue;
        left->id = c.id;
        right->id = -1;
        left->next = right->next;
        if (left->next != NONE)
            w->symbol[left->next].prev = c.at;
        consider(m, w, left->prev);
        consider(m, w, c.at);
    }
}

static void add_symbol(struct hyt_bpe_work *w, int32_t id)
{
    const uint32_t at = (uint32_t)w->n_symbols++;

    w->symbol =
        hyt_grow(w->symbol, &w->symbol_cap, w->n_symbols, sizeof(*w->symbol));
    w->symbol[at] = (struct hyt_symbol){id, at == 0 ? NONE : at - 1, NONE};
    if (at > 0)
        w->symbol[at - 1].next = at;
}

/* One character: its own token, else what stands for unknown ones. */
static int add_char(const struct hyt_tokmodel *m, struct hyt_ids32 *ids,
                    const char *s, size_t width, struct hyt_err *err)
{
    const int32_t id = hyt_vocab_plain(m->vocab, s, width);
    const size_t before = ids->n;

    if (id >= 0) {
        hyt_ids32_put(ids, id);
        return 0;
    }
    if (hyt_tokmodel_unknown(m, s, width, ids, err) < 0)
        return -1;
    if (m->fuse_unk && before > 0 && ids->id[before - 1] == m->unk &&
        ids->id[before] == m->unk)
        ids->n = before;
    return 0;
}

int hyt_bpe_encode(const struct hyt_tokmodel *m, struct hyt_bpe_work *w,
                   const char *word, size_t n, struct hyt_ids32 *ids,
                   struct hyt_err *err)
{
    if (n >= INT32_MAX)
        return hyt_fail(err, "a word of %zu bytes is too long", n);
    w->n_symbols = w->ids.n = 0;
    for (size_t at = 0, width; at < n; at += width) {
        uint32_t cp;

        width = hyt_utf8_get(word + at, n - at, &cp);
        if (width == 0)
            HYT_BUG("a word is not UTF-8");
        if (add_char(m, &w->ids, word + at, width, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < w->ids.n; i++)
        add_symbol(w, w->ids.id[i]);
    merge_all(m, w);
    for (uint32_t i = 0; i < w->n_symbols; i++)
        if (w->symbol[i].id >= 0)
            hyt_ids32_put(ids, w->symbol[i].id);
    return 0;
}
