/* SPDX-License-Identifier: MIT */
/*
 * update.c - a run of hyt-update: where it begins, and what it commits
 */
#include "update.h"

#include <string.h>
#include <sys/stat.h>

/* --- what was applied before ---------------------------------------------- */

static bool same_directory(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

static bool is_finished(const struct hyt_ckpt *c)
{
    return hyt_ckpt_run(c) == HYT_RUN_FINISHED;
}

static bool same_options(const struct hyt_update *u, const struct hyt_ckpt *c)
{
    const char *before = hyt_ckpt_meta(c, HYT_OPTIONS_KEY);

    return before != NULL && strcmp(before, u->options.s) == 0;
}

static int match(struct hyt_update *u, const struct hyt_ckpt *c)
{
    int got = hyt_cursor_match(&u->input, &u->m, c);

    if (got >= 0 && hyt_main_stopping())
        return hyt_fail(&u->m.err, "stopped by a signal: the input is not "
                                   "used up");
    return got;
}

static int strays(struct hyt_update *u, const struct hyt_ckpt *c)
{
    return hyt_fail(&u->m.err,
                    "%s: its generation %llu was made from records that begin "
                    "as these do and then differ, or are more; --again applies "
                    "these from the first on",
                    hyt_ckpt_dir(c),
                    (unsigned long long)hyt_ckpt_generation(c));
}

/* The run goes on: its base is the one that it began with. */
static int resume(struct hyt_update *u)
{
    const struct hyt_ckpt *c = u->o.ckpt;
    const char *base = hyt_ckpt_meta(c, "hyt.base");
    const char *step = hyt_ckpt_meta(c, "hyt.base_step");

    if (base == NULL || strlen(base) != 16 || step == NULL ||
        hyt_parse_u64(step, &u->base_step, &u->m.err) < 0)
        return hyt_fail(&u->m.err, "%s: the commit record is damaged",
                        hyt_ckpt_dir(c));
    memcpy(u->base, base, sizeof u->base);
    u->resumed = u->applied = true;
    hyt_main_info(&u->m, "%s: goes on after step %llu", hyt_ckpt_dir(c),
                  (unsigned long long)hyt_ckpt_step(c));
    return 0;
}

static int prepare_in_place(struct hyt_update *u)
{
    const struct hyt_ckpt *c = u->o.ckpt;
    bool finished = is_finished(c), same = same_options(u, c);
    int got;

    /* With other options a finished input is another pass over it. */
    if (finished && !same)
        return 0;
    got = match(u, c);
    if (got < 0 || got == HYT_OTHER)
        return got < 0 ? -1 : 0;
    if (!same)
        return hyt_fail(&u->m.err,
                        "%s: other options than those of the run that is not "
                        "finished: use those, return to its beginning "
                        "(hyt-ckpt rollback), or begin anew from here "
                        "(--again)",
                        hyt_ckpt_dir(c));
    if (got == HYT_STRAYS)
        return strays(u, c);
    u->applied = true;
    return finished ? 0 : resume(u);
}

/* The directory already holds the result of a run. */
static int compare_finished(struct hyt_update *u, const struct hyt_ckpt *c)
{
    struct hyt_rec *rec;
    int got;

    if (!same_options(u, c))
        return hyt_fail(&u->m.err,
                        "%s: holds the result of other options than these",
                        u->out);
    got = match(u, c);
    if (got == HYT_SAME)
        got = hyt_main_next(&u->m, &rec) == 0 ? HYT_SAME : HYT_STRAYS;
    if (got < 0)
        return -1;
    if (got != HYT_SAME)
        return hyt_fail(&u->m.err,
                        "%s: holds the result of other records than these",
                        u->out);
    hyt_main_info(&u->m, "%s: is the result of this already", u->out);
    return hyt_ckpt_tidy(c, &u->m.err) < 0 ? -1 : 1;
}

/* The directory holds a part of a run: it goes on there. */
static int go_on_there(struct hyt_update *u, const struct hyt_ckpt *c)
{
    int got = same_options(u, c) ? match(u, c) : HYT_OTHER;

    if (got < 0)
        return -1;
    if (got == HYT_OTHER)
        return hyt_fail(&u->m.err,
                        "%s: holds a run that is not finished, of other "
                        "options or records than these; --again makes these "
                        "there",
                        u->out);
    if (got == HYT_STRAYS)
        return strays(u, c);
    hyt_close(&u->o);
    u->m.model = u->out;
    u->out = NULL;
    if (hyt_open(&u->o, &u->m, &u->m.err) < 0)
        return -1;
    return resume(u);
}

static int prepare_elsewhere(struct hyt_update *u)
{
    struct hyt_err ignored;
    struct hyt_ckpt *c;
    const char *base;
    int got = 0;

    if (same_directory(u->out, hyt_ckpt_dir(u->o.ckpt)))
        return hyt_fail(&u->m.err, "--out %s is the directory of the model",
                        u->out);
    c = hyt_ckpt_open(u->out, &ignored);
    base = c != NULL ? hyt_ckpt_meta(c, "hyt.base") : NULL;
    /* One of another origin is refused when the work begins. */
    if (base != NULL && strcmp(base, u->base) == 0 && !u->again)
        got = is_finished(c) ? compare_finished(u, c) : go_on_there(u, c);
    hyt_ckpt_close(c);
    return got;
}

int hyt_update_prepare(struct hyt_update *u)
{
    memcpy(u->base, hyt_ckpt_digest(u->o.ckpt), sizeof u->base);
    u->base_step = hyt_ckpt_step(u->o.ckpt);
    if (u->dry_run)
        return 0;
    if (u->out != NULL)
        return prepare_elsewhere(u);
    return u->again ? 0 : prepare_in_place(u);
}

int hyt_update_begin(struct hyt_update *u)
{
    const struct hyt_ckpt *in = u->o.ckpt;
    struct hyt_err *err = &u->m.err;
    int status;

    u->step = u->saved = u->before = hyt_ckpt_step(in);
    if (u->dry_run)
        return 0;
    u->work = u->resumed
                  ? hyt_work_resume(in, err)
                  : hyt_work_begin(in, u->out ? u->out : hyt_ckpt_dir(in), err);
    if (u->work == NULL)
        return -1;
    if (u->keep >= 0)
        hyt_work_keep(u->work, (uint64_t)u->keep);
    if (u->keep <= 0)
        return 0;
    status = hyt_work_can_keep(u->work, err);
    if (status == 0)
        hyt_fail(err,
                 "%s: its file system has no hard links, which --keep "
                 "needs",
                 u->out ? u->out : hyt_ckpt_dir(in));
    return status > 0 ? 0 : -1;
}

/* --- commits -------------------------------------------------------------- */

static int commit(struct hyt_update *u, enum hyt_run run)
{
    int status;

    hyt_work_meta(u->work, HYT_CURSOR_KEY, u->input.cursor);
    hyt_work_meta(u->work, HYT_FIRST_KEY, u->input.first);
    hyt_work_meta(u->work, HYT_OPTIONS_KEY, u->options.s);
    hyt_trace_op(&u->m.trace, NULL);
    status = hyt_work_save(u->work, u->step, run, &u->m.err);
    hyt_trace_op(&u->m.trace, "commit");
    if (status == 0)
        u->saved = u->step;
    return status;
}

static int acknowledge(struct hyt_update *u, uint64_t generation)
{
    struct hyt_buf line = {0};
    int status;

    hyt_buf_printf(&line, "{\"committed\":%llu,\"step\":%llu}\n",
                   (unsigned long long)generation, (unsigned long long)u->step);
    status = hyt_out_write(u->m.out, line.s, line.n, &u->m.err);
    if (status == 0)
        status = hyt_out_flush(u->m.out, &u->m.err);
    hyt_buf_free(&line);
    return status;
}

/* On schedule, counted from where the run began: so that the generations are
 * the same wherever it was interrupted. */
static bool is_due(const struct hyt_update *u)
{
    uint64_t every = (uint64_t)u->every;

    return every > 0 && (u->step - u->base_step) / every >
                            (u->before - u->base_step) / every;
}

static void give_up(struct hyt_update *u)
{
    hyt_work_abandon(u->work);
    u->work = NULL;
}

int hyt_update_save(struct hyt_update *u, bool saving)
{
    bool due = is_due(u);
    uint64_t generation;

    u->before = u->step;
    if (u->work == NULL || (!due && !saving) || u->step == u->saved)
        return 0;
    generation = hyt_work_generation(u->work);
    if (commit(u, due ? HYT_RUN_SAVED : HYT_RUN_STOPPED) < 0) {
        give_up(u);
        return -1;
    }
    if (acknowledge(u, generation) < 0 ||
        hyt_work_go_on(u->work, &u->m.err) < 0)
        return -1;
    return hyt_trainer_rebind(u->trainer, u->work, &u->m.err);
}

/* Steps that were taken are committed, even where what followed was bad. */
static int commit_last(struct hyt_update *u, enum hyt_run run, int got)
{
    uint64_t generation = hyt_work_generation(u->work), n = u->step - u->saved;
    struct hyt_err why = u->m.err;

    if (commit(u, run) < 0)
        return -1;
    if (acknowledge(u, generation) < 0 && got == 0)
        return -1;
    if (got == 0)
        return 0;
    u->m.err = why;
    hyt_main_warn(&u->m, "what was taken before this is committed: %llu step%s",
                  (unsigned long long)n, n == 1 ? "" : "s");
    return got;
}

int hyt_update_end(struct hyt_update *u, int got)
{
    /* Only a run that has used up its input is the result of it. */
    bool finished = got == 0 && u->m.n_bad == 0;

    if (finished && u->resumed && u->work == NULL && hyt_update_begin(u) < 0)
        return -1;
    if (u->work == NULL)
        return got;
    if (!u->spoiled &&
        (finished ? u->resumed || u->taken > 0 : u->step != u->saved))
        got =
            commit_last(u, finished ? HYT_RUN_FINISHED : HYT_RUN_STOPPED, got);
    give_up(u);
    return got;
}
