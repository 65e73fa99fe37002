/* SPDX-License-Identifier: MIT */
/* pattern.h - what a normalizer replaces and a pre-tokenizer splits at */
#ifndef HYT_TEXT_PATTERN_H
#define HYT_TEXT_PATTERN_H

#include "hyt/json.h"
#include "text/regex.h"

struct hyt_pattern {
    char *string;         /* this string, */
    struct hyt_regex *re; /* or this expression, */
    bool (*is)(uint32_t); /* or one character of this kind */
};

/* Reads {"String": s} or {"Regex": s}, the member "pattern" of obj. */
int hyt_pattern_load(struct hyt_pattern *p, const struct hyt_json *obj,
                     const char *what, struct hyt_err *err);
void hyt_pattern_free(struct hyt_pattern *p);

/* Matches in s[0..n), from left to right, none overlapping.  An empty match
 * is given, but not at the end of the one before. */
struct hyt_finder {
    const struct hyt_pattern *pattern;
    const char *s;
    size_t n, from;
    bool any; /* a match was given */
    struct hyt_match match;
};
void hyt_finder_start(struct hyt_finder *f, const struct hyt_pattern *p,
                      const char *s, size_t n);
/* 1, 0, or -1 where a run of matching characters is too long. */
int hyt_finder_next(struct hyt_finder *f, struct hyt_err *err);
void hyt_finder_free(struct hyt_finder *f);

/* Appends s[0..n) with each match replaced by `content`. */
int hyt_pattern_replace(const struct hyt_pattern *p, const char *content,
                        const char *s, size_t n, struct hyt_buf *out,
                        struct hyt_err *err);

#endif
