/* SPDX-License-Identifier: MIT */
/*
 * tok.h - the parts of a tokenizer, in the order in which text meets them
 *
 * Added tokens are cut out of the text; the rest is normalized, cut into words
 * and encoded by the model.  The way back is a table: the bytes of every id.
 */
#ifndef HYT_TEXT_TOK_H
#define HYT_TEXT_TOK_H

#include "hyt/json.h"
#include "hyt/text.h"
#include "text/added.h"
#include "text/norm.h"
#include "text/pretok.h"
#include "text/tokmodel.h"
#include "text/vocab.h"

struct hyt_encoder;

struct hyt_tok {
    struct hyt_vocab vocab; /* the model's and the added tokens */

    struct hyt_added raw;        /* looked for in the text as it is */
    struct hyt_norm norm;        /* then the text is normalized */
    struct hyt_added normalized; /* looked for in normalized text */
    struct hyt_pretok pre;
    struct hyt_tokmodel model;
    struct hyt_ids32 before, after; /* what the post-processor adds */
    int32_t bos; /* of tokenizer_config.json, else the first of `before`; -1 */

    /* The last call's memory, with the words it has met: a call takes it,
     * where another thread has not, and puts it back. */
    _Atomic(struct hyt_encoder *) *idle;

    /* What stands for a space in the vocabulary (U+2581).  Where the text
     * itself has it, only its bytes come back as they were: NULL where the
     * decoder leaves it alone, or the bytes have no tokens. */
    char *mark;

    bool has_prefix; /* a sequence's first space is a dummy */
    bool spaced;     /* every token's bytes begin with a space */
    struct hyt_buf bytes;
    size_t *bytes_end; /* by id, into `bytes` */
};

/* Fails where the text is not UTF-8; everything below takes it to be. */
int hyt_tok_check_text(const char *text, size_t n,
                       struct hyt_err *err) HYT_MUST_USE;

void hyt_encoder_free(struct hyt_encoder *e); /* NULL is accepted */

/* Reads the "decoder" part and fills mark, bytes, bytes_end; the other parts
 * are loaded. */
int hyt_tok_load_decoder(struct hyt_tok *tok, const struct hyt_json *part,
                         struct hyt_err *err);

#endif
