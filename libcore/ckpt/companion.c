/* SPDX-License-Identifier: MIT */
/*
 * companion.c - the other files of a model, on their way to a new directory
 *
 * config.json, the tokenizer and whatever else is there: every regular file
 * that is neither weights nor ours, and the chat templates in a directory of
 * their own.  They wait under temporary names and get
 * their own just before the model does, so that a directory without a model
 * never looks like one (I6).  A file that is there already must be the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ckpt/work.h"

#define CHUNK ((size_t)1 << 20)

/* Where Hugging Face keeps chat templates beside the main one. */
#define TEMPLATES "additional_chat_templates"

/* What other formats keep weights in: they would be those of the old model. */
static bool is_weights(const char *name)
{
    static const char *const ends[] = {".safetensors", ".index.json", ".bin",
                                       ".pt",          ".pth",        ".gguf",
                                       ".h5",          ".msgpack",    ".onnx"};

    for (size_t i = 0; i < HYT_LEN(ends); i++)
        if (hyt_has_suffix(name, ends[i]))
            return true;
    return false;
}

static bool goes_along(int dir, const char *name)
{
    struct stat info;

    return strncmp(name, "hyt-", 4) != 0 && strncmp(name, ".hyt-", 5) != 0 &&
           strcmp(name, HYT_LOCK_FILE) != 0 && !is_weights(name) &&
           fstatat(dir, name, &info, 0) == 0 && S_ISREG(info.st_mode);
}

/* Compares two files from where they stand: 1 equal, 0 not, -1 errno. */
static int same_bytes(int a, int b)
{
    char *x = hyt_alloc(CHUNK, 1), *y = hyt_alloc(CHUNK, 1);
    ssize_t n, m;
    int same = 1;

    do {
        n = hyt_read_some(a, x, CHUNK);
        m = hyt_read_some(b, y, CHUNK);
        if (n < 0 || m < 0)
            same = -1;
        else if (n != m || memcmp(x, y, (size_t)n) != 0)
            same = 0;
    } while (same == 1 && n > 0);
    free(x);
    free(y);
    return same;
}

static int copy_bytes(int to, int from)
{
    char *buf = hyt_alloc(CHUNK, 1);
    uint64_t at = 0;
    ssize_t n;
    int status = 0;

    while (status == 0 && (n = hyt_read_some(from, buf, CHUNK)) != 0) {
        status = n < 0 ? -1 : hyt_write_at(to, buf, (uint64_t)n, at);
        at += (uint64_t)n;
    }
    free(buf);
    return status < 0 ? -1 : fsync(to);
}

/* The output already has a file of that name. */
static int compare(struct hyt_work *w, const char *name, int from, int there,
                   struct hyt_err *err)
{
    int same = same_bytes(from, there);

    if (same < 0)
        return hyt_fail_errno(err, "%s/%s", w->name, name);
    if (same == 0)
        return hyt_fail(err,
                        "%s/%s is not the file of that name in %s: remove it "
                        "or choose another directory",
                        w->name, name, w->in->name);
    return 0;
}

static int copy(struct hyt_work *w, const char *name, int from,
                struct hyt_err *err)
{
    struct hyt_companion *c;
    struct hyt_buf temp = {0};
    int to, status;

    hyt_buf_printf(&temp, ".hyt-%" PRIu64 "-%s.tmp", w->generation, name);
    for (char *slash = temp.s; (slash = strchr(slash, '/')) != NULL;)
        *slash = '-';
    to = openat(w->dir, temp.s, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (to < 0) {
        hyt_buf_free(&temp);
        return hyt_fail_errno(err, "%s/%s", w->name, name);
    }
    w->companion = hyt_grow(w->companion, &w->companion_cap,
                            w->n_companions + 1, sizeof *w->companion);
    c = &w->companion[w->n_companions++];
    c->name = hyt_strndup(name, strlen(name));
    c->temp = temp.s;
    status = copy_bytes(to, from);
    if (status < 0)
        hyt_fail_errno(err, "%s/%s", w->name, name);
    close(to);
    return status;
}

static int one(struct hyt_work *w, const char *name, struct hyt_err *err)
{
    int from = openat(w->in->dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int there, status;

    if (from < 0)
        return hyt_fail_errno(err, "%s/%s", w->in->name, name);
    there = openat(w->dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (there >= 0)
        status = compare(w, name, from, there, err);
    else if (errno == ENOENT)
        status = copy(w, name, from, err);
    else
        status = hyt_fail_errno(err, "%s/%s", w->name, name);
    if (there >= 0)
        close(there);
    close(from);
    return status;
}

static int copy_templates(struct hyt_work *w, struct hyt_err *err)
{
    struct hyt_buf name = {0};
    const char *base;
    DIR *list;
    int status = 0,
        dir = openat(w->in->dir, TEMPLATES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? 0
                   : hyt_fail_errno(err, "%s/" TEMPLATES, w->in->name);
    list = hyt_dir_list(dir, TEMPLATES, err);
    while (list && (base = hyt_dir_next(list, TEMPLATES, &status, err))) {
        if (!hyt_has_suffix(base, ".jinja") || !goes_along(dir, base))
            continue;
        hyt_buf_reset(&name);
        hyt_buf_printf(&name, TEMPLATES "/%s", base);
        status = one(w, name.s, err);
    }
    hyt_buf_free(&name);
    if (list)
        closedir(list);
    close(dir);
    return list ? status : -1;
}

int hyt_companions_copy(struct hyt_work *w, struct hyt_err *err)
{
    DIR *dir = hyt_dir_list(w->in->dir, w->in->name, err);
    const char *name;
    int status = 0;

    if (!dir)
        return -1;
    while ((name = hyt_dir_next(dir, w->in->name, &status, err)))
        if (goes_along(w->in->dir, name))
            status = one(w, name, err);
    closedir(dir);
    return status < 0 ? -1 : copy_templates(w, err);
}

/* Of a file in it, the directory is there before and synced after. */
static int publish(const struct hyt_work *w, const struct hyt_companion *c)
{
    const bool inside = strchr(c->name, '/') != NULL;
    int dir, status;

    if (inside && mkdirat(w->dir, TEMPLATES, 0777) < 0 && errno != EEXIST)
        return -1;
    if (renameat(w->dir, c->temp, w->dir, c->name) < 0)
        return -1;
    if (!inside)
        return 0;
    dir = openat(w->dir, TEMPLATES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    status = dir < 0 ? -1 : fsync(dir);
    if (dir >= 0)
        close(dir);
    return status;
}

int hyt_companions_publish(struct hyt_work *w, struct hyt_err *err)
{
    for (size_t i = 0; i < w->n_companions; i++) {
        struct hyt_companion *c = &w->companion[i];

        /* NULL: published by a commit before this one. */
        if (!c->temp)
            continue;
        if (publish(w, c) < 0)
            return hyt_fail_errno(err, "%s/%s", w->name, c->name);
        free(c->temp);
        c->temp = NULL;
    }
    return 0;
}

void hyt_companions_free(struct hyt_work *w)
{
    for (size_t i = 0; i < w->n_companions; i++) {
        struct hyt_companion *c = &w->companion[i];

        if (c->temp)
            unlinkat(w->dir, c->temp, 0);
        free(c->temp);
        free(c->name);
    }
    free(w->companion);
}
