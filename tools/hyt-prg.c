/* SPDX-License-Identifier: MIT */
/*
 * hyt-prg - score how progressively a trace supports its final answer
 *
 * One packed pass a record gives the log-support l_0 … l_K of the answer after
 * each step, and the certainty of every completion token; score/ turns the
 * supports into PRG and its kin. A record without steps is split first.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hyt/score.h"
#include "open.h"
#include "query.h"
#include "split.h"
#include "tool.h"

static int kind = HYT_PRG_TAU;
static const char *prg_field, *elicit_text, *prg_option = "tau";
static double epsilon = 0.02, discount = 0.95;
static bool per_token;
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
    OPT_STR(0, "steps", &steps_spec, "SPEC",
            "where a record has no steps: line|sentence|regex:RE|tokens:N"),
    OPT_STR(0, "answer", &answer_spec, "SPEC",
            "auto|hash|boxed|phrase|choice|last-number|regex:RE"),
    OPT_END,
};

static const struct hyt_tool tool = {
    "hyt-prg", "score how progressively traces support their final answers",
    "[FILE]...", opts, HYT_TOOL_MODEL | HYT_TOOL_SLOW | HYT_TOOL_SPLICES};

struct scorer {
    struct hyt_main m;
    struct hyt_opened o;
    struct hyt_state *st;
    struct hyt_splitter split;
    struct hyt_ids32 elicit; /* --elicit, encoded */
    struct hyt_ids32 usual;  /* the answer format's own words */
    uint64_t records, tokens;
};

/* The trace of one record as token numbers. */
struct trace {
    struct hyt_tokens t;
    struct hyt_steps steps;
    struct hyt_final final;
    bool answered;
    int32_t *id;    /* prompt and completion [n_prompt + n_completion] */
    int32_t *tail;  /* e and a */
    size_t *prefix; /* tokens before probe k [K + 1] */
};

/* --- fields ------------------------------------------------------------------- */

static void put_numbers(struct hyt_buf *b, const char *name, const double *x,
                        size_t n)
{
    hyt_buf_printf(b, "\"%s\":[", name);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            hyt_buf_putc(b, ',');
        hyt_json_put_f64(b, x[i]);
    }
    hyt_buf_puts(b, "],");
}

static void put_number(struct hyt_buf *b, const char *name, double x)
{
    hyt_buf_printf(b, "\"%s\":", name);
    hyt_json_put_f64_or_null(b, x);
    hyt_buf_putc(b, ',');
}

static void close_object(struct hyt_buf *b)
{
    b->s[b->n - 1] = '}';
}

static void set_prg(struct hyt_rec *rec, const struct hyt_prg *p, double score,
                    const double *logp, size_t n)
{
    struct hyt_buf b = {0};
    double *support = hyt_alloc(n, sizeof(*support));

    for (size_t k = 0; k < n; k++)
        support[k] = hyt_exp(logp[k]);
    hyt_buf_putc(&b, '{');
    put_number(&b, "score", score);
    put_numbers(&b, "support", support, n);
    put_numbers(&b, "logp", logp, n);
    put_number(&b, "tau", p->tau);
    put_number(&b, "gain", p->gain);
    put_number(&b, "direct", p->direct);
    put_number(&b, "mean", p->mean);
    put_number(&b, "premature", p->premature);
    put_number(&b, "monotone", p->monotone);
    put_number(&b, "watermark", p->watermark);
    put_number(&b, "rank", p->rank);
    put_number(&b, "slope", p->slope);
    put_number(&b, "discounted", p->discounted);
    close_object(&b);
    hyt_rec_set(rec, "prg", b.s, b.n);
    hyt_buf_free(&b);
    free(support);
}

enum column { SELF, ENTROPY, LOGP, N_COLUMNS };

static double column(const struct hyt_row_stats *s, enum column c)
{
    return c == SELF      ? (double)s->certainty
           : c == ENTROPY ? (double)s->entropy
                          : (double)s->logp;
}

