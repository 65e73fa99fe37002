/* SPDX-License-Identifier: MIT */
/*
 * messages.h - the conversation of a record, in the shapes that users have
 */
#ifndef HYT_MESSAGES_H
#define HYT_MESSAGES_H

#include "hyt/record.h"
#include "hyt/text.h"

struct hyt_messages {
    struct hyt_json *list; /* [{"role", "content"} ...] */
    size_t n, n_prompt;    /* n_prompt < n: the rest is the completion */
};

/*
 * `field` holds {"role", "content"} or ShareGPT's {"from", "value"}.  The
 * completion is a list in completion_field, or a string there (what the
 * assistant says), or else the last message where it is the assistant's.
 */
int hyt_messages_read(struct hyt_messages *m, struct hyt_rec *rec,
                      const char *field, const char *completion_field,
                      struct hyt_err *err) HYT_MUST_USE;
void hyt_messages_free(struct hyt_messages *m);

/*
 * Steps that come ready-made, as TRL has them: {"completions": [texts],
 * "labels": [...]}, one label a step, or null as hyt-split writes it.  Appends
 * the texts with newlines between.  1, 0 where the record has no such fields,
 * -1.
 */
int hyt_stepwise_read(struct hyt_rec *rec, struct hyt_buf *text,
                      struct hyt_err *err) HYT_MUST_USE;

/* Appends where in s[0..n), in which white space alone stands between them,
 * each of those steps ends. */
int hyt_stepwise_cut(struct hyt_rec *rec, const char *s, size_t n,
                     struct hyt_ends *ends, struct hyt_err *err) HYT_MUST_USE;

#endif
