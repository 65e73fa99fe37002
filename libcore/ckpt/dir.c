/* SPDX-License-Identifier: MIT */
/*
 * dir.c - a model directory, opened for reading
 *
 * A reader opens the files once and keeps them: whatever is committed
 * afterwards, it goes on reading the one generation that it has found.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ckpt/dir.h"
#include "hyt/io.h"

#define NO_GENERATION UINT64_MAX
#define THE_BASE      (UINT64_MAX - 1)
#define COUNT_MAX     ((uint64_t)1 << 53) /* counting on ends in no overflow */
#define TRIES         100
#define CONFIG_MAX    ((size_t)16 << 20)

/* What open_committed() and open_kept() open. */
static void close_files(struct hyt_ckpt *c)
{
    for (size_t i = 0; i < c->n_shards; i++) {
        free(c->shard[i].name);
        hyt_st_close(c->shard[i].st);
    }
    free(c->shard);
    c->shard = NULL;
    c->n_shards = 0;
    hyt_json_free(c->index);
    c->index = NULL;
    c->file = NULL;
    c->digest[0] = '\0';
    c->kept = false;
}

/* --- opening -------------------------------------------------------------- */

/* Splits "DIR@G": *kept is G, THE_BASE, or NO_GENERATION where the path has
 * none.  A directory whose own name looks like that is taken as it is. */
static char *split_path(const char *path, uint64_t *kept)
{
    struct hyt_err ignored;
    const char *at = strrchr(path, '@');
    struct stat info;

    *kept = NO_GENERATION;
    if (!at || at == path || !at[1] || stat(path, &info) == 0)
        return hyt_strndup(path, strlen(path));
    if (strcmp(at, "@base") == 0)
        *kept = THE_BASE;
    else if (strspn(at + 1, "0123456789") != strlen(at + 1) ||
             hyt_parse_u64(at + 1, kept, &ignored) < 0)
        return hyt_strndup(path, strlen(path));
    return hyt_strndup(path, (size_t)(at - path));
}