/* Means over the completion tokens, null where there are none. */
static void set_certainty(struct hyt_rec *rec, const struct hyt_row_stats *s,
                          size_t n)
{
    static const char *const name[] = {"self", "entropy", "logp"};
    static const char *const list[] = {"self_tokens", "entropy_tokens",
                                       "logp_tokens"};
    struct hyt_buf b = {0};
    double *x = hyt_alloc(n, sizeof(*x));

    hyt_buf_putc(&b, '{');
    for (enum column c = SELF; c < N_COLUMNS; c++) {
        double sum = 0;

        for (size_t j = 0; j < n; j++)
            sum += x[j] = column(&s[j], c);
        put_number(&b, name[c], n > 0 ? sum / (double)n : (double)NAN);
        if (per_token)
            put_numbers(&b, list[c], x, n);
    }
    close_object(&b);
    hyt_rec_set(rec, "certainty", b.s, b.n);
    hyt_buf_free(&b);
    free(x);
}

/* --- one record ------------------------------------------------------------------ */

static int read_trace(struct scorer *s, struct hyt_rec *rec, struct trace *t)
{
    struct hyt_err *err = &s->m.err;
    const struct hyt_json *final;
    int got = hyt_rec_tokens(rec, &t->t, err);

    if (got == 0)
        return hyt_rec_fail(rec, NULL, err,
                            "no \"tokens\": hyt-rollout writes them");
    if (got < 0 || hyt_check_tokens(&s->o, rec, &t->t, err) < 0 ||
        (got = hyt_rec_steps(rec, &t->steps, err)) < 0)
        return -1;
    if (got == 1 && (got = hyt_rec_get(rec, "final", &final, err)) < 0)
        return -1;
    if (got == 0 && (hyt_split_record(&s->split, rec, "completion",
                                      s->m.overwrite, err) < 0 ||
                     hyt_rec_steps(rec, &t->steps, err) < 0))
        return -1;
    got = hyt_rec_final(rec, &t->final, err);
    if (got < 0)
        return -1;
    t->answered = got == 1 && t->final.has_tokens &&
                  t->final.tokens.end > t->final.tokens.begin;
    if (t->answered && t->final.tokens.end > t->t.n_completion)
        return hyt_rec_fail(rec, "final", err,
                            "final.tokens ends at %zu of %zu tokens",
                            t->final.tokens.end, t->t.n_completion);
    return 0;
}

/* Prefixes, and the tail e a: the trace's own tokens from the end of the last
 * step, unless --elicit says otherwise or no word stands there. */
static int lay_out(struct scorer *s, struct hyt_rec *rec, struct trace *t,
                   struct hyt_probe *p)
{
    size_t n_prompt = t->t.n_prompt, n_completion = t->t.n_completion;
    size_t K = t->steps.n, last = 0, n_answer, n_e;
    const int32_t *e;

    memcpy(t->id, t->t.prompt, n_prompt * sizeof(*t->id));
    memcpy(t->id + n_prompt, t->t.completion, n_completion * sizeof(*t->id));
    p->trace = t->id;
    p->n_trace = n_prompt + n_completion;
    p->n_prompt = n_prompt;
    if (!t->answered)
        return 0;
    t->prefix[0] = n_prompt;
    for (size_t k = 0; k < K; k++) {
        if (t->steps.tokens == NULL || t->steps.tokens[k].end < last)
            return hyt_rec_fail(rec, "steps", &s->m.err,
                                "steps without rising token spans");
        last = t->steps.tokens[k].end;
        t->prefix[k + 1] = n_prompt + last;
    }
    if (last > t->final.tokens.begin)
        return hyt_rec_fail(rec, "steps", &s->m.err,
                            "the steps reach into the answer");
    n_answer = t->final.tokens.end - t->final.tokens.begin;
    e = t->t.completion + last;
    n_e = t->final.tokens.begin - last;
    if (elicit_text != NULL || n_e == 0) {
        const struct hyt_ids32 *words =
            elicit_text != NULL ? &s->elicit : &s->usual;

        e = words->id;
        n_e = words->n;
    }
    t->tail = hyt_alloc(n_e + n_answer, sizeof(*t->tail));
    memcpy(t->tail, e, n_e * sizeof(*e));
    memcpy(t->tail + n_e, t->t.completion + t->final.tokens.begin,
           n_answer * sizeof(*e));
    p->tail = t->tail;
    p->n_tail = p->answer_end = n_e + n_answer;
    p->answer_begin = n_e;
    p->prefix = t->prefix;
    p->n_prefix = K + 1;
    return 0;
}

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

