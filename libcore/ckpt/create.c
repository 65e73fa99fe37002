/* SPDX-License-Identifier: MIT */
/*
 * create.c - a new safetensors file, by temporary name and link
 *
 * Its metadata carry the digest of its data: headers and configs of models of
 * one shape are alike, so without it two random models would pass for one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ckpt/shadow.h"

/* Header bytes for the digest. */
#define RESERVE ((size_t)64)

struct hyt_st_new {
    char *dir_name, *name, *temp;
    int dir;
    struct hyt_shadow *shadow;
};

struct hyt_st_new *hyt_st_create(const char *path, const struct hyt_tensor *t,
                                 size_t n, struct hyt_err *err)
{
    struct hyt_st_new *f = hyt_alloc(1, sizeof *f);
    const char *slash = strrchr(path, '/');
    char temp[64];
    struct stat old;

    f->name =
        hyt_strndup(slash ? slash + 1 : path, strlen(slash ? slash + 1 : path));
    f->dir_name = !slash          ? hyt_strndup(".", 1)
                  : slash == path ? hyt_strndup("/", 1)
                                  : hyt_strndup(path, (size_t)(slash - path));
    f->dir = open(f->dir_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    snprintf(temp, sizeof temp, ".hyt-0-%ld.tmp", (long)getpid());
    f->temp = hyt_strndup(temp, strlen(temp));
    if (f->dir < 0)
        hyt_fail_errno(err, "%s", f->dir_name);
    else if (fstatat(f->dir, f->name, &old, AT_SYMLINK_NOFOLLOW) == 0)
        hyt_fail(err, "%s is there already", path);
    else
        f->shadow =
            hyt_shadow_create(f->dir, f->dir_name, temp, t, n, RESERVE, err);
    if (!f->shadow) {
        hyt_st_new_discard(f);
        return NULL;
    }
    return f;
}

void *hyt_st_new_data(struct hyt_st_new *f, size_t i)
{
    return hyt_shadow_data(f->shadow, i);
}

/* Gives the file its name, which a link, other than a rename, never takes from
 * another file.  Then the temporary name goes. */
static int publish(struct hyt_st_new *f, struct hyt_err *err)
{
    if (linkat(f->dir, f->temp, f->dir, f->name, 0) < 0) {
        if (errno == EEXIST)
            return hyt_fail(err, "%s/%s is there already", f->dir_name,
                            f->name);
        /* A file system without links. */
        if (hyt_shadow_rename(f->shadow, f->name, err) < 0)
            return -1;
        hyt_shadow_keep(f->shadow);
    }
    hyt_shadow_free(f->shadow);
    f->shadow = NULL;
    return 0;
}

int hyt_st_new_close(struct hyt_st_new *f, struct hyt_err *err)
{
    struct hyt_digest *d = hyt_digest_new();
    char hex[17];
    const struct hyt_pair meta = {"hyt.digest.model", hex};
    int status = -1;

    hyt_shadow_digest(f->shadow, d);
    hyt_hex64(hex, hyt_digest_value(d));
    hyt_digest_free(d);
    if (hyt_shadow_seal(f->shadow, &meta, 1, err) == 0 &&
        hyt_shadow_sync(f->shadow, false, err) == 0 && publish(f, err) == 0) {
        status = fsync(f->dir);
        if (status < 0)
            hyt_fail_errno(err, "%s: fsync", f->dir_name);
    }
    hyt_st_new_discard(f);
    return status;
}

void hyt_st_new_discard(struct hyt_st_new *f)
{
    if (!f)
        return;
    hyt_shadow_free(f->shadow);
    if (f->dir >= 0)
        close(f->dir);
    free(f->dir_name);
    free(f->name);
    free(f->temp);
    free(f);
}

int hyt_st_write(const char *path, const struct hyt_tensor *t, size_t n,
                 struct hyt_err *err)
{
    struct hyt_st_new *f = hyt_st_create(path, t, n, err);

    if (!f)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (hyt_shadow_fill(f->shadow, i, t[i].data, err) < 0) {
            hyt_st_new_discard(f);
            return -1;
        }
    return hyt_st_new_close(f, err);
}
