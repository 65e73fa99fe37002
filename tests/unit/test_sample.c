/* SPDX-License-Identifier: MIT */
/*
 * test_sample.c - the rollout scheduler on toy models
 *
 * The reference samples one completion at a time and computes the whole
 * sequence anew for every token: no batch, no cache, no shared prompt.
 * Whatever the scheduler does beside it, tokens and log-probabilities have the
 * same bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "hyt/sample.h"

static const char *const toys[] = {"toy-llama", "toy-qwen2", "toy-qwen3",
                                   "toy-llama-bf16"};

enum { CONTEXT = 128, MAX_QUERIES = 64, MAX_N = 8 };

struct question {
    int32_t prompt[CONTEXT];
    size_t n;
    uint64_t id;
};

struct result {
    int32_t id[CONTEXT];
    float logp[CONTEXT];
    size_t n;
    enum hyt_finish finish;
};

/* Of each question, n results. */
struct results {
    struct result r[MAX_QUERIES][MAX_N];
};

static const struct hyt_rollout_conf usual = {
    .sampling = {.temperature = 1.3, .top_p = 1},
    .n = 3,
    .max_tokens = 24,
    .rows = 32,
    .window = 70,
    .seed = 5,
};

/* Lengths around the ends of a page (32). */
static const size_t lengths[] = {1, 2, 17, 31, 32, 33, 34, 64, 65, 96, 127, 5};

/* Prompt tokens are drawn; questions of length 0 ask for nothing. */
static void ask(struct question *q, const struct fixture *f, size_t i, size_t n)
{
    memset(q, 0, sizeof(*q));
    q->n = n;
    q->id = hyt_rng_u64(99, i);
    for (size_t t = 0; t < n; t++)
        q->prompt[t] = (int32_t)hyt_rng_below(100 + i, t, f->V);
}

/* --- the scheduler, driven --------------------------------------------------- */

static void keep(struct results *all, const struct hyt_group *g, size_t i,
                 size_t n)
{
    assert_int_equal(g->n, n);
    for (size_t k = 0; k < g->n; k++) {
        const struct hyt_completion *c = &g->sample[k];
        struct result *r = &all->r[i][k];

        assert_in_range(c->n, 1, CONTEXT);
        memcpy(r->id, c->id, c->n * sizeof(*c->id));
        memcpy(r->logp, c->logp, c->n * sizeof(*c->logp));
        r->n = c->n;
        r->finish = c->finish;
    }
}

/* Takes what is ready, which must be the questions order[*taken], … */
static void take(struct hyt_rollouts *r, const struct question *q,
                 const size_t *order, size_t *taken, size_t n,
                 struct results *all)
{
    struct hyt_group *g;

    while ((g = hyt_rollouts_take(r)) != NULL) {
        size_t i = order[*taken];

        assert_ptr_equal(g->user, &q[i]);
        keep(all, g, i, q[i].n > 0 ? n : 0);
        ++*taken;
    }
}

static uint64_t drive(struct hyt_state *st, const struct fixture *f,
                      const struct hyt_tok *tok,
                      const struct hyt_rollout_conf *conf,
                      const struct question *q, const size_t *order, size_t n,
                      struct results *all)
{
    struct hyt_rollouts *r = hyt_rollouts_new(st, f->m, tok, conf);
    struct hyt_err err = {0};
    size_t added = 0, taken = 0, steps = 0;
    uint64_t tokens;

    memset(all, 0, sizeof(*all));
    while (taken < n) {
        while (added < n && hyt_rollouts_hungry(r)) {
            const struct question *next = &q[order[added++]];

            hyt_rollouts_add(r, next->prompt, next->n, next->id,
                             (void *)(uintptr_t)next);
        }
        assert_int_equal(hyt_rollouts_pending(r), added - taken);
        assert_true(added == n || added - taken == conf->window);
        if (hyt_rollouts_step(r, &err) < 0)
            fail_msg("%s", err.msg);
        take(r, q, order, &taken, conf->n, all);
        assert_true(++steps < 100000);
    }
    assert_int_equal(hyt_rollouts_pending(r), 0);
    assert_int_equal(hyt_rollouts_step(r, &err), 0);
    assert_null(hyt_rollouts_take(r));
    tokens = hyt_rollouts_tokens(r);
    hyt_rollouts_free(r);
    return tokens;
}

