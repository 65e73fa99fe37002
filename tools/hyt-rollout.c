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

#include "hyt/sample.h"
#include "open.h"
#include "query.h"
#include "tool.h"

static struct hyt_query_conf conf = {
    .prompt_field = "prompt",
    .completion_field = "completion",
    .format = "{prompt}",
};
static int64_t n_samples = 8, max_tokens = 512, top_k = 0, rows = 32;
static double temperature = 1, top_p = 1, min_p = 0;
static bool greedy;
static const char *shard = "1/1", *gold_field;
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
    OPT_LIST(0, "stop", &stops, "TEXT",
             "end a completion after TEXT (\\n: newline); repeatable"),
    OPT_INT(0, "rows", &rows, 1, 65536, "completions that run at once"),
    OPT_STR(0, "format", &conf.format, "TEXT",
            "what stands around the prompt; \\n is a newline"),
    OPT_FLAG(0, "no-eos", &conf.no_eos,
             "do not end supervised traces with the model's EOS"),
    OPT_STR(0, "prompt-field", &conf.prompt_field, "F", "field of the prompt"),
    OPT_STR(0, "completion-field", &conf.completion_field, "F",
            "field of a supervised trace"),
    OPT_STR(0, "gold-field", &gold_field, "F",
            "field of the reference answer, copied to \"gold\""),
    OPT_STR(0, "shard", &shard, "I/N", "take every N-th record, from the I-th"),
    OPT_END,
};

static const struct hyt_tool tool = {
    "hyt-rollout", "sample completions of queries from a checkpoint",
    "[FILE]...", opts,
    HYT_TOOL_MODEL | HYT_TOOL_SEED | HYT_TOOL_SLOW | HYT_TOOL_SPLICES};

struct rollout {
    struct hyt_main m;
    struct hyt_opened o;
    struct hyt_state *st;
    struct hyt_rollouts *run;
    struct hyt_ids *ids;
    uint64_t records;
    char *format, **stop;
};

/* What waits in the scheduler for its turn to be written. */
struct waiting {
    struct hyt_rec *rec;
    struct hyt_ids32 prompt;
};

/* --- what a sample adds to its record ---------------------------------------- */

static void set_sampling(const struct rollout *r, struct hyt_rec *rec)
{
    struct hyt_buf b = {0};

    hyt_buf_printf(&b, "{\"n\":%lld,\"temperature\":", (long long)n_samples);
    hyt_json_put_f64(&b, greedy ? 0 : temperature);
    hyt_buf_puts(&b, ",\"top_p\":");
    hyt_json_put_f64(&b, top_p);
    hyt_buf_printf(&b, ",\"top_k\":%lld,\"min_p\":", (long long)top_k);
    hyt_json_put_f64(&b, min_p);
    hyt_buf_printf(&b, ",\"seed\":%lld,\"kv\":\"f32\"}", (long long)r->m.seed);
    hyt_rec_set(rec, "sampling", b.s, b.n);
    hyt_buf_reset(&b);
    hyt_buf_printf(&b, "{\"generation\":%llu,\"digest\":\"%s\"}",
                   (unsigned long long)hyt_ckpt_generation(r->o.ckpt),
                   hyt_ckpt_digest(r->o.ckpt));
    hyt_rec_set(rec, "policy", b.s, b.n);
    hyt_buf_free(&b);
}

static int write_sample(struct rollout *r, struct waiting *w, size_t k,
                        const struct hyt_completion *c)
{
    struct hyt_buf text = {0};
    int32_t *ends = hyt_alloc(c->n, sizeof(*ends));
    struct hyt_tokens t = {
        .prompt = w->prompt.id,
        .n_prompt = w->prompt.n,
        .completion = c->id,
        .n_completion = c->n,
        .logp = c->logp,
        .ends = ends,
    };
    int status = hyt_tok_decode(r->o.tok, c->id, c->n, &text, ends, &r->m.err);

    if (status == 0) {
        const char *finish = hyt_finish_name(c->finish);

        hyt_rec_set_int(w->rec, "sample", (int64_t)k);
        hyt_rec_set_str(w->rec, "kind", "rlif", 4);
        hyt_rec_set_str(w->rec, "completion", text.s ? text.s : "", text.n);
        hyt_rec_set_str(w->rec, "finish", finish, strlen(finish));
        hyt_rec_set_tokens(w->rec, &t);
        set_sampling(r, w->rec);
        status = hyt_main_write(&r->m, w->rec, &r->m.err);
    }
    free(ends);
    hyt_buf_free(&text);
    return status;
}

