/* SPDX-License-Identifier: MIT */
/*
 * trace.c - spans as JSONL, for profiling
 *
 * Every line is one write() to a file opened for appending, so that the
 * processes of a pipe may share one file; `at` is the machine's monotonic
 * clock, the same for all of them.
 */
#include "hyt/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { UNKNOWN = -2, OFF = -1 };

/* A file descriptor once the environment has been looked at; and why there is
 * none, or none any more. */
static atomic_int trace_fd = UNKNOWN, trace_errno;

static int open_trace(void)
{
    const char *path = getenv("HYT_TRACE");
    int was = UNKNOWN, fd = OFF;

    if (path && *path) {
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        if (fd < 0)
            atomic_store(&trace_errno, errno);
    }
    if (atomic_compare_exchange_strong(&trace_fd, &was, fd))
        return fd;
    if (fd >= 0) /* another thread was faster */
        close(fd);
    return was;
}

static int trace_file(void)
{
    int fd = atomic_load_explicit(&trace_fd, memory_order_relaxed);

    return fd == UNKNOWN ? open_trace() : fd;
}

int hyt_trace_check(struct hyt_err *err)
{
    trace_file();
    errno = atomic_load(&trace_errno);
    return errno == 0
               ? 0
               : hyt_fail_errno(err, "HYT_TRACE: %s", getenv("HYT_TRACE"));
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t hyt_now_us(void)
{
    return now_ns() / 1000;
}

void hyt_trace_begin(struct hyt_trace_span *s)
{
    s->n = 0;
    s->began = s->mark = trace_file() < 0 ? 0 : now_ns();
}

void hyt_trace_op(struct hyt_trace_span *s, const char *op)
{
    uint64_t now;
    size_t i = 0;

    if (s->began == 0)
        return;
    now = now_ns();
    while (op && i < s->n && strcmp(s->op[i].name, op) != 0)
        i++;
    if (op && i == s->n) {
        if (s->n == HYT_TRACE_OPS)
            HYT_BUG("a span of too many operations");
        s->op[s->n].name = op;
        s->op[s->n++].ns = 0;
    }
    if (op)
        s->op[i].ns += now - s->mark;
    s->mark = now;
}

static void put_us(struct hyt_buf *b, uint64_t ns)
{
    hyt_buf_printf(b, "%llu.%03u", (unsigned long long)(ns / 1000),
                   (unsigned)(ns % 1000));
}

void hyt_trace_end(struct hyt_trace_span *s, const char *name)
{
    const int fd = atomic_load_explicit(&trace_fd, memory_order_relaxed);
    struct hyt_buf b = {0};

    if (fd < 0 || s->began == 0)
        return;
    hyt_buf_printf(&b, "{\"span\":\"%s\",\"at\":", name);
    put_us(&b, s->began);
    hyt_buf_puts(&b, ",\"us\":");
    put_us(&b, now_ns() - s->began);
    hyt_buf_printf(&b, ",\"pid\":%ld,\"ops\":{", (long)getpid());
    for (size_t i = 0; i < s->n; i++) {
        hyt_buf_printf(&b, "%s\"%s\":", i > 0 ? "," : "", s->op[i].name);
        put_us(&b, s->op[i].ns);
    }
    hyt_buf_puts(&b, "}}\n");
    s->began = 0;
    /* A trace that cannot be written must not stop the work. */
    if (write(fd, b.s, b.n) != (ssize_t)b.n) {
        atomic_store(&trace_errno, errno != 0 ? errno : EIO);
        atomic_store(&trace_fd, OFF);
    }
    hyt_buf_free(&b);
}
