/* SPDX-License-Identifier: MIT */
/*
 * sample.h - from a record to the numbers that weigh it
 */
#ifndef HYT_TOOL_SAMPLE_H
#define HYT_TOOL_SAMPLE_H

#include "hyt/record.h"
#include "hyt/score.h"

/* The reward "auto|prg-certainty|…|field:NAME"; *field is NAME or NULL.  False
 * where it is none of these; `how` is untouched by "auto". */
bool hyt_reward_parse(struct hyt_weighing *how, const char **field,
                      const char *spec);

/*
 * Reads what `how` needs of the record and nothing else; the rest is NaN.  The
 * answer lives as long as the record.  A field that should be there and is not
 * is an error that says which program adds it; null is NaN.
 */
int hyt_sample_read(struct hyt_sample *s, struct hyt_rec *rec,
                    const struct hyt_weighing *how, const char *field,
                    struct hyt_err *err) HYT_MUST_USE;

/* Adds the scores in a file to the anchor: records with prg.score, or numbers,
 * one a line.  None at all is an error. */
int hyt_anchor_read(struct hyt_anchor *anchor, const char *path,
                    size_t max_line, struct hyt_err *err) HYT_MUST_USE;

#endif
