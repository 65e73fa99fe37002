/* SPDX-License-Identifier: MIT */
/*
 * keep.c - generations that stay after they were replaced
 *
 * A kept generation is a hard link to what was model.safetensors (or its
 * index), and the optimizer and shards that it names.  There are two reasons to
 * keep one: --keep K, and a run that is not finished, whose base is what a
 * repetition of its pipe samples from.
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

/* --- which there are ------------------------------------------------------ */

bool hyt_kept_name(const char *name, uint64_t *g)
{
    static const char prefix[] = "hyt-model-";
    size_t n = sizeof prefix - 1, digits;
    struct hyt_err ignored;
    char *number;
    int got;

    if (strncmp(name, prefix, n) != 0)
        return false;
    digits = strspn(name + n, "0123456789");
    if (digits == 0 || (strcmp(name + n + digits, ".safetensors") != 0 &&
                        strcmp(name + n + digits, ".index.json") != 0))
        return false;
    number = hyt_strndup(name + n, digits);
    got = hyt_parse_u64(number, g, &ignored);
    free(number);
    return got == 0;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

int hyt_ckpt_kept(const struct hyt_ckpt *c, uint64_t **g, size_t *n,
                  struct hyt_err *err)
{
    DIR *dir = hyt_dir_list(c->dir, c->name, err);
    struct dirent *entry;
    size_t cap = 0;
    uint64_t number;

    *g = NULL;
    *n = 0;
    if (!dir)
        return -1;
    while ((entry = readdir(dir)))
        if (hyt_kept_name(entry->d_name, &number) && number < c->generation) {
            *g = hyt_grow(*g, &cap, *n + 1, sizeof **g);
            (*g)[(*n)++] = number;
        }
    closedir(dir);
    if (*n)
        qsort(*g, *n, sizeof **g, by_number);
    return 0;
}

static void kept_name(char *out, size_t size, const char *file, uint64_t g)
{
    if (strcmp(file, HYT_MODEL_FILE) == 0)
        snprintf(out, size, HYT_KEPT_FILE, g);
    else
        snprintf(out, size, HYT_KEPT_INDEX, g);
}

/* --- one more ------------------------------------------------------------- */

static bool is_base(const struct hyt_work *w, uint64_t g)
{
    return w->base.here && w->base.generation == g;
}

int hyt_keep_committed(const struct hyt_work *w, enum hyt_run run,
                       struct hyt_err *err)
{
    const struct hyt_ckpt *old = hyt_work_committed(w);
    char name[64];

    /* One of the same number was stopped on its way to this one. */
    if (!old || old->generation == w->generation)
        return 0;
    if (!(w->keeps && w->keep > 0) &&
        !(run != HYT_RUN_FINISHED && is_base(w, old->generation)))
        return 0;
    kept_name(name, sizeof name, old->file, old->generation);
    if (linkat(w->dir, old->file, w->dir, name, 0) < 0)
        return hyt_fail_errno(err, "%s/%s", w->name, name);
    return 1;
}

void hyt_keep_undo(const struct hyt_work *w)
{
    const struct hyt_ckpt *old = hyt_work_committed(w);
    char name[64];

    kept_name(name, sizeof name, old->file, old->generation);
    unlinkat(w->dir, name, 0);
}

/* --- one less ------------------------------------------------------------- */

/* First the name that makes it a generation: what is left of it after a crash
 * is a leftover. */
static void drop(const struct hyt_work *w, uint64_t g)
{
    const struct hyt_ckpt *now = hyt_work_committed(w);
    struct hyt_buf path = {0};
    struct hyt_err ignored;
    struct hyt_ckpt *c;
    const char *optimizer;
    char name[64];

    hyt_buf_printf(&path, "%s@%" PRIu64, w->name, g);
    c = hyt_ckpt_open(path.s, &ignored);
    hyt_buf_free(&path);
    if (!c)
        return;
    kept_name(name, sizeof name, c->file, g);
    unlinkat(w->dir, name, 0);
    optimizer = hyt_ckpt_meta(c, "hyt.optimizer");
    if (optimizer && hyt_plain_name(optimizer))
        unlinkat(w->dir, optimizer, 0);
    for (size_t s = 0; c->index && s < c->n_shards; s++)
        if (!hyt_ckpt_names(now, c->shard[s].name))
            unlinkat(w->dir, c->shard[s].name, 0);
    hyt_ckpt_close(c);
}

void hyt_keep_drop(const struct hyt_work *w, enum hyt_run run)
{
    const struct hyt_ckpt *now = hyt_work_committed(w);
    struct hyt_err ignored;
    uint64_t *g;
    size_t n;

    if (hyt_ckpt_kept(now, &g, &n, &ignored) < 0)
        return;
    for (size_t i = 0; i < n; i++) {
        bool base = is_base(w, g[i]);

        if (base && run != HYT_RUN_FINISHED)
            continue;
        /* Without --keep, what earlier runs have kept stays. */
        if (w->keeps ? n - i > w->keep : base || g[i] == w->stale)
            drop(w, g[i]);
    }
    free(g);
}
