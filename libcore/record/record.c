/* SPDX-License-Identifier: MIT */
/*
 * record.c - a record's life: load, copy, where it came from
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/rec.h"

struct hyt_rec *hyt_rec_new(void)
{
    struct hyt_rec *rec = hyt_alloc(1, sizeof(*rec));

    rec->twice = HYT_REC_NONE;
    return rec;
}

void hyt_rec_free(struct hyt_rec *rec)
{
    if (!rec)
        return;
    hyt_rec_forget(rec);
    for (size_t i = 0; i < rec->cap_look; i++)
        hyt_json_scan_free(&rec->look[i].scan);
    free(rec->look);
    free(rec->set);
    hyt_json_scan_free(&rec->scan);
    hyt_json_scan_free(&rec->deep);
    hyt_buf_free(&rec->line);
    hyt_buf_free(&rec->file);
    hyt_buf_free(&rec->text);
    hyt_arena_free(&rec->arena);
    free(rec);
}

/* Takes the bytes and forgets all that was known of others. */
static void take(struct hyt_rec *rec, const char *s, size_t n, const char *file,
                 uint64_t lineno)
{
    hyt_rec_unset_all(rec);
    hyt_rec_forget(rec);
    hyt_arena_reset(&rec->arena);
    rec->id = NULL;
    rec->scan.n = 0;
    hyt_buf_reset(&rec->line);
    hyt_buf_put(&rec->line, s, n);
    hyt_buf_reset(&rec->file);
    hyt_buf_puts(&rec->file, file);
    rec->lineno = lineno;
}

int hyt_rec_load(struct hyt_rec *rec, const struct hyt_line *line,
                 struct hyt_err *err)
{
    struct hyt_err why;
    size_t col;

    take(rec, line->s, line->n, line->file, line->lineno);
    if (hyt_json_scan(&rec->scan, rec->line.s, rec->line.n, &col, &why) < 0) {
        rec->scan.n = 0;
        return hyt_rec_fail_at(rec, col, err, "%s", why.msg);
    }
    if (!rec->scan.is_object)
        return hyt_rec_fail_at(rec, strspn(rec->line.s, " \t\r\n") + 1, err,
                               "expected an object");
    return 0;
}

void hyt_rec_copy(struct hyt_rec *dst, const struct hyt_rec *src)
{
    struct hyt_json_member *member = dst->scan.member;
    size_t cap = dst->scan.cap;

    if (dst == src)
        return;
    take(dst, src->line.s, src->line.n, src->file.s, src->lineno);
    member = hyt_grow(member, &cap, src->scan.n, sizeof(*member));
    if (src->scan.n > 0)
        memcpy(member, src->scan.member, src->scan.n * sizeof(*member));
    dst->scan = src->scan;
    dst->scan.member = member;
    dst->scan.cap = cap;

    dst->set = hyt_grow(dst->set, &dst->cap_set, src->n_set, sizeof(*dst->set));
    if (src->n_set > 0)
        memcpy(dst->set, src->set, src->n_set * sizeof(*dst->set));
    dst->n_set = src->n_set;
    dst->twice = src->twice;
    hyt_buf_put(&dst->text, src->text.s, src->text.n);
    if (src->id)
        dst->id = hyt_arena_strndup(&dst->arena, src->id, strlen(src->id));
}

const char *hyt_rec_bytes(const struct hyt_rec *rec, size_t *n)
{
    *n = rec->line.n;
    return rec->line.s;
}

const char *hyt_rec_file(const struct hyt_rec *rec)
{
    return rec->file.s;
}

uint64_t hyt_rec_lineno(const struct hyt_rec *rec)
{
    return rec->lineno;
}

struct hyt_arena *hyt_rec_arena(struct hyt_rec *rec)
{
    return &rec->arena;
}

HYT_PRINTF(4, 0)
static int fail_at(const struct hyt_rec *rec, size_t col, struct hyt_err *err,
                   const char *fmt, va_list args)
{
    char msg[sizeof(err->msg)];

    vsnprintf(msg, sizeof(msg), fmt, args);
    return hyt_fail_record(err, "%s:%llu:%zu: %s", rec->file.s,
                           (unsigned long long)rec->lineno, col, msg);
}

int hyt_rec_fail_at(const struct hyt_rec *rec, size_t col, struct hyt_err *err,
                    const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fail_at(rec, col, err, fmt, args);
    va_end(args);
    return -1;
}

/* The column of the value that a path's first component has in the line. */
static size_t column(const struct hyt_rec *rec, const char *field)
{
    size_t twice, i = hyt_rec_member(rec->line.s, &rec->scan, field, &twice);

    if (i == HYT_REC_NONE && strchr(field, '.')) {
        char *first = hyt_strndup(field, strcspn(field, "."));

        i = hyt_rec_member(rec->line.s, &rec->scan, first, &twice);
        free(first);
    }
    return i == HYT_REC_NONE ? 1 : rec->scan.member[i].value + 1;
}

int hyt_rec_fail(const struct hyt_rec *rec, const char *field,
                 struct hyt_err *err, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fail_at(rec, field ? column(rec, field) : 1, err, fmt, args);
    va_end(args);
    return -1;
}
