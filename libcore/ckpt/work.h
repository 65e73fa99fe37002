/* SPDX-License-Identifier: MIT */
/*
 * work.h - the inside of a working generation
 *
 * Invariants, named in the code where they are kept:
 *
 *   I1  a committed inode is never written again
 *   I2  the path always names one complete valid generation
 *   I3  a model that is durable has its optimizer and log durable
 *   I4  nothing that the last durable generation names is removed before the
 *       next is durable
 *   I5  success is reported after durability
 *   I6  a failure before the rename changes nothing visible
 *   I7  a failed fsync ends the generation, it is not tried again
 *   I8  one writer
 *   I9  header last, digests inside: torn data are detected, not trusted
 */
#ifndef HYT_CKPT_WORK_H
#define HYT_CKPT_WORK_H

#include "ckpt/dir.h"
#include "ckpt/shadow.h"
#include "hyt/io.h"

/* A file that goes along into a new directory: tokenizer.json, ... */
struct hyt_companion {
    char *name, *temp;
};

/* Where the run over an input began, and so what its repetition begins with. */
struct hyt_base {
    char digest[17];
    bool
        here; /* in this directory, as a kept generation or the committed one */
    uint64_t generation, step;
};

struct hyt_work {
    const struct hyt_ckpt *in;
    char *name; /* the output directory, for messages */
    int dir;
    int lock;
    bool elsewhere;       /* the output is not the input's directory */
    struct hyt_ckpt *old; /* what the output directory holds, if elsewhere */
    struct hyt_ckpt *now; /* what this work has committed so far, or NULL */
    uint64_t generation;
    struct hyt_base base;
    uint64_t stale; /* base of a run that is not gone on with */
    bool keeps;     /* --keep was given: */
    uint64_t keep;

    struct hyt_shadow **shard; /* one for each of the input's files */
    struct hyt_shadow *optimizer;
    struct hyt_work_tensor *t;
    size_t n;
    uint64_t step; /* of the optimizer state that was read */

    struct hyt_companion *companion;
    size_t n_companions, companion_cap;

    uint64_t log_bytes; /* of the committed generation */
    struct hyt_buf log; /* lines to be appended */

    struct hyt_pair *meta; /* "hyt.seed" and such; owned */
    size_t n_meta, meta_cap;
};

/* Whether another program has put it into the file's metadata. */
bool hyt_is_foreign(const struct hyt_pair *meta);

/* The generation that the output directory holds: the one that this work has
 * committed, the input, the old one, or NULL. */
const struct hyt_ckpt *hyt_work_committed(const struct hyt_work *w);

/* What the shadows are copies of: the input, or what was committed since. */
const struct hyt_ckpt *hyt_work_source(const struct hyt_work *w);

/* Shadow files at full size, with the source's data and optimizer state. */
int hyt_shadows_begin(struct hyt_work *w, struct hyt_err *err) HYT_MUST_USE;
/* Removes those that are not committed. */
void hyt_shadows_free(struct hyt_work *w);

/* lock.c: takes hyt.lock of the directory: its descriptor, or -1. */
int hyt_lock_take(int dir, const char *dir_name,
                  struct hyt_err *err) HYT_MUST_USE;

/* recover.c: removes what an interrupted run left. */
int hyt_recover(const struct hyt_work *w, struct hyt_err *err) HYT_MUST_USE;
/* Whether HYT_DROPS_KEY (NULL: nothing) has the name. */
bool hyt_is_dropped(const char *drops, const char *name);

/* keep.c: the generations that are kept after the commit, and the files that
 * are not needed any more, for its record. */
int hyt_keep_list(const struct hyt_work *w, enum hyt_run run,
                  struct hyt_buf *list, struct hyt_buf *drops,
                  struct hyt_err *err) HYT_MUST_USE;
/* Gives the committed generation a second name before it is replaced, where it
 * is to be kept: 1, or 0, or -1; and takes it back. */
int hyt_keep_committed(const struct hyt_work *w, enum hyt_run run,
                       struct hyt_err *err) HYT_MUST_USE;
void hyt_keep_undo(const struct hyt_work *w);

/* moments.c: the shadow of the optimizer file. */
int hyt_moments_begin(struct hyt_work *w, struct hyt_err *err) HYT_MUST_USE;

/* companion.c: copies the input's other files under temporary names. */
int hyt_companions_copy(struct hyt_work *w, struct hyt_err *err) HYT_MUST_USE;
int hyt_companions_publish(struct hyt_work *w,
                           struct hyt_err *err) HYT_MUST_USE;
void hyt_companions_free(struct hyt_work *w);

/* log.c: cuts the log to the committed length; appends the pending lines,
 * durably. */
int hyt_log_cut(struct hyt_work *w, struct hyt_err *err) HYT_MUST_USE;
/* Before a commit: what its user has taken of the log meanwhile is not there to
 * append to. */
void hyt_log_look(struct hyt_work *w);
int hyt_log_append(struct hyt_work *w, struct hyt_err *err) HYT_MUST_USE;

/* shards.c: the index of a sharded generation, as a temporary file, and the
 * names of its shards. */
int hyt_index_write(const struct hyt_work *w, const char *temp, const char *tag,
                    const struct hyt_pair *record, size_t n_record,
                    struct hyt_err *err) HYT_MUST_USE;
void hyt_shard_name(char *out, size_t size, const char *tag, size_t i,
                    size_t n);

#endif
