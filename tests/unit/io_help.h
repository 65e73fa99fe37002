/* SPDX-License-Identifier: MIT */
/*
 * io_help.h - a directory for each test, files in it, zstd frames
 */
#ifndef IO_HELP_H
#define IO_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "hyt/io.h"

static struct hyt_err err; /* of the last call that failed */
static char home[PATH_MAX];

/* Setup and teardown: the test runs in an empty directory of its own. */
static inline int enter(void **state)
{
    const char *tmp = getenv("TMPDIR");
    char dir[PATH_MAX / 2];

    (void)state;
    if (!getcwd(home, sizeof(home)))
        return -1;
    snprintf(dir, sizeof(dir), "%s/hyt-io-XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static inline int leave(void **state)
{
    char dir[PATH_MAX], cmd[PATH_MAX + 16];

    (void)state;
    if (!getcwd(dir, sizeof(dir)) || chdir(home) < 0)
        return -1;
    snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
    return system(cmd);
}

static inline void put(const char *path, const void *s, size_t n)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(s, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static inline void puts_file(const char *path, const char *s)
{
    put(path, s, strlen(s));
}

static inline struct hyt_buf slurp(const char *path)
{
    struct hyt_buf b = {0};

    assert_int_equal(hyt_file_read(path, (size_t)1 << 30, &b, &err), 0);
    return b;
}

static inline void assert_file(const char *path, const char *want)
{
    struct hyt_buf b = slurp(path);

    assert_string_equal(b.s, want);
    assert_int_equal(b.n, strlen(want));
    hyt_buf_free(&b);
}

/* Files in the directory, hidden ones included. */
static inline int n_files(void)
{
    FILE *p = popen("ls -A | wc -l", "r");
    int n = -1;

    assert_non_null(p);
    assert_int_equal(fscanf(p, "%d", &n), 1);
    pclose(p);
    return n;
}

/* At least n bytes of lines that compress somewhat, always the same. */
static inline struct hyt_buf text(size_t n)
{
    struct hyt_buf b = {0};

    for (uint64_t i = 0; b.n < n; i++) {
        hyt_buf_printf(&b, "{\"i\":%llu,\"x\":\"%016llx\"}\n",
                       (unsigned long long)i,
                       (unsigned long long)hyt_hash64(&i, sizeof(i), 0));
    }
    return b;
}

static inline struct hyt_buf frame(const void *s, size_t n)
{
    struct hyt_buf b = {0};

    hyt_buf_reserve(&b, ZSTD_compressBound(n));
    b.n = ZSTD_compress(b.s, ZSTD_compressBound(n), s, n, 3);
    assert_false(ZSTD_isError(b.n));
    return b;
}

/* Reads a whole stream in pieces of `step` bytes: 0 or -1. */
static inline int read_all(const char *path, size_t step, struct hyt_buf *out)
{
    struct hyt_in *in = hyt_in_open(path, &err);
    ptrdiff_t got = -1;

    if (!in)
        return -1;
    do {
        hyt_buf_reserve(out, step);
        got = hyt_in_read(in, out->s + out->n, step, &err);
        if (got > 0) {
            assert_true((size_t)got <= step);
            out->n += (size_t)got;
            out->s[out->n] = 0;
        }
    } while (got > 0);
    hyt_in_close(in);
    return (int)got;
}

static inline void assert_reads(const char *path, size_t step,
                                const struct hyt_buf *want)
{
    struct hyt_buf got = {0};

    assert_int_equal(read_all(path, step, &got), 0);
    assert_int_equal(got.n, want->n);
    if (want->n > 0)
        assert_memory_equal(got.s, want->s, want->n);
    hyt_buf_free(&got);
}

static inline void assert_read_fails(const char *path, const char *message)
{
    struct hyt_buf got = {0};

    assert_int_equal(read_all(path, 4096, &got), -1);
    assert_string_equal(err.msg, message);
    assert_int_equal(err.bad_record, 0);
    hyt_buf_free(&got);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, enter, leave)

#endif
