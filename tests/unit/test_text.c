/* SPDX-License-Identifier: MIT */
/*
 * The tokenizer.  The ids of tests/fixtures/tok/ids.jsonl come from Hugging
 * Face's own implementation (reference.mjs).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyt/json.h"
#include "shared.h"
#include "text_tok.h"

#define BAD "\xEF\xBF\xBD" /* U+FFFD */

/* --- against the reference ------------------------------------------------ */

static void check_ids(const struct hyt_tok *tok, const char *name,
                      const struct hyt_json *line)
{
    const char *text = hyt_json_str(hyt_json_get(line, "text"));
    const struct hyt_json *want = hyt_json_get(line, name);
    struct hyt_ids32 ids = {0};
    size_t i = 0;

    text_encode(tok, text, strlen(text), HYT_TOK_START | HYT_TOK_SPECIAL, &ids);
    for (const struct hyt_json *v = hyt_json_child(want); v;
         v = hyt_json_next(v), i++)
        if (i >= ids.n || ids.id[i] != (int32_t)hyt_json_num(v))
            fail_msg("%s: \"%s\": token %zu differs", name, text, i);
    if (i != ids.n)
        fail_msg("%s: \"%s\": %zu tokens, not %zu", name, text, ids.n, i);
    hyt_ids32_free(&ids);
}

static void test_reference(void **state)
{
    struct hyt_tok *tok[TEXT_NAMES];
    struct hyt_buf all = {0};
    struct hyt_err err;
    size_t n_lines = 0;

    (void)state;
    for (size_t i = 0; i < TEXT_NAMES; i++)
        tok[i] = text_load(text_names[i]);
    text_fixture(&all, "ids.jsonl");
    for (char *s = all.s, *end; *s; s = end + 1, n_lines++) {
        struct hyt_json *line;

        end = strchr(s, '\n');
        line = hyt_json_parse(s, (size_t)(end - s), 0, &err);
        if (!line)
            fail_msg("%s", err.msg);
        for (size_t i = 0; i < TEXT_NAMES; i++)
            check_ids(tok[i], text_names[i], line);
        hyt_json_free(line);
    }
    assert_true(n_lines > 250);
    hyt_buf_free(&all);
    for (size_t i = 0; i < TEXT_NAMES; i++)
        hyt_tok_free(tok[i]);
}

/* llama2.c encodes this text so; the model is read from $HYT_SHARED or
 * ../shared where it is there. */
static void test_stories(void **state)
{
    static const int32_t want[] = {1, 403, 407, 261, 378};
    char path[SHARED_PATH], json[16384];
    struct hyt_ids32 ids = {0};
    struct hyt_tok *tok;
    FILE *f;

    (void)state;
    shared_path(path, "data/stories260K/tokenizer.json");
    f = fopen(path, "rb");
    assert_non_null(f);
    json[fread(json, 1, sizeof json - 1, f)] = '\0';
    fclose(f);
    tok = text_load_json(json, NULL);
    text_encode(tok, "Once upon a time", 16, HYT_TOK_START, &ids);
    assert_int_equal(ids.n, HYT_LEN(want));
    assert_memory_equal(ids.id, want, sizeof want);
    hyt_ids32_free(&ids);
    hyt_tok_free(tok);
}

/* --- modes ---------------------------------------------------------------- */

/* NFC is the one normalizer here that changes text. */
static void test_nfc(void **state)
{
    struct hyt_tok *tok = text_load("qwen2");
    struct hyt_ids32 composed = {0}, apart = {0};

    (void)state;
    text_encode(tok, "caf\xC3\xA9", 5, 0, &composed);
    text_encode(tok, "cafe\xCC\x81", 6, 0, &apart);
    assert_int_equal(composed.n, apart.n);
    assert_memory_equal(composed.id, apart.id, apart.n * sizeof(*apart.id));
    hyt_ids32_free(&composed);
    hyt_ids32_free(&apart);
    hyt_tok_free(tok);
}

