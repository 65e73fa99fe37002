/* SPDX-License-Identifier: MIT */
/*
 * io/fd.h - read(2) and write(2) that finish, and files that appear whole
 */
#ifndef HYT_IO_FD_H
#define HYT_IO_FD_H

#include "hyt/base.h"

/* Bytes read (1..n), 0 at the end, -1 with errno.  Goes on after a signal and
 * waits where the descriptor is non-blocking. */
ptrdiff_t hyt_fd_read(int fd, void *buf, size_t n);

/* Writes all n bytes: 0, or -1 with errno. */
int hyt_fd_write(int fd, const void *bytes, size_t n);

/*
 * A file under construction: a temporary file in the directory where the
 * result will be.  Where the name belongs to something that cannot be replaced
 * (a device, a pipe), that is opened itself and temp is NULL.
 */
struct hyt_temp {
    int fd;
    char *temp; /* the temporary file's path */
    char *path; /* the final path, symbolic links followed; NULL as temp */
};

/* `name` is the path as the user wrote it, for messages. */
int hyt_temp_open(struct hyt_temp *t, const char *name,
                  struct hyt_err *err) HYT_MUST_USE;
/* fsync, close, rename.  Frees either way; on failure nothing stays. */
int hyt_temp_commit(struct hyt_temp *t, const char *name,
                    struct hyt_err *err) HYT_MUST_USE;
void hyt_temp_discard(struct hyt_temp *t);

#endif
