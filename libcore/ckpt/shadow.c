/* SPDX-License-Identifier: MIT */
/*
 * shadow.c - a safetensors file under construction
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ckpt/file.h"
#include "ckpt/layout.h"
#include "ckpt/shadow.h"
#include "hyt/io.h"

struct hyt_shadow {
    int dir; /* borrowed */
    char *dir_name, *name;
    int fd;
    uint8_t *map; /* the whole file; NULL when sealed */
    uint64_t size;
    struct hyt_layout layout;
    bool kept;
};

static int fail_errno(const struct hyt_shadow *s, const char *what,
                      struct hyt_err *err)
{
    return hyt_fail_errno(err, "%s/%s: %s", s->dir_name, s->name, what);
}

/* A full disk shows here, before anything else has happened. */
static int allocate(struct hyt_shadow *s, struct hyt_err *err)
{
    if (s->size > INT64_MAX)
        return hyt_fail(err, "%s/%s: %" PRIu64 " bytes are too many",
                        s->dir_name, s->name, s->size);
    do {
        errno = posix_fallocate(s->fd, 0, (off_t)s->size);
    } while (errno == EINTR);
    if (errno)
        return hyt_fail_errno(err, "%s/%s: no room for %" PRIu64 " bytes",
                              s->dir_name, s->name, s->size);
    s->map = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
    if (s->map == MAP_FAILED) {
        s->map = NULL;
        return fail_errno(s, "cannot be mapped", err);
    }
    return 0;
}

struct hyt_shadow *hyt_shadow_create(int dir, const char *dir_name,
                                     const char *name,
                                     const struct hyt_tensor *t, size_t n,
                                     size_t reserve, struct hyt_err *err)
{
    struct hyt_shadow *s = hyt_alloc(1, sizeof *s);

    s->dir = dir;
    s->dir_name = hyt_strndup(dir_name, strlen(dir_name));
    s->name = hyt_strndup(name, strlen(name));
    s->fd = -1;
    if (hyt_layout_init(&s->layout, t, n, reserve, err) < 0) {
        hyt_fail_prefix(err, "%s/%s: ", dir_name, name);
        goto fail;
    }
    s->size = s->layout.block + s->layout.n_data;
    s->fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (s->fd < 0) {
        fail_errno(s, "cannot be created", err);
        goto fail;
    }
    if (allocate(s, err) < 0)
        goto fail;
    return s;
fail:
    hyt_shadow_free(s);
    return NULL;
}

void *hyt_shadow_data(struct hyt_shadow *s, size_t i)
{
    return s->map + s->layout.block + s->layout.at[i];
}

static int write_at(struct hyt_shadow *s, const void *bytes, uint64_t n,
                    uint64_t at, struct hyt_err *err)
{
    if (hyt_write_at(s->fd, bytes, n, at) < 0)
        return fail_errno(s, "write", err);
    return 0;
}

int hyt_shadow_fill(struct hyt_shadow *s, size_t i, const void *bytes,
                    struct hyt_err *err)
{
    return write_at(s, bytes, s->layout.t[i].n_bytes,
                    s->layout.block + s->layout.at[i], err);
}

void hyt_shadow_digest(const struct hyt_shadow *s, struct hyt_digest *d)
{
    hyt_digest_add(d, s->map + s->layout.block, s->layout.n_data);
}

int hyt_shadow_seal(struct hyt_shadow *s, const struct hyt_pair *meta,
                    size_t n_meta, struct hyt_err *err)
{
    struct hyt_buf block = {0};
    int status = -1;

    if (msync(s->map, s->size, MS_SYNC) < 0) {
        fail_errno(s, "msync", err);
        return -1;
    }
    munmap(s->map, s->size);
    s->map = NULL;
    if (hyt_layout_print(&s->layout, meta, n_meta, &block, err) < 0)
        hyt_fail_prefix(err, "%s/%s: ", s->dir_name, s->name);
    else if (write_at(s, block.s + 8, block.n - 8, 8, err) == 0)
        status = write_at(s, block.s, 8, 0, err);
    hyt_buf_free(&block);
    return status;
}

int hyt_shadow_sync(struct hyt_shadow *s, bool read_only, struct hyt_err *err)
{
    struct stat info;

    if (read_only &&
        (fstat(s->fd, &info) < 0 || fchmod(s->fd, info.st_mode & 0444) < 0))
        return fail_errno(s, "chmod", err);
    if (fsync(s->fd) < 0)
        return fail_errno(s, "fsync", err);
    return 0;
}

int hyt_shadow_rename(struct hyt_shadow *s, const char *name,
                      struct hyt_err *err)
{
    if (renameat(s->dir, s->name, s->dir, name) < 0)
        return hyt_fail_errno(err, "%s/%s: cannot be renamed to %s",
                              s->dir_name, s->name, name);
    free(s->name);
    s->name = hyt_strndup(name, strlen(name));
    return 0;
}

void hyt_shadow_keep(struct hyt_shadow *s)
{
    s->kept = true;
}

void hyt_shadow_free(struct hyt_shadow *s)
{
    if (!s)
        return;
    if (s->map)
        munmap(s->map, s->size);
    if (s->fd >= 0) {
        close(s->fd);
        if (!s->kept)
            unlinkat(s->dir, s->name, 0);
    }
    hyt_layout_free(&s->layout);
    free(s->dir_name);
    free(s->name);
    free(s);
}
