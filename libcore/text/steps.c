/* SPDX-License-Identifier: MIT */
/*
 * steps.c - a trace is cut into steps
 *
 * Each kind of stepper finds places where a step may end; a stretch of white
 * space alone is no step and joins the one before it, or the first.
 */
#include <stdlib.h>
#include <string.h>

#include "hyt/text.h"
#include "text/chars.h"
#include "text/regex.h"

struct hyt_stepper {
    enum hyt_step_kind kind;
    struct hyt_regex *re;
    uint64_t n_tokens;
};

/* An expression that matches in an empty text matches nothing everywhere. */
static struct hyt_regex *delimiter(const char *pattern, struct hyt_err *err)
{
    struct hyt_regex *re = hyt_regex_new(pattern, err);
    struct hyt_match m = {0};

    hyt_match_begin(&m, 0);
    if (re && hyt_regex_search(re, "", 0, 0, &m, err) != 0) {
        hyt_fail(err,
                 "steps \"regex:%s\": the expression matches no text at "
                 "all: steps would end everywhere",
                 pattern);
        hyt_regex_free(re);
        re = NULL;
    }
    hyt_match_free(&m);
    return re;
}

struct hyt_stepper *hyt_stepper_new(const char *spec, struct hyt_err *err)
{
    struct hyt_stepper *s = hyt_alloc(1, sizeof(*s));

    if (strcmp(spec, "line") == 0) {
        s->kind = HYT_STEP_LINE;
    } else if (strcmp(spec, "sentence") == 0) {
        s->kind = HYT_STEP_SENTENCE;
    } else if (strncmp(spec, "regex:", 6) == 0) {
        s->kind = HYT_STEP_REGEX;
        s->re = delimiter(spec + 6, err);
        if (!s->re)
            goto fail;
    } else if (strncmp(spec, "tokens:", 7) == 0) {
        s->kind = HYT_STEP_TOKENS;
        if (hyt_parse_u64(spec + 7, &s->n_tokens, err) < 0) {
            hyt_fail_prefix(err, "steps \"%s\": ", spec);
            goto fail;
        }
        if (s->n_tokens == 0) {
            hyt_fail(err, "steps \"%s\": at least one token", spec);
            goto fail;
        }
    } else {
        hyt_fail(err,
                 "steps \"%s\": expected line, sentence, regex:RE or tokens:N",
                 spec);
        goto fail;
    }
    return s;

fail:
    hyt_stepper_free(s);
    return NULL;
}

void hyt_stepper_free(struct hyt_stepper *s)
{
    if (s) {
        hyt_regex_free(s->re);
        free(s);
    }
}

enum hyt_step_kind hyt_stepper_kind(const struct hyt_stepper *s)
{
    return s->kind;
}

void hyt_ends_free(struct hyt_ends *ends)
{
    free(ends->end);
    memset(ends, 0, sizeof(*ends));
}

/* One call of hyt_stepper_cut(). */
struct cutter {
    const char *text;
    size_t limit;
    struct hyt_ends *ends;
    size_t n_before; /* ends that were there before */
    size_t begin;    /* of the stretch that is not in a step yet */
    size_t space;    /* the stretch is white space up to here */
};

/* A step may end here: it does, unless the stretch is only white space. */
static void may_end(struct cutter *c, size_t end)
{
    struct hyt_ends *ends = c->ends;

    if (end <= c->begin)
        return;
    c->space += hyt_skip_space(c->text + c->space, end - c->space);
    if (c->space < end) {
        ends->end =
            hyt_grow(ends->end, &ends->cap, ends->n + 1, sizeof(*ends->end));
        ends->n++;
    } else if (ends->n == c->n_before) {
        return;
    }
    ends->end[ends->n - 1] = c->begin = c->space = end;
}

static void cut_lines(struct cutter *c)
{
    for (size_t i = 0; i < c->limit; i++)
        if (c->text[i] == '\n')
            may_end(c, i + 1);
}

/* "12." in front of an item of a list is not a sentence. */
static bool is_number(const char *s, size_t n)
{
    const size_t space = hyt_skip_space(s, n);
    size_t i = space;

    while (i < n && s[i] >= '0' && s[i] <= '9')
        i++;
    return i > space && i + 1 == n && s[i] == '.';
}