static void in_order(size_t *order, size_t n)
{
    for (size_t i = 0; i < n; i++)
        order[i] = i;
}

/* --- the reference ------------------------------------------------------------ */

struct choice {
    const struct hyt_rollout_conf *conf;
    double u;
    int32_t token;
};

static void choose(void *ctx, size_t i, float *z, size_t vocab)
{
    struct choice *c = ctx;

    assert_int_equal(i, 0);
    c->token = hyt_sample_token(z, vocab, &c->conf->sampling, c->u);
}

static bool ends(const struct fixture *f, int32_t token)
{
    for (size_t i = 0; i < f->m->c.n_eos; i++)
        if (f->m->c.eos[i] == token)
            return true;
    return false;
}

/* logp of r's tokens after the prompt, in one pass over a new sequence. */
static void score(const struct fixture *f, const struct question *q,
                  const struct result *r, float *logp)
{
    struct hyt_state *st = hyt_state_new(f->m);
    struct hyt_row_stats *stats = hyt_alloc(r->n, sizeof(*stats));
    int32_t seq = hyt_seq_new(st), all[2 * CONTEXT];

    memcpy(all, q->prompt, q->n * sizeof(*all));
    memcpy(all + q->n, r->id, r->n * sizeof(*all));
    for (size_t t = 0; t + 1 < q->n + r->n; t++)
        hyt_batch_add(st, seq, all[t], t + 1 < q->n ? -1 : all[t + 1],
                      t + 1 >= q->n);
    hyt_forward(st, false);
    hyt_head_stats(st, stats);
    for (size_t t = 0; t < r->n; t++)
        logp[t] = stats[t].logp;
    hyt_state_free(st);
    free(stats);
}

/* One completion, by itself.  Draws are keyed by seed, id, sample, position. */
static void reference(const struct fixture *f,
                      const struct hyt_rollout_conf *conf,
                      const struct question *q, size_t sample, struct result *r)
{
    uint64_t key = hyt_rng_key(hyt_rng_key(conf->seed, q->id), sample);
    struct hyt_state *st = hyt_state_new(f->m);

    memset(r, 0, sizeof(*r));
    r->finish = HYT_FINISH_LENGTH;
    while (r->n < conf->max_tokens && q->n + r->n < f->m->c.max_positions &&
           r->finish == HYT_FINISH_LENGTH) {
        struct choice c = {conf, hyt_rng_unit(key, r->n), -1};
        int32_t seq = hyt_seq_new(st);

        for (size_t t = 0; t < q->n + r->n; t++)
            hyt_batch_add(st, seq, t < q->n ? q->prompt[t] : r->id[t - q->n],
                          -1, t + 1 == q->n + r->n);
        hyt_forward(st, false);
        hyt_head_logits(st, choose, &c);
        hyt_seq_free(st, seq);
        hyt_batch_clear(st);
        r->id[r->n++] = c.token;
        if (ends(f, c.token))
            r->finish = HYT_FINISH_STOP;
    }
    hyt_state_free(st);
    score(f, q, r, r->logp);
}

static void same(const char *what, const struct result *a,
                 const struct result *b)
{
    if (a->n != b->n || a->finish != b->finish ||
        memcmp(a->id, b->id, a->n * sizeof(*a->id)) != 0)
        fail_msg("%s: %zu tokens (%s), the reference has %zu (%s)", what, a->n,
                 hyt_finish_name(a->finish), b->n, hyt_finish_name(b->finish));
    if (memcmp(a->logp, b->logp, a->n * sizeof(*a->logp)) != 0)
        fail_msg("%s: the log-probabilities have other bits", what);
}

