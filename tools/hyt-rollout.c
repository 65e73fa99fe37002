/* SPDX-License-Identifier: MIT */
/*
 * hyt-rollout - sample completions of queries from a checkpoint
 *
 * A record with a prompt alone is a query: n records leave for it, one a
 * sample (kind rlif). A record that carries a completion is a supervised trace:
 * it leaves as it came, with its tokens (kind rd). Output is in input order.
 */
#include <stdlib.h>
#include <string.h>

#include "gendefaults.h"
#include "hyt/sample.h"
#include "open.h"
#include "query.h"
#include "resume.h"
#include "rollrecord.h"
#include "tool.h"

static struct hyt_query_conf conf = {
    .completion_field = "completion",
    .format = "{prompt}",
};
static int64_t n_samples = 8, max_tokens = 512, top_k = 0, rows = 32;
static double temperature = 1, top_p = 1, min_p = 0;
static int kv = HYT_F32;
static bool greedy, generation_config;
static const char *shard = "1/1", *gold_field, *resume_path;
static const char *template = "auto", *date;
static struct hyt_opt_list stops;
static uint64_t shard_index, shard_count;

static const struct hyt_opt opts[] = {
    OPT_INT('n', "samples", &n_samples, 1, 65536, "samples a query"),
    OPT_INT(0, "max-tokens", &max_tokens, 1, 1 << 24,
            "longest completion, in tokens"),
    OPT_FLOAT(0, "temperature", &temperature, 0, 1000,
              "divide the logits by X; 0 is --greedy"),
    OPT_FLOAT(0, "top-p", &top_p, 1e-9, 1,
              "keep the most probable tokens that reach X together"),
    OPT_INT(0, "top-k", &top_k, 0, 1 << 24,
            "keep the N most probable tokens; 0 keeps all"),
    OPT_FLOAT(0, "min-p", &min_p, 0, 1,
              "drop tokens below X times the most probable one"),
    OPT_FLAG(0, "greedy", &greedy, "take the most probable token"),
    OPT_FLAG(0, "generation-config", &generation_config,
             "sample as the model's generation_config.json says"),
    OPT_LIST(0, "stop", &stops, "TEXT",
             "end a completion after TEXT (\\n: newline); repeatable"),
    OPT_INT(0, "rows", &rows, 1, 65536, "completions that run at once"),
    OPT_ENUM(0, "kv", &kv, HYT_KV_FORMATS,
             "number format of keys and values in the cache"),
    OPT_STR(0, "format", &conf.format, "TEXT",
            "what stands around the prompt; \\n is a newline"),
    OPT_STR(0, "template", &template, "SPEC",
            "of lists of messages: " HYT_CHAT_SPECS),
    OPT_STR(0, "date", &date, "DATE",
            "YYYY-MM-DD, for templates that print the date"),
    OPT_FLAG(0, "parse-special", &conf.parse_special,
             "parse special tokens in the text of prompts and traces"),
    OPT_FLAG(0, "no-eos", &conf.no_eos,
             "do not end supervised traces with the model's EOS"),
    OPT_STR(0, "prompt-field", &conf.prompt_field, "F",
            "field of the prompt, or of messages"),
    OPT_STR(0, "completion-field", &conf.completion_field, "F",
            "field of a supervised trace"),
    OPT_STR(0, "gold-field", &gold_field, "F",
            "field of the reference answer, copied to \"gold\""),
    OPT_STR(0, "shard", &shard, "I/N", "take every N-th record, from the I-th"),
    HYT_OPT_RESUME(&resume_path),
    OPT_END,
};

static const struct hyt_tool tool = {
    "hyt-rollout", "sample completions of queries from a checkpoint",
    "[FILE]...", opts,
    HYT_TOOL_MODEL | HYT_TOOL_SEED | HYT_TOOL_SLOW | HYT_TOOL_SPLICES};

struct rollout {
    struct hyt_main m;
    struct hyt_opened o;
    struct hyt_chat chat;
    struct hyt_state *st;
    struct hyt_rollouts *run;
    struct hyt_ids *ids;
    struct hyt_resume resume;
    struct hyt_rollout_conf how;
    struct waiting *first, **end; /* in the scheduler, in order */
    uint64_t records;
    char *format, **stop;
};

/* A record whose group waits in the scheduler for its turn to be written. */
struct waiting {
    struct hyt_rec *rec;
    struct hyt_ids32 prompt; /* empty for a trace */
    struct waiting *next;
};

/* --- in ------------------------------------------------------------------- */

/* Takes the prompt of q. */
static void schedule(struct rollout *r, const struct hyt_rec *rec,
                     const char *id, struct hyt_query *q)
{
    struct waiting *w = hyt_alloc(1, sizeof(*w));

    w->rec = hyt_rec_new();
    hyt_rec_copy(w->rec, rec);
    if (!q->is_trace) {
        w->prompt = q->prompt;
        memset(&q->prompt, 0, sizeof(q->prompt));
    }
    *r->end = w;
    r->end = &w->next;
    hyt_rollouts_add(r->run, w->prompt.id, w->prompt.n,
                     hyt_hash64(id, strlen(id), 0), w);
}

