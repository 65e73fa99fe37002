/* SPDX-License-Identifier: MIT */
/*
 * tok_decoder.c - the "decoder" part of tokenizer.json
 *
 * Every supported decoder maps each token by itself to bytes, and at most
 * drops the dummy space in front of the first one; so the bytes of all ids
 * are written down once, at loading.
 */
#include <stdlib.h>
#include <string.h>

#include "text/bytelevel.h"
#include "text/field.h"
#include "text/tok.h"

#define MAX_REPLACES 8

struct decoder {
    struct {
        struct hyt_pattern pattern;
        char *content;
    } replace[MAX_REPLACES];
    size_t n_replaces;
    bool bytes;      /* <0xNN> is a byte */
    bool byte_level; /* GPT-2's alphabet */
    bool fused;      /* tokens are joined: what follows sees the whole text */
    bool spaced;     /* there is none: words with a space between */
    bool strips;     /* the first space of a text is a dummy */
};

static int add_replace(struct decoder *d, const struct hyt_json *part,
                       const char *string, const char *content,
                       struct hyt_err *err)
{
    struct hyt_pattern *pattern;

    if (d->fused || d->bytes)
        return hyt_fail(err, "decoder: Replace after ByteFallback or Fuse is "
                             "not supported");
    if (d->n_replaces == MAX_REPLACES)
        return hyt_fail(err, "decoder: more than %d replacements",
                        MAX_REPLACES);
    pattern = &d->replace[d->n_replaces].pattern;
    d->replace[d->n_replaces].content = hyt_strndup(content, strlen(content));
    d->n_replaces++;
    if (!string)
        return hyt_pattern_load(pattern, part, "decoder", err);
    pattern->string = hyt_strndup(string, strlen(string));
    return 0;
}

/* Only the form that drops a dummy space: one, in front of the whole text. */
static int load_strip(struct decoder *d, const struct hyt_json *part,
                      struct hyt_err *err)
{
    const char *content = NULL;
    int32_t start, stop;

    if (hyt_field_str(part, "decoder", "content", &content, err) < 0 ||
        hyt_field_index(hyt_field(part, "start"), "decoder: start", INT32_MAX,
                        &start, err) < 0 ||
        hyt_field_index(hyt_field(part, "stop"), "decoder: stop", INT32_MAX,
                        &stop, err) < 0)
        return -1;
    if (!d->fused || !content || strcmp(content, " ") != 0 || start > 1 ||
        stop != 0)
        return hyt_fail(err, "decoder: Strip of anything but one space in "
                             "front of the text is not supported");
    d->strips = d->strips || start == 1;
    return 0;
}

static int load_step(struct decoder *d, const struct hyt_json *part,
                     struct hyt_err *err)
{
    const char *type = hyt_field_type(part, "decoder", err);
    const char *content = NULL, *scheme = NULL, *mark = "\xE2\x96\x81";
    const struct hyt_json *parts = NULL;
    bool prefix;

    if (!type)
        return -1;
    if (strcmp(type, "Replace") == 0) {
        if (hyt_field_str(part, "decoder", "content", &content, err) < 0)
            return -1;
        if (!content)
            return hyt_fail(err, "decoder: \"content\" is missing");
        return add_replace(d, part, NULL, content, err);
    }
    if (strcmp(type, "Metaspace") == 0) {
        if (hyt_field_str(part, "decoder", "replacement", &mark, err) < 0 ||
            hyt_field_str(part, "decoder", "prepend_scheme", &scheme, err) <
                0 ||
            hyt_field_bool(part, "decoder", "add_prefix_space", true, &prefix,
                           err) < 0)
            return -1;
        d->strips =
            d->strips || (scheme ? strcmp(scheme, "never") != 0 : prefix);
        return add_replace(d, part, mark, " ", err);
    }
    if (strcmp(type, "Strip") == 0)
        return load_strip(d, part, err);
    if (strcmp(type, "Sequence") == 0) {
        if (hyt_field_array(part, "decoder", "decoders", &parts, err) < 0)
            return -1;
        for (part = parts ? hyt_json_child(parts) : NULL; part;
             part = hyt_json_next(part))
            if (load_step(d, part, err) < 0)
                return -1;
        return 0;
    }
    if (strcmp(type, "ByteFallback") == 0)
        d->bytes = true;
    else if (strcmp(type, "Fuse") == 0)
        d->fused = true;
    else if (strcmp(type, "ByteLevel") == 0)
        d->byte_level = true;
    else
        return hyt_fail(err,
                        "decoder type \"%s\" is not supported; ByteFallback, "
                        "ByteLevel, Fuse, Metaspace, Replace, Sequence and "
                        "Strip are",
                        type);
    return 0;
}

/* --- the bytes of each id ------------------------------------------------- */

static int hex_digit(char c)
{
    static const char digits[] = "0123456789ABCDEF0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)((at - digits) % 16) : -1;
}

