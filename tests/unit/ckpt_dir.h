/* SPDX-License-Identifier: MIT */
/*
 * ckpt_dir.h - small checkpoints made byte by byte, for test_ckpt.c
 *
 * Files are written here with plain stdio, not by the code under test.
 */
#ifndef TEST_CKPT_DIR_H
#define TEST_CKPT_DIR_H

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hyt/ckpt.h"
#include "hyt/io.h"

static char root[64];

/* In memory where that can be had: fsync there takes no time. */
static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "%s/hyt-ckpt-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    return mkdtemp(root) ? 0 : -1;
}

/* A path below the test's own directory; one of four static buffers. */
static const char *at(const char *name)
{
    static char path[4][400];
    static int next;
    char *p = path[next++ % 4];

    snprintf(p, sizeof path[0], "%s/%s", root, name);
    return p;
}

static void put_file(const char *name, const void *bytes, size_t n)
{
    FILE *f = fopen(at(name), "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static size_t get_file(const char *name, char *bytes, size_t cap)
{
    FILE *f = fopen(at(name), "rb");
    size_t n;

    if (!f)
        return 0;
    n = fread(bytes, 1, cap, f);
    assert_int_equal(fclose(f), 0);
    return n;
}

/* length | header | data */
static size_t make_st(char *out, const char *header, const void *data,
                      size_t n_data)
{
    uint64_t n = strlen(header);

    for (int b = 0; b < 8; b++)
        out[b] = (char)(n >> (8 * b));
    memcpy(out + 8, header, n);
    if (n_data)
        memcpy(out + 8 + n, data, n_data);
    return 8 + n + n_data;
}

static void put_st(const char *name, const char *header, const void *data,
                   size_t n_data)
{
    static char bytes[1 << 16];

    put_file(name, bytes, make_st(bytes, header, data, n_data));
}

static void remove_tree(const char *path)
{
    DIR *d = opendir(path);
    struct dirent *e;
    char child[600];

    if (!d) {
        unlink(path);
        return;
    }
    while ((e = readdir(d))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(child, sizeof child, "%s/%s", path, e->d_name);
        remove_tree(child);
    }
    closedir(d);
    rmdir(path);
}

static int remove_root(void **state)
{
    (void)state;
    remove_tree(root);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Names, sizes and digests of a directory's files, sorted: two directories
 * that print alike hold the same.  hyt.lock only marks its presence. */
static inline void list_dir(const char *name, char *out, size_t cap)
{
    static char line[64][400];
    static char bytes[1 << 20];
    DIR *d = opendir(at(name));
    struct dirent *e;
    size_t n = 0, used = 0;

    assert_non_null(d);
    while ((e = readdir(d)) && n < 64) {
        char path[300];
        size_t size;

        if (e->d_name[0] == '.' && e->d_name[1] != 'h')
            continue;
        if (strcmp(e->d_name, "hyt.lock") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", name, e->d_name);
        size = get_file(path, bytes, sizeof bytes);
        snprintf(line[n++], sizeof line[0], "%s %zu %" PRIx64 "\n", e->d_name,
                 size, hyt_hash64(bytes, size, 0));
    }
    closedir(d);
    qsort(line, n, sizeof line[0], by_name);
    out[0] = '\0';
    for (size_t i = 0; i < n; i++)
        used += (size_t)snprintf(out + used, cap - used, "%s", line[i]);
}

static inline bool exists(const char *name)
{
    struct stat info;

    return stat(at(name), &info) == 0;
}

/* A directory with one f32 and one bf16 tensor, as another program might have
 * written it. */
#define SMALL_HEADER                                                           \
    "{\"__metadata__\":{\"format\":\"pt\",\"author\":\"me \\u00e9\"},"         \
    "\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"       \
    "\"h\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[24,32]}}"

static const float small_w[6] = {1, -2, 3.5f, 0.25f, 5, -6};
static const uint16_t small_h[4] = {0x3f80, 0xc000, 0x3e80, 0x4049};

static inline void make_small(const char *name)
{
    char data[32], file[300];

    memcpy(data, small_w, 24);
    memcpy(data + 24, small_h, 8);
    assert_int_equal(mkdir(at(name), 0777), 0);
    snprintf(file, sizeof file, "%s/model.safetensors", name);
    put_st(file, SMALL_HEADER, data, sizeof data);
    snprintf(file, sizeof file, "%s/config.json", name);
    put_file(file, "{\"model_type\":\"llama\"}", 22);
    snprintf(file, sizeof file, "%s/tokenizer.json", name);
    put_file(file, "{}", 2);
}

static struct hyt_ckpt *open_ok(const char *name)
{
    struct hyt_err err = {0};
    struct hyt_ckpt *c = hyt_ckpt_open(at(name), &err);

    if (!c)
        fail_msg("%s", err.msg);
    return c;
}

static struct hyt_work *begin_ok(const struct hyt_ckpt *c, const char *out)
{
    struct hyt_err err = {0};
    struct hyt_work *w = hyt_work_begin(c, at(out), &err);

    if (!w)
        fail_msg("%s", err.msg);
    return w;
}

static inline void commit_ok(struct hyt_work *w, uint64_t step)
{
    struct hyt_err err = {0};

    if (hyt_work_commit(w, step, &err) < 0)
        fail_msg("%s", err.msg);
}

#endif