/* The records that an earlier run has written of this one: 1 all of them are
 * there, 0 not all, or (--skip-bad) none because it is bad; -1. */
static int pass_over(struct rollout *r, const char *id, bool *other)
{
    struct hyt_err *err = &r->m.err;
    struct hyt_rec *old;
    const char *group = "", *kind = "";
    size_t n_group = 0, n_kind = 0;
    int64_t sample, last = 0;
    int got;

    for (int64_t k = 0; k <= last; k++) {
        if ((got = hyt_resume_peek(&r->resume, &old, err)) <= 0)
            return got < 0 ? -1 : hyt_resume_finish(&r->resume, &r->m);
        if (hyt_rec_str(old, "group", &group, &n_group, err) < 0 ||
            hyt_rec_str(old, "kind", &kind, &n_kind, err) < 0 ||
            hyt_rec_int(old, "sample", &sample, err) < 0)
            return -1;
        if (strlen(id) != n_group || memcmp(id, group, n_group) != 0 ||
            sample != k) {
            *other = k == 0 && r->m.skip_bad;
            hyt_rec_fail(old, "group", err,
                         "expected sample %lld of \"%s\": this is not the "
                         "output of this input",
                         (long long)k, id);
            err->bad_record = 0;
            return *other ? 0 : -1;
        }
        if (n_kind == 4 && memcmp(kind, "rlif", 4) == 0) {
            last = n_samples - 1;
            if (hyt_rollrecord_check(old, &r->o, &r->how, err) < 0) {
                err->bad_record = 0;
                return -1;
            }
        }
        hyt_resume_take(&r->resume, k == last);
    }
    return 1;
}

static int take_record(struct rollout *r, struct hyt_rec *rec)
{
    struct hyt_err *err = &r->m.err, mismatch = {0};
    struct hyt_query q = {0};
    bool other = false;
    const char *id;
    int given = hyt_rec_id(rec, r->ids, &id, err), status;

    if (given < 0 || r->records++ % shard_count != shard_index)
        return given;
    if (hyt_resume_is_on(&r->resume)) {
        status = pass_over(r, id, &other);
        if (status != 0)
            return status < 0 ? -1 : 0;
        mismatch = *err;
    }
    status = hyt_rollrecord_claim(rec, &conf, r->m.overwrite, err);
    if (status == 0)
        status = hyt_rollrecord_gold(rec, gold_field, r->m.overwrite, err);
    if (status == 0)
        status = hyt_query_read(&q, rec, &conf, err);
    if (status == 0 && other) {
        *err = mismatch;
        status = -1;
    }
    if (status == 0) {
        if (!given)
            hyt_rec_set_str(rec, "id", id, strlen(id));
        hyt_rec_set_str(rec, "group", id, strlen(id));
        if (q.is_trace)
            hyt_rollrecord_trace(rec, &q);
        schedule(r, rec, id, &q);
    }
    hyt_query_free(&q);
    return status;
}

/* --- out ------------------------------------------------------------------ */

static void drop_first(struct rollout *r)
{
    struct waiting *w = r->first;

    r->first = w->next;
    if (r->first == NULL)
        r->end = &r->first;
    hyt_rec_free(w->rec);
    hyt_ids32_free(&w->prompt);
    free(w);
}

/* The group of the record that has waited longest. */
static int write_group(struct rollout *r, const struct hyt_group *g)
{
    struct waiting *w = g->user;
    int status = 0;

    if (g->n == 0)
        status = hyt_main_write(&r->m, w->rec, &r->m.err);
    for (size_t k = 0; k < g->n && status == 0; k++) {
        status = hyt_rollrecord_sample(w->rec, &r->o, &r->how, &w->prompt, k,
                                       &g->sample[k], &r->m.err);
        if (status == 0)
            status = hyt_main_write(&r->m, w->rec, &r->m.err);
    }
    drop_first(r);
    return status;
}

/* Steps until the scheduler wants another query and one has arrived, or
 * (drain) is empty. */
static int run(struct rollout *r, bool drain)
{
    for (;;) {
        struct hyt_group *g;

        while ((g = hyt_rollouts_take(r->run)) != NULL)
            if (write_group(r, g) < 0)
                return -1;
        hyt_main_progress(&r->m, r->records, hyt_rollouts_tokens(r->run));
        if (hyt_rollouts_pending(r->run) == 0 ||
            (!drain && hyt_rollouts_hungry(r->run) && hyt_lines_ready(r->m.in)))
            return 0;
        if (hyt_rollouts_step(r->run, &r->m.err) < 0)
            return -1;
    }
}

/* --- begin and end -------------------------------------------------------- */

