/* SPDX-License-Identifier: MIT */
/*
 * out.c - a byte stream to standard output or to a file
 *
 * Bytes gather in a buffer and leave by write(2) in pieces that end with a
 * newline: whoever reads the other end of a pipe, or the file after a crash,
 * finds whole lines.  Only hyt_out_close() writes a last line without newline.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "hyt/io.h"
#include "io/fd.h"

#define BATCH ((size_t)64 * 1024) /* bytes of whole lines to write at once */
#define LEVEL 3                   /* zstd's own default */

struct hyt_out {
    struct hyt_temp file;
    char *name; /* in messages */
    bool standard;
    bool broken; /* a write has failed: nothing more is tried */

    struct hyt_buf buf;
    size_t whole; /* bytes of buf that are whole lines */

    ZSTD_CCtx *zstd; /* NULL: plain */
    char *packed;    /* ZSTD_CStreamOutSize() bytes */
};

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), k = strlen(end);

    return n >= k && strcmp(s + n - k, end) == 0;
}

static void out_free(struct hyt_out *out)
{
    hyt_temp_discard(&out->file);
    ZSTD_freeCCtx(out->zstd);
    hyt_buf_free(&out->buf);
    free(out->packed);
    free(out->name);
    free(out);
}

static int open_fd(struct hyt_out *out, const char *path, struct hyt_err *err)
{
    if (!out->standard)
        return hyt_temp_open(&out->file, path, err);
    /* A duplicate, so that closing it reports what a close can report while
     * descriptor 1 stays taken. */
    out->file.fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (out->file.fd < 0)
        return hyt_fail_errno(err, "%s", out->name);
    return 0;
}

static int open_zstd(struct hyt_out *out, struct hyt_err *err)
{
    if (isatty(out->file.fd))
        return hyt_fail(err, "%s: is a terminal, will not write zstd to it",
                        out->name);
    out->packed = hyt_alloc(ZSTD_CStreamOutSize(), 1);
    out->zstd = ZSTD_createCCtx();
    if (!out->zstd)
        hyt_no_memory("zstd");
    ZSTD_CCtx_setParameter(out->zstd, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(out->zstd, ZSTD_c_checksumFlag, 1);
    return 0;
}

struct hyt_out *hyt_out_open(const char *path, bool zstd, struct hyt_err *err)
{
    struct hyt_out *out = hyt_alloc(1, sizeof(*out));
    const char *name;

    out->file.fd = -1;
    out->standard = !path || strcmp(path, "-") == 0;
    name = out->standard ? "standard output" : path;
    out->name = hyt_strndup(name, strlen(name));
    zstd = zstd || (!out->standard && ends_with(path, ".zst"));
    if (open_fd(out, path, err) < 0 || (zstd && open_zstd(out, err) < 0)) {
        out_free(out);
        return NULL;
    }
    return out;
}

struct hyt_out *hyt_out_append(const char *path, uint64_t at,
                               struct hyt_err *err)
{
    struct hyt_out *out = hyt_alloc(1, sizeof(*out));

    out->name = hyt_strndup(path, strlen(path));
    out->file.path = hyt_strndup(path, strlen(path));
    out->file.fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (out->file.fd >= 0 && ftruncate(out->file.fd, (off_t)at) == 0 &&
        lseek(out->file.fd, 0, SEEK_END) >= 0)
        return out;
    hyt_fail_errno(err, "%s", path);
    out_free(out);
    return NULL;
}

/* Compresses s[0..n) and writes what the compressor lets go; for e_flush and
 * e_end until it holds nothing back. */
static int write_zstd(struct hyt_out *out, const char *s, size_t n,
                      ZSTD_EndDirective how)
{
    ZSTD_inBuffer from = {s, n, 0};
    size_t left;

    do {
        ZSTD_outBuffer to = {out->packed, ZSTD_CStreamOutSize(), 0};

        left = ZSTD_compressStream2(out->zstd, &to, &from, how);
        if (ZSTD_isError(left))
            HYT_BUG(ZSTD_getErrorName(left));
        if (hyt_fd_write(out->file.fd, out->packed, to.pos) < 0)
            return -1;
    } while (how == ZSTD_e_continue ? from.pos < from.size : left > 0);
    return 0;
}

/* Passes on the first n bytes of the buffer. */
static int drain(struct hyt_out *out, size_t n, ZSTD_EndDirective how,
                 struct hyt_err *err)
{
    int rc;

    if (out->broken)
        return hyt_fail(err, "%s: an earlier write has failed", out->name);
    if (out->zstd)
        rc = write_zstd(out, out->buf.s, n, how);
    else
        rc = hyt_fd_write(out->file.fd, out->buf.s, n);
    if (rc < 0) {
        out->broken = true;
        return hyt_fail_errno(err, "%s", out->name);
    }
    if (n > 0)
        memmove(out->buf.s, out->buf.s + n, out->buf.n - n);
    out->buf.n -= n;
    out->whole = out->whole > n ? out->whole - n : 0;
    return 0;
}

int hyt_out_write(struct hyt_out *out, const void *bytes, size_t n,
                  struct hyt_err *err)
{
    const char *s = bytes;
    size_t i = n;

    hyt_buf_put(&out->buf, bytes, n);
    if (n > 0 && memchr(s, '\n', n)) {
        while (s[i - 1] != '\n')
            i--;
        out->whole = out->buf.n - n + i;
    }
    return out->whole < BATCH ? 0
                              : drain(out, out->whole, ZSTD_e_continue, err);
}

int hyt_out_flush(struct hyt_out *out, struct hyt_err *err)
{
    return drain(out, out->whole, ZSTD_e_flush, err);
}

const char *hyt_out_temp(const struct hyt_out *out)
{
    return out->file.temp;
}

int hyt_out_close(struct hyt_out *out, struct hyt_err *err)
{
    int rc = drain(out, out->buf.n, ZSTD_e_end, err);

    if (rc == 0)
        rc = hyt_temp_commit(&out->file, out->name, err);
    out_free(out);
    return rc;
}

void hyt_out_discard(struct hyt_out *out)
{
    struct hyt_err unused;

    if (!out)
        return;
    /* The error that led here has been reported or will be. */
    if (!out->file.temp && !out->broken)
        (void)!drain(out, out->whole, ZSTD_e_end, &unused);
    out_free(out);
}
