/* SPDX-License-Identifier: MIT */
/*
 * head.c - from the last hidden rows to the vocabulary
 *
 * Only wanted rows are computed, a tile of rows at a time: logits never exist
 * for more rows than a tile has, and only for rows of lm_head that have a
 * token.
 */
#include <stdlib.h>
#include <string.h>

#include "model/state.h"

static const struct hyt_weight no_bias = {NULL, HYT_F32};

/* Rows that are computed at once: about so many logits, however many rows are
 * wanted.  In training, where each tile goes through the weights and their
 * gradient, tiles are larger; the gradient's last bits depend on it. */
enum { LOGITS = 1 << 22, LOSS_LOGITS = 1 << 24 };

static size_t tile_rows(const struct hyt_state *st, size_t logits)
{
    size_t rows = logits / st->m->vocab;

    return rows < 16 ? 16 : rows > 256 ? 256 : rows;
}

/* Room for `tile` rows of logits. */
static void make_room(struct hyt_state *st, size_t tile)
{
    size_t n = st->n_want, z = (n < tile ? n : tile) * st->m->vocab;

    if (z > st->z_floats) {
        free(st->z);
        st->z = hyt_alloc_aligned(z, sizeof(float));
        st->z_floats = z;
    }
}

/* Gathers the wanted rows and norms them. */
static void gather(struct hyt_state *st)
{
    const struct hyt_config *c = &st->m->c;
    size_t n = st->n_want;

    if (n > st->head_rows) {
        free(st->xw);
        free(st->hw);
        free(st->rw);
        free(st->dxw);
        st->xw = hyt_alloc_aligned(n * c->D, sizeof(float));
        st->hw = hyt_alloc_aligned(n * c->D, sizeof(float));
        st->dxw = hyt_alloc_aligned(n * c->D, sizeof(float));
        st->rw = hyt_alloc_aligned(n, sizeof(float));
        st->head_rows = n;
    }
    for (size_t i = 0; i < n; i++)
        memcpy(st->xw + i * c->D, st->x_out + st->want[i] * c->D,
               c->D * sizeof(float));
    hyt_rmsnorm(st->hw, st->rw, st->xw, st->m->final_norm.w, c->norm_plus,
                c->eps, n, c->D);
    hyt_trace_op(&st->trace, "norm");
}

/* Moves the logits of ids that have a token to the front of their row. */
static void close_gaps(const struct hyt_model *m, float *z)
{
    for (size_t i = 0; i < m->n_tokens; i++)
        z[i] = z[m->token[i]];
}

/* The inverse, for gradients: what has no token has none. */
static void open_gaps(const struct hyt_model *m, float *z)
{
    size_t from = m->n_tokens;

    for (size_t v = m->vocab; v-- > 0;)
        z[v] = m->place[v] < 0 ? 0 : z[--from];
}

/* Logits of wanted rows [i, i + n) into st->z, rows of m->vocab of which the
 * first m->n_tokens count, and the places of their targets in them. */
static void logits_of(struct hyt_state *st, size_t i, size_t n, int32_t *target)
{
    const struct hyt_model *m = st->m;

    hyt_matmul(st->z, st->hw + i * m->c.D, m->head.w, no_bias, false, n,
               m->vocab, m->c.D);
    for (size_t j = 0; j < n; j++) {
        target[j] = st->row[st->want[i + j]].target;
        if (m->token == NULL)
            continue;
        close_gaps(m, st->z + j * m->vocab);
        if (target[j] >= 0)
            target[j] = m->place[target[j]];
    }
    if (m->c.logit_cap > 0)
        hyt_softcap(st->z, m->c.logit_cap, n, m->n_tokens, m->vocab);
    hyt_trace_op(&st->trace, "head");
}

/* Where ids without a token leave gaps, logits are closed up first. */
static void stats_with_gaps(struct hyt_state *st, struct hyt_row_stats *stats,
                            int32_t *target)
{
    size_t V = st->m->vocab, tile = tile_rows(st, LOGITS);

    make_room(st, tile);
    for (size_t i = 0; i < st->n_want; i += tile) {
        size_t n = st->n_want - i < tile ? st->n_want - i : tile;

        logits_of(st, i, n, target);
        hyt_vocab_stats(stats + i, st->z, target, n, st->m->n_tokens, V);
        hyt_trace_op(&st->trace, "vocabulary");
    }
}

void hyt_head_stats(struct hyt_state *st, struct hyt_row_stats *stats)
{
    const struct hyt_model *m = st->m;
    int32_t *target = hyt_alloc(st->n_want, sizeof(*target));

    hyt_trace_begin(&st->trace);
    gather(st);
    if (m->token != NULL) {
        stats_with_gaps(st, stats, target);
    } else {
        for (size_t i = 0; i < st->n_want; i++)
            target[i] = st->row[st->want[i]].target;
        hyt_matmul_stats(stats, st->hw, m->head.w, target, m->c.logit_cap,
                         st->n_want, m->vocab, m->c.D);
        hyt_trace_op(&st->trace, "head");
    }
    free(target);
    hyt_trace_end(&st->trace, "head");
}