static void check_options(struct rollout *r)
{
    static const char *const said[] = {"greedy", "temperature", "top-p",
                                       "top-k", "min-p"};
    const char *slash = strchr(shard, '/'), *place;
    struct hyt_err err;
    char *first = hyt_strndup(shard, slash ? (size_t)(slash - shard) : 0);

    if (slash == NULL || hyt_parse_u64(first, &shard_index, &err) < 0 ||
        hyt_parse_u64(slash + 1, &shard_count, &err) < 0 || shard_index < 1 ||
        shard_index > shard_count)
        hyt_main_usage(&r->m, "--shard: \"%s\" is not I/N with 1 <= I <= N",
                       shard);
    free(first);
    shard_index--;
    if (date != NULL && !hyt_chat_is_date(date))
        hyt_main_usage(&r->m, "--date: \"%s\" is not YYYY-MM-DD", date);
    place = strstr(conf.format, "{prompt}");
    if (place == NULL || strstr(place + 1, "{prompt}") != NULL)
        hyt_main_usage(&r->m, "--format: \"%s\" has %s {prompt}", conf.format,
                       place ? "more than one" : "no");
    conf.format = r->format = hyt_query_unescape(conf.format);
    r->stop = hyt_alloc(stops.n, sizeof(char *));
    for (size_t i = 0; i < stops.n; i++)
        r->stop[i] = hyt_query_unescape(stops.item[i]);
    greedy = greedy || temperature <= 0;
    for (size_t i = 0; generation_config && i < HYT_LEN(said); i++)
        if (hyt_main_given(&r->m, said[i]))
            hyt_main_usage(&r->m,
                           "--generation-config says how to sample: not "
                           "beside --%s",
                           said[i]);
}

/* What the model's makers would sample with is shown, and used if asked for. */
static int take_defaults(struct rollout *r)
{
    struct hyt_sampling theirs = r->how.sampling;
    struct hyt_buf words = {0}, others = {0};
    int got = hyt_gendefaults(&theirs, &words, &others, r->o.ckpt, &r->m.err);

    if (got > 0)
        hyt_main_info(&r->m, "generation_config.json:%s%s", words.s,
                      generation_config ? "" : " (--generation-config)");
    if (others.n > 0 && generation_config)
        hyt_main_warn(&r->m,
                      "generation_config.json: not supported, and left "
                      "out:%s",
                      others.s);
    if (got > 0 && generation_config)
        r->how.sampling = theirs;
    if (got == 0 && generation_config)
        got = hyt_fail(&r->m.err,
                       "%s: no generation_config.json that says how "
                       "to sample",
                       r->m.model);
    hyt_buf_free(&words);
    hyt_buf_free(&others);
    return got < 0 && generation_config ? -1 : 0;
}

static void start(struct rollout *r)
{
    r->how = (struct hyt_rollout_conf){
        .sampling = {temperature, (size_t)top_k, top_p, min_p, greedy},
        .n = (size_t)n_samples,
        .max_tokens = (size_t)max_tokens,
        .rows = (size_t)rows,
        .window = 64 + 4 * (size_t)rows / (size_t)n_samples,
        .kv = (enum hyt_dtype)kv,
        .seed = (uint64_t)r->m.seed,
        .stop = (const char *const *)r->stop,
        .n_stop = stops.n,
    };

    if (hyt_open(&r->o, &r->m, &r->m.err) < 0 ||
        hyt_chat_open(&r->chat, hyt_ckpt_dir(r->o.ckpt), template, date,
                      &r->m.err) < 0 ||
        take_defaults(r) < 0)
        hyt_main_die(&r->m);
    conf.tok = r->o.tok;
    conf.chat = &r->chat;
    conf.eos = r->o.model->c.eos;
    conf.n_eos = r->o.model->c.n_eos;
    conf.room = r->o.model->c.max_positions;
    conf.vocab = r->o.model->c.V;
    if (hyt_resume_open(&r->resume, &r->m, resume_path) < 0)
        hyt_main_die(&r->m);
    r->st = hyt_state_new(r->o.model);
    r->run = hyt_rollouts_new(r->st, r->o.model, r->o.tok, &r->how);
    r->ids = hyt_ids_new();
    r->end = &r->first;
}

static void stop(struct rollout *r)
{
    while (r->first != NULL)
        drop_first(r);
    hyt_resume_close(&r->resume);
    hyt_rollouts_free(r->run);
    hyt_state_free(r->st);
    hyt_ids_free(r->ids);
    hyt_chat_close(&r->chat);
    hyt_close(&r->o);
    free(r->format);
    for (size_t i = 0; i < stops.n; i++)
        free(r->stop[i]);
    free(r->stop);
    hyt_opt_list_free(&stops);
}

int main(int argc, char **argv)
{
    struct rollout r = {0};
    struct hyt_rec *rec;
    int got, ran = 0;

    hyt_main_open(&r.m, &tool, argc, argv);
    check_options(&r);
    start(&r);
    while ((got = hyt_main_next(&r.m, &rec)) > 0)
        if ((got = hyt_main_keep(&r.m, take_record(&r, rec))) < 0 ||
            (ran = run(&r, false)) < 0)
            break;
    if (got == 0 && hyt_resume_is_on(&r.resume))
        got = hyt_resume_end(&r.resume, &r.m);
    /* What was read before a bad record is finished and written. */
    if (ran == 0)
        ran = run(&r, true);
    stop(&r);
    return hyt_main_close(&r.m, got < 0 ? got : ran);
}
