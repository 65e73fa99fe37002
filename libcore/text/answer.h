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
