/* SPDX-License-Identifier: MIT */
/*
 * cursor.c - a running digest of records, and its comparison with a commit
 */
#include <string.h>
#include <sys/stat.h>

#include "cursor.h"

void hyt_cursor_open(struct hyt_cursor *c)
{
    c->digest = hyt_digest_new();
    c->records = 0;
}

void hyt_cursor_close(struct hyt_cursor *c)
{
    hyt_digest_free(c->digest);
}

void hyt_cursor_add(struct hyt_cursor *c, const struct hyt_rec *rec)
{
    size_t n;
    const char *bytes = hyt_rec_bytes(rec, &n);

    hyt_digest_add(c->digest, bytes, n);
    hyt_digest_add(c->digest, "\n", 1);
    c->records++;
}

void hyt_cursor_text(const struct hyt_cursor *c, char text[64])
{
    struct hyt_buf b = {0};
    char hex[17];

    hyt_hex64(hex, hyt_digest_value(c->digest));
    hyt_buf_printf(&b, "%llu:%s", (unsigned long long)c->records, hex);
    memcpy(text, b.s, b.n + 1);
    hyt_buf_free(&b);
}

/* The cursor of a finished run from `base`, or NULL.  Another origin is
 * refused when the work begins; an unfinished run is made again. */
static const char *finished(const struct hyt_ckpt *out, const char *base)
{
    const char *from = hyt_ckpt_meta(out, "hyt.base");

    return from != NULL && strcmp(from, base) == 0
               ? hyt_ckpt_meta(out, HYT_CURSOR_KEY)
               : NULL;
}

static bool same_directory(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

/* Reads all records; 1 where they are those of the cursor. */
static int compare_input(struct hyt_cursor *c, struct hyt_main *m,
                         const char *out, const char *cursor)
{
    struct hyt_rec *rec;
    char text[64];
    int got;

    while ((got = hyt_main_next(m, &rec)) > 0)
        hyt_cursor_add(c, rec);
    if (got < 0)
        return -1;
    hyt_cursor_text(c, text);
    if (strcmp(cursor, text) == 0)
        return 1;
    return hyt_fail(&m->err, "%s: holds the result of other records than these",
                    out);
}

int hyt_cursor_done(struct hyt_cursor *c, struct hyt_main *m, const char *out,
                    const char *base, const char *options)
{
    struct hyt_err ignored;
    struct hyt_ckpt *old;
    const char *cursor, *before;
    int got = 0;

    if (same_directory(out, m->model))
        return hyt_fail(&m->err, "--out %s is the directory of the model", out);
    old = hyt_ckpt_open(out, &ignored);
    cursor = old != NULL ? finished(old, base) : NULL;
    if (cursor != NULL) {
        before = hyt_ckpt_meta(old, HYT_OPTIONS_KEY);
        if (before == NULL || strcmp(before, options) != 0)
            got = hyt_fail(&m->err,
                           "%s: holds the result of other options than these",
                           out);
        else
            got = compare_input(c, m, out, cursor);
        if (got == 1)
            hyt_main_info(m, "%s: is the result of this already", out);
    }
    hyt_ckpt_close(old);
    return got;
}
