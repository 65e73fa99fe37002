/* SPDX-License-Identifier: MIT */
/*
 * prgfields.h - what hyt-prg adds to a record: "prg" and "certainty"
 */
#ifndef HYT_PRGFIELDS_H
#define HYT_PRGFIELDS_H

#include "hyt/kern.h"
#include "hyt/record.h"
#include "hyt/score.h"

/* Whether the fields may be set: those that this program did not write are
 * refused unless `overwrite`. */
int hyt_prgfields_claim(struct hyt_rec *rec, bool overwrite,
                        struct hyt_err *err) HYT_MUST_USE;

/* logp[0..n): l_0 ... l_K.  A score of NaN is null. */
void hyt_prgfields_prg(struct hyt_rec *rec, const struct hyt_prg *prg,
                       double score, const double *logp, size_t n);

/* Means over the completion's tokens, null where there are none; per_token:
 * and each token's. */
void hyt_prgfields_certainty(struct hyt_rec *rec,
                             const struct hyt_row_stats *stats, size_t n,
                             bool per_token);

#endif
