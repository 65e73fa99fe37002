/* SPDX-License-Identifier: MIT */
/*
 * ckpt.h - safetensors files, model directories, generations
 *
 * A checkpoint is an immutable generation in a directory: mapped read-only,
 * never copied, one inode for as long as it is open.  A working generation is
 * a set of shadow files, mapped shared, that training writes into and that one
 * rename commits.  The formats and the order of steps are those of
 * hyt(7), CHECKPOINTS.
 */
#ifndef HYT_CKPT_H
#define HYT_CKPT_H

#include "hyt/base.h"
#include "hyt/json.h"

size_t hyt_dtype_size(enum hyt_dtype t); /* bytes; 0 for OTHER */

#define HYT_MAX_DIMS 8

struct hyt_tensor {
    const char *name;
    const char
        *dtype_name; /* as the file spells it: "F32", "BF16", "F8_E4M3" … */
    enum hyt_dtype dtype;
    int n_dims;
    uint64_t dim[HYT_MAX_DIMS];
    uint64_t n_bytes;
    const void *data; /* mapped; aligned to its dtype, or a private copy */
};

/* --- one safetensors file ------------------------------------------------- */

struct hyt_st; /* an open, mapped, checked file */

/* Checks everything that hyt(7) lists before any tensor is seen. NULL on error.
 */
struct hyt_st *hyt_st_open(const char *path, struct hyt_err *err) HYT_MUST_USE;
void hyt_st_close(struct hyt_st *st);
size_t hyt_st_count(const struct hyt_st *st);
const struct hyt_tensor *hyt_st_tensor(const struct hyt_st *st, size_t i);
const struct hyt_tensor *hyt_st_find(const struct hyt_st *st, const char *name);
const char *hyt_st_meta(const struct hyt_st *st, const char *key); /* or NULL */

/* --- a model directory ---------------------------------------------------- */

struct hyt_ckpt;

/* "DIR", "DIR@G" (a kept generation) or "DIR@base" (what the run that has not
 * used up its input began with; where there is none, as "DIR"): one
 * model.safetensors, or the shards of model.safetensors.index.json.  NULL on
 * error. */
struct hyt_ckpt *hyt_ckpt_open(const char *path,
                               struct hyt_err *err) HYT_MUST_USE;
/* Generation g of the directory, kept or committed, whatever "DIR@G" may be the
 * name of. */
struct hyt_ckpt *hyt_ckpt_open_kept(const char *dir, uint64_t g,
                                    struct hyt_err *err) HYT_MUST_USE;
void hyt_ckpt_close(struct hyt_ckpt *c);

const char *hyt_ckpt_dir(const struct hyt_ckpt *c);
uint64_t hyt_ckpt_generation(const struct hyt_ckpt *c); /* 0: no update yet */
uint64_t hyt_ckpt_step(const struct hyt_ckpt *c); /* optimizer steps so far */
/* 16 hex digits: which weights these are (policy.digest in records). */
const char *hyt_ckpt_digest(const struct hyt_ckpt *c);
/*
 * A run takes an input to its end.  What it commits before is SAVED in the
 * middle of it, on schedule, or STOPPED between two such points: the next
 * commit then has the same number, so that the result does not tell where a run
 * was interrupted.
 */
enum hyt_run { HYT_RUN_FINISHED, HYT_RUN_SAVED, HYT_RUN_STOPPED };
enum hyt_run hyt_ckpt_run(const struct hyt_ckpt *c);

/* The generations that are kept beside this one, free(*g), ascending. */
int hyt_ckpt_kept(const struct hyt_ckpt *c, uint64_t **g, size_t *n,
                  struct hyt_err *err) HYT_MUST_USE;

/* Whether it was opened as one that is kept, and not the committed one. */
bool hyt_ckpt_is_kept(const struct hyt_ckpt *c);

/* Whether its directory still has it as the committed generation. */
bool hyt_ckpt_is_current(const struct hyt_ckpt *c);

size_t hyt_ckpt_count(const struct hyt_ckpt *c);
const struct hyt_tensor *hyt_ckpt_tensor(const struct hyt_ckpt *c, size_t i);
const struct hyt_tensor *hyt_ckpt_find(const struct hyt_ckpt *c,
                                       const char *name);
const char *hyt_ckpt_meta(const struct hyt_ckpt *c, const char *key);

/* config.json, parsed; owned by the checkpoint. */
const struct hyt_json *hyt_ckpt_config(const struct hyt_ckpt *c);

/* Reads another file of the directory ("tokenizer.json"): 1 and the bytes
 * appended, 0 where there is none, -1. */
int hyt_ckpt_file(const struct hyt_ckpt *c, const char *name,
                  struct hyt_buf *bytes, struct hyt_err *err) HYT_MUST_USE;

/* Recomputes the digests against the commit record: 0 or -1 with what differs.
 */
