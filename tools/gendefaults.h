/* SPDX-License-Identifier: MIT */
/*
 * gendefaults.h - how a model's generation_config.json would sample
 */
#ifndef HYT_GENDEFAULTS_H
#define HYT_GENDEFAULTS_H

#include "hyt/ckpt.h"
#include "hyt/sample.h"

/* Takes what the file says into s, and appends it as words, and to `others` the
 * names of settings that are not supported: 1, 0 where there is no file or it
 * says nothing of sampling, -1. */
int hyt_gendefaults(struct hyt_sampling *s, struct hyt_buf *words,
                    struct hyt_buf *others, const struct hyt_ckpt *ckpt,
                    struct hyt_err *err) HYT_MUST_USE;

#endif