static void all_same(const char *what, const struct results *a,
                     const struct results *b, size_t n_queries, size_t n)
{
    for (size_t i = 0; i < n_queries; i++)
        for (size_t k = 0; k < n; k++) {
            char which[128];

            snprintf(which, sizeof(which), "%s: question %zu, sample %zu", what,
                     i, k);
            same(which, &a->r[i][k], &b->r[i][k]);
        }
}

/* --- a sample depends on itself alone -------------------------------------------- */

static size_t ask_all(struct question *q, const struct fixture *f)
{
    for (size_t i = 0; i < HYT_LEN(lengths); i++)
        ask(&q[i], f, i, lengths[i]);
    return HYT_LEN(lengths);
}

static void promise(const char *toy, struct question *q, struct results *want,
                    struct results *got)
{
    static const size_t rows[] = {1, 3, 32};
    struct fixture f;
    struct hyt_state *st;
    size_t order[MAX_QUERIES], n;

    fixture_open(&f, toy);
    st = hyt_state_new(f.m);
    n = ask_all(q, &f);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < usual.n; k++)
            reference(&f, &usual, &q[i], k, &want->r[i][k]);
    for (size_t k = 0; k < 2 * HYT_LEN(rows); k++) {
        struct hyt_rollout_conf conf = usual;
        char what[64];

        conf.rows = rows[k / 2];
        conf.window = k % 2 ? 70 : 2;
        if (k % 2)
            hyt_rng_shuffle(order, n, k);
        else
            in_order(order, n);
        drive(st, &f, NULL, &conf, q, order, n, got);
        snprintf(what, sizeof(what), "%s, %zu rows, window %zu", toy, conf.rows,
                 conf.window);
        all_same(what, got, want, n, conf.n);
    }
    hyt_state_free(st);
    fixture_close(&f);
}

static void test_promise(void **state)
{
    struct question *q = hyt_alloc(MAX_QUERIES, sizeof(*q));
    struct results *want = hyt_alloc(1, sizeof(*want));
    struct results *got = hyt_alloc(1, sizeof(*got));

    (void)state;
    for (size_t i = 0; i < HYT_LEN(toys); i++)
        promise(toys[i], q, want, got);
    free(q);
    free(want);
    free(got);
}

/* --- one toy, with everything at hand ------------------------------------------- */

struct bench {
    struct fixture f;
    struct hyt_state *st;
    struct question *q;
    struct results *a, *b;
    size_t order[MAX_QUERIES];
};

static int set_up(void **state)
{
    struct bench *b = hyt_alloc(1, sizeof(*b));

    fixture_open(&b->f, "toy-qwen3");
    b->st = hyt_state_new(b->f.m);
    b->q = hyt_alloc(MAX_QUERIES, sizeof(*b->q));
    b->a = hyt_alloc(1, sizeof(*b->a));
    b->b = hyt_alloc(1, sizeof(*b->b));
    in_order(b->order, MAX_QUERIES);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    hyt_state_free(b->st);
    fixture_close(&b->f);
    free(b->q);
    free(b->a);
    free(b->b);
    free(b);
    return 0;
}

/* One sample a query: a prompt's sequence is wanted for one step only. */
static void test_single_samples(void **state)
{
    struct bench *b = *state;
    struct hyt_rollout_conf conf = usual;
    size_t n = ask_all(b->q, &b->f);

    conf.n = 1;
    for (size_t i = 0; i < n; i++)
        reference(&b->f, &conf, &b->q[i], 0, &b->a->r[i][0]);
    for (conf.rows = 1; conf.rows < 40; conf.rows += 19) {
        drive(b->st, &b->f, NULL, &conf, b->q, b->order, n, b->b);
        all_same("single samples", b->b, b->a, n, 1);
    }
}