static void test_modes(void **state)
{
    struct hyt_tok *tok = text_load("llama2");
    struct hyt_ids32 ids = {0};

    (void)state;
    text_encode(tok, "the", 3, HYT_TOK_START, &ids);
    assert_int_equal(ids.id[0], hyt_tok_find(tok, "<s>"));
    assert_string_equal(hyt_tok_piece(tok, ids.id[1], NULL), MARK "the");
    text_encode(tok, "the", 3, 0, &ids);
    assert_int_not_equal(ids.id[0], hyt_tok_find(tok, "<s>"));
    assert_int_not_equal(hyt_tok_piece(tok, ids.id[0], NULL)[0], MARK[0]);
    text_encode(tok, "</s>", 4, 0, &ids);
    for (size_t i = 0; i < ids.n; i++)
        assert_false(hyt_tok_special(tok, ids.id[i]));
    text_encode(tok, "</s>", 4, HYT_TOK_SPECIAL, &ids);
    assert_int_equal(ids.n, 1);
    assert_int_equal(ids.id[0], 2);
    assert_true(hyt_tok_special(tok, 2));
    hyt_ids32_free(&ids);
    hyt_tok_free(tok);
}

/* A token that is added but not special is found whether asked or not, one
 * that ignore_merges could find in the vocabulary is not. */
static void test_added(void **state)
{
    struct hyt_tok *tok = text_load("llama3");
    struct hyt_ids32 ids = {0};
    struct hyt_buf b = {0};
    struct hyt_err err;

    (void)state;
    text_encode(tok, "<think>", 7, 0, &ids);
    assert_int_equal(ids.n, 1);
    assert_false(hyt_tok_special(tok, ids.id[0]));
    assert_int_equal(hyt_tok_bytes(tok, ids.id[0], false, false, &b, &err), 0);
    assert_string_equal(b.s, "<think>");
    hyt_buf_reset(&b);
    text_encode(tok, "<|end|>", 7, HYT_TOK_SPECIAL, &ids);
    assert_int_equal(ids.n, 1);
    assert_int_equal(hyt_tok_bytes(tok, ids.id[0], false, false, &b, &err), 0);
    assert_int_equal(b.n, 0);
    assert_int_equal(hyt_tok_bytes(tok, ids.id[0], false, true, &b, &err), 0);
    assert_string_equal(b.s, "<|end|>");
    text_encode(tok, "<|end|>", 7, 0, &ids);
    assert_true(ids.n > 1);
    hyt_buf_free(&b);
    hyt_ids32_free(&ids);
    hyt_tok_free(tok);
}

static void test_ids(void **state)
{
    struct hyt_tok *tok = text_load("llama2");
    struct hyt_buf b = {0};
    struct hyt_err err;
    const int32_t n = hyt_tok_vocab(tok);

    (void)state;
    assert_true(hyt_tok_exists(tok, n - 1));
    assert_false(hyt_tok_exists(tok, n));
    assert_false(hyt_tok_exists(tok, -1));
    assert_null(hyt_tok_piece(tok, n, NULL));
    assert_int_equal(hyt_tok_find(tok, "no such piece"), -1);
    for (int32_t id = 0; id < n; id++)
        assert_int_equal(hyt_tok_find(tok, hyt_tok_piece(tok, id, NULL)), id);
    assert_int_equal(hyt_tok_bytes(tok, n, false, false, &b, &err), -1);
    assert_non_null(strstr(err.msg, "no token"));
    assert_int_equal(
        hyt_tok_encode(tok, "a\xFF", 2, 0, &(struct hyt_ids32){0}, &err), -1);
    hyt_buf_free(&b);
    hyt_tok_free(tok);
}

/* --- decoding ------------------------------------------------------------- */

/* Byte tokens <0xNN> have the ids NN + 3 in this tokenizer. */
static void check_decode(const char *bytes, size_t n, const char *want,
                         const int32_t *want_ends)
{
    struct hyt_tok *tok = text_load("llama2");
    struct hyt_buf text = {0};
    struct hyt_err err;
    int32_t ids[16], ends[16];

    for (size_t i = 0; i < n; i++)
        ids[i] = (unsigned char)bytes[i] + 3;
    assert_int_equal(hyt_tok_decode(tok, ids, n, &text, ends, &err), 0);
    assert_string_equal(text.s, want);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(ends[i], want_ends[i]);
    hyt_buf_free(&text);
    hyt_tok_free(tok);
}

