/* SPDX-License-Identifier: MIT */
/*
 * split.c - a record's completion becomes steps and a final answer
 */
#include <string.h>

#include "messages.h"
#include "split.h"

int hyt_splitter_open(struct hyt_splitter *sp, const char *steps,
                      const char *answer, struct hyt_err *err)
{
    sp->answerer = NULL;
    sp->stepper = hyt_stepper_new(steps, err);
    if (sp->stepper)
        sp->answerer = hyt_answerer_new(answer, err);
    if (sp->answerer)
        return 0;
    hyt_splitter_close(sp);
    return -1;
}

void hyt_splitter_close(struct hyt_splitter *sp)
{
    hyt_stepper_free(sp->stepper);
    hyt_answerer_free(sp->answerer);
    memset(sp, 0, sizeof(*sp));
}

struct completion {
    const char *field, *s;
    size_t n;
    struct hyt_tokens t;
    bool has_tokens;
};

/* The text of steps that came ready-made becomes the completion: 1, 0, -1. */
static int join_steps(struct completion *c, struct hyt_rec *rec,
                      struct hyt_err *err)
{
    struct hyt_buf text = {0};
    int got = hyt_stepwise_read(rec, &text, err);

    if (got == 1) {
        hyt_rec_set_str(rec, c->field, text.s, text.n);
        got = hyt_rec_str(rec, c->field, &c->s, &c->n, err);
    }
    hyt_buf_free(&text);
    return got;
}

static int read_completion(struct completion *c, struct hyt_rec *rec,
                           struct hyt_err *err)
{
    int got = hyt_rec_str(rec, c->field, &c->s, &c->n, err);
    size_t end = 0;

    if (got == 0)
        got = join_steps(c, rec, err);
    if (got == 0)
        return hyt_rec_fail(rec, NULL, err, "no \"%s\"", c->field);
    if (got < 0 || (got = hyt_rec_tokens(rec, &c->t, err)) < 0)
        return -1;
    c->has_tokens = got == 1;
    if (c->has_tokens && c->t.n_completion > 0)
        end = (size_t)c->t.ends[c->t.n_completion - 1];
    if (c->has_tokens && end != c->n)
        return hyt_rec_fail(rec, "tokens", err,
                            "\"tokens.ends\" ends at byte %zu of the %zu of "
                            "\"%s\"",
                            end, c->n, c->field);
    return 0;
}

static int member_is(struct hyt_rec *rec, const char *name, const char *value,
                     struct hyt_err *err)
{
    const char *s = NULL;
    size_t n;
    int got = hyt_rec_str(rec, name, &s, &n, err);

    return got <= 0 ? got : strcmp(s, value) == 0;
}

/* 1, 0, -1: whether the text is a rollout that ran out of tokens. */
static int was_cut_short(struct hyt_rec *rec, struct hyt_err *err)
{
    int rollout = member_is(rec, "kind", "rlif", err);

    return rollout <= 0 ? rollout : member_is(rec, "finish", "length", err);
}

/* 1, 0 where there is no final answer, -1. */
static int find_answer(const struct hyt_splitter *sp, struct hyt_rec *rec,
                       const struct completion *c, struct hyt_answer *a,
                       struct hyt_err *err)
{
    int cut = was_cut_short(rec, err), got;
    struct hyt_err why;

    if (cut != 0)
        return cut < 0 ? -1 : 0;
    got = hyt_answerer_find(sp->answerer, c->s, c->n, a, &why);
    return got < 0 ? hyt_rec_fail(rec, c->field, err, "%s", why.msg) : got;
}

static void set_final(struct hyt_rec *rec, const struct completion *c,
                      const struct hyt_answer *a)
{
    struct hyt_final f = {c->s + a->begin,
                          a->end - a->begin,
                          {a->begin, a->end},
                          {0, 0},
                          c->has_tokens};

    if (c->has_tokens)
        hyt_bytes_to_tokens(&f.tokens.begin, &f.tokens.end, a->begin, a->end,
                            c->t.ends, c->t.n_completion);
    hyt_rec_set_final(rec, &f);
}

/* `limit` is where the statement of the answer begins, or the text's end. */
static void set_steps(struct hyt_rec *rec, const struct completion *c,
                      const struct hyt_ends *ends, size_t limit)
{
    const size_t n = ends->n;
    struct hyt_arena *arena = hyt_rec_arena(rec);
    struct hyt_steps steps = {HYT_NEW(arena, struct hyt_span, n), NULL, n};
    size_t *token_end = HYT_NEW(arena, size_t, n), most;

    for (size_t i = 0; i < n; i++)
        steps.text[i] =
            (struct hyt_span){i > 0 ? ends->end[i - 1] : 0, ends->end[i]};
    if (c->has_tokens && n > 0) {
        steps.tokens = HYT_NEW(arena, struct hyt_span, n);
        hyt_steps_to_tokens(token_end, ends->end, n, c->t.ends,
                            c->t.n_completion);
        most = token_end[n - 1];
        if (most > 0 && (size_t)c->t.ends[most - 1] > limit)
            most--;
        for (size_t i = 0; i < n; i++) {
            if (token_end[i] > most)
                token_end[i] = most;
            steps.tokens[i] =
                (struct hyt_span){i > 0 ? token_end[i - 1] : 0, token_end[i]};
        }
    }
    hyt_rec_set_steps(rec, &steps);
}