/* A sentence ends after a full stop and what closes behind it: where white
 * space follows, or, if the stop is a wide one, anything but another stop; and
 * at the end of a line. */
static void cut_sentences(struct cutter *c)
{
    const char *s = c->text;
    size_t i = 0;

    while (i < c->limit) {
        bool wide, more;
        size_t width = hyt_full_stop(s + i, c->limit - i, &wide);

        if (width == 0) {
            if (s[i++] == '\n')
                may_end(c, i);
            continue;
        }
        for (; width > 0; width = hyt_closes(s + i, c->limit - i))
            i += width;
        wide = wide && hyt_full_stop(s + i, c->limit - i, &more) == 0;
        if ((wide || hyt_starts_space(s + i, c->limit - i)) &&
            !is_number(s + c->begin, i - c->begin))
            may_end(c, i);
    }
}

static int cut_matches(struct cutter *c, const struct hyt_regex *re,
                       struct hyt_err *err)
{
    struct hyt_match m = {0};
    size_t from = 0;
    int found = 0;

    hyt_match_begin(&m, c->limit);
    while (from <= c->limit && (found = hyt_regex_search(re, c->text, c->limit,
                                                         from, &m, err)) > 0) {
        uint32_t cp;

        may_end(c, m.end);
        from = m.end;
        if (m.begin == m.end) /* go on behind the next character */
            from += from < c->limit
                        ? hyt_utf8_get(c->text + from, c->limit - from, &cp)
                        : 1;
    }
    hyt_match_free(&m);
    return found < 0 ? -1 : 0;
}

static void cut_tokens(struct cutter *c, uint64_t every,
                       const int32_t *token_ends, size_t n_tokens)
{
    for (uint64_t i = every; i <= n_tokens; i += every) {
        const size_t end = (size_t)token_ends[i - 1];

        may_end(c, end < c->limit ? end : c->limit);
        if (every > n_tokens - i)
            break;
    }
}

int hyt_stepper_cut(const struct hyt_stepper *s, const char *text, size_t limit,
                    const int32_t *token_ends, size_t n_tokens,
                    struct hyt_ends *ends, struct hyt_err *err)
{
    struct cutter c = {text, limit, ends, ends->n, 0, 0};

    switch (s->kind) {
    case HYT_STEP_LINE:
        cut_lines(&c);
        break;
    case HYT_STEP_SENTENCE:
        cut_sentences(&c);
        break;
    case HYT_STEP_REGEX:
        if (cut_matches(&c, s->re, err) < 0)
            return -1;
        break;
    case HYT_STEP_TOKENS:
        if (!token_ends)
            return hyt_fail(err, "steps of tokens need a text with tokens");
        cut_tokens(&c, s->n_tokens, token_ends, n_tokens);
        break;
    }
    may_end(&c, limit);
    return 0;
}

/* --- bytes and tokens ----------------------------------------------------- */

void hyt_steps_to_tokens(size_t *token_end, const size_t *byte_end,
                         size_t n_steps, const int32_t *ends, size_t n_tokens)
{
    size_t t = 0;

    for (size_t i = 0; i < n_steps; i++) {
        while (t < n_tokens && (t == 0 || (size_t)ends[t - 1] < byte_end[i]))
            t++;
        token_end[i] = t;
    }
}

void hyt_bytes_to_tokens(size_t *begin, size_t *end, size_t b0, size_t b1,
                         const int32_t *ends, size_t n_tokens)
{
    size_t first = 0, last;

    while (first < n_tokens && (size_t)ends[first] <= b0)
        first++;
    last = first;
    while (last < n_tokens && (last == 0 || (size_t)ends[last - 1] < b1) &&
           b0 < b1)
        last++;
    /* A token without width in front of it holds the first bytes of a
     * character that the next one completes. */
    while (last > first && first > 0 && (size_t)ends[first - 1] == b0 &&
           (first == 1 ? b0 == 0 : (size_t)ends[first - 2] == b0))
        first--;
    *begin = first;
    *end = last;
}
