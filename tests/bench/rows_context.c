/* SPDX-License-Identifier: MIT */
/*
 * rows_context.c - what a long context costs: attention and its cache
 *
 * Attention of one layer, with the heads of smol135.  A decode step reads the
 * sequence's cache once, so it should take twice as long for twice the context;
 * the attention of a whole prompt should take four times as long.  Steps are
 * timed over so many sequences that most caches do not hold them: what passes
 * the limit has come from a third level that does.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

enum { H = 9, G = 3, E = 64, FIRST = 256, LAST = 8192 };
enum { POSITIONS = 1 << 17 }; /* of all sequences of a step */

static const char *const names[] = {"f32", "bf16"};

struct attention {
    float *o, *q;
    struct hyt_kv kv;
    int32_t *page;
    struct hyt_attn_row *row;
    size_t T;
};

static void attend(void *ctx)
{
    const struct attention *a = ctx;

    hyt_attention(a->o, NULL, a->q, &a->kv, a->row,
                  &(struct hyt_attn){.scale = 0.125f}, a->T, H, G, E);
}

/* Fills the cache with T rows at the places that a->row tells. */
static void store(struct attention *a, const struct hyt_attn_row *row, size_t T)
{
    float *k = bench_numbers(T * G * E), *v = bench_numbers(T * G * E);

    hyt_kv_store(&a->kv, k, v, row, T, G, E);
    free(k);
    free(v);
}

/* The last row of each of many sequences of n positions, or all rows of one. */
static void make_attention(struct attention *a, enum hyt_dtype t, size_t n,
                           bool decode)
{
    size_t pages = (n + HYT_PAGE - 1) / HYT_PAGE;
    size_t seqs = decode ? POSITIONS / n : 1;
    size_t elements = seqs * pages * G * E * HYT_PAGE;
    struct hyt_attn_row *all = hyt_alloc(n, sizeof(*all));

    a->T = decode ? seqs : n;
    a->o = bench_numbers(a->T * H * E);
    a->q = bench_numbers(a->T * H * E);
    a->kv =
        (struct hyt_kv){hyt_alloc_aligned(elements, t == HYT_BF16 ? 2 : 4),
                        hyt_alloc_aligned(elements, t == HYT_BF16 ? 2 : 4), t};
    a->page = hyt_alloc(seqs * pages, sizeof(*a->page));
    a->row = hyt_alloc(a->T, sizeof(*a->row));
    for (size_t i = 0; i < seqs * pages; i++)
        a->page[i] = (int32_t)i;
    for (size_t s = 0; s < seqs; s++) {
        for (size_t p = 0; p < n; p++)
            all[p] = (struct hyt_attn_row){a->page + s * pages, (int32_t)p};
        store(a, all, n);
        if (decode)
            a->row[s] = all[n - 1];
    }
    for (size_t p = 0; !decode && p < n; p++)
        a->row[p] = all[p];
    free(all);
}

static void free_attention(struct attention *a)
{
    free(a->o);
    free(a->q);
    free(a->kv.k);
    free(a->kv.v);
    free(a->page);
    free(a->row);
}

/* --- time ----------------------------------------------------------------- */

/* Seconds of a sequence of n positions, and (before: those of n / 2, or 0) how
 * they grew. */
static double time_context(enum hyt_dtype t, size_t n, bool decode,
                           double before)
{
    double seen = decode ? POSITIONS : (double)n * (double)(n + 1) / 2;
    double flops = 4.0 * H * E * seen;
    double bytes = (t == HYT_BF16 ? 4.0 : 8.0) * G * E * seen;
    struct attention a;
    char shape[32];
    struct bench_row r = {
        .row = decode ? "attention: a step" : "attention: a prompt",
        .shape = shape,
        .dtype = names[t],
        .unit = decode ? "GB/s" : "GFLOP/s",
        .limit = decode ? bench_limits.gbytes : bench_limits.gflops,
    };
    double seconds;

    snprintf(shape, sizeof(shape), "context %zu", n);
    make_attention(&a, t, n, decode);
    seconds = bench_best(attend, &a);
    r.value = (decode ? bytes : flops) / seconds * 1e-9;
    r.tokens = (double)a.T / seconds;
    bench_report(&r);
    if (!decode)
        bench_threads_row(&r, seconds, attend, &a);
    free_attention(&a);
    seconds /= decode ? (double)a.T : 1;
    if (before > 0) {
        r.row = decode ? "attention: a step, against half the context"
                       : "attention: a prompt, against half of it";
        r.unit = "times";
        r.value = seconds / before;
        r.limit = decode ? 2 : 4;
        r.goal = 1.2;
        r.at_most = true;
        r.tokens = 0;
        bench_report(&r);
    }
    return seconds;
}

static void time_contexts(enum hyt_dtype t, bool decode)
{
    double before = 0;

    for (size_t n = FIRST; n <= LAST; n *= 2)
        before = time_context(t, n, decode, before);
}

/* --- memory --------------------------------------------------------------- */

/* The cache of a sequence against what its keys and values take. */
static void cache_size(enum hyt_dtype t, size_t n)
{
    struct bench_model b;
    struct hyt_state *st;
    int32_t seq;
    char shape[32];

    snprintf(shape, sizeof(shape), "context %zu", n);
    bench_model_open(&b, "smol135", "f32");
    b.m->c.max_positions = n;
    st = hyt_state_new(b.m);
    hyt_state_set_kv(st, t);
    seq = hyt_seq_new(st);
    for (size_t i = 0; i < n; i++)
        hyt_batch_add(st, seq, bench_token(b.m, i), -1, false);
    bench_report(&(struct bench_row){
        .row = "attention: cache of smol135",
        .shape = shape,
        .dtype = names[t],
        .value = (double)hyt_state_bytes(st) * 1e-6,
        .unit = "MB",
        .limit = (t == HYT_BF16 ? 4e-6 : 8e-6) * (double)(b.m->c.L * G * E) *
                 (double)n,
        .goal = n > FIRST ? 1 : 2, /* no less than 512 positions */
        .at_most = true,
    });
    hyt_batch_clear(st);
    hyt_state_free(st);
    bench_model_close(&b);
}

void bench_rows_context(void)
{
    for (enum hyt_dtype t = HYT_F32; t <= HYT_BF16; t++) {
        if (bench_wants("attention: a step", "context", names[t]))
            time_contexts(t, true);
        if (bench_wants("attention: a prompt", "context", names[t]))
            time_contexts(t, false);
        if (bench_wants("attention: cache", "context", names[t]))
            for (size_t n = FIRST; n <= LAST; n *= 2)
                cache_size(t, n);
    }
}