/* Other ways of sampling, greedy among them, batched or not. */
static void test_ways_of_sampling(void **state)
{
    static const struct hyt_sampling way[] = {
        {.greedy = true},
        {.temperature = 0.5, .top_p = 0.9, .top_k = 10},
        {.temperature = 2, .top_p = 1, .min_p = 0.1},
    };
    struct bench *b = *state;
    size_t n = ask_all(b->q, &b->f);

    for (size_t w = 0; w < HYT_LEN(way); w++) {
        struct hyt_rollout_conf conf = usual;

        conf.sampling = way[w];
        conf.n = 2;
        conf.max_tokens = 12;
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < conf.n; k++)
                reference(&b->f, &conf, &b->q[i], k, &b->a->r[i][k]);
        drive(b->st, &b->f, NULL, &conf, b->q, b->order, n, b->b);
        all_same("way of sampling", b->b, b->a, n, conf.n);
        if (way[w].greedy)
            for (size_t i = 0; i < n; i++)
                same("greedy", &b->b->r[i][0], &b->b->r[i][1]);
    }
}

/* Seed, id and sample each change what is drawn; the order does not. */
static void test_keys_of_draws(void **state)
{
    struct bench *b = *state;
    struct hyt_rollout_conf conf = usual;

    b->f.m->c.n_eos = 0;
    ask(&b->q[0], &b->f, 0, 9);
    b->q[1] = b->q[0];
    b->q[1].id++;
    drive(b->st, &b->f, NULL, &conf, b->q, b->order, 2, b->a);
    conf.seed++;
    drive(b->st, &b->f, NULL, &conf, b->q, b->order, 2, b->b);
    assert_memory_not_equal(b->a->r[0][0].id, b->a->r[0][1].id, 40);
    assert_memory_not_equal(b->a->r[0][0].id, b->a->r[1][0].id, 40);
    assert_memory_not_equal(b->a->r[0][0].id, b->b->r[0][0].id, 40);
}

/* --- order ----------------------------------------------------------------------- */

/* Queries of nothing keep their place, first, last and in a row. */
static void test_empty_groups(void **state)
{
    static const size_t n[] = {0, 0, 40, 0, 3, 1, 0, 0, 0, 0, 33, 0};
    struct bench *b = *state;

    for (size_t i = 0; i < HYT_LEN(n); i++)
        ask(&b->q[i], &b->f, i, n[i]);
    for (size_t window = 1; window < 8; window += 3) {
        struct hyt_rollout_conf conf = usual;

        conf.window = window;
        conf.rows = 4;
        drive(b->st, &b->f, NULL, &conf, b->q, b->order, HYT_LEN(n), b->b);
        for (size_t i = 0; i < HYT_LEN(n); i++)
            for (size_t k = 0; k < conf.n && n[i] > 0; k++) {
                reference(&b->f, &conf, &b->q[i], k, &b->a->r[i][k]);
                same("among empty groups", &b->b->r[i][k], &b->a->r[i][k]);
            }
    }
}

/* A group that is ready early waits for those before it: lengths differ
 * widely, drive() checks the order. */
static void test_order_of_groups(void **state)
{
    struct bench *b = *state;
    struct hyt_rollout_conf conf = usual;

    conf.max_tokens = 100;
    conf.n = 2;
    for (size_t i = 0; i < 40; i++)
        ask(&b->q[i], &b->f, i, i % 3 == 0 ? 1 : 20 + (i * 37) % 108);
    for (conf.window = 1; conf.window < 64; conf.window *= 4)
        for (conf.rows = 1; conf.rows < 64; conf.rows *= 5)
            drive(b->st, &b->f, NULL, &conf, b->q, b->order, 40, b->a);
}

/* --- how completions end ---------------------------------------------------------- */

static void test_max_tokens(void **state)
{
    struct bench *b = *state;
    struct hyt_rollout_conf conf = usual;
    uint64_t tokens;

    b->f.m->c.n_eos = 0;
    for (size_t i = 0; i < 5; i++)
        ask(&b->q[i], &b->f, i, 3 + i);
    for (conf.max_tokens = 1; conf.max_tokens < 4; conf.max_tokens++) {
        tokens = drive(b->st, &b->f, NULL, &conf, b->q, b->order, 5, b->a);
        assert_int_equal(tokens, 5 * conf.n * conf.max_tokens);
        for (size_t i = 0; i < 5; i++)
            for (size_t k = 0; k < conf.n; k++) {
                assert_int_equal(b->a->r[i][k].n, conf.max_tokens);
                assert_int_equal(b->a->r[i][k].finish, HYT_FINISH_LENGTH);
            }
    }
}