static void set_trace(struct hyt_rec *rec, const struct hyt_query *q)
{
    struct hyt_tokens t = {
        .prompt = q->prompt.id,
        .n_prompt = q->prompt.n,
        .completion = q->completion.id,
        .n_completion = q->completion.n,
        .ends = q->ends,
    };
    const char *s;
    size_t n;
    struct hyt_err ignored;

    hyt_rec_set_int(rec, "sample", 0);
    hyt_rec_set_str(rec, "kind", "rd", 2);
    /* Untouched where it already is the text that the spans count. */
    if (hyt_rec_str(rec, "completion", &s, &n, &ignored) != 1 ||
        n != q->text.n || memcmp(s, q->text.s ? q->text.s : "", n) != 0)
        hyt_rec_set_str(rec, "completion", q->text.s ? q->text.s : "",
                        q->text.n);
    hyt_rec_set_tokens(rec, &t);
}

/* --- in -------------------------------------------------------------------------- */

static int claim_all(struct rollout *r, struct hyt_rec *rec)
{
    bool over = r->m.overwrite;
    struct hyt_err *err = &r->m.err;
    const char *kind;
    size_t n;

    if (hyt_rec_claim(rec, "kind", HYT_JSON_STR, NULL, over, err) < 0 ||
        hyt_rec_claim(rec, "group", HYT_JSON_STR, NULL, over, err) < 0 ||
        hyt_rec_claim(rec, "sample", HYT_JSON_NUM, NULL, over, err) < 0 ||
        hyt_rec_claim(rec, "completion", HYT_JSON_STR, NULL, over, err) < 0 ||
        hyt_rec_claim(rec, "finish", HYT_JSON_STR, NULL, over, err) < 0 ||
        hyt_rec_claim(rec, "tokens", HYT_JSON_OBJECT, "prompt,completion", over,
                      err) < 0 ||
        hyt_rec_claim(rec, "sampling", HYT_JSON_OBJECT, "n,seed", over, err) <
            0 ||
        hyt_rec_claim(rec, "policy", HYT_JSON_OBJECT, "generation,digest", over,
                      err) < 0)
        return -1;
    if (hyt_rec_str(rec, "kind", &kind, &n, err) == 1 && n == 4 &&
        memcmp(kind, "rlif", 4) == 0)
        return hyt_rec_fail(rec, "kind", err,
                            "this record is a rollout already");
    return 0;
}

static int copy_gold(struct hyt_rec *rec, struct hyt_err *err)
{
    const char *s;
    size_t n;
    int got;

    if (gold_field == NULL || strcmp(gold_field, "gold") == 0)
        return 0;
    got = hyt_rec_str(rec, gold_field, &s, &n, err);
    if (got == 1)
        hyt_rec_set_str(rec, "gold", s, n);
    return got < 0 ? -1 : 0;
}

/* One record into the scheduler. */
static int take_record(struct rollout *r, struct hyt_rec *rec)
{
    struct hyt_err *err = &r->m.err;
    struct hyt_query q = {0};
    struct waiting *w;
    const char *id;
    int status = hyt_rec_id(rec, r->ids, &id, err);

    if (status < 0 || r->records++ % shard_count != shard_index)
        return status;
    status = claim_all(r, rec);
    if (status == 0)
        status = copy_gold(rec, err);
    if (status == 0)
        status = hyt_query_read(&q, rec, &r->o, &conf, err);
    if (status == 0) {
        hyt_rec_set_str(rec, "id", id, strlen(id));
        hyt_rec_set_str(rec, "group", id, strlen(id));
        if (q.is_trace)
            set_trace(rec, &q);
        w = hyt_alloc(1, sizeof(*w));
        w->rec = hyt_rec_new();
        hyt_rec_copy(w->rec, rec);
        if (!q.is_trace) {
            w->prompt = q.prompt;
            memset(&q.prompt, 0, sizeof(q.prompt));
        }
        hyt_rollouts_add(r->run, w->prompt.id, w->prompt.n,
                         hyt_hash64(id, strlen(id), 0), w);
    }
    hyt_query_free(&q);
    return status;
}

