/* SPDX-License-Identifier: MIT */
/* regex.h - regular expressions over UTF-8 that cannot run away (Oniguruma) */
#ifndef HYT_TEXT_REGEX_H
#define HYT_TEXT_REGEX_H

#include "hyt/base.h"

struct hyt_regex; /* immutable; may be shared by threads */

/* NULL where the pattern is wrong, with Oniguruma's reason. */
struct hyt_regex *hyt_regex_new(const char *pattern, struct hyt_err *err);
void hyt_regex_free(struct hyt_regex *re); /* NULL is accepted */

/* A match, and the memory that searching needs: all zero at first, used for
 * any number of searches, then freed. */
struct hyt_match {
    size_t begin, end;
    bool has_group; /* group 1 took part */
    size_t group_begin, group_end;
    void *region, *limits;
    size_t n_limits; /* the text they are for, or a shorter one */
};
void hyt_match_free(struct hyt_match *m);

/* The first match that begins at or after `from`: 1, 0 where there is none,
 * -1 where the search gave up.  The text must be valid UTF-8. */
int hyt_regex_search(const struct hyt_regex *re, const char *s, size_t n,
                     size_t from, struct hyt_match *m, struct hyt_err *err);

#endif
