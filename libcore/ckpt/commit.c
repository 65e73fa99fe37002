/* SPDX-License-Identifier: MIT */
/*
 * commit.c - a working generation becomes the committed one
 *
 * One function a step of the protocol, in order.  Before the rename of step 3
 * every error leaves the old generation as it is (I6); after it, nothing is
 * removed until the directory is durable (I4).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ckpt/work.h"

/* What the commit record says, as strings of __metadata__ (or of the index's
 * metadata object). */
struct record {
    struct hyt_pair *pair;
    size_t n, cap;
    char tag[64]; /* in the names of its files */
    char generation[24], step[24], log_bytes[24];
    struct hyt_buf kept, drops;
    char base_generation[24], base_step[24];
    char optimizer[128], model_digest[17], optimizer_digest[17];
};

static void add(struct record *r, const char *key, const char *value)
{
    r->pair = hyt_grow(r->pair, &r->cap, r->n + 1, sizeof *r->pair);
    r->pair[r->n++] = (struct hyt_pair){key, value};
}

/* Not "format", which every file that we write has, nor an older record. */
bool hyt_is_foreign(const struct hyt_pair *meta)
{
    return strcmp(meta->key, "format") != 0 &&
           strncmp(meta->key, "hyt.", 4) != 0;
}

static void add_foreign(struct record *r, const struct hyt_st *st)
{
    for (size_t i = 0; i < hyt_st_meta_count(st); i++) {
        const struct hyt_pair *p = hyt_st_meta_at(st, i);

        if (hyt_is_foreign(p))
            add(r, p->key, p->value);
    }
}

static void digest_text(char out[17], struct hyt_shadow *const *s, size_t n)
{
    struct hyt_digest *d = hyt_digest_new();

    for (size_t i = 0; i < n; i++)
        hyt_shadow_digest(s[i], d);
    hyt_hex64(out, hyt_digest_value(d));
    hyt_digest_free(d);
}

/* A stopped generation leaves its names to the one that it will become. */
static void fill_tag(struct record *r, const struct hyt_work *w, uint64_t step,
                     enum hyt_run run)
{
    if (run == HYT_RUN_STOPPED)
        snprintf(r->tag, sizeof r->tag, "%" PRIu64 "-at-%" PRIu64,
                 w->generation, step);
    else
        snprintf(r->tag, sizeof r->tag, "%" PRIu64, w->generation);
    snprintf(r->optimizer, sizeof r->optimizer, HYT_OPT_FILE, r->tag);
}

/* What a repetition of the run needs to go on from here. */
static void add_run(struct record *r, const struct hyt_work *w,
                    enum hyt_run run)
{
    const struct hyt_base *base = &w->base;

    add(r, "hyt.base", base->digest);
    if (run == HYT_RUN_FINISHED)
        return;
    add(r, HYT_RUN_KEY,
        run == HYT_RUN_STOPPED ? HYT_RUN_STOPPED_WORD : HYT_RUN_SAVED_WORD);
    snprintf(r->base_step, sizeof r->base_step, "%" PRIu64, base->step);
    add(r, "hyt.base_step", r->base_step);
    if (!base->here)
        return;
    snprintf(r->base_generation, sizeof r->base_generation, "%" PRIu64,
             base->generation);
    add(r, "hyt.base_generation", r->base_generation);
}

static void fill_record(struct record *r, const struct hyt_work *w,
                        uint64_t step, enum hyt_run run)
{
    fill_tag(r, w, step, run);
    snprintf(r->generation, sizeof r->generation, "%" PRIu64, w->generation);
    snprintf(r->step, sizeof r->step, "%" PRIu64, step);
    snprintf(r->log_bytes, sizeof r->log_bytes, "%" PRIu64,
             w->log_bytes + w->log.n);
    digest_text(r->model_digest, w->shard, w->in->n_shards);
    digest_text(r->optimizer_digest, &w->optimizer, 1);
    add(r, "hyt.generation", r->generation);
    add(r, "hyt.step", r->step);
    add_run(r, w, run);
    add(r, "hyt.optimizer", r->optimizer);
    add(r, "hyt.digest.model", r->model_digest);
    add(r, "hyt.digest.optimizer", r->optimizer_digest);
    add(r, "hyt.log_bytes", r->log_bytes);
    for (size_t i = 0; i < w->n_meta; i++)
        add(r, w->meta[i].key, w->meta[i].value);
}

static bool is_sharded(const struct hyt_work *w)
{
    return w->in->index != NULL;
}

static void index_temp(char *out, size_t size, const struct hyt_work *w)
{
    snprintf(out, size, ".hyt-%" PRIu64 "-index.tmp", w->generation);
}

static int sync_dir(const struct hyt_work *w)
{
    return fsync(w->dir);
}

/* --- step 1: everything is written, headers last (I9) --------------------- */

static int seal_optimizer(struct hyt_work *w, const struct record *r,
                          struct hyt_err *err)
{
    const struct hyt_pair meta[] = {{"generation", r->generation},
                                    {"step", r->step}};

    return hyt_shadow_seal(w->optimizer, meta, HYT_LEN(meta), err);
}

static int seal_shard(struct hyt_work *w, size_t s, const struct record *r,
                      struct hyt_err *err)
{
    struct record all = {0};
    int status;

    add_foreign(&all, w->in->shard[s].st);
    for (size_t i = 0; !is_sharded(w) && i < r->n; i++)
        add(&all, r->pair[i].key, r->pair[i].value);
    status = hyt_shadow_seal(w->shard[s], all.pair, all.n, err);
    free(all.pair);
    return status;
}

