/* SPDX-License-Identifier: MIT */
/*
 * test_record_fields.c - ids, and the toolkit's own fields: form and checks
 */
#include "record_help.h"

#include <stdio.h>
#include <string.h>

/* --- ids ------------------------------------------------------------------ */

static void test_ids_given(void **state)
{
    static const struct {
        const char *line, *id;
    } good[] = {
        {"{\"id\":\"a-1\"}", "a-1"},
        {"{\"id\":\"\"}", ""},
        {"{\"id\":\"\\u00e9\"}", "\xc3\xa9"},
        {"{\"id\":7}", "7"},
        {"{\"id\":-0}", "-0"},
        {"{\"id\":123456789012345678901}", "123456789012345678901"},
    };
    struct hyt_ids *ids = hyt_ids_new();
    const char *id;

    (void)state;
    for (size_t i = 0; i < HYT_LEN(good); i++) {
        load(good[i].line);
        assert_int_equal(hyt_rec_id(rec, ids, &id, &err), 1);
        assert_string_equal(id, good[i].id);
    }
    load("{\"id\": 1.0}");
    assert_fails(hyt_rec_id(rec, ids, &id, &err),
                 "f:3:8: \"id\" is a fraction, expected a string or an "
                 "integer");
    load("{\"id\":{}}");
    assert_fails(hyt_rec_id(rec, ids, &id, &err),
                 "f:3:7: \"id\" is an object, expected a string or an integer");
    load("{\"id\":true}");
    assert_fails(hyt_rec_id(rec, ids, &id, &err),
                 "f:3:7: \"id\" is a boolean, expected a string or an "
                 "integer");
    load("{\"id\":1,\"id\":1}");
    assert_fails(hyt_rec_id(rec, ids, &id, &err), "f:3:9: a second key \"id\"");
    hyt_ids_free(ids);
    hyt_ids_free(NULL);
}

static void test_ids_made(void **state)
{
    struct hyt_ids *ids = hyt_ids_new();
    struct hyt_rec *copy = hyt_rec_new();
    const char *line = "{\"a\":1}", *id;
    char hex[17], want[40];

    (void)state;
    hyt_hex64(hex, hyt_hash64(line, strlen(line), 0));
    load(line);
    assert_int_equal(hyt_rec_id(rec, ids, &id, &err), 0);
    assert_string_equal(id, hex);
    /* Asked again, also after a member was set and of a copy: the same. */
    set("b", "1");
    assert_int_equal(hyt_rec_id(rec, ids, &id, &err), 0);
    assert_string_equal(id, hex);
    hyt_rec_copy(copy, rec);
    assert_int_equal(hyt_rec_id(copy, ids, &id, &err), 0);
    assert_string_equal(id, hex);
    hyt_rec_set_str(copy, "id", "mine", 4);
    assert_int_equal(hyt_rec_id(copy, ids, &id, &err), 1);
    assert_string_equal(id, "mine");

    for (int k = 1; k < 12; k++) {
        load(line);
        assert_int_equal(hyt_rec_id(rec, ids, &id, &err), 0);
        snprintf(want, sizeof(want), "%s-%d", hex, k);
        assert_string_equal(id, want);
    }
    load("{\"a\":1,\"id\":null}");
    assert_int_equal(hyt_rec_id(rec, ids, &id, &err), 0);
    assert_int_equal(strlen(id), 16);
    hyt_rec_free(copy);
    hyt_ids_free(ids);
}

/* Many records: the table grows and still knows them all. */
static void test_ids_many(void **state)
{
    struct hyt_ids *ids = hyt_ids_new();

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 20000; i++) {
            char line[32];
            const char *id;

            snprintf(line, sizeof(line), "{\"i\":%d}", i);
            load(line);
            assert_int_equal(hyt_rec_id(rec, ids, &id, &err), 0);
            assert_int_equal(strlen(id), round == 0 ? 16 : 18);
            assert_string_equal(id + 16, round == 0 ? "" : "-1");
        }
    }
    hyt_ids_free(ids);
}

/* --- the toolkit's own fields --------------------------------------------- */

static void test_tokens(void **state)
{
    static const int32_t prompt[] = {1, 2}, completion[] = {0, 151643, 7},
                         ends[] = {3, 3, 10};
    static const float logp[] = {-0.1f, -1e-10f, -16.118095f};
    struct hyt_tokens t = {.prompt = prompt,
                           .completion = completion,
                           .n_prompt = 2,
                           .n_completion = 3,
                           .logp = logp,
                           .ends = ends};
    struct hyt_tokens got;

    (void)state;
    load("{}");
    assert_int_equal(hyt_rec_tokens(rec, &got, &err), 0);
    hyt_rec_set_tokens(rec, &t);
    assert_prints(rec, "{\"tokens\":{\"prompt\":[1,2],"
                       "\"completion\":[0,151643,7],"
                       "\"logp\":[-0.1,-1e-10,-16.118095],"
                       "\"ends\":[3,3,10]}}");
    assert_int_equal(hyt_rec_tokens(rec, &got, &err), 1);
    assert_int_equal(got.n_prompt, 2);
    assert_int_equal(got.n_completion, 3);
    assert_memory_equal(got.prompt, prompt, sizeof(prompt));
    assert_memory_equal(got.completion, completion, sizeof(completion));
    assert_memory_equal(got.logp, logp, sizeof(logp));
    assert_memory_equal(got.ends, ends, sizeof(ends));

    t.logp = NULL;
    t.n_prompt = t.n_completion = 0;
    hyt_rec_set_tokens(rec, &t);
    assert_prints(rec, "{\"tokens\":{\"prompt\":[],\"completion\":[],"
                       "\"ends\":[]}}");
    assert_int_equal(hyt_rec_tokens(rec, &got, &err), 1);
    assert_null(got.logp);
    assert_int_equal(got.n_completion, 0);
    load("{\"tokens\":null}");
    assert_int_equal(hyt_rec_tokens(rec, &got, &err), 0);
}

