/* SPDX-License-Identifier: MIT */
/*
 * record.h - a JSONL record: read, look up, splice, write
 *
 * A record is its bytes.  A tool looks fields up, sets the members that are
 * its own, and writes: every byte it did not set leaves as it came.  A set
 * member replaces the value in place where the key exists and is appended
 * before the closing brace where it does not, in the order of setting.
 *
 * The record owns a copy of its line, the trees of the fields looked at, and
 * an arena; what the look-ups return lives until the next load of that record.
 */
#ifndef HYT_RECORD_H
#define HYT_RECORD_H

#include "hyt/base.h"
#include "hyt/io.h"
#include "hyt/json.h"

struct hyt_rec;

struct hyt_rec *hyt_rec_new(void);
void hyt_rec_free(struct hyt_rec *rec); /* NULL is accepted */

/* Takes the line in (copies it): it must be one JSON object.  A failure is a
 * bad record, "file:line:col: ...".  Forgets all that was set before. */
int hyt_rec_load(struct hyt_rec *rec, const struct hyt_line *line,
                 struct hyt_err *err) HYT_MUST_USE;

/* dst becomes a copy of src: bytes, position and what was set. */
void hyt_rec_copy(struct hyt_rec *dst, const struct hyt_rec *src);

const char *hyt_rec_bytes(const struct hyt_rec *rec, size_t *n);
const char *hyt_rec_file(const struct hyt_rec *rec);
uint64_t hyt_rec_lineno(const struct hyt_rec *rec);

/* Scratch memory with the record's lifetime. */
struct hyt_arena *hyt_rec_arena(struct hyt_rec *rec);

/* "file:line:col: message" as a bad record; col is that of the value of
 * `field` (its first component), or 1 where field is NULL or absent. */
int hyt_rec_fail(const struct hyt_rec *rec, const char *field,
                 struct hyt_err *err, const char *fmt, ...) HYT_PRINTF(4, 5);

/*
 * Looks up "name" or "name.member.member" as the record was read or last set.
 * 1 and *v, 0 where absent, -1 where the field cannot be read: a duplicated
 * key, bad UTF-8, \u0000.  A literal top-level key that contains dots wins.
 */
int hyt_rec_get(struct hyt_rec *rec, const char *path,
                const struct hyt_json **v, struct hyt_err *err) HYT_MUST_USE;

/* The same, where what would hold the value may be null: then *v is that null,
 * as of "prg.mean" in a record with "prg":null. */
int hyt_rec_get_null(struct hyt_rec *rec, const char *path,
                     const struct hyt_json **v,
                     struct hyt_err *err) HYT_MUST_USE;

/* The value's own text, as it was read or last set: a string has its quotes. */
int hyt_rec_raw(struct hyt_rec *rec, const char *path, const char **s,
                size_t *n, struct hyt_err *err) HYT_MUST_USE;

/* The same with a type: 1 found, 0 absent or null, -1 of another type. */
int hyt_rec_str(struct hyt_rec *rec, const char *path, const char **s,
                size_t *n, struct hyt_err *err) HYT_MUST_USE;
int hyt_rec_num(struct hyt_rec *rec, const char *path, double *x,
                struct hyt_err *err) HYT_MUST_USE;
int hyt_rec_int(struct hyt_rec *rec, const char *path, int64_t *x,
                struct hyt_err *err) HYT_MUST_USE;

/* Arrays from the arena; *n = 0 gives a non-NULL pointer. */
int hyt_rec_f32s(struct hyt_rec *rec, const char *path, const float **x,
                 size_t *n, struct hyt_err *err) HYT_MUST_USE;
int hyt_rec_f64s(struct hyt_rec *rec, const char *path, const double **x,
                 size_t *n, struct hyt_err *err) HYT_MUST_USE;
int hyt_rec_i32s(struct hyt_rec *rec, const char *path, const int32_t **x,
                 size_t *n, struct hyt_err *err) HYT_MUST_USE;

