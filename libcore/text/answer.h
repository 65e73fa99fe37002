/* SPDX-License-Identifier: MIT */
/*
 * answer.h - the formats of answers, each a scanner by hand
 *
 * Each finds the last answer of its kind in s[0..n), valid UTF-8, in linear
 * time whatever the text holds; false where there is none.
 */
#ifndef HYT_TEXT_ANSWER_H
#define HYT_TEXT_ANSWER_H

#include "hyt/text.h"

bool hyt_find_hash(const char *s, size_t n, struct hyt_answer *found);
bool hyt_find_boxed(const char *s, size_t n, struct hyt_answer *found);
bool hyt_find_phrase(const char *s, size_t n, struct hyt_answer *found);
bool hyt_find_choice(const char *s, size_t n, struct hyt_answer *found);
bool hyt_find_number(const char *s, size_t n, struct hyt_answer *found);

bool hyt_one_of(const char *set, char c); /* not for NUL */
char hyt_lower(char c);                   /* of A to Z */
/* Whether s[0..n) is the word, given in lower case. */
bool hyt_same_word(const char *s, const char *word, size_t n);
/* The first place in s[at..n) with a character that is not of the set. */
size_t hyt_skip_set(const char *s, size_t n, size_t at, const char *set);
/* Whether a word goes on at s[at]. */
bool hyt_word_after(const char *s, size_t n, size_t at);
/* The end of the word, given in lower case, where it stands at s[at]; or 0. */
size_t hyt_word_end(const char *s, size_t n, size_t at, const char *word);

/* "So the final answer is:", "**Answer:**": s[begin..end), where the answer
 * follows. */
struct hyt_statement {
    size_t begin, end;
};

/* The first statement in s[from..n). */
bool hyt_statement_next(const char *s, size_t n, size_t from,
                        struct hyt_statement *st);

/* The answer becomes s[begin..end) without the white space around it; false
 * where nothing is left. */
bool hyt_answer_set(struct hyt_answer *a, const char *s, size_t marker,
                    size_t begin, size_t end);

#endif
