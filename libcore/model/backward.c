/* SPDX-License-Identifier: MIT */
/*
 * backward.c - forward.c in reverse
 *
 * Each call names the forward line that it differentiates.  dx is the
 * gradient with respect to the residual stream, from the top down.
 */
#include <stdlib.h>
#include <string.h>

#include "model/state.h"

/* Gradients of one layer's activations, reused from layer to layer.  Those of
 * s, g and u take the place of what they are gradients of. */
struct dact {
    float *dx, *dh, *dq, *dk, *dv, *dqn, *dkn, *d_o;
};

static float *zeroed(float *p, size_t n)
{
    memset(p, 0, n * sizeof(float));
    return p;
}

/* y = x + p, or x + norm(p): the gradient with respect to p, in dx or dh. */
static const float *post_norm_bwd(struct hyt_state *st, struct dact *d,
                                  const float *p, const float *rp,
                                  const struct hyt_bound *norm, float *grads)
{
    const struct hyt_config *c = &st->m->c;
    size_t T = st->n_rows, D = c->D;

    if (!c->post_norm)
        return d->dx;
    hyt_rmsnorm_bwd(zeroed(d->dh, T * D), grads + norm->grad, d->dx, p, rp,
                    norm->w, c->norm_plus, T, D);
    hyt_trace_op(&st->trace, "norm_bwd");
    return d->dh;
}

/* h = norm(x) once more; or h is x */
static void pre_norm(const struct hyt_state *st, float *h, const float *x,
                     const struct hyt_bound *norm)
{
    const struct hyt_config *c = &st->m->c;

    if (c->pre_norm)
        hyt_rmsnorm(h, NULL, x, norm->w, c->norm_plus, c->eps, st->n_rows,
                    c->D);
}

/* h = norm(x), or x; what the residual carried stays in dx */
static void pre_norm_bwd(struct hyt_state *st, struct dact *d, const float *x,
                         const float *r, const struct hyt_bound *norm,
                         float *grads)
{
    const struct hyt_config *c = &st->m->c;
    size_t T = st->n_rows, D = c->D;

    if (c->pre_norm)
        hyt_rmsnorm_bwd(d->dx, grads + norm->grad, d->dh, x, r, norm->w,
                        c->norm_plus, T, D);
    else
        hyt_add(d->dx, d->dh, T * D);
    hyt_trace_op(&st->trace, "norm_bwd");
}

static void feed_forward_bwd(struct hyt_state *st, size_t l,
                             const struct act *a, struct dact *d, float *grads,
                             bool add)
{
    const struct hyt_config *c = &st->m->c;
    const struct hyt_layer *w = &st->m->layer[l];
    size_t T = st->n_rows, D = c->D, F = c->F;
    const float *dp;

    /* x_next = x2 + s W_down, s = silu(g) u */
    dp = post_norm_bwd(st, d, a->p2, a->rp2, &w->ffn_post, grads);
    (c->gelu ? hyt_geglu : hyt_swiglu)(a->s, a->g, a->u, T * F);
    hyt_matmul_bwd_w(grads + w->w_down.grad, NULL, dp, a->s, add, T, D, F);
    hyt_matmul_bwd_x(a->s, dp, w->w_down.w, false, T, D, F);
    hyt_trace_op(&st->trace, "down_bwd");
    (c->gelu ? hyt_geglu_bwd : hyt_swiglu_bwd)(a->g, a->u, a->s, a->g, a->u,
                                               T * F);
    hyt_trace_op(&st->trace, "swiglu_bwd");
    /* g = h2 W_gate, u = h2 W_up, h2 = norm(x2) */
    pre_norm(st, a->h2, a->x2, &w->ffn_norm);
    hyt_matmul_bwd_x(d->dh, a->g, w->w_gate.w, false, T, F, D);
    hyt_matmul_bwd_x(d->dh, a->u, w->w_up.w, true, T, F, D);
    hyt_matmul_bwd_w(grads + w->w_gate.grad, NULL, a->g, a->h2, add, T, F, D);
    hyt_matmul_bwd_w(grads + w->w_up.grad, NULL, a->u, a->h2, add, T, F, D);
    hyt_trace_op(&st->trace, "gate_up_bwd");
    pre_norm_bwd(st, d, a->x2, a->r2, &w->ffn_norm, grads);
}

/* q, k = rope(norm(q0, k0)): leaves the gradients of q0, k0 in *dq, *dk. */
static void positions_bwd(struct hyt_state *st, size_t l, const struct act *a,
                          struct dact *d, float **dq, float **dk, float *grads)
{
    const struct hyt_config *c = &st->m->c;
    const struct hyt_layer *w = &st->m->layer[l];
    const struct rope_table *rope = hyt_state_rope(st, l);
    size_t T = st->n_rows, HE = c->H * c->E, GE = c->G * c->E;
    size_t Nq = hyt_qk_norm_width(c, c->H), Nk = hyt_qk_norm_width(c, c->G);

