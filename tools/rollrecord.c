/* SPDX-License-Identifier: MIT */
/*
 * rollrecord.c - what hyt-rollout adds to a record
 */
#include "rollrecord.h"

#include <stdlib.h>
#include <string.h>

/* A record that has no tokens was not here before: then a group, say, is the
 * user's own. */
static int is_new(struct hyt_rec *rec, struct hyt_err *err)
{
    const struct hyt_json *v;
    int got = hyt_rec_get(rec, "tokens", &v, err);

    return got < 0 ? -1 : got == 0 || hyt_json_type(v) == HYT_JSON_NULL;
}

static int refuse(struct hyt_rec *rec, const char *name, struct hyt_err *err)
{
    return hyt_rec_fail(rec, name, err,
                        "\"%s\" is there already: hyt did not write it "
                        "(--overwrite replaces it)",
                        name);
}

/* Of a new record.  A trace may say itself that it is one, and its completion
 * may be where it is written. */
static int claim_names(struct hyt_rec *rec, const struct hyt_query_conf *conf,
                       struct hyt_err *err)
{
    static const char *const names[] = {"kind", "group", "sample", "finish",
                                        "completion"};
    const struct hyt_json *v;
    const char *field;
    bool text;
    int got = is_new(rec, err);

    if (got <= 0 || hyt_query_field(rec, conf, &field, &text, err) < 0)
        return got == 0 ? 0 : -1;
    for (size_t i = 0; i < HYT_LEN(names); i++) {
        if (strcmp(names[i], conf->completion_field) == 0 && !text)
            continue;
        got = hyt_rec_get(rec, names[i], &v, err);
        if (got < 0)
            return -1;
        if (got == 0 || hyt_json_type(v) == HYT_JSON_NULL ||
            (i == 0 && hyt_json_type(v) == HYT_JSON_STR &&
             strcmp(hyt_json_str(v), "rd") == 0))
            continue;
        return refuse(rec, names[i], err);
    }
    return 0;
}

int hyt_rollrecord_claim(struct hyt_rec *rec, const struct hyt_query_conf *conf,
                         bool overwrite, struct hyt_err *err)
{
    static const struct {
        const char *name;
        enum hyt_json_type type;
        const char *members; /* that tell our objects from others */
    } field[] = {
        {"kind", HYT_JSON_STR, NULL},
        {"group", HYT_JSON_STR, NULL},
        {"sample", HYT_JSON_NUM, NULL},
        {"completion", HYT_JSON_STR, NULL},
        {"finish", HYT_JSON_STR, NULL},
        {"tokens", HYT_JSON_OBJECT, "prompt,completion"},
        {"sampling", HYT_JSON_OBJECT, "n,seed"},
        {"policy", HYT_JSON_OBJECT, "generation,digest"},
    };
    const char *kind;
    size_t n;

    const struct hyt_json *v;
    int got = hyt_rec_get(rec, "completion", &v, err);

    if (got < 0 || (!overwrite && claim_names(rec, conf, err) < 0))
        return -1;
    /* A completion that comes as messages becomes their text. */
    got = got == 1 && hyt_json_type(v) == HYT_JSON_ARRAY;
    for (size_t i = 0; i < HYT_LEN(field); i++)
        if (!(got && strcmp(field[i].name, "completion") == 0) &&
            hyt_rec_claim(rec, field[i].name, field[i].type, field[i].members,
                          overwrite, err) < 0)
            return -1;
    if (hyt_rec_str(rec, "kind", &kind, &n, err) == 1 && n == 4 &&
        memcmp(kind, "rlif", 4) == 0)
        return hyt_rec_fail(rec, "kind", err,
                            "this record is a rollout already");
    return 0;
}

int hyt_rollrecord_gold(struct hyt_rec *rec, const char *field, bool overwrite,
                        struct hyt_err *err)
{
    const struct hyt_json *v;
    const char *s, *there;
    size_t n, k;
    int got;