static int cut_steps(const struct hyt_splitter *sp, struct hyt_rec *rec,
                     const struct completion *c, size_t limit,
                     struct hyt_err *err)
{
    const int32_t *token_ends = c->has_tokens ? c->t.ends : NULL;
    struct hyt_ends ends = {0};
    struct hyt_err why;
    int got = hyt_stepwise_cut(rec, c->s, c->n, &ends, err);

    if (got == 0 && (got = hyt_stepper_cut(sp->stepper, c->s, limit, token_ends,
                                           c->t.n_completion, &ends, &why)) < 0)
        hyt_rec_fail(rec, c->field, err, "%s", why.msg);
    while (ends.n > 1 && ends.end[ends.n - 2] >= limit)
        ends.n--;
    if (ends.n > 0 && ends.end[ends.n - 1] > limit)
        ends.end[ends.n - 1] = limit;
    if (limit == 0)
        ends.n = 0;
    if (got >= 0)
        set_steps(rec, c, &ends, limit);
    hyt_ends_free(&ends);
    return got < 0 ? -1 : 0;
}

int hyt_split_record(const struct hyt_splitter *sp, struct hyt_rec *rec,
                     const char *completion_field, bool overwrite,
                     struct hyt_err *err)
{
    struct completion c = {.field = completion_field};
    struct hyt_answer a;
    int got;

    if (read_completion(&c, rec, err) < 0 ||
        hyt_rec_claim(rec, "steps", HYT_JSON_ARRAY, "text", overwrite, err) <
            0 ||
        hyt_rec_claim(rec, "final", HYT_JSON_OBJECT, "text,bytes", overwrite,
                      err) < 0)
        return -1;
    got = find_answer(sp, rec, &c, &a, err);
    if (got < 0 || cut_steps(sp, rec, &c, got ? a.marker : c.n, err) < 0)
        return -1;
    if (got)
        set_final(rec, &c, &a);
    else
        hyt_rec_set_final(rec, NULL);
    return 0;
}

/* Whether each step raised the support that hyt-prg measured, or null.  A text
 * without steps is one, which raised nothing. */
static int set_labels(struct hyt_rec *rec, size_t n_steps, struct hyt_err *err)
{
    struct hyt_buf b = {0};
    const struct hyt_json *prg;
    const double *c = NULL;
    size_t n = 0;
    int got = hyt_rec_get(rec, "prg", &prg, err);

    if (got == 1 && hyt_json_type(prg) == HYT_JSON_OBJECT)
        got = hyt_rec_f64s(rec, "prg.support", &c, &n, err);
    if (got < 0)
        return -1;
    if (c == NULL || n != n_steps + 1)
        hyt_buf_puts(&b, "null");
    else if (n_steps == 0)
        hyt_buf_puts(&b, "[false]");
    for (size_t k = 0; c != NULL && n == n_steps + 1 && k < n_steps; k++)
        hyt_buf_printf(&b, "%s%s%s", k > 0 ? "," : "[",
                       c[k + 1] > c[k] ? "true" : "false",
                       k + 1 == n_steps ? "]" : "");
    hyt_rec_set(rec, "labels", b.s, b.n);
    hyt_buf_free(&b);
    return 0;
}

/* The steps as texts, the last one with all that follows. */
static int set_completions(struct hyt_rec *rec, const struct hyt_steps *steps,
                           const char *s, size_t n, struct hyt_err *err)
{
    struct hyt_buf b = {0};
    size_t begin = 0;

    hyt_buf_putc(&b, '[');
    for (size_t k = 0; k + 1 < steps->n; k++) {
        size_t end = steps->text[k].end;

        if (end > n || begin > end) {
            hyt_buf_free(&b);
            return hyt_rec_fail(rec, "steps", err, "steps beyond the text");
        }
        if (end < n && hyt_utf8_goes_on(s[end])) {
            hyt_buf_free(&b);
            return hyt_rec_fail(rec, "steps", err,
                                "step %zu ends inside a character", k + 1);
        }
        if (end > begin && s[end - 1] == '\n')
            end--;
        hyt_json_put_str(&b, s + begin, end - begin);
        hyt_buf_putc(&b, ',');
        begin = steps->text[k].end;
    }
    hyt_json_put_str(&b, s + begin, n - begin);
    hyt_buf_putc(&b, ']');
    hyt_rec_set(rec, "completions", b.s, b.n);
    hyt_buf_free(&b);
    return 0;
}

int hyt_split_stepwise(struct hyt_rec *rec, const char *completion_field,
                       bool overwrite, struct hyt_err *err)
{
    const struct hyt_json *texts, *labels;
    struct hyt_steps steps;
    const char *s;
    size_t n;
    int has_texts = hyt_rec_get(rec, "completions", &texts, err),
        has_labels =
            has_texts < 0 ? -1 : hyt_rec_get(rec, "labels", &labels, err);

    /* We write both; one alone is somebody else's. */
    if (has_labels < 0 ||
        hyt_rec_claim(rec, "completions",
                      has_labels ? HYT_JSON_ARRAY : HYT_JSON_NULL, NULL,
                      overwrite, err) < 0 ||
        hyt_rec_claim(rec, "labels", has_texts ? HYT_JSON_ARRAY : HYT_JSON_NULL,
                      NULL, overwrite, err) < 0)
        return -1;
    if (has_texts && has_labels && hyt_json_type(labels) == HYT_JSON_ARRAY &&
        !overwrite)
        return 0;
    if (hyt_rec_steps(rec, &steps, err) < 0 ||
        hyt_rec_str(rec, completion_field, &s, &n, err) < 0 ||
        set_completions(rec, &steps, s, n, err) < 0)
        return -1;
    return set_labels(rec, steps.n, err);
}
