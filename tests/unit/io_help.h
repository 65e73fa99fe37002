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

#include "hyt/io.h"

extern struct hyt_err err; /* of the last call that failed */

/* Setup and teardown: the test runs in an empty directory of its own. */
int enter(void **state);
int leave(void **state);

#define TEST(f) cmocka_unit_test_setup_teardown(f, enter, leave)

void put(const char *path, const void *s, size_t n);
void puts_file(const char *path, const char *s);
struct hyt_buf slurp(const char *path);
void assert_file(const char *path, const char *want);

/* Files in the directory, hidden ones included. */
int n_files(void);

/* At least n bytes of lines that compress somewhat, always the same. */
struct hyt_buf text(size_t n);

struct hyt_buf frame(const void *s, size_t n);

/* Reads a whole stream in pieces of `step` bytes: 0 or -1. */
int read_all(const char *path, size_t step, struct hyt_buf *out);
void assert_reads(const char *path, size_t step, const struct hyt_buf *want);
void assert_read_fails(const char *path, const char *message);

#endif
