/* SPDX-License-Identifier: MIT */
/* fuzz.c - what the fuzz targets share */
#define _GNU_SOURCE /* memfd_create */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

size_t fuzz_parts(struct part *part, size_t max, const uint8_t *data, size_t n)
{
    const char *s = (const char *)data;
    size_t count = 0;

    memset(part, 0, max * sizeof(*part));
    for (size_t i = 0; i < max; i++) {
        const char *end = n > 0 && i + 1 < max ? memchr(s, '\0', n) : NULL;
        const size_t len = end ? (size_t)(end - s) : n;

        part[i].s = hyt_strndup(s, len);
        part[i].n = len;
        count += n > 0;
        s = end ? end + 1 : s + len;
        n -= end ? len + 1 : len;
    }
    return count;
}

void fuzz_parts_free(struct part *part, size_t max)
{
    for (size_t i = 0; i < max; i++)
        free(part[i].s);
}

void fuzz_check_failure(const struct hyt_err *err)
{
    CHECK(memchr(err->msg, '\0', sizeof(err->msg)) != NULL);
    CHECK(err->msg[0] != '\0');
}

const char *fuzz_file(const uint8_t *data, size_t n)
{
    static char path[64];
    static int fd = -1;

    if (fd < 0)
        fd = memfd_create("fuzz", MFD_CLOEXEC);
    CHECK(fd >= 0 && ftruncate(fd, 0) == 0);
    for (size_t at = 0; at < n;) {
        const ssize_t put = pwrite(fd, data + at, n - at, (off_t)at);

        CHECK(put > 0);
        at += (size_t)put;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return path;
}

void fuzz_touch(const void *bytes, size_t n)
{
    const volatile unsigned char *b = bytes;

    for (size_t i = 0; i < n; i++)
        (void)b[i];
}
