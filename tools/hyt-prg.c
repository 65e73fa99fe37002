/* SPDX-License-Identifier: MIT */
/*
 * hyt-prg - score how progressively a trace supports its final answer
 *
 * One packed pass a record gives the log-support l_0 … l_K of the answer after
 * each step, and the certainty of every completion token; score/ turns the
 * supports into PRG and its kin. A record without steps is split first. Samples
 * of a query that follow each other share the pass over their prompt.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hyt/score.h"
#include "open.h"
#include "prgfields.h"
#include "query.h"
#include "resume.h"
#include "tool.h"
#include "trace.h"

static int kind = HYT_PRG_SLOPE;
static const char *prg_field, *elicit_text, *prg_option = "slope", *resume_path;
static double epsilon = 0.02, discount = 0.95;
static bool per_token;
static int kv_option;
static const char *steps_spec = "line", *answer_spec = "auto";

static const struct hyt_opt opts[] = {
    OPT_STR(0, "prg", &prg_option, "KIND",
            HYT_PRG_KINDS "|field:NAME: the number that is the score"),
    OPT_FLOAT(0, "epsilon", &epsilon, 0, 1,
              "changes of support up to X are noise"),
    OPT_FLOAT(0, "discount", &discount, 0, 1, "gamma of prg.discounted"),
    OPT_STR(0, "elicit", &elicit_text, "TEXT",
            "ask for the answer with TEXT (\\n: newline), not the trace's own "
            "words"),
    OPT_FLAG(0, "per-token", &per_token, "also certainty of each token"),
    OPT_ENUM(0, "kv", &kv_option, "record|" HYT_KV_FORMATS,
             "number format of the cache; record: as it was sampled, or f32"),
    OPT_STR(0, "steps", &steps_spec, "SPEC",
            "where a record has no steps: " HYT_STEP_SPECS),
    OPT_STR(0, "answer", &answer_spec, "SPEC", HYT_ANSWER_SPECS),
    HYT_OPT_RESUME(&resume_path),
    OPT_END,
};

static const struct hyt_tool tool = {
    "hyt-prg", "score how progressively traces support their final answers",
    "[FILE]...", opts, HYT_TOOL_MODEL | HYT_TOOL_SLOW | HYT_TOOL_SPLICES};

struct scorer {
    struct hyt_main m;
    struct hyt_opened o;
    struct hyt_state *st;
    struct hyt_probe_prompt prompt; /* of the record before, */
    enum hyt_dtype kv;              /* in a cache of this format */
    struct hyt_splitter split;
    struct hyt_elicit elicit;
    struct hyt_resume resume;
    uint64_t records, tokens;
};

/* --- one record ----------------------------------------------------------- */

static int choose_score(struct scorer *s, struct hyt_rec *rec,
                        const struct hyt_prg *prg, double *score)
{
    *score = (double)NAN;
    if (prg_field == NULL) {
        *score = hyt_prg_pick(prg, (enum hyt_prg_kind)kind);
        return 0;
    }
    return hyt_rec_num(rec, prg_field, score, &s->m.err) < 0 ? -1 : 0;
}

/* A model with weights that are not numbers gives no scores. */
static int check_finite(struct hyt_rec *rec, const struct hyt_probe *p,
                        const double *logp, const struct hyt_row_stats *stats,
                        struct hyt_err *err)
{
    bool finite = true;

    for (size_t k = 0; k < p->n_prefix; k++)
        finite = finite && isfinite(logp[k]);
    for (size_t j = 0; j < p->n_trace - p->n_prompt; j++)
        finite = finite && isfinite(stats[j].logp) &&
                 isfinite(stats[j].certainty) && isfinite(stats[j].entropy);
    return finite ? 0
                  : hyt_rec_fail(rec, "tokens", err,
                                 "the model's log-probabilities are not "
                                 "finite");
}

/* The cache has the format that was asked for, or the record's own. */
static int set_kv(struct scorer *s, struct hyt_rec *rec)
{
    enum hyt_dtype kv = (enum hyt_dtype)(kv_option - 1);

    if (kv_option == 0 && hyt_record_kv(rec, &kv, &s->m.err) < 0)
        return -1;
    if (kv != s->kv)
        hyt_probe_forget(s->st, &s->prompt);
    s->kv = kv;
    hyt_state_set_kv(s->st, kv);
    return 0;
}

/* Runs the trace and sets the record's fields. */
static int score_trace(struct scorer *s, struct hyt_rec *rec,
                       struct hyt_trace *t)
{
    struct hyt_probe p;
    struct hyt_prg prg;
    struct hyt_row_stats *stats = hyt_alloc(t->t.n_completion, sizeof(*stats));
    double *logp = hyt_alloc(t->steps.n + 1, sizeof(*logp)), score;
    int status = hyt_trace_probe(t, &p, rec, &s->elicit, &s->m.err);

    if (status == 0)
        status = set_kv(s, rec);
    if (status == 0 &&
        hyt_probe_run(s->st, &p, &s->prompt, logp, stats, &s->m.err) < 0)
        status = hyt_rec_fail(rec, "tokens", &s->m.err, "%s", s->m.err.msg);
    if (status == 0)
        status = check_finite(rec, &p, logp, stats, &s->m.err);
    if (status == 0) {
        hyt_prgfields_certainty(rec, stats, t->t.n_completion, per_token);
        if (!t->answered) {
            hyt_rec_set(rec, "prg", "null", 4);
        } else {
            hyt_prg_score(&prg, logp, p.n_prefix, epsilon, discount);
            status = choose_score(s, rec, &prg, &score);
            if (status == 0)
                hyt_prgfields_prg(rec, &prg, score, logp, p.n_prefix);
        }
        s->tokens += p.n_trace;
    }
    free(stats);
    free(logp);
    return status;
}

