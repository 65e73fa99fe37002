/* SPDX-License-Identifier: MIT */
/*
 * batch.c - records that wait in memory, as their bytes, to be weighed together
 */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

void hyt_kept_add(struct hyt_kept_list *list, const struct hyt_rec *rec,
                  const struct hyt_sample *s)
{
    struct hyt_kept *k;
    size_t n;
    const char *bytes = hyt_rec_bytes(rec, &n);

    list->item = hyt_grow(list->item, &list->cap, list->n + 1, sizeof *k);
    k = &list->item[list->n++];
    *k = (struct hyt_kept){.s = *s,
                           .line = hyt_strndup(bytes, n),
                           .n = n,
                           .file = hyt_rec_file(rec),
                           .lineno = hyt_rec_lineno(rec)};
    if (s->answer != NULL)
        k->s.answer = hyt_strndup(s->answer, s->n_answer);
}

void hyt_kept_drop(struct hyt_kept_list *list, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        free(list->item[i].line);
        /* hyt_kept_add() made it */
        free((void *)(uintptr_t)list->item[i].s.answer);
    }
    if (to < list->n)
        memmove(list->item + from, list->item + to,
                (list->n - to) * sizeof *list->item);
    list->n -= to - from;
}

void hyt_kept_free(struct hyt_kept_list *list)
{
    hyt_kept_drop(list, 0, list->n);
    free(list->item);
    *list = (struct hyt_kept_list){0};
}

int hyt_kept_load(const struct hyt_kept *kept, struct hyt_rec *rec,
                  struct hyt_err *err)
{
    struct hyt_line line = {kept->line, kept->n, kept->file, kept->lineno};

    return hyt_rec_load(rec, &line, err);
}

/* --- groups -------------------------------------------------------------- */

/* What says where a sample belongs. */
struct place {
    const char *group;
    size_t n;
    int64_t sample, size;
};

static int need(const struct hyt_rec *rec, const char *field, int got,
                struct hyt_err *err)
{
    if (got == 0)
        return hyt_rec_fail(rec, field, err,
                            "no \"%s\": pass the records through hyt-rollout",
                            field);
    return got < 0 ? -1 : 0;
}

static int read_place(struct place *p, struct hyt_rec *rec, struct hyt_err *err)
{
    if (need(rec, "group", hyt_rec_str(rec, "group", &p->group, &p->n, err),
             err) < 0 ||
        need(rec, "sample", hyt_rec_int(rec, "sample", &p->sample, err), err) <
            0)
        return -1;
    return need(rec, "sampling.n",
                hyt_rec_int(rec, "sampling.n", &p->size, err), err);
}

static bool is_of(const struct hyt_groups *g, const struct place *p)
{
    return g->name.n == p->n &&
           (p->n == 0 || memcmp(g->name.s, p->group, p->n) == 0);
}

int hyt_groups_continues(const struct hyt_groups *g, struct hyt_rec *rec,
                         struct hyt_err *err)
{
    size_t have = hyt_groups_open(g);
    struct place p;

    if (read_place(&p, rec, err) < 0)
        return -1;
    return have == 0 ||
           (is_of(g, &p) && p.sample == (int64_t)have && p.size == g->size);
}

int hyt_groups_add(struct hyt_groups *g, struct hyt_rec *rec,
                   struct hyt_sample *s, struct hyt_err *err)
{
    struct place p;

    if (read_place(&p, rec, err) < 0)
        return -1;
    if (!is_of(g, &p))
        g->refusals = 0;
    hyt_buf_reset(&g->name);
    hyt_buf_put(&g->name, p.group, p.n);
    g->size = p.size;
    if (p.sample != (int64_t)hyt_groups_open(g) || p.size <= p.sample) {
        g->refusals++;
        return hyt_rec_fail(rec, "sample", err,
                            "group \"%s\" begins with sample %lld of %lld",
                            p.group, (long long)p.sample, (long long)p.size);
    }
    s->group = g->count;
    hyt_kept_add(&g->rollouts, rec, s);
    if (p.sample + 1 < p.size)
        return 0;
    g->whole = g->rollouts.n;
    g->count++;
    g->refusals = 0;
    return 1;
}

size_t hyt_groups_open(const struct hyt_groups *g)
{
    return g->rollouts.n - g->whole;
}

int hyt_groups_cut(struct hyt_groups *g, struct hyt_err *err)
{
    size_t have = hyt_groups_open(g);
    struct hyt_rec *last;

    if (have == 0)
        return 0;
    last = hyt_rec_new();
    if (hyt_kept_load(&g->rollouts.item[g->rollouts.n - 1], last, err) == 0)
        hyt_rec_fail(last, "group", err,
                     "group \"%s\" ended after %zu of %lld samples", g->name.s,
                     have, (long long)g->size);
    hyt_rec_free(last);
    hyt_kept_drop(&g->rollouts, g->whole, g->rollouts.n);
    g->refusals++;
    return -1;
}

void hyt_groups_drop_whole(struct hyt_groups *g)
{
    hyt_kept_drop(&g->rollouts, 0, g->whole);
    g->whole = g->count = 0;
}

void hyt_groups_free(struct hyt_groups *g)
{
    hyt_kept_free(&g->rollouts);
    hyt_buf_free(&g->name);
    *g = (struct hyt_groups){0};
}

/* --- the pool ------------------------------------------------------------ */

static void next_round(struct hyt_pool *pool, uint64_t seed)
{
    pool->n_order = pool->traces.n;
    pool->order = hyt_realloc(pool->order, pool->n_order, sizeof *pool->order);
    hyt_rng_shuffle(pool->order, pool->n_order,
                    hyt_rng_key(seed, pool->round++));
    pool->at = 0;
}

size_t hyt_pool_draw(struct hyt_pool *pool, size_t *index, size_t want,
                     uint64_t seed)
{
    size_t n = 0;

    if (want > pool->traces.n)
        want = pool->traces.n;
    pool->draws++;
    while (n < want) {
        size_t next, i;

        if (pool->at == pool->n_order)
            next_round(pool, seed);
        /* A round that begins within a draw may open with traces that the draw
         * has from the round before: those wait. */
        for (i = pool->at;
             pool->traces.item[pool->order[i]].draw == pool->draws;)
            i++;
        next = pool->order[i];
        pool->order[i] = pool->order[pool->at];
        pool->order[pool->at++] = next;
        pool->traces.item[next].draw = pool->draws;
        index[n++] = next;
    }
    return n;
}

void hyt_pool_free(struct hyt_pool *pool)
{
    hyt_kept_free(&pool->traces);
    free(pool->order);
    *pool = (struct hyt_pool){0};
}
