/* SPDX-License-Identifier: MIT */
/*
 * update.h - a run of hyt-update: where it begins, and what it commits
 */
#ifndef HYT_UPDATE_H
#define HYT_UPDATE_H

#include "cursor.h"
#include "hyt/train.h"
#include "metrics.h"
#include "open.h"
#include "tool.h"

struct hyt_update {
    struct hyt_main m;
    struct hyt_opened o, ref;
    struct hyt_work *work; /* NULL before the first record, and in a dry run */
    struct hyt_trainer *trainer;
    struct hyt_batch batch;
    struct hyt_cursor input; /* the records consumed */
    struct hyt_buf options;  /* those that change the result, as text */

    /* as asked */
    const char *out; /* --out DIR, or NULL */
    int64_t every;   /* --commit-every; 0: at the end alone */
    int64_t keep;    /* --keep, -1: not given */
    bool dry_run, again;

    bool resumed;  /* the checkpoint is a save point of this very run */
    bool applied;  /* records were skipped: they were applied before */
    char base[17]; /* digest of the generation that the run began with */
    uint64_t base_step;
    uint64_t step;   /* of the checkpoint */
    uint64_t saved;  /* the step of the last commit */
    uint64_t before; /* the step before this batch */
    uint64_t taken;  /* by this process */
    uint64_t tokens;
    uint64_t passed; /* batches that were not finite (--skip-nonfinite) */
    bool spoiled;    /* the working weights must not be committed */
    bool closed;     /* standard output does not take metrics any more */
};

/* Looks at what the input has in common with what was applied before, and skips
 * that.  1: nothing is left to do, 0, -1. */
int hyt_update_prepare(struct hyt_update *u);

/* Begins the working generation, before the first record. */
int hyt_update_begin(struct hyt_update *u) HYT_MUST_USE;

/* After the steps of a batch; `saving`: USR1 came.  Commits where it is time to
 * and goes on with the next generation. */
int hyt_update_save(struct hyt_update *u, bool saving) HYT_MUST_USE;

/* The last commit; got < 0: the run has failed, with the message in m.err.  Its
 * status, -1 also where the commit fails. */
int hyt_update_end(struct hyt_update *u, int got);

#endif
