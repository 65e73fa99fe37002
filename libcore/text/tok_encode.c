/* SPDX-License-Identifier: MIT */
/*
 * tok_encode.c - text becomes ids
 *
 * The text narrows from function to function: hyt_tok_encode() cuts out the
 * added tokens, encode_section() what only bytes can spell, encode_plain()
 * normalizes, encode_words() cuts words, the model encodes each.
 *
 * Where a dummy prefix is wanted, each stretch of text between added tokens
 * gets one, as in Hugging Face's tokenizers, whose models expect it so.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "text/bytelevel.h"
#include "text/cache.h"
#include "text/tok.h"

void hyt_ids32_put(struct hyt_ids32 *ids, int32_t id)
{
    ids->id = hyt_grow(ids->id, &ids->cap, ids->n + 1, sizeof(*ids->id));
    ids->id[ids->n++] = id;
}

void hyt_ids32_free(struct hyt_ids32 *ids)
{
    free(ids->id);
    memset(ids, 0, sizeof(*ids));
}

/* One call's memory; the tokenizer itself is shared and immutable. */
struct hyt_encoder {
    const struct hyt_tok *tok;
    bool special;
    struct hyt_ids32 *ids;
    struct hyt_err *err;
    struct hyt_buf text, spare_text, alphabet;
    struct hyt_words words, spare_words;
    struct hyt_tokmodel_work model;
    struct hyt_cache cache;
};

void hyt_encoder_free(struct hyt_encoder *e)
{
    if (!e)
        return;
    hyt_buf_free(&e->text);
    hyt_buf_free(&e->spare_text);
    hyt_buf_free(&e->alphabet);
    hyt_words_free(&e->words);
    hyt_words_free(&e->spare_words);
    hyt_tokmodel_work_free(&e->model);
    hyt_cache_free(&e->cache);
    free(e);
}

/* What stands before this stretch of text decides about its dummy prefix. */
struct place {
    bool prefix; /* a dummy prefix is wanted */
    bool first;  /* the whole text begins here */
};

/* The model's word, in the alphabet of its vocabulary. */
static int encode_new(struct hyt_encoder *e, const char *s, size_t n)
{
    if (e->tok->pre.bytes) {
        hyt_buf_reset(&e->alphabet);
        hyt_bytelevel_put(&e->alphabet, s, n);
        s = e->alphabet.s;
        n = e->alphabet.n;
    }
    return hyt_tokmodel_encode(&e->tok->model, &e->model, s, n, e->ids, e->err);
}

static int encode_part(struct hyt_encoder *e, const char *s, size_t n)
{
    struct hyt_cached *known = hyt_cache_find(&e->cache, s, n);
    const size_t before = e->ids->n;

    if (known && known->n > 0) {
        for (size_t i = 0; i < known->n_ids; i++)
            hyt_ids32_put(e->ids, known->id[i]);
        return 0;
    }
    if (encode_new(e, s, n) < 0)
        return -1;
    if (known)
        hyt_cache_put(known, s, n, e->ids->id + before, e->ids->n - before);
    return 0;
}

static int encode_word(struct hyt_encoder *e, const char *s, size_t n)
{
    const struct hyt_bpe *bpe = &e->tok->model.bpe;
    size_t part;

    for (; n > 0; s += part, n -= part) {
        part = hyt_bpe_cut(bpe, s, n);
        if (encode_part(e, s, part) < 0)
            return -1;
    }
    return 0;
}

static int encode_words(struct hyt_encoder *e, const char *s, size_t n,
                        struct place at)
{
    size_t begin = 0;

    if (n == 0)
        return 0;
    hyt_words_reset(&e->words);
    hyt_buf_put(&e->words.text, s, n);
    hyt_words_end(&e->words);
    if (hyt_pretok_apply(&e->tok->pre, at.prefix, at.first, &e->words,
                         &e->spare_words, e->err) < 0)
        return -1;
    for (size_t i = 0; i < e->words.n; i++) {
        if (encode_word(e, e->words.text.s + begin, e->words.end[i] - begin) <
            0)
            return -1;
        begin = e->words.end[i];
    }
    return 0;
}

