/* SPDX-License-Identifier: MIT */
/*
 * query.h - a record's prompt and completion as tokens
 */
#ifndef HYT_QUERY_H
#define HYT_QUERY_H

#include "chat.h"
#include "hyt/record.h"

struct hyt_query_conf {
    const char *prompt_field; /* NULL: prompt, messages, conversations, text */
    const char *completion_field;
    const char *format; /* "{prompt}" stands for a prompt that is a string */
    bool no_eos;
    bool parse_special; /* special tokens in a user's text count, too */

    const struct hyt_tok *tok;
    const struct hyt_chat *chat;
    const int32_t *eos; /* the first of which ends a completion */
    size_t n_eos;
    size_t room;  /* the model's context, in tokens */
    size_t vocab; /* ids that the model has rows for */
};

/* A record's tokens; n_completion is 0 and is_trace false for a query. */
struct hyt_query {
    struct hyt_ids32 prompt, completion;
    struct hyt_buf text; /* of a trace: what its tokens decode to */
    int32_t *ends;       /* of a trace [completion.n] */
    bool is_trace;
};

/*
 * Encodes prompt and, where the record carries one, completion, which ends
 * with the model's end of sequence.  Messages go through the chat template;
 * what it prints behind that token is left out.  A text, or another message,
 * that goes on behind one is refused.  A record that does not fit the model's
 * context is refused with both lengths.
 */
int hyt_query_read(struct hyt_query *q, struct hyt_rec *rec,
                   const struct hyt_query_conf *conf,
                   struct hyt_err *err) HYT_MUST_USE;
/* The field that the prompt is in; *text: it holds a whole text. */
int hyt_query_field(struct hyt_rec *rec, const struct hyt_query_conf *conf,
                    const char **field, bool *text,
                    struct hyt_err *err) HYT_MUST_USE;

/* How a completion s[0..n) behind the prompt is encoded.  Behind a special
 * token words have the space in front that the tokenizer puts there, unless
 * they have one. */
unsigned hyt_query_follow(const struct hyt_query_conf *conf,
                          const struct hyt_ids32 *prompt, const char *s,
                          size_t n);

/* The first EOS of the completion, or its length. */
size_t hyt_query_end(const struct hyt_query *q,
                     const struct hyt_query_conf *conf);
/* An error where more than white space and special tokens, which templates end
 * turns with, stands behind that: it would be lost. */
int hyt_query_check_end(const struct hyt_query *q,
                        const struct hyt_query_conf *conf,
                        struct hyt_err *err) HYT_MUST_USE;
void hyt_query_free(struct hyt_query *q);

/* A copy of s with \n, \t and \\ undone, as a shell cannot easily write
 * them; free(). */
char *hyt_query_unescape(const char *s);

#endif
