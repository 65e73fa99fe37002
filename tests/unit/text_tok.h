/* SPDX-License-Identifier: MIT */
/*
 * text_tok.h - the tokenizers of tests/fixtures/tok
 *
 * make.py says what they are made of.  Whatever fails here fails the test.
 */
#ifndef TEXT_TOK_H
#define TEXT_TOK_H

#include "hyt/text.h"

#define MARK "\xE2\x96\x81" /* U+2581 */

enum { TEXT_NAMES = 5 };
extern const char *const text_names[TEXT_NAMES];

/* Appends a file of tests/fixtures/tok ($HYT_FIXTURES/tok). */
void text_fixture(struct hyt_buf *b, const char *name);

struct hyt_tok *text_load(const char *name);
struct hyt_tok *text_load_json(const char *json, const char *config);

/* Replaces what is in ids. */
void text_encode(const struct hyt_tok *tok, const char *text, size_t n,
                 unsigned mode, struct hyt_ids32 *ids);

#endif
