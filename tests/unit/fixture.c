/* SPDX-License-Identifier: MIT */
/*
 * fixture.c - opens a toy model beside its expected values
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

#define TOLERANCE 1e-4

const char *const fixture_toys[11] = {
    "toy-llama",  "toy-qwen2",   "toy-qwen3",     "toy-llama-bf16",
    "toy-llama3", "toy-mistral", "toy-phi3",      "toy-olmo2",
    "toy-gemma2", "toy-gemma3",  "toy-llama-bias"};

void fixture_open(struct fixture *f, const char *name)
{
    const char *root = getenv("HYT_FIXTURES");
    struct hyt_err err = {0};
    char path[600];

    snprintf(f->dir, sizeof(f->dir), "%s/%s", root ? root : "tests/fixtures",
             name);
    f->ckpt = hyt_ckpt_open(f->dir, &err);
    if (f->ckpt == NULL)
        fail_msg("%s", err.msg);
    f->m = hyt_model_open(f->ckpt, &err);
    if (f->m == NULL)
        fail_msg("%s", err.msg);
    snprintf(path, sizeof(path), "%s/expect.safetensors", f->dir);
    f->expect = hyt_st_open(path, &err);
    if (f->expect == NULL)
        fail_msg("%s", err.msg);
    f->tokens = fixture_i32(f, "tokens");
    f->target = fixture_i32(f, "target");
    f->lengths = fixture_i32(f, "lengths");
    f->T = (size_t)f->lengths[0] + (size_t)f->lengths[1];
    f->V = f->m->c.V;
}

void fixture_close(struct fixture *f)
{
    hyt_st_close(f->expect);
    hyt_model_close(f->m);
    hyt_ckpt_close(f->ckpt);
}

static const struct hyt_tensor *find(const struct fixture *f, const char *name)
{
    const struct hyt_tensor *t = hyt_st_find(f->expect, name);

    if (t == NULL)
        fail_msg("expect.safetensors has no \"%s\"", name);
    return t;
}

const float *fixture_f32(const struct fixture *f, const char *name)
{
    return find(f, name)->data;
}

const int32_t *fixture_i32(const struct fixture *f, const char *name)
{
    return find(f, name)->data;
}

const float *fixture_of(const struct fixture *f, const char *prefix,
                        const char *name)
{
    char full[256];

    snprintf(full, sizeof(full), "%s%s", prefix, name);
    return fixture_f32(f, full);
}

double relative_distance(const float *a, const float *b, size_t n)
{
    double d = 0, norm = 0;

    for (size_t i = 0; i < n; i++) {
        d += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        norm += (double)b[i] * (double)b[i];
    }
    return norm > 0 ? sqrt(d / norm) : sqrt(d);
}

void close_to(const char *toy, const char *what, double distance)
{
    if (!(distance < TOLERANCE))
        fail_msg("%s: %s is %g away", toy, what, distance);
}

void fixture_add_rows(const struct fixture *f, struct hyt_state *st,
                      int32_t seq[2], bool all)
{
    size_t first = (size_t)f->lengths[0];

    seq[0] = hyt_seq_new(st);
    seq[1] = hyt_seq_new(st);
    for (size_t t = 0; t < f->T; t++)
        hyt_batch_add(st, seq[t >= first], f->tokens[t], f->target[t],
                      all || f->target[t] >= 0);
}

/* --- gradients ------------------------------------------------------------ */

struct coefs {
    const float *c; /* of the rows with a target, in order */
    double loss;
};

static float weigh(void *ctx, size_t i, const struct hyt_row_stats *s)
{
    struct coefs *coefs = ctx;

    coefs->loss -= (double)coefs->c[i] * (double)s->logp;
    return -coefs->c[i];
}

double fixture_gradient(const struct fixture *f, float *grads,
                        enum hyt_dtype kv, size_t memory)
{
    struct hyt_state *st = hyt_state_new(f->m);
    struct hyt_row_stats *stats = hyt_alloc(f->T, sizeof(*stats));
    float *c = hyt_alloc(f->T, sizeof(*c));
    const float *all = fixture_f32(f, "coef");
    struct coefs coefs = {c, 0};
    int32_t seq[2];
    size_t n = 0;

    for (size_t t = 0; t < f->T; t++)
        if (f->target[t] >= 0)
            c[n++] = all[t];
    for (size_t i = 0; i < f->m->n_floats; i++)
        grads[i] = NAN; /* all of it is overwritten */
    hyt_state_set_memory(st, memory);
    hyt_state_set_kv(st, kv);
    fixture_add_rows(f, st, seq, false);
    hyt_forward(st, true);
    hyt_head_loss(st, stats, weigh, &coefs, grads, false);
    hyt_backward(st, grads, false);
    free(c);
    free(stats);
    hyt_state_free(st);
    return coefs.loss;
}
