/* SPDX-License-Identifier: MIT */
/*
 * shadow.h - a safetensors file under construction
 *
 * A shadow has a temporary name, its full size from the beginning, and a
 * shared mapping; its first 8 bytes stay 0, so that no reader accepts it, until
 * hyt_shadow_seal() writes the header.
 */
#ifndef HYT_CKPT_SHADOW_H
#define HYT_CKPT_SHADOW_H

#include "ckpt/st.h"
#include "hyt/io.h"

struct hyt_shadow;

/*
 * Creates `name` in the directory `dir` for tensors t[0..n) (name, dtype_name,
 * shape and n_bytes count; they may go afterwards), zeroed, allocated on the
 * disk.  `reserve`: bytes kept free in the header for __metadata__.
 */
struct hyt_shadow *hyt_shadow_create(int dir, const char *dir_name,
                                     const char *name,
                                     const struct hyt_tensor *t, size_t n,
                                     size_t reserve,
                                     struct hyt_err *err) HYT_MUST_USE;

/* Tensor i's bytes, writable, aligned to its dtype; until it is sealed. */
void *hyt_shadow_data(struct hyt_shadow *s, size_t i);

/* Fills tensor i through the file, so that a full disk or a bad one is an error
 * here and not a signal. */
int hyt_shadow_fill(struct hyt_shadow *s, size_t i, const void *bytes,
                    struct hyt_err *err) HYT_MUST_USE;

/* Adds all tensor bytes, in the order of the file; before it is sealed. */
void hyt_shadow_digest(const struct hyt_shadow *s, struct hyt_digest *d);

/* Writes the data back and unmaps them, then writes the header. */
int hyt_shadow_seal(struct hyt_shadow *s, const struct hyt_pair *meta,
                    size_t n_meta, struct hyt_err *err) HYT_MUST_USE;

/* Makes the file read-only where asked, and durable. */
int hyt_shadow_sync(struct hyt_shadow *s, bool read_only,
                    struct hyt_err *err) HYT_MUST_USE;

int hyt_shadow_rename(struct hyt_shadow *s, const char *name,
                      struct hyt_err *err) HYT_MUST_USE;

/* The file stays when the shadow is freed. */
void hyt_shadow_keep(struct hyt_shadow *s);

/* Removes the file, under the name it has by now, unless it is kept.  NULL is
 * accepted. */
void hyt_shadow_free(struct hyt_shadow *s);

#endif
