/* SPDX-License-Identifier: MIT */
/*
 * Spans as JSONL, for profiling.  Every line is one write() to a file opened
 * for appending, so that the processes of a pipe may share one file; `at` is
 * the machine's monotonic clock, the same for all of them.
 */
#include "hyt/base.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { UNKNOWN = -2, OFF = -1 };

/* A file descriptor once the environment has been looked at. */
static atomic_int trace_fd = UNKNOWN;

static int open_trace(void)
{
    const char *path = getenv("HYT_TRACE");
    int was = UNKNOWN, fd = OFF;

    if (path && *path)
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (atomic_compare_exchange_strong(&trace_fd, &was, fd))
        return fd;
    if (fd >= 0) /* another thread was faster */
        close(fd);
    return was;
}

uint64_t hyt_now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t hyt_trace_begin(void)
{
    int fd = atomic_load_explicit(&trace_fd, memory_order_relaxed);

    if (fd == UNKNOWN)
        fd = open_trace();
    return fd < 0 ? 0 : hyt_now_us();
}

void hyt_trace_end(const char *name, uint64_t begin)
{
    const int fd = atomic_load_explicit(&trace_fd, memory_order_relaxed);
    char line[256];
    int n;

    if (fd < 0 || begin == 0)
        return;
    n = snprintf(line, sizeof line,
                 "{\"span\":\"%s\",\"at\":%llu,\"us\":%llu,\"pid\":%ld}\n",
                 name, (unsigned long long)begin,
                 (unsigned long long)(hyt_now_us() - begin), (long)getpid());
    /* A trace that cannot be written must not stop the work. */
    if (n > 0 && (size_t)n < sizeof line && write(fd, line, (size_t)n) < 0)
        atomic_store(&trace_fd, OFF);
}
