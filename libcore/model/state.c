/* SPDX-License-Identifier: MIT */
/*
 * state.c - sequences over pages, and the packed batch
 *
 * A page holds HYT_PAGE positions of one sequence in every layer; sequences
 * that share a prefix share its full pages by count.  A fork inside a page
 * takes a page of its own and a note to copy the first slots: so no page is
 * ever written by two sequences.
 */
#include <stdlib.h>
#include <string.h>

#include "model/state.h"

/* Pools of keys and of values. */
static size_t n_pools(const struct hyt_state *st)
{
    return st->passing ? 1 : st->m->c.L;
}

struct hyt_state *hyt_state_new(const struct hyt_model *m)
{
    struct hyt_state *st = hyt_alloc(1, sizeof(*st));

    st->m = m;
    st->memory = HYT_ACTIVATION_MEMORY;
    st->kv = hyt_alloc(m->c.L, sizeof(*st->kv));
    st->act = hyt_alloc(m->c.L, sizeof(*st->act));
    return st;
}

static void free_pools(struct hyt_state *st)
{
    for (size_t l = 0; l < n_pools(st); l++) {
        free(st->kv[l].k);
        free(st->kv[l].v);
    }
}

void hyt_state_free(struct hyt_state *st)
{
    if (st == NULL)
        return;
    free_pools(st);
    for (size_t i = 0; i < st->n_seqs; i++)
        free(st->seq[i].page);
    free(st->kv);
    free(st->ref);
    free(st->free_page);
    free(st->copy);
    free(st->seq);
    free(st->free_seq);
    free(st->dying);
    free(st->row);
    free(st->want);
    free(st->pos);
    free(st->attn);
    free(st->run);
    for (size_t i = 0; i < 2; i++) {
        free(st->rope[i].cos);
        free(st->rope[i].sin);
    }
    free(st->act);
    free(st->slab);
    free(st->xw);
    free(st->hw);
    free(st->rw);
    free(st->dxw);
    free(st->z);
    free(st);
}

/* Of the keys, or the values, of one page in one layer. */
static size_t page_bytes(const struct hyt_state *st)
{
    const struct hyt_config *c = &st->m->c;

    return c->G * c->E * HYT_PAGE * (st->kv->t == HYT_BF16 ? 2 : 4);
}

size_t hyt_state_bytes(const struct hyt_state *st)
{
    const struct hyt_config *c = &st->m->c;
    size_t page = 2 * n_pools(st) * page_bytes(st);

    return st->n_pages * page +
           sizeof(float) *
               (st->slab_floats + st->z_floats + 3 * st->head_rows * c->D);
}

void hyt_state_set_passing(struct hyt_state *st)
{
    if (st->n_pages > 0)
        HYT_BUG("a state that holds sequences already");
    st->passing = true;
}

void hyt_state_set_memory(struct hyt_state *st, size_t bytes)
{
    st->memory = bytes;
}

void hyt_state_set_kv(struct hyt_state *st, enum hyt_dtype t)
{
    if (t == st->kv->t)
        return;
    if (st->n_free != st->n_pages)
        HYT_BUG("another format for a cache that is in use");
    free_pools(st);
    for (size_t l = 0; l < st->m->c.L; l++)
        st->kv[l] = (struct hyt_kv){NULL, NULL, t};
    st->n_pages = st->n_free = 0;
}

/* --- pages ---------------------------------------------------------------- */

static void grow_pools(struct hyt_state *st)
{
    const struct hyt_config *c = &st->m->c;
    size_t n = st->n_pages == 0 ? 16 : st->n_pages * 2;

    for (size_t l = 0; l < n_pools(st); l++) {
        st->kv[l].k = hyt_realloc(st->kv[l].k, n, page_bytes(st));
        st->kv[l].v = hyt_realloc(st->kv[l].v, n, page_bytes(st));
    }
    for (size_t l = n_pools(st); l < c->L; l++) {
        st->kv[l].k = st->kv[0].k;
        st->kv[l].v = st->kv[0].v;
    }
    st->ref = hyt_grow(st->ref, &st->ref_cap, n, sizeof(*st->ref));
    st->free_page =
        hyt_grow(st->free_page, &st->free_cap, n, sizeof(*st->free_page));
    /* Low numbers on top: pages are used again while they are warm. */
    for (size_t i = n; i-- > st->n_pages;)
        st->free_page[st->n_free++] = (int32_t)i;
    st->n_pages = n;
}

static int32_t take_page(struct hyt_state *st)
{
    int32_t page;

    if (st->n_free == 0)
        grow_pools(st);
    page = st->free_page[--st->n_free];
    st->ref[page] = 1;
    return page;
}

static void drop_page(struct hyt_state *st, int32_t page)
{
    if (--st->ref[page] == 0)
        st->free_page[st->n_free++] = page;
}

