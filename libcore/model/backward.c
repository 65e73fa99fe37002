/* SPDX-License-Identifier: MIT */
/*
 * backward.c - forward.c in reverse
 *
 * Each call names the forward line that it differentiates.  dx is the
 * gradient with respect to the residual stream, from the top down.
 */
#include <math.h>
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

static void feed_forward_bwd(struct hyt_state *st, size_t l,
                             const struct act *a, struct dact *d, float *grads)
{
    const struct hyt_config *c = &st->m->c;
    const struct hyt_layer *w = &st->m->layer[l];
    size_t T = st->n_rows, D = c->D, F = c->F;

    /* x_next = x2 + s W_down, s = silu(g) u */
    hyt_swiglu(a->s, a->g, a->u, T * F);
    hyt_matmul_bwd_w(grads + w->w_down.grad, NULL, d->dx, a->s, T, D, F);
    hyt_matmul_bwd_x(a->s, d->dx, w->w_down.w, false, T, D, F);
    hyt_trace_op(&st->trace, "down_bwd");
    hyt_swiglu_bwd(a->g, a->u, a->s, a->g, a->u, T * F);
    hyt_trace_op(&st->trace, "swiglu_bwd");
    /* g = h2 W_gate, u = h2 W_up, h2 = norm(x2) */
    hyt_rmsnorm(a->h2, NULL, a->x2, w->ffn_norm.w, c->eps, T, D);
    hyt_matmul_bwd_x(d->dh, a->g, w->w_gate.w, false, T, F, D);
    hyt_matmul_bwd_x(d->dh, a->u, w->w_up.w, true, T, F, D);
    hyt_matmul_bwd_w(grads + w->w_gate.grad, NULL, a->g, a->h2, T, F, D);
    hyt_matmul_bwd_w(grads + w->w_up.grad, NULL, a->u, a->h2, T, F, D);
    hyt_trace_op(&st->trace, "gate_up_bwd");
    /* what the residual carried stays in dx */
    hyt_rmsnorm_bwd(d->dx, grads + w->ffn_norm.grad, d->dh, a->x2, a->r2,
                    w->ffn_norm.w, T, D);
    hyt_trace_op(&st->trace, "norm_bwd");
}

/* q, k = rope(norm(q0, k0)): leaves the gradients of q0, k0 in *dq, *dk. */
static void positions_bwd(struct hyt_state *st, size_t l, const struct act *a,
                          struct dact *d, float **dq, float **dk, float *grads)
{
    const struct hyt_config *c = &st->m->c;
    const struct hyt_layer *w = &st->m->layer[l];
    size_t T = st->n_rows;

    *dq = d->dq;
    *dk = d->dk;
    hyt_rope_bwd(d->dq, st->pos, st->rope_c, st->rope_s, T, c->H, c->E);
    hyt_rope_bwd(d->dk, st->pos, st->rope_c, st->rope_s, T, c->G, c->E);
    hyt_trace_op(&st->trace, "rope_bwd");
    if (!c->qk_norm)
        return;
    *dq = zeroed(d->dqn, T * c->H * c->E);
    *dk = zeroed(d->dkn, T * c->G * c->E);
    hyt_rmsnorm_bwd(*dq, grads + w->q_norm.grad, d->dq, a->q0, a->rq,
                    w->q_norm.w, T * c->H, c->E);
    hyt_rmsnorm_bwd(*dk, grads + w->k_norm.grad, d->dk, a->k0, a->rk,
                    w->k_norm.w, T * c->G, c->E);
    hyt_trace_op(&st->trace, "norm_bwd");
}

static void attention_bwd(struct hyt_state *st, size_t l, const struct act *a,
                          struct dact *d, float *grads)
{
    const struct hyt_config *c = &st->m->c;
    const struct hyt_layer *w = &st->m->layer[l];
    size_t T = st->n_rows, D = c->D, HE = c->H * c->E, GE = c->G * c->E;
    float *bq = c->qkv_bias ? grads + w->bq.grad : NULL;
    float *bk = c->qkv_bias ? grads + w->bk.grad : NULL;
    float *bv = c->qkv_bias ? grads + w->bv.grad : NULL;
    float *bo = c->o_bias ? grads + w->bo.grad : NULL;
    float *dq, *dk;

    /* x2 = x + o Wo */
    hyt_matmul_bwd_x(d->d_o, d->dx, w->wo.w, false, T, D, HE);
    hyt_matmul_bwd_w(grads + w->wo.grad, bo, d->dx, a->o, T, D, HE);
    hyt_trace_op(&st->trace, "o_bwd");
    /* o = attention(q, k, v) */
    hyt_attention_bwd(d->dq, d->dk, d->dv, d->d_o, a->q, a->k, a->v, a->o,
                      a->lse, st->begin, st->n_begin, 1.0f / sqrtf((float)c->E),
                      c->H, c->G, c->E);
    hyt_trace_op(&st->trace, "attention_bwd");
    positions_bwd(st, l, a, d, &dq, &dk, grads);
    /* q0, k0, v = h1 W + b, h1 = norm(x) */
    hyt_rmsnorm(a->h1, NULL, a->x, w->attn_norm.w, c->eps, T, D);
    hyt_matmul_bwd_x(d->dh, dq, w->wq.w, false, T, HE, D);
    hyt_matmul_bwd_x(d->dh, dk, w->wk.w, true, T, GE, D);
    hyt_matmul_bwd_x(d->dh, d->dv, w->wv.w, true, T, GE, D);
    hyt_matmul_bwd_w(grads + w->wq.grad, bq, dq, a->h1, T, HE, D);
    hyt_matmul_bwd_w(grads + w->wk.grad, bk, dk, a->h1, T, GE, D);
    hyt_matmul_bwd_w(grads + w->wv.grad, bv, d->dv, a->h1, T, GE, D);
    hyt_trace_op(&st->trace, "qkv_bwd");
    hyt_rmsnorm_bwd(d->dx, grads + w->attn_norm.grad, d->dh, a->x, a->r1,
                    w->attn_norm.w, T, D);
    hyt_trace_op(&st->trace, "norm_bwd");
}

static float *allocate(struct hyt_state *st, struct dact *d)
{
    const struct hyt_config *c = &st->m->c;
    size_t T = st->n_rows, HE = c->H * c->E, GE = c->G * c->E;
    size_t normed = c->qk_norm ? HE + GE : 0;
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
    d->dkn = c->qk_norm ? p + T * HE : p;
    return slab;
}

void hyt_backward(struct hyt_state *st, float *grads)
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
        feed_forward_bwd(st, l, a, &d, grads);
        attention_bwd(st, l, a, &d, grads);
    }
    /* x = embed(token) */
    for (size_t t = 0; t < T; t++)
        id[t] = st->row[t].token;
    hyt_embed_bwd(grads + m->embed.grad, d.dx, id, T, D);
    hyt_trace_op(&st->trace, "embed_bwd");
    free(id);
    free(slab);
    hyt_trace_end(&st->trace, "backward");
}
