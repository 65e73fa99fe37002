/* SPDX-License-Identifier: MIT */
/*
 * trace.c - a record as a probe: its trace, its prefixes, its answer
 */
#include "trace.h"

#include <stdlib.h>
#include <string.h>

/* Steps and the answer: as they are, or as the splitter finds them. */
static int read_split(struct hyt_trace *t, struct hyt_rec *rec,
                      const struct hyt_splitter *split, bool overwrite,
                      struct hyt_err *err)
{
    const struct hyt_json *final;
    int got = hyt_rec_steps(rec, &t->steps, err);

    if (got < 0)
        return -1;
    if (got == 1 && (got = hyt_rec_get(rec, "final", &final, err)) < 0)
        return -1;
    if (got == 0 &&
        (hyt_split_record(split, rec, "completion", overwrite, err) < 0 ||
         hyt_rec_steps(rec, &t->steps, err) < 0))
        return -1;
    return hyt_rec_final(rec, &t->final, err);
}

/* Whether the steps end where the splitter has them end in these tokens, which
 * may be the last but one where the last is the answer's, too. */
static bool steps_fit(const struct hyt_trace *t, struct hyt_arena *arena)
{
    const size_t K = t->steps.n;
    const struct hyt_span *at = t->steps.tokens;
    size_t *byte, *token;

    if (K == 0 || at == NULL)
        return true;
    byte = HYT_NEW(arena, size_t, K);
    token = HYT_NEW(arena, size_t, K);
    for (size_t k = 0; k < K; k++)
        byte[k] = t->steps.text[k].end;
    hyt_steps_to_tokens(token, byte, K, t->t.ends, t->t.n_completion);
    if (at[K - 1].end != token[K - 1] && at[K - 1].end + 1 != token[K - 1])
        return false;
    for (size_t k = 0; k + 1 < K; k++)
        if (at[k].end != (token[k] < at[K - 1].end ? token[k] : at[K - 1].end))
            return false;
    return true;
}

/* Whether the answer is what stands at its place, in these tokens. */
static bool final_fits(const struct hyt_trace *t, const char *s, size_t n)
{
    const struct hyt_final *f = &t->final;
    size_t begin, end;

    hyt_bytes_to_tokens(&begin, &end, f->bytes.begin, f->bytes.end, t->t.ends,
                        t->t.n_completion);
    return f->bytes.end <= n && f->bytes.end - f->bytes.begin == f->n &&
           memcmp(s + f->bytes.begin, f->text, f->n) == 0 &&
           f->tokens.begin == begin && f->tokens.end == end;
}

/* Steps and answer are kept from tool to tool, and so can be of another
 * completion or of another model's tokens. */
static int check_split(const struct hyt_trace *t, struct hyt_rec *rec,
                       struct hyt_err *err)
{
    const char *s = "", *field = NULL;
    size_t n = 0;

    if (hyt_rec_str(rec, "completion", &s, &n, err) < 0)
        return -1;
    if (!steps_fit(t, hyt_rec_arena(rec)))
        field = "steps";
    else if (t->answered && !final_fits(t, s, n))
        field = "final";
    if (field == NULL)
        return 0;
    return hyt_rec_fail(rec, field, err,
                        "\"%s\" is of another completion, or of other tokens: "
                        "hyt-split cuts it anew",
                        field);
}

int hyt_trace_read(struct hyt_trace *t, struct hyt_rec *rec,
                   const struct hyt_opened *o, const struct hyt_splitter *split,
                   bool overwrite, struct hyt_err *err)
{
    int got = hyt_rec_tokens(rec, &t->t, err);

    if (got == 0)
        return hyt_rec_fail(rec, NULL, err,
                            "no \"tokens\": hyt-rollout writes them");
    if (got < 0 || hyt_check_tokens(o, rec, &t->t, err) < 0 ||
        (got = read_split(t, rec, split, overwrite, err)) < 0)
        return -1;
    if (got == 1 && !t->final.has_tokens)
        return hyt_rec_fail(rec, "final", err,
                            "no \"final.tokens\": it was split before it had "
                            "tokens");
    t->answered = got == 1 && t->final.tokens.end > t->final.tokens.begin;
    return check_split(t, rec, err);
}

/* Prefix k ends with step k; *last is the end of the last step. */
static int set_prefixes(struct hyt_trace *t, const struct hyt_rec *rec,
                        size_t *last, struct hyt_err *err)
{
    size_t K = t->steps.n;

    t->prefix = hyt_alloc(K + 1, sizeof(*t->prefix));
    t->prefix[0] = t->t.n_prompt;
    *last = 0;
    for (size_t k = 0; k < K; k++) {
        if (t->steps.tokens == NULL || t->steps.tokens[k].end < *last)
            return hyt_rec_fail(rec, "steps", err,
                                "steps without rising token spans");
        *last = t->steps.tokens[k].end;
        t->prefix[k + 1] = t->t.n_prompt + *last;
    }
    if (*last > t->final.tokens.begin)
        return hyt_rec_fail(rec, "steps", err,
                            "the steps reach into the answer");
    return 0;
}

/* The tail e a: e is the trace's own tokens from the end of the last step,
 * unless other words are asked for or none stands there. */
static void set_tail(struct hyt_trace *t, struct hyt_probe *p, size_t last,
                     const struct hyt_elicit *elicit)
{
    const struct hyt_span *answer = &t->final.tokens;
    const int32_t *e = t->t.completion + last;
    size_t n_answer = answer->end - answer->begin, n_e = answer->begin - last;

    if (elicit->always || n_e == 0) {
        e = elicit->words.id;
        n_e = elicit->words.n;
    }
    t->tail = hyt_alloc(n_e + n_answer, sizeof(*t->tail));
    if (n_e > 0)
        memcpy(t->tail, e, n_e * sizeof(*e));
    memcpy(t->tail + n_e, t->t.completion + answer->begin,
           n_answer * sizeof(*e));
    p->tail = t->tail;
    p->n_tail = p->answer_end = n_e + n_answer;
    p->answer_begin = n_e;
}

int hyt_trace_probe(struct hyt_trace *t, struct hyt_probe *p,
                    const struct hyt_rec *rec, const struct hyt_elicit *elicit,
                    struct hyt_err *err)
{
    size_t n_prompt = t->t.n_prompt, n_completion = t->t.n_completion, last;

    t->id = hyt_alloc(n_prompt + n_completion, sizeof(*t->id));
    memcpy(t->id, t->t.prompt, n_prompt * sizeof(*t->id));
    memcpy(t->id + n_prompt, t->t.completion, n_completion * sizeof(*t->id));
    *p = (struct hyt_probe){
        .trace = t->id,
        .n_trace = n_prompt + n_completion,
        .n_prompt = n_prompt,
    };
    if (!t->answered)
        return 0;
    if (set_prefixes(t, rec, &last, err) < 0)
        return -1;
    set_tail(t, p, last, elicit);
    p->prefix = t->prefix;
    p->n_prefix = t->steps.n + 1;
    return 0;
}

void hyt_trace_free(struct hyt_trace *t)
{
    free(t->id);
    free(t->tail);
    free(t->prefix);
    *t = (struct hyt_trace){0};
}
