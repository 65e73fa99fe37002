/* SPDX-License-Identifier: MIT */
/*
 * fixture.h - a toy model and what PyTorch computed from it
 * (tests/fixtures/make_toy.py says what each tensor is)
 */
#ifndef HYT_TEST_FIXTURE_H
#define HYT_TEST_FIXTURE_H

#include "hyt/ckpt.h"
#include "hyt/model.h"

struct fixture {
    char dir[512];
    struct hyt_ckpt *ckpt;
    struct hyt_model *m;
    struct hyt_st *expect;
    const int32_t *tokens, *target, *lengths;
    size_t T, V;
};

extern const char *const fixture_toys[11]; /* every architecture */

/* Opens tests/fixtures/NAME (or $HYT_FIXTURES/NAME); fails the test if it is
 * not there. */
void fixture_open(struct fixture *f, const char *name);
void fixture_close(struct fixture *f);

const float *fixture_f32(const struct fixture *f, const char *name);
const int32_t *fixture_i32(const struct fixture *f, const char *name);
const float *fixture_of(const struct fixture *f, const char *prefix,
                        const char *name); /* "grad." + NAME */

/* |a - b| / |b| of two vectors. */
double relative_distance(const float *a, const float *b, size_t n);

/* Fails where a distance from PyTorch is too large, or NaN. */
void close_to(const char *toy, const char *what, double distance);

/* Adds all rows of the two sequences; wants those that have a target, or all.
 * seq: the two sequences. */
void fixture_add_rows(const struct fixture *f, struct hyt_state *st,
                      int32_t seq[2], bool all);

/* Loss and gradient of the fixture's weighted loss; kv: format of the cache,
 * memory: budget of the activations. */
double fixture_gradient(const struct fixture *f, float *grads,
                        enum hyt_dtype kv, size_t memory);

#endif
