/* SPDX-License-Identifier: MIT */
/*
 * msgtokens.h - a conversation as tokens
 */
#ifndef HYT_MSGTOKENS_H
#define HYT_MSGTOKENS_H

#include "query.h"

/* Sets prompt, completion and is_trace of a record whose `field` is a list of
 * messages. */
int hyt_msgtokens_read(struct hyt_query *q, struct hyt_rec *rec,
                       const char *field, const struct hyt_query_conf *conf,
                       struct hyt_err *err) HYT_MUST_USE;

#endif
