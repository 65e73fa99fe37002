/* SPDX-License-Identifier: MIT */
/*
 * fuzz_stream.c - bytes that may be zstd, and lines of them
 *
 * However much is asked for at once, the same bytes come and the same verdict;
 * before an error perhaps not all of them.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "hyt/io.h"

#define ENOUGH ((size_t)1 << 22) /* a frame of a few bytes can make terabytes */

/* 0, or -1 with a message; bytes in *all, as far as ENOUGH. */
static int read_by(const char *path, size_t ask, struct hyt_buf *all,
                   struct hyt_err *err)
{
    struct hyt_in *in = hyt_in_open(path, err);
    char *buf = hyt_alloc(ask, 1);
    ptrdiff_t got = 0;

    CHECK(in != NULL);
    while (all->n < ENOUGH && (got = hyt_in_read(in, buf, ask, err)) > 0) {
        CHECK((size_t)got <= ask);
        hyt_buf_put(all, buf, (size_t)got);
    }
    if (all->n >= ENOUGH)
        all->n = ENOUGH;
    free(buf);
    hyt_in_close(in);
    return got < 0 ? -1 : 0;
}

static void read_lines(const char *path)
{
    struct hyt_lines *in = hyt_lines_open(&path, 1, 1000);
    struct hyt_line line;
    struct hyt_err err = {.msg = ""};
    uint64_t last = 0;
    int got;

    for (size_t total = 0; total < ENOUGH; total += line.n + 1) {
        err.bad_record = 0;
        got = hyt_lines_next(in, &line, &err);
        if (got < 0)
            fuzz_check_failure(&err);
        if (got == 0 || (got < 0 && !err.bad_record))
            break;
        if (got < 0) {
            line.n = 1000;
            continue;
        }
        CHECK(line.n > 0 && line.n <= 1000 && line.s[line.n] == '\0');
        CHECK(strlen(line.s) == line.n && !strchr(line.s, '\n'));
        CHECK(line.lineno > last);
        last = line.lineno;
    }
    hyt_lines_close(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *path = fuzz_file(data, n);
    struct hyt_err err = {.msg = ""}, err2 = {.msg = ""};
    struct hyt_buf much = {0}, little = {0};
    const int status = read_by(path, 1 << 17, &much, &err);

    if (status < 0)
        fuzz_check_failure(&err);
    if (much.n < 20000) {
        size_t same;

        CHECK(read_by(path, 7, &little, &err2) == status);
        CHECK(status < 0 || much.n == little.n);
        same = much.n < little.n ? much.n : little.n;
        CHECK(same == 0 || memcmp(much.s, little.s, same) == 0);
    }
    read_lines(path);
    hyt_buf_free(&much);
    hyt_buf_free(&little);
    return 0;
}
