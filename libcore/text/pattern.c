/* SPDX-License-Identifier: MIT */
/* pattern.c - what a normalizer replaces and a pre-tokenizer splits at */
#include <stdlib.h>
#include <string.h>

#include "text/chars.h"
#include "text/field.h"
#include "text/pattern.h"

int hyt_pattern_load(struct hyt_pattern *p, const struct hyt_json *obj,
                     const char *what, struct hyt_err *err)
{
    const struct hyt_json *pattern = hyt_field(obj, "pattern");
    const char *s = NULL;

    if (!pattern)
        return hyt_fail(err, "%s: \"pattern\" is missing", what);
    if (hyt_field_str(pattern, what, "String", &s, err) < 0)
        return -1;
    if (s) {
        p->string = hyt_strndup(s, strlen(s));
        return 0;
    }
    if (hyt_field_str(pattern, what, "Regex", &s, err) < 0)
        return -1;
    if (!s)
        return hyt_fail(err, "%s: \"pattern\" is neither String nor Regex",
                        what);
    p->re = hyt_regex_new(s, err);
    return p->re ? 0 : hyt_fail_prefix(err, "%s: ", what);
}

void hyt_pattern_free(struct hyt_pattern *p)
{
    free(p->string);
    hyt_regex_free(p->re);
}

void hyt_finder_start(struct hyt_finder *f, const struct hyt_pattern *p,
                      const char *s, size_t n)
{
    f->pattern = p;
    f->s = s;
    f->n = n;
    f->from = 0;
    f->any = false;
    if (p->re)
        hyt_match_begin(&f->match, n);
}

static size_t char_width(const char *s, size_t n)
{
    uint32_t cp;

    return n == 0 ? 1 : hyt_utf8_get(s, n, &cp);
}

static int find_string(struct hyt_finder *f)
{
    const char *string = f->pattern->string;
    const size_t n = strlen(string);
    const char *at = f->s + f->from, *end = f->s + f->n;

    while (n > 0 && (size_t)(end - at) >= n) {
        at = memchr(at, string[0], (size_t)(end - at) - n + 1);
        if (!at)
            break;
        if (memcmp(at, string, n) == 0) {
            f->match.begin = (size_t)(at - f->s);
            f->match.end = f->match.begin + n;
            return 1;
        }
        at++;
    }
    return 0;
}

static int find_char(struct hyt_finder *f)
{
    for (size_t at = f->from, width; at < f->n; at += width) {
        uint32_t cp;

        width = hyt_utf8_get(f->s + at, f->n - at, &cp);
        if (width == 0)
            HYT_BUG("text is not UTF-8");
        if (f->pattern->is(cp)) {
            f->match.begin = at;
            f->match.end = at + width;
            return 1;
        }
    }
    return 0;
}

int hyt_finder_next(struct hyt_finder *f, struct hyt_err *err)
{
    const struct hyt_pattern *p = f->pattern;
    const size_t last = f->from; /* the end of the match before */

    for (;;) {
        int found;

        if (f->from > f->n)
            return 0;
        if (p->re)
            found =
                hyt_regex_search(p->re, f->s, f->n, f->from, &f->match, err);
        else
            found = p->string ? find_string(f) : find_char(f);
        if (found < 0)
            return hyt_fail(err,
                            "a run in %zu bytes is too long for the "
                            "tokenizer's pattern",
                            f->n - f->from);
        if (found == 0)
            return 0;
        if (f->match.begin < f->match.end || f->match.end != last || !f->any)
            break;
        f->from += char_width(f->s + f->from, f->n - f->from);
    }
    f->any = true;
    f->from = f->match.end;
    return 1;
}

void hyt_finder_free(struct hyt_finder *f)
{
    hyt_match_free(&f->match);
}

int hyt_pattern_replace(const struct hyt_pattern *p, const char *content,
                        const char *s, size_t n, struct hyt_buf *out,
                        struct hyt_err *err)
{
    struct hyt_finder f = {0};
    size_t at = 0;
    int found;

    hyt_finder_start(&f, p, s, n);
    while ((found = hyt_finder_next(&f, err)) > 0) {
        hyt_buf_put(out, s + at, f.match.begin - at);
        hyt_buf_puts(out, content);
        at = f.match.end;
    }
    hyt_buf_put(out, s + at, n - at);
    hyt_finder_free(&f);
    return found;
}
