/* SPDX-License-Identifier: MIT */
/* field.h - typed look-ups in the parts of tokenizer.json */
#ifndef HYT_TEXT_FIELD_H
#define HYT_TEXT_FIELD_H

#include "hyt/json.h"

/*
 * `what` names the part in messages ("model").  A member that is null counts
 * as absent.  hyt_field_str, _array: 1 found, 0 absent, -1 of another type.
 */
const struct hyt_json *hyt_field(const struct hyt_json *obj, const char *name);
int hyt_field_str(const struct hyt_json *obj, const char *what,
                  const char *name, const char **s, struct hyt_err *err);
int hyt_field_bool(const struct hyt_json *obj, const char *what,
                   const char *name, bool absent, bool *x, struct hyt_err *err);
int hyt_field_array(const struct hyt_json *obj, const char *what,
                    const char *name, const struct hyt_json **array,
                    struct hyt_err *err);

/* An integer 0 <= x <= max: 0 or -1. */
int hyt_field_index(const struct hyt_json *v, const char *what, int32_t max,
                    int32_t *x, struct hyt_err *err);

/* The member "type", which every part has; NULL and a message otherwise. */
const char *hyt_field_type(const struct hyt_json *obj, const char *what,
                           struct hyt_err *err);

#endif
