/* SPDX-License-Identifier: MIT */
/*
 * temp.c - a file appears under its name only when it is complete
 *
 * The temporary file lies beside the result, so that rename(2) is atomic.  Its
 * data is synced before the rename: after a power cut the name holds the old
 * file or the whole new one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/fd.h"

/* A long name is cut in the temporary one, which has a limit of its own. */
#define NAME_PART 200
#define TRIES     100

/* Creates .NAME.PID.K.tmp beside t->path. */
static int create(struct hyt_temp *t)
{
    const char *slash = strrchr(t->path, '/');
    const char *base = slash ? slash + 1 : t->path;
    int dir = (int)(base - t->path);

    for (int k = 0; k < TRIES; k++) {
        struct hyt_buf b = {0};

        hyt_buf_printf(&b, "%.*s.%.*s.%ld.%d.tmp", dir, t->path, NAME_PART,
                       base, (long)getpid(), k);
        t->fd = open(b.s, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (t->fd >= 0) {
            t->temp = b.s;
            return 0;
        }
        hyt_buf_free(&b);
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

/* The path that a symbolic link at the end of `name` leads to: the link stays
 * and its target is replaced, as with a shell's redirection. */
static char *follow(const char *name)
{
    struct stat st;

    if (lstat(name, &st) == 0 && S_ISLNK(st.st_mode))
        return realpath(name, NULL);
    return hyt_strndup(name, strlen(name));
}

int hyt_temp_open(struct hyt_temp *t, const char *name, struct hyt_err *err)
{
    struct stat st;
    bool exists = stat(name, &st) == 0;

    *t = (struct hyt_temp){.fd = -1};
    if (exists && S_ISDIR(st.st_mode))
        return hyt_fail(err, "%s: is a directory", name);
    if (exists && !S_ISREG(st.st_mode)) {
        t->fd = open(name, O_WRONLY | O_CLOEXEC);
        return t->fd < 0 ? hyt_fail_errno(err, "%s", name) : 0;
    }
    t->path = follow(name);
    if (!t->path || create(t) < 0) {
        int rc = hyt_fail_errno(err, "%s", name);

        hyt_temp_discard(t);
        return rc;
    }
    return 0;
}

int hyt_temp_commit(struct hyt_temp *t, const char *name, struct hyt_err *err)
{
    int rc = 0;

    /* EINVAL: a file system that cannot sync, which is no lost data. */
    if (t->temp && fsync(t->fd) < 0 && errno != EINVAL)
        rc = hyt_fail_errno(err, "%s", name);
    if (close(t->fd) < 0 && errno != EINTR && rc == 0)
        rc = hyt_fail_errno(err, "%s", name);
    t->fd = -1;
    if (t->temp && rc == 0) {
        if (rename(t->temp, t->path) < 0) {
            rc = hyt_fail_errno(err, "%s", name);
        } else {
            free(t->temp);
            t->temp = NULL;
        }
    }
    hyt_temp_discard(t);
    return rc;
}

void hyt_temp_discard(struct hyt_temp *t)
{
    if (t->fd >= 0)
        close(t->fd);
    if (t->temp)
        unlink(t->temp);
    free(t->temp);
    free(t->path);
    *t = (struct hyt_temp){.fd = -1};
}
