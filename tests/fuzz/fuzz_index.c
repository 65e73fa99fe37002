/* SPDX-License-Identifier: MIT */
/*
 * fuzz_index.c - model.safetensors.index.json over two shards, in a directory
 * whose parent holds a file that must never be opened: a trap
 *
 * The weight map, the commit record in "metadata", and what reads it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "hyt/ckpt.h"

#define INDEX "model.safetensors.index.json"
#define ONE_TENSOR(name)                                                       \
    "{\"" name "\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}"

static char top[64], dir[80];

static void put(const char *folder, const char *name, const void *s, size_t n)
{
    char path[160];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "wb");
    CHECK(f && fwrite(s, 1, n, f) == n && fclose(f) == 0);
}

static void put_shard(const char *folder, const char *name, const char *header)
{
    char bytes[256] = {(char)strlen(header)};

    memcpy(bytes + 8, header, strlen(header));
    memcpy(bytes + 8 + strlen(header), "data", 4);
    put(folder, name, bytes, 8 + strlen(header) + 4);
}

static void clean_up(void)
{
    static const char *const names[] = {"trap.safetensors",
                                        "m/a.safetensors",
                                        "m/b.safetensors",
                                        "m/config.json",
                                        "m/model.safetensors.index.json",
                                        "m/hyt-optimizer-1.safetensors",
                                        "m"};
    char path[160];

    for (size_t i = 0; i < HYT_LEN(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", top, names[i]);
        remove(path);
    }
    rmdir(top);
}

static void make_directory(void)
{
    snprintf(top, sizeof(top), "%s/hyt-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    CHECK(mkdtemp(top) != NULL);
    snprintf(dir, sizeof(dir), "%s/m", top);
    CHECK(mkdir(dir, 0700) == 0);
    atexit(clean_up);
    put_shard(dir, "a.safetensors", ONE_TENSOR("a"));
    put_shard(dir, "b.safetensors", ONE_TENSOR("b"));
    put_shard(dir, "hyt-optimizer-1.safetensors", ONE_TENSOR("m"));
    put_shard(top, "trap.safetensors", ONE_TENSOR("trap"));
    put(dir, "config.json", "{}", 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct hyt_err err = {.msg = ""};
    struct hyt_ckpt *c;
    uint64_t *kept = NULL;
    size_t n_kept;

    if (!top[0])
        make_directory();
    put(dir, INDEX, data, n);
    c = hyt_ckpt_open(dir, &err);
    if (!c) {
        fuzz_check_failure(&err);
        return 0;
    }
    CHECK(hyt_ckpt_count(c) > 0 && strlen(hyt_ckpt_digest(c)) == 16);
    for (size_t i = 0; i < hyt_ckpt_count(c); i++) {
        const struct hyt_tensor *t = hyt_ckpt_tensor(c, i);

        CHECK(strcmp(t->name, "trap") != 0);
        CHECK(hyt_ckpt_find(c, t->name) == t);
        fuzz_touch(t->data, t->n_bytes);
    }
    CHECK(hyt_ckpt_kept(c, &kept, &n_kept, &err) == 0 && n_kept == 0);
    free(kept);
    (void)hyt_ckpt_run(c);
    if (hyt_ckpt_verify(c, &err) < 0)
        fuzz_check_failure(&err);
    hyt_ckpt_close(c);
    return 0;
}
