/* SPDX-License-Identifier: MIT */
/*
 * record/rec.h - what a record is made of, for this room's files
 */
#ifndef HYT_RECORD_REC_H
#define HYT_RECORD_REC_H

#include "hyt/record.h"

#define HYT_REC_NONE SIZE_MAX

/* A member that a tool has set. */
struct hyt_rec_set {
    size_t member;       /* whose value it replaces, or HYT_REC_NONE */
    size_t name, name_n; /* in hyt_rec.text */
    size_t value, n;     /* its JSON, in hyt_rec.text */
};

/* A top-level member that has been looked at. */
struct hyt_rec_look {
    size_t set, member;    /* one of them; the other is HYT_REC_NONE */
    struct hyt_json *tree; /* NULL until it is needed */
    struct hyt_json_scan scan;
    bool scanned;
};

struct hyt_rec {
    struct hyt_buf line;       /* the bytes as read */
    struct hyt_json_scan scan; /* of the line: its top-level members */
    struct hyt_buf file;
    uint64_t lineno;

    struct hyt_rec_set *set; /* in the order of setting */
    size_t n_set, cap_set;
    struct hyt_buf text;
    size_t twice; /* the second member of a name that was set, or NONE */

    struct hyt_rec_look *look; /* [0..n_look) in use */
    size_t n_look, cap_look;
    struct hyt_json_scan deep; /* of an object further down */

    struct hyt_arena arena;
    const char *id; /* made by hyt_rec_id(), or NULL */
};

/* A value's text and the column where it begins, 1-based (of a value that was
 * set: the column of the one it replaces, or 1). */
struct hyt_rec_value {
    const char *s;
    size_t n, col;
};

/* "file:line:col: message" as a bad record. */
int hyt_rec_fail_at(const struct hyt_rec *rec, size_t col, struct hyt_err *err,
                    const char *fmt, ...) HYT_PRINTF(4, 5);

/* The first of scan's members called `name`, and the second in *twice;
 * HYT_REC_NONE where there is none. */
size_t hyt_rec_member(const char *s, const struct hyt_json_scan *scan,
                      const char *name, size_t *twice);

/* The set member called `name`, or HYT_REC_NONE. */
size_t hyt_rec_set_index(const struct hyt_rec *rec, const char *name);

/* The text of what `path` names: 1, 0 absent, -1. */
int hyt_rec_find(struct hyt_rec *rec, const char *path, struct hyt_rec_value *v,
                 struct hyt_err *err) HYT_MUST_USE;

/* Type of a value by its first byte. */
enum hyt_json_type hyt_rec_type(const struct hyt_rec_value *v);
const char *hyt_rec_type_name(enum hyt_json_type type); /* "a string" ... */

/* "PATH" is a string, expected WHAT. */
int hyt_rec_mistyped(const struct hyt_rec *rec, const char *path,
                     const struct hyt_rec_value *v, const char *what,
                     struct hyt_err *err);

/* Frees the trees of what was looked at. */
void hyt_rec_forget(struct hyt_rec *rec);
/* What was looked at in set member `set` (HYT_REC_NONE: in any) is of the past;
 * it lives on for those who hold it. */
void hyt_rec_outdate(struct hyt_rec *rec, size_t set);

#endif
