/* SPDX-License-Identifier: MIT */
/*
 * work.c - a working generation: begun, handed to training, given up
 *
 * The shadow files are copies of the committed generation at full size, mapped
 * shared; training writes into them and the page cache is the buffer.  Until
 * the commit everything has a temporary name (I6).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ckpt/work.h"

/* Header bytes kept free for the commit record. */
#define RECORD_RESERVE ((size_t)4096)
#define NO_BASE        UINT64_MAX

const struct hyt_ckpt *hyt_work_committed(const struct hyt_work *w)
{
    if (w->now)
        return w->now;
    return w->elsewhere ? w->old : w->in;
}

const struct hyt_ckpt *hyt_work_source(const struct hyt_work *w)
{
    return w->now ? w->now : w->in;
}

/* --- the output directory ------------------------------------------------- */

/* Makes the name of a new directory durable. */
static int sync_parent(int dir)
{
    int fd = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = fd < 0 ? -1 : fsync(fd);

    if (fd >= 0)
        close(fd);
    return status;
}

/* Opens it, or makes it, not its parents. */
static int open_output(struct hyt_work *w, struct hyt_err *err)
{
    struct stat in, out;

    w->dir = open(w->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w->dir < 0 && errno == ENOENT && mkdir(w->name, 0777) == 0) {
        w->dir = open(w->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (w->dir >= 0 && sync_parent(w->dir) < 0)
            return hyt_fail_errno(err, "%s: fsync of its parent", w->name);
    }
    if (w->dir < 0)
        return hyt_fail_errno(err, "%s", w->name);
    if (fstat(w->in->dir, &in) < 0 || fstat(w->dir, &out) < 0)
        return hyt_fail_errno(err, "%s", w->name);
    w->elsewhere = in.st_dev != out.st_dev || in.st_ino != out.st_ino;
    w->lock = hyt_lock_take(w->dir, w->name, err);
    return w->lock < 0 ? -1 : 0;
}

/* The name of the model's file that is a symbolic link, or NULL. */
static const char *linked(const struct hyt_work *w)
{
    const struct hyt_ckpt *in = w->in;
    struct stat now;

    for (size_t i = 0; i <= in->n_shards; i++) {
        const char *name = i == 0 ? in->file : in->shard[i - 1].name;

        if (fstatat(w->dir, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISLNK(now.st_mode))
            return name;
    }
    return NULL;
}

/* In place: under the lock, the directory still holds what was opened. */
static int check_same(const struct hyt_work *w, struct hyt_err *err)
{
    const struct hyt_ckpt *in = w->in;
    const char *link = linked(w);
    struct stat now;

    if (in->kept)
        return hyt_fail(err,
                        "%s: generation %" PRIu64
                        " is an older one: it can be updated into another "
                        "directory only",
                        w->name, in->generation);
    if (link)
        return hyt_fail(err,
                        "%s/%s is a symbolic link: the checkpoint can be "
                        "updated into another directory only",
                        w->name, link);
    if (fstatat(w->dir, in->file, &now, AT_SYMLINK_NOFOLLOW) < 0)
        return hyt_fail_errno(err, "%s/%s", w->name, in->file);
    if (now.st_dev != in->file_info.st_dev ||
        now.st_ino != in->file_info.st_ino)
        return hyt_fail(err, "%s: another process has updated it meanwhile",
                        w->name);
    return 0;
}

/* Elsewhere: no model yet, or one that was made from this very input. */
static int check_other(struct hyt_work *w, struct hyt_err *err)
{
    const char *base;

    if (hyt_dir_lacks(w->dir, HYT_MODEL_FILE) &&
        hyt_dir_lacks(w->dir, HYT_INDEX_FILE))
        return 0;
    w->old = hyt_ckpt_open(w->name, err);
    if (!w->old)
        return -1;
    base = hyt_ckpt_meta(w->old, "hyt.base");
    if (!base || strcmp(base, w->in->digest) != 0)
        return hyt_fail(err,
                        "%s already holds a model that was not made from %s",
                        w->name, w->in->name);
    if (w->old->file != w->in->file)
        return hyt_fail(err, "%s holds %s, %s holds %s", w->name, w->old->file,
                        w->in->name, w->in->file);
    /* Not a name that the old one's files have (I4). */
    if (w->old->generation >= w->generation)
        w->generation = w->old->generation + 1;
    return 0;
}

/* --- the shadows ---------------------------------------------------------- */

static size_t foreign_meta_size(const struct hyt_st *st)
{
    size_t n = 0;

    /* Worst case of escaping: six bytes for one. */
    for (size_t i = 0; i < hyt_st_meta_count(st); i++)
        if (hyt_is_foreign(hyt_st_meta_at(st, i)))
            n += 6 * (strlen(hyt_st_meta_at(st, i)->key) +
                      strlen(hyt_st_meta_at(st, i)->value) + 1);
    return n;
}

static int begin_shard(struct hyt_work *w, size_t s, struct hyt_err *err)
{
    const struct hyt_st *st = hyt_work_source(w)->shard[s].st;
    size_t n = hyt_st_count(st);
    struct hyt_tensor *t = hyt_alloc(n, sizeof *t);
    struct hyt_shadow *shadow;
    char temp[64];

    for (size_t i = 0; i < n; i++)
        t[i] = *hyt_st_tensor(st, i);
    snprintf(temp, sizeof temp, ".hyt-%" PRIu64 "-model-%zu.tmp", w->generation,
             s);
    shadow = hyt_shadow_create(w->dir, w->name, temp, t, n,
                               RECORD_RESERVE + foreign_meta_size(st), err);
    free(t);
    w->shard[s] = shadow;
    if (!shadow)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct hyt_work_tensor *wt = &w->t[w->n++];

        wt->from = hyt_st_tensor(st, i);
        wt->data = hyt_shadow_data(shadow, i);
        wt->n = 1;
        for (int d = 0; d < wt->from->n_dims; d++)
            wt->n *= wt->from->dim[d];
        if (hyt_shadow_fill(shadow, i, wt->from->data, err) < 0)
            return -1;
    }
    hyt_st_let_go(st); /* training reads the shadow */
    return 0;
}

int hyt_shadows_begin(struct hyt_work *w, struct hyt_err *err)
{
    size_t n_shards = w->in->n_shards;

    if (!w->t) {
        w->t = hyt_alloc(hyt_ckpt_count(w->in), sizeof *w->t);
        w->shard = hyt_alloc(n_shards, sizeof(struct hyt_shadow *));
    }
    w->n = 0;
    for (size_t s = 0; s < n_shards; s++)
        if (begin_shard(w, s, err) < 0)
            return -1;
    return hyt_moments_begin(w, err);
}

void hyt_shadows_free(struct hyt_work *w)
{
    for (size_t s = 0; w->shard && s < w->in->n_shards; s++) {
        hyt_shadow_free(w->shard[s]);
        w->shard[s] = NULL;
    }
    hyt_shadow_free(w->optimizer);
    w->optimizer = NULL;
}

/* --- begin and end -------------------------------------------------------- */

/* Numbers above 2^53 are refused on reading; what counts on stays below. */
static int check_counts(const struct hyt_work *w, struct hyt_err *err)
{
    const uint64_t most = (uint64_t)1 << 52;

    if (w->generation > most || w->in->step > most)
        return hyt_fail(err,
                        "%s: its generation or step is above 2^52: no "
                        "more can be counted",
                        w->name);
    return 0;
}

static struct hyt_work *begin(const struct hyt_ckpt *in, const char *out,
                              struct hyt_err *err)
{
    struct hyt_work *w = hyt_alloc(1, sizeof *w);

    w->in = in;
    w->name = hyt_strndup(out, strlen(out));
    w->dir = w->lock = -1;
    w->generation = in->generation + 1;
    if (open_output(w, err) < 0 ||
        (w->elsewhere ? check_other(w, err) : check_same(w, err)) < 0 ||
        check_counts(w, err) < 0 || hyt_recover(w, err) < 0 ||
        hyt_log_cut(w, err) < 0 || hyt_ckpt_verify(in, err) < 0 ||
        hyt_shadows_begin(w, err) < 0 ||
        (w->elsewhere && hyt_companions_copy(w, err) < 0)) {
        hyt_work_abandon(w);
        return NULL;
    }
    return w;
}

struct hyt_work *hyt_work_begin(const struct hyt_ckpt *in, const char *out,
                                struct hyt_err *err)
{
    struct hyt_work *w = begin(in, out, err);
    int keeps = w ? hyt_work_can_keep(w, err) : -1;

    if (keeps < 0) {
        hyt_work_abandon(w);
        return NULL;
    }
    memcpy(w->base.digest, in->digest, sizeof w->base.digest);
    w->base.here = !w->elsewhere && keeps;
    w->base.generation = in->generation;
    w->base.step = in->step;
    w->stale = NO_BASE;
    if (w->base.here && hyt_ckpt_run(in) != HYT_RUN_FINISHED &&
        hyt_ckpt_meta_u64(in, "hyt.base_generation", NO_BASE, &w->stale, err) <
            0) {
        hyt_work_abandon(w);
        return NULL;
    }
    return w;
}

struct hyt_work *hyt_work_resume(const struct hyt_ckpt *in, struct hyt_err *err)
{
    const char *digest = hyt_ckpt_meta(in, "hyt.base");
    struct hyt_base base = {0};
    struct hyt_work *w;

    if (hyt_ckpt_run(in) == HYT_RUN_FINISHED || !digest || strlen(digest) != 16)
        HYT_BUG("hyt_work_resume: the run is finished");
    memcpy(base.digest, digest, 17);
    base.here = hyt_ckpt_meta(in, "hyt.base_generation") != NULL;
    if (hyt_ckpt_meta_u64(in, "hyt.base_generation", 0, &base.generation, err) <
            0 ||
        hyt_ckpt_meta_u64(in, "hyt.base_step", 0, &base.step, err) < 0)
        return NULL;
    w = begin(in, in->name, err);
    if (!w)
        return NULL;
    w->base = base;
    w->stale = NO_BASE;
    if (hyt_ckpt_run(in) == HYT_RUN_STOPPED)
        w->generation = in->generation;
    return w;
}

void hyt_work_keep(struct hyt_work *w, uint64_t n)
{
    w->keeps = true;
    w->keep = n;
}

void hyt_work_abandon(struct hyt_work *w)
{
    if (!w)
        return;
    hyt_shadows_free(w);
    hyt_companions_free(w);
    free(w->shard);
    free(w->t);
    for (size_t i = 0; i < w->n_meta; i++) {
        free((void *)(uintptr_t)w->meta[i].key);
        free((void *)(uintptr_t)w->meta[i].value);
    }
    free(w->meta);
    hyt_buf_free(&w->log);
    hyt_ckpt_close(w->now);
    hyt_ckpt_close(w->old);
    if (w->dir >= 0)
        close(w->dir);
    if (w->lock >= 0)
        close(w->lock); /* releases it, after everything is cleaned up */
    free(w->name);
    free(w);
}

/* --- for training --------------------------------------------------------- */

size_t hyt_work_count(const struct hyt_work *w)
{
    return w->n;
}

struct hyt_work_tensor *hyt_work_tensor(struct hyt_work *w, size_t i)
{
    return &w->t[i];
}

uint64_t hyt_work_step(const struct hyt_work *w)
{
    return w->step;
}

uint64_t hyt_work_generation(const struct hyt_work *w)
{
    return w->generation;
}

void hyt_work_log(struct hyt_work *w, const char *line, size_t n)
{
    hyt_buf_put(&w->log, line, n);
    hyt_buf_putc(&w->log, '\n');
}

void hyt_work_meta(struct hyt_work *w, const char *key, const char *value)
{
    static const char *const own[] = {
        "hyt.generation",       "hyt.step",         "hyt.base",
        "hyt.optimizer",        "hyt.digest.model", "hyt.log_bytes",
        "hyt.digest.optimizer", HYT_RUN_KEY,        "hyt.base_generation",
        "hyt.base_step",        HYT_KEPT_KEY,       HYT_DROPS_KEY,
    };
    struct hyt_pair *pair = NULL;

    for (size_t i = 0; i < HYT_LEN(own); i++)
        if (strcmp(own[i], key) == 0)
            HYT_BUG("hyt_work_meta: a key of the commit record");
    for (size_t i = 0; i < w->n_meta; i++)
        if (strcmp(w->meta[i].key, key) == 0)
            pair = &w->meta[i];
    if (!pair) {
        w->meta =
            hyt_grow(w->meta, &w->meta_cap, w->n_meta + 1, sizeof *w->meta);
        pair = &w->meta[w->n_meta++];
        pair->key = hyt_strndup(key, strlen(key));
    } else {
        free((void *)(uintptr_t)pair->value);
    }
    pair->value = hyt_strndup(value, strlen(value));
}
