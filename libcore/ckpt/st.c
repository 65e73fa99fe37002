/* SPDX-License-Identifier: MIT */
/*
 * st.c - a safetensors file, mapped read-only
 *
 *     u64 n (little-endian) | n bytes of JSON header | tensor data
 *
 * Everything is checked before a tensor is seen, so that no later access can
 * leave the mapping.  The mapping holds one inode: a rename over the path does
 * not change what is read here.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ckpt/st.h"

struct hyt_st {
    int fd;
    uint8_t *map;
    uint64_t size;
    uint64_t data_at; /* 8 + header length */
    struct hyt_st_header header;
};

static uint64_t read_le64(const uint8_t *p)
{
    uint64_t x = 0;

    for (int i = 7; i >= 0; i--)
        x = x << 8 | p[i];
    return x;
}

/* The mapping, st->size bytes, or NULL. */
static uint8_t *map_file(struct hyt_st *st, const char *name,
                         struct hyt_err *err)
{
    struct stat info;
    void *map = MAP_FAILED;

    if (fstat(st->fd, &info) < 0) {
        hyt_fail_errno(err, "%s", name);
        return NULL;
    }
    st->size = (uint64_t)info.st_size;
    if (!S_ISREG(info.st_mode))
        hyt_fail(err, "%s: not a regular file", name);
    else if (st->size < 8)
        hyt_fail(err, "%s: %" PRIu64 " bytes are no safetensors file", name,
                 st->size);
    else if ((map = mmap(NULL, st->size, PROT_READ, MAP_PRIVATE, st->fd, 0)) ==
             MAP_FAILED)
        hyt_fail_errno(err, "%s: cannot be mapped", name);
    return map == MAP_FAILED ? NULL : map;
}

static int check_length(struct hyt_st *st, const char *name,
                        struct hyt_err *err)
{
    uint64_t n = read_le64(st->map);

    if (n == 0)
        return hyt_fail(err, "%s: header length 0: the file was not finished",
                        name);
    if (n > HYT_ST_HEADER_MAX)
        return hyt_fail(err,
                        "%s: header length %" PRIu64 " is above %" PRIu64
                        ": no safetensors file?",
                        name, n, HYT_ST_HEADER_MAX);
    if (n > st->size - 8)
        return hyt_fail(err,
                        "%s: header length %" PRIu64
                        " does not fit in a file of %" PRIu64 " bytes",
                        name, n, st->size);
    st->data_at = 8 + n;
    return 0;
}

/* Points each tensor at its data; what another program has not aligned is
 * copied to where it is. */
static void place(struct hyt_st *st)
{
    for (size_t i = 0; i < st->header.n; i++) {
        struct hyt_st_entry *e = &st->header.entry[i];
        const uint8_t *data = st->map + st->data_at + e->begin;

        if ((uintptr_t)data % e->type->align != 0) {
            e->copy = hyt_alloc_aligned(e->t.n_bytes, 1);
            memcpy(e->copy, data, e->t.n_bytes);
            data = e->copy;
        }
        e->t.data = data;
    }
}

struct hyt_st *hyt_st_open_fd(int fd, const char *name, struct hyt_err *err)
{
    struct hyt_st *st = hyt_alloc(1, sizeof *st);

    st->fd = fd;
    st->map = map_file(st, name, err);
    if (!st->map || check_length(st, name, err) < 0)
        goto fail;
    if (hyt_st_header_parse(&st->header, (const char *)st->map + 8,
                            st->data_at - 8, st->size - st->data_at, err) < 0) {
        hyt_fail_prefix(err, "%s: ", name);
        goto fail;
    }
    place(st);
    return st;
fail:
    hyt_st_close(st);
    return NULL;
}

struct hyt_st *hyt_st_open(const char *path, struct hyt_err *err)
{
    /* O_NONBLOCK: a FIFO of this name must not make us wait. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        hyt_fail_errno(err, "%s", path);
        return NULL;
    }
    return hyt_st_open_fd(fd, path, err);
}

void hyt_st_close(struct hyt_st *st)
{
    if (!st)
        return;
    for (size_t i = 0; i < st->header.n; i++)
        free(st->header.entry[i].copy);
    hyt_st_header_free(&st->header);
    if (st->map)
        munmap(st->map, st->size);
    close(st->fd);
    free(st);
}

size_t hyt_st_count(const struct hyt_st *st)
{
    return st->header.n;
}

const struct hyt_tensor *hyt_st_tensor(const struct hyt_st *st, size_t i)
{
    return &st->header.entry[i].t;
}

static int name_cmp(const void *key, const void *item)
{
    const struct hyt_st_entry *const *e = item;

    return strcmp(key, (*e)->t.name);
}

const struct hyt_tensor *hyt_st_find(const struct hyt_st *st, const char *name)
{
    const struct hyt_st_header *h = &st->header;
    struct hyt_st_entry **e;

    e = h->n ? bsearch(name, h->by_name, h->n, sizeof(struct hyt_st_entry *),
                       name_cmp)
             : NULL;
    return e ? &(*e)->t : NULL;
}

const char *hyt_st_meta(const struct hyt_st *st, const char *key)
{
    for (size_t i = 0; i < st->header.n_meta; i++)
        if (strcmp(st->header.meta[i].key, key) == 0)
            return st->header.meta[i].value;
    return NULL;
}

size_t hyt_st_meta_count(const struct hyt_st *st)
{
    return st->header.n_meta;
}

const struct hyt_pair *hyt_st_meta_at(const struct hyt_st *st, size_t i)
{
    return &st->header.meta[i];
}

const uint8_t *hyt_st_data(const struct hyt_st *st, uint64_t *n_bytes)
{
    *n_bytes = st->size - st->data_at;
    return st->map + st->data_at;
}

const char *hyt_st_header_text(const struct hyt_st *st, size_t *n)
{
    *n = st->data_at - 8;
    return (const char *)st->map + 8;
}

void hyt_st_let_go(const struct hyt_st *st)
{
    (void)madvise(st->map, st->size, MADV_DONTNEED);
}

int hyt_st_fd(const struct hyt_st *st)
{
    return st->fd;
}