int hyt_ckpt_verify(const struct hyt_ckpt *c, struct hyt_err *err) HYT_MUST_USE;

/* Removes what an interrupted run has left beside the committed generation. */
int hyt_ckpt_tidy(const struct hyt_ckpt *c, struct hyt_err *err) HYT_MUST_USE;

/* Makes the kept generation g of the directory the committed one again; later
 * ones are removed, the log is cut. */
int hyt_ckpt_rollback(const char *dir, uint64_t g,
                      struct hyt_err *err) HYT_MUST_USE;

/* --- a working generation ------------------------------------------------- */

struct hyt_work;

/* One tensor under training: the stored weights, and float state beside it. */
struct hyt_work_tensor {
    const struct hyt_tensor *from; /* of the committed generation */
    void *data;                    /* shared mapping, same dtype */
    float *m, *v;  /* AdamW moments, shared mapping; NULL if not F32/BF16/F16 */
    float *master; /* float masters for bf16/f16, else NULL */
    uint64_t n;    /* elements */
};

/*
 * Locks `out` (a directory; the same as the input's, or a new one: then the
 * input's other files are copied), removes what an interrupted run left,
 * creates the shadow files at full size and copies the committed data and
 * optimizer state into them.  NULL on error; nothing visible has changed.
 * `in` must stay open as long as the work.
 *
 * The commit record's "hyt.base" is the digest of `in`.  An `out` that already
 * holds a model is an error unless its "hyt.base" is that digest: it is the
 * result of this very input, made anew here; a caller that would rather keep
 * it looks before.
 */
struct hyt_work *hyt_work_begin(const struct hyt_ckpt *in, const char *out,
                                struct hyt_err *err) HYT_MUST_USE;
/* The same in place, where `in` is unfinished: the run goes on, with the base
 * that it began with. */
struct hyt_work *hyt_work_resume(const struct hyt_ckpt *in,
                                 struct hyt_err *err) HYT_MUST_USE;

/* After a commit of this work, the newest `n` of the replaced generations stay
 * as DIR@G.  Without this call those that are there stay, and no more. */
void hyt_work_keep(struct hyt_work *w, uint64_t n);

/* Whether a generation can be kept: 1; 0 where the file system gives its file
 * no second name; -1. */
int hyt_work_can_keep(const struct hyt_work *w,
                      struct hyt_err *err) HYT_MUST_USE;

size_t hyt_work_count(const struct hyt_work *w);
struct hyt_work_tensor *hyt_work_tensor(struct hyt_work *w, size_t i);
uint64_t hyt_work_step(const struct hyt_work *w); /* AdamW's t of the input */
uint64_t hyt_work_generation(const struct hyt_work *w); /* to be committed */

/* Appends one line (without newline) to the pending part of hyt-log.jsonl. */
void hyt_work_log(struct hyt_work *w, const char *line, size_t n);

/* Further commit-record strings ("hyt.seed" …), at most 3 KiB in all; they are
 * copied. */
void hyt_work_meta(struct hyt_work *w, const char *key, const char *value);

/* Makes the working generation the committed one, durably; `step` is the new
 * step count.  Frees w either way; on error the old generation is untouched. */
int hyt_work_commit(struct hyt_work *w, uint64_t step,
                    struct hyt_err *err) HYT_MUST_USE;

/*
 * The same in the middle of a run.  Until it is finished the generation that
 * the run began with is kept.  Afterwards, or on error, w can be abandoned; or
 * hyt_work_go_on() begins the next generation: the tensors are those that were
 * committed, at other addresses.
 */
int hyt_work_save(struct hyt_work *w, uint64_t step, enum hyt_run run,
                  struct hyt_err *err) HYT_MUST_USE;
int hyt_work_go_on(struct hyt_work *w, struct hyt_err *err) HYT_MUST_USE;
void hyt_work_abandon(struct hyt_work *w); /* NULL is accepted */

/* --- writing a new file --------------------------------------------------- */

/*
 * A new file (generation 0), aligned as our own files are, that appears under
 * its name when it is closed; that the name is taken, by then too, is an error.
 * Its data are written through a mapping, so that it may be larger than memory.
 * Of t[0..n) name, dtype_name, shape and n_bytes count.
 */
struct hyt_st_new;
struct hyt_st_new *hyt_st_create(const char *path, const struct hyt_tensor *t,
                                 size_t n, struct hyt_err *err) HYT_MUST_USE;
void *hyt_st_new_data(struct hyt_st_new *f, size_t i); /* zeroed */
/* Frees f either way. */
int hyt_st_new_close(struct hyt_st_new *f, struct hyt_err *err) HYT_MUST_USE;
void hyt_st_new_discard(struct hyt_st_new *f); /* NULL is accepted */

/* The same from tensors whose data is in memory. */
int hyt_st_write(const char *path, const struct hyt_tensor *t, size_t n,
                 struct hyt_err *err) HYT_MUST_USE;

#endif
