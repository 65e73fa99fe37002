/* SPDX-License-Identifier: MIT */
/*
 * fuzz_tokenizer.c - tokenizer.json, and what it then does to text
 *
 * input: tokenizer.json NUL tokenizer_config.json NUL text
 *
 * Every id that comes out has a token; decoding gives UTF-8 whose ends rise.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "hyt/text.h"

static void check_ids(const struct hyt_tok *tok, const struct hyt_ids32 *ids)
{
    int32_t *ends = hyt_alloc(ids->n, sizeof(*ends));
    struct hyt_buf text = {0};
    struct hyt_err err = {.msg = ""};
    int32_t last = 0;

    for (size_t i = 0; i < ids->n; i++)
        CHECK(hyt_tok_exists(tok, ids->id[i]));
    CHECK(hyt_tok_decode(tok, ids->id, ids->n, &text, ends, &err) == 0);
    CHECK(hyt_utf8_bad(text.s, text.n) == text.n);
    for (size_t i = 0; i < ids->n; i++) {
        CHECK(ends[i] >= last);
        last = ends[i];
    }
    CHECK(ids->n == 0 || (size_t)last == text.n);
    hyt_buf_free(&text);
    free(ends);
}

static void encode(const struct hyt_tok *tok, const char *s, size_t n)
{
    unsigned char *user = hyt_alloc(n, 1);
    struct hyt_ids32 ids = {0};
    struct hyt_err err = {.msg = ""};

    for (unsigned mode = 0; mode < 16; mode++) {
        ids.n = 0;
        if (hyt_tok_encode(tok, s, n, mode, &ids, &err) == 0)
            check_ids(tok, &ids);
        else
            fuzz_check_failure(&err);
    }
    for (size_t i = 0; i < n; i++)
        user[i] = i / 3 % 2;
    ids.n = 0;
    if (hyt_tok_encode_mixed(tok, s, user, n, HYT_TOK_START | HYT_TOK_BARE,
                             &ids, &err) == 0)
        check_ids(tok, &ids);
    else
        fuzz_check_failure(&err);
    hyt_ids32_free(&ids);
    free(user);
}

static void check_pieces(const struct hyt_tok *tok)
{
    struct hyt_buf b = {0};
    struct hyt_err err = {.msg = ""};

    for (int32_t id = 0; id < hyt_tok_vocab(tok) && id < 1000; id++) {
        size_t len = 0;
        const char *piece = hyt_tok_piece(tok, id, &len);

        CHECK(hyt_tok_exists(tok, id) == (piece != NULL));
        if (!piece)
            continue;
        CHECK(piece[len] == '\0');
        CHECK(strlen(piece) < len || hyt_tok_find(tok, piece) == id);
        hyt_buf_reset(&b);
        CHECK(hyt_tok_bytes(tok, id, true, true, &b, &err) == 0);
    }
    hyt_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char text[] = "The 12 q's:\n\n  e\xCC\x81 \xE2\x96\x81x "
                               "\xF0\x9F\x98\x80 <s></s> aaaa";
    struct part part[3];
    const size_t parts = fuzz_parts(part, 3, data, n);
    struct hyt_err err = {.msg = ""};
    struct hyt_tok *tok = hyt_tok_load(
        part[0].s, part[0].n, parts > 1 ? part[1].s : NULL, part[1].n, &err);

    if (!tok) {
        fuzz_check_failure(&err);
    } else {
        check_pieces(tok);
        encode(tok, text, sizeof(text) - 1);
        encode(tok, part[2].s, part[2].n);
    }
    hyt_tok_free(tok);
    fuzz_parts_free(part, 3);
    return 0;
}
