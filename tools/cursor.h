/* SPDX-License-Identifier: MIT */
/*
 * cursor.h - which records a checkpoint is the result of
 *
 * Count and digest of the records consumed, kept in the commit record of the
 * generation they led to: so a pipe that is run again into the same --out can
 * tell that its work is done.
 */
#ifndef HYT_CURSOR_H
#define HYT_CURSOR_H

#include "open.h"
#include "tool.h"

#define HYT_CURSOR_KEY "hyt.cursor"

struct hyt_cursor {
    struct hyt_digest *digest;
    uint64_t records;
};

void hyt_cursor_open(struct hyt_cursor *c);
void hyt_cursor_close(struct hyt_cursor *c);
void hyt_cursor_add(struct hyt_cursor *c, const struct hyt_rec *rec);

/* "COUNT:DIGEST". */
void hyt_cursor_text(const struct hyt_cursor *c, char text[64]);

#define HYT_OPTIONS_KEY "hyt.options"

/*
 * Whether directory `out` holds the result of the checkpoint with the digest
 * `base`, of these options, and of the input of m, which is read to its end to
 * find out.  1 it does, 0 there is nothing to compare with, -1 it holds that of
 * others, or is the very directory of the checkpoint.
 */
int hyt_cursor_done(struct hyt_cursor *c, struct hyt_main *m, const char *out,
                    const char *base, const char *options) HYT_MUST_USE;

#endif
