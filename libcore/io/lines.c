/* SPDX-License-Identifier: MIT */
/*
 * lines.c - the lines of several files as one stream
 *
 * One window of bytes slides over the input: buf[begin..end) is read and not
 * yet given out, the line looked for begins at `begin`.  The window grows with
 * the longest line, up to max_line, and is never given back.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hyt/io.h"

#define CHUNK ((size_t)128 * 1024)

struct hyt_lines {
    char **path;
    size_t n_paths, next; /* the next file to open */
    size_t max_line;

    struct hyt_in *in; /* NULL between files */
    const char *file;
    uint64_t lineno; /* of the line given out last */
    bool at_start;   /* nothing of this file has been read */
    bool ended;      /* this file is read to its end */
    bool skipping;   /* within a line that was too long */

    char *buf;
    size_t begin, end, cap;
};

struct hyt_lines *hyt_lines_open(const char *const *paths, size_t n,
                                 size_t max_line)
{
    static const char *const standard_input[] = {"-"};
    struct hyt_lines *in = hyt_alloc(1, sizeof(*in));

    if (n == 0) {
        paths = standard_input;
        n = 1;
    }
    in->path = hyt_alloc(n, sizeof(*in->path));
    for (size_t i = 0; i < n; i++)
        in->path[i] = hyt_strndup(paths[i], strlen(paths[i]));
    in->n_paths = n;
    in->max_line = max_line;
    return in;
}

void hyt_lines_close(struct hyt_lines *in)
{
    if (!in)
        return;
    hyt_in_close(in->in);
    for (size_t i = 0; i < in->n_paths; i++)
        free(in->path[i]);
    free(in->path);
    free(in->buf);
    free(in);
}

bool hyt_lines_ready(const struct hyt_lines *in)
{
    return in->in == NULL || in->ended || in->buf == NULL ||
           memchr(in->buf + in->begin, '\n', in->end - in->begin) != NULL ||
           hyt_in_ready(in->in);
}

int hyt_lines_fd(const struct hyt_lines *in)
{
    return hyt_lines_ready(in) ? -1 : hyt_in_fd(in->in);
}

/* 0 where the stream has none, or does not exist. */
static uint64_t size_of(const char *path)
{
    struct stat st;
    int got =
        strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &st) : stat(path, &st);

    return got == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

void hyt_lines_progress(const struct hyt_lines *in, uint64_t *done,
                        uint64_t *total)
{
    uint64_t sum = 0;

    *done = *total = 0;
    for (size_t i = 0; i < in->n_paths; i++) {
        uint64_t size = size_of(in->path[i]);

        if (size == 0)
            return;
        if (i + 1 < in->next || (i + 1 == in->next && in->in == NULL))
            *done += size;
        sum += size;
    }
    if (in->in != NULL) {
        uint64_t offset = hyt_in_offset(in->in), ahead = in->end - in->begin;

        /* What waits in the window has not been given out. */
        *done += offset > ahead ? offset - ahead : 0;
    }
    *total = sum;
}

/* 1 a file is open, 0 there is none left, -1. */
static int open_next(struct hyt_lines *in, struct hyt_err *err)
{
    const char *path;

    if (in->in)
        return 1;
    if (in->next == in->n_paths)
        return 0;
    path = in->path[in->next++];
    in->in = hyt_in_open(path, err);
    if (!in->in)
        return -1;
    in->file = strcmp(path, "-") == 0 ? "<stdin>" : path;
    in->lineno = 0;
    in->at_start = true;
    in->ended = in->skipping = false;
    in->begin = in->end = 0;
    return 1;
}

/* Adds bytes to the window, which moves to the front of buf if there is no
 * room behind it. */