/* --- out ------------------------------------------------------------------------- */

static int write_group(struct rollout *r, struct hyt_group *g)
{
    struct waiting *w = g->user;
    int status = 0;

    if (g->n == 0)
        status = hyt_main_write(&r->m, w->rec, &r->m.err);
    for (size_t k = 0; k < g->n && status == 0; k++)
        status = write_sample(r, w, k, &g->sample[k]);
    hyt_rec_free(w->rec);
    hyt_ids32_free(&w->prompt);
    free(w);
    return status;
}

/* Steps until the scheduler wants another query, or (drain) is empty. */
static int run(struct rollout *r, bool drain)
{
    struct hyt_group *g;

    while (hyt_rollouts_pending(r->run) > 0 &&
           (drain || !hyt_rollouts_hungry(r->run))) {
        if (hyt_rollouts_step(r->run, &r->m.err) < 0)
            return -1;
        while ((g = hyt_rollouts_take(r->run)) != NULL)
            if (write_group(r, g) < 0)
                return -1;
        hyt_main_progress(&r->m, r->records, 0, hyt_rollouts_tokens(r->run));
    }
    return 0;
}

static void check_options(struct rollout *r)
{
    const char *slash = strchr(shard, '/');
    struct hyt_err err;
    char *first = hyt_strndup(shard, slash ? (size_t)(slash - shard) : 0);

    if (slash == NULL || hyt_parse_u64(first, &shard_index, &err) < 0 ||
        hyt_parse_u64(slash + 1, &shard_count, &err) < 0 || shard_index < 1 ||
        shard_index > shard_count)
        hyt_main_usage(&r->m, "--shard: \"%s\" is not I/N with 1 <= I <= N",
                       shard);
    free(first);
    shard_index--;
    if (strstr(conf.format, "{prompt}") == NULL)
        hyt_main_usage(&r->m, "--format: \"%s\" has no {prompt}", conf.format);
    conf.format = r->format = hyt_query_unescape(conf.format);
    r->stop = hyt_alloc(stops.n, sizeof(char *));
    for (size_t i = 0; i < stops.n; i++)
        r->stop[i] = hyt_query_unescape(stops.item[i]);
    greedy = greedy || temperature <= 0;
}

static void start(struct rollout *r)
{
    struct hyt_rollout_conf c = {
        .sampling = {temperature, (size_t)top_k, top_p, min_p, greedy},
        .n = (size_t)n_samples,
        .max_tokens = (size_t)max_tokens,
        .rows = (size_t)rows,
        .window = 64 + 4 * (size_t)rows / (size_t)n_samples,
        .seed = (uint64_t)r->m.seed,
        .stop = (const char *const *)r->stop,
        .n_stop = stops.n,
    };

    if (hyt_open(&r->o, &r->m, &r->m.err) < 0)
        hyt_main_die(&r->m);
    r->st = hyt_state_new(r->o.model);
    r->run = hyt_rollouts_new(r->st, r->o.model, r->o.tok, &c);
    r->ids = hyt_ids_new();
}

static void stop(struct rollout *r)
{
    hyt_rollouts_free(r->run);
    hyt_state_free(r->st);
    hyt_ids_free(r->ids);
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
    /* What was read before a bad record is finished and written. */
    if (ran == 0)
        ran = run(&r, true);
    stop(&r);
    return hyt_main_close(&r.m, got < 0 ? got : ran);
}
