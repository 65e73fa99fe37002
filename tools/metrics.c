/* SPDX-License-Identifier: MIT */
/*
 * metrics.c - collects the records of a step and sums the step up
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hyt/kern.h"
#include "metrics.h"

/* --- a batch -------------------------------------------------------------- */

static int required(struct hyt_rec *rec, const char *path, int64_t *x,
                    struct hyt_err *err)
{
    int got = hyt_rec_int(rec, path, x, err);

    if (got == 0)
        return hyt_rec_fail(rec, "weight", err,
                            "no \"%s\": hyt-weight writes it", path);
    return got < 0 ? -1 : 0;
}

/* NaN where the field is absent or null. */
static int optional(struct hyt_rec *rec, const char *path, double *x,
                    struct hyt_err *err)
{
    *x = (double)NAN;
    return hyt_rec_num(rec, path, x, err) < 0 ? -1 : 0;
}

static int check_place(struct hyt_batch *b, struct hyt_rec *rec,
                       struct hyt_err *err)
{
    int64_t number, index, of;

    if (required(rec, "weight.batch", &number, err) < 0 ||
        required(rec, "weight.index", &index, err) < 0 ||
        required(rec, "weight.of", &of, err) < 0)
        return -1;
    if (b->broken)
        return hyt_rec_fail(rec, "weight", err,
                            "a record of this batch is missing");
    if (b->n > 0 &&
        (number != b->number || (size_t)of != b->of || index != (int64_t)b->n))
        return hyt_rec_fail(rec, "weight", err,
                            "expected record %zu of %zu of batch %lld, got "
                            "%lld of %lld of batch %lld",
                            b->n, b->of, (long long)b->number, (long long)index,
                            (long long)of, (long long)number);
    if (b->n == 0 && (index != 0 || of < 1))
        return hyt_rec_fail(rec, "weight", err,
                            "batch %lld begins with record %lld of %lld",
                            (long long)number, (long long)index, (long long)of);
    b->number = number;
    b->of = (size_t)of;
    return 0;
}

int hyt_batch_begin(struct hyt_batch *b, struct hyt_rec *rec,
                    struct hyt_err *err)
{
    int64_t index;
    size_t n = b->n;
    bool told = b->broken;

    if (hyt_rec_int(rec, "weight.index", &index, err) <= 0 || index != 0)
        return 0; /* what is wrong with it is told where it is read */
    hyt_batch_clear_records(b);
    b->broken = false;
    if (n == 0 || told)
        return 0;
    return hyt_rec_fail(rec, "weight", err,
                        "batch %lld ends after %zu of %zu records",
                        (long long)b->number, n, b->of);
}

static const void *keep(struct hyt_arena *a, const void *p, size_t n,
                        size_t size)
{
    void *copy;

    if (p == NULL)
        return NULL;
    copy = hyt_arena_alloc(a, n, size);
    memcpy(copy, p, n * size);
    return copy;
}

static int read_kind(struct hyt_rec *rec, bool *rollout, struct hyt_err *err)
{
    const char *kind;
    size_t n;
    int got = hyt_rec_str(rec, "kind", &kind, &n, err);

    if (got < 0)
        return -1;
    *rollout = got == 1 && n == 4 && memcmp(kind, "rlif", 4) == 0;
    if (!*rollout && !(got == 1 && n == 2 && memcmp(kind, "rd", 2) == 0))
        return hyt_rec_fail(rec, "kind", err,
                            "\"kind\" is neither \"rd\" nor \"rlif\"");
    return 0;
}

static int read_example(struct hyt_batch *b, struct hyt_rec *rec,
                        const struct hyt_opened *o, struct hyt_example *e,
                        struct hyt_err *err)
{
    struct hyt_tokens t;
    int got = hyt_rec_tokens(rec, &t, err);

