/* SPDX-License-Identifier: MIT */
/*
 * rows_forward.c - forward passes over a prompt or a trace, and PRG
 */
#include <stdlib.h>

#include "bench.h"

/* --- one sequence --------------------------------------------------------- */

struct pass {
    struct bench_model b;
    struct hyt_state *st;
    size_t n, wanted; /* rows; the last so many are wanted */
    struct hyt_row_stats *stats;
};

static void open_pass(struct pass *p, const char *shape, const char *dtype,
                      size_t n, size_t wanted)
{
    bench_model_open(&p->b, shape, dtype);
    p->st = hyt_state_new(p->b.m);
    p->n = n;
    p->wanted = wanted;
    p->stats = hyt_alloc(n, sizeof(*p->stats));
}

static void close_pass(struct pass *p)
{
    free(p->stats);
    hyt_state_free(p->st);
    bench_model_close(&p->b);
}

static void run_pass(void *ctx)
{
    struct pass *p = ctx;
    int32_t seq = hyt_seq_new(p->st);

    hyt_batch_clear(p->st);
    for (size_t i = 0; i < p->n; i++)
        hyt_batch_add(p->st, seq, bench_token(p->b.m, i),
                      bench_token(p->b.m, i + 1), i + p->wanted >= p->n);
    hyt_forward(p->st, false);
    hyt_head_stats(p->st, p->stats);
    hyt_seq_free(p->st, seq);
}

static void time_pass(const char *row, const char *shape, const char *dtype,
                      bool every, double goal)
{
    const size_t n = 512, wanted = every ? n : 1;
    struct pass p;

    if (!bench_wants(row, shape, dtype))
        return;
    open_pass(&p, shape, dtype, n, wanted);
    bench_arithmetic(row, shape, dtype, goal,
                     bench_flops(&p.b.m->c, 0, n, wanted), (double)n, run_pass,
                     &p);
    close_pass(&p);
}

void bench_rows_forward(void)
{
    const char *prompt = "forward: prompt of 512";
    const char *every = "forward: 512, stats of all";

    time_pass(prompt, "smol135", "f32", false, 0.80);
    time_pass(prompt, "smol135", "bf16", false, 0.75);
    time_pass(every, "smol135", "f32", true, 0.80);
}

/* --- PRG ------------------------------------------------------------------ */

/* 32 steps of 31 tokens after a prompt of 32; a tail's first 4 tokens lead to
 * the 8 of the answer. */
enum { TRACE = 1024, PROMPT = 32, STEPS = 32, TAIL = 12, LEAD = 4 };
enum { EVERY = 4, TIMED = STEPS / EVERY + 1 };

struct prg {
    struct pass pass;
    struct hyt_probe probe;
    int32_t trace[TRACE], tail[TAIL];
    size_t prefix[STEPS + 1];
    double logp[STEPS + 1];
    struct hyt_row_stats stats[TRACE];
};

static void run_probe(void *ctx)
{
    struct prg *g = ctx;
    struct hyt_err err = {0};

    if (hyt_probe_run(g->pass.st, &g->probe, NULL, g->logp, g->stats, &err) < 0)
        bench_die("%s", err.msg);
}

/* Some of the prefixes, the first and the last among them: the mean length is
 * that of all. */
static void run_prefixes(void *ctx)
{
    struct prg *g = ctx;
    struct hyt_state *st = g->pass.st;

    for (size_t k = 0; k <= STEPS; k += EVERY) {
        int32_t seq = hyt_seq_new(st);

        hyt_batch_clear(st);
        for (size_t i = 0; i < g->prefix[k]; i++)
            hyt_batch_add(st, seq, g->trace[i], -1, false);
        for (size_t i = 0; i + 1 < TAIL; i++)
            hyt_batch_add(st, seq, g->tail[i], g->tail[i + 1], i + 1 >= LEAD);
        hyt_forward(st, false);
        hyt_head_stats(st, g->pass.stats);
        hyt_seq_free(st, seq);
    }
}

static void make_probe(struct prg *g)
{
    const struct hyt_model *m = g->pass.b.m;

    for (size_t i = 0; i < TRACE; i++)
        g->trace[i] = bench_token(m, i);
    for (size_t i = 0; i < TAIL; i++)
        g->tail[i] = bench_token(m, TRACE + i);
    for (size_t k = 0; k <= STEPS; k++)
        g->prefix[k] = PROMPT + k * ((TRACE - PROMPT) / STEPS);
    g->probe = (struct hyt_probe){g->trace, TRACE, PROMPT,    g->tail,  TAIL,
                                  LEAD,     TAIL,  g->prefix, STEPS + 1};
}

void bench_rows_prg(void)
{
    /* Rows of the packed pass, and those whose logits it needs. */
    const size_t rows = TRACE + (STEPS + 1) * (TAIL - 1);
    const size_t wanted = TRACE - PROMPT + (STEPS + 1) * (TAIL - LEAD);
    struct bench_row r = {"prg: rows of a plain forward",
                          "smol135",
                          "f32",
                          0,
                          "rows/s",
                          0,
                          1 / 1.15,
                          false,
                          0};
    struct prg *g;
    double plain, packed;

    if (!bench_wants("prg: rows of a plain forward", "smol135", "f32") &&
        !bench_wants("prg: 33 separate prefixes", "smol135", "f32"))
        return;
    g = hyt_alloc(1, sizeof(*g));
    open_pass(&g->pass, "smol135", "f32", rows, wanted);
    make_probe(g);
    packed = bench_best(run_probe, g);
    plain = bench_best(run_pass, &g->pass);
    r.value = (double)rows / packed;
    r.limit = (double)rows / plain;
    bench_report(&r);
    bench_threads_row(&r, packed, run_probe, g);
    if (bench_wants("prg: 33 separate prefixes", "smol135", "f32")) {
        double began = bench_now(), separate;

        run_prefixes(g);
        separate = (bench_now() - began) * (STEPS + 1) / TIMED;
        r.row = "prg: 33 separate prefixes";
        r.unit = "traces/s";
        r.value = 1 / packed;
        r.limit = 1 / separate;
        r.goal = 10;
        bench_report(&r);
    }
    close_pass(&g->pass);
    free(g);
}