int hyt_shard_open(struct hyt_ckpt *c, const char *name, struct hyt_err *err)
{
    struct hyt_buf path = {0};
    int fd = openat(c->dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct hyt_st *st = NULL;

    hyt_buf_printf(&path, "%s/%s", c->name, name);
    if (fd < 0)
        hyt_fail_errno(err, "%s", path.s);
    else
        st = hyt_st_open_fd(fd, path.s, err);
    hyt_buf_free(&path);
    if (!st)
        return -1;
    c->shard = hyt_realloc(c->shard, c->n_shards + 1, sizeof *c->shard);
    c->shard[c->n_shards].name = hyt_strndup(name, strlen(name));
    c->shard[c->n_shards++].st = st;
    return 0;
}

static bool exists(int dir, const char *name)
{
    struct stat info;

    return fstatat(dir, name, &info, 0) == 0;
}

static int open_index(struct hyt_ckpt *c, const char *name, struct hyt_err *err)
{
    struct hyt_buf text = {0};
    int status = hyt_dir_read(c->dir, c->name, name, HYT_INDEX_MAX, &text,
                              &c->file_info, err);

    if (status == 0)
        status = hyt_fail(err, "%s/%s: no such file", c->name, name);
    if (status > 0) {
        c->index = hyt_json_parse(text.s, text.n, 0, err);
        status = c->index ? 0 : hyt_fail_prefix(err, "%s/%s: ", c->name, name);
    }
    hyt_buf_free(&text);
    if (status == 0)
        status = hyt_index_open(c, err);
    return status;
}

static int open_single(struct hyt_ckpt *c, const char *name,
                       struct hyt_err *err)
{
    if (hyt_shard_open(c, name, err) < 0)
        return -1;
    if (fstat(hyt_st_fd(c->shard[0].st), &c->file_info) < 0)
        return hyt_fail_errno(err, "%s/%s", c->name, name);
    return 0;
}

/* The committed generation: one file wins over an index, as elsewhere. */
static int open_committed(struct hyt_ckpt *c, struct hyt_err *err)
{
    if (exists(c->dir, HYT_MODEL_FILE)) {
        c->file = HYT_MODEL_FILE;
        return open_single(c, HYT_MODEL_FILE, err);
    }
    if (exists(c->dir, HYT_INDEX_FILE)) {
        c->file = HYT_INDEX_FILE;
        return open_index(c, HYT_INDEX_FILE, err);
    }
    return hyt_fail(err,
                    "%s: neither " HYT_MODEL_FILE " nor " HYT_INDEX_FILE
                    " (weights in other formats are not supported)",
                    c->name);
}

/* 1, or 0 where generation g is not kept. */
static int open_kept(struct hyt_ckpt *c, uint64_t g, struct hyt_err *err)
{
    char file[64], index[64];

    snprintf(file, sizeof file, HYT_KEPT_FILE, g);
    snprintf(index, sizeof index, HYT_KEPT_INDEX, g);
    c->kept = true;
    if (exists(c->dir, file)) {
        c->file = HYT_MODEL_FILE;
        return open_single(c, file, err) < 0 ? -1 : 1;
    }
    if (exists(c->dir, index)) {
        c->file = HYT_INDEX_FILE;
        return open_index(c, index, err) < 0 ? -1 : 1;
    }
    c->kept = false;
    return 0;
}

/* --- the commit record ---------------------------------------------------- */

const char *hyt_ckpt_meta(const struct hyt_ckpt *c, const char *key)
{
    const struct hyt_json *v;

    if (!c->index)
        return hyt_st_meta(c->shard[0].st, key);
    v = hyt_json_get(hyt_json_get(c->index, "metadata"), key);
    return v && hyt_json_type(v) == HYT_JSON_STR ? hyt_json_str(v) : NULL;
}

int hyt_ckpt_meta_u64(const struct hyt_ckpt *c, const char *key,
                      uint64_t missing, uint64_t *x, struct hyt_err *err)
{
    const char *text = hyt_ckpt_meta(c, key);

    *x = missing;
    if (!text)
        return 0;
    if (strspn(text, "0123456789") != strlen(text) ||
        hyt_parse_u64(text, x, err) < 0)
        return hyt_fail(err, "%s/%s: %s is \"%s\", expected a number", c->name,
                        c->file, key, text);
    if (*x > COUNT_MAX)
        return hyt_fail(err, "%s/%s: %s is above 2^53", c->name, c->file, key);
    return 0;
}

static int read_record(struct hyt_ckpt *c, struct hyt_err *err)
{
    const char *digest = hyt_ckpt_meta(c, "hyt.digest.model");

    if (hyt_ckpt_meta_u64(c, "hyt.generation", 0, &c->generation, err) < 0 ||
        hyt_ckpt_meta_u64(c, "hyt.step", 0, &c->step, err) < 0)
        return -1;
    if (!digest)
        return 0;
    if (strlen(digest) != 16 || strspn(digest, "0123456789abcdef") != 16)
        return hyt_fail(err, "%s/%s: hyt.digest.model is not 16 hex digits",
                        c->name, c->file);
    memcpy(c->digest, digest, 17);
    return 0;
}

/* A checkpoint that hyt did not write has no digest of its data: header, size
 * and config.json stand for it, so that opening reads no tensor. */
/* A base model and its fine-tune may have one header and one config: bytes
 * from all over the data tell them apart, and opening stays cheap. */
static void add_samples(struct hyt_digest *d, const uint8_t *data, size_t n)
{
    enum { SAMPLES = 64, BYTES = 64 };

    for (size_t i = 0; i < SAMPLES && n >= BYTES; i++)
        hyt_digest_add(d, data + (n - BYTES) / (SAMPLES - 1) * i, BYTES);
}

static void foreign_digest(struct hyt_ckpt *c, const struct hyt_buf *config)
{
    struct hyt_digest *d = hyt_digest_new();

    for (size_t i = 0; i < c->n_shards; i++) {
        uint8_t size[8];
        uint64_t n_data;
        size_t n;
        const char *text = hyt_st_header_text(c->shard[i].st, &n);

        const uint8_t *data = hyt_st_data(c->shard[i].st, &n_data);

        hyt_digest_add(d, text, n);
        add_samples(d, data, (size_t)n_data);
        for (int b = 0; b < 8; b++)
            size[b] = (uint8_t)((8 + n + n_data) >> (8 * b));
        hyt_digest_add(d, size, sizeof size);
    }
    hyt_digest_add(d, config->s, config->n);
    hyt_hex64(c->digest, hyt_digest_value(d));
    hyt_digest_free(d);
}

static int open_config(struct hyt_ckpt *c, struct hyt_err *err)
{
    struct hyt_buf text = {0};
    struct stat info;
    int status = hyt_dir_read(c->dir, c->name, "config.json", CONFIG_MAX, &text,
                              &info, err);

    if (status == 0)
        status = hyt_fail(err, "%s: no config.json", c->name);
    if (status > 0) {
        status = 0;
        c->config = hyt_json_parse(text.s, text.n, 0, err);
        if (!c->config || hyt_json_unique(c->config, err) < 0)
            status = hyt_fail_prefix(err, "%s/config.json: ", c->name);
        else if (hyt_json_type(c->config) != HYT_JSON_OBJECT)
            status = hyt_fail(err, "%s/config.json: %s, expected an object",
                              c->name, hyt_json_type_name(c->config));
    }
    if (status == 0 && !c->digest[0])
        foreign_digest(c, &text);
    hyt_buf_free(&text);
    return status;
}

/* The kept generation, or the committed one where that is generation g. */
static int open_generation(struct hyt_ckpt *c, uint64_t g, struct hyt_err *err)
{
    int status = open_kept(c, g, err);

    if (status == 0 && open_committed(c, err) < 0)
        status = -1;
    if (status < 0 || read_record(c, err) < 0)
        return -1;
    if (c->generation != g)
        return hyt_fail(err, "%s: generation %" PRIu64 " is not kept", c->name,
                        g);
    return 0;
}

static int open_any(struct hyt_ckpt *c, uint64_t generation,
                    struct hyt_err *err)
{
    int status;

    if (generation != NO_GENERATION && generation != THE_BASE)
        return open_generation(c, generation, err);
    status = open_committed(c, err);
    if (status == 0)
        status = read_record(c, err);
    if (status < 0 || generation != THE_BASE ||
        hyt_ckpt_run(c) == HYT_RUN_FINISHED)
        return status;
    if (!hyt_ckpt_meta(c, "hyt.base_generation"))
        return hyt_fail(err,
                        "%s: what its run began with is not in this "
                        "directory",
                        c->name);
    if (hyt_ckpt_meta_u64(c, "hyt.base_generation", 0, &generation, err) < 0)
        return -1;
    close_files(c);
    if (open_generation(c, generation, err) == 0)
        return 0;
    return hyt_fail_prefix(err, "what the run began with is gone: ");
}

bool hyt_ckpt_is_kept(const struct hyt_ckpt *c)
{
    return c->kept;
}

bool hyt_ckpt_is_current(const struct hyt_ckpt *c)
{
    struct stat now;

    return c->file && !c->kept && fstatat(c->dir, c->file, &now, 0) == 0 &&
           now.st_dev == c->file_info.st_dev &&
           now.st_ino == c->file_info.st_ino;
}

/* Whether what could not be opened was being replaced meanwhile. */
static bool moved(const struct hyt_ckpt *c, uint64_t generation)
{
    return c->file && c->file_info.st_ino &&
           (generation == THE_BASE || (!c->kept && !hyt_ckpt_is_current(c)));
}

/* Takes over the name. */
static struct hyt_ckpt *open_dir(char *name, uint64_t generation,
                                 struct hyt_err *err)
{
    struct hyt_ckpt *c = hyt_alloc(1, sizeof *c);
    int status;

    c->name = name;
    c->dir = open(c->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (c->dir < 0)
        status = hyt_fail_errno(err, "%s", c->name);
    else
        status = open_any(c, generation, err);
    for (int i = 0; status < 0 && i < TRIES && moved(c, generation); i++) {
        close_files(c);
        status = open_any(c, generation, err);
    }
    if (status == 0)
        status = open_config(c, err);
    if (status < 0) {
        hyt_ckpt_close(c);
        return NULL;
    }
    return c;
}

struct hyt_ckpt *hyt_ckpt_open(const char *path, struct hyt_err *err)
{
    uint64_t generation;
    char *name = split_path(path, &generation);

    return open_dir(name, generation, err);
}

struct hyt_ckpt *hyt_ckpt_open_kept(const char *dir, uint64_t g,
                                    struct hyt_err *err)
{
    return open_dir(hyt_strndup(dir, strlen(dir)), g, err);
}

void hyt_ckpt_close(struct hyt_ckpt *c)
{
    if (!c)
        return;
    close_files(c);
    hyt_json_free(c->config);
    if (c->dir >= 0)
        close(c->dir);
    free(c->name);
    free(c);
}
