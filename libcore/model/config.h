/* SPDX-License-Identifier: MIT */
/*
 * config.h - reading config.json; private to model/
 */
#ifndef HYT_MODEL_CONFIG_H
#define HYT_MODEL_CONFIG_H

#include "hyt/model.h"

/* 1 and *x, 0 where absent or null, -1. */
int hyt_config_number(const struct hyt_json *config, const char *name,
                      double lo, double hi, double *x, struct hyt_err *err);
/* A whole number; `fallback` 0: required. */
int hyt_config_size(const struct hyt_json *config, const char *name,
                    size_t fallback, size_t *out, struct hyt_err *err);
/* 0 and *x, which stays where the flag is absent or null; -1. */
int hyt_config_flag(const struct hyt_json *config, const char *name, bool *x,
                    struct hyt_err *err);

/* family.c: the part of config.json that describes the text model, often the
 * whole, with *c as it is where that part says nothing; NULL on error. */
const struct hyt_json *hyt_config_text(struct hyt_config *c,
                                       const struct hyt_json *config,
                                       struct hyt_err *err);

/* family.c: what the architecture is, and what else that part says of the
 * computation.  Needs the sizes. */
int hyt_config_family(struct hyt_config *c, const struct hyt_json *whole,
                      const struct hyt_json *config, struct hyt_err *err);

/* rope.c: heads are rotated whole. */
int hyt_config_whole_rotary(const struct hyt_json *v, struct hyt_err *err);
int hyt_config_rope(struct hyt_config *c, const struct hyt_json *config,
                    struct hyt_err *err);

#endif
