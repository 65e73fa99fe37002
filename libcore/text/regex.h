/* SPDX-License-Identifier: MIT */
/* regex.h - regular expressions over UTF-8 that cannot run away (Oniguruma) */
#ifndef HYT_TEXT_REGEX_H
#define HYT_TEXT_REGEX_H

#include "hyt/base.h"

struct hyt_regex; /* immutable; may be shared by threads */

/* NULL where the pattern is wrong, with Oniguruma's reason. */
struct hyt_regex *hyt_regex_new(const char *pattern, struct hyt_err *err);
void hyt_regex_free(struct hyt_regex *re); /* NULL is accepted */

/* A match, and what searching needs: all zero at first, told of each text that
 * is to be searched, used for any number of searches, then freed. */
struct hyt_match {
    size_t begin, end;
    bool has_group; /* group 1 took part */
    size_t group_begin, group_end;
    void *region, *limits;
    unsigned long retries; /* that are left, for backtracking */
};
void hyt_match_begin(struct hyt_match *m, size_t n); /* a text of n bytes */
void hyt_match_free(struct hyt_match *m);

/* The first match that begins at or after `from`: 1, 0 where there is none,
 * -1 where the searches with m have used up what they may cost.  The text must
 * be valid UTF-8. */
int hyt_regex_search(const struct hyt_regex *re, const char *s, size_t n,
                     size_t from, struct hyt_match *m, struct hyt_err *err);

#endif
