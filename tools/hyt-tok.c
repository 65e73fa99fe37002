/* SPDX-License-Identifier: MIT */
/*
 * hyt-tok - text to token ids and back
 *
 * The first operand says what to do.  With --field, records are read; without,
 * each line is a text, or an array of ids.
 */
#include <string.h>

#include "hyt/model.h"
#include "query.h"
#include "tokjob.h"
#include "tool.h"

static const char *model, *field, *template, *date;
static bool no_special, parse_special;

static const struct hyt_opt opts[] = {
    OPT_STR('m', "model", &model, "DIR", "directory with tokenizer.json"),
    OPT_STR(0, "field", &field, "F",
            "read records, with the text or the ids in field F"),
    OPT_FLAG(0, "no-special", &no_special,
             "the text continues a sequence: no BOS, no dummy space"),
    OPT_FLAG(0, "parse-special", &parse_special,
             "encode: parse special tokens in the text; decode: write them"),
    OPT_STR(0, "template", &template, "SPEC",
            "template: which, " HYT_CHAT_SPECS),
    OPT_STR(0, "date", &date, "DATE",
            "template: YYYY-MM-DD, for those that print the date"),
    OPT_END,
};

static const struct hyt_tool tool = {
    "hyt-tok", "text to token ids and back",
    "encode|decode|inspect|template -m DIR [FILE]...", opts, HYT_TOOL_SPLICES};

static const struct verb {
    const char *name;
    int (*line)(struct hyt_tokjob *, const char *, size_t, struct hyt_err *);
} verbs[] = {{"encode", hyt_tokjob_encode},
             {"decode", hyt_tokjob_decode_json},
             {"inspect", hyt_tokjob_inspect},
             {"template", NULL}};

static int put_line(struct hyt_main *m, struct hyt_tokjob *j)
{
    hyt_buf_putc(&j->out, '\n');
    if (hyt_out_write(m->out, j->out.s, j->out.n, &m->err) < 0)
        return -1;
    return m->unbuffered ? hyt_out_flush(m->out, &m->err) : 0;
}

static int one_line(struct hyt_main *m, const struct verb *verb,
                    const struct hyt_line *line, struct hyt_tokjob *j)
{
    const bool has_column = verb->line == hyt_tokjob_decode_json;
    struct hyt_err why;

    if (verb->line(j, line->s, line->n, &why) < 0)
        return hyt_fail_record(&m->err, "%s:%llu:%s%s", line->file,
                               (unsigned long long)line->lineno,
                               has_column ? "" : " ", why.msg);
    return put_line(m, j);
}

static int decode_record(struct hyt_main *m, struct hyt_rec *rec,
                         struct hyt_tokjob *j)
{
    const int32_t *id;
    const char *there;
    struct hyt_err why;
    size_t n, k;
    int got = hyt_rec_i32s(rec, field, &id, &n, &m->err);

    if (got == 0)
        return hyt_rec_fail(rec, NULL, &m->err, "no \"%s\"", field);
    if (got < 0 || hyt_rec_claim(rec, "text", HYT_JSON_STR, NULL, m->overwrite,
                                 &m->err) < 0)
        return -1;
    if (hyt_tokjob_decode(j, id, n, &why) < 0)
        return hyt_rec_fail(rec, field, &m->err, "%s", why.msg);
    got = hyt_rec_str(rec, "text", &there, &k, &why);
    if (!m->overwrite && got == 1 &&
        (k != j->out.n || memcmp(there, j->out.s, k) != 0))
        return hyt_rec_fail(rec, "text", &m->err,
                            "another \"text\" is there already (--overwrite "
                            "replaces it)");
    hyt_rec_set_str(rec, "text", j->out.s, j->out.n);
    return hyt_main_write(m, rec, &m->err);
}

/* An array of ids may be replaced, as encode itself writes one. */
static int claim_ids(struct hyt_main *m, struct hyt_rec *rec)
{
    struct hyt_err why;
    const int32_t *id;
    size_t n;

    if (hyt_rec_claim(rec, "ids", HYT_JSON_ARRAY, NULL, m->overwrite, &m->err) <
        0)
        return -1;
    if (!m->overwrite && hyt_rec_i32s(rec, "ids", &id, &n, &why) < 0)
        return hyt_rec_fail(rec, "ids", &m->err,
                            "\"ids\" is not an array of ids: hyt did not write "
                            "it (--overwrite replaces it)");
    return 0;
}

static int text_record(struct hyt_main *m, const struct verb *verb,
                       struct hyt_rec *rec, struct hyt_tokjob *j)
{
    const bool splices = verb->line == hyt_tokjob_encode;
    struct hyt_err why;
    const char *s;
    size_t n;
    int got = hyt_rec_str(rec, field, &s, &n, &m->err);

    if (got == 0)
        return hyt_rec_fail(rec, NULL, &m->err, "no \"%s\"", field);
    if (got < 0 || (splices && claim_ids(m, rec) < 0))
        return -1;
    if (verb->line(j, s, n, &why) < 0)
        return hyt_rec_fail(rec, field, &m->err, "%s", why.msg);
    if (!splices)
        return put_line(m, j);
    hyt_rec_set(rec, "ids", j->out.s, j->out.n);
    return hyt_main_write(m, rec, &m->err);
}

/* --- template ------------------------------------------------------------- */

/* The tokens as hyt-rollout makes them, one a line: id, its text, and whether
 * the model is given it or is to say it.  A token that ends within a character
 * leaves that to the one that completes it. */
