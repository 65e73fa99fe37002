/* SPDX-License-Identifier: MIT */
/*
 * state.h - the inside of a state: pages, sequences, the batch, activations
 *
 * Private to model/.  The state owns everything here.
 */
#ifndef HYT_MODEL_STATE_H
#define HYT_MODEL_STATE_H

#include "hyt/model.h"

struct seq {
    int32_t *page; /* page numbers, one for each HYT_PAGE positions */
    size_t n_pages, cap;
    size_t len; /* positions taken */
    bool used;
    size_t first;    /* row of the batch where its own positions begin */
    size_t n_prefix; /* of a fork: positions that it has of its parent */
    int32_t parent;
};

/* A fork inside a page: slots [0, n) of src become dst's, in every layer, at
 * the next forward pass, when the parent's rows are in place. */
struct page_copy {
    int32_t dst, src;
    size_t n;
};

struct row {
    int32_t token, seq, pos, target;
};

/*
 * What one layer computed.  h, which holds h1 and h2, and s are shared by all
 * layers: the backward pass computes them again, from what is saved for it.  In
 * inference all is shared, x2 is x, and s is g.
 *
 *     h1 = norm(x)    q0, k0, v = h1 W    q, k = rope(norm(q0, k0))
 *     o = attention   x2 = x + o Wo       h2 = norm(x2)
 *     g, u = h2 W     s = silu(g) u       x of the next layer = x2 + s W
 *
 * With norms of what comes out, on their way also in h: p1 = o Wo,
 * x2 = x + norm(p1); p2 = s W, x of the next layer = x2 + norm(p2).  Without
 * those of what goes in, h1 is x and h2 is x2.
 */
struct act {
    float *x, *h, *h1, *q0, *k0, *q, *k, *v, *o, *x2, *h2, *g, *u, *s;
    float *p1, *p2;                 /* before the norms of what comes out */
    float *r1, *rq, *rk, *lse, *r2; /* what the norms and the softmax keep */
    float *rp1, *rp2;
};

struct hyt_state {
    const struct hyt_model *m;
    struct hyt_trace_span trace; /* of the pass that runs */

    /* pages: one pool a layer, the same page numbers in all of them; passing:
     * one pool for all layers, one after the other */
    bool passing;
    struct hyt_kv *kv;  /* [L] */
    int32_t *ref;       /* users of each page */
    int32_t *free_page; /* stack */
    size_t n_pages, n_free, free_cap, ref_cap;
    struct page_copy *copy;
    size_t n_copies, copy_cap;

    struct seq *seq;
    size_t n_seqs, seq_cap;
    int32_t *free_seq;
    size_t n_free_seqs, free_seq_cap;
    int32_t *dying; /* freed while their rows may wait in the batch */
    size_t n_dying, dying_cap;

    /* the batch */
    struct row *row;
    size_t n_rows, row_cap;
    bool waiting; /* rows were added since the last forward pass */
    size_t *want; /* row numbers, in the order added */
    size_t n_want, want_cap;
    int32_t *pos; /* [T] */
    struct hyt_attn_row *attn;
    struct hyt_attn_seq *run; /* the sequences of a batch that is saved */
    size_t n_runs;

    /* rotary tables up to the largest position seen; [1]: of local layers */
    struct rope_table {
        float *cos, *sin;
    } rope[2];
    size_t n_rope;

    /* activations */
    size_t memory;   /* budget of the saved ones */
    bool saved;      /* for a backward pass: every layer's input, and */
    size_t kept;     /* all of the first layers */
    struct act *act; /* [L] */
    float *slab;
    size_t slab_floats;
    float *x_out; /* [T,D] after the last layer */

    /* head: the wanted rows */
    float *xw, *hw, *rw, *dxw; /* [Tw,D] [Tw,D] [Tw] [Tw,D] */
    size_t head_rows;
    float *z; /* logits of one tile of rows */
    size_t z_floats;
};

/* Gives back the sequences that were freed while their rows waited. */
void hyt_state_bury(struct hyt_state *st);

/* The copies of pages are made, and will not be made again. */
void hyt_state_forget_copies(struct hyt_state *st);

/* The activations of this batch, laid out in one slab. */
void hyt_state_layout(struct hyt_state *st, bool save);

/* How layer l attends, and its rotary table. */
struct hyt_attn hyt_state_attn(const struct hyt_state *st, size_t l);
const struct rope_table *hyt_state_rope(const struct hyt_state *st, size_t l);

/* One layer: act->x in, x_next out.  Also recomputes a layer whose activations
 * were not saved. */
void hyt_block_fwd(struct hyt_state *st, size_t l, struct act *a,
                   float *x_next);

#endif
