/* SPDX-License-Identifier: MIT */
/* added.h - added tokens: found in the text before the model sees it */
#ifndef HYT_TEXT_ADDED_H
#define HYT_TEXT_ADDED_H

#include "hyt/base.h"

struct hyt_added_token {
    char *s; /* what is looked for */
    size_t n;
    int32_t id;
    bool special;
    bool single_word;    /* only where no word character is beside it */
    bool lstrip, rstrip; /* takes the white space on that side with it */
};

/* All zero is an empty set. */
struct hyt_added {
    struct hyt_added_token *token;
    size_t n, cap;
    bool starts[256]; /* by first byte */
};

void hyt_added_put(struct hyt_added *set, struct hyt_added_token token);
void hyt_added_sort(struct hyt_added *set); /* once, after the last put */
void hyt_added_free(struct hyt_added *set);

/* The first token in s[from..n), the longest of those that begin there:
 * its id, and where it begins and ends; -1 where there is none.  Special ones
 * only if `special`. */
int32_t hyt_added_next(const struct hyt_added *set, const char *s, size_t n,
                       size_t from, bool special, size_t *begin, size_t *end);

#endif
