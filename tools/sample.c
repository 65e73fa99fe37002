/* SPDX-License-Identifier: MIT */
/*
 * sample.c - from a record to the numbers that weigh it
 */
#include "sample.h"

#include <math.h>
#include <string.h>

bool hyt_reward_parse(struct hyt_weighing *how, const char **field,
                      const char *spec)
{
    static const char *const words[] = {
        "prg-certainty", "prg-probability", "prg", "self-certainty", "entropy",
        "logp",          "majority"};

    *field = NULL;
    if (strcmp(spec, "auto") == 0)
        return true;
    for (size_t i = 0; i < HYT_LEN(words); i++) {
        if (strcmp(spec, words[i]) == 0) {
            how->reward = (enum hyt_reward)i;
            return true;
        }
    }
    if (strncmp(spec, "field:", 6) != 0 || spec[6] == '\0')
        return false;
    how->reward = HYT_REWARD_FIELD;
    *field = spec + 6;
    return true;
}

/* A number that is there or null.  `top` is the member it is in, `by` the
 * program that adds that. */
static int read_number(double *x, struct hyt_rec *rec, const char *path,
                       const char *top, const char *by, struct hyt_err *err)
{
    const struct hyt_json *v;
    int got = hyt_rec_get_null(rec, top, &v, err);

    if (got == 0)
        return hyt_rec_fail(rec, NULL, err, "no \"%s\"%s%s", top,
                            by ? ": pass the records through " : "",
                            by ? by : "");
    if (got < 0 || hyt_json_type(v) == HYT_JSON_NULL)
        return got < 0 ? -1 : 0;
    got = hyt_rec_get(rec, path, &v, err);
    if (got == 0)
        return hyt_rec_fail(rec, top, err, "no \"%s\"", path);
    if (got > 0)
        got = hyt_rec_num(rec, path, x, err);
    return got < 0 ? -1 : 0;
}

static int read_kind(bool *rd, struct hyt_rec *rec, struct hyt_err *err)
{
    const char *kind;
    size_t n;
    int got = hyt_rec_str(rec, "kind", &kind, &n, err);

    if (got < 0)
        return -1;
    if (got == 0)
        return hyt_rec_fail(rec, "kind", err,
                            "no \"kind\": pass the records through "
                            "hyt-rollout");
    *rd = strcmp(kind, "rd") == 0;
    if (!*rd && strcmp(kind, "rlif") != 0)
        return hyt_rec_fail(rec, "kind", err,
                            "kind \"%s\" is neither \"rd\" nor \"rlif\"", kind);
    return 0;
}

static int read_length(double *tokens, struct hyt_rec *rec, struct hyt_err *err)
{
    struct hyt_tokens t;
    int got = hyt_rec_tokens(rec, &t, err);

    if (got == 0)
        return hyt_rec_fail(rec, "tokens", err,
                            "no \"tokens\": pass the records through "
                            "hyt-rollout");
    if (got > 0)
        *tokens = (double)t.n_completion;
    return got < 0 ? -1 : 0;
}

static int read_answer(struct hyt_sample *s, struct hyt_rec *rec,
                       struct hyt_err *err)
{
    const struct hyt_json *v;
    struct hyt_final final = {0};
    int got = hyt_rec_get(rec, "final", &v, err);

    if (got == 0)
        return hyt_rec_fail(rec, NULL, err,
                            "no \"final\": pass the records through "
                            "hyt-split");
    if (got > 0)
        got = hyt_rec_final(rec, &final, err);
    if (got > 0) {
        s->answer = final.text;
        s->n_answer = final.n;
    }
    return got < 0 ? -1 : 0;
}

static int read_reward(struct hyt_sample *s, struct hyt_rec *rec,
                       const struct hyt_weighing *how, const char *field,
                       struct hyt_err *err)
{
    bool srft = how->policy == HYT_POLICY_SRFT;
    enum hyt_reward reward = how->reward;

    if ((reward == HYT_REWARD_PRG_CERTAINTY ||
         reward == HYT_REWARD_SELF_CERTAINTY) &&
        read_number(&s->self, rec, "certainty.self", "certainty", "hyt-prg",
                    err) < 0)
        return -1;
    if (reward == HYT_REWARD_ENTROPY && !srft &&
        read_number(&s->entropy, rec, "certainty.entropy", "certainty",
                    "hyt-prg", err) < 0)
        return -1;
    if ((reward == HYT_REWARD_LOGP || reward == HYT_REWARD_PRG_PROBABILITY) &&
        read_number(&s->logp, rec, "certainty.logp", "certainty", "hyt-prg",
                    err) < 0)
        return -1;
    if (reward == HYT_REWARD_FIELD &&
        read_number(&s->field, rec, field, field, NULL, err) < 0)
        return -1;
    if (reward == HYT_REWARD_MAJORITY || how->policy == HYT_POLICY_HPT)
        return read_answer(s, rec, err);
    return 0;
}

int hyt_sample_read(struct hyt_sample *s, struct hyt_rec *rec,
                    const struct hyt_weighing *how, const char *field,
                    struct hyt_err *err)
{
    *s = (struct hyt_sample){
        .prg = NAN, .self = NAN, .entropy = NAN, .logp = NAN, .field = NAN};
    if (read_kind(&s->rd, rec, err) < 0 ||
        read_length(&s->tokens, rec, err) < 0)
        return -1;
    /* Traces are also what rollouts are compared with. */
    if ((hyt_weighing_reads_prg(how, s->rd) ||
         (s->rd && (how->gate || how->balance))) &&
        read_number(&s->prg, rec, "prg.score", "prg", "hyt-prg", err) < 0)
        return -1;
    if (how->policy == HYT_POLICY_SRFT &&
        read_number(&s->entropy, rec, "certainty.entropy", "certainty",
                    "hyt-prg", err) < 0)
        return -1;
    if (s->rd || how->policy == HYT_POLICY_RD)
        return 0;
    return read_reward(s, rec, how, field, err);
}

/* --- the anchor's file --------------------------------------------------- */

static int anchor_line(struct hyt_anchor *anchor, struct hyt_rec *rec,
                       const struct hyt_line *line, struct hyt_err *err)
{
    double x = NAN;

    if (line->s[strspn(line->s, " \t")] == '{') {
        if (hyt_rec_load(rec, line, err) < 0 ||
            read_number(&x, rec, "prg.score", "prg", "hyt-prg", err) < 0)
            return -1;
    } else if (hyt_parse_f64(line->s, &x, err) < 0) {
        return hyt_fail_prefix(err, "%s:%llu: ", line->file,
                               (unsigned long long)line->lineno);
    }
    hyt_anchor_add(anchor, x);
    return 0;
}

int hyt_anchor_read(struct hyt_anchor *anchor, const char *path,
                    size_t max_line, struct hyt_err *err)
{
    struct hyt_lines *in = hyt_lines_open(&path, 1, max_line);
    struct hyt_rec *rec = hyt_rec_new();
    struct hyt_line line;
    int got;

    while ((got = hyt_lines_next(in, &line, err)) > 0) {
        if (anchor_line(anchor, rec, &line, err) < 0) {
            got = -1;
            break;
        }
    }
    if (got == 0 && anchor->n == 0)
        got = hyt_fail(err, "%s: no score for an anchor in it", path);
    hyt_rec_free(rec);
    hyt_lines_close(in);
    return got;
}
