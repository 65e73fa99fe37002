/* SPDX-License-Identifier: MIT */
/*
 * resume.c - an output that an interrupted run has left, and its completion
 */
#include "resume.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), k = strlen(end);

    return n >= k && strcmp(s + n - k, end) == 0;
}

/* The bytes up to the last newline of the first n. */
static int find_whole(int fd, uint64_t n, uint64_t *whole)
{
    char buf[4096];

    while (n > 0) {
        size_t want = n < sizeof buf ? (size_t)n : sizeof buf;
        ssize_t got = pread(fd, buf, want, (off_t)(n - want));

        if (got < 0 && errno == EINTR)
            continue;
        if (got != (ssize_t)want)
            return -1;
        while (want > 0 && buf[want - 1] != '\n')
            want--;
        if (want > 0) {
            *whole = n - (uint64_t)got + want;
            return 0;
        }
        n -= (uint64_t)got;
    }
    *whole = 0;
    return 0;
}

/* 1 there is such a file, 0 there is none, -1. */
static int look(struct hyt_resume *r, struct hyt_err *err)
{
    static const unsigned char magic[4] = {0x28, 0xb5, 0x2f, 0xfd};
    unsigned char first[4];
    struct stat st;
    int fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), got = 1;

    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0)
        return hyt_fail_errno(err, "%s", r->path);
    if (fstat(fd, &st) < 0)
        got = hyt_fail_errno(err, "%s", r->path);
    else if (!S_ISREG(st.st_mode))
        got = hyt_fail(err, "%s: not a regular file", r->path);
    else if (pread(fd, first, 4, 0) == 4 && memcmp(first, magic, 4) == 0)
        got = hyt_fail(err, "%s: is compressed, which cannot be appended to",
                       r->path);
    else if (find_whole(fd, (uint64_t)st.st_size, &r->whole) < 0)
        got = hyt_fail_errno(err, "%s", r->path);
    close(fd);
    return got;
}

int hyt_resume_open(struct hyt_resume *r, struct hyt_main *m, const char *path)
{
    int got;

    *r = (struct hyt_resume){.path = path};
    if (path == NULL)
        return 0;
    if (m->output != NULL)
        hyt_main_usage(m, "--resume FILE is the output: -o has no place");
    if (m->zstd || ends_with(path, ".zst"))
        hyt_main_usage(m, "--resume does not append to compressed output");
    got = look(r, &m->err);
    if (got <= 0)
        return got < 0 ? -1 : hyt_resume_finish(r, m);
    r->in = hyt_lines_open(&path, 1, (size_t)m->max_line);
    r->rec = hyt_rec_new();
    return 0;
}

void hyt_resume_close(struct hyt_resume *r)
{
    hyt_lines_close(r->in);
    hyt_rec_free(r->rec);
    *r = (struct hyt_resume){0};
}

int hyt_resume_peek(struct hyt_resume *r, struct hyt_rec **rec,
                    struct hyt_err *err)
{
    struct hyt_line line;
    int got;

    *rec = r->rec;
    if (r->loaded)
        return 1;
    if (r->read == r->whole)
        return 0;
    got = hyt_lines_next(r->in, &line, err);
    if (got == 0)
        return hyt_fail(err, "%s: is not as this program writes it", r->path);
    if (got < 0 || hyt_rec_load(r->rec, &line, err) < 0) {
        err->bad_record = 0; /* of the output, not of the input */
        return -1;
    }
    r->read += line.n + 1;
    /* Nothing but records, a newline after each, is counted so. */
    if (r->read > r->whole)
        return hyt_fail(err, "%s: is not as this program writes it", r->path);
    r->loaded = true;
    return 1;
}

void hyt_resume_take(struct hyt_resume *r, bool last)
{
    r->loaded = false;
    if (last)
        r->kept = r->read;
}

int hyt_resume_finish(struct hyt_resume *r, struct hyt_main *m)
{
    const char *path = r->path;
    uint64_t kept = r->kept;

    if (r->read != r->whole)
        return hyt_fail(&m->err, "%s: is not as this program writes it", path);
    hyt_resume_close(r);
    hyt_out_discard(m->out);
    m->out = hyt_out_append(path, kept, &m->err);
    return m->out == NULL ? -1 : 0;
}

int hyt_resume_end(struct hyt_resume *r, struct hyt_main *m)
{
    struct hyt_rec *rec;
    int got = hyt_resume_peek(r, &rec, &m->err);

    if (got < 0)
        return -1;
    if (got > 0)
        return hyt_fail(&m->err,
                        "%s:%llu:1: the input has no record for this one",
                        r->path, (unsigned long long)hyt_rec_lineno(rec));
    return hyt_resume_finish(r, m);
}