static int score_trace(struct scorer *s, struct hyt_rec *rec, struct trace *t)
{
    struct hyt_probe p = {0};
    struct hyt_prg prg;
    struct hyt_row_stats *stats = hyt_alloc(t->t.n_completion, sizeof(*stats));
    double *logp = hyt_alloc(t->steps.n + 1, sizeof(*logp)), score;
    int status = lay_out(s, rec, t, &p);

    if (status == 0 && hyt_probe_run(s->st, &p, logp, stats, &s->m.err) < 0)
        status = hyt_rec_fail(rec, "tokens", &s->m.err, "%s", s->m.err.msg);
    if (status == 0) {
        set_certainty(rec, stats, t->t.n_completion);
        if (!t->answered) {
            hyt_rec_set(rec, "prg", "null", 4);
        } else {
            hyt_prg_score(&prg, logp, p.n_prefix, epsilon, discount);
            status = choose_score(s, rec, &prg, &score);
            if (status == 0)
                set_prg(rec, &prg, score, logp, p.n_prefix);
        }
        s->tokens += p.n_trace;
    }
    free(stats);
    free(logp);
    return status;
}

static int score_record(struct scorer *s, struct hyt_rec *rec)
{
    struct trace t = {0};
    int status;

    if (hyt_rec_claim(rec, "prg", HYT_JSON_OBJECT, "score,support",
                      s->m.overwrite, &s->m.err) < 0 ||
        hyt_rec_claim(rec, "certainty", HYT_JSON_OBJECT, "self,entropy",
                      s->m.overwrite, &s->m.err) < 0 ||
        read_trace(s, rec, &t) < 0)
        return -1;
    t.id = hyt_alloc(t.t.n_prompt + t.t.n_completion, sizeof(*t.id));
    t.prefix = hyt_alloc(t.steps.n + 1, sizeof(*t.prefix));
    status = score_trace(s, rec, &t);
    free(t.id);
    free(t.tail);
    free(t.prefix);
    if (status == 0)
        status = hyt_main_write(&s->m, rec, &s->m.err);
    hyt_main_progress(&s->m, ++s->records, 0, s->tokens);
    return status;
}

/* --- start ------------------------------------------------------------------------ */

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

static int start(struct scorer *s)
{
    struct hyt_err *err = &s->m.err;
    const char *usual;
    int status = 0;

    if (hyt_splitter_open(&s->split, steps_spec, answer_spec, err) < 0 ||
        hyt_open(&s->o, &s->m, err) < 0)
        return -1;
    s->st = hyt_state_new(s->o.model);
    usual = hyt_answerer_elicit(s->split.answerer);
    if (elicit_text != NULL) {
        char *text = hyt_query_unescape(elicit_text);

        status =
            hyt_tok_encode(s->o.tok, text, strlen(text), 0, &s->elicit, err);
        free(text);
    }
    return status < 0 ? -1
                      : hyt_tok_encode(s->o.tok, usual, strlen(usual), 0,
                                       &s->usual, err);
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
    hyt_ids32_free(&s.elicit);
    hyt_ids32_free(&s.usual);
    hyt_state_free(s.st);
    hyt_close(&s.o);
    hyt_splitter_close(&s.split);
    return hyt_main_close(&s.m, got);
}
