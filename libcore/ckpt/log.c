/* SPDX-License-Identifier: MIT */
/*
 * log.c - hyt-log.jsonl: append-only, one line a step
 *
 * Its valid length is in the commit record.  What is behind that was appended
 * by a commit that did not happen.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ckpt/work.h"

int hyt_log_cut(struct hyt_work *w, struct hyt_err *err)
{
    const struct hyt_ckpt *committed = hyt_work_committed(w);
    struct stat info;
    int fd, status = 0;

    w->log_bytes = 0;
    if (committed && hyt_ckpt_meta_u64(committed, "hyt.log_bytes", 0,
                                       &w->log_bytes, err) < 0)
        return -1;
    fd = openat(w->dir, HYT_LOG_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) {
        w->log_bytes = 0; /* removed by its user */
        return 0;
    }
    if (fd < 0)
        return hyt_fail_errno(err, "%s/" HYT_LOG_FILE, w->name);
    if (fstat(fd, &info) < 0)
        status = hyt_fail_errno(err, "%s/" HYT_LOG_FILE, w->name);
    else if ((uint64_t)info.st_size < w->log_bytes)
        w->log_bytes = (uint64_t)info.st_size;
    else if ((uint64_t)info.st_size > w->log_bytes &&
             ftruncate(fd, (off_t)w->log_bytes) < 0)
        status = hyt_fail_errno(err, "%s/" HYT_LOG_FILE, w->name);
    close(fd);
    return status;
}

void hyt_log_look(struct hyt_work *w)
{
    struct stat info;

    if (fstatat(w->dir, HYT_LOG_FILE, &info, AT_SYMLINK_NOFOLLOW) < 0)
        info.st_size = errno == ENOENT ? 0 : (off_t)w->log_bytes;
    if ((uint64_t)info.st_size < w->log_bytes)
        w->log_bytes = (uint64_t)info.st_size;
}

int hyt_log_append(struct hyt_work *w, struct hyt_err *err)
{
    int fd, status;

    if (w->log.n == 0)
        return 0;
    fd = openat(w->dir, HYT_LOG_FILE,
                O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return hyt_fail_errno(err, "%s/" HYT_LOG_FILE, w->name);
    status = hyt_write_at(fd, w->log.s, w->log.n, w->log_bytes);
    if (status < 0 || (status = fdatasync(fd)) < 0)
        hyt_fail_errno(err, "%s/" HYT_LOG_FILE, w->name);
    close(fd);
    return status;
}