static int step1_write(struct hyt_work *w, const struct record *r,
                       struct hyt_err *err)
{
    char temp[64];
    int status = seal_optimizer(w, r, err);

    for (size_t s = 0; status == 0 && s < w->in->n_shards; s++)
        status = seal_shard(w, s, r, err);
    if (status == 0 && is_sharded(w)) {
        index_temp(temp, sizeof temp, w);
        status = hyt_index_write(w, temp, r->tag, r->pair, r->n, err);
    }
    return status;
}

/* --- step 2: all of it is durable, under names that nobody reads (I3, I7) - */

static int step2_sync(struct hyt_work *w, const struct record *r,
                      enum hyt_run run, bool *kept, struct hyt_err *err)
{
    char name[128];
    int keep;

    if (hyt_log_append(w, err) < 0 ||
        hyt_shadow_sync(w->optimizer, false, err) < 0)
        return -1;
    if (hyt_shadow_rename(w->optimizer, r->optimizer, err) < 0)
        return -1;
    for (size_t s = 0; s < w->in->n_shards; s++) {
        if (hyt_shadow_sync(w->shard[s], true, err) < 0)
            return -1;
        hyt_shard_name(name, sizeof name, r->tag, s, w->in->n_shards);
        if (is_sharded(w) && hyt_shadow_rename(w->shard[s], name, err) < 0)
            return -1;
    }
    keep = hyt_keep_committed(w, run, err);
    if (keep < 0 || hyt_companions_publish(w, err) < 0)
        return -1;
    *kept = keep > 0;
    if (sync_dir(w) < 0)
        return hyt_fail_errno(err, "%s: fsync", w->name);
    return 0;
}

/* --- step 3: the commit point, then the durability point (I2, I5) --------- */

static int step3_rename(struct hyt_work *w, struct hyt_err *err)
{
    char temp[64];

    if (!is_sharded(w)) {
        if (hyt_shadow_rename(w->shard[0], HYT_MODEL_FILE, err) < 0)
            return -1;
    } else {
        index_temp(temp, sizeof temp, w);
        if (renameat(w->dir, temp, w->dir, HYT_INDEX_FILE) < 0)
            return hyt_fail_errno(err, "%s/" HYT_INDEX_FILE, w->name);
    }
    /* From here on the old generation cannot be returned to. */
    hyt_shadow_keep(w->optimizer);
    for (size_t s = 0; s < w->in->n_shards; s++)
        hyt_shadow_keep(w->shard[s]);
    return 0;
}

static int step3_sync(const struct hyt_work *w, struct hyt_err *err)
{
    if (sync_dir(w) < 0)
        return hyt_fail_errno(err,
                              "%s: whether generation %" PRIu64
                              " is committed is unknown until the next run",
                              w->name, w->generation);
    return 0;
}

/* --- step 4: what only the previous generation named goes (I4) ------------ */

/* Failures do not matter here: the next run removes what is left. */
static int step4_clean(struct hyt_work *w, const struct record *r,
                       struct hyt_err *err)
{
    struct hyt_ckpt *now = hyt_ckpt_open(w->name, err);

    if (!now)
        return -1;
    if (strcmp(hyt_ckpt_digest(now), r->model_digest) != 0) {
        hyt_ckpt_close(now);
        return hyt_fail(err, "%s: it does not hold what was just committed",
                        w->name);
    }
    hyt_ckpt_close(w->now);
    w->now = now;
    return hyt_recover(w, err);
}

/* --- all of it ------------------------------------------------------------ */

int hyt_work_save(struct hyt_work *w, uint64_t step, enum hyt_run run,
                  struct hyt_err *err)
{
    struct record r = {0};
    struct hyt_err unclean;
    bool kept = false;
    char temp[64];
    int status;

    hyt_log_look(w);
    fill_record(&r, w, step, run);
    if ((status = hyt_keep_list(w, run, &r.kept, &r.drops, err)) == 0)
        add(&r, HYT_KEPT_KEY, r.kept.s);
    if (r.drops.n > 0)
        add(&r, HYT_DROPS_KEY, r.drops.s);
    if (status == 0 && (status = step1_write(w, &r, err)) == 0 &&
        (status = step2_sync(w, &r, run, &kept, err)) == 0)
        status = step3_rename(w, err);
    if (status < 0) {
        index_temp(temp, sizeof temp, w);
        unlinkat(w->dir, temp, 0);
        if (kept)
            hyt_keep_undo(w);
    } else if ((status = step3_sync(w, err)) == 0) {
        w->log_bytes += w->log.n;
        hyt_buf_reset(&w->log);
        /* It is committed, whatever becomes of the rest. */
        (void)!step4_clean(w, &r, &unclean);
    }
    free(r.pair);
    hyt_buf_free(&r.kept);
    hyt_buf_free(&r.drops);
    return status;
}

int hyt_work_commit(struct hyt_work *w, uint64_t step, struct hyt_err *err)
{
    int status = hyt_work_save(w, step, HYT_RUN_FINISHED, err);

    hyt_work_abandon(w); /* frees it, and removes what is not committed */
    return status;
}

int hyt_work_go_on(struct hyt_work *w, struct hyt_err *err)
{
    if (!w->now)
        return hyt_fail(err, "%s: it cannot be opened after a commit", w->name);
    hyt_shadows_free(w);
    w->generation =
        w->now->generation + (hyt_ckpt_run(w->now) != HYT_RUN_STOPPED);
    return hyt_shadows_begin(w, err);
}
