/* SPDX-License-Identifier: MIT */
/* tok_decode.c - ids become text; what is known of an id */
#include <limits.h>
#include <string.h>

#include "text/tok.h"

int32_t hyt_tok_vocab(const struct hyt_tok *tok)
{
    return tok->vocab.n;
}

int32_t hyt_tok_find(const struct hyt_tok *tok, const char *piece)
{
    return hyt_vocab_find(&tok->vocab, piece, strlen(piece));
}

bool hyt_tok_exists(const struct hyt_tok *tok, int32_t id)
{
    return id >= 0 && id < tok->vocab.n && tok->vocab.piece[id].s;
}

int32_t hyt_tok_bos(const struct hyt_tok *tok)
{
    return tok->bos;
}

bool hyt_tok_special(const struct hyt_tok *tok, int32_t id)
{
    return hyt_tok_exists(tok, id) &&
           tok->vocab.piece[id].flags & HYT_PIECE_SPECIAL;
}

const char *hyt_tok_piece(const struct hyt_tok *tok, int32_t id, size_t *n)
{
    if (!hyt_tok_exists(tok, id))
        return NULL;
    if (n)
        *n = tok->vocab.piece[id].n;
    return tok->vocab.piece[id].s;
}

int hyt_tok_bytes(const struct hyt_tok *tok, int32_t id, bool first,
                  bool special, struct hyt_buf *out, struct hyt_err *err)
{
    size_t begin, end;
    bool prefixed;

    if (!hyt_tok_exists(tok, id))
        return hyt_fail(err, "no token has the id %ld", (long)id);
    if (hyt_tok_special(tok, id) && !special)
        return 0;
    begin = id > 0 ? tok->bytes_end[id - 1] : 0;
    end = tok->bytes_end[id];
    prefixed = tok->spaced
                   ? out->n == 0 /* behind a special token, a space is due */
                   : tok->has_prefix && tok->vocab.piece[id].flags == 0;
    if (first && prefixed && begin < end && tok->bytes.s[begin] == ' ')
        begin++;
    hyt_buf_put(out, tok->bytes.s + begin, end - begin);
    return 0;
}

/*
 * The maximal bad part at s (Unicode 15, section 3.9, table 3-8): the longest
 * beginning of a well-formed character, at least one byte.  *cut: all n bytes
 * are such a beginning, so that more bytes could complete it.
 */
static size_t bad_part(const char *s, size_t n, bool *cut)
{
    static const char after[][4] = {"\x80\x80\x80", "\xBF\xBF\xBF"};
    char with[8];
    uint32_t cp;

    *cut = false;
    for (size_t len = n < 3 ? n : 3; len > 0; len--) {
        for (size_t i = 0; i < HYT_LEN(after); i++) {
            memcpy(with, s, len);
            memcpy(with + len, after[i], 3);
            if (hyt_utf8_get(with, len + 3, &cp) > len) {
                *cut = len == n;
                return len;
            }
        }
    }
    return 1;
}

/* Appends s[0..n) to text up to what more bytes could still complete; at the
 * end, all of it.  How many bytes that is. */
static size_t settle(struct hyt_buf *text, const char *s, size_t n, bool at_end)
{
    static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */
    size_t at = 0;

    while (at < n) {
        uint32_t cp;
        size_t width = hyt_utf8_get(s + at, n - at, &cp);
        bool cut = false;

        if (width > 0 && cp != 0) {
            hyt_buf_put(text, s + at, width);
            at += width;
            continue;
        }
        if (width == 0)
            width = bad_part(s + at, n - at, &cut);
        if (cut && !at_end)
            break;
        hyt_buf_puts(text, replacement);
        at += width;
    }
    return at;
}

size_t hyt_text_put(struct hyt_buf *text, const char *bytes, size_t n, bool end)
{
    return settle(text, bytes, n, end);
}

int hyt_tok_decode(const struct hyt_tok *tok, const int32_t *ids, size_t n,
                   struct hyt_buf *text, int32_t *ends, struct hyt_err *err)
{
    struct hyt_buf raw = {0};
    int status = 0;

    hyt_buf_reserve(text, 0); /* neither is NULL from here on */
    hyt_buf_reserve(&raw, 0);
    for (size_t i = 0; i < n && status == 0; i++) {
        size_t done;

        status = hyt_tok_bytes(tok, ids[i], false, false, &raw, err);
        if (status < 0)
            break;
        done = settle(text, raw.s, raw.n, i + 1 == n);
        raw.n -= done;
        memmove(raw.s, raw.s + done, raw.n);
        if (text->n > INT32_MAX)
            status = hyt_fail(err, "%zu tokens make too long a text", n);
        else
            ends[i] = (int32_t)text->n;
    }
    hyt_buf_free(&raw);
    return status;
}
