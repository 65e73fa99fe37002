/* SPDX-License-Identifier: MIT */
/*
 * rollback.c - a kept generation becomes the committed one again
 *
 * One rename, as a commit: its files are durable since they were committed.
 * What the generations after it had is then a leftover like any other.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ckpt/work.h"

/* Under a temporary name first: a rename onto the committed file is atomic, and
 * does nothing where both are one inode already. */
static int put_back(const struct hyt_work *w, struct hyt_err *err)
{
    const struct hyt_ckpt *back = w->in;
    uint64_t g = back->generation;
    char from[64], temp[64];

    if (back->index)
        snprintf(from, sizeof from, HYT_KEPT_INDEX, g);
    else
        snprintf(from, sizeof from, HYT_KEPT_FILE, g);
    snprintf(temp, sizeof temp, ".hyt-%" PRIu64 "-rollback.tmp", g);
    if (linkat(w->dir, from, w->dir, temp, 0) < 0 ||
        renameat(w->dir, temp, w->dir, back->file) < 0) {
        hyt_fail_errno(err, "%s/%s", w->name, back->file);
        unlinkat(w->dir, temp, 0);
        return -1;
    }
    if (fsync(w->dir) < 0)
        return hyt_fail_errno(err,
                              "%s: whether generation %" PRIu64
                              " is committed is unknown until the next run",
                              w->name, g);
    return 0;
}

static int roll(struct hyt_work *w, uint64_t g, struct hyt_err *err)
{
    struct hyt_ckpt *current, *back;
    int status;

    w->dir = open(w->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w->dir < 0)
        return hyt_fail_errno(err, "%s", w->name);
    w->lock = hyt_lock_take(w->dir, w->name, err);
    if (w->lock < 0 || !(current = hyt_ckpt_open(w->name, err)))
        return -1;
    back = hyt_ckpt_open_kept(w->name, g, err);
    status = back ? 0 : -1;
    if (back && current->generation == g)
        status = hyt_fail(
            err, "%s: generation %" PRIu64 " is the committed one", w->name, g);
    else if (back && current->file != back->file)
        status = hyt_fail(err, "%s holds %s, generation %" PRIu64 " was %s",
                          w->name, current->file, g, back->file);
    w->in = current;
    if (status == 0 && (status = hyt_ckpt_verify(back, err)) == 0 &&
        (status = hyt_recover(w, err)) == 0) {
        w->in = back;
        status = put_back(w, err);
    }
    if (status == 0 && (status = hyt_recover(w, err)) == 0)
        status = hyt_log_cut(w, err);
    w->in = NULL;
    hyt_ckpt_close(current);
    hyt_ckpt_close(back);
    return status;
}

int hyt_ckpt_tidy(const struct hyt_ckpt *c, struct hyt_err *err)
{
    struct hyt_work w = {.in = c, .dir = c->dir, .name = c->name};
    int status;

    w.lock = hyt_lock_take(w.dir, w.name, err);
    if (w.lock < 0)
        return -1;
    /* What is not the committed one any more says nothing of leftovers. */
    status = hyt_ckpt_is_current(c) ? hyt_recover(&w, err) : 0;
    if (status == 0 && hyt_ckpt_is_current(c))
        status = hyt_log_cut(&w, err);
    close(w.lock);
    return status;
}

int hyt_ckpt_rollback(const char *dir, uint64_t g, struct hyt_err *err)
{
    struct hyt_work w = {.dir = -1, .lock = -1};
    int status;

    w.name = hyt_strndup(dir, strlen(dir));
    status = roll(&w, g, err);
    if (w.dir >= 0)
        close(w.dir);
    if (w.lock >= 0)
        close(w.lock);
    free(w.name);
    return status;
}
