/* SPDX-License-Identifier: MIT */
/*
 * layout.c - where the activations of a batch lie
 *
 * One slab a batch.  Inference: one layer's activations, shared by all.
 * Training: every layer's own, or, above the memory budget, every layer's
 * input and one shared set that the backward pass fills again.
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

/* All but x; `own`: x2 and h2 are arrays of their own, as the backward pass
 * needs them. */
static void take_layer(struct cut *cut, const struct hyt_config *c,
                       struct act *a, bool own)
{
    a->h1 = take(cut, c->D);
    a->h2 = own ? take(cut, c->D) : a->h1;
    a->x2 = own ? take(cut, c->D) : a->x;
    a->q0 = take(cut, c->H * c->E);
    a->k0 = take(cut, c->G * c->E);
    a->q = c->qk_norm ? take(cut, c->H * c->E) : a->q0;
    a->k = c->qk_norm ? take(cut, c->G * c->E) : a->k0;
    a->v = take(cut, c->G * c->E);
    a->o = take(cut, c->H * c->E);
    a->g = take(cut, c->F);
    a->u = take(cut, c->F);
    a->s = own ? take(cut, c->F) : a->g;
    a->r1 = take(cut, 1);
    a->r2 = take(cut, 1);
    a->rq = take(cut, c->H);
    a->rk = take(cut, c->G);
    a->lse = take(cut, c->H);
}

size_t hyt_state_layer_floats(const struct hyt_config *c, size_t T)
{
    struct cut cut = {NULL, 0, T};
    struct act a = {0};

    take_layer(&cut, c, &a, true);
    return cut.used;
}

static size_t lay_out(struct hyt_state *st, enum save_mode mode, float *base)
{
    const struct hyt_config *c = &st->m->c;
    struct cut cut = {base, 0, st->n_rows};
    struct act shared = {0};

    st->x_out = take(&cut, c->D);
    shared.x = st->x_out;
    if (mode != SAVE_ALL)
        take_layer(&cut, c, &shared, mode == SAVE_INPUTS);
    for (size_t l = 0; l < c->L; l++) {
        struct act *a = &st->act[l];

        *a = shared;
        if (mode == SAVE_NONE)
            continue;
        a->x = take(&cut, c->D);
        if (mode == SAVE_ALL)
            take_layer(&cut, c, a, true);
    }
    return cut.used;
}

void hyt_state_layout(struct hyt_state *st, enum save_mode mode)
{
    size_t need = lay_out(st, mode, NULL);

    if (need > st->slab_floats) {
        free(st->slab);
        st->slab = hyt_alloc_aligned(need, sizeof(float));
        st->slab_floats = need;
    }
    lay_out(st, mode, st->slab);
    st->saved = mode;
}

size_t hyt_state_rows_in_memory(const struct hyt_state *st)
{
    const struct hyt_config *c = &st->m->c;
    size_t row = c->L * (hyt_state_layer_floats(c, 16) / 16 + c->D);

    return st->memory / (row * sizeof(float));
}