static void test_tokens_errors(void **state)
{
    static const struct {
        const char *tokens, *message;
    } bad[] = {
        {"[]", "f:3:11: \"tokens\" is an array, expected an object"},
        {"{}", "f:3:11: \"tokens\" has no \"prompt\""},
        {"{\"prompt\":[]}", "f:3:11: \"tokens\" has no \"completion\""},
        {"{\"prompt\":[],\"completion\":null}",
         "f:3:11: \"tokens\" has no \"completion\""},
        {"{\"prompt\":[],\"completion\":[]}",
         "f:3:11: \"tokens\" has no \"ends\""},
        {"{\"prompt\":[1,\"2\"],\"completion\":[],\"ends\":[]}",
         "f:3:24: \"tokens.prompt[1]\" is a string, expected a 32-bit integer"},
        {"{\"prompt\":[5,-1],\"completion\":[],\"ends\":[]}",
         "f:3:11: \"tokens.prompt[1]\" is -1, less than 0"},
        {"{\"prompt\":[],\"completion\":[1],\"ends\":[]}",
         "f:3:11: \"tokens.ends\" has 0 numbers for 1 tokens of the "
         "completion"},
        {"{\"prompt\":[],\"completion\":[1],\"ends\":[0],\"logp\":[0,0]}",
         "f:3:11: \"tokens.logp\" has 2 numbers for 1 tokens of the "
         "completion"},
        {"{\"prompt\":[],\"completion\":[1,2],\"ends\":[4,3]}",
         "f:3:11: \"tokens.ends[1]\" is 3, after 4"},
        {"{\"prompt\":[],\"prompt\":[],\"completion\":[],\"ends\":[]}",
         "f:3:24: a second key \"prompt\""},
    };
    struct hyt_tokens t;

    (void)state;
    for (size_t i = 0; i < HYT_LEN(bad); i++) {
        char line[200];

        snprintf(line, sizeof(line), "{\"tokens\":%s}", bad[i].tokens);
        load(line);
        assert_fails(hyt_rec_tokens(rec, &t, &err), bad[i].message);
    }
}

static void test_steps(void **state)
{
    static const struct hyt_span text[] = {{0, 4}, {4, 4}, {5, 9}},
                                 tokens[] = {{0, 2}, {2, 2}, {2, 3}};
    struct hyt_span a[3], b[3];
    struct hyt_steps s = {a, b, 3}, got;

    (void)state;
    memcpy(a, text, sizeof(a));
    memcpy(b, tokens, sizeof(b));
    load("{}");
    assert_int_equal(hyt_rec_steps(rec, &got, &err), 0);
    hyt_rec_set_steps(rec, &s);
    assert_prints(rec, "{\"steps\":[{\"text\":[0,4],\"tokens\":[0,2]},"
                       "{\"text\":[4,4],\"tokens\":[2,2]},"
                       "{\"text\":[5,9],\"tokens\":[2,3]}]}");
    assert_int_equal(hyt_rec_steps(rec, &got, &err), 1);
    assert_int_equal(got.n, 3);
    assert_memory_equal(got.text, text, sizeof(text));
    assert_memory_equal(got.tokens, tokens, sizeof(tokens));
    s.tokens = NULL;
    s.n = 1;
    hyt_rec_set_steps(rec, &s);
    assert_prints(rec, "{\"steps\":[{\"text\":[0,4]}]}");
    assert_int_equal(hyt_rec_steps(rec, &got, &err), 1);
    assert_null(got.tokens);
    s.n = 0;
    hyt_rec_set_steps(rec, &s);
    assert_prints(rec, "{\"steps\":[]}");
    assert_int_equal(hyt_rec_steps(rec, &got, &err), 1);
    assert_int_equal(got.n, 0);
}