/* The rows of the Unicode standard's table 3-8 to 3-11 (section 3.9). */
static void test_decode_bad(void **state)
{
    (void)state;
    check_decode("\xC3\xA9x", 3, "\xC3\xA9x", (int32_t[]){0, 2, 3});
    check_decode("a\xE4\xB8", 3, "a" BAD, (int32_t[]){1, 1, 4});
    check_decode("\xE2\x80\x41", 3, BAD "A", (int32_t[]){0, 0, 4});
    check_decode("\xC0\xAF\x41", 3, BAD BAD "A", (int32_t[]){3, 6, 7});
    check_decode("\xED\xA0\x80\x41", 4, BAD BAD BAD "A",
                 (int32_t[]){0, 6, 9, 10});
    check_decode("\xF4\x91\x92\x93\xFF", 5, BAD BAD BAD BAD BAD,
                 (int32_t[]){0, 6, 9, 12, 15});
    check_decode("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", 9, BAD BAD BAD BAD "A",
                 (int32_t[]){0, 0, 3, 6, 6, 6, 9, 9, 13});
    check_decode("a\0b", 3, "a" BAD "b", (int32_t[]){1, 4, 5});
}

/* --- what is not supported has a name ------------------------------------- */

#define VOCAB "{\"a\":0,\"b\":1,\"ab\":2,\"<s>\":3}"
#define FUSE  "\"decoder\":{\"type\":\"Fuse\"},"
#define MODEL(more)                                                            \
    "\"model\":{\"type\":\"BPE\",\"vocab\":" VOCAB                             \
    ",\"merges\":[\"a b\"]" more "}"

static void check_refused(const char *json, const char *why)
{
    struct hyt_err err;

    assert_null(hyt_tok_load(json, strlen(json), NULL, 0, &err));
    if (!strstr(err.msg, why))
        fail_msg("\"%s\" does not say: %s", err.msg, why);
    assert_non_null(strstr(err.msg, "tokenizer.json: "));
}

static void test_refused(void **state)
{
    (void)state;
    check_refused("{", "");
    check_refused("{}", "\"model\" is missing");
    check_refused("{" FUSE MODEL(",\"dropout\":0.1") "}", "dropout");
    check_refused("{" FUSE MODEL(",\"end_of_word_suffix\":\"</w>\"") "}",
                  "end_of_word_suffix");
    check_refused("{" FUSE MODEL(",\"unk_token\":\"?\"") "}", "unk_token");
    check_refused("{" FUSE "\"model\":{\"type\":\"WordPiece\"}}",
                  "model type \"WordPiece\" is not supported; BPE, Unigram and "
                  "WordLevel are");
    check_refused("{\"model\":{\"type\":\"Unigram\",\"vocab\":[]}}", "empty");
    check_refused("{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\"]]}}",
                  "expected [\"piece\", score]");
    check_refused("{\"model\":{\"type\":\"Unigram\",\"unk_id\":1,\"vocab\":"
                  "[[\"a\",-1]]}}",
                  "unk_id");
    check_refused("{\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"?\","
                  "\"vocab\":{\"a\":0}}}",
                  "unk_token");
    check_refused("{" FUSE
                  "\"normalizer\":{\"type\":\"BertNormalizer\"}," MODEL("") "}",
                  "normalizer type \"BertNormalizer\" is not supported");
    check_refused(
        "{" FUSE
        "\"pre_tokenizer\":{\"type\":\"UnicodeScripts\"}," MODEL("") "}",
        "pre_tokenizer type \"UnicodeScripts\" is not supported");
    check_refused("{" FUSE "\"pre_tokenizer\":{\"type\":\"Split\",\"behavior\":"
                  "\"Isolated\",\"pattern\":{\"Regex\":\"(\"}}," MODEL("") "}",
                  "regular expression");
    check_refused("{\"decoder\":{\"type\":\"WordPiece\"}," MODEL("") "}",
                  "decoder type \"WordPiece\" is not supported");
    check_refused(
        "{\"post_processor\":{\"type\":\"BertProcessing\"}," FUSE MODEL("") "}",
        "post_processor type \"BertProcessing\" is not supported");
    check_refused(
        "{" FUSE
        "\"added_tokens\":[{\"id\":0,\"content\":\"x\"}]," MODEL("") "}",
        "id 0 is both");
    check_refused(
        "{" FUSE
        "\"added_tokens\":[{\"id\":1e9,\"content\":\"x\"}]," MODEL("") "}",
        "1e+09");
    check_refused("{" FUSE "\"model\":{\"vocab\":{\"a\":0},\"merges\":"
                  "[[\"a\",\"b\"]]}}",
                  "merge 1: ");
    check_refused("{" FUSE "\"model\":{\"vocab\":{\"a\":0,\"b\":0}}}",
                  "id 0 is both");
    check_refused("{" FUSE "\"model\":{\"vocab\":{\"a\":-1}}}", "-1");
}

