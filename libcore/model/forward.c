/* SPDX-License-Identifier: MIT */
/*
 * forward.c - all rows of a packed batch through the layers
 *
 *     x = embed(token)
 *     for each layer:  x += attention(norm(x)) Wo;  x += swiglu(norm(x)) Wd
 *
 * Llama (Touvron et al. 2023) with grouped queries (Ainslie et al. 2023),
 * optional biases (Qwen2) and query/key norms (Qwen3), by config.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/state.h"

static void attention_fwd(struct hyt_state *st, size_t l, struct act *a)
{
    const struct hyt_config *c = &st->m->c;
    const struct hyt_layer *w = &st->m->layer[l];
    struct hyt_trace_span *trace = &st->trace;
    size_t T = st->n_rows, HE = c->H * c->E, GE = c->G * c->E;
    const struct hyt_product qkv[] = {{a->q0, w->wq.w, w->bq.w, HE},
                                      {a->k0, w->wk.w, w->bk.w, GE},
                                      {a->v, w->wv.w, w->bv.w, GE}};

    hyt_rmsnorm(a->h1, a->r1, a->x, w->attn_norm.w, c->eps, T, c->D);
    hyt_trace_op(trace, "norm");
    hyt_matmul_many(qkv, HYT_LEN(qkv), a->h1, T, c->D);
    hyt_trace_op(trace, "qkv");
    if (c->qk_norm) {
        hyt_rmsnorm(a->q, a->rq, a->q0, w->q_norm.w, c->eps, T * c->H, c->E);
        hyt_rmsnorm(a->k, a->rk, a->k0, w->k_norm.w, c->eps, T * c->G, c->E);
        hyt_trace_op(trace, "norm");
    }
    hyt_rope(a->q, st->pos, st->rope_c, st->rope_s, T, c->H, c->E);
    hyt_rope(a->k, st->pos, st->rope_c, st->rope_s, T, c->G, c->E);
    hyt_trace_op(trace, "rope");

    hyt_kv_store(&st->kv[l], a->k, a->v, st->attn, T, c->G, c->E);
    for (size_t i = 0; i < st->n_copies; i++)
        hyt_kv_copy(&st->kv[l], st->copy[i].dst, st->copy[i].src, st->copy[i].n,
                    c->G, c->E);
    hyt_trace_op(trace, "kv");
    hyt_attention(a->o, a->lse, a->q, &st->kv[l], st->attn,
                  1.0f / sqrtf((float)c->E), T, c->H, c->G, c->E);
    hyt_trace_op(trace, "attention");
    if (a->x2 != a->x)
        memcpy(a->x2, a->x, T * c->D * sizeof(float));
    hyt_matmul(a->x2, a->o, w->wo.w, w->bo.w, true, T, c->D, HE);
    hyt_trace_op(trace, "o");
}

static void feed_forward_fwd(struct hyt_state *st, size_t l, struct act *a,
                             float *x_next)
{
    const struct hyt_config *c = &st->m->c;
    const struct hyt_layer *w = &st->m->layer[l];
    const struct hyt_weight none = {NULL, HYT_F32};
    struct hyt_trace_span *trace = &st->trace;
    size_t T = st->n_rows;
    const struct hyt_product gate_up[] = {{a->g, w->w_gate.w, none, c->F},
                                          {a->u, w->w_up.w, none, c->F}};

    hyt_rmsnorm(a->h2, a->r2, a->x2, w->ffn_norm.w, c->eps, T, c->D);
    hyt_trace_op(trace, "norm");
    hyt_matmul_many(gate_up, HYT_LEN(gate_up), a->h2, T, c->D);
    hyt_trace_op(trace, "gate_up");
    hyt_swiglu(a->s, a->g, a->u, T * c->F);
    hyt_trace_op(trace, "swiglu");
    if (x_next == NULL)
        return; /* recomputing: what comes after is there already */
    if (x_next != a->x2)
        memcpy(x_next, a->x2, T * c->D * sizeof(float));
    hyt_matmul(x_next, a->s, w->w_down.w, none, true, T, c->D, c->F);
    hyt_trace_op(trace, "down");
}

