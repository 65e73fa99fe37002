/* SPDX-License-Identifier: MIT */
/*
 * dir.h - the inside of an open model directory, and its file names
 *
 *     model.safetensors                the committed generation, one file
 *     model.safetensors.index.json     the same, where there are shards
 *     hyt-model-G.safetensors          a kept generation (or .index.json)
 *     hyt-optimizer-G.safetensors      moments and masters of generation G;
 *                                      -G-at-STEP: of one that was stopped
 *                                      there, and will be G when it goes on
 *     hyt-log.jsonl                    one line a step
 *     hyt.lock                         held by the one writer, never deleted
 *     .hyt-G-*.tmp                     the working generation G
 */
#ifndef HYT_CKPT_DIR_H
#define HYT_CKPT_DIR_H

#include "ckpt/file.h"
#include "ckpt/st.h"

#define HYT_MODEL_FILE "model.safetensors"
#define HYT_INDEX_FILE "model.safetensors.index.json"
#define HYT_INDEX_MAX  ((size_t)64 << 20) /* bytes */
#define HYT_LOG_FILE   "hyt-log.jsonl"
#define HYT_LOCK_FILE  "hyt.lock"
#define HYT_KEPT_FILE  "hyt-model-%" PRIu64 ".safetensors"
#define HYT_KEPT_INDEX "hyt-model-%" PRIu64 ".index.json"
#define HYT_OPT_FILE   "hyt-optimizer-%s.safetensors"

/* Of the commit record: "1 2 5". */
#define HYT_KEPT_KEY "hyt.kept"
/* Of the commit record of an index: names with "/" between them. */
#define HYT_DROPS_KEY "hyt.drops"
/* Of the commit record; not there where the run has used up its input. */
#define HYT_RUN_KEY          "hyt.run"
#define HYT_RUN_SAVED_WORD   "saved"
#define HYT_RUN_STOPPED_WORD "stopped"

struct hyt_shard {
    char *name;
    struct hyt_st *st;
};

struct hyt_ckpt {
    char *name; /* the directory, for messages */
    int dir;
    const char *file; /* whose rename commits: HYT_MODEL_FILE or _INDEX_FILE */
    struct stat file_info;   /* of the inode that was opened */
    bool kept;               /* opened as DIR@G, and not the committed one */
    struct hyt_shard *shard; /* in the order of their names */
    size_t n_shards;
    struct hyt_json *index; /* NULL where there is one file */
    struct hyt_json *config;
    uint64_t generation, step;
    char digest[17];
};

/* Opens the shards that c->index lists and checks them against it. */
int hyt_index_open(struct hyt_ckpt *c, struct hyt_err *err) HYT_MUST_USE;

/* Opens a shard of c: appended to c->shard. */
int hyt_shard_open(struct hyt_ckpt *c, const char *name,
                   struct hyt_err *err) HYT_MUST_USE;

/* XXH3 of all tensor data, the shards in order. */
uint64_t hyt_ckpt_data_digest(const struct hyt_ckpt *c);

/* The optimizer file that the commit record names: 1 and *st, 0 where the
 * record names none, -1. */
int hyt_ckpt_optimizer(const struct hyt_ckpt *c, struct hyt_st **st,
                       struct hyt_err *err) HYT_MUST_USE;

/* Whether generation c consists of this file, too. */
bool hyt_ckpt_names(const struct hyt_ckpt *c, const char *name);

/* Whether it is the name of a kept generation, and of which; whether c's commit
 * record has that one as kept. */
bool hyt_kept_name(const char *name, uint64_t *g);
bool hyt_is_kept(const struct hyt_ckpt *c, uint64_t g);

/* An unsigned number of the commit record, `missing` where it is not there. */
int hyt_ckpt_meta_u64(const struct hyt_ckpt *c, const char *key,
                      uint64_t missing, uint64_t *x,
                      struct hyt_err *err) HYT_MUST_USE;

#endif
