/* SPDX-License-Identifier: MIT */
/*
 * regex.c - Oniguruma, with its default syntax: that which the patterns in
 * tokenizer.json files are written for
 *
 * Backtracking is bounded, in steps and in memory, so that a bad pattern on a
 * long text is an error and not a hung pipe.
 */
#include <limits.h>
#include <oniguruma.h>
#include <stdlib.h>
#include <string.h>

#include "text/regex.h"

/* Retries for all searches of a text: about a second, and for each byte as
 * many as an expression needs that takes linear time.  What a search needs at
 * least is not counted.  Entries of 32 bytes on the stack: a run of characters
 * needs one for each. */
#define MAX_RETRIES      20000000ul
#define RETRIES_PER_BYTE 16ul
#define FREE_RETRIES     64ul
#define MAX_STACK        16000000u

/* Out of memory in onig_new() ends in a double free of its own (6.9.8), so
 * what it may need is asked for first; glibc keeps as much at hand of what is
 * given back. */
#define COMPILE_MEMORY ((size_t)100 << 10)

struct hyt_regex {
    regex_t *onig;
};

static void init(void)
{
    static OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};

    onig_initialize(encodings, 1);
}

struct hyt_regex *hyt_regex_new(const char *pattern, struct hyt_err *err)
{
    const OnigUChar *p = (const OnigUChar *)pattern;
    const size_t n = strlen(pattern);
    OnigErrorInfo info;
    regex_t *onig;
    struct hyt_regex *re;
    int status;

    if (hyt_utf8_bad(pattern, n) < n) {
        hyt_fail(err, "a regular expression must be UTF-8");
        return NULL;
    }
    init();
    free(hyt_alloc(1, COMPILE_MEMORY));
    status = onig_new(&onig, p, p + n, ONIG_OPTION_NONE, ONIG_ENCODING_UTF8,
                      ONIG_SYNTAX_DEFAULT, &info);
    if (status != ONIG_NORMAL) {
        OnigUChar why[ONIG_MAX_ERROR_MESSAGE_LEN];

        onig_error_code_to_str(why, status, &info);
        hyt_fail(err, "regular expression \"%s\": %s", pattern,
                 (const char *)why);
        return NULL;
    }
    re = hyt_alloc(1, sizeof(*re));
    re->onig = onig;
    return re;
}

void hyt_regex_free(struct hyt_regex *re)
{
    if (re) {
        onig_free(re->onig);
        free(re);
    }
}

void hyt_match_free(struct hyt_match *m)
{
    if (m->region)
        onig_region_free(m->region, 1);
    if (m->limits)
        onig_free_match_param(m->limits);
    m->region = m->limits = NULL;
}

void hyt_match_begin(struct hyt_match *m, size_t n)
{
    if (!m->limits) {
        m->region = onig_region_new();
        m->limits = onig_new_match_param();
        if (!m->region || !m->limits)
            hyt_no_memory("a match");
        onig_initialize_match_param(m->limits);
        onig_set_match_stack_limit_size_of_match_param(m->limits, MAX_STACK);
        m->retries = MAX_RETRIES;
    }
    m->retries += RETRIES_PER_BYTE * n;
}

/* Oniguruma does not tell how many retries it took: the limit rises until it
 * is enough, and that much is taken off. */
static int search(const struct hyt_regex *re, const char *s, size_t n,
                  size_t from, struct hyt_match *m)
{
    const OnigUChar *u = (const OnigUChar *)s;
    const unsigned long most = FREE_RETRIES + m->retries;
    unsigned long limit = FREE_RETRIES;
    int at;

    for (;; limit = limit > most / 16 ? most : 8 * limit) {
        onig_set_retry_limit_in_match_of_match_param(m->limits, limit);
        onig_set_retry_limit_in_search_of_match_param(m->limits, limit);
        at = onig_search_with_param(re->onig, u, u + n, u + from, u + n,
                                    m->region, ONIG_OPTION_NONE, m->limits);
        if (limit == most || (at != ONIGERR_RETRY_LIMIT_IN_MATCH_OVER &&
                              at != ONIGERR_RETRY_LIMIT_IN_SEARCH_OVER))
            break;
    }
    if (limit > FREE_RETRIES)
        m->retries = most - limit;
    return at;
}

int hyt_regex_search(const struct hyt_regex *re, const char *s, size_t n,
                     size_t from, struct hyt_match *m, struct hyt_err *err)
{
    const OnigRegion *region;
    int at;

    if (n > INT_MAX)
        return hyt_fail(err, "text too long to search: %zu bytes", n);
    at = search(re, s, n, from, m);
    if (at == ONIG_MISMATCH)
        return 0;
    if (at < 0)
        return hyt_fail(err, "the regular expression gave up on %zu bytes", n);
    region = m->region;
    m->begin = (size_t)region->beg[0];
    if (m->begin < from) /* \K in a look-behind */
        m->begin = from;
    m->end = (size_t)region->end[0];
    m->has_group = region->num_regs > 1 && region->beg[1] >= 0;
    m->group_begin = m->has_group ? (size_t)region->beg[1] : 0;
    m->group_end = m->has_group ? (size_t)region->end[1] : 0;
    return 1;
}
