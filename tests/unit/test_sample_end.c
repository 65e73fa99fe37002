/* SPDX-License-Identifier: MIT */
/*
 * test_sample_end.c - how completions end: length, context, ends of sequence,
 * stop strings
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rollouts.h"

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
                if (is_eos(&b->f, whole->id[t])) {
                    whole->n = t + 1;
                    whole->finish = HYT_FINISH_STOP;
                    stopped++;
                    for (size_t e = 0; e < HYT_LEN(eos); e++)
                        last[e] += whole->id[t] == eos[e];
                }
            same_result("with ends of sequence", &b->b->r[i][k], whole);
        }
    assert_true(stopped > 20);
    for (size_t e = 0; e < HYT_LEN(eos); e++)
        assert_true(last[e] > 0);
}

/* --- stop strings --------------------------------------------------------- */

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
            same_result("with stop strings", &b->b->r[i][k], whole);
        }
    assert_true(stopped > 50);
    assert_true(late > 5);
    hyt_tok_free(tok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(test_max_tokens),
        BENCH_TEST(test_context),
        BENCH_TEST(test_ends_of_sequence),
        BENCH_TEST(test_stop_strings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
