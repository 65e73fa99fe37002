/* SPDX-License-Identifier: MIT */
/*
 * lock.c - one writer for a model directory (I8)
 *
 * An open-file-description lock ends with its process, however it ends; the
 * file stays, because a lock file that is removed can be locked twice.  The
 * process id in it is only for the message.
 */
#define _GNU_SOURCE /* F_OFD_SETLK */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ckpt/work.h"

static int busy(int fd, const char *dir_name, struct hyt_err *err)
{
    char pid[32];
    ssize_t n = pread(fd, pid, sizeof pid - 1, 0);

    pid[n > 0 ? n : 0] = '\0';
    pid[strspn(pid, "0123456789")] = '\0';
    if (!pid[0])
        return hyt_fail(err, "%s: another process is updating it", dir_name);
    return hyt_fail(err, "%s: another process is updating it (pid %s)",
                    dir_name, pid);
}

int hyt_lock_take(int dir, const char *dir_name, struct hyt_err *err)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char pid[32];
    int fd = openat(dir, HYT_LOCK_FILE,
                    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    int n;

    if (fd < 0)
        return hyt_fail_errno(err, "%s/" HYT_LOCK_FILE, dir_name);
    if (fcntl(fd, F_OFD_SETLK, &whole) < 0) {
        if (errno == EAGAIN || errno == EACCES)
            busy(fd, dir_name, err);
        else
            hyt_fail_errno(err, "%s/" HYT_LOCK_FILE ": cannot be locked",
                           dir_name);
        close(fd);
        return -1;
    }
    n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) < 0 || hyt_write_at(fd, pid, (uint64_t)n, 0) < 0) {
        hyt_fail_errno(err, "%s/" HYT_LOCK_FILE, dir_name);
        close(fd);
        return -1;
    }
    return fd;
}
