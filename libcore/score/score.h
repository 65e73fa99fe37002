/* SPDX-License-Identifier: MIT */
/*
 * score.h - what the files of this room share
 */
#ifndef SCORE_SCORE_H
#define SCORE_SCORE_H

#include "hyt/score.h"

/* End of the run of rollouts of one query that starts at s[i]. */
size_t hyt_score_group_end(const struct hyt_sample *s, size_t n, size_t i);

/* Fills `reward` of every rollout. */
void hyt_score_rewards(struct hyt_sample *s, size_t n,
                       const struct hyt_weighing *how);

/* Fills `advantage` of every rollout that counts, from reward and trust. */
void hyt_score_advantages(struct hyt_sample *s, const bool *counts, size_t n,
                          const struct hyt_weighing *how);

/* Parts of hyt_metrics(), for n > 0 answered rows, sorted. */
void hyt_score_bins(double out[HYT_N_METRICS], const struct hyt_judged *row,
                    size_t n, size_t bins);
void hyt_score_ranks(double out[HYT_N_METRICS], const struct hyt_judged *row,
                     size_t n);
/* The variant with confidence 1/2 for the unanswered; n > 0 rows, any order. */
void hyt_score_half(double out[HYT_N_METRICS], const struct hyt_judged *row,
                    size_t n, size_t bins);
double hyt_score_smece(const struct hyt_judged *row, size_t n);

#endif
