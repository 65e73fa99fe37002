/* SPDX-License-Identifier: MIT */
/*
 * rows_rollout.c - sampling: a full batch, uneven lengths, one sequence
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "hyt/sample.h"

enum {
    PROMPT = 64,
    NEW = 64,
    ROWS = 32,
    SAMPLES = 8,
    QUERIES = ROWS / SAMPLES
};

struct rollout {
    struct bench_model b;
    struct hyt_state *st;
    struct hyt_rollout_conf conf;
    size_t queries;
    /* Of the last run: how long, and how many tokens, until rows stayed empty
     * for want of queries, and after that. */
    double full_seconds, tail_seconds;
    uint64_t full_tokens, tail_tokens;
    double first_seconds; /* the first step, prompts included */
};

static void open_rollout(struct rollout *r, const char *shape,
                         const char *dtype)
{
    bench_model_open(&r->b, shape, dtype);
    r->st = hyt_state_new(r->b.m);
    r->queries = QUERIES;
    r->conf =
        (struct hyt_rollout_conf){.sampling = {.temperature = 1, .top_p = 1},
                                  .n = SAMPLES,
                                  .max_tokens = NEW,
                                  .rows = ROWS,
                                  .window = 64};
}

static void close_rollout(struct rollout *r)
{
    hyt_state_free(r->st);
    bench_model_close(&r->b);
}

static void add_query(const struct rollout *r, struct hyt_rollouts *s, size_t i)
{
    int32_t prompt[PROMPT];

    for (size_t j = 0; j < PROMPT; j++)
        prompt[j] = bench_token(r->b.m, i * PROMPT + j);
    hyt_rollouts_add(s, prompt, PROMPT, i, NULL);
}

static void run_rollout(void *ctx)
{
    struct rollout *r = ctx;
    struct hyt_rollouts *s = hyt_rollouts_new(r->st, r->b.m, NULL, &r->conf);
    struct hyt_err err = {0};
    double began = bench_now(), now;

    r->first_seconds = r->full_seconds = 0;
    for (size_t added = 0; added < r->queries || hyt_rollouts_pending(s) > 0;) {
        while (added < r->queries && hyt_rollouts_hungry(s))
            add_query(r, s, added++);
        if (hyt_rollouts_step(s, &err) < 0)
            bench_die("%s", err.msg);
        while (hyt_rollouts_take(s) != NULL)
            ;
        now = bench_now() - began;
        if (r->first_seconds <= 0)
            r->first_seconds = now;
        if (added < r->queries || !hyt_rollouts_hungry(s)) {
            r->full_seconds = now;
            r->full_tokens = hyt_rollouts_tokens(s);
        }
        r->tail_seconds = now - r->full_seconds;
        r->tail_tokens = hyt_rollouts_tokens(s) - r->full_tokens;
    }
    hyt_rollouts_free(s);
}

/* --- a full batch --------------------------------------------------------- */

static void time_rollout(const char *shape, const char *dtype, double goal)
{
    const char *row = "rollout: 32 sequences, 64 + 64";
    const struct hyt_config *c;
    struct rollout r = {0};
    double flops;

    if (!bench_wants(row, shape, dtype))
        return;
    open_rollout(&r, shape, dtype);
    c = &r.b.m->c;
    flops = QUERIES * bench_flops(c, 0, PROMPT - 1, 0) +
            ROWS * bench_flops(c, PROMPT - 1, NEW, NEW);
    bench_arithmetic(row, shape, dtype, goal, flops, ROWS * NEW, run_rollout,
                     &r);
    close_rollout(&r);
}

void bench_rows_rollout(void)
{
    time_rollout("smol135", "f32", 0.65);
    time_rollout("smol135", "bf16", 0.60);
    time_rollout("tiny5m", "f32", 0.45);
}

/* --- very different lengths ----------------------------------------------- */

/* Eight ends of sequence among the 512 tokens of tiny5m, about equally
 * probable: lengths are geometric with a mean of about 64. */
void bench_rows_lengths(void)
{
    struct bench_row row = {"rollout: uneven lengths / even",
                            "tiny5m",
                            "f32",
                            0,
                            "tokens/s",
                            0,
                            0.85,
                            false,
                            0};
    struct rollout r = {0};
    double tail = 0;

    if (!bench_wants(row.row, row.shape, row.dtype) &&
        !bench_wants("rollout: uneven lengths, tail", row.shape, row.dtype))
        return;
    open_rollout(&r, row.shape, row.dtype);
    r.queries = 48;
    for (int i = 0; i < HYT_MAX_EOS; i++)
        r.b.m->c.eos[i] = i;
    /* In turns, as bench_arithmetic() does. */
    for (int i = 0; i < 3; i++) {
        r.conf.max_tokens = NEW;
        r.b.m->c.n_eos = 0;
        run_rollout(&r);
        row.limit = fmax(row.limit, (double)r.full_tokens / r.full_seconds);
        r.conf.max_tokens = 8 * NEW;
        r.b.m->c.n_eos = HYT_MAX_EOS;
        run_rollout(&r);
        row.value = fmax(row.value, (double)r.full_tokens / r.full_seconds);
        tail = fmax(tail, (double)r.tail_tokens / r.tail_seconds);
    }
    bench_report(&row);
    row.row = "rollout: uneven lengths, tail";
    row.value = tail;
    row.goal = 0;
    bench_report(&row);
    close_rollout(&r);
}

/* --- one sequence --------------------------------------------------------- */

/* Bytes that the steps after the first must read: all weights but rows of the
 * embedding that are not looked up, and the cache. */
static double bytes_of(const struct hyt_model *m, const char *dtype,
                       size_t steps)
{
    const struct hyt_config *c = &m->c;
    double size = dtype[0] == 'b' ? 2 : 4;
    double weights = size * (double)(m->n_floats - (c->tied ? 0 : c->V * c->D));
    double cache = 8.0 * (double)(c->L * c->G * c->E);

    return (double)steps * (weights + cache * (PROMPT + (double)steps / 2));
}

static void time_decode(const char *shape, const char *dtype, double goal)
{
    enum { STEPS = 16 };
    struct bench_row row = {"decode: one sequence", shape, dtype, 0, "GB/s",
                            bench_limits.gbytes,    goal,  false, 0};
    struct rollout r = {0};
    double began = bench_now(), least = 1e9;

    if (!bench_wants(row.row, shape, dtype))
        return;
    open_rollout(&r, shape, dtype);
    r.conf.n = r.conf.rows = r.queries = 1;
    r.conf.max_tokens = 1 + STEPS;
    do {
        run_rollout(&r);
        double rest = r.full_seconds + r.tail_seconds - r.first_seconds;
        if (rest < least)
            least = rest;
    } while (bench_now() - began < 5);
    row.value = bytes_of(r.b.m, dtype, STEPS) / least * 1e-9;
    row.tokens = STEPS / least;
    bench_report(&row);
    close_rollout(&r);
}

void bench_rows_decode(void)
{
    time_decode("smol135", "f32", 0.85);
    time_decode("smol135", "bf16", 0.80);
    time_decode("qwen0.5b", "bf16", 0.85);
}
