/* SPDX-License-Identifier: MIT */
/*
 * keep.c - generations that stay after they were replaced
 *
 * A kept generation is a hard link to what was model.safetensors (or its
 * index), and the optimizer and shards that it names.  There are two reasons to
 * keep one: --keep K, and a run that is not finished, whose base is what a
 * repetition of its pipe samples from.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ckpt/work.h"

/* --- which there are ------------------------------------------------------ */

bool hyt_kept_name(const char *name, uint64_t *g)
{
    static const char prefix[] = "hyt-model-";
    size_t n = sizeof prefix - 1, digits;
    struct hyt_err ignored;
    char *number;
    int got;

    if (strncmp(name, prefix, n) != 0)
        return false;
    digits = strspn(name + n, "0123456789");
    if (digits == 0 || (strcmp(name + n + digits, ".safetensors") != 0 &&
                        strcmp(name + n + digits, ".index.json") != 0))
        return false;
    number = hyt_strndup(name + n, digits);
    got = hyt_parse_u64(number, g, &ignored);
    free(number);
    return got == 0;
}

/* Whether the commit record lists it; one of another program lists none, and
 * all older ones count. */
static bool is_listed(const struct hyt_ckpt *c, uint64_t g)
{
    const char *list = hyt_ckpt_meta(c, HYT_KEPT_KEY);
    char number[24];
    size_t n;

    if (!list)
        return true;
    n = (size_t)snprintf(number, sizeof number, "%" PRIu64, g);
    for (const char *s = list; *s; s += strspn(s, " ")) {
        if (strcspn(s, " ") == n && memcmp(s, number, n) == 0)
            return true;
        s += strcspn(s, " ");
    }
    return false;
}