void hyt_block_fwd(struct hyt_state *st, size_t l, struct act *a, float *x_next)
{
    attention_fwd(st, l, a);
    feed_forward_fwd(st, l, a, x_next);
}

/* --- before the first layer ----------------------------------------------- */

static void need_rope(struct hyt_state *st, size_t n)
{
    const struct hyt_config *c = &st->m->c;

    if (n <= st->n_rope)
        return;
    if (n < 2 * st->n_rope)
        n = 2 * st->n_rope;
    free(st->rope_c);
    free(st->rope_s);
    st->rope_c = hyt_alloc_aligned(n * c->E / 2, sizeof(float));
    st->rope_s = hyt_alloc_aligned(n * c->E / 2, sizeof(float));
    hyt_rope_table(st->rope_c, st->rope_s, c->theta, n, c->E);
    st->n_rope = n;
}

/* The rows of a batch of whole sequences: each sequence in one run, from
 * position 0. */
static void find_sequences(struct hyt_state *st)
{
    free(st->begin);
    st->begin = hyt_alloc(st->n_rows + 1, sizeof(*st->begin));
    st->n_begin = 0;
    for (size_t t = 0; t < st->n_rows; t++) {
        if (st->row[t].pos == 0)
            st->begin[st->n_begin++] = t;
        else if (t == 0 || st->row[t].seq != st->row[t - 1].seq ||
                 st->row[t].pos != st->row[t - 1].pos + 1)
            HYT_BUG("a batch with part of a sequence");
    }
    st->begin[st->n_begin] = st->n_rows;
}

static void address_rows(struct hyt_state *st)
{
    size_t last = 0;

    free(st->pos);
    free(st->attn);
    st->pos = hyt_alloc(st->n_rows, sizeof(*st->pos));
    st->attn = hyt_alloc(st->n_rows, sizeof(*st->attn));
    for (size_t t = 0; t < st->n_rows; t++) {
        st->pos[t] = st->row[t].pos;
        st->attn[t].page = st->seq[st->row[t].seq].page;
        st->attn[t].pos = st->row[t].pos;
        if ((size_t)st->row[t].pos > last)
            last = (size_t)st->row[t].pos;
    }
    need_rope(st, last + 1);
}

static void embed_rows(struct hyt_state *st, float *x)
{
    int32_t *id = hyt_alloc(st->n_rows, sizeof(*id));

    for (size_t t = 0; t < st->n_rows; t++)
        id[t] = st->row[t].token;
    hyt_embed(x, st->m->embed.w, id, st->n_rows, st->m->c.D);
    free(id);
}

static void forget_copies(struct hyt_state *st)
{
    for (size_t i = 0; i < st->n_copies; i++) {
        int32_t src = st->copy[i].src;

        if (--st->ref[src] == 0)
            st->free_page[st->n_free++] = src;
    }
    st->n_copies = 0;
}

void hyt_forward(struct hyt_state *st, bool save)
{
    const struct hyt_config *c = &st->m->c;

    if (st->n_rows == 0)
        return;
    hyt_trace_begin(&st->trace);
    address_rows(st);
    if (save || st->passing)
        find_sequences(st);
    hyt_state_layout(st, save);
    hyt_trace_op(&st->trace, "batch");
    embed_rows(st, st->act[0].x);
    hyt_trace_op(&st->trace, "embed");
    for (size_t l = 0; l < c->L; l++)
        hyt_block_fwd(st, l, &st->act[l],
                      l + 1 < c->L ? st->act[l + 1].x : st->x_out);
    forget_copies(st);
    hyt_state_bury(st);
    hyt_trace_end(&st->trace, "forward");
}
