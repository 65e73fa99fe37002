/* SPDX-License-Identifier: MIT */
/*
 * err.h - how a failure travels
 *
 * What the outside world can cause (a bad record, a full disk, a damaged
 * file) is returned: 1 a record / 0 the end or success / -1 an error, with
 * the message in the `struct hyt_err *err` that every fallible function takes
 * last.  The message is filled once, where most is known, is untouched on
 * success, and is complete enough to be printed after "tool: ".
 *
 * Two things do not return: out of memory and HYT_BUG() print one line and
 * end the process.
 */
#ifndef HYT_ERR_H
#define HYT_ERR_H

#include <stddef.h>

#define HYT_MUST_USE          __attribute__((warn_unused_result))
#define HYT_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define HYT_NORETURN          __attribute__((noreturn))

struct hyt_err {
    char msg[1024];
    /* 1: one record is at fault and the stream can go on after it
     * (--skip-bad); 0: the stream itself cannot be trusted any more. */
    int bad_record;
};

/* Sets the message.  Returns -1 so that `return hyt_fail(err, ...)` reads
 * well.  A message that is too long is cut, never overrun. */
int hyt_fail(struct hyt_err *err, const char *fmt, ...) HYT_PRINTF(2, 3);

/* The same, with ": " and strerror(errno) appended. */
int hyt_fail_errno(struct hyt_err *err, const char *fmt, ...) HYT_PRINTF(2, 3);

/* The same, and marks the failure as one record's. */
int hyt_fail_record(struct hyt_err *err, const char *fmt, ...) HYT_PRINTF(2, 3);

/* Puts text in front of a message that is already there.  Returns -1. */
int hyt_fail_prefix(struct hyt_err *err, const char *fmt, ...) HYT_PRINTF(2, 3);

/* A broken invariant of the program itself: prints where, aborts. */
HYT_NORETURN void hyt_bug(const char *file, int line, const char *what);
#define HYT_BUG(what) hyt_bug(__FILE__, __LINE__, (what))

#endif
