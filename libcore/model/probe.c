/* SPDX-License-Identifier: MIT */
/*
 * probe.c - support of an answer after each prefix of a trace, in one pass
 *
 * The trace is one sequence.  Each probe is a fork of it at its prefix, with
 * the tail's rows: attention gives it the prefix's keys and values, which are
 * computed once.  Where the first tail token is itself scored, the fork starts
 * one token earlier, so that the row that predicts it belongs to the probe.
 */
#include <stdlib.h>
#include <string.h>

#include "model/state.h"

static int check(const struct hyt_state *st, const struct hyt_probe *p,
                 struct hyt_err *err)
{
    size_t longest = p->n_trace;

    for (size_t k = 0; k < p->n_prefix; k++) {
        if (p->prefix[k] < 1 || p->prefix[k] > p->n_trace)
            HYT_BUG("a probe of no prefix of the trace");
        if (p->prefix[k] + p->answer_end > longest)
            longest = p->prefix[k] + p->answer_end;
    }
    if (p->n_prompt < 1)
        return hyt_fail_record(err, "the prompt has no tokens");
    if (longest > st->m->c.max_positions)
        return hyt_fail_record(err,
                               "%zu tokens are more than the model's context "
                               "of %zu",
                               longest, st->m->c.max_positions);
    return 0;
}

/* Tokens of the prompt that the last one began with, too: but its last row is
 * wanted. */
static size_t in_common(const struct hyt_probe *p,
                        const struct hyt_probe_prompt *last)
{
    size_t n = 0;

    while (last && n < last->n && n + 1 < p->n_prompt &&
           p->trace[n] == last->token[n])
        n++;
    return n;
}

static int32_t add_trace(struct hyt_state *st, const struct hyt_probe *p,
                         const struct hyt_probe_prompt *last)
{
    size_t n = in_common(p, last);
    int32_t seq = n > 0 ? hyt_seq_fork(st, last->seq, n) : hyt_seq_new(st);

    for (size_t i = n; i < p->n_trace; i++) {
        bool want = i + 1 >= p->n_prompt && i + 1 < p->n_trace;

        hyt_batch_add(st, seq, p->trace[i], want ? p->trace[i + 1] : -1, want);
    }
    return seq;
}

static int32_t add_probe(struct hyt_state *st, const struct hyt_probe *p,
                         int32_t trace, size_t prefix)
{
    bool again = p->answer_begin == 0;
    int32_t seq = hyt_seq_fork(st, trace, again ? prefix - 1 : prefix);

    if (again)
        hyt_batch_add(st, seq, p->trace[prefix - 1], p->tail[0], true);
    for (size_t i = 0; i + 1 < p->answer_end; i++) {
        bool want = i + 1 >= p->answer_begin;

        hyt_batch_add(st, seq, p->tail[i], want ? p->tail[i + 1] : -1, want);
    }
    return seq;
}

void hyt_probe_forget(struct hyt_state *st, struct hyt_probe_prompt *last)
{
    if (last->n > 0)
        hyt_seq_free(st, last->seq);
    free(last->token);
    *last = (struct hyt_probe_prompt){0};
}

static void keep_prompt(struct hyt_state *st, struct hyt_probe_prompt *last,
                        int32_t seq, const struct hyt_probe *p)
{
    if (last->n > 0)
        hyt_seq_free(st, last->seq);
    last->seq = seq;
    last->n = p->n_prompt;
    last->token =
        hyt_grow(last->token, &last->cap, last->n, sizeof(*last->token));
    memcpy(last->token, p->trace, last->n * sizeof(*last->token));
}

int hyt_probe_run(struct hyt_state *st, const struct hyt_probe *p,
                  struct hyt_probe_prompt *last, double *logp,
                  struct hyt_row_stats *stats, struct hyt_err *err)
{
    size_t n_scored = p->answer_end - p->answer_begin;
    size_t n_completion = p->n_trace - p->n_prompt;
    int32_t *seq, trace;
    struct hyt_row_stats *all;

    if (check(st, p, err) < 0)
        return -1;
    hyt_batch_clear(st);
    seq = hyt_alloc(p->n_prefix, sizeof(*seq));
    trace = add_trace(st, p, last);
    for (size_t k = 0; k < p->n_prefix; k++)
        seq[k] = add_probe(st, p, trace, p->prefix[k]);
    all = hyt_alloc(st->n_want, sizeof(*all));
    hyt_forward(st, false);
    hyt_head_stats(st, all);

    for (size_t j = 0; j < n_completion; j++)
        stats[j] = all[j];
    for (size_t k = 0; k < p->n_prefix; k++) {
        double sum = 0;

        for (size_t j = 0; j < n_scored; j++)
            sum += (double)all[n_completion + k * n_scored + j].logp;
        logp[k] = sum / (double)n_scored;
    }
    hyt_batch_clear(st);
    for (size_t k = 0; k < p->n_prefix; k++)
        hyt_seq_free(st, seq[k]);
    if (last)
        keep_prompt(st, last, trace, p);
    else
        hyt_seq_free(st, trace);
    free(all);
    free(seq);
    return 0;
}
