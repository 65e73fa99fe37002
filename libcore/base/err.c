/* SPDX-License-Identifier: MIT */
/*
 * Error messages.  Each is formatted in a buffer of its own first, because an
 * argument may be the old message.
 */
#include "hyt/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Formats into out; what does not fit, or cannot be formatted, is left out.
 * Returns the length. */
static HYT_PRINTF(3, 0) size_t
    format(char *out, size_t size, const char *fmt, va_list args)
{
    const int n = vsnprintf(out, size, fmt, args);

    if (n < 0) {
        out[0] = '\0';
        return 0;
    }
    return (size_t)n < size ? (size_t)n : size - 1;
}

/* The message becomes head + tail, cut at its end.  tail may be the message
 * itself. */
static int set(struct hyt_err *err, int bad_record, const char *head,
               const char *tail)
{
    const size_t n = strnlen(head, sizeof err->msg - 1);
    const size_t m = strnlen(tail, sizeof err->msg - 1 - n);

    memmove(err->msg + n, tail, m);
    memcpy(err->msg, head, n);
    err->msg[n + m] = '\0';
    err->bad_record = bad_record;
    return -1;
}

int hyt_fail(struct hyt_err *err, const char *fmt, ...)
{
    char msg[sizeof err->msg];
    va_list args;

    va_start(args, fmt);
    format(msg, sizeof msg, fmt, args);
    va_end(args);
    return set(err, 0, msg, "");
}

int hyt_fail_errno(struct hyt_err *err, const char *fmt, ...)
{
    const int cause = errno;
    char msg[sizeof err->msg - 256]; /* the cause must not be what is cut */
    char why[256];
    va_list args;

    va_start(args, fmt);
    format(msg, sizeof msg, fmt, args);
    va_end(args);
    snprintf(why, sizeof why, ": %s", strerror(cause));
    return set(err, 0, msg, why);
}

int hyt_fail_record(struct hyt_err *err, const char *fmt, ...)
{
    char msg[sizeof err->msg];
    va_list args;

    va_start(args, fmt);
    format(msg, sizeof msg, fmt, args);
    va_end(args);
    return set(err, 1, msg, "");
}

int hyt_fail_prefix(struct hyt_err *err, const char *fmt, ...)
{
    char msg[sizeof err->msg];
    va_list args;

    va_start(args, fmt);
    format(msg, sizeof msg, fmt, args);
    va_end(args);
    return set(err, err->bad_record, msg, err->msg);
}

void hyt_bug(const char *file, int line, const char *what)
{
    fprintf(stderr, "hyt: bug at %s:%d: %s\n", file, line, what);
    abort();
}
