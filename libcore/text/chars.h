/* SPDX-License-Identifier: MIT */
/* chars.h - classes of characters, by Unicode (utf8proc) */
#ifndef HYT_TEXT_CHARS_H
#define HYT_TEXT_CHARS_H

#include "hyt/base.h"

bool hyt_is_space(uint32_t cp);   /* White_Space */
bool hyt_is_word(uint32_t cp);    /* letters, marks, digits, connectors: \w
                                     of UTS #18 */
bool hyt_is_letter(uint32_t cp);  /* L */
bool hyt_is_numeric(uint32_t cp); /* Nd, Nl, No */
bool hyt_is_punct(uint32_t cp);   /* P, and all such signs of ASCII */

/* The character that ends before s[at]; at > 0, valid UTF-8. */
size_t hyt_utf8_before(const char *s, size_t at, uint32_t *cp);

/* Width of the mark at s that may end a sentence: . ! ? or one of 。！？ (wide:
 * no white space follows it); 0: there is none. */
size_t hyt_full_stop(const char *s, size_t n, bool *wide);

/* Width of the quote or bracket that closes at s, 0 where none does. */
size_t hyt_closes(const char *s, size_t n);

bool hyt_starts_space(const char *s, size_t n); /* s[0..n) begins with it */

/* Length of white space at the front, and start of that at the end. */
size_t hyt_skip_space(const char *s, size_t n);
size_t hyt_trim_end(const char *s, size_t n);

/* The length of the grapheme cluster at the front; n > 0, valid UTF-8. */
size_t hyt_grapheme(const char *s, size_t n);

enum hyt_form { HYT_NFC, HYT_NFD, HYT_NFKC, HYT_NFKD };

/* Appends s[0..n), valid UTF-8, in that normal form. */
int hyt_put_normal(struct hyt_buf *out, enum hyt_form form, const char *s,
                   size_t n, struct hyt_err *err);

/* Appends s[0..n) in lower case, each character by itself. */
void hyt_put_lower(struct hyt_buf *out, const char *s, size_t n);

#endif
