/* SPDX-License-Identifier: MIT */
/*
 * kern_ops.h - every operation of kern.h in one form, so that one loop can
 * compare them all: numbers x in, numbers y out, and the gradient of sum dy y
 */
#ifndef HYT_TEST_KERN_OPS_H
#define HYT_TEST_KERN_OPS_H

#include "hyt/kern.h"

struct shape {
    const char *name;
    size_t T, N, K, H, G, E;
    bool bf16, add;
    float cap;
    int32_t window;
};

struct op {
    struct shape s;
    size_t (*nx)(const struct shape *s);
    size_t (*ny)(const struct shape *s);
    void (*fwd)(float *y, const float *x, const struct shape *s);
    /* dx += gradient of sum dy y; NULL where bf16 stands in the way */
    void (*bwd)(float *dx, const float *dy, const float *x,
                const struct shape *s);
    double tol; /* of fast against naive */
    /* outputs that have a gradient; 0: all */
    size_t (*differentiable)(const struct shape *s);
};

/* Small: every element can be compared with a central difference.  Large
 * enough for every path: tails, blocks, several tiles and pages. */
extern const struct op kern_small[], kern_large[];
extern const size_t kern_n_small, kern_n_large;

/* kern_tokens.c: embedding and vocabulary. */
size_t kern_embed_nx(const struct shape *s);
size_t kern_embed_ny(const struct shape *s);
void kern_embed_fwd(float *y, const float *x, const struct shape *s);
void kern_embed_bwd(float *dx, const float *dy, const float *x,
                    const struct shape *s);
size_t kern_vocab_nx(const struct shape *s);
size_t kern_vocab_ny(const struct shape *s);
size_t kern_vocab_smooth(const struct shape *s);
void kern_vocab_fwd(float *y, const float *x, const struct shape *s);
void kern_vocab_bwd(float *dx, const float *dy, const float *x,
                    const struct shape *s);

/* Forward and backward in one array of *n: y [ny], dx [nx]. */
float *kern_run(const struct op *op, size_t *n);

float *kern_randoms(size_t n, uint64_t key, float scale);
uint16_t *kern_to_bf16(const float *x, size_t n);
struct hyt_weight kern_f32(const float *p);

/* The best implementation of this CPU. */
void kern_select_best(void);

/* A cache of two sequences of n0 and n1 rows k, v [n0+n1,G*E]. */
struct kern_cache {
    struct hyt_kv kv;
    float *k, *v; /* the rows as they were stored */
    int32_t *page;
    struct hyt_attn_row *row;
};

struct kern_cache kern_cache_make(enum hyt_dtype t, const float *k,
                                  const float *v, size_t n0, size_t n1,
                                  size_t G, size_t E);
void kern_cache_free(struct kern_cache c);

#endif
