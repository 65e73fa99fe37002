/* SPDX-License-Identifier: MIT */
/*
 * split.h - a record's completion becomes steps and a final answer
 */
#ifndef HYT_SPLIT_H
#define HYT_SPLIT_H

#include "hyt/record.h"
#include "hyt/text.h"

struct hyt_splitter {
    struct hyt_stepper *stepper;
    struct hyt_answerer *answerer;
};

/* By the words of --steps and --answer. -1: one of them is wrong. */
int hyt_splitter_open(struct hyt_splitter *sp, const char *steps,
                      const char *answer, struct hyt_err *err) HYT_MUST_USE;
void hyt_splitter_close(struct hyt_splitter *sp);

/*
 * Sets "steps" and "final".  Steps end where the statement of the answer
 * begins; a token that straddles the two belongs to the statement.  The answer
 * of a rollout that was cut short is null: it may not be its last word.  Steps
 * that came ready-made (hyt_stepwise_read()) stay as they are.
 */
int hyt_split_record(const struct hyt_splitter *sp, struct hyt_rec *rec,
                     const char *completion_field, bool overwrite,
                     struct hyt_err *err) HYT_MUST_USE;

/*
 * Sets "completions", the text of each of its steps, the last with the
 * statement of the answer, and "labels": the shape of TRL's stepwise
 * supervision.
 */
int hyt_split_stepwise(struct hyt_rec *rec, const char *completion_field,
                       bool overwrite, struct hyt_err *err) HYT_MUST_USE;

#endif
