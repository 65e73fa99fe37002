/* SPDX-License-Identifier: MIT */
/*
 * ckptinfo.h - what hyt-ckpt says about checkpoints
 */
#ifndef HYT_CKPTINFO_H
#define HYT_CKPTINFO_H

#include "hyt/ckpt.h"

/* Appends facts about one checkpoint: text, or one JSON object in a line. */
void hyt_ckpt_info(const struct hyt_ckpt *c, bool json, struct hyt_buf *out);

/* Appends name, type and shape of each tensor: a line, or an object, each. */
void hyt_ckpt_tensors(const struct hyt_ckpt *c, bool json, struct hyt_buf *out);

/* Appends the tensors in which a and b differ; whether there are any. */
bool hyt_ckpt_diff(const struct hyt_ckpt *a, const struct hyt_ckpt *b,
                   bool json, struct hyt_buf *out);

#endif
