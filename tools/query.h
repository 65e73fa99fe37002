/* SPDX-License-Identifier: MIT */
/*
 * query.h - a record's prompt and completion as tokens
 */
#ifndef HYT_QUERY_H
#define HYT_QUERY_H

#include "open.h"

struct hyt_query_conf {
    const char *prompt_field, *completion_field;
    const char *format; /* "{prompt}" stands for the prompt */
    bool no_eos;
};

/* A record's tokens; n_completion is 0 and is_trace false for a query. */
struct hyt_query {
    struct hyt_ids32 prompt, completion;
    struct hyt_buf text; /* of a trace: what its tokens decode to */
    int32_t *ends;       /* of a trace [completion.n] */
    bool is_trace;
};

/* Encodes prompt and, where the record carries one, completion (followed by
 * the model's end of sequence). A record that does not fit the model's context
 * is refused with both lengths. */
int hyt_query_read(struct hyt_query *q, struct hyt_rec *rec,
                   const struct hyt_opened *o,
                   const struct hyt_query_conf *conf,
                   struct hyt_err *err) HYT_MUST_USE;
void hyt_query_free(struct hyt_query *q);

/* A copy of s with \n, \t and \\ undone, as a shell cannot easily write
 * them; free(). */
char *hyt_query_unescape(const char *s);

#endif
