/* SPDX-License-Identifier: MIT */
/*
 * recover.c - what an interrupted run left behind
 *
 * Only what the committed record does not name goes: temporary files, and
 * optimizers and shards of a generation that was never committed or has been
 * replaced.  A kept generation (hyt-model-G.*) keeps its files.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ckpt/work.h"

/* What the link of generation g names is kept.  That of a later one, or of the
 * committed one, was made for a commit that did not happen. */
static bool is_kept(const struct hyt_work *w, uint64_t g)
{
    const struct hyt_ckpt *committed = hyt_work_committed(w);
    char file[64], index[64];

    snprintf(file, sizeof file, HYT_KEPT_FILE, g);
    snprintf(index, sizeof index, HYT_KEPT_INDEX, g);
    return (!committed || hyt_is_kept(committed, g)) &&
           !(hyt_dir_lacks(w->dir, file) && hyt_dir_lacks(w->dir, index));
}

bool hyt_is_dropped(const char *drops, const char *name)
{
    size_t n = strlen(name);

    for (const char *s = drops; s && *s; s += strspn(s, "/")) {
        if (strcspn(s, "/") == n && memcmp(s, name, n) == 0)
            return true;
        s += strcspn(s, "/");
    }
    return false;
}

static bool is_leftover(const struct hyt_work *w, const char *name)
{
    static const char *const prefix[] = {"hyt-optimizer-", "hyt-shard-"};
    const struct hyt_ckpt *committed = hyt_work_committed(w);
    uint64_t g;

    if (strncmp(name, ".hyt-", 5) == 0)
        return hyt_has_suffix(name, ".tmp");
    if (hyt_kept_name(name, &g))
        return !is_kept(w, g);
    if (!hyt_has_suffix(name, ".safetensors") ||
        (committed && hyt_ckpt_names(committed, name)))
        return false;
    if (committed &&
        hyt_is_dropped(hyt_ckpt_meta(committed, HYT_DROPS_KEY), name))
        return true;
    for (size_t i = 0; i < HYT_LEN(prefix); i++) {
        size_t n = strlen(prefix[i]);

        if (strncmp(name, prefix[i], n) == 0 && name[n] >= '0' &&
            name[n] <= '9')
            return !is_kept(w, strtoull(name + n, NULL, 10));
    }
    return false;
}

int hyt_recover(const struct hyt_work *w, struct hyt_err *err)
{
    DIR *dir = hyt_dir_list(w->dir, w->name, err);
    const char *name;
    int status = 0;

    if (!dir)
        return -1;
    while ((name = hyt_dir_next(dir, w->name, &status, err)))
        if (is_leftover(w, name) && unlinkat(w->dir, name, 0) < 0)
            status = hyt_fail_errno(err, "%s/%s: left by an interrupted run",
                                    w->name, name);
    closedir(dir);
    return status;
}