/* The byte that "<0xNN>" spells, or -1. */
static int spelled_byte(const char *s, size_t n)
{
    if (n != 6 || memcmp(s, "<0x", 3) != 0 || s[5] != '>' ||
        hex_digit(s[3]) < 0 || hex_digit(s[4]) < 0)
        return -1;
    return 16 * hex_digit(s[3]) + hex_digit(s[4]);
}

/* A piece with a character outside the alphabet stands for itself. */
static void put_byte_level(struct hyt_buf *out, const char *s, size_t n)
{
    const size_t before = out->n;

    for (size_t at = 0, width; at < n; at += width) {
        uint32_t cp = 0;
        int byte;

        width = hyt_utf8_get(s + at, n - at, &cp);
        byte = width ? hyt_bytelevel_byte(cp) : -1;
        if (byte < 0) {
            out->n = before;
            hyt_buf_put(out, s, n);
            return;
        }
        hyt_buf_putc(out, (char)byte);
    }
}

static int put_piece(const struct decoder *d, const struct hyt_piece *p,
                     struct hyt_buf *out, struct hyt_buf *text,
                     struct hyt_buf *spare, struct hyt_err *err)
{
    hyt_buf_reset(text);
    hyt_buf_put(text, p->s, p->n);
    for (size_t i = 0; i < d->n_replaces; i++) {
        struct hyt_buf was;

        hyt_buf_reset(spare);
        if (hyt_pattern_replace(&d->replace[i].pattern, d->replace[i].content,
                                text->s, text->n, spare, err) < 0)
            return -1;
        was = *text;
        *text = *spare;
        *spare = was;
    }
    if (d->bytes && spelled_byte(text->s, text->n) >= 0)
        hyt_buf_putc(out, (char)spelled_byte(text->s, text->n));
    else if (d->byte_level)
        put_byte_level(out, text->s, text->n);
    else
        hyt_buf_put(out, text->s, text->n);
    return 0;
}

/* Special and other added tokens stand for their own text. */
static int write_bytes(struct hyt_tok *tok, const struct decoder *d,
                       struct hyt_err *err)
{
    struct hyt_buf text = {0}, spare = {0};
    int status = 0;

    tok->bytes_end = hyt_alloc((size_t)tok->vocab.n, sizeof(*tok->bytes_end));
    for (int32_t id = 0; id < tok->vocab.n && status == 0; id++) {
        const struct hyt_piece *p = &tok->vocab.piece[id];

        if (p->s && d->spaced)
            hyt_buf_putc(&tok->bytes, ' ');
        if (p->s && p->flags & (HYT_PIECE_ADDED | HYT_PIECE_SPECIAL))
            hyt_buf_put(&tok->bytes, p->s, p->n);
        else if (p->s)
            status = put_piece(d, p, &tok->bytes, &text, &spare, err);
        tok->bytes_end[id] = tok->bytes.n;
    }
    hyt_buf_free(&text);
    hyt_buf_free(&spare);
    return status;
}

/* Whether encoding puts it in the place of a space, or in front. */
static bool stands_for_space(const struct hyt_tok *tok, const char *mark)
{
    for (size_t i = 0; i < tok->norm.n; i++)
        if (tok->norm.step[i].content &&
            strcmp(tok->norm.step[i].content, mark) == 0)
            return true;
    for (size_t i = 0; i < tok->pre.n; i++)
        if (tok->pre.step[i].content &&
            strcmp(tok->pre.step[i].content, mark) == 0)
            return true;
    return false;
}

/* See struct hyt_tok. */
static void find_mark(struct hyt_tok *tok, const struct decoder *d)
{
    for (size_t i = 0; i < d->n_replaces && d->bytes; i++) {
        const char *mark = d->replace[i].pattern.string;
        bool has_bytes = mark && *mark;

        for (size_t k = 0; has_bytes && mark[k]; k++)
            has_bytes = tok->model.byte_id[(unsigned char)mark[k]] >= 0;
        if (has_bytes && strcmp(d->replace[i].content, " ") == 0 &&
            stands_for_space(tok, mark)) {
            tok->mark = hyt_strndup(mark, strlen(mark));
            return;
        }
    }
}

int hyt_tok_load_decoder(struct hyt_tok *tok, const struct hyt_json *part,
                         struct hyt_err *err)
{
    struct decoder d = {0};
    int status = -1;

    tok->spaced = d.spaced = !part;
    if (!part || load_step(&d, part, err) == 0)
        status = write_bytes(tok, &d, err);
    find_mark(tok, &d);
    tok->has_prefix = tok->has_prefix || d.strips;
    for (size_t i = 0; i < d.n_replaces; i++) {
        hyt_pattern_free(&d.replace[i].pattern);
        free(d.replace[i].content);
    }
    return status;
}
