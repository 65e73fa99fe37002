/* SPDX-License-Identifier: MIT */
/*
 * json.h - a strict view of JSON (RFC 8259) and a writer for our own values
 *
 * The scanner decides what is JSON; cJSON builds the tree of what a tool looks
 * at, only from text that the scanner has accepted.  Nothing that was read is
 * ever printed again: a record is its bytes.
 */
#ifndef HYT_JSON_H
#define HYT_JSON_H

#include "hyt/base.h"

#define HYT_JSON_DEPTH 1000

/* --- scanner -------------------------------------------------------------- */

/* One member of the outermost object, as byte offsets into the text; key and
 * value include their quotes. */
struct hyt_json_member {
    size_t key, key_end;
    size_t value, value_end;
};

struct hyt_json_scan {
    struct hyt_json_member
        *member; /* members of an outermost object, in order */
    size_t n, cap;
    size_t end;   /* offset just after the value */
    size_t close; /* offset of the outermost closing brace, if an object */
    bool is_object;
};

/*
 * Checks that s[0..n) is exactly one JSON value with optional white space
 * around it, depth <= HYT_JSON_DEPTH.  Bytes inside strings need not be valid
 * UTF-8 (that is an error only in fields that are read).  Fills *scan, whose
 * `member` array is reused from call to call (all zero at first).  On error
 * *col is the 1-based byte column and the message says what was expected.
 */
int hyt_json_scan(struct hyt_json_scan *scan, const char *s, size_t n,
                  size_t *col, struct hyt_err *err) HYT_MUST_USE;
void hyt_json_scan_free(struct hyt_json_scan *scan);

/* Whether the key spelled key[0..n) with its quotes means `name` (escapes
 * are undone, case matters). */
bool hyt_json_key_is(const char *key, size_t n, const char *name);

/* --- tree ----------------------------------------------------------------- */

/* A node of a parsed tree; opaque (a cJSON item). */
struct hyt_json;

enum hyt_json_type {
    HYT_JSON_NULL,
    HYT_JSON_BOOL,
    HYT_JSON_NUM,
    HYT_JSON_STR,
    HYT_JSON_ARRAY,
    HYT_JSON_OBJECT
};

/*
 * Scans strictly, then parses.  Strings must be valid UTF-8 without \u0000;
 * the message is "COL: what is wrong", its column counted from the start of s
 * (1-based), plus col0, so that "file:line:" may be put in front.  NULL on
 * error.
 */
struct hyt_json *hyt_json_parse(const char *s, size_t n, size_t col0,
                                struct hyt_err *err) HYT_MUST_USE;
void hyt_json_free(struct hyt_json *tree); /* the root; NULL is accepted */

enum hyt_json_type hyt_json_type(const struct hyt_json *v);
const char *hyt_json_type_name(const struct hyt_json *v); /* "a string" … */

/* Member by exact name; NULL where absent (or v is NULL or not an object).
 * A name that occurs twice is an error for hyt_json_unique(). */
const struct hyt_json *hyt_json_get(const struct hyt_json *v, const char *name);

/* -1 and a message if any object in the tree has two members of one name. */
int hyt_json_unique(const struct hyt_json *v, struct hyt_err *err) HYT_MUST_USE;

const struct hyt_json *hyt_json_child(const struct hyt_json *v); /* first */
const struct hyt_json *hyt_json_next(const struct hyt_json *v);  /* sibling */
size_t hyt_json_count(const struct hyt_json *v);
const char *hyt_json_key(const struct hyt_json *v); /* of an object's member */

/* Values; the caller has checked the type (else HYT_BUG). */
const char *hyt_json_str(const struct hyt_json *v);
double hyt_json_num(const struct hyt_json *v);
/* A number's own spelling where the double does not tell all of it: a whole
 * number spelled as a fraction (1.0, 1e5), or one of 2^53 and more.  NULL
 * otherwise. */
const char *hyt_json_num_text(const struct hyt_json *v);
bool hyt_json_bool(const struct hyt_json *v);

/* --- writing our own values ----------------------------------------------- */

/* Appends a string with quotes; the text must be valid UTF-8 (else HYT_BUG).
 * Escapes ", \ and control characters, nothing else. */
void hyt_json_put_str(struct hyt_buf *b, const char *s, size_t n);
void hyt_json_put_f32(struct hyt_buf *b, float x);  /* shortest, finite */
void hyt_json_put_f64(struct hyt_buf *b, double x); /* shortest, finite */
void hyt_json_put_int(struct hyt_buf *b, int64_t x);
/* "null" where x is NaN: the writer's form of "no value". */
void hyt_json_put_f64_or_null(struct hyt_buf *b, double x);

#endif
