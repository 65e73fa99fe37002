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
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/fd.h"

/* A long name is cut in the temporary one, which has a limit of its own. */
#define NAME_PART 200
#define TRIES     100
#define LINKS     40 /* as many as the kernel follows */

/* Creates .NAME.PID.K.tmp beside t->path. */
static int create(struct hyt_temp *t, mode_t mode)
{
    const char *slash = strrchr(t->path, '/');
    const char *base = slash ? slash + 1 : t->path;
    int dir = (int)(base - t->path);

    for (int k = 0; k < TRIES; k++) {
        struct hyt_buf b = {0};

        hyt_buf_printf(&b, "%.*s.%.*s.%ld.%d.tmp", dir, t->path, NAME_PART,
                       base, (long)getpid(), k);
        t->fd = open(b.s, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
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

/* What the symbolic link `path` contains, from where `path` is seen from; NULL
 * where it is not a link. */
static char *read_link(const char *path)
{
    const char *slash = strrchr(path, '/');
    int dir = (int)(slash ? slash + 1 - path : 0);
    struct hyt_buf b = {0};
    char to[PATH_MAX];
    ssize_t n = readlink(path, to, sizeof to);

    if (n < 0 || (size_t)n == sizeof to)
        return NULL;
    hyt_buf_printf(&b, "%.*s%.*s", n > 0 && to[0] == '/' ? 0 : dir, path,
                   (int)n, to);
    return b.s;
}

/* The path that symbolic links at the end of `name` lead to, whether there is a
 * file yet or not: the link stays and its target is replaced, as with a shell's
 * redirection.  NULL where they lead in a circle. */
static char *follow(const char *name)
{
    char *path = hyt_strndup(name, strlen(name)), *next;

    for (int k = 0; (next = read_link(path)) != NULL; k++) {
        free(path);
        path = next;
        if (k < LINKS)
            continue;
        free(path);
        errno = ELOOP;
        return NULL;
    }
    return path;
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
    if (!t->path || create(t, exists ? st.st_mode & 0777 : 0666) < 0) {
        int rc = hyt_fail_errno(err, "%s", name);

        hyt_temp_discard(t);
        return rc;
    }
    /* A replaced file keeps its permissions, those that the umask took away
     * too; a file system that has none has none to keep. */
    if (exists)
        (void)!fchmod(t->fd, st.st_mode & 0777);
    return 0;
}

int hyt_temp_commit(struct hyt_temp *t, const char *name, struct hyt_err *err)
{
    int rc = 0;

    /* EINVAL: a file system that cannot sync, which is no lost data. */
    if (t->path && fsync(t->fd) < 0 && errno != EINVAL)
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