static void test_steps_errors(void **state)
{
    static const struct {
        const char *steps, *message;
    } bad[] = {
        {"{}", "f:3:10: \"steps\" is an object, expected an array"},
        {"[1]", "f:3:10: \"steps[0]\" has no \"text\""},
        {"[{\"text\":[0,1]},{}]", "f:3:10: \"steps[1]\" has no \"text\""},
        {"[{\"text\":[0]}]",
         "f:3:10: \"steps[0].text\" is no span [begin, end]"},
        {"[{\"text\":[1,0]}]",
         "f:3:10: \"steps[0].text\" is no span [begin, end]"},
        {"[{\"text\":[-1,0]}]",
         "f:3:10: \"steps[0].text\" is no span [begin, end]"},
        {"[{\"text\":[0,1.5]}]",
         "f:3:10: \"steps[0].text\" is no span [begin, end]"},
        {"[{\"text\":[0,1e400]}]",
         "f:3:10: \"steps[0].text\" is no span [begin, end]"},
        {"[{\"text\":[0,1],\"tokens\":[0,\"1\"]}]",
         "f:3:10: \"steps[0].tokens\" is no span [begin, end]"},
        {"[{\"text\":[0,1],\"tokens\":[0,1]},{\"text\":[1,2]}]",
         "f:3:10: some of \"steps\" have \"tokens\", others not"},
        {"[{\"text\":[0,1]},{\"text\":[1,2],\"tokens\":[0,1]}]",
         "f:3:10: some of \"steps\" have \"tokens\", others not"},
        {"[{\"text\":[0,5]},{\"text\":[1,4]}]",
         "f:3:10: \"steps[1]\" ends before the step in front of it"},
        {"[{\"text\":[0,5],\"tokens\":[0,2]},{\"text\":[5,6],"
         "\"tokens\":[0,1]}]",
         "f:3:10: \"steps[1]\" ends before the step in front of it"},
        {"[{\"text\":[0,1],\"text\":[0,1]}]",
         "f:3:10: \"steps\" has two members named \"text\""},
    };
    struct hyt_steps s;

    (void)state;
    for (size_t i = 0; i < HYT_LEN(bad); i++) {
        char line[200];

        snprintf(line, sizeof(line), "{\"steps\":%s}", bad[i].steps);
        load(line);
        assert_fails(hyt_rec_steps(rec, &s, &err), bad[i].message);
    }
}

static void test_final(void **state)
{
    const struct hyt_final f = {
        .text = "4\"2", .n = 3, .bytes = {10, 13}, .tokens = {5, 6}};
    struct hyt_final full = f, got;
    const struct hyt_json *v;

    (void)state;
    load("{}");
    assert_int_equal(hyt_rec_final(rec, &got, &err), 0);
    assert_int_equal(hyt_rec_get(rec, "final", &v, &err), 0);
    hyt_rec_set_final(rec, NULL);
    assert_prints(rec, "{\"final\":null}");
    assert_int_equal(hyt_rec_final(rec, &got, &err), 0);
    assert_int_equal(hyt_rec_get(rec, "final", &v, &err), 1);
    hyt_rec_set_final(rec, &f);
    assert_prints(rec, "{\"final\":{\"text\":\"4\\\"2\",\"bytes\":[10,13]}}");
    assert_int_equal(hyt_rec_final(rec, &got, &err), 1);
    assert_false(got.has_tokens);
    full.has_tokens = true;
    hyt_rec_set_final(rec, &full);
    assert_prints(rec, "{\"final\":{\"text\":\"4\\\"2\",\"bytes\":[10,13],"
                       "\"tokens\":[5,6]}}");
    assert_int_equal(hyt_rec_final(rec, &got, &err), 1);
    assert_string_equal(got.text, "4\"2");
    assert_int_equal(got.n, 3);
    assert_int_equal(got.bytes.begin, 10);
    assert_int_equal(got.bytes.end, 13);
    assert_true(got.has_tokens);
    assert_int_equal(got.tokens.begin, 5);
    assert_int_equal(got.tokens.end, 6);
}

static void test_final_errors(void **state)
{
    static const struct {
        const char *final, *message;
    } bad[] = {
        {"\"42\"", "f:3:10: \"final\" is a string, expected an object"},
        {"{}", "f:3:10: \"final\" has no \"text\""},
        {"{\"text\":42}",
         "f:3:10: \"final.text\" is a number, expected a string"},
        {"{\"text\":\"42\"}", "f:3:10: \"final\" has no \"bytes\""},
        {"{\"text\":\"42\",\"bytes\":[2,1]}",
         "f:3:10: \"final.bytes\" is no span [begin, end]"},
        {"{\"text\":\"42\",\"bytes\":[0,1],\"tokens\":null}",
         "f:3:10: \"final.tokens\" is no span [begin, end]"},
    };
    struct hyt_final f;

    (void)state;
    for (size_t i = 0; i < HYT_LEN(bad); i++) {
        char line[200];

        snprintf(line, sizeof(line), "{\"final\":%s}", bad[i].final);
        load(line);
        assert_fails(hyt_rec_final(rec, &f, &err), bad[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ids_given),     TEST(test_ids_made),
        TEST(test_ids_many),      TEST(test_tokens),
        TEST(test_tokens_errors), TEST(test_steps),
        TEST(test_steps_errors),  TEST(test_final),
        TEST(test_final_errors),
    };

    return cmocka_run_group_tests_name("record_fields", tests, NULL, NULL);
}
