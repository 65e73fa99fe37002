/* SPDX-License-Identifier: MIT */
/*
 * Models of tokenizers: what the reference cannot tell.  That their ids are
 * those of the reference is tested in tests/cli/tok/parts.sh.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text_tok.h"

#define ADDED                                                                  \
    "{\"added_tokens\":[{\"id\":0,\"content\":\"<s>\",\"special\":true}],"     \
    "\"decoder\":{\"type\":\"Fuse\"},\"model\":"

/* Each can make "<s>" of the text's characters, and must not. */
static const char *const makes_special[] = {
    ADDED "{\"type\":\"BPE\",\"vocab\":{\"<s>\":0,\"<\":1,\"s\":2,\">\":3,"
          "\"<s\":4},\"merges\":[\"< s\",\"<s >\"]}}",
    ADDED "{\"type\":\"BPE\",\"ignore_merges\":true,\"vocab\":{\"<s>\":0,"
          "\"<\":1,\"s\":2,\">\":3},\"merges\":[]}}",
    ADDED "{\"type\":\"Unigram\",\"vocab\":[[\"<s>\",0],[\"<\",-1],[\"s\",-1],"
          "[\">\",-1]]}}",
};

static void test_special(void **state)
{
    struct hyt_ids32 ids = {0};

    (void)state;
    for (size_t i = 0; i < HYT_LEN(makes_special); i++) {
        struct hyt_tok *tok = text_load_json(makes_special[i], NULL);

        text_encode(tok, "s<s>s", 5, HYT_TOK_SPECIAL, &ids);
        assert_int_equal(ids.n, 3);
        assert_int_equal(ids.id[1], 0);
        text_encode(tok, "<s>", 3, 0, &ids);
        assert_true(ids.n > 1);
        for (size_t k = 0; k < ids.n; k++)
            assert_int_not_equal(ids.id[k], 0);
        hyt_tok_free(tok);
    }
    hyt_ids32_free(&ids);
}

/* A whole word that is spelled as a special token is unknown. */
static void test_special_word(void **state)
{
    static const char json[] = ADDED
        "{\"type\":\"WordLevel\",\"unk_token\":\"?\",\"vocab\":{\"<s>\":0,"
        "\"a\":1,\"?\":2}},\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"}}";
    static const int32_t want[] = {1, 2, 1};
    struct hyt_tok *tok = text_load_json(json, NULL);
    struct hyt_ids32 ids = {0};

    (void)state;
    text_encode(tok, "a <s>\na ", 8, 0, &ids);
    assert_int_equal(ids.n, 3);
    assert_memory_equal(ids.id, want, sizeof want);
    hyt_ids32_free(&ids);
    hyt_tok_free(tok);
}

/* Bytes spelled out are text: decoding gives the text back. */
static void test_spelled_bytes(void **state)
{
    static const char json[] =
        "{\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":"
        "\"ByteFallback\"},{\"type\":\"Fuse\"}]},\"model\":{\"type\":"
        "\"Unigram\",\"unk_id\":0,\"byte_fallback\":true,\"vocab\":[[\"<unk>\","
        "0],[\"<0x41>\",0],[\"<\",-1],[\"0\",-1],[\"x\",-1],[\"4\",-1],"
        "[\"1\",-1],[\">\",-1]]}}";
    struct hyt_tok *tok = text_load_json(json, NULL);
    struct hyt_ids32 ids = {0};

    (void)state;
    text_encode(tok, "A<0x41>", 7, 0, &ids);
    assert_int_equal(ids.n, 7);
    assert_int_equal(ids.id[0], 1);
    assert_int_equal(ids.id[1], 2);
    hyt_ids32_free(&ids);
    hyt_tok_free(tok);
}

/* --- one tokenizer, several threads --------------------------------------- */

struct job {
    const struct hyt_tok *tok;
    struct hyt_ids32 ids;
};

static void *encode_often(void *arg)
{
    static const char text[] = "the apples of Anna, the pears of Ben\n";
    struct job *job = arg;
    struct hyt_err err;

    for (int i = 0; i < 300; i++)
        if (hyt_tok_encode(job->tok, text, strlen(text), 0, &job->ids, &err) <
            0)
            return NULL;
    return job;
}