    if (got == 0)
        return hyt_rec_fail(rec, NULL, err,
                            "no \"tokens\": hyt-rollout writes them");
    if (got < 0 || hyt_check_tokens(o, rec, &t, err) < 0 ||
        read_kind(rec, &e->rollout, err) < 0 ||
        hyt_record_kv(rec, &e->kv, err) < 0)
        return -1;
    if (e->rollout && t.logp == NULL)
        return hyt_rec_fail(rec, "tokens", err, "a rollout without logp");
    got = hyt_rec_num(rec, "weight.coef", &e->coef, err);
    if (got == 0)
        return hyt_rec_fail(rec, "weight", err,
                            "no \"weight.coef\": hyt-weight writes it");
    if (got < 0 || optional(rec, "weight.norm", &e->norm, err) < 0)
        return -1;
    if (isnan(e->norm))
        e->norm = 0;
    e->prompt = keep(&b->arena, t.prompt, t.n_prompt, sizeof(int32_t));
    e->completion =
        keep(&b->arena, t.completion, t.n_completion, sizeof(int32_t));
    e->logp = keep(&b->arena, t.logp, t.n_completion, sizeof(float));
    e->n_prompt = t.n_prompt;
    e->n_completion = t.n_completion;
    return 0;
}

static int read_facts(struct hyt_batch *b, struct hyt_rec *rec,
                      struct hyt_batch_record *r, struct hyt_err *err)
{
    const char *s;
    size_t n;
    int got = hyt_rec_raw(rec, "id", &s, &n, err);

    if (got < 0)
        return -1;
    if (got == 1)
        r->id = hyt_arena_strndup(&b->arena, s, n);
    got = hyt_rec_str(rec, "policy.digest", &s, &n, err);
    r->file = hyt_rec_file(rec);
    r->lineno = hyt_rec_lineno(rec);
    if (got == 1 && n < sizeof(r->digest))
        memcpy(r->digest, s, n);
    if (got >= 0)
        got = hyt_rec_str(rec, "group", &s, &n, err);
    if (got == 1)
        r->group = hyt_hash64(s, n, 0);
    if (got < 0 || optional(rec, "weight.reward", &r->reward, err) < 0 ||
        optional(rec, "weight.trust", &r->trust, err) < 0 ||
        optional(rec, "weight.lambda", &r->lambda, err) < 0 ||
        optional(rec, "prg.score", &r->prg, err) < 0)
        return -1;
    return 0;
}

int hyt_batch_read(struct hyt_batch *b, struct hyt_rec *rec,
                   const struct hyt_opened *o, struct hyt_err *err)
{
    struct hyt_example e = {0};
    struct hyt_batch_record r = {0};

    if (check_place(b, rec, err) < 0 || read_example(b, rec, o, &e, err) < 0 ||
        read_facts(b, rec, &r, err) < 0) {
        b->broken = true;
        return -1;
    }
    b->example = hyt_grow(b->example, &b->example_cap, b->n + 1, sizeof(e));
    b->record = hyt_grow(b->record, &b->record_cap, b->n + 1, sizeof(r));
    b->example[b->n] = e;
    b->record[b->n++] = r;
    return 0;
}

void hyt_batch_ids(const struct hyt_batch *b, size_t max, struct hyt_buf *out)
{
    const char *before = "";

    hyt_buf_puts(out, "");
    for (size_t i = 0; i < b->n; i++) {
        const char *id = b->record[i].id;

        if (id == NULL || strcmp(id, before) == 0)
            continue;
        before = id;
        if (out->n + strlen(id) > max) {
            hyt_buf_puts(out, " ...");
            return;
        }
        hyt_buf_printf(out, "%s%s", out->n ? " " : "", id);
    }
}

void hyt_batch_clear_records(struct hyt_batch *b)
{
    b->n = 0;
    hyt_arena_reset(&b->arena);
}

void hyt_batch_free(struct hyt_batch *b)
{
    free(b->example);
    free(b->record);
    hyt_arena_free(&b->arena);
}

/* --- a step's line -------------------------------------------------------- */

static void put(struct hyt_buf *b, const char *name, double x)
{
    hyt_buf_printf(b, "\"%s\":", name);
    hyt_json_put_f64_or_null(b, x);
    hyt_buf_putc(b, ',');
}

/* Mean over those that have a value; NaN where none has. */
struct mean {
    double sum;
    size_t n;
};

static void add(struct mean *m, double x)
{
    if (!isnan(x)) {
        m->sum += x;
        m->n++;
    }
}

