/* SPDX-License-Identifier: MIT */
/* Decoding undoes encoding, for any text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text_tok.h"

/* --- decoding undoes encoding --------------------------------------------- */

/* The bytes of the ids, and what hyt_tok_decode() makes of them. */
static void check_round(const struct hyt_tok *tok, const char *name,
                        const char *text, size_t n, unsigned mode)
{
    struct hyt_ids32 ids = {0};
    struct hyt_buf bytes = {0}, decoded = {0};
    struct hyt_err err;
    bool first = mode & HYT_TOK_START;
    int32_t *ends, last = 0;

    text_encode(tok, text, n, mode, &ids);
    for (size_t i = 0; i < ids.n; i++) {
        assert_int_equal(
            hyt_tok_bytes(tok, ids.id[i], first, false, &bytes, &err), 0);
        first = first && hyt_tok_special(tok, ids.id[i]);
    }
    if (bytes.n != n || (n && memcmp(bytes.s, text, n) != 0))
        fail_msg("%s, mode %u: \"%s\" came back as \"%s\"", name, mode, text,
                 bytes.s ? bytes.s : "");
    ends = hyt_alloc(ids.n, sizeof(*ends));
    assert_int_equal(hyt_tok_decode(tok, ids.id, ids.n, &decoded, ends, &err),
                     0);
    for (size_t i = 0; i < ids.n; i++) {
        assert_true(ends[i] >= last);
        if (last < ends[i]) /* ends lie between characters */
            assert_int_not_equal((unsigned char)decoded.s[last] & 0xC0, 0x80);
        last = ends[i];
    }
    assert_int_equal(last, decoded.n);
    if (!(mode & HYT_TOK_START) && !memchr(text, 0, n)) {
        assert_int_equal(decoded.n, n);
        assert_memory_equal(decoded.s, text, n);
    }
    free(ends);
    hyt_ids32_free(&ids);
    hyt_buf_free(&bytes);
    hyt_buf_free(&decoded);
}

/* Characters of every kind; qwen2 normalizes, so it sees none that combine. */
static void random_text(struct hyt_buf *b, uint64_t key, bool plain)
{
    static const uint32_t often[] = {
        ' ',    ' ',    '\n',    'a', 'e', 't',  's',    '\'',  '7',  '.',
        0x2581, 0xFFFD, 0x1F389, 0,   '<', 0xA0, 0x4E16, 0x43F, '\t', '\r'};
    const uint64_t n = hyt_rng_below(key, 0, 40);

    hyt_buf_reset(b);
    for (uint64_t i = 1; i <= n; i++) {
        uint32_t cp = often[hyt_rng_below(key, 2 * i, HYT_LEN(often))];

        if (!plain && hyt_rng_below(key, 2 * i + 1, 4) == 0)
            cp = (uint32_t)hyt_rng_below(key, 2 * i + 2001, 0x110000);
        if (cp < 0xD800 || cp > 0xDFFF)
            hyt_utf8_put(b, cp);
    }
}

static void test_round_trip(void **state)
{
    static const char *const texts[] = {
        "",
        "x",
        "Hello,  world \n",
        MARK,
        ("a" MARK MARK " " MARK " b"),
        ("x" MARK),
        "\xCC\x81",
        "<s>x</s><unk><0x41><|begin|><|im_start|><|endoftext|>",
        "<think>2</think>",
    };

    (void)state;
    for (size_t i = 0; i < TEXT_NAMES; i++) {
        /* These put no space before a text that begins with one: text that
         * starts a sequence loses it, as in the reference. */
        const bool loses = strcmp(text_names[i], "gpt2") == 0 ||
                           strcmp(text_names[i], "mistral") == 0;
        struct hyt_tok *tok = text_load(text_names[i]);
        struct hyt_buf b = {0};

        for (size_t k = 0; k < HYT_LEN(texts); k++) {
            check_round(tok, text_names[i], texts[k], strlen(texts[k]), 0);
            check_round(tok, text_names[i], texts[k], strlen(texts[k]),
                        HYT_TOK_START);
        }
        for (uint64_t key = 0; key < 3000; key++) {
            random_text(&b, key, strcmp(text_names[i], "qwen2") == 0);
            if (!b.n)
                continue;
            check_round(tok, text_names[i], b.s, b.n, 0);
            if (!loses || b.s[0] != ' ')
                check_round(tok, text_names[i], b.s, b.n, HYT_TOK_START);
        }
        check_round(tok, text_names[i], "  two", 5, 0);
        check_round(tok, text_names[i], "a\0b", 3, 0);
        hyt_buf_free(&b);
        hyt_tok_free(tok);
    }
}

/* A word of a million characters is not quadratic. */
static void test_long_word(void **state)
{
    (void)state;
    for (size_t i = 0; i < TEXT_NAMES; i++) {
        struct hyt_tok *tok = text_load(text_names[i]);
        struct hyt_buf b = {0};

        for (size_t k = 0; k < 250000; k++)
            hyt_buf_puts(&b, "then");
        check_round(tok, text_names[i], b.s, b.n, 0);
        memset(b.s, ' ', b.n);
        b.s[b.n - 1] = 'x';
        check_round(tok, text_names[i], b.s, b.n, 0);
        hyt_buf_free(&b);
        hyt_tok_free(tok);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_long_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