static int read_more(struct hyt_lines *in, struct hyt_err *err)
{
    ptrdiff_t got;

    if (in->begin == in->end)
        in->begin = in->end = 0;
    if (in->cap - in->end < CHUNK && in->begin > 0) {
        memmove(in->buf, in->buf + in->begin, in->end - in->begin);
        in->end -= in->begin;
        in->begin = 0;
    }
    /* One byte stays free for the NUL after a last line without newline. */
    if (in->cap - in->end < CHUNK)
        in->buf = hyt_grow(in->buf, &in->cap, in->end + CHUNK, 1);
    got = hyt_in_read(in->in, in->buf + in->end, in->cap - in->end - 1, err);
    if (got < 0)
        return -1;
    in->end += (size_t)got;
    in->ended = got == 0;
    return 0;
}

/* Skips a byte-order mark; a window that may be the beginning of one is
 * extended first. */
static int skip_bom(struct hyt_lines *in, struct hyt_err *err)
{
    static const char bom[3] = {'\xef', '\xbb', '\xbf'};

    while (in->end - in->begin < 3 && !in->ended) {
        if (memcmp(in->buf + in->begin, bom, in->end - in->begin) != 0)
            break;
        if (read_more(in, err) < 0)
            return -1;
    }
    if (in->end - in->begin >= 3 && memcmp(in->buf + in->begin, bom, 3) == 0)
        in->begin += 3;
    in->at_start = false;
    return 0;
}

static bool blank(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] != ' ' && s[i] != '\t' && s[i] != '\r')
            return false;
    return true;
}

static int too_long(struct hyt_lines *in, struct hyt_err *err)
{
    return hyt_fail_record(
        err, "%s:%llu:1: line longer than %zu bytes (--max-line)", in->file,
        (unsigned long long)in->lineno, in->max_line);
}

/* Makes the n bytes at `begin`, without their newline, the line.  1, 0 where
 * it is blank, -1. */
static int give(struct hyt_lines *in, size_t n, struct hyt_line *line,
                struct hyt_err *err)
{
    char *s = in->buf + in->begin;
    const char *nul;

    in->lineno++;
    if (n > 0 && s[n - 1] == '\r')
        n--;
    if (n > in->max_line)
        return too_long(in, err);
    nul = memchr(s, 0, n);
    if (nul)
        return hyt_fail_record(err, "%s:%llu:%td: NUL byte", in->file,
                               (unsigned long long)in->lineno, nul - s + 1);
    if (blank(s, n))
        return 0;
    s[n] = 0;
    *line = (struct hyt_line){s, n, in->file, in->lineno};
    return 1;
}

/* Looks for the next line that is not blank in the open file: 1, 0 at the
 * file's end, -1. */
static int next_here(struct hyt_lines *in, struct hyt_line *line,
                     struct hyt_err *err)
{
    size_t seen = 0; /* bytes of the window that hold no newline */

    for (;;) {
        size_t have = in->end - in->begin, n;
        char *nl = NULL;
        int got;

        if (have > seen)
            nl = memchr(in->buf + in->begin + seen, '\n', have - seen);
        seen = have;
        n = nl ? (size_t)(nl - (in->buf + in->begin)) : have;
        if (nl || (in->ended && have > 0)) {
            bool skipped = in->skipping;

            got = skipped ? 0 : give(in, n, line, err);
            in->skipping = false;
            in->begin += n + (nl ? 1 : 0);
            seen = 0;
            if (got != 0)
                return got;
            continue;
        }
        if (in->ended)
            return 0;
        if (in->skipping) {
            in->begin = in->end;
            seen = 0;
        } else if (have > in->max_line && have - in->max_line > 1) {
            /* One byte more could be the CR of a line that just fits. */
            in->skipping = true;
            in->begin = in->end;
            in->lineno++;
            return too_long(in, err);
        }
        if (read_more(in, err) < 0)
            return -1;
    }
}

int hyt_lines_next(struct hyt_lines *in, struct hyt_line *line,
                   struct hyt_err *err)
{
    for (;;) {
        int got = open_next(in, err);

        if (got <= 0)
            return got;
        if (in->at_start && (read_more(in, err) < 0 || skip_bom(in, err) < 0))
            return -1;
        got = next_here(in, line, err);
        if (got != 0)
            return got;
        hyt_in_close(in->in);
        in->in = NULL;
    }
}
