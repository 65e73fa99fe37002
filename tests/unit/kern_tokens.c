/* SPDX-License-Identifier: MIT */
/*
 * kern_tokens.c - the operations that know of tokens, in the form of kern_ops.h
 */
#include <stdlib.h>
#include <string.h>

#include "kern_ops.h"

/* embedding: x = e [N,K], ids repeat */

size_t kern_embed_nx(const struct shape *s)
{
    return s->N * s->K;
}

size_t kern_embed_ny(const struct shape *s)
{
    return s->T * s->K;
}

static int32_t *ids(const struct shape *s)
{
    int32_t *id = hyt_alloc(s->T, sizeof(int32_t));

    for (size_t t = 0; t < s->T; t++)
        id[t] = (int32_t)(t * t % s->N);
    return id;
}

void kern_embed_fwd(float *y, const float *x, const struct shape *s)
{
    int32_t *id = ids(s);

    hyt_embed(y, kern_f32(x), id, s->T, s->K);
    free(id);
}

void kern_embed_bwd(float *dx, const float *dy, const float *x,
                    const struct shape *s)
{
    int32_t *id = ids(s);

    (void)x;
    hyt_embed_bwd(dx, dy, id, s->T, s->K);
    free(id);
}

/* vocabulary: x = z [T,N] in rows of N + 3; y = (logp, certainty, entropy,
 * lse) a row, and only logp has a gradient */

size_t kern_vocab_nx(const struct shape *s)
{
    return s->T * (s->N + 3);
}

size_t kern_vocab_ny(const struct shape *s)
{
    return 4 * s->T;
}

size_t kern_vocab_smooth(const struct shape *s)
{
    return s->T;
}

static float *capped_logits(const float *x, const struct shape *s)
{
    float *z = hyt_alloc(kern_vocab_nx(s), sizeof(float));

    memcpy(z, x, kern_vocab_nx(s) * sizeof(float));
    if (s->cap > 0)
        hyt_softcap(z, s->cap, s->T, s->N, s->N + 3);
    return z;
}

void kern_vocab_fwd(float *y, const float *x, const struct shape *s)
{
    struct hyt_row_stats *st = hyt_alloc(s->T, sizeof(*st));
    int32_t *target = ids(s);
    float *z = capped_logits(x, s);

    hyt_vocab_stats(st, z, target, s->T, s->N, s->N + 3);
    for (size_t t = 0; t < s->T; t++) {
        y[t] = st[t].logp;
        y[s->T + t] = st[t].certainty;
        y[2 * s->T + t] = st[t].entropy;
        y[3 * s->T + t] = (float)st[t].lse;
    }
    free(z);
    free(st);
    free(target);
}

void kern_vocab_bwd(float *dx, const float *dy, const float *x,
                    const struct shape *s)
{
    struct hyt_row_stats *st = hyt_alloc(s->T, sizeof(*st));
    int32_t *target = ids(s);
    float *z = capped_logits(x, s);

    hyt_vocab_stats(st, z, target, s->T, s->N, s->N + 3);
    hyt_vocab_bwd(z, st, target, dy, s->cap, s->T, s->N, s->N + 3);
    for (size_t i = 0; i < kern_vocab_nx(s); i++)
        dx[i] += z[i];
    free(z);
    free(st);
    free(target);
}
