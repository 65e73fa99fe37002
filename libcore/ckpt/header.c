/* SPDX-License-Identifier: MIT */
/*
 * header.c - the JSON header of a safetensors file
 *
 *     {"__metadata__": {"KEY": "VALUE", ...},
 *      "NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}
 *
 * A parser of its own: offsets are 64-bit integers, which a parser that reads
 * numbers as double would round above 2^53, and memory stays within a small
 * multiple of the header's length whatever the header says.  It knows nothing
 * of JSON that the format does not use.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ckpt/st.h"

struct parser {
    struct hyt_st_header *h;
    const char *s;
    size_t n, at;
    struct hyt_err *err;
};

static int HYT_PRINTF(2, 3) fail(struct parser *p, const char *fmt, ...)
{
    char what[512] = "";
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    return hyt_fail(p->err, "header byte %zu: %s", p->at, what);
}

/* --- JSON ----------------------------------------------------------------- */

/* The next byte that is not white space, or 0 at the end (a NUL byte in the
 * text is no JSON either way). */
static char peek(struct parser *p)
{
    while (p->at < p->n && strchr(" \t\r\n", p->s[p->at]) && p->s[p->at])
        p->at++;
    return p->at < p->n ? p->s[p->at] : '\0';
}

static int expect(struct parser *p, char c)
{
    if (peek(p) != c)
        return fail(p, "expected '%c'", c);
    p->at++;
    return 0;
}

static int hex4(struct parser *p, uint32_t *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++, p->at++) {
        const char *hex = "0123456789abcdefABCDEF";
        const char *c =
            p->at < p->n && p->s[p->at] ? strchr(hex, p->s[p->at]) : NULL;

        if (!c)
            return fail(p, "expected four hex digits");
        *unit = *unit * 16 + (uint32_t)(c - hex < 16 ? c - hex : c - hex - 6);
    }
    return 0;
}

