/* SPDX-License-Identifier: MIT */
/*
 * ckpt.c - what an open checkpoint holds: tensors, files, digests
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ckpt/dir.h"
#include "hyt/io.h"

#define FILE_MAX ((size_t)1 << 30)

const char *hyt_ckpt_dir(const struct hyt_ckpt *c)
{
    return c->name;
}

uint64_t hyt_ckpt_generation(const struct hyt_ckpt *c)
{
    return c->generation;
}

uint64_t hyt_ckpt_step(const struct hyt_ckpt *c)
{
    return c->step;
}

const char *hyt_ckpt_digest(const struct hyt_ckpt *c)
{
    return c->digest;
}

const struct hyt_json *hyt_ckpt_config(const struct hyt_ckpt *c)
{
    return c->config;
}

enum hyt_run hyt_ckpt_run(const struct hyt_ckpt *c)
{
    const char *run = hyt_ckpt_meta(c, HYT_RUN_KEY);

    if (!run)
        return HYT_RUN_FINISHED;
    return strcmp(run, HYT_RUN_STOPPED_WORD) == 0 ? HYT_RUN_STOPPED
                                                  : HYT_RUN_SAVED;
}

size_t hyt_ckpt_count(const struct hyt_ckpt *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n_shards; i++)
        n += hyt_st_count(c->shard[i].st);
    return n;
}

const struct hyt_tensor *hyt_ckpt_tensor(const struct hyt_ckpt *c, size_t i)
{
    size_t s = 0;

    for (; i >= hyt_st_count(c->shard[s].st); s++)
        i -= hyt_st_count(c->shard[s].st);
    return hyt_st_tensor(c->shard[s].st, i);
}

const struct hyt_tensor *hyt_ckpt_find(const struct hyt_ckpt *c,
                                       const char *name)
{
    const struct hyt_tensor *t = NULL;

    for (size_t i = 0; !t && i < c->n_shards; i++)
        t = hyt_st_find(c->shard[i].st, name);
    return t;
}

int hyt_ckpt_file(const struct hyt_ckpt *c, const char *name,
                  struct hyt_buf *bytes, struct hyt_err *err)
{
    struct stat info;

    if (!hyt_plain_name(name))
        return hyt_fail(err, "%s: \"%s\" is no file name", c->name, name);
    return hyt_dir_read(c->dir, c->name, name, FILE_MAX, bytes, &info, err);
}

bool hyt_ckpt_names(const struct hyt_ckpt *c, const char *name)
{
    const char *optimizer = hyt_ckpt_meta(c, "hyt.optimizer");

    if (optimizer && strcmp(optimizer, name) == 0)
        return true;
    for (size_t i = 0; i < c->n_shards; i++)
        if (strcmp(c->shard[i].name, name) == 0)
            return true;
    return false;
}

/* --- digests -------------------------------------------------------------- */

uint64_t hyt_ckpt_data_digest(const struct hyt_ckpt *c)
{
    struct hyt_digest *d = hyt_digest_new();
    uint64_t value, n;

    for (size_t i = 0; i < c->n_shards; i++) {
        const uint8_t *data = hyt_st_data(c->shard[i].st, &n);

        hyt_digest_add(d, data, n);
    }
    value = hyt_digest_value(d);
    hyt_digest_free(d);
    return value;
}

static int check_digest(const struct hyt_ckpt *c, const char *what,
                        const char *key, uint64_t value, struct hyt_err *err)
{
    const char *recorded = hyt_ckpt_meta(c, key);
    char actual[17];

    hyt_hex64(actual, value);
    if (!recorded || strcmp(actual, recorded) != 0)
        return hyt_fail(err,
                        "%s/%s: the data are damaged: digest %s, the commit "
                        "record says %s",
                        c->name, what, actual, recorded ? recorded : "none");
    return 0;
}

int hyt_ckpt_optimizer(const struct hyt_ckpt *c, struct hyt_st **st,
                       struct hyt_err *err)
{
    const char *name = hyt_ckpt_meta(c, "hyt.optimizer");
    struct hyt_buf path = {0};
    int fd;

    *st = NULL;
    if (!name)
        return 0;
    if (!hyt_plain_name(name))
        return hyt_fail(err, "%s/%s: hyt.optimizer is no file name", c->name,
                        c->file);
    hyt_buf_printf(&path, "%s/%s", c->name, name);
    fd = openat(c->dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        hyt_fail_errno(err, "%s", path.s);
    else
        *st = hyt_st_open_fd(fd, path.s, err);
    hyt_buf_free(&path);
    return *st ? 1 : -1;
}

int hyt_ckpt_verify(const struct hyt_ckpt *c, struct hyt_err *err)
{
    struct hyt_st *optimizer;
    const uint8_t *data;
    char name[64];
    uint64_t n;
    int status;

    if (!hyt_ckpt_meta(c, "hyt.digest.model"))
        return 0; /* not written by hyt: its structure is all there is */
    if (c->kept)
        snprintf(name, sizeof name, c->index ? HYT_KEPT_INDEX : HYT_KEPT_FILE,
                 c->generation);
    else
        snprintf(name, sizeof name, "%s", c->file);
    if (check_digest(c, name, "hyt.digest.model", hyt_ckpt_data_digest(c),
                     err) < 0)
        return -1;
    status = hyt_ckpt_optimizer(c, &optimizer, err);
    if (status <= 0)
        return status;
    data = hyt_st_data(optimizer, &n);
    status = check_digest(c, hyt_ckpt_meta(c, "hyt.optimizer"),
                          "hyt.digest.optimizer", hyt_hash64(data, n, 0), err);
    hyt_st_close(optimizer);
    return status;
}
