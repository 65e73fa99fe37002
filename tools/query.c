/* SPDX-License-Identifier: MIT */
/*
 * query.c - text of a record to ids, once: ids are the payload from here on
 *
 * The prompt starts a sequence (BOS as the tokenizer has it); the completion
 * is a continuation, encoded on its own, because that is how the model will
 * be asked for it.
 */
#include <stdlib.h>
#include <string.h>

#include "query.h"

/* Required text; messages need a chat template, which is another matter. */
static int get_text(struct hyt_rec *rec, const char *field, const char **s,
                    size_t *n, struct hyt_err *err)
{
    const struct hyt_json *v;
    int got = hyt_rec_get(rec, field, &v, err);

    if (got == 1 && hyt_json_type(v) == HYT_JSON_ARRAY)
        return hyt_rec_fail(rec, field, err,
                            "\"%s\" is a list of messages, which needs a chat "
                            "template; expected a string",
                            field);
    return got < 0 ? -1 : hyt_rec_str(rec, field, s, n, err);
}

static int encode_prompt(struct hyt_query *q, struct hyt_rec *rec,
                         const struct hyt_opened *o,
                         const struct hyt_query_conf *conf, struct hyt_err *err)
{
    static const char hole[] = "{prompt}";
    const char *at = strstr(conf->format, hole), *s;
    struct hyt_buf text = {0};
    size_t n;
    int got = get_text(rec, conf->prompt_field, &s, &n, err);

    if (got == 0)
        return hyt_rec_fail(rec, NULL, err, "no \"%s\"", conf->prompt_field);
    if (got < 0)
        return -1;
    hyt_buf_put(&text, conf->format, (size_t)(at - conf->format));
    hyt_buf_put(&text, s, n);
    hyt_buf_puts(&text, at + sizeof(hole) - 1);
    got =
        hyt_tok_encode(o->tok, text.s, text.n, HYT_TOK_START, &q->prompt, err);
    hyt_buf_free(&text);
    if (got < 0)
        return hyt_rec_fail(rec, conf->prompt_field, err, "%s", err->msg);
    if (got == 0 && q->prompt.n == 0)
        return hyt_rec_fail(rec, conf->prompt_field, err,
                            "the prompt has no tokens");
    return got;
}

static int encode_completion(struct hyt_query *q, const char *s, size_t n,
                             const struct hyt_opened *o,
                             const struct hyt_query_conf *conf,
                             struct hyt_err *err)
{
    if (hyt_tok_encode(o->tok, s, n, 0, &q->completion, err) < 0)
        return -1;
    if (!conf->no_eos && o->model->c.n_eos > 0)
        hyt_ids32_put(&q->completion, o->model->c.eos[0]);
    q->ends = hyt_alloc(q->completion.n, sizeof(*q->ends));
    return hyt_tok_decode(o->tok, q->completion.id, q->completion.n, &q->text,
                          q->ends, err);
}

int hyt_query_read(struct hyt_query *q, struct hyt_rec *rec,
                   const struct hyt_opened *o,
                   const struct hyt_query_conf *conf, struct hyt_err *err)
{
    const char *s;
    size_t n, room = o->model->c.max_positions;
    int got = get_text(rec, conf->completion_field, &s, &n, err);

    memset(q, 0, sizeof(*q));
    q->is_trace = got == 1;
    if (got < 0 || encode_prompt(q, rec, o, conf, err) < 0)
        return -1;
    if (q->is_trace && encode_completion(q, s, n, o, conf, err) < 0)
        return hyt_rec_fail(rec, conf->completion_field, err, "%s", err->msg);
    if (q->prompt.n + q->completion.n > room)
        return hyt_rec_fail(rec, conf->prompt_field, err,
                            "%zu prompt and %zu completion tokens are more "
                            "than the model's context of %zu",
                            q->prompt.n, q->completion.n, room);
    if (!q->is_trace && q->prompt.n >= room)
        return hyt_rec_fail(rec, conf->prompt_field, err,
                            "%zu prompt tokens leave no room in the model's "
                            "context of %zu",
                            q->prompt.n, room);
    return 0;
}

void hyt_query_free(struct hyt_query *q)
{
    hyt_ids32_free(&q->prompt);
    hyt_ids32_free(&q->completion);
    hyt_buf_free(&q->text);
    free(q->ends);
    memset(q, 0, sizeof(*q));
}

char *hyt_query_unescape(const char *s)
{
    char *out = hyt_strndup(s, strlen(s)), *to = out;

    for (; *s != '\0'; s++)
        if (s[0] == '\\' && s[1] != '\0' && strchr("nt\\", s[1]) != NULL) {
            s++;
            *to++ = *s == 'n' ? '\n' : *s == 't' ? '\t' : '\\';
        } else {
            *to++ = *s;
        }
    *to = '\0';
    return out;
}
