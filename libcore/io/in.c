/* SPDX-License-Identifier: MIT */
/*
 * in.c - a byte stream from a file, a pipe or standard input
 *
 * The first bytes decide, on any of them, whether the stream is zstd
 * (RFC 8878): one or more frames and nothing else.  A stream that ends within
 * a frame is an error, so that a torn upload does not pass for a short file.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "hyt/io.h"
#include "io/fd.h"

#define RAW_SIZE ((size_t)128 * 1024) /* about ZSTD_DStreamInSize() */

struct hyt_in {
    int fd;
    char *name;
    bool sniffed; /* the first bytes have been looked at */
    bool ended;   /* read(2) has said so */
    uint64_t offset;

    /* Bytes read and not passed on: raw[at..n). */
    unsigned char *raw;
    size_t at, n;

    ZSTD_DCtx *zstd; /* NULL: the stream is plain */
    bool in_frame;   /* a frame has begun and not ended */
    bool more;       /* the decoder may hold output */
};

struct hyt_in *hyt_in_open(const char *path, struct hyt_err *err)
{
    bool std = strcmp(path, "-") == 0;
    const char *name = std ? "<stdin>" : path;
    struct hyt_in *in;
    struct stat st;
    int fd = std ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) < 0) {
        hyt_fail_errno(err, "%s", name);
        if (fd >= 0 && !std)
            close(fd);
        return NULL;
    }
    if (S_ISDIR(st.st_mode)) {
        hyt_fail(err, "%s: is a directory", name);
        if (!std)
            close(fd);
        return NULL;
    }
    in = hyt_alloc(1, sizeof(*in));
    in->fd = fd;
    in->name = hyt_strndup(name, strlen(name));
    return in;
}

bool hyt_in_ready(const struct hyt_in *in)
{
    struct pollfd fd = {.fd = in->fd, .events = POLLIN};

    return in->at < in->n || in->more || in->ended || poll(&fd, 1, 0) != 0;
}

int hyt_in_fd(const struct hyt_in *in)
{
    return in->fd;
}

uint64_t hyt_in_offset(const struct hyt_in *in)
{
    return in->offset;
}

void hyt_in_close(struct hyt_in *in)
{
    if (!in)
        return;
    if (in->fd != STDIN_FILENO)
        close(in->fd);
    ZSTD_freeDCtx(in->zstd);
    free(in->raw);
    free(in->name);
    free(in);
}

/* Reads once more into raw, after what is there. */
static int fill(struct hyt_in *in, struct hyt_err *err)
{
    ptrdiff_t got;

    if (in->at == in->n)
        in->at = in->n = 0;
    got = hyt_fd_read(in->fd, in->raw + in->n, RAW_SIZE - in->n);
    if (got < 0)
        return hyt_fail_errno(err, "%s", in->name);
    in->n += (size_t)got;
    in->offset += (uint64_t)got;
    in->ended = got == 0;
    return 0;
}

/* How far the first n bytes agree with a frame's magic: 4 is a frame, 0 is
 * none, n < 4 is not decided yet.  Skippable frames are 5? 2a 4d 18. */
static size_t magic(const unsigned char *s, size_t n)
{
    static const unsigned char data[4] = {0x28, 0xb5, 0x2f, 0xfd};
    static const unsigned char skip[4] = {0x50, 0x2a, 0x4d, 0x18};
    size_t i = 0, k = 0;

    while (i < n && i < 4 && s[i] == data[i])
        i++;
    while (k < n && k < 4 && (k ? s[k] : s[k] & 0xf0) == skip[k])
        k++;
    if (i == n || i == 4)
        return i;
    return k == n || k == 4 ? k : 0;
}

/* Reads no more than it takes to decide: a slow pipe must not stall here. */
static int sniff(struct hyt_in *in, struct hyt_err *err)
{
    size_t like = 0;

    if (!in->raw)
        in->raw = hyt_alloc(RAW_SIZE, 1);
    while (like == in->n && like < 4 && !in->ended) {
        if (fill(in, err) < 0)
            return -1;
        like = magic(in->raw, in->n);
    }
    in->sniffed = true;
    /* 28 b5 is not UTF-8, so it is no text: a frame cut in its magic. */
    if (like == in->n && like >= 2 && in->raw[0] == 0x28 && like < 4)
        return hyt_fail(err, "%s: truncated zstd frame", in->name);
    if (like == 4) {
        in->zstd = ZSTD_createDCtx();
        if (!in->zstd)
            hyt_no_memory("zstd");
    }
    return 0;
}

static int damaged(const struct hyt_in *in, size_t code, struct hyt_err *err)
{
    if (ZSTD_getErrorCode(code) == ZSTD_error_prefix_unknown)
        return hyt_fail(err, "%s: other data after a zstd frame", in->name);
    return hyt_fail(err, "%s: damaged zstd frame: %s", in->name,
                    ZSTD_getErrorName(code));
}

static ptrdiff_t read_zstd(struct hyt_in *in, void *buf, size_t n,
                           struct hyt_err *err)
{
    for (;;) {
        ZSTD_outBuffer to = {buf, n, 0};
        ZSTD_inBuffer from;
        size_t hint;

        if (in->at == in->n && !in->more && !in->ended && fill(in, err) < 0)
            return -1;
        if (in->at == in->n && !in->in_frame) {
            if (in->ended)
                return 0;
            in->more = false;
            continue;
        }
        from = (ZSTD_inBuffer){in->raw, in->n, in->at};
        hint = ZSTD_decompressStream(in->zstd, &to, &from);
        if (ZSTD_isError(hint))
            return damaged(in, hint, err);
        in->at = from.pos;
        in->in_frame = hint != 0;
        in->more = to.pos == to.size;
        if (to.pos > 0)
            return (ptrdiff_t)to.pos;
        if (in->ended && in->at == in->n && in->in_frame)
            return hyt_fail(err, "%s: truncated zstd frame", in->name);
    }
}

ptrdiff_t hyt_in_read(struct hyt_in *in, void *buf, size_t n,
                      struct hyt_err *err)
{
    ptrdiff_t got;

    if (!in->sniffed && sniff(in, err) < 0)
        return -1;
    if (in->zstd)
        return read_zstd(in, buf, n, err);
    if (in->at < in->n) {
        size_t have = in->n - in->at < n ? in->n - in->at : n;

        memcpy(buf, in->raw + in->at, have);
        in->at += have;
        return (ptrdiff_t)have;
    }
    if (in->ended)
        return 0;
    got = hyt_fd_read(in->fd, buf, n);
    if (got < 0)
        return hyt_fail_errno(err, "%s", in->name);
    in->offset += (uint64_t)got;
    in->ended = got == 0;
    return got;
}
