/* SPDX-License-Identifier: MIT */
/*
 * cursor.c - a running digest of records, and its comparison with a commit
 */
#include <string.h>

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

int hyt_cursor_done(struct hyt_cursor *c, struct hyt_main *m, const char *out,
                    const char *base)
{
    struct hyt_err ignored;
    struct hyt_ckpt *old = hyt_ckpt_open(out, &ignored);
    const char *cursor = old != NULL ? finished(old, base) : NULL;
    struct hyt_rec *rec;
    char text[64];
    int got = 0;

    if (cursor != NULL) {
        while ((got = hyt_main_next(m, &rec)) > 0)
            hyt_cursor_add(c, rec);
        hyt_cursor_text(c, text);
        if (got == 0)
            got = strcmp(cursor, text) == 0
                      ? 1
                      : hyt_fail(&m->err,
                                 "%s: holds the result of other records than "
                                 "these",
                                 out);
    }
    hyt_ckpt_close(old);
    return got;
}