/* Whether two records have the same field, or both have none. */
static int same_field(struct hyt_rec *a, struct hyt_rec *b, const char *name,
                      struct hyt_err *err)
{
    const char *s = NULL, *t = NULL;
    size_t n = 0, k = 0;

    if (hyt_rec_raw(a, name, &s, &n, err) < 0 ||
        hyt_rec_raw(b, name, &t, &k, err) < 0)
        return -1;
    return n == k && (n == 0 || memcmp(s, t, n) == 0);
}

/* 1 an earlier run has written this record; 0 it has not, or (other) the next
 * one that it wrote is another, which only bad ones before it explain; -1. */
static int pass_over(struct scorer *s, struct hyt_rec *rec, bool *other)
{
    struct hyt_err *err = &s->m.err;
    struct hyt_rec *old;
    int got = hyt_resume_peek(&s->resume, &old, err), same;

    if (got <= 0)
        return got < 0 ? -1 : hyt_resume_finish(&s->resume, &s->m);
    same = same_field(old, rec, "id", err);
    if (same > 0)
        same = same_field(old, rec, "sample", err);
    if (same > 0) /* those of another round have the same two */
        same = same_field(old, rec, "tokens", err);
    if (same > 0)
        hyt_resume_take(&s->resume, true);
    if (same != 0)
        return same;
    *other = s->m.skip_bad;
    hyt_rec_fail(old, "id", err,
                 "the input has another record here (%s:%llu): this is not the "
                 "output of this input",
                 hyt_rec_file(rec), (unsigned long long)hyt_rec_lineno(rec));
    err->bad_record = 0;
    return *other ? 0 : -1;
}

static int score_record(struct scorer *s, struct hyt_rec *rec)
{
    struct hyt_err *err = &s->m.err, mismatch = {0};
    bool overwrite = s->m.overwrite, other = false;
    struct hyt_trace t = {0};
    int status;

    if (hyt_resume_is_on(&s->resume)) {
        status = pass_over(s, rec, &other);
        if (status != 0)
            return status < 0 ? -1 : 0;
        mismatch = *err;
    }
    if (hyt_prgfields_claim(rec, overwrite, err) < 0 ||
        hyt_trace_read(&t, rec, &s->o, &s->split, overwrite, err) < 0)
        return -1;
    status = score_trace(s, rec, &t);
    hyt_trace_free(&t);
    if (status == 0 && other) {
        *err = mismatch;
        status = -1;
    }
    if (status == 0)
        status = hyt_main_write(&s->m, rec, err);
    hyt_main_progress(&s->m, ++s->records, s->tokens);
    return status;
}

/* --- start ---------------------------------------------------------------- */

static void check_options(struct scorer *s)
{
    static const char kinds[] = HYT_PRG_KINDS;
    size_t n = strlen(prg_option);

    if (strncmp(prg_option, "field:", 6) == 0 && n > 6) {
        prg_field = prg_option + 6;
        return;
    }
    kind = 0;
    for (const char *word = kinds;; kind++) {
        size_t len = strcspn(word, "|");

        if (len == n && memcmp(word, prg_option, n) == 0)
            return;
        if (word[len] == '\0')
            break;
        word += len + 1;
    }
    hyt_main_usage(&s->m,
                   "--prg: \"%s\" is none of " HYT_PRG_KINDS "|field:NAME",
                   prg_option);
}

/* --elicit, or the answer format's own words for where a trace has none. */
static int encode_elicit(struct scorer *s)
{
    const char *usual = hyt_answerer_elicit(s->split.answerer);
    char *text = elicit_text != NULL ? hyt_query_unescape(elicit_text)
                                     : hyt_strndup(usual, strlen(usual));
    int status = hyt_tok_encode(s->o.tok, text, strlen(text), 0,
                                &s->elicit.words, &s->m.err);

    s->elicit.always = elicit_text != NULL;
    free(text);
    return status;
}

static int start(struct scorer *s)
{
    struct hyt_err *err = &s->m.err;

    if (hyt_splitter_open(&s->split, steps_spec, answer_spec, err) < 0)
        hyt_main_usage(&s->m, "%s", err->msg);
    if (hyt_open(&s->o, &s->m, err) < 0)
        return -1;
    if (hyt_resume_open(&s->resume, &s->m, resume_path) < 0)
        return -1;
    s->st = hyt_state_new(s->o.model);
    return encode_elicit(s);
}

int main(int argc, char **argv)
{
    struct scorer s = {0};
    struct hyt_rec *rec;
    int got;

    hyt_main_open(&s.m, &tool, argc, argv);
    check_options(&s);
    if (start(&s) < 0)
        hyt_main_die(&s.m);
    while ((got = hyt_main_next(&s.m, &rec)) > 0)
        if ((got = hyt_main_keep(&s.m, score_record(&s, rec))) < 0)
            break;
    if (got == 0 && hyt_resume_is_on(&s.resume))
        got = hyt_resume_end(&s.resume, &s.m);
    hyt_resume_close(&s.resume);
    hyt_ids32_free(&s.elicit.words);
    hyt_probe_forget(s.st, &s.prompt);
    hyt_state_free(s.st);
    hyt_close(&s.o);
    hyt_splitter_close(&s.split);
    return hyt_main_close(&s.m, got);
}
