/* SPDX-License-Identifier: MIT */
/*
 * io.h - byte streams in and out, lines, digests
 *
 * An input is a file, a pipe or standard input ("-"); zstd is recognised by
 * its magic on any of them, concatenated frames included, and a truncated
 * frame is an error.  An output is standard output, or a file that appears
 * under its name only when it is complete (temporary file + rename).
 */
#ifndef HYT_IO_H
#define HYT_IO_H

#include "hyt/base.h"

struct hyt_in;
struct hyt_out;

/* --- input ---------------------------------------------------------------- */

/* "-" is standard input, named "<stdin>" in messages.  A directory is an
 * error.  NULL on error. */
struct hyt_in *hyt_in_open(const char *path, struct hyt_err *err) HYT_MUST_USE;

/* Bytes read into buf (1..n), 0 at the end, -1 on error. */
ptrdiff_t hyt_in_read(struct hyt_in *in, void *buf, size_t n,
                      struct hyt_err *err) HYT_MUST_USE;

/* For a signal handler: a read that waits, and all later ones, find the end of
 * their input.  empty: a descriptor of /dev/null, which takes the place of the
 * one that is being read. */
void hyt_in_stop(int empty);

bool hyt_in_ready(const struct hyt_in *in); /* false: a read would wait */
int hyt_in_fd(const struct hyt_in *in);
uint64_t hyt_in_offset(const struct hyt_in *in); /* bytes read, as stored */
void hyt_in_close(struct hyt_in *in);            /* NULL is accepted */

/*
 * Lines of several files as one stream.  CRLF is read as LF, a byte-order mark
 * at a file's start is skipped, a last line without newline is accepted,
 * blank lines are skipped but counted.  A NUL byte, or a line longer than
 * max_line, is a bad record; reading can go on after it.
 */
struct hyt_lines;

struct hyt_line {
    const char *s; /* NUL-terminated; lives until the next call */
    size_t n;
    const char *file; /* as named in messages; lives as long as the lines */
    uint64_t lineno;  /* 1-based, in its file */
};

/* paths[0..n-1]; n = 0 reads standard input. Files are opened when reached. */
struct hyt_lines *hyt_lines_open(const char *const *paths, size_t n,
                                 size_t max_line);
int hyt_lines_next(struct hyt_lines *in, struct hyt_line *line,
                   struct hyt_err *err) HYT_MUST_USE;
void hyt_lines_close(struct hyt_lines *in);

/* False where the next line, as far as can be told, has not arrived yet. */
bool hyt_lines_ready(const struct hyt_lines *in);
/* What to wait for until then: a descriptor, or -1 where it has. */
int hyt_lines_fd(const struct hyt_lines *in);

/* How far the stream has been read, in bytes as stored; *total is 0 where a
 * part of it has no size (a pipe). */
void hyt_lines_progress(const struct hyt_lines *in, uint64_t *done,
                        uint64_t *total);

/* --- output --------------------------------------------------------------- */

/* path NULL or "-": standard output.  zstd: compress (also when path ends in
 * ".zst"; never to a terminal: an error). */
struct hyt_out *hyt_out_open(const char *path, bool zstd,
                             struct hyt_err *err) HYT_MUST_USE;

/* Cuts the file to `at` bytes, or makes it, and writes behind them: what it has
 * by then stays whatever happens. */
struct hyt_out *hyt_out_append(const char *path, uint64_t at,
                               struct hyt_err *err) HYT_MUST_USE;

/* Buffers; whole lines only ever leave the process together. */
int hyt_out_write(struct hyt_out *out, const void *bytes, size_t n,
                  struct hyt_err *err) HYT_MUST_USE;
int hyt_out_flush(struct hyt_out *out, struct hyt_err *err) HYT_MUST_USE;

/* The temporary file of a named output, NULL where there is none: for a signal
 * handler that unlinks it.  Lives until the output is closed. */
const char *hyt_out_temp(const struct hyt_out *out);

/* Flushes, checks, syncs and renames into place.  Frees `out` either way. */
int hyt_out_close(struct hyt_out *out, struct hyt_err *err) HYT_MUST_USE;

/* Flushes complete lines of standard output as far as possible, removes the
 * temporary file of a named one: for use after an error.  NULL is accepted. */
void hyt_out_discard(struct hyt_out *out);

/* --- whole files ---------------------------------------------------------- */

/* Appends the file's bytes to buf; a file larger than max is an error. */
int hyt_file_read(const char *path, size_t max, struct hyt_buf *buf,
                  struct hyt_err *err) HYT_MUST_USE;

/* Writes a whole file by temporary file, fsync and rename. */
int hyt_file_write(const char *path, const void *bytes, size_t n,
                   struct hyt_err *err) HYT_MUST_USE;

/* --- digests: XXH3, 64 bits ----------------------------------------------- */

uint64_t hyt_hash64(const void *bytes, size_t n, uint64_t seed);

struct hyt_digest;
struct hyt_digest *hyt_digest_new(void);
void hyt_digest_add(struct hyt_digest *d, const void *bytes, size_t n);
uint64_t hyt_digest_value(const struct hyt_digest *d);
void hyt_digest_free(struct hyt_digest *d);

/* 16 lower-case hex digits and a NUL. */
void hyt_hex64(char out[17], uint64_t x);

#endif
