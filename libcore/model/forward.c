/* SPDX-License-Identifier: MIT */
/*
 * forward.c - all rows of a packed batch through the layers
 *
 *     x = embed(token)
 *     for each layer:  x += attention(norm(x)) Wo;  x += swiglu(norm(x)) Wd
 *
 * Llama (Touvron et al. 2023) with grouped queries (Ainslie et al. 2023); by
 * config biases (Qwen2), norms of queries and keys (Qwen3) and of what comes
 * out of attention and feed-forward (OLMo 2, Gemma), a window (Mistral), soft
 * caps and GEGLU (Gemma).
 */
#include <stdlib.h>
#include <string.h>

#include "model/state.h"

struct hyt_attn hyt_state_attn(const struct hyt_state *st, size_t l)
{
    const struct hyt_config *c = &st->m->c;

    return (struct hyt_attn){c->q_scale, c->attn_cap,
                             hyt_config_local(c, l) ? c->window : 0};
}

const struct rope_table *hyt_state_rope(const struct hyt_state *st, size_t l)
{
    const struct hyt_config *c = &st->m->c;

    return &st->rope[c->two_ropes && hyt_config_local(c, l)];
}

/* q, k = rope(norm(q0, k0)) */
static void positions_fwd(struct hyt_state *st, size_t l, struct act *a)
{
    const struct hyt_config *c = &st->m->c;
    const struct hyt_layer *w = &st->m->layer[l];
    const struct rope_table *rope = hyt_state_rope(st, l);
    size_t T = st->n_rows, HE = c->H * c->E, GE = c->G * c->E;
    size_t Nq = hyt_qk_norm_width(c, c->H), Nk = hyt_qk_norm_width(c, c->G);

    if (c->qk_norm != HYT_QK_NORM_NONE) {
        hyt_rmsnorm(a->q, a->rq, a->q0, w->q_norm.w, c->norm_plus, c->eps,
                    T * HE / Nq, Nq);
        hyt_rmsnorm(a->k, a->rk, a->k0, w->k_norm.w, c->norm_plus, c->eps,
                    T * GE / Nk, Nk);
        hyt_trace_op(&st->trace, "norm");
    }
    hyt_rope(a->q, st->pos, rope->cos, rope->sin, T, c->H, c->E);
    hyt_rope(a->k, st->pos, rope->cos, rope->sin, T, c->G, c->E);
    hyt_trace_op(&st->trace, "rope");
}

/* What goes to the residual stream: p = s W + b, or its norm. */
struct addend {
    const float *s;
    const struct hyt_bound *w, *norm;
    struct hyt_weight b;
    size_t K;
    float *p, *r; /* kept where there is a norm, */
    float *h;     /* what it gives */
    const char *op;
};

/* y = x + addend.  y NULL: only p and r, where a layer is recomputed. */
static void add_to_residual(struct hyt_state *st, float *y, const float *x,
                            const struct addend *a)
{
    const struct hyt_config *c = &st->m->c;
    size_t T = st->n_rows, D = c->D;

    if (y != NULL && y != x)
        memcpy(y, x, T * D * sizeof(float));
    if (c->post_norm) {
        hyt_matmul(a->p, a->s, a->w->w, a->b, false, T, D, a->K);
        hyt_trace_op(&st->trace, a->op);
        hyt_rmsnorm(a->h, a->r, a->p, a->norm->w, c->norm_plus, c->eps, T, D);
        if (y != NULL)
            hyt_add(y, a->h, T * D);
        hyt_trace_op(&st->trace, "norm");
    } else if (y != NULL) {
        hyt_matmul(y, a->s, a->w->w, a->b, true, T, D, a->K);
        hyt_trace_op(&st->trace, a->op);
    }
}

