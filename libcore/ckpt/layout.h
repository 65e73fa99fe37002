/* SPDX-License-Identifier: MIT */
/*
 * layout.h - where the tensors of a file that we write lie
 *
 *     header block, a multiple of 4096 bytes, padded with spaces | data
 *
 * The data follow each other without a hole, in the order given, except that a
 * dtype of larger alignment comes first: so every tensor is aligned.
 */
#ifndef HYT_CKPT_LAYOUT_H
#define HYT_CKPT_LAYOUT_H

#include "ckpt/st.h"

#define HYT_BLOCK ((uint64_t)4096)

struct hyt_layout {
    struct hyt_arena arena;
    struct hyt_tensor *t; /* copies, in the caller's order; no data */
    size_t n;
    uint64_t *at;  /* of tensor i, from the start of the data */
    size_t *order; /* tensors in the order of their data */
    uint64_t n_data;
    uint64_t block; /* of the header with its 8 length bytes */
};

int hyt_layout_init(struct hyt_layout *l, const struct hyt_tensor *t, size_t n,
                    size_t reserve, struct hyt_err *err) HYT_MUST_USE;
void hyt_layout_free(struct hyt_layout *l);

/* Appends the whole header block: length, JSON, spaces.  -1 where the metadata
 * are longer than what was reserved. */
int hyt_layout_print(const struct hyt_layout *l, const struct hyt_pair *meta,
                     size_t n_meta, struct hyt_buf *out,
                     struct hyt_err *err) HYT_MUST_USE;

#endif