struct each_row {
    struct hyt_state *st;
    size_t first;
    void (*fn)(void *ctx, size_t i, float *z, size_t vocab);
    void *ctx;
};

static void one_row(void *arg, size_t j)
{
    struct each_row *e = arg;
    size_t V = e->st->m->vocab;

    e->fn(e->ctx, e->first + j, e->st->z + j * V, e->st->m->n_tokens);
}

void hyt_head_logits(struct hyt_state *st,
                     void (*fn)(void *ctx, size_t i, float *z, size_t vocab),
                     void *ctx)
{
    size_t tile = tile_rows(st, LOGITS);
    int32_t *target = hyt_alloc(tile, sizeof(*target));

    hyt_trace_begin(&st->trace);
    make_room(st, tile);
    gather(st);
    for (size_t i = 0; i < st->n_want; i += tile) {
        size_t n = st->n_want - i < tile ? st->n_want - i : tile;
        struct each_row each = {st, i, fn, ctx};

        logits_of(st, i, n, target);
        hyt_parallel_for(n, one_row, &each);
        hyt_trace_op(&st->trace, "sampling");
    }
    free(target);
    hyt_trace_end(&st->trace, "head");
}

/* Zero is what only gets added to: all but the matrices that a product's
 * gradient is written to.  Those are most of the slab, and are gone through
 * once less. */
static void begin_gradient(struct hyt_state *st, float *grads)
{
    const struct hyt_model *m = st->m;
    const size_t D = m->c.D;

    if (st->n_want == 0) {
        hyt_zero(grads, m->n_floats);
        return;
    }
    for (size_t i = 0; i < m->n_params; i++)
        if (m->param[i].vector)
            memset(grads + m->param[i].bound->grad, 0,
                   m->param[i].n * sizeof(float));
    if (!m->c.tied)
        hyt_zero(grads + m->embed.grad, m->c.V * D);
    /* no row of lm_head has a token from here on */
    hyt_zero(grads + m->head.grad + m->vocab * D, (m->c.V - m->vocab) * D);
    hyt_trace_op(&st->trace, "zero");
}

/*
 *     z = h W^T           stats, g = weigh(stats)
 *     dz = g (onehot - p)     dh = dz W       dW += dz^T h
 */
void hyt_head_loss(struct hyt_state *st, struct hyt_row_stats *stats,
                   float (*weigh)(void *ctx, size_t i,
                                  const struct hyt_row_stats *s),
                   void *ctx, float *grads, bool add)
{
    const struct hyt_model *m = st->m;
    size_t D = m->c.D, V = m->vocab, tile = tile_rows(st, LOSS_LOGITS);
    int32_t *target = hyt_alloc(tile, sizeof(*target));
    float *g = hyt_alloc(tile, sizeof(*g));
    float *dh = hyt_alloc_aligned(tile * D, sizeof(float));

    hyt_trace_begin(&st->trace);
    make_room(st, tile);
    gather(st);
    memset(st->dxw, 0, st->n_want * D * sizeof(float));
    if (!add)
        begin_gradient(st, grads);
    for (size_t i = 0; i < st->n_want; i += tile) {
        size_t n = st->n_want - i < tile ? st->n_want - i : tile;

        logits_of(st, i, n, target);
        hyt_vocab_stats(stats + i, st->z, target, n, st->m->n_tokens, V);
        hyt_trace_op(&st->trace, "vocabulary");
        for (size_t j = 0; j < n; j++)
            g[j] = weigh(ctx, i + j, &stats[i + j]);
        hyt_vocab_bwd(st->z, stats + i, target, g, m->c.logit_cap, n,
                      m->n_tokens, V);
        for (size_t j = 0; j < n && m->token != NULL; j++)
            open_gaps(m, st->z + j * V);
        hyt_trace_op(&st->trace, "vocabulary_bwd");
        hyt_matmul_bwd_x(dh, st->z, m->head.w, false, n, V, D);
        hyt_matmul_bwd_w(grads + m->head.grad, NULL, st->z, st->hw + i * D,
                         add || i > 0, n, V, D);
        hyt_trace_op(&st->trace, "head_bwd");
        hyt_rmsnorm_bwd(st->dxw + i * D, grads + m->final_norm.grad, dh,
                        st->xw + i * D, st->rw + i, m->final_norm.w,
                        m->c.norm_plus, n, D);
        hyt_trace_op(&st->trace, "norm_bwd");
    }
    free(dh);
    free(g);
    free(target);
    hyt_trace_end(&st->trace, "head loss");
}