/* What is in neither vocabulary nor bytes is refused, never dropped. */
static void test_not_in_vocabulary(void **state)
{
    struct hyt_tok *tok = text_load_json("{" FUSE MODEL("") "}", NULL);
    struct hyt_ids32 ids = {0};
    struct hyt_err err;

    (void)state;
    text_encode(tok, "abba", 4, 0, &ids);
    assert_int_equal(ids.n, 3);
    assert_int_equal(ids.id[0], 2);
    assert_int_equal(hyt_tok_encode(tok, "abc", 3, 0, &ids, &err), -1);
    assert_non_null(strstr(err.msg, "\"c\""));
    hyt_ids32_free(&ids);
    hyt_tok_free(tok);
}

/* tokenizer_config.json decides about BOS where there is no template. */
static void test_config(void **state)
{
    static const char bos[] = "{\"bos_token\":{\"content\":\"<s>\"},"
                              "\"add_bos_token\":true}";
    static const char no_bos[] =
        "{\"bos_token\":\"<s>\",\"add_bos_token\":false}";
    struct hyt_tok *tok = text_load_json("{" FUSE MODEL("") "}", bos);
    struct hyt_ids32 ids = {0};
    struct hyt_buf b = {0};

    (void)state;
    text_encode(tok, "ab", 2, HYT_TOK_START, &ids);
    assert_int_equal(ids.n, 2);
    assert_int_equal(ids.id[0], 3);
    assert_true(hyt_tok_special(tok, 3));
    hyt_tok_free(tok);
    text_fixture(&b, "llama2.json");
    tok = text_load_json(b.s, no_bos);
    text_encode(tok, "the", 3, HYT_TOK_START, &ids);
    assert_string_equal(hyt_tok_piece(tok, ids.id[0], NULL), MARK "the");
    hyt_tok_free(tok);
    hyt_buf_free(&b);
    hyt_ids32_free(&ids);
}

/* The old form of a decoder's prepend_scheme "never" keeps a leading space. */
static void test_metaspace(void **state)
{
    static const char *const space[] = {
        "\"add_prefix_space\":false", "\"add_prefix_space\":true",
        "\"prepend_scheme\":\"never\"", "\"prepend_scheme\":\"always\""};
    static const char vocab[] = "\"model\":{\"type\":\"BPE\",\"vocab\":{\"" MARK
                                "\":0,\"a\":1},\"merges\":[]}}";
    static const int32_t id[] = {0, 1};

    (void)state;
    for (size_t i = 0; i < HYT_LEN(space); i++) {
        struct hyt_buf json = {0}, text = {0};
        struct hyt_tok *tok;
        struct hyt_err err;

        hyt_buf_printf(&json,
                       "{\"decoder\":{\"type\":\"Metaspace\","
                       "\"replacement\":\"" MARK "\",%s},%s",
                       space[i], vocab);
        tok = text_load_json(json.s, NULL);
        for (size_t k = 0; k < HYT_LEN(id); k++)
            assert_int_equal(
                hyt_tok_bytes(tok, id[k], k == 0, false, &text, &err), 0);
        hyt_buf_reserve(&text, 0);
        assert_string_equal(text.s, i % 2 == 0 ? " a" : "a");
        hyt_tok_free(tok);
        hyt_buf_free(&json);
        hyt_buf_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_stories),
        cmocka_unit_test(test_nfc),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_added),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_decode_bad),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_not_in_vocabulary),
        cmocka_unit_test(test_config),
        cmocka_unit_test(test_metaspace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