static void attention_fwd(struct hyt_state *st, size_t l, struct act *a)
{
    const struct hyt_config *c = &st->m->c;
    const struct hyt_layer *w = &st->m->layer[l];
    const struct hyt_attn how = hyt_state_attn(st, l);
    struct hyt_trace_span *trace = &st->trace;
    size_t T = st->n_rows, HE = c->H * c->E, GE = c->G * c->E;
    const struct hyt_product qkv[] = {{a->q0, w->wq.w, w->bq.w, HE},
                                      {a->k0, w->wk.w, w->bk.w, GE},
                                      {a->v, w->wv.w, w->bv.w, GE}};
    const struct addend out = {a->o,  &w->wo, &w->attn_post, w->bo.w, HE,
                               a->p1, a->rp1, a->h,          "o"};

    if (c->pre_norm)
        hyt_rmsnorm(a->h1, a->r1, a->x, w->attn_norm.w, c->norm_plus, c->eps, T,
                    c->D);
    hyt_trace_op(trace, "norm");
    hyt_matmul_many(qkv, HYT_LEN(qkv), a->h1, T, c->D);
    hyt_trace_op(trace, "qkv");
    positions_fwd(st, l, a);

    hyt_kv_store(&st->kv[l], a->k, a->v, st->attn, T, c->G, c->E);
    for (size_t i = 0; i < st->n_copies; i++)
        hyt_kv_copy(&st->kv[l], st->copy[i].dst, st->copy[i].src, st->copy[i].n,
                    c->G, c->E);
    hyt_trace_op(trace, "kv");
    hyt_attention(a->o, a->lse, a->q, &st->kv[l], st->attn, &how, T, c->H, c->G,
                  c->E);
    hyt_trace_op(trace, "attention");
    add_to_residual(st, a->x2, a->x, &out);
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
    const struct addend out = {a->s,  &w->w_down, &w->ffn_post, none,  c->F,
                               a->p2, a->rp2,     a->h,         "down"};

    if (c->pre_norm)
        hyt_rmsnorm(a->h2, a->r2, a->x2, w->ffn_norm.w, c->norm_plus, c->eps, T,
                    c->D);
    hyt_trace_op(trace, "norm");
    hyt_matmul_many(gate_up, HYT_LEN(gate_up), a->h2, T, c->D);
    hyt_trace_op(trace, "gate_up");
    (c->gelu ? hyt_geglu : hyt_swiglu)(a->s, a->g, a->u, T * c->F);
    hyt_trace_op(trace, "swiglu");
    add_to_residual(st, x_next, a->x2, &out);
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
    float *frequency;

    if (n <= st->n_rope)
        return;
    if (n < 2 * st->n_rope)
        n = 2 * st->n_rope;
    frequency = hyt_alloc(c->E / 2, sizeof(float));
    for (size_t i = 0; i < (c->two_ropes ? 2 : 1); i++) {
        struct rope_table *rope = &st->rope[i];

        free(rope->cos);
        free(rope->sin);
        rope->cos = hyt_alloc_aligned(n * c->E / 2, sizeof(float));
        rope->sin = hyt_alloc_aligned(n * c->E / 2, sizeof(float));
        hyt_rope_frequencies(frequency, &c->rope[i], c->E);
        hyt_rope_table(rope->cos, rope->sin, frequency, c->rope[i].scale, n,
                       c->E);
    }
    free(frequency);
    st->n_rope = n;
}

/* Whether rows first … first+n-1 are positions pos … of seq. */
static bool are_positions(const struct hyt_state *st, size_t first, size_t n,
                          int32_t seq, size_t pos)
{
    for (size_t i = first; i < first + n; i++, pos++)
        if (i >= st->n_rows || st->row[i].seq != seq ||
            (size_t)st->row[i].pos != pos)
            return false;
    return true;
}

/* The rows of a batch of whole sequences: each in one run, from position 0, or
 * from where it leaves one that stands before it. */
static void find_sequences(struct hyt_state *st)
{
    struct hyt_attn_seq run;

    free(st->run);
    st->run = hyt_alloc(st->n_rows, sizeof(*st->run));
    st->n_runs = 0;
    for (size_t t = 0; t < st->n_rows; t += run.n) {
        const struct seq *s = &st->seq[st->row[t].seq];

        run = (struct hyt_attn_seq){t, s->len - s->n_prefix, 0, s->n_prefix};
        if (s->n_prefix > 0)
            run.prefix = st->seq[s->parent].first;
        if (!are_positions(st, t, run.n, st->row[t].seq, run.n_prefix) ||
            !are_positions(st, run.prefix, run.n_prefix, s->parent, 0))
            HYT_BUG("a batch with part of a sequence");
        st->run[st->n_runs++] = run;
    }
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
    if (st->m->c.embed_scale != 1)
        hyt_scale(x, st->m->c.embed_scale, st->n_rows * st->m->c.D);
    free(id);
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
    if (!save) /* else layers may be computed again */
        hyt_state_forget_copies(st);
    hyt_state_bury(st);
    hyt_trace_end(&st->trace, "forward");
}