    *dq = d->dq;
    *dk = d->dk;
    hyt_rope_bwd(d->dq, st->pos, rope->cos, rope->sin, T, c->H, c->E);
    hyt_rope_bwd(d->dk, st->pos, rope->cos, rope->sin, T, c->G, c->E);
    hyt_trace_op(&st->trace, "rope_bwd");
    if (c->qk_norm == HYT_QK_NORM_NONE)
        return;
    *dq = zeroed(d->dqn, T * HE);
    *dk = zeroed(d->dkn, T * GE);
    hyt_rmsnorm_bwd(*dq, grads + w->q_norm.grad, d->dq, a->q0, a->rq,
                    w->q_norm.w, c->norm_plus, T * HE / Nq, Nq);
    hyt_rmsnorm_bwd(*dk, grads + w->k_norm.grad, d->dk, a->k0, a->rk,
                    w->k_norm.w, c->norm_plus, T * GE / Nk, Nk);
    hyt_trace_op(&st->trace, "norm_bwd");
}

static void attention_bwd(struct hyt_state *st, size_t l, const struct act *a,
                          struct dact *d, float *grads, bool add)
{
    const struct hyt_config *c = &st->m->c;
    const struct hyt_layer *w = &st->m->layer[l];
    size_t T = st->n_rows, D = c->D, HE = c->H * c->E, GE = c->G * c->E;
    float *bq = c->qkv_bias ? grads + w->bq.grad : NULL;
    float *bk = c->qkv_bias ? grads + w->bk.grad : NULL;
    float *bv = c->qkv_bias ? grads + w->bv.grad : NULL;
    float *bo = c->o_bias ? grads + w->bo.grad : NULL;
    const struct hyt_attn how = hyt_state_attn(st, l);
    const float *dp;
    float *dq, *dk;

    /* x2 = x + o Wo */
    dp = post_norm_bwd(st, d, a->p1, a->rp1, &w->attn_post, grads);
    hyt_matmul_bwd_x(d->d_o, dp, w->wo.w, false, T, D, HE);
    hyt_matmul_bwd_w(grads + w->wo.grad, bo, dp, a->o, add, T, D, HE);
    hyt_trace_op(&st->trace, "o_bwd");
    /* o = attention(q, k, v) */
    hyt_attention_bwd(d->dq, d->dk, d->dv, d->d_o, a->q, a->k, a->v, a->o,
                      a->lse, st->run, st->n_runs, &how, T, c->H, c->G, c->E);
    hyt_trace_op(&st->trace, "attention_bwd");
    positions_bwd(st, l, a, d, &dq, &dk, grads);
    /* q0, k0, v = h1 W + b, h1 = norm(x) */
    pre_norm(st, a->h1, a->x, &w->attn_norm);
    hyt_matmul_bwd_x(d->dh, dq, w->wq.w, false, T, HE, D);
    hyt_matmul_bwd_x(d->dh, dk, w->wk.w, true, T, GE, D);
    hyt_matmul_bwd_x(d->dh, d->dv, w->wv.w, true, T, GE, D);
    hyt_matmul_bwd_w(grads + w->wq.grad, bq, dq, a->h1, add, T, HE, D);
    hyt_matmul_bwd_w(grads + w->wk.grad, bk, dk, a->h1, add, T, GE, D);
    hyt_matmul_bwd_w(grads + w->wv.grad, bv, d->dv, a->h1, add, T, GE, D);
    hyt_trace_op(&st->trace, "qkv_bwd");
    pre_norm_bwd(st, d, a->x, a->r1, &w->attn_norm, grads);
}

static float *allocate(struct hyt_state *st, struct dact *d)
{
    const struct hyt_config *c = &st->m->c;
    size_t T = st->n_rows, HE = c->H * c->E, GE = c->G * c->E;
    size_t normed = c->qk_norm != HYT_QK_NORM_NONE ? HE + GE : 0;
    float *slab = hyt_alloc_aligned(T * (2 * c->D + 2 * HE + 2 * GE + normed),
                                    sizeof(float));
    float *p = slab;

    d->dx = p;
    d->dh = p += T * c->D;
    d->dq = p += T * c->D;
    d->d_o = p += T * HE;
    d->dk = p += T * HE;
    d->dv = p += T * GE;
    d->dqn = p += T * GE;
    d->dkn = normed > 0 ? p + T * HE : p;
    return slab;
}

void hyt_backward(struct hyt_state *st, float *grads, bool add)
{
    const struct hyt_model *m = st->m;
    size_t T = st->n_rows, D = m->c.D;
    struct dact d;
    float *slab;
    int32_t *id;

    if (T == 0)
        return;
    if (!st->saved)
        HYT_BUG("a backward pass without saved activations");
    hyt_trace_begin(&st->trace);
    slab = allocate(st, &d);
    id = hyt_alloc(T, sizeof(*id));
    /* hyt_head_loss() left the gradient of the wanted rows */
    for (size_t i = 0; i < st->n_want; i++)
        memcpy(d.dx + st->want[i] * D, st->dxw + i * D, D * sizeof(float));
    hyt_trace_op(&st->trace, "head_bwd");
    for (size_t l = m->c.L; l-- > 0;) {
        struct act *a = &st->act[l];

        if (l >= st->kept)
            hyt_block_fwd(st, l, a, NULL);
        feed_forward_bwd(st, l, a, &d, grads, add);
        attention_bwd(st, l, a, &d, grads, add);
    }
    /* x = embed(token) */
    for (size_t t = 0; t < T; t++)
        id[t] = st->row[t].token;
    if (m->c.embed_scale != 1)
        hyt_scale(d.dx, m->c.embed_scale, T * D);
    hyt_embed_bwd(grads + m->embed.grad, d.dx, id, T, D);
    hyt_trace_op(&st->trace, "embed_bwd");
    free(id);
    free(slab);
    hyt_trace_end(&st->trace, "backward");
}
