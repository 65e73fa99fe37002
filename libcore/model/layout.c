/* SPDX-License-Identifier: MIT */
/*
 * layout.c - where the activations of a batch lie
 *
 * One slab a batch.  Inference: one layer's activations, shared by all.
 * Training: every layer's input, and all of as many layers as the memory
 * allows; the others share a set that the backward pass fills again.
 */
#include <stdlib.h>

#include "model/state.h"

/* Hands out [T, columns] arrays, each at a multiple of 64 bytes. */
struct cut {
    float *base; /* NULL: only counts */
    size_t used;
    size_t T;
};

static float *take(struct cut *cut, size_t columns)
{
    size_t n = (cut->T * columns + 15) & ~(size_t)15;
    float *p = cut->base == NULL ? NULL : cut->base + cut->used;

    cut->used += n;
    return p;
}

/* What the backward pass reads, but for x. */
static void take_layer(struct cut *cut, const struct hyt_config *c,
                       struct act *a, bool own)
{
    a->x2 = own ? take(cut, c->D) : a->x;
    if (c->post_norm) {
        a->p1 = take(cut, c->D);
        a->p2 = own ? take(cut, c->D) : a->p1;
        a->rp1 = take(cut, 1);
        a->rp2 = take(cut, 1);
    }
    a->q0 = take(cut, c->H * c->E);
    a->k0 = take(cut, c->G * c->E);
    a->q = c->qk_norm != HYT_QK_NORM_NONE ? take(cut, c->H * c->E) : a->q0;
    a->k = c->qk_norm != HYT_QK_NORM_NONE ? take(cut, c->G * c->E) : a->k0;
    a->v = take(cut, c->G * c->E);
    a->o = take(cut, c->H * c->E);
    a->g = take(cut, c->F);
    a->u = take(cut, c->F);
    a->r1 = take(cut, 1);
    a->r2 = take(cut, 1);
    a->rq = take(cut, c->H);
    a->rk = take(cut, c->G);
    a->lse = take(cut, c->H);
}

/* Floats of T rows, x_out first.  `save`: all layers' inputs, and all of the
 * first `kept`.  act NULL: only counts. */
static size_t lay_out(struct act *act, float *base, const struct hyt_config *c,
                      size_t T, bool save, size_t kept)
{
    struct cut cut = {base, 0, T};
    struct act shared = {0};

    shared.x = take(&cut, c->D);
    shared.h = take(&cut, c->D);
    if (save)
        shared.s = take(&cut, c->F);
    if (kept < c->L)
        take_layer(&cut, c, &shared, save);
    if (!save)
        shared.s = shared.g;
    for (size_t l = 0; l < c->L; l++) {
        struct act a = shared;

        if (save)
            a.x = take(&cut, c->D);
        if (l < kept)
            take_layer(&cut, c, &a, true);
        a.h1 = c->pre_norm ? a.h : a.x;
        a.h2 = c->pre_norm ? a.h : a.x2;
        if (act != NULL)
            act[l] = a;
    }
    return cut.used;
}

/* How many layers' activations can be kept. */
static size_t layers_in_memory(const struct hyt_state *st)
{
    const struct hyt_config *c = &st->m->c;
    size_t kept = c->L, budget = st->memory / sizeof(float);

    while (kept > 0 && lay_out(NULL, NULL, c, st->n_rows, true, kept) > budget)
        kept--;
    return kept;
}

void hyt_state_layout(struct hyt_state *st, bool save)
{
    const struct hyt_config *c = &st->m->c;
    size_t need;

    st->saved = save;
    st->kept = save ? layers_in_memory(st) : 0;
    need = lay_out(NULL, NULL, c, st->n_rows, save, st->kept);
    if (need > st->slab_floats) {
        /* Not a new slab for every batch that is the longest so far; the first
         * is as large as it must be. */
        size_t room = st->slab_floats + st->slab_floats / 4;

        if (room > st->memory / sizeof(float))
            room = st->memory / sizeof(float);
        free(st->slab);
        st->slab_floats = need > room ? need : room;
        st->slab = hyt_alloc_aligned(st->slab_floats, sizeof(float));
    }
    lay_out(st->act, st->slab, c, st->n_rows, save, st->kept);
    st->x_out = st->slab;
}

size_t hyt_state_rows_in_memory(const struct hyt_state *st)
{
    const struct hyt_config *c = &st->m->c;
    size_t sixteen = lay_out(NULL, NULL, c, 16, true, c->L);

    return st->memory / (sixteen * sizeof(float) / 16);
}
