/* SPDX-License-Identifier: MIT */
/* norm.h - normalizers: what is done to text before anything else */
#ifndef HYT_TEXT_NORM_H
#define HYT_TEXT_NORM_H

#include "hyt/json.h"
#include "text/chars.h"
#include "text/charsmap.h"
#include "text/pattern.h"

struct hyt_norm_step {
    enum {
        HYT_NORM_UNICODE,
        HYT_NORM_PRECOMPILED,
        HYT_NORM_LOWERCASE,
        HYT_NORM_STRIP,
        HYT_NORM_PREPEND,
        HYT_NORM_REPLACE
    } kind;
    enum hyt_form form;         /* UNICODE */
    struct hyt_charsmap map;    /* PRECOMPILED */
    bool left, right;           /* STRIP: which ends lose white space */
    struct hyt_pattern pattern; /* REPLACE */
    char *content;              /* PREPEND, REPLACE: what is put in */
};

struct hyt_norm {
    struct hyt_norm_step *step;
    size_t n, cap;
};

int hyt_norm_load(struct hyt_norm *norm, const struct hyt_json *part,
                  struct hyt_err *err);
void hyt_norm_free(struct hyt_norm *norm);

/* *text becomes its normal form, with *spare as the other buffer.  `prefix`:
 * the dummy prefix is wanted (Prepend is done). */
int hyt_norm_apply(const struct hyt_norm *norm, bool prefix,
                   struct hyt_buf *text, struct hyt_buf *spare,
                   struct hyt_err *err);

#endif