/* Prompt and completion together fill the context and no more, so that the
 * other programs can read them. */
static void test_context(void **state)
{
    struct bench *b = *state;
    struct hyt_rollout_conf conf = usual;
    size_t n = 0;

    b->f.m->c.n_eos = 0;
    conf.max_tokens = 1000;
    for (size_t length = CONTEXT - 5; length < CONTEXT; length++, n++)
        ask(&b->q[n], &b->f, n, length);
    drive(b->st, &b->f, NULL, &conf, b->q, b->order, n, b->a);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < conf.n; k++) {
            assert_int_equal(b->q[i].n + b->a->r[i][k].n, CONTEXT);
            assert_int_equal(b->a->r[i][k].finish, HYT_FINISH_LENGTH);
        }
}

/* The first of several ids ends the completion, and is its last token; what
 * stands before it is what comes without any. */
static void test_ends_of_sequence(void **state)
{
    static const int32_t eos[] = {11, 48, 0, 30};
    struct bench *b = *state;
    struct hyt_rollout_conf conf = usual;
    size_t stopped = 0, last[HYT_LEN(eos)] = {0};
    struct hyt_config *c = &b->f.m->c;

    conf.max_tokens = 60;
    for (size_t i = 0; i < 20; i++)
        ask(&b->q[i], &b->f, i, 1 + 3 * i);
    c->n_eos = 0;
    drive(b->st, &b->f, NULL, &conf, b->q, b->order, 20, b->a);
    memcpy(c->eos, eos, sizeof(eos));
    c->n_eos = HYT_LEN(eos);
    drive(b->st, &b->f, NULL, &conf, b->q, b->order, 20, b->b);
    for (size_t i = 0; i < 20; i++)
        for (size_t k = 0; k < conf.n; k++) {
            struct result *whole = &b->a->r[i][k];

            for (size_t t = 0; t < whole->n; t++)
                if (ends(&b->f, whole->id[t])) {
                    whole->n = t + 1;
                    whole->finish = HYT_FINISH_STOP;
                    stopped++;
                    for (size_t e = 0; e < HYT_LEN(eos); e++)
                        last[e] += whole->id[t] == eos[e];
                }
            same("with ends of sequence", &b->b->r[i][k], whole);
        }
    assert_true(stopped > 20);
    for (size_t e = 0; e < HYT_LEN(eos); e++)
        assert_true(last[e] > 0);
}

/* --- stop strings --------------------------------------------------------------------- */

/* Tokens 0 … 52: one or two letters out of a … d, so that strings span them. */
static struct hyt_tok *letters(char piece[][4])
{
    struct hyt_buf json = {0};
    struct hyt_err err = {0};
    struct hyt_tok *tok;

    hyt_buf_puts(&json, "{\"added_tokens\":[],\"normalizer\":null,"
                        "\"pre_tokenizer\":{\"type\":\"ByteLevel\","
                        "\"add_prefix_space\":false,\"use_regex\":false},"
                        "\"decoder\":{\"type\":\"ByteLevel\"},"
                        "\"model\":{\"type\":\"BPE\",\"merges\":[],"
                        "\"vocab\":{");
    for (size_t i = 0; i < 53; i++) {
        if (i < 4)
            snprintf(piece[i], 4, "%c", (int)('a' + i));
        else if (i < 20)
            snprintf(piece[i], 4, "%c%c", (int)('a' + i / 4 - 1),
                     (int)('a' + i % 4));
        else
            snprintf(piece[i], 4, "%c", (int)('A' + i % 26));
        if (i >= 46)
            snprintf(piece[i], 4, "%zu", i - 46);
        hyt_buf_printf(&json, "%s\"%s\":%zu", i ? "," : "", piece[i], i);
    }
    hyt_buf_puts(&json, "}}}");
    tok = hyt_tok_load(json.s, json.n, NULL, 0, &err);
    if (tok == NULL)
        fail_msg("%s", err.msg);
    hyt_buf_free(&json);
    return tok;
}

