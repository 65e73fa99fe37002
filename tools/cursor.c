/* SPDX-License-Identifier: MIT */
/*
 * cursor.c - a running digest of records, and its comparison with a commit
 */
#include "cursor.h"

#include <stdlib.h>
#include <string.h>

void hyt_cursor_open(struct hyt_cursor *c)
{
    *c = (struct hyt_cursor){.digest = hyt_digest_new()};
}

static void drop_held(struct hyt_cursor *c)
{
    for (size_t i = 0; i < c->n_held; i++)
        free((void *)(uintptr_t)c->held[i].s); /* hold() made it */
    c->n_held = c->next = 0;
}

void hyt_cursor_close(struct hyt_cursor *c)
{
    drop_held(c);
    free(c->held);
    hyt_digest_free(c->digest);
}

bool hyt_cursor_is_drained(const struct hyt_cursor *c)
{
    return c->next == c->n_held;
}

static void count(struct hyt_cursor *c, const struct hyt_rec *rec)
{
    size_t n;
    const char *bytes = hyt_rec_bytes(rec, &n);

    hyt_digest_add(c->digest, bytes, n);
    hyt_digest_add(c->digest, "\n", 1);
    c->records++;
}

int hyt_cursor_next(struct hyt_cursor *c, struct hyt_main *m,
                    struct hyt_rec **rec)
{
    int got;

    if (c->next < c->n_held) {
        *rec = m->rec;
        got = hyt_rec_load(m->rec, &c->held[c->next++], &m->err) < 0 ? -1 : 1;
    } else {
        drop_held(c);
        got = hyt_main_next(m, rec);
    }
    if (got > 0)
        count(c, *rec);
    return got;
}

static void print(const struct hyt_cursor *c, char text[64])
{
    struct hyt_buf b = {0};
    char hex[17];

    hyt_hex64(hex, hyt_digest_value(c->digest));
    hyt_buf_printf(&b, "%llu:%s", (unsigned long long)c->records, hex);
    memcpy(text, b.s, b.n + 1);
    hyt_buf_free(&b);
}

void hyt_cursor_mark(struct hyt_cursor *c)
{
    print(c, c->cursor);
    if (!c->first[0])
        memcpy(c->first, c->cursor, sizeof c->first);
}

/* --- comparing ------------------------------------------------------------ */

static void hold(struct hyt_cursor *c, const struct hyt_rec *rec)
{
    size_t n;
    const char *bytes = hyt_rec_bytes(rec, &n);

    c->held = hyt_grow(c->held, &c->held_cap, c->n_held + 1, sizeof *c->held);
    c->held[c->n_held++] = (struct hyt_line){
        hyt_strndup(bytes, n), n, hyt_rec_file(rec), hyt_rec_lineno(rec)};
}

/* The number of records that "COUNT:DIGEST" stands for. */
static int parse(const char *text, uint64_t *n, struct hyt_err *err)
{
    size_t digits = strspn(text, "0123456789");
    char *number;
    int status;

    if (text[digits] != ':')
        return hyt_fail(err, "the commit record has the cursor \"%s\"", text);
    number = hyt_strndup(text, digits);
    status = hyt_parse_u64(number, n, err);
    free(number);
    return status;
}

/* Reads up to record n and compares: 1 the same, 0 not, -1. */
static int read_to(struct hyt_cursor *c, struct hyt_main *m, const char *want,
                   bool holding)
{
    char text[64];
    struct hyt_rec *rec;
    uint64_t n;
    int got = 1;

    if (parse(want, &n, &m->err) < 0)
        return -1;
    while (c->records < n && (got = hyt_main_next(m, &rec)) > 0) {
        count(c, rec);
        if (holding)
            hold(c, rec);
    }
    if (got < 0)
        return -1;
    print(c, text);
    return got > 0 && strcmp(text, want) == 0;
}

int hyt_cursor_match(struct hyt_cursor *c, struct hyt_main *m,
                     const struct hyt_ckpt *ckpt)
{
    const char *first = hyt_ckpt_meta(ckpt, HYT_FIRST_KEY);
    const char *cursor = hyt_ckpt_meta(ckpt, HYT_CURSOR_KEY);
    int got;

    if (first == NULL || cursor == NULL)
        return HYT_OTHER;
    got = read_to(c, m, first, true);
    if (got == 0) {
        hyt_digest_free(c->digest);
        c->digest = hyt_digest_new();
        c->records = 0;
    }
    if (got <= 0)
        return got < 0 ? -1 : HYT_OTHER;
    drop_held(c);
    hyt_cursor_mark(c);
    got = read_to(c, m, cursor, false);
    if (got <= 0)
        return got < 0 ? -1 : HYT_STRAYS;
    hyt_cursor_mark(c);
    return HYT_SAME;
}
