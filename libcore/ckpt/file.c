/* SPDX-License-Identifier: MIT */
/*
 * file.c - files of a directory, by name: read whole, written at an offset
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ckpt/file.h"

bool hyt_plain_name(const char *name)
{
    return name[0] && name[0] != '.' && !strchr(name, '/');
}

DIR *hyt_dir_list(int dir, const char *dir_name, struct hyt_err *err)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);

    if (!list) {
        hyt_fail_errno(err, "%s", dir_name);
        if (fd >= 0)
            close(fd);
    }
    return list;
}

const char *hyt_dir_next(DIR *list, const char *dir_name, int *status,
                         struct hyt_err *err)
{
    const struct dirent *entry;

    if (*status < 0)
        return NULL;
    errno = 0;
    entry = readdir(list);
    if (!entry && errno)
        *status = hyt_fail_errno(err, "%s", dir_name);
    return entry ? entry->d_name : NULL;
}

bool hyt_dir_lacks(int dir, const char *name)
{
    return faccessat(dir, name, F_OK, 0) < 0 && errno == ENOENT;
}

ssize_t hyt_read_some(int fd, void *to, size_t n)
{
    size_t have = 0;

    while (have < n) {
        ssize_t got = read(fd, (char *)to + have, n - have);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

static int read_all(int fd, size_t size, struct hyt_buf *bytes)
{
    ssize_t got;

    hyt_buf_reserve(bytes, size + 1);
    got = hyt_read_some(fd, bytes->s + bytes->n, size);
    if (got < 0)
        return -1;
    bytes->n += (size_t)got;
    bytes->s[bytes->n] = '\0';
    return 0;
}

int hyt_dir_read(int dir, const char *dir_name, const char *name, size_t max,
                 struct hyt_buf *bytes, struct stat *info, struct hyt_err *err)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int status = 1;

    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0)
        return hyt_fail_errno(err, "%s/%s", dir_name, name);
    if (fstat(fd, info) < 0)
        status = hyt_fail_errno(err, "%s/%s", dir_name, name);
    else if (!S_ISREG(info->st_mode))
        status = hyt_fail(err, "%s/%s: not a regular file", dir_name, name);
    else if ((uint64_t)info->st_size > max)
        status =
            hyt_fail(err, "%s/%s: larger than %zu bytes", dir_name, name, max);
    else if (read_all(fd, (size_t)info->st_size, bytes) < 0)
        status = hyt_fail_errno(err, "%s/%s", dir_name, name);
    close(fd);
    return status;
}

int hyt_write_at(int fd, const void *bytes, uint64_t n, uint64_t at)
{
    const char *p = bytes;

    while (n > 0) {
        ssize_t put = pwrite(fd, p, n, (off_t)at);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        p += put;
        n -= (uint64_t)put;
        at += (uint64_t)put;
    }
    return 0;
}

bool hyt_has_suffix(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);

    return n >= m && strcmp(s + n - m, suffix) == 0;
}
