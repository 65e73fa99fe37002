/* SPDX-License-Identifier: MIT */
/*
 * hyt-tok - text to token ids and back
 *
 * The first operand says what to do.  With --field, records are read; without,
 * each line is a text, or an array of ids.
 */
#include <string.h>

#include "tokjob.h"
#include "tool.h"

static const char *model, *field;
static bool no_special, parse_special;

static const struct hyt_opt opts[] = {
    OPT_STR('m', "model", &model, "DIR", "directory with tokenizer.json"),
    OPT_STR(0, "field", &field, "F",
            "read records, with the text or the ids in field F"),
    OPT_FLAG(0, "no-special", &no_special,
             "the text continues a sequence: no BOS, no dummy space"),
    OPT_FLAG(0, "parse-special", &parse_special,
             "encode: parse special tokens in the text; decode: write them"),
    OPT_END,
};

static const struct hyt_tool tool = {"hyt-tok", "text to token ids and back",
                                     "encode|decode|inspect -m DIR [FILE]...",
                                     opts, HYT_TOOL_SPLICES};

static const struct verb {
    const char *name;
    int (*line)(struct hyt_tokjob *, const char *, size_t, struct hyt_err *);
} verbs[] = {{"encode", hyt_tokjob_encode},
             {"decode", hyt_tokjob_decode_json},
             {"inspect", hyt_tokjob_inspect}};

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
    struct hyt_err why;
    size_t n;
    int got = hyt_rec_i32s(rec, field, &id, &n, &m->err);

    if (got == 0)
        return hyt_rec_fail(rec, NULL, &m->err, "no \"%s\"", field);
    if (got < 0 || hyt_rec_claim(rec, "text", HYT_JSON_STR, NULL, m->overwrite,
                                 &m->err) < 0)
        return -1;
    if (hyt_tokjob_decode(j, id, n, &why) < 0)
        return hyt_rec_fail(rec, field, &m->err, "%s", why.msg);
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
    hyt_main_usage(m, "expected encode, decode or inspect, not %s",
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
    j.continues = no_special;
    j.special = parse_special;
    if (hyt_tokjob_open(&j, model, &m.err) < 0)
        hyt_main_die(&m);
    while ((got = next(&m, verb, &j)) > 0)
        ;
    hyt_tokjob_close(&j);
    return hyt_main_close(&m, got);
}
