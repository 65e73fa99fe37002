/* SPDX-License-Identifier: MIT */
/*
 * recover.c - what an interrupted run left behind
 *
 * Only what the committed record does not name goes: temporary files, and
 * optimizers and shards of a generation that was never committed or has been
 * replaced.  A kept generation (hyt-model-G.*) keeps its files.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ckpt/work.h"

/* Whether generation g is kept. */
static bool is_kept(int dir, uint64_t g)
{
    char file[64], index[64];

    snprintf(file, sizeof file, HYT_KEPT_FILE, g);
    snprintf(index, sizeof index, HYT_KEPT_INDEX, g);
    return faccessat(dir, file, F_OK, 0) == 0 ||
           faccessat(dir, index, F_OK, 0) == 0;
}

/* Whether the committed generation consists of this file, too. */
static bool is_named(const struct hyt_ckpt *committed, const char *name)
{
    const char *optimizer;

    if (!committed)
        return false;
    optimizer = hyt_ckpt_meta(committed, "hyt.optimizer");
    if (optimizer && strcmp(optimizer, name) == 0)
        return true;
    for (size_t i = 0; i < committed->n_shards; i++)
        if (strcmp(committed->shard[i].name, name) == 0)
            return true;
    return false;
}

static bool is_leftover(const struct hyt_work *w, const char *name)
{
    static const char *const prefix[] = {"hyt-optimizer-", "hyt-shard-"};

    if (strncmp(name, ".hyt-", 5) == 0)
        return hyt_has_suffix(name, ".tmp");
    if (!hyt_has_suffix(name, ".safetensors") ||
        is_named(hyt_work_committed(w), name))
        return false;
    for (size_t i = 0; i < HYT_LEN(prefix); i++) {
        size_t n = strlen(prefix[i]);

        if (strncmp(name, prefix[i], n) == 0 && name[n] >= '0' &&
            name[n] <= '9')
            return !is_kept(w->dir, strtoull(name + n, NULL, 10));
    }
    return false;
}

int hyt_recover(const struct hyt_work *w, struct hyt_err *err)
{
    int fd = openat(w->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    int status = 0;

    if (!dir) {
        hyt_fail_errno(err, "%s", w->name);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    while (status == 0 && (errno = 0, entry = readdir(dir)))
        if (is_leftover(w, entry->d_name) &&
            unlinkat(w->dir, entry->d_name, 0) < 0)
            status = hyt_fail_errno(err, "%s/%s: left by an interrupted run",
                                    w->name, entry->d_name);
    if (status == 0 && errno)
        status = hyt_fail_errno(err, "%s", w->name);
    closedir(dir);
    return status;
}