static void push_page(struct seq *s, int32_t page)
{
    s->page = hyt_grow(s->page, &s->cap, s->n_pages + 1, sizeof(*s->page));
    s->page[s->n_pages++] = page;
}

/* --- sequences ------------------------------------------------------------ */

int32_t hyt_seq_new(struct hyt_state *st)
{
    int32_t seq;

    if (st->n_free_seqs > 0) {
        seq = st->free_seq[--st->n_free_seqs];
    } else {
        st->seq =
            hyt_grow(st->seq, &st->seq_cap, st->n_seqs + 1, sizeof(*st->seq));
        memset(&st->seq[st->n_seqs], 0, sizeof(*st->seq));
        seq = (int32_t)st->n_seqs++;
    }
    st->seq[seq].used = true;
    st->seq[seq].n_prefix = 0;
    return seq;
}

static struct seq *get_seq(const struct hyt_state *st, int32_t seq)
{
    if (seq < 0 || (size_t)seq >= st->n_seqs || !st->seq[seq].used)
        HYT_BUG("no such sequence");
    return &st->seq[seq];
}

size_t hyt_seq_len(const struct hyt_state *st, int32_t seq)
{
    return get_seq(st, seq)->len;
}

int32_t hyt_seq_fork(struct hyt_state *st, int32_t parent, size_t n)
{
    int32_t child = hyt_seq_new(st);
    const struct seq *p = get_seq(st, parent);
    struct seq *s = get_seq(st, child);
    size_t full = n / HYT_PAGE, rest = n % HYT_PAGE;

    if (n > p->len)
        HYT_BUG("a fork beyond its parent's end");
    for (size_t i = 0; i < full; i++) {
        st->ref[p->page[i]]++;
        push_page(s, p->page[i]);
    }
    if (rest > 0) {
        struct page_copy copy = {take_page(st), p->page[full], rest};

        push_page(s, copy.dst);
        /* The source must outlive its sequence until the copy is made. */
        st->ref[copy.src]++;
        st->copy = hyt_grow(st->copy, &st->copy_cap, st->n_copies + 1,
                            sizeof(*st->copy));
        st->copy[st->n_copies++] = copy;
    }
    s->len = n;
    s->parent = parent;
    s->n_prefix = n;
    return child;
}

static void release(struct hyt_state *st, int32_t seq)
{
    struct seq *s = &st->seq[seq];

    for (size_t i = 0; i < s->n_pages; i++)
        drop_page(st, s->page[i]);
    s->n_pages = 0;
    s->len = 0;
    st->free_seq = hyt_grow(st->free_seq, &st->free_seq_cap,
                            st->n_free_seqs + 1, sizeof(*st->free_seq));
    st->free_seq[st->n_free_seqs++] = seq;
}

void hyt_seq_free(struct hyt_state *st, int32_t seq)
{
    get_seq(st, seq)->used = false;
    if (!st->waiting) {
        release(st, seq);
        return;
    }
    /* Its rows are still to be stored in its pages, for its forks. */
    st->dying = hyt_grow(st->dying, &st->dying_cap, st->n_dying + 1,
                         sizeof(*st->dying));
    st->dying[st->n_dying++] = seq;
}

void hyt_state_bury(struct hyt_state *st)
{
    for (size_t i = 0; i < st->n_dying; i++)
        release(st, st->dying[i]);
    st->n_dying = 0;
    st->waiting = false;
}

/* --- the batch ------------------------------------------------------------ */

size_t hyt_batch_add(struct hyt_state *st, int32_t seq, int32_t token,
                     int32_t target, bool want)
{
    struct seq *s = get_seq(st, seq);
    struct row row = {token, seq, (int32_t)s->len, target};

    if (token < 0 || (size_t)token >= st->m->c.V)
        HYT_BUG("a token outside the vocabulary");
    if (s->len >= st->m->c.max_positions)
        HYT_BUG("a position outside the context");
    if (s->len % HYT_PAGE == 0)
        push_page(s, take_page(st));
    if (s->len++ == s->n_prefix)
        s->first = st->n_rows;
    st->row = hyt_grow(st->row, &st->row_cap, st->n_rows + 1, sizeof(*st->row));
    st->row[st->n_rows] = row;
    if (want) {
        st->want = hyt_grow(st->want, &st->want_cap, st->n_want + 1,
                            sizeof(*st->want));
        st->want[st->n_want++] = st->n_rows;
    }
    st->waiting = true;
    return st->n_rows++;
}

size_t hyt_batch_wanted(const struct hyt_state *st)
{
    return st->n_want;
}

void hyt_state_forget_copies(struct hyt_state *st)
{
    for (size_t i = 0; i < st->n_copies; i++)
        drop_page(st, st->copy[i].src);
    st->n_copies = 0;
}

void hyt_batch_clear(struct hyt_state *st)
{
    st->n_rows = st->n_want = 0;
    if (st->saved)
        hyt_state_forget_copies(st);
    st->saved = false;
    hyt_state_bury(st);
}