static void test_threads(void **state)
{
    struct hyt_tok *tok = text_load("llama3");
    struct job job[3] = {{tok, {0}}, {tok, {0}}, {tok, {0}}};
    pthread_t thread[3];

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(
            pthread_create(&thread[i], NULL, encode_often, &job[i]), 0);
    for (size_t i = 0; i < 3; i++) {
        void *done;

        assert_int_equal(pthread_join(thread[i], &done), 0);
        assert_ptr_equal(done, &job[i]);
    }
    assert_true(job[0].ids.n > 300);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(job[i].ids.n, job[0].ids.n);
        assert_memory_equal(job[i].ids.id, job[0].ids.id,
                            job[0].ids.n * sizeof(int32_t));
    }
    for (size_t i = 0; i < 3; i++)
        hyt_ids32_free(&job[i].ids);
    hyt_tok_free(tok);
}

/* --- normalization compiled by SentencePiece ------------------------------ */

static void check_charsmap(const char *base64, const char *why)
{
    struct hyt_buf json = {0};
    struct hyt_err err;

    hyt_buf_printf(&json,
                   "{\"normalizer\":{\"type\":\"Precompiled\","
                   "\"precompiled_charsmap\":\"%s\"},\"model\":{\"type\":"
                   "\"WordLevel\",\"vocab\":{\"a\":0}}}",
                   base64);
    assert_null(hyt_tok_load(json.s, json.n, NULL, 0, &err));
    if (!strstr(err.msg, why))
        fail_msg("\"%s\" does not say: %s", err.msg, why);
    hyt_buf_free(&json);
}

static void test_charsmap(void **state)
{
    (void)state;
    check_charsmap("", "too short");
    check_charsmap("AAAA", "too short");
    check_charsmap("AAAAAAAAAAA=", "too short");
    check_charsmap("BAAAAA==", "too short");
    check_charsmap("BAA*", "byte 4");
}

/* "ab" is the one token of the vocabulary. */
static void check_ab(const char *json)
{
    struct hyt_tok *tok = text_load_json(json, NULL);
    struct hyt_ids32 ids = {0};

    text_encode(tok, "ab", 2, 0, &ids);
    assert_int_equal(ids.n, 1);
    assert_int_equal(ids.id[0], 0);
    hyt_ids32_free(&ids);
    hyt_tok_free(tok);
}

/* A trie that leads out of itself finds nothing. */
static void test_charsmap_wild(void **state)
{
    (void)state;
    check_ab("{\"normalizer\":{\"type\":\"Precompiled\","
             "\"precompiled_charsmap\":\"BAAAAAD8//8=\"},\"model\":{"
             "\"type\":\"WordLevel\",\"vocab\":{\"ab\":0}}}");
}

/* \K in a look-behind puts the beginning of a match before the search's. */
static void test_keep_behind(void **state)
{
    (void)state;
    check_ab("{\"normalizer\":{\"type\":\"Replace\",\"pattern\":{"
             "\"Regex\":\"a|(?<=\\\\Ka)b\"},\"content\":\"x\"},"
             "\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"xx\":0}}}");
}

/* Pieces with a NUL, in each place where a piece may stand. */
static const char *const nuls[] = {
    ADDED "{\"type\":\"BPE\",\"vocab\":{\"\\u0000\":1,\"a\":2,"
          "\"\\u0000a\":3,\"\\\\u0000\":4},\"merges\":[\"\\u0000 a\"]}}",
    ADDED "{\"type\":\"BPE\",\"vocab\":{\"\\u0000\":1,\"a\":2,"
          "\"\\u0000a\":3,\"\\\\u0000\":4},\"merges\":"
          "[[\"\\u0000\",\"a\"]]}}",
    ADDED "{\"type\":\"Unigram\",\"vocab\":[[\"<s>\",0],[\"\\u0000\",-3],"
          "[\"a\",-3],[\"\\u0000a\",-4],[\"\\\\u0000\",-9]]}}",
    "{\"added_tokens\":[{\"id\":3,\"content\":\"\\u0000a\"}],"
    "\"decoder\":{\"type\":\"Fuse\"},\"model\":{\"type\":\"BPE\",\"vocab\":"
    "{\"\\u0000\":1,\"a\":2,\"\\\\u0000\":4},\"merges\":[]}}",
};

