/* SPDX-License-Identifier: MIT */
/*
 * file.c - whole files in memory
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hyt/io.h"
#include "io/fd.h"

#define CHUNK ((size_t)64 * 1024)

/* One byte more than max is asked for, so that a longer file shows. */
static int read_all(int fd, const char *path, size_t max, struct hyt_buf *buf,
                    struct hyt_err *err)
{
    size_t left = max;

    for (;;) {
        size_t ask = left < CHUNK ? left + 1 : CHUNK;
        ptrdiff_t got;

        hyt_buf_reserve(buf, ask);
        got = hyt_fd_read(fd, buf->s + buf->n, ask);
        if (got < 0)
            return hyt_fail_errno(err, "%s", path);
        if ((size_t)got > left)
            return hyt_fail(err, "%s: larger than %zu bytes", path, max);
        buf->n += (size_t)got;
        buf->s[buf->n] = 0;
        left -= (size_t)got;
        if (got == 0)
            return 0;
    }
}

int hyt_file_read(const char *path, size_t max, struct hyt_buf *buf,
                  struct hyt_err *err)
{
    struct stat st;
    size_t n = buf->n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc;

    if (fd < 0)
        return hyt_fail_errno(err, "%s", path);
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        rc = hyt_fail(err, "%s: is a directory", path);
    else
        rc = read_all(fd, path, max, buf, err);
    close(fd);
    if (rc < 0 && buf->s) {
        buf->n = n;
        buf->s[n] = 0;
    }
    return rc;
}

int hyt_file_write(const char *path, const void *bytes, size_t n,
                   struct hyt_err *err)
{
    struct hyt_temp t;

    if (hyt_temp_open(&t, path, err) < 0)
        return -1;
    if (hyt_fd_write(t.fd, bytes, n) < 0) {
        int rc = hyt_fail_errno(err, "%s", path);

        hyt_temp_discard(&t);
        return rc;
    }
    return hyt_temp_commit(&t, path, err);
}