static double mean(const struct mean *m)
{
    return m->n > 0 ? m->sum / (double)m->n : (double)NAN;
}

/* Rewards by group: the mean of all, the mean of the groups' deviations (ddof
 * 1), and the share of groups whose rewards are all the same. */
static void put_rewards(struct hyt_buf *line, const struct hyt_batch *b)
{
    struct mean all = {0}, deviation = {0};
    size_t groups = 0, flat = 0;

    for (size_t i = 0, end; i < b->n; i = end) {
        struct mean g = {0};
        double low = INFINITY, high = -INFINITY, squares = 0, sigma;

        for (end = i; end < b->n && b->record[end].group == b->record[i].group;
             end++)
            if (b->example[end].rollout)
                add(&g, b->record[end].reward);
        if (g.n == 0)
            continue;
        for (size_t j = i; j < end; j++) {
            double d = b->record[j].reward - mean(&g);

            if (!b->example[j].rollout || isnan(d))
                continue;
            squares += d * d;
            low = fmin(low, b->record[j].reward);
            high = fmax(high, b->record[j].reward);
        }
        /* Equal rewards have no deviation, not that of a rounded mean. */
        sigma = low < high ? sqrt(squares / (double)(g.n - 1)) : 0;
        all.sum += g.sum;
        all.n += g.n;
        add(&deviation, sigma);
        groups++;
        flat += sigma <= 0;
    }
    put(line, "reward", mean(&all));
    put(line, "reward_std", mean(&deviation));
    put(line, "frac_reward_zero_std",
        groups > 0 ? (double)flat / (double)groups : (double)NAN);
}

void hyt_metrics_time(struct hyt_buf *line, uint64_t began, size_t tokens)
{
    double seconds = (double)(hyt_now_us() - began) * 1e-6;

    line->n--; /* the closing brace */
    hyt_buf_putc(line, ',');
    put(line, "tokens_per_second", (double)tokens / seconds);
    hyt_buf_printf(line, "\"kern\":\"%s\"}", hyt_kern_name());
}

void hyt_metrics_line(struct hyt_buf *line, const struct hyt_step_facts *f,
                      const struct hyt_batch *b, const struct hyt_train_sums *s)
{
    struct mean trust = {0}, lambda = {0}, prg = {0};
    double tokens = (double)s->tokens, sampled = (double)s->rlif_tokens;

    for (size_t i = 0; i < b->n; i++) {
        add(&lambda, b->record[i].lambda);
        if (b->example[i].rollout) {
            add(&trust, b->record[i].trust);
            add(&prg, b->record[i].prg);
        }
    }
    hyt_buf_printf(line, "{\"step\":%llu,", (unsigned long long)f->step);
    put(line, "loss", s->loss_rd + s->loss_rlif + s->loss_kl);
    put(line, "loss_rd", s->loss_rd);
    put(line, "loss_rlif", s->loss_rlif);
    put(line, "loss_kl", s->loss_kl);
    put(line, "lambda", mean(&lambda));
    put(line, "trust", mean(&trust));
    put_rewards(line, b);
    put(line, "prg", mean(&prg));
    put(line, "kl", s->k3 / sampled);
    put(line, "ratio", s->ratio / sampled);
    put(line, "clip_ratio",
        (double)(s->clipped_low + s->clipped_high) / sampled);
    put(line, "clip_ratio/low_mean", (double)s->clipped_low / sampled);
    put(line, "clip_ratio/high_mean", (double)s->clipped_high / sampled);
    put(line, "sampling/sampling_logp_difference/mean", s->diff_sum / sampled);
    put(line, "sampling/sampling_logp_difference/max",
        s->rlif_tokens > 0 ? s->diff_max : (double)NAN);
    put(line, "entropy", s->entropy / tokens);
    put(line, "self_certainty", s->certainty / tokens);
    put(line, "grad_norm", f->grad_norm);
    put(line, "learning_rate", f->lr);
    hyt_buf_printf(line, "\"samples\":%zu,\"tokens\":%zu,", s->n_rd + s->n_rlif,
                   s->tokens);
    line->s[line->n - 1] = '}';
}