bool hyt_is_kept(const struct hyt_ckpt *c, uint64_t g)
{
    return g < c->generation && is_listed(c, g);
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

int hyt_ckpt_kept(const struct hyt_ckpt *c, uint64_t **g, size_t *n,
                  struct hyt_err *err)
{
    DIR *dir = hyt_dir_list(c->dir, c->name, err);
    const char *name;
    size_t cap = 0;
    uint64_t number;
    int status = 0;

    *g = NULL;
    *n = 0;
    if (!dir)
        return -1;
    while ((name = hyt_dir_next(dir, c->name, &status, err)))
        if (hyt_kept_name(name, &number) && hyt_is_kept(c, number)) {
            *g = hyt_grow(*g, &cap, *n + 1, sizeof **g);
            (*g)[(*n)++] = number;
        }
    closedir(dir);
    if (status < 0) {
        free(*g);
        *g = NULL;
        *n = 0;
    }
    if (*n)
        qsort(*g, *n, sizeof **g, by_number);
    return status;
}

int hyt_work_can_keep(const struct hyt_work *w, struct hyt_err *err)
{
    const struct hyt_ckpt *old = hyt_work_committed(w);
    char temp[64];
    int status;

    if (!old)
        return 1;
    snprintf(temp, sizeof temp, ".hyt-%" PRIu64 "-link.tmp", w->generation);
    status = linkat(w->dir, old->file, w->dir, temp, 0);
    if (status == 0)
        status = unlinkat(w->dir, temp, 0);
    else if (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS ||
             errno == EMLINK)
        return 0;
    return status < 0 ? hyt_fail_errno(err, "%s/%s", w->name, temp) : 1;
}

/* --- which there will be -------------------------------------------------- */

static bool is_base(const struct hyt_work *w, uint64_t g)
{
    return w->base.here && w->base.generation == g;
}

/* Whether the generation that is about to be replaced is to be kept.  One of
 * the same number was stopped on its way to this one. */
static bool keeps_old(const struct hyt_work *w, enum hyt_run run)
{
    const struct hyt_ckpt *old = hyt_work_committed(w);

    return old && old->generation != w->generation &&
           ((w->keeps && w->keep > 0) ||
            (run != HYT_RUN_FINISHED && is_base(w, old->generation)));
}

/* Without --keep, what earlier runs have kept stays. */
static bool stays(const struct hyt_work *w, enum hyt_run run, uint64_t g,
                  size_t rank)
{
    if (is_base(w, g) && run != HYT_RUN_FINISHED)
        return true;
    return w->keeps ? rank < w->keep : !is_base(w, g) && g != w->stale;
}

/* The shards of a model that another program wrote have names that tell
 * nothing: the record lists those that go, each once.  No file name has a
 * "/". */
static void drop_shard(const char *name, struct hyt_buf *drops)
{
    if (strncmp(name, "hyt-", 4) != 0 && hyt_plain_name(name) &&
        !hyt_is_dropped(drops->s, name))
        hyt_buf_printf(drops, "%s%s", drops->n ? "/" : "", name);
}

static void drop_shards(const struct hyt_ckpt *c, struct hyt_buf *drops)
{
    for (size_t s = 0; c->index && s < c->n_shards; s++)
        drop_shard(c->shard[s].name, drops);
}

/* The same of a kept generation, of which nothing has to be there but its
 * index. */
static int drop_kept(const struct hyt_work *w, uint64_t g,
                     struct hyt_buf *drops, struct hyt_err *err)
{
    struct hyt_buf text = {0};
    struct stat info;
    char name[64];
    struct hyt_json *index = NULL;
    const struct hyt_json *v;
    int status;

    snprintf(name, sizeof name, HYT_KEPT_INDEX, g);
    status =
        hyt_dir_read(w->dir, w->name, name, HYT_INDEX_MAX, &text, &info, err);
    if (status > 0)
        index = hyt_json_parse(text.s, text.n, 0, err);
    v = hyt_json_child(index ? hyt_json_get(index, "weight_map") : NULL);
    for (; v; v = hyt_json_next(v))
        if (hyt_json_type(v) == HYT_JSON_STR)
            drop_shard(hyt_json_str(v), drops);
    hyt_json_free(index);
    hyt_buf_free(&text);
    return status < 0 ? -1 : 0;
}

/* What the committed generation drops is gone before another forgets of it,
 * also where that failed at first.  One that was stopped on its way to this
 * generation has dropped for this one. */
static int drop_before(const struct hyt_work *w, struct hyt_buf *drops,
                       struct hyt_err *err)
{
    const struct hyt_ckpt *old = hyt_work_committed(w);
    const char *names = hyt_ckpt_meta(old, HYT_DROPS_KEY);
    int status = 0;

    if (names && old->generation == w->generation)
        hyt_buf_puts(drops, names);
    for (const char *s = names; s && *s && status == 0; s += strspn(s, "/")) {
        size_t n = strcspn(s, "/");
        char *name = hyt_strndup(s, n);

        if (!hyt_ckpt_names(old, name) && unlinkat(w->dir, name, 0) < 0 &&
            errno != ENOENT)
            status = hyt_fail_errno(err, "%s/%s", w->name, name);
        free(name);
        s += n;
    }
    return status;
}

int hyt_keep_list(const struct hyt_work *w, enum hyt_run run,
                  struct hyt_buf *list, struct hyt_buf *drops,
                  struct hyt_err *err)
{
    const struct hyt_ckpt *old = hyt_work_committed(w);
    uint64_t *g = NULL;
    size_t n = 0;
    int status = 0;

    hyt_buf_puts(list, "");
    if (!old)
        return 0;
    if (drop_before(w, drops, err) < 0 || hyt_ckpt_kept(old, &g, &n, err) < 0)
        return -1;
    if (keeps_old(w, run)) {
        g = hyt_realloc(g, n + 1, sizeof *g);
        g[n++] = old->generation;
    } else {
        drop_shards(old, drops);
    }
    for (size_t i = 0; i < n && status == 0; i++)
        if (stays(w, run, g[i], n - 1 - i))
            hyt_buf_printf(list, "%s%" PRIu64, list->n ? " " : "", g[i]);
        else if (old->index)
            status = drop_kept(w, g[i], drops, err);
    free(g);
    return status;
}

/* --- one more, and one less ----------------------------------------------- */

static void kept_name(char *out, size_t size, const char *file, uint64_t g)
{
    if (strcmp(file, HYT_MODEL_FILE) == 0)
        snprintf(out, size, HYT_KEPT_FILE, g);
    else
        snprintf(out, size, HYT_KEPT_INDEX, g);
}

int hyt_keep_committed(const struct hyt_work *w, enum hyt_run run,
                       struct hyt_err *err)
{
    const struct hyt_ckpt *old = hyt_work_committed(w);
    char name[64];

    if (!keeps_old(w, run))
        return 0;
    kept_name(name, sizeof name, old->file, old->generation);
    if (linkat(w->dir, old->file, w->dir, name, 0) < 0)
        return hyt_fail_errno(err, "%s/%s", w->name, name);
    return 1;
}

void hyt_keep_undo(const struct hyt_work *w)
{
    const struct hyt_ckpt *old = hyt_work_committed(w);
    char name[64];

    kept_name(name, sizeof name, old->file, old->generation);
    unlinkat(w->dir, name, 0);
}