static void test_nul(void **state)
{
    struct hyt_ids32 ids = {0};

    (void)state;
    for (size_t i = 0; i < HYT_LEN(nuls); i++) {
        struct hyt_tok *tok = text_load_json(nuls[i], NULL);
        struct hyt_buf b = {0};
        struct hyt_err err;
        size_t n;

        text_encode(tok, "a\0a\0", 4, HYT_TOK_SPECIAL, &ids);
        assert_int_equal(ids.n, 3);
        assert_int_equal(ids.id[0], 2);
        assert_int_equal(ids.id[1], 3);
        assert_int_equal(ids.id[2], 1);
        assert_non_null(hyt_tok_piece(tok, 1, &n));
        assert_int_equal(n, 1);
        assert_int_equal(hyt_tok_bytes(tok, 3, false, true, &b, &err), 0);
        assert_int_equal(b.n, 2);
        assert_memory_equal(b.s, "\0a", 2);
        assert_int_equal(hyt_tok_find(tok, "\\u0000"), 4);
        hyt_buf_free(&b);
        hyt_tok_free(tok);
    }
    hyt_ids32_free(&ids);
}

static void test_nul_and_mark(void **state)
{
    static const char *const both[] = {
        "{\"model\":{\"vocab\":{\"\\u0000\":0,\"\xEF\xBF\xBF\":1}}}",
        "{\"model\":{\"vocab\":{\"\\u0000\":0,\"\\uFfff\":1}}}",
    };

    (void)state;
    for (size_t i = 0; i < HYT_LEN(both); i++) {
        struct hyt_err err = {0};

        assert_null(hyt_tok_load(both[i], strlen(both[i]), NULL, 0, &err));
        assert_non_null(strstr(err.msg, "both U+0000 and U+FFFF"));
    }
}

/* Where there is no decoder, a space is between all tokens that are written,
 * the special ones too: the reference decodes so. */
static void test_no_decoder(void **state)
{
    struct hyt_tok *tok = text_load_json(
        "{\"added_tokens\":[{\"id\":0,\"content\":\"<s>\",\"special\":true}],"
        "\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"<s>\":0,\"a\":1,"
        "\"b\":2},\"unk_token\":\"<s>\"}}",
        NULL);
    static const int32_t ids[] = {0, 1, 0, 2};
    struct hyt_err err;

    (void)state;
    for (int special = 0; special < 2; special++) {
        struct hyt_buf b = {0};
        bool first = true;

        for (size_t i = 0; i < HYT_LEN(ids); i++) {
            assert_int_equal(
                hyt_tok_bytes(tok, ids[i], first, special, &b, &err), 0);
            first = first && hyt_tok_special(tok, ids[i]);
        }
        hyt_buf_putc(&b, '\0');
        assert_string_equal(b.s, special ? "<s> a <s> b" : "a b");
        hyt_buf_free(&b);
    }
    hyt_tok_free(tok);
}

/* An added token that is looked for in normalized text is itself normalized,
 * the dummy prefix included: the reference finds it behind a space only. */
static void test_normalized_prefix(void **state)
{
    static const struct {
        const char *text;
        int32_t id[4];
        size_t n;
    } cases[] = {
        {"ab", {4}, 1},
        {"ab c", {4, 0, 3}, 3},
        {"c ab", {0, 3, 4}, 3},
        {"cab", {0, 3, 1, 2}, 4},
    };
    struct hyt_tok *tok = text_load_json(
        "{\"added_tokens\":[{\"id\":4,\"content\":\"ab\","
        "\"normalized\":true}],\"normalizer\":{\"type\":\"Sequence\","
        "\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"_\"},"
        "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},"
        "\"content\":\"_\"}]},\"model\":{\"type\":\"BPE\",\"vocab\":"
        "{\"_\":0,\"a\":1,\"b\":2,\"c\":3},\"merges\":[]}}",
        NULL);
    struct hyt_ids32 ids = {0};

    (void)state;
    for (size_t i = 0; i < HYT_LEN(cases); i++) {
        text_encode(tok, cases[i].text, strlen(cases[i].text), HYT_TOK_START,
                    &ids);
        assert_int_equal(ids.n, cases[i].n);
        assert_memory_equal(ids.id, cases[i].id, ids.n * sizeof(*ids.id));
    }
    hyt_ids32_free(&ids);
    hyt_tok_free(tok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_special),
        cmocka_unit_test(test_no_decoder),
        cmocka_unit_test(test_normalized_prefix),
        cmocka_unit_test(test_special_word),
        cmocka_unit_test(test_spelled_bytes),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_charsmap),
        cmocka_unit_test(test_charsmap_wild),
        cmocka_unit_test(test_keep_behind),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_nul_and_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
