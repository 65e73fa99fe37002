/* SPDX-License-Identifier: MIT */
/*
 * fields.c - the fields that several programs of the toolkit share
 *
 * What is read is checked to hang together, so that those who use it may index
 * by it: lengths agree, offsets never fall, spans do not end before they
 * begin.
 */
#include <stdio.h>
#include <string.h>

#include "record/rec.h"

/* --- writing -------------------------------------------------------------- */

static void put_int(struct hyt_buf *b, int64_t x)
{
    char text[24], *p = text + sizeof(text);
    uint64_t u = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;

    do
        *--p = (char)('0' + u % 10);
    while ((u /= 10) > 0);
    if (x < 0)
        *--p = '-';
    hyt_buf_put(b, p, (size_t)(text + sizeof(text) - p));
}

static void put_ints(struct hyt_buf *b, const char *key, const int32_t *x,
                     size_t n)
{
    hyt_buf_printf(b, "\"%s\":[", key);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            hyt_buf_putc(b, ',');
        put_int(b, x[i]);
    }
    hyt_buf_putc(b, ']');
}

static void put_span(struct hyt_buf *b, const char *key,
                     const struct hyt_span *span)
{
    hyt_buf_printf(b, "\"%s\":[", key);
    put_int(b, (int64_t)span->begin);
    hyt_buf_putc(b, ',');
    put_int(b, (int64_t)span->end);
    hyt_buf_putc(b, ']');
}

/* --- tokens --------------------------------------------------------------- */

/* A required object's member that is missing. */
static int lacks(const struct hyt_rec *rec, const char *name,
                 const char *member, struct hyt_err *err)
{
    return hyt_rec_fail(rec, name, err, "\"%s\" has no \"%s\"", name, member);
}

/* tokens.MEMBER: 1, 0 where the record has none, -1. */
static int ints(struct hyt_rec *rec, const char *path, const int32_t **x,
                size_t *n, struct hyt_err *err)
{
    int got = hyt_rec_i32s(rec, path, x, n, err);

    if (got == 0)
        return lacks(rec, "tokens", strchr(path, '.') + 1, err);
    for (size_t i = 0; got > 0 && i < *n; i++)
        if ((*x)[i] < 0)
            return hyt_rec_fail(rec, "tokens", err,
                                "\"%s[%zu]\" is %d, less than 0", path, i,
                                (int)(*x)[i]);
    return got;
}

static int differ(const struct hyt_rec *rec, const char *member, size_t n,
                  size_t want, struct hyt_err *err)
{
    return hyt_rec_fail(rec, "tokens", err,
                        "\"tokens.%s\" has %zu numbers for %zu tokens of the "
                        "completion",
                        member, n, want);
}

int hyt_rec_tokens(struct hyt_rec *rec, struct hyt_tokens *t,
                   struct hyt_err *err)
{
    struct hyt_tokens k = {0};
    struct hyt_rec_value v;
    size_t n_logp, n_ends;
    int got = hyt_rec_find(rec, "tokens", &v, err);

    if (got <= 0 || hyt_rec_type(&v) == HYT_JSON_NULL)
        return got < 0 ? -1 : 0;
    if (hyt_rec_type(&v) != HYT_JSON_OBJECT)
        return hyt_rec_mistyped(rec, "tokens", &v, "an object", err);
    if (ints(rec, "tokens.prompt", &k.prompt, &k.n_prompt, err) < 0 ||
        ints(rec, "tokens.completion", &k.completion, &k.n_completion, err) <
            0 ||
        ints(rec, "tokens.ends", &k.ends, &n_ends, err) < 0)
        return -1;
    got = hyt_rec_f32s(rec, "tokens.logp", &k.logp, &n_logp, err);
    if (got < 0)
        return -1;
    if (got > 0 && n_logp != k.n_completion)
        return differ(rec, "logp", n_logp, k.n_completion, err);
    if (n_ends != k.n_completion)
        return differ(rec, "ends", n_ends, k.n_completion, err);
    for (size_t i = 1; i < n_ends; i++)
        if (k.ends[i] < k.ends[i - 1])
            return hyt_rec_fail(rec, "tokens", err,
                                "\"tokens.ends[%zu]\" is %d, after %d", i,
                                (int)k.ends[i], (int)k.ends[i - 1]);
    *t = k;
    return 1;
}