static int put_tokens(struct hyt_tokjob *j, const struct hyt_ids32 *ids,
                      const char *part, struct hyt_err *err)
{
    struct hyt_buf text = {0}, *bytes = &j->bytes;
    int status = 0;

    hyt_buf_reset(bytes);
    hyt_buf_reserve(bytes, 0);
    hyt_buf_reserve(&text, 0);
    for (size_t i = 0; i < ids->n && status == 0; i++) {
        size_t done;

        hyt_buf_reset(&text);
        status = hyt_tok_bytes(j->tok, ids->id[i], false, true, bytes, err);
        done = hyt_text_put(&text, bytes->s, bytes->n, i + 1 == ids->n);
        bytes->n -= done;
        memmove(bytes->s, bytes->s + done, bytes->n);
        hyt_json_put_int(&j->out, ids->id[i]);
        hyt_buf_putc(&j->out, '\t');
        hyt_json_put_str(&j->out, text.s, text.n);
        hyt_buf_printf(&j->out, "\t%s\n", part);
    }
    hyt_buf_free(&text);
    return status;
}

static int template_record(struct hyt_main *m, struct hyt_rec *rec,
                           struct hyt_tokjob *j,
                           const struct hyt_query_conf *conf)
{
    struct hyt_query q = {0};
    int status = hyt_query_read(&q, rec, conf, &m->err);

    hyt_buf_reset(&j->out);
    if (status == 0 &&
        (put_tokens(j, &q.prompt, "prompt", &m->err) < 0 ||
         put_tokens(j, &q.completion, "completion", &m->err) < 0))
        status = -1;
    hyt_query_free(&q);
    return status < 0 ? -1 : put_line(m, j);
}

/* The model's end-of-sequence ids, as hyt-rollout reads them; of what is no
 * whole model, the tokenizer's. */
static int find_eos(struct hyt_config *c, const struct hyt_tok *tok,
                    const struct hyt_chat *chat, struct hyt_err *err)
{
    struct hyt_json *config = NULL, *generation = NULL;
    const char *name = hyt_chat_token(chat, "eos_token");
    struct hyt_err why;
    int status = hyt_tokjob_json(&config, model, "config.json", err);

    if (status >= 0)
        status =
            hyt_tokjob_json(&generation, model, "generation_config.json", err);
    memset(c, 0, sizeof(*c));
    if (status >= 0 &&
        (config == NULL || hyt_config_read(c, config, generation, &why) < 0)) {
        c->eos[0] = name != NULL ? hyt_tok_find(tok, name) : -1;
        c->n_eos = c->eos[0] >= 0;
    }
    hyt_json_free(config);
    hyt_json_free(generation);
    return status < 0 ? -1 : 0;
}

/* A loop of its own: it always reads records. */
static int run_template(struct hyt_main *m, struct hyt_tokjob *j)
{
    struct hyt_chat chat;
    struct hyt_config config;
    struct hyt_query_conf conf = {.prompt_field = field,
                                  .completion_field = "completion",
                                  .format = "{prompt}",
                                  .parse_special = parse_special,
                                  .tok = j->tok,
                                  .chat = &chat,
                                  .eos = config.eos,
                                  .room = SIZE_MAX,
                                  .vocab = SIZE_MAX};
    struct hyt_rec *rec;
    int got;

    if (date != NULL && !hyt_chat_is_date(date))
        hyt_main_usage(m, "--date: \"%s\" is not YYYY-MM-DD", date);
    if (hyt_chat_open(&chat, model, template ? template : "auto", date,
                      &m->err) < 0 ||
        find_eos(&config, j->tok, &chat, &m->err) < 0)
        hyt_main_die(m);
    conf.n_eos = config.n_eos;
    while ((got = hyt_main_next(m, &rec)) > 0)
        if ((got = hyt_main_keep(m, template_record(m, rec, j, &conf))) < 0)
            break;
    hyt_chat_close(&chat);
    return got;
}

/* One step of the stream: > 0 to go on, 0 the end, -1. */
static int next(struct hyt_main *m, const struct verb *verb,
                struct hyt_tokjob *j)
{
    struct hyt_rec *rec;
    struct hyt_line line;
    int got, status;

    if (field != NULL) {
        if ((got = hyt_main_next(m, &rec)) <= 0)
            return got;
        status = verb->line == hyt_tokjob_decode_json
                     ? decode_record(m, rec, j)
                     : text_record(m, verb, rec, j);
    } else {
        if ((got = hyt_lines_next(m->in, &line, &m->err)) == 0)
            return 0;
        m->n_read++;
        status = got < 0 ? -1 : one_line(m, verb, &line, j);
    }
    return hyt_main_keep(m, status) < 0 ? -1 : 1;
}

/* The first operand is no file. */
static const struct verb *take_verb(struct hyt_main *m)
{
    const char *name = hyt_main_verb(m);

    for (size_t i = 0; name != NULL && i < HYT_LEN(verbs); i++)
        if (strcmp(name, verbs[i].name) == 0)
            return &verbs[i];
    hyt_main_usage(m, "expected encode, decode, inspect or template, not %s",
                   name ? name : "nothing");
}

int main(int argc, char **argv)
{
    struct hyt_tokjob j = {0};
    const struct verb *verb;
    struct hyt_main m;
    int got;

    hyt_main_open(&m, &tool, argc, argv);
    verb = take_verb(&m);
    if (model == NULL)
        hyt_main_usage(&m, "-m DIR is required");
    if (verb->line == NULL ? no_special : template != NULL || date != NULL)
        hyt_main_usage(&m, verb->line == NULL
                               ? "--no-special does not go with template"
                               : "--template and --date go with template");
    j.continues = no_special;
    j.special = parse_special;
    if (hyt_tokjob_open(&j, model, &m.err) < 0)
        hyt_main_die(&m);
    if (verb->line == NULL)
        got = run_template(&m, &j);
    else
        while ((got = next(&m, verb, &j)) > 0)
            ;
    hyt_tokjob_close(&j);
    return hyt_main_close(&m, got);
}
