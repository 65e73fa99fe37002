/* SPDX-License-Identifier: MIT */
/* pretok.h - pre-tokenizers: text is cut into words, which the model encodes */
#ifndef HYT_TEXT_PRETOK_H
#define HYT_TEXT_PRETOK_H

#include "hyt/json.h"
#include "text/pattern.h"

/* Every pre-tokenizer is made of four kinds of steps. */
enum hyt_pretok_kind {
    HYT_PRETOK_PREFIX,  /* put `content` in front, if it is not there */
    HYT_PRETOK_REPLACE, /* pattern -> content */
    HYT_PRETOK_SPLIT,   /* cut at pattern */
    HYT_PRETOK_BYTES    /* bytes -> GPT-2's alphabet */
};

enum hyt_split_how {
    HYT_SPLIT_REMOVED,
    HYT_SPLIT_ISOLATED,
    HYT_SPLIT_PREVIOUS, /* a match joins what stands before it */
    HYT_SPLIT_NEXT,
    HYT_SPLIT_CONTIGUOUS /* neighbouring matches are one */
};

struct hyt_pretok_step {
    enum hyt_pretok_kind kind;
    struct hyt_pattern pattern;
    char *content;
    bool first_only; /* PREFIX: only where the whole text begins */
    enum hyt_split_how how;
    bool invert; /* SPLIT: what does not match is the match */
};

struct hyt_pretok {
    struct hyt_pretok_step *step;
    size_t n, cap;
    bool bytes; /* at last, bytes -> GPT-2's alphabet: the caller does it */
};

int hyt_pretok_load(struct hyt_pretok *pre, const struct hyt_json *part,
                    struct hyt_err *err);
void hyt_pretok_free(struct hyt_pretok *pre);

/* Words one after the other: word i ends at end[i] and begins where the one
 * before it ends. */
struct hyt_words {
    struct hyt_buf text;
    size_t *end;
    size_t n, cap;
    bool behind; /* what stood before the first has been removed */
};
void hyt_words_reset(struct hyt_words *w);
void hyt_words_end(struct hyt_words *w); /* unless it would be empty */
void hyt_words_free(struct hyt_words *w);

/* *words (one word at first) is cut further, with *spare as the other.
 * `prefix`: dummy prefixes are wanted; `first`: this is where the whole text
 * begins. */
int hyt_pretok_apply(const struct hyt_pretok *pre, bool prefix, bool first,
                     struct hyt_words *words, struct hyt_words *spare,
                     struct hyt_err *err);

#endif