void hyt_rec_set_tokens(struct hyt_rec *rec, const struct hyt_tokens *t)
{
    struct hyt_buf b = {0};

    hyt_buf_putc(&b, '{');
    put_ints(&b, "prompt", t->prompt, t->n_prompt);
    hyt_buf_putc(&b, ',');
    put_ints(&b, "completion", t->completion, t->n_completion);
    if (t->logp) {
        hyt_buf_puts(&b, ",\"logp\":[");
        for (size_t i = 0; i < t->n_completion; i++) {
            if (i > 0)
                hyt_buf_putc(&b, ',');
            hyt_json_put_f32(&b, t->logp[i]);
        }
        hyt_buf_putc(&b, ']');
    }
    hyt_buf_putc(&b, ',');
    put_ints(&b, "ends", t->ends, t->n_completion);
    hyt_buf_putc(&b, '}');
    hyt_rec_set(rec, "tokens", b.s, b.n);
    hyt_buf_free(&b);
}

/* --- spans ---------------------------------------------------------------- */

/* [begin, end], whole numbers >= 0 that a double holds exactly. */
static bool read_span(const struct hyt_json *v, struct hyt_span *span)
{
    const struct hyt_json *x = hyt_json_child(v);
    size_t *const to[2] = {&span->begin, &span->end};

    if (hyt_json_type(v) != HYT_JSON_ARRAY || hyt_json_count(v) != 2)
        return false;
    for (int i = 0; i < 2; i++, x = hyt_json_next(x)) {
        double d;

        if (hyt_json_type(x) != HYT_JSON_NUM)
            return false;
        d = hyt_json_num(x);
        if (!(d >= 0 && d <= 0x1p53) || d != (double)(size_t)d)
            return false;
        *to[i] = (size_t)d;
    }
    return span->begin <= span->end;
}

/* A member that is a span: 1, 0 absent, -1. */
static int member_span(const struct hyt_rec *rec, const char *field,
                       const char *where, const struct hyt_json *object,
                       const char *name, struct hyt_span *span,
                       struct hyt_err *err)
{
    const struct hyt_json *v = hyt_json_get(object, name);

    if (!v)
        return 0;
    if (!read_span(v, span))
        return hyt_rec_fail(rec, field, err,
                            "\"%s.%s\" is no span [begin, end]", where, name);
    return 1;
}

/* --- steps ---------------------------------------------------------------- */

/* Step i of the array; the first says whether all have tokens. */
static int read_step(struct hyt_rec *rec, struct hyt_steps *s, size_t i,
                     const struct hyt_json *v, struct hyt_err *err)
{
    struct hyt_span tokens = {0};
    char where[40];
    int got;

    snprintf(where, sizeof(where), "steps[%zu]", i);
    got = member_span(rec, "steps", where, v, "text", &s->text[i], err);
    if (got == 0)
        return hyt_rec_fail(rec, "steps", err, "\"%s\" has no \"text\"", where);
    if (got < 0)
        return -1;
    got = member_span(rec, "steps", where, v, "tokens", &tokens, err);
    if (got < 0)
        return -1;
    if (got > 0 && i == 0)
        s->tokens = HYT_NEW(hyt_rec_arena(rec), struct hyt_span, s->n);
    if ((got > 0) != (s->tokens != NULL))
        return hyt_rec_fail(rec, "steps", err,
                            "some of \"steps\" have \"tokens\", others not");
    if (got > 0)
        s->tokens[i] = tokens;
    if (i > 0 && (s->text[i].end < s->text[i - 1].end ||
                  (got > 0 && tokens.end < s->tokens[i - 1].end)))
        return hyt_rec_fail(rec, "steps", err,
                            "\"%s\" ends before the step in front of it",
                            where);
    return 0;
}