/* Sets a top-level member to JSON text (trusted to be valid). */
void hyt_rec_set(struct hyt_rec *rec, const char *name, const char *json,
                 size_t n);
void hyt_rec_set_str(struct hyt_rec *rec, const char *name, const char *s,
                     size_t n);
void hyt_rec_set_int(struct hyt_rec *rec, const char *name, int64_t x);
void hyt_rec_unset_all(struct hyt_rec *rec); /* back to what was read */

/*
 * Before a tool sets its own member: fine where it is absent or null, or is
 * of `type` and, being an object, has each member of `members` ("a,b"), or
 * being an array, has elements that do.  Anything else is a field that this
 * toolkit did not write: an error, unless `overwrite`.  A duplicated key is an
 * error always.
 */
int hyt_rec_claim(struct hyt_rec *rec, const char *name,
                  enum hyt_json_type type, const char *members, bool overwrite,
                  struct hyt_err *err) HYT_MUST_USE;

/* Writes the record as one line. */
int hyt_rec_write(const struct hyt_rec *rec, struct hyt_out *out,
                  struct hyt_err *err) HYT_MUST_USE;

/* Appends the record's bytes (without newline) to b. */
void hyt_rec_print(const struct hyt_rec *rec, struct hyt_buf *b);

/* --- identity ------------------------------------------------------------- */

/*
 * Gives records without an "id" one: 16 hex digits of XXH3 over the input
 * bytes, with "-k" appended for its k-th repeat (k = 1, 2, …) in the stream.
 * Costs 21 to 43 bytes of memory for each record without an id.
 */
struct hyt_ids;
struct hyt_ids *hyt_ids_new(void);
void hyt_ids_free(struct hyt_ids *ids);

/* The record's id as text (a number's own spelling; a string's content),
 * from the record's arena: 1 where the record has it, 0 where it was made
 * (asking again gives the same), -1. */
int hyt_rec_id(struct hyt_rec *rec, struct hyt_ids *ids, const char **id,
               struct hyt_err *err) HYT_MUST_USE;

/* --- the toolkit's own fields --------------------------------------------- */

struct hyt_span {
    size_t begin, end; /* half-open */
};

/* "tokens": ids are the payload.  logp is NULL where the record has none (a
 * supervised trace); ends[i]: bytes of `completion` after token i. */
struct hyt_tokens {
    const int32_t *prompt, *completion;
    size_t n_prompt, n_completion;
    const float *logp;
    const int32_t *ends;
};

/* 1, 0 absent, -1 malformed (lengths that differ, ends that fall). */
int hyt_rec_tokens(struct hyt_rec *rec, struct hyt_tokens *t,
                   struct hyt_err *err) HYT_MUST_USE;
void hyt_rec_set_tokens(struct hyt_rec *rec, const struct hyt_tokens *t);

/* "steps": spans in bytes of the completion and, where the record has tokens,
 * in completion tokens (else tokens is NULL). */
struct hyt_steps {
    struct hyt_span *text, *tokens;
    size_t n;
};

int hyt_rec_steps(struct hyt_rec *rec, struct hyt_steps *steps,
                  struct hyt_err *err) HYT_MUST_USE;
void hyt_rec_set_steps(struct hyt_rec *rec, const struct hyt_steps *steps);

/* "final": the answer found; 0 where the field is absent *or null* - hence
 * hyt_rec_get() tells whether a splitter has been here. */
struct hyt_final {
    const char *text;
    size_t n; /* bytes of text */
    struct hyt_span bytes, tokens;
    bool has_tokens;
};

int hyt_rec_final(struct hyt_rec *rec, struct hyt_final *f,
                  struct hyt_err *err) HYT_MUST_USE;
void hyt_rec_set_final(struct hyt_rec *rec,
                       const struct hyt_final *f); /* NULL: null */

#endif