    if (field == NULL || strcmp(field, "gold") == 0)
        return 0;
    got = hyt_rec_get(rec, field, &v, err);
    if (got != 1 || hyt_json_type(v) == HYT_JSON_NULL)
        return got < 0 ? -1 : 0;
    if (hyt_json_type(v) != HYT_JSON_STR && hyt_json_type(v) != HYT_JSON_NUM)
        return hyt_rec_fail(rec, field, err,
                            "\"%s\" is %s, expected a string or a number",
                            field, hyt_json_type_name(v));
    if (hyt_rec_raw(rec, field, &s, &n, err) < 0)
        return -1;
    got = hyt_rec_raw(rec, "gold", &there, &k, err);
    if (got == 1 && !overwrite && (k != n || memcmp(s, there, n) != 0) &&
        (k != 4 || memcmp(there, "null", 4) != 0) && is_new(rec, err))
        return refuse(rec, "gold", err);
    hyt_rec_set(rec, "gold", s, n);
    return got < 0 ? -1 : 0;
}

void hyt_rollrecord_trace(struct hyt_rec *rec, const struct hyt_query *q)
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

static void put_sampling(struct hyt_buf *b, const struct hyt_rollout_conf *conf)
{
    const struct hyt_sampling *s = &conf->sampling;

    hyt_buf_printf(b, "{\"n\":%zu,\"temperature\":", conf->n);
    hyt_json_put_f64(b, s->greedy ? 0 : s->temperature);
    hyt_buf_puts(b, ",\"top_p\":");
    hyt_json_put_f64(b, s->top_p);
    hyt_buf_printf(b, ",\"top_k\":%zu,\"min_p\":", s->top_k);
    hyt_json_put_f64(b, s->min_p);
    hyt_buf_printf(b, ",\"seed\":%llu,\"kv\":\"%s\"}",
                   (unsigned long long)conf->seed,
                   conf->kv == HYT_BF16 ? "bf16" : "f32");
}

static void put_policy(struct hyt_buf *b, const struct hyt_ckpt *ckpt)
{
    hyt_buf_printf(b, "{\"generation\":%llu,\"digest\":\"%s\"}",
                   (unsigned long long)hyt_ckpt_generation(ckpt),
                   hyt_ckpt_digest(ckpt));
}

static int check_field(struct hyt_rec *rec, const char *name,
                       const struct hyt_buf *want, struct hyt_err *err)
{
    const char *s;
    size_t n;
    int got = hyt_rec_raw(rec, name, &s, &n, err);

    if (got < 0)
        return -1;
    if (got == 1 && n == want->n && memcmp(s, want->s, n) == 0)
        return 0;
    return hyt_rec_fail(rec, name, err, "\"%s\" is not %s, as it would be now",
                        name, want->s);
}

int hyt_rollrecord_check(struct hyt_rec *rec, const struct hyt_opened *o,
                         const struct hyt_rollout_conf *conf,
                         struct hyt_err *err)
{
    struct hyt_buf sampling = {0}, policy = {0};
    int status;

    put_sampling(&sampling, conf);
    put_policy(&policy, o->ckpt);
    status = check_field(rec, "sampling", &sampling, err);
    if (status == 0)
        status = check_field(rec, "policy", &policy, err);
    hyt_buf_free(&sampling);
    hyt_buf_free(&policy);
    return status;
}

int hyt_rollrecord_sample(struct hyt_rec *rec, const struct hyt_opened *o,
                          const struct hyt_rollout_conf *conf,
                          const struct hyt_ids32 *prompt, size_t k,
                          const struct hyt_completion *c, struct hyt_err *err)
{
    struct hyt_buf text = {0}, sampling = {0}, policy = {0};
    int32_t *ends = hyt_alloc(c->n, sizeof(*ends));
    struct hyt_tokens t = {
        .prompt = prompt->id,
        .n_prompt = prompt->n,
        .completion = c->id,
        .n_completion = c->n,
        .logp = c->logp,
        .ends = ends,
    };
    int status = hyt_tok_decode(o->tok, c->id, c->n, &text, ends, err);

    if (status == 0) {
        const char *finish = hyt_finish_name(c->finish);

        hyt_rec_set_int(rec, "sample", (int64_t)k);
        hyt_rec_set_str(rec, "kind", "rlif", 4);
        hyt_rec_set_str(rec, "completion", text.s ? text.s : "", text.n);
        hyt_rec_set_str(rec, "finish", finish, strlen(finish));
        hyt_rec_set_tokens(rec, &t);
        put_sampling(&sampling, conf);
        put_policy(&policy, o->ckpt);
        hyt_rec_set(rec, "sampling", sampling.s, sampling.n);
        hyt_rec_set(rec, "policy", policy.s, policy.n);
    }
    free(ends);
    hyt_buf_free(&text);
    hyt_buf_free(&sampling);
    hyt_buf_free(&policy);
    return status;
}
