/* SPDX-License-Identifier: MIT */
/*
 * tokjob.h - what hyt-tok does to one text or one list of ids
 */
#ifndef HYT_TOKJOB_H
#define HYT_TOKJOB_H

#include "hyt/json.h"
#include "hyt/text.h"

struct hyt_tokjob {
    struct hyt_tok *tok;
    bool continues;       /* the text does not start a sequence */
    bool special;         /* special tokens are parsed, or written out */
    struct hyt_ids32 ids; /* of the last text */
    struct hyt_buf bytes; /* of the last ids */
    struct hyt_buf out;   /* the last result */
};

/* Appends the bytes of DIR/name to text, which may be a symbolic link, but to a
 * regular file: 1, 0 where there is none, -1.  Of DIR@3 only DIR counts, unless
 * a directory is called so. */
int hyt_tokjob_file(struct hyt_buf *text, const char *dir, const char *name,
                    struct hyt_err *err) HYT_MUST_USE;

/* The same as a tree, NULL where there is no such file: 0 or -1. */
int hyt_tokjob_json(struct hyt_json **tree, const char *dir, const char *name,
                    struct hyt_err *err) HYT_MUST_USE;

/* From DIR/tokenizer.json (DIR may be DIR@GENERATION) and, where there is one,
 * DIR/tokenizer_config.json. */
int hyt_tokjob_open(struct hyt_tokjob *j, const char *dir,
                    struct hyt_err *err) HYT_MUST_USE;
void hyt_tokjob_close(struct hyt_tokjob *j);

/* `out` becomes: a JSON array of ids; the tokens, one a line; the text that a
 * JSON array of ids, or that ids stand for.  Messages about JSON begin with a
 * column, as those of hyt_json_parse(). */
int hyt_tokjob_encode(struct hyt_tokjob *j, const char *text, size_t n,
                      struct hyt_err *err) HYT_MUST_USE;
int hyt_tokjob_inspect(struct hyt_tokjob *j, const char *text, size_t n,
                       struct hyt_err *err) HYT_MUST_USE;
int hyt_tokjob_decode_json(struct hyt_tokjob *j, const char *array, size_t n,
                           struct hyt_err *err) HYT_MUST_USE;
int hyt_tokjob_decode(struct hyt_tokjob *j, const int32_t *id, size_t n,
                      struct hyt_err *err) HYT_MUST_USE;

#endif
