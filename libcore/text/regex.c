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

#define MAX_RETRIES 20000000ul /* about a second */
#define MAX_STACK   4000000u   /* entries: a run of 4 MB of white space */

struct hyt_regex {
    regex_t *onig;
    char *pattern;
};

static void init(void)
{
    static OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};

    onig_initialize(encodings, 1);
    onig_set_retry_limit_in_match(MAX_RETRIES);
    onig_set_retry_limit_in_search(MAX_RETRIES);
    onig_set_match_stack_limit_size(MAX_STACK);
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
    re->pattern = hyt_strndup(pattern, n);
    return re;
}

void hyt_regex_free(struct hyt_regex *re)
{
    if (re) {
        onig_free(re->onig);
        free(re->pattern);
        free(re);
    }
}

void hyt_match_free(struct hyt_match *m)
{
    if (m->region)
        onig_region_free(m->region, 1);
    m->region = NULL;
}

int hyt_regex_search(const struct hyt_regex *re, const char *s, size_t n,
                     size_t from, struct hyt_match *m, struct hyt_err *err)
{
    const OnigUChar *u = (const OnigUChar *)s;
    OnigRegion *region;
    int at;

    if (n > INT_MAX)
        return hyt_fail(err, "text too long to search: %zu bytes", n);
    if (!m->region)
        m->region = onig_region_new();
    if (!m->region)
        HYT_BUG("no memory for a match");
    region = m->region;
    at = onig_search(re->onig, u, u + n, u + from, u + n, region,
                     ONIG_OPTION_NONE);
    if (at == ONIG_MISMATCH)
        return 0;
    if (at < 0)
        return hyt_fail(err, "regular expression \"%s\": gave up on %zu bytes",
                        re->pattern, n);
    m->begin = (size_t)region->beg[0];
    m->end = (size_t)region->end[0];
    m->has_group = region->num_regs > 1 && region->beg[1] >= 0;
    m->group_begin = m->has_group ? (size_t)region->beg[1] : 0;
    m->group_end = m->has_group ? (size_t)region->end[1] : 0;
    return 1;
}