/* Where the shortest beginning of r's text that holds a stop string ends, in
 * tokens; 0 where none does. */
static size_t stop_after(const struct result *r, char piece[][4],
                         const char *const *stop, size_t n_stop)
{
    char text[4 * CONTEXT] = "";

    for (size_t t = 0; t < r->n; t++) {
        strncat(text, piece[r->id[t]], 4);
        for (size_t i = 0; i < n_stop; i++)
            if (strstr(text, stop[i]) != NULL)
                return t + 1;
    }
    return 0;
}

static void test_stop_strings(void **state)
{
    static const char *const stop[] = {"aab", "bcd", "dA", "0", "cbacb"};
    struct bench *b = *state;
    struct hyt_rollout_conf conf = usual;
    char piece[53][4];
    struct hyt_tok *tok = letters(piece);
    size_t stopped = 0, late = 0;

    /* Letters come often: the others are held back. */
    conf.max_tokens = 70;
    conf.n = 8;
    conf.sampling.temperature = 3;
    b->f.m->c.n_eos = 0;
    for (size_t i = 0; i < 30; i++)
        ask(&b->q[i], &b->f, i, 1 + i);
    drive(b->st, &b->f, tok, &conf, b->q, b->order, 30, b->a);
    conf.stop = stop;
    conf.n_stop = HYT_LEN(stop);
    drive(b->st, &b->f, tok, &conf, b->q, b->order, 30, b->b);
    for (size_t i = 0; i < 30; i++)
        for (size_t k = 0; k < conf.n; k++) {
            struct result *whole = &b->a->r[i][k];
            size_t n = stop_after(whole, piece, stop, HYT_LEN(stop));

            if (n > 0) {
                stopped++;
                late += n > 2 && strlen(piece[whole->id[n - 1]]) == 2;
                whole->n = n;
                whole->finish = HYT_FINISH_STOP;
            }
            same("with stop strings", &b->b->r[i][k], whole);
        }
    assert_true(stopped > 50);
    assert_true(late > 5);
    hyt_tok_free(tok);
}

/* --- memory --------------------------------------------------------------------------- */

/* Pages come back: the same work over and over takes no more than once. */
static void test_no_leak(void **state)
{
    struct bench *b = *state;
    size_t once = 0;

    for (size_t i = 0; i < 30; i++)
        ask(&b->q[i], &b->f, i, i % 7 == 6 ? 0 : 1 + (i * 53) % 127);
    for (size_t round = 0; round < 12; round++) {
        struct hyt_rollout_conf conf = usual;

        conf.max_tokens = 40;
        conf.rows = 16;
        conf.n = 1 + round % 2 * 4;
        drive(b->st, &b->f, NULL, &conf, b->q, b->order, 30, b->a);
        if (round == 1)
            once = hyt_state_bytes(b->st);
        if (round > 1)
            assert_int_equal(hyt_state_bytes(b->st), once);
    }
}

/* Given up in the middle: all memory is returned (as the sanitizer sees). */
static void test_given_up(void **state)
{
    struct bench *b = *state;
    struct hyt_rollouts *r = hyt_rollouts_new(b->st, b->f.m, NULL, &usual);
    struct hyt_err err;

    for (size_t i = 0; i < 20; i++) {
        ask(&b->q[i], &b->f, i, 1 + i);
        hyt_rollouts_add(r, b->q[i].prompt, b->q[i].n, i, NULL);
    }
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(hyt_rollouts_step(r, &err), 0);
    hyt_rollouts_free(r);
    hyt_rollouts_free(NULL);
}

#define BENCH_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_promise),    BENCH_TEST(test_single_samples),
        BENCH_TEST(test_ways_of_sampling), BENCH_TEST(test_keys_of_draws),
        BENCH_TEST(test_empty_groups),     BENCH_TEST(test_order_of_groups),
        BENCH_TEST(test_max_tokens),       BENCH_TEST(test_context),
        BENCH_TEST(test_ends_of_sequence), BENCH_TEST(test_stop_strings),
        BENCH_TEST(test_no_leak),          BENCH_TEST(test_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