/* After "\u": a scalar value, from one unit or a surrogate pair. */
static int unicode_escape(struct parser *p, struct hyt_buf *out)
{
    uint32_t high, low;

    if (hex4(p, &high) < 0)
        return -1;
    if (high == 0)
        return fail(p, "\\u0000 in a string");
    if (high >= 0xd800 && high < 0xe000) {
        if (high >= 0xdc00 || p->n - p->at < 2 ||
            memcmp(p->s + p->at, "\\u", 2) != 0)
            return fail(p, "half of a surrogate pair");
        p->at += 2;
        if (hex4(p, &low) < 0)
            return -1;
        if (low < 0xdc00 || low >= 0xe000)
            return fail(p, "half of a surrogate pair");
        high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
    hyt_utf8_put(out, high);
    return 0;
}

static int escape(struct parser *p, struct hyt_buf *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = p->at < p->n ? p->s[p->at] : '\0';
    const char *found = c ? strchr(from, c) : NULL;

    if (c == 'u') {
        p->at++;
        return unicode_escape(p, out);
    }
    if (!found)
        return fail(p, "bad escape in a string");
    p->at++;
    hyt_buf_putc(out, to[found - from]);
    return 0;
}

/* A string, copied to the header's arena. */
static int string(struct parser *p, const char **out)
{
    struct hyt_buf text = {0};
    int status = expect(p, '"');

    while (status == 0) {
        char c = p->at < p->n ? p->s[p->at] : '\0';

        if (p->at == p->n)
            status = fail(p, "a string does not end");
        else if ((unsigned char)c < 0x20)
            status = fail(p, "control character in a string");
        else if (p->at++, c == '"')
            break;
        else if (c == '\\')
            status = escape(p, &text);
        else
            hyt_buf_putc(&text, c);
    }
    if (status == 0)
        *out = hyt_arena_strndup(&p->h->arena, text.n ? text.s : "", text.n);
    hyt_buf_free(&text);
    return status;
}

static int integer(struct parser *p, uint64_t *x)
{
    char c = peek(p);
    size_t begin = p->at;

    if (c < '0' || c > '9')
        return fail(p, "expected an unsigned integer");
    for (*x = 0; p->at < p->n; p->at++) {
        c = p->s[p->at];
        if (c < '0' || c > '9')
            break;
        if (*x > (UINT64_MAX - (uint64_t)(c - '0')) / 10)
            return fail(p, "integer above 2^64 - 1");
        *x = *x * 10 + (uint64_t)(c - '0');
    }
    if (p->s[begin] == '0' && p->at - begin > 1)
        return fail(p, "integer with a leading zero");
    if (p->at < p->n && strchr(".eE", p->s[p->at]) && p->s[p->at])
        return fail(p, "expected an unsigned integer");
    return 0;
}

/* An array of at most `max` integers. */
static int integers(struct parser *p, const char *what, uint64_t *x, int max,
                    int *n)
{
    *n = 0;
    if (expect(p, '[') < 0)
        return -1;
    if (peek(p) == ']') {
        p->at++;
        return 0;
    }
    for (;;) {
        if (*n == max)
            return fail(p, "more than %d numbers in \"%s\"", max, what);
        if (integer(p, &x[(*n)++]) < 0)
            return -1;
        if (peek(p) != ',')
            return expect(p, ']');
        p->at++;
    }
}

/* An object: `member` reads the value of each key. */
static int object(struct parser *p,
                  int (*member)(struct parser *p, const char *key, void *ctx),
                  void *ctx)
{
    const char *key = "";

    if (expect(p, '{') < 0)
        return -1;
    if (peek(p) == '}') {
        p->at++;
        return 0;
    }
    for (;;) {
        if (string(p, &key) < 0 || expect(p, ':') < 0 ||
            member(p, key, ctx) < 0)
            return -1;
        if (peek(p) != ',')
            return expect(p, '}');
        p->at++;
    }
}

/* --- the format ----------------------------------------------------------- */

static int meta_member(struct parser *p, const char *key, void *ctx)
{
    struct hyt_st_header *h = p->h;
    struct hyt_pair *pair;

    (void)ctx;
    if (peek(p) != '"')
        return fail(p, "__metadata__: the value of \"%s\" is not a string",
                    key);
    h->meta = hyt_grow(h->meta, &h->meta_cap, h->n_meta + 1, sizeof *h->meta);
    pair = &h->meta[h->n_meta++];
    pair->key = key;
    return string(p, &pair->value);
}

/* What a tensor's object has said so far. */
struct tensor_parse {
    struct hyt_st_entry *e;
    bool dtype, shape, offsets;
};

static int tensor_dtype(struct parser *p, struct hyt_st_entry *e)
{
    const char *name;

    if (string(p, &name) < 0)
        return -1;
    e->type = hyt_dtype_by_name(name);
    if (!e->type)
        return fail(p,
                    "tensor \"%s\": unknown dtype \"%s\" (weights are F32, "
                    "BF16 or F16)",
                    e->t.name, name);
    e->t.dtype_name = e->type->name;
    e->t.dtype = e->type->dtype;
    return 0;
}

static int tensor_member(struct parser *p, const char *key, void *ctx)
{
    struct tensor_parse *t = ctx;
    uint64_t offset[2];
    int n;
    bool *seen = strcmp(key, "dtype") == 0          ? &t->dtype
                 : strcmp(key, "shape") == 0        ? &t->shape
                 : strcmp(key, "data_offsets") == 0 ? &t->offsets
                                                    : NULL;

    if (!seen)
        return fail(p, "tensor \"%s\": unknown member \"%s\"", t->e->t.name,
                    key);
    if (*seen)
        return fail(p, "tensor \"%s\": \"%s\" occurs twice", t->e->t.name, key);
    *seen = true;
    if (seen == &t->dtype)
        return tensor_dtype(p, t->e);
    if (seen == &t->shape)
        return integers(p, key, t->e->t.dim, HYT_MAX_DIMS, &t->e->t.n_dims);
    if (integers(p, key, offset, 2, &n) < 0)
        return -1;
    if (n != 2)
        return fail(p, "tensor \"%s\": data_offsets are not two numbers",
                    t->e->t.name);
    t->e->begin = offset[0];
    t->e->end = offset[1];
    return 0;
}

static int top_member(struct parser *p, const char *key, void *ctx)
{
    struct hyt_st_header *h = p->h;
    struct tensor_parse t = {0};

    (void)ctx;
    if (strcmp(key, "__metadata__") == 0) {
        if (h->has_meta)
            return fail(p, "__metadata__ occurs twice");
        h->has_meta = true;
        return object(p, meta_member, NULL);
    }
    h->entry = hyt_grow(h->entry, &h->cap, h->n + 1, sizeof *h->entry);
    t.e = &h->entry[h->n++];
    memset(t.e, 0, sizeof *t.e);
    t.e->t.name = key;
    if (object(p, tensor_member, &t) < 0)
        return -1;
    if (!t.dtype || !t.shape || !t.offsets)
        return fail(p, "tensor \"%s\" has no \"%s\"", key,
                    !t.dtype   ? "dtype"
                    : !t.shape ? "shape"
                               : "data_offsets");
    return 0;
}

int hyt_st_header_parse(struct hyt_st_header *h, const char *s, size_t n,
                        uint64_t n_data, struct hyt_err *err)
{
    struct parser p = {h, s, n, 0, err};

    p.at = hyt_utf8_bad(s, n);
    if (p.at < n)
        return fail(&p, "not UTF-8");
    p.at = 0;
    if (object(&p, top_member, NULL) < 0)
        return -1;
    if (peek(&p) || p.at < n)
        return fail(&p, "text after the header's closing brace");
    return hyt_st_header_check(h, n_data, err);
}

void hyt_st_header_free(struct hyt_st_header *h)
{
    hyt_arena_free(&h->arena);
    free(h->entry);
    free(h->meta);
    free(h->by_name);
}
