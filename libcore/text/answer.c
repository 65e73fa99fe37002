/* SPDX-License-Identifier: MIT */
/*
 * answer.c - finds the final answer of a trace: the last one in the text
 *
 * A format is a way to find the last statement of its kind; "auto" asks the
 * formats in turn.
 */
#include <stdlib.h>
#include <string.h>

#include "text/answer.h"
#include "text/chars.h"
#include "text/regex.h"

/* In the order in which "auto" asks them. */
static const struct format {
    const char *name;
    bool (*find)(const char *s, size_t n, struct hyt_answer *found);
    const char *elicit; /* what leads to an answer where none was stated */
} formats[] = {
    {"hash", hyt_find_hash, "\n#### "},
    {"boxed", hyt_find_boxed, "\nThe answer is \\boxed{"},
    {"phrase", hyt_find_phrase, "\nThe answer is "},
    {"choice", hyt_find_choice, "\nThe answer is ("},
    {"last-number", hyt_find_number, "\nThe answer is "},
};

struct hyt_answerer {
    const struct format *format; /* NULL: by the expression, else all */
    struct hyt_regex *re;
};

static const struct format *find_format(const char *name)
{
    for (size_t i = 0; i < HYT_LEN(formats); i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

struct hyt_answerer *hyt_answerer_new(const char *spec, struct hyt_err *err)
{
    const struct format *format = find_format(spec);
    struct hyt_regex *re = NULL;
    struct hyt_answerer *a;

    if (strncmp(spec, "regex:", 6) == 0) {
        re = hyt_regex_new(spec + 6, err);
        if (!re)
            return NULL;
    } else if (!format && strcmp(spec, "auto") != 0) {
        hyt_fail(err,
                 "answer \"%s\": expected auto, hash, boxed, phrase, choice, "
                 "last-number or regex:RE",
                 spec);
        return NULL;
    }
    a = hyt_alloc(1, sizeof(*a));
    a->format = format;
    a->re = re;
    return a;
}

void hyt_answerer_free(struct hyt_answerer *a)
{
    if (a)
        hyt_regex_free(a->re);
    free(a);
}

const char *hyt_answerer_elicit(const struct hyt_answerer *a)
{
    if (a->re)
        return "\nThe answer is ";
    return a->format ? a->format->elicit : formats[0].elicit;
}

bool hyt_answer_set(struct hyt_answer *a, const char *s, size_t marker,
                    size_t begin, size_t end)
{
    begin += hyt_skip_space(s + begin, end - begin);
    end = begin + hyt_trim_end(s + begin, end - begin);
    *a = (struct hyt_answer){marker, begin, end};
    return begin < end;
}

/* The last match with an answer in it: group 1, else the whole match. */
static int find_match(const struct hyt_regex *re, const char *s, size_t n,
                      struct hyt_answer *found, struct hyt_err *err)
{
    struct hyt_match m = {0};
    size_t from = 0;
    int got = 0, any = 0;

    hyt_match_begin(&m, n);
    while (from <= n && (got = hyt_regex_search(re, s, n, from, &m, err)) > 0) {
        const size_t begin = m.has_group ? m.group_begin : m.begin;
        struct hyt_answer a;
        uint32_t cp;

        /* A group in a look-behind is in front of the match. */
        if (hyt_answer_set(&a, s, begin < m.begin ? begin : m.begin, begin,
                           m.has_group ? m.group_end : m.end)) {
            *found = a;
            any = 1;
        }
        from = m.end;
        if (m.begin == m.end)
            from += from < n ? hyt_utf8_get(s + from, n - from, &cp) : 1;
    }
    hyt_match_free(&m);
    return got < 0 ? -1 : any;
}

/* A number or the letter of an option, and nothing else. */
static bool is_plain(const char *text, const struct hyt_answer *a)
{
    const char *s = text + a->begin;
    const size_t n = a->end - a->begin;
    struct hyt_answer part;

    return (n == 1 && s[0] >= 'A' && s[0] <= 'J') ||
           (hyt_find_number(s, n, &part) && part.begin == 0 && part.end == n);
}

/* "####" is also a heading: then the answer is what a box or a phrase behind
 * it, or in it, says.  A plain answer gives way to another such only, not to
 * "this answer is correct". */
static void look_behind(const char *text, size_t n, struct hyt_answer *hash)
{
    struct hyt_answer other;

    if (((hyt_find_boxed(text, n, &other) && other.begin > hash->begin) ||
         (hyt_find_phrase(text, n, &other) && other.begin > hash->begin)) &&
        (!is_plain(text, hash) || is_plain(text, &other)))
        *hash = other;
}

int hyt_answerer_find(const struct hyt_answerer *a, const char *text, size_t n,
                      struct hyt_answer *found, struct hyt_err *err)
{
    if (a->re)
        return find_match(a->re, text, n, found, err);
    if (a->format)
        return a->format->find(text, n, found);
    for (size_t i = 0; i < HYT_LEN(formats); i++)
        if (formats[i].find(text, n, found)) {
            if (formats[i].find == hyt_find_hash)
                look_behind(text, n, found);
            return 1;
        }
    return 0;
}