int hyt_rec_steps(struct hyt_rec *rec, struct hyt_steps *steps,
                  struct hyt_err *err)
{
    struct hyt_steps s = {0};
    const struct hyt_json *v;
    int got = hyt_rec_get(rec, "steps", &v, err);
    size_t i = 0;

    if (got <= 0 || hyt_json_type(v) == HYT_JSON_NULL)
        return got < 0 ? -1 : 0;
    if (hyt_json_type(v) != HYT_JSON_ARRAY)
        return hyt_rec_fail(rec, "steps", err,
                            "\"steps\" is %s, expected an array",
                            hyt_json_type_name(v));
    s.n = hyt_json_count(v);
    s.text = HYT_NEW(hyt_rec_arena(rec), struct hyt_span, s.n);
    for (v = hyt_json_child(v); v; v = hyt_json_next(v))
        if (read_step(rec, &s, i++, v, err) < 0)
            return -1;
    *steps = s;
    return 1;
}

void hyt_rec_set_steps(struct hyt_rec *rec, const struct hyt_steps *steps)
{
    struct hyt_buf b = {0};

    hyt_buf_putc(&b, '[');
    for (size_t i = 0; i < steps->n; i++) {
        hyt_buf_puts(&b, i > 0 ? ",{" : "{");
        put_span(&b, "text", &steps->text[i]);
        if (steps->tokens) {
            hyt_buf_putc(&b, ',');
            put_span(&b, "tokens", &steps->tokens[i]);
        }
        hyt_buf_putc(&b, '}');
    }
    hyt_buf_putc(&b, ']');
    hyt_rec_set(rec, "steps", b.s, b.n);
    hyt_buf_free(&b);
}

/* --- final ---------------------------------------------------------------- */

int hyt_rec_final(struct hyt_rec *rec, struct hyt_final *f, struct hyt_err *err)
{
    struct hyt_final k = {0};
    const struct hyt_json *v, *text;
    int got = hyt_rec_get(rec, "final", &v, err);

    if (got <= 0 || hyt_json_type(v) == HYT_JSON_NULL)
        return got < 0 ? -1 : 0;
    if (hyt_json_type(v) != HYT_JSON_OBJECT)
        return hyt_rec_fail(rec, "final", err,
                            "\"final\" is %s, expected an object",
                            hyt_json_type_name(v));
    text = hyt_json_get(v, "text");
    if (!text)
        return lacks(rec, "final", "text", err);
    if (hyt_json_type(text) != HYT_JSON_STR)
        return hyt_rec_fail(rec, "final", err,
                            "\"final.text\" is %s, expected a string",
                            hyt_json_type_name(text));
    k.text = hyt_json_str(text);
    k.n = strlen(k.text);
    got = member_span(rec, "final", "final", v, "bytes", &k.bytes, err);
    if (got == 0)
        return lacks(rec, "final", "bytes", err);
    if (got < 0)
        return -1;
    got = member_span(rec, "final", "final", v, "tokens", &k.tokens, err);
    if (got < 0)
        return -1;
    k.has_tokens = got > 0;
    *f = k;
    return 1;
}

void hyt_rec_set_final(struct hyt_rec *rec, const struct hyt_final *f)
{
    struct hyt_buf b = {0};

    if (!f) {
        hyt_rec_set(rec, "final", "null", 4);
        return;
    }
    hyt_buf_puts(&b, "{\"text\":");
    hyt_json_put_str(&b, f->text, f->n);
    hyt_buf_putc(&b, ',');
    put_span(&b, "bytes", &f->bytes);
    if (f->has_tokens) {
        hyt_buf_putc(&b, ',');
        put_span(&b, "tokens", &f->tokens);
    }
    hyt_buf_putc(&b, '}');
    hyt_rec_set(rec, "final", b.s, b.n);
    hyt_buf_free(&b);
}