static int encode_plain(struct hyt_encoder *e, const char *s, size_t n,
                        struct place at)
{
    const struct hyt_added *added = &e->tok->normalized;
    size_t done = 0, begin, end;
    int32_t id;

    if (n == 0)
        return 0;
    hyt_buf_reset(&e->text);
    hyt_buf_put(&e->text, s, n);
    if (hyt_norm_apply(&e->tok->norm, at.prefix, &e->text, &e->spare_text,
                       e->err) < 0)
        return -1;
    while ((id = hyt_added_next(added, e->text.s, e->text.n, done, e->special,
                                &begin, &end)) >= 0) {
        if (encode_words(e, e->text.s + done, begin - done, at) < 0)
            return -1;
        at.first = false;
        hyt_ids32_put(e->ids, id);
        done = end;
    }
    return encode_words(e, e->text.s + done, e->text.n - done, at);
}

/* Where the character that stands for a space is itself in the text. */
static size_t find_mark(const char *mark, const char *s, size_t n)
{
    const size_t len = strlen(mark);

    for (size_t i = 0; i + len <= n; i++)
        if (s[i] == mark[0] && memcmp(s + i, mark, len) == 0)
            return i;
    return n;
}

static int encode_section(struct hyt_encoder *e, const char *s, size_t n,
                          struct place at)
{
    const char *mark = e->tok->mark;

    while (n > 0) {
        const size_t plain = mark ? find_mark(mark, s, n) : n;

        if (encode_plain(e, s, plain, at) < 0)
            return -1;
        s += plain;
        n -= plain;
        for (size_t i = 0; n > 0 && mark[i]; i++) {
            const unsigned char byte = (unsigned char)mark[i];

            hyt_ids32_put(e->ids, e->tok->model.byte_id[byte]);
            s++;
            n--;
        }
        at = (struct place){false, false};
    }
    return 0;
}

static int encode_text(struct hyt_encoder *e, const char *s, size_t n,
                       unsigned mode)
{
    const bool start = mode & HYT_TOK_START, head = !(mode & HYT_TOK_LATER);
    size_t done = 0, begin, end;
    int32_t id;

    while ((id = hyt_added_next(&e->tok->raw, s, n, done, e->special, &begin,
                                &end)) >= 0) {
        if (encode_section(e, s + done, begin - done,
                           (struct place){start, head && done == 0}) < 0)
            return -1;
        hyt_ids32_put(e->ids, id);
        done = end;
    }
    return encode_section(e, s + done, n - done,
                          (struct place){start, head && done == 0});
}

static void put_all(struct hyt_ids32 *ids, const struct hyt_ids32 *more)
{
    for (size_t i = 0; i < more->n; i++)
        hyt_ids32_put(ids, more->id[i]);
}

int hyt_tok_check_text(const char *text, size_t n, struct hyt_err *err)
{
    const size_t bad = hyt_utf8_bad(text, n);

    if (bad < n)
        return hyt_fail(err, "byte %zu of the text is not UTF-8", bad + 1);
    return 0;
}

int hyt_tok_encode(const struct hyt_tok *tok, const char *text, size_t n,
                   unsigned mode, struct hyt_ids32 *ids, struct hyt_err *err)
{
    const bool whole = mode & HYT_TOK_START && !(mode & HYT_TOK_BARE);
    struct hyt_encoder *e;
    int status;

    if (hyt_tok_check_text(text, n, err) < 0)
        return -1;
    e = atomic_exchange(tok->idle, NULL);
    if (!e)
        e = hyt_alloc(1, sizeof(*e));
    e->tok = tok;
    e->special = mode & HYT_TOK_SPECIAL;
    e->ids = ids;
    e->err = err;
    if (whole)
        put_all(ids, &tok->before);
    status = encode_text(e, text, n, mode);
    if (whole && !(mode & HYT_TOK_OPEN))
        put_all(ids, &tok->after);
    hyt_encoder_free(atomic_exchange(tok->idle, e));
    return status;
}
