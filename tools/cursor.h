/* SPDX-License-Identifier: MIT */
/*
 * cursor.h - which records a checkpoint is the result of
 *
 * Count and digest of the records consumed are kept in the commit record of the
 * generation they led to: so a pipe that is run again applies each of them
 * once.  Whether an input is the same is seen from the records of its first
 * step; then it must go on as it did.
 */
#ifndef HYT_CURSOR_H
#define HYT_CURSOR_H

#include "hyt/ckpt.h"
#include "tool.h"

#define HYT_CURSOR_KEY  "hyt.cursor"  /* up to the last step */
#define HYT_FIRST_KEY   "hyt.first"   /* up to the first */
#define HYT_OPTIONS_KEY "hyt.options" /* those that change the result */

struct hyt_cursor {
    struct hyt_digest *digest;
    uint64_t records;           /* given out, or skipped */
    char first[64], cursor[64]; /* "COUNT:DIGEST"; empty before a step */

    struct hyt_line *held; /* read to be compared, given out afterwards */
    size_t n_held, held_cap, next;
};

void hyt_cursor_open(struct hyt_cursor *c);
void hyt_cursor_close(struct hyt_cursor *c);

/* The next record, as hyt_main_next(). */
int hyt_cursor_next(struct hyt_cursor *c, struct hyt_main *m,
                    struct hyt_rec **rec);

/* Whether the next record comes from the input. */
bool hyt_cursor_is_drained(const struct hyt_cursor *c);

/* The records given out so far make up whole steps. */
void hyt_cursor_mark(struct hyt_cursor *c);

/*
 * Compares the input with the cursor of a checkpoint, before anything is given
 * out.  HYT_SAME: it begins with the records that were applied; they are
 * skipped.  HYT_OTHER: it is another one, nothing of it is lost.  HYT_STRAYS:
 * it begins as the one that was applied, and then differs or ends before.
 */
enum hyt_match { HYT_OTHER, HYT_SAME, HYT_STRAYS };
int hyt_cursor_match(struct hyt_cursor *c, struct hyt_main *m,
                     const struct hyt_ckpt *ckpt);

#endif
