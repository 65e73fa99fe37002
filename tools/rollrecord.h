/* SPDX-License-Identifier: MIT */
/*
 * rollrecord.h - what hyt-rollout adds to a record
 */
#ifndef HYT_ROLLRECORD_H
#define HYT_ROLLRECORD_H

#include "hyt/sample.h"
#include "open.h"
#include "query.h"

/* Whether the fields may be set: those that this program did not write are
 * refused unless `overwrite`, and so is a record that is a rollout. */
int hyt_rollrecord_claim(struct hyt_rec *rec, const struct hyt_query_conf *conf,
                         bool overwrite, struct hyt_err *err) HYT_MUST_USE;

/* Copies the string or number in `field` (NULL: none) to "gold", which is
 * claimed likewise. */
int hyt_rollrecord_gold(struct hyt_rec *rec, const char *field, bool overwrite,
                        struct hyt_err *err) HYT_MUST_USE;

/* A supervised trace. */
void hyt_rollrecord_trace(struct hyt_rec *rec, const struct hyt_query *q);

/* Whether the record, a sample, is of this very model and way to sample; -1 and
 * what differs. */
int hyt_rollrecord_check(struct hyt_rec *rec, const struct hyt_opened *o,
                         const struct hyt_rollout_conf *conf,
                         struct hyt_err *err) HYT_MUST_USE;

/* Sample k of a query.  The record may hold the sample before it. */
int hyt_rollrecord_sample(struct hyt_rec *rec, const struct hyt_opened *o,
                          const struct hyt_rollout_conf *conf,
                          const struct hyt_ids32 *prompt, size_t k,
                          const struct hyt_completion *c,
                          struct hyt_err *err) HYT_MUST_USE;

#endif
