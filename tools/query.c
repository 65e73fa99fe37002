/* SPDX-License-Identifier: MIT */
/*
 * query.c - text of a record to ids, once: ids are the payload from here on
 *
 * The prompt starts a sequence (BOS as the tokenizer has it, or the template);
 * the completion is a continuation, encoded on its own, because that is how
 * the model will be asked for it.
 */
#include <stdlib.h>
#include <string.h>

#include "messages.h"
#include "msgtokens.h"

static unsigned mode(const struct hyt_query_conf *conf, unsigned start)
{
    return start | (conf->parse_special ? HYT_TOK_SPECIAL : 0);
}

/* BOS is never doubled: what the tokenizer puts, the template writes and a text
 * spells are one. */
static void keep_one_bos(struct hyt_ids32 *ids, const struct hyt_tok *tok)
{
    const int32_t bos = hyt_tok_bos(tok);
    size_t more = 0;

    while (more + 1 < ids->n && bos >= 0 && ids->id[more] == bos &&
           ids->id[more + 1] == bos)
        more++;
    if (more == 0)
        return;
    ids->n -= more;
    memmove(ids->id, ids->id + more, ids->n * sizeof(*ids->id));
}

unsigned hyt_query_follow(const struct hyt_query_conf *conf,
                          const struct hyt_ids32 *prompt, const char *s,
                          size_t n)
{
    if (prompt->n == 0 || n == 0 || s[0] == ' ' ||
        !hyt_tok_special(conf->tok, prompt->id[prompt->n - 1]))
        return 0;
    return HYT_TOK_START | HYT_TOK_BARE | HYT_TOK_LATER;
}

/* --- strings -------------------------------------------------------------- */

static int encode_prompt(struct hyt_query *q, struct hyt_rec *rec,
                         const char *field, const struct hyt_query_conf *conf,
                         struct hyt_err *err)
{
    static const char hole[] = "{prompt}";
    const char *at = strstr(conf->format, hole), *s;
    struct hyt_buf text = {0};
    size_t n;
    int got = hyt_rec_str(rec, field, &s, &n, err);

    if (got == 0)
        return hyt_rec_fail(rec, NULL, err, "no \"%s\"", field);
    if (got < 0)
        return -1;
    hyt_buf_put(&text, conf->format, (size_t)(at - conf->format));
    hyt_buf_put(&text, s, n);
    hyt_buf_puts(&text, at + sizeof(hole) - 1);
    got = hyt_tok_encode(conf->tok, text.s, text.n,
                         mode(conf, HYT_TOK_START | HYT_TOK_OPEN), &q->prompt,
                         err);
    hyt_buf_free(&text);
    if (got < 0)
        return hyt_rec_fail(rec, field, err, "%s", err->msg);
    return 0;
}

static int encode_completion(struct hyt_query *q, struct hyt_rec *rec,
                             const struct hyt_query_conf *conf,
                             struct hyt_err *err)
{
    struct hyt_buf steps = {0};
    const char *s = "";
    size_t n;
    int got = hyt_rec_str(rec, conf->completion_field, &s, &n, err);

    if (got == 0 && (got = hyt_stepwise_read(rec, &steps, err)) == 1) {
        s = steps.s;
        n = steps.n;
    }
    q->is_trace = got == 1;
    if (got == 1 &&
        hyt_tok_encode(conf->tok, s, n,
                       mode(conf, hyt_query_follow(conf, &q->prompt, s, n)),
                       &q->completion, err) < 0)
        got = hyt_rec_fail(rec, conf->completion_field, err, "%s", err->msg);
    hyt_buf_free(&steps);
    return got < 0 ? -1 : 0;
}

/* Text without a prompt: its first token, BOS where there is one, stands for
 * it. */
static int encode_text(struct hyt_query *q, struct hyt_rec *rec,
                       const char *field, const struct hyt_query_conf *conf,
                       struct hyt_err *err)
{
    const char *s;
    size_t n;

    if (hyt_rec_str(rec, field, &s, &n, err) < 0)
        return -1;
    if (hyt_tok_encode(conf->tok, s, n, mode(conf, HYT_TOK_START),
                       &q->completion, err) < 0)
        return hyt_rec_fail(rec, field, err, "%s", err->msg);
    q->is_trace = true;
    keep_one_bos(&q->completion, conf->tok);
    if (q->completion.n < 2)
        return hyt_rec_fail(rec, field, err, "\"%s\" is less than two tokens",
                            field);
    hyt_ids32_put(&q->prompt, q->completion.id[0]);
    memmove(q->completion.id, q->completion.id + 1,
            --q->completion.n * sizeof(*q->completion.id));
    return 0;
}

/* --- a record ------------------------------------------------------------- */

int hyt_query_field(struct hyt_rec *rec, const struct hyt_query_conf *conf,
                    const char **field, bool *text, struct hyt_err *err)
{
    static const char *const known[] = {"prompt", "messages", "conversations",
                                        "text"};
    const struct hyt_json *v;

    *text = false;
    *field = conf->prompt_field;
    for (size_t i = 0; i < HYT_LEN(known) && conf->prompt_field == NULL; i++) {
        const int got = hyt_rec_get(rec, known[i], &v, err);

        if (got < 0)
            return -1;
        if (got == 0 || hyt_json_type(v) == HYT_JSON_NULL ||
            (i == 3 && *field != NULL))
            continue;
        if (*field != NULL)
            return hyt_rec_fail(rec, known[i], err,
                                "both \"%s\" and \"%s\": --prompt-field says "
                                "which",
                                *field, known[i]);
        *field = known[i];
        *text = i == 3;
    }
    return *field ? 0 : hyt_rec_fail(rec, NULL, err, "no \"prompt\"");
}

static int encode(struct hyt_query *q, struct hyt_rec *rec, const char *field,
                  bool text, const struct hyt_query_conf *conf,
                  struct hyt_err *err)
{
    const struct hyt_json *v;
    struct hyt_err why;
    int got = hyt_rec_get(rec, field, &v, err);

    if (got < 0)
        return -1;
    if (!text && got == 1 && hyt_json_type(v) == HYT_JSON_ARRAY)
        return hyt_msgtokens_read(q, rec, field, conf, err);
    if (text && encode_text(q, rec, field, conf, err) < 0)
        return -1;
    if (!text && (encode_prompt(q, rec, field, conf, err) < 0 ||
                  encode_completion(q, rec, conf, err) < 0))
        return -1;
    if (q->is_trace && hyt_query_check_end(q, conf, &why) < 0)
        return hyt_rec_fail(rec, text ? field : conf->completion_field, err,
                            "%s", why.msg);
    return 0;
}

static bool is_eos(const struct hyt_query_conf *conf, int32_t id)
{
    for (size_t i = 0; i < conf->n_eos; i++)
        if (conf->eos[i] == id)
            return true;
    return false;
}

size_t hyt_query_end(const struct hyt_query *q,
                     const struct hyt_query_conf *conf)
{
    size_t n = 0;

    while (n < q->completion.n && !is_eos(conf, q->completion.id[n]))
        n++;
    return n;
}

int hyt_query_check_end(const struct hyt_query *q,
                        const struct hyt_query_conf *conf, struct hyt_err *err)
{
    const struct hyt_ids32 *ids = &q->completion;
    struct hyt_buf rest = {0};
    size_t i = hyt_query_end(q, conf);
    int status = 0;

    hyt_buf_puts(&rest, "");
    for (i++; i < ids->n && status == 0; i++)
        status = hyt_tok_bytes(conf->tok, ids->id[i], false, false, &rest, err);
    if (status == 0 && strspn(rest.s, " \t\r\n") < rest.n)
        status = hyt_fail(err, "the completion goes on behind the "
                               "end-of-sequence token");
    hyt_buf_free(&rest);
    return status;
}

/* Ends a trace with the first EOS in it, or with one more. */
static int end_trace(struct hyt_query *q, const struct hyt_query_conf *conf,
                     struct hyt_err *err)
{
    struct hyt_ids32 *ids = &q->completion;
    size_t n = hyt_query_end(q, conf);

    if (n == ids->n && !conf->no_eos && conf->n_eos > 0)
        hyt_ids32_put(ids, conf->eos[0]);
    ids->n = conf->no_eos || n == ids->n ? n : n + 1;
    q->ends = hyt_alloc(ids->n, sizeof(*q->ends));
    return hyt_tok_decode(conf->tok, ids->id, ids->n, &q->text, q->ends, err);
}

/* A tokenizer may have special tokens of a larger model of its family. */
static int check_ids(const struct hyt_ids32 *ids,
                     const struct hyt_query_conf *conf, struct hyt_err *err)
{
    for (size_t i = 0; i < ids->n; i++)
        if ((size_t)ids->id[i] >= conf->vocab)
            return hyt_fail(err,
                            "token %d, \"%s\", is beyond the model's "
                            "vocabulary of %zu",
                            (int)ids->id[i],
                            hyt_tok_piece(conf->tok, ids->id[i], NULL),
                            conf->vocab);
    return 0;
}

int hyt_query_read(struct hyt_query *q, struct hyt_rec *rec,
                   const struct hyt_query_conf *conf, struct hyt_err *err)
{
    const char *field;
    struct hyt_err why;
    bool text;

    memset(q, 0, sizeof(*q));
    if (hyt_query_field(rec, conf, &field, &text, err) < 0 ||
        encode(q, rec, field, text, conf, err) < 0)
        return -1;
    keep_one_bos(&q->prompt, conf->tok);
    if (q->prompt.n == 0)
        return hyt_rec_fail(rec, field, err, "the prompt has no tokens");
    if (q->is_trace && end_trace(q, conf, err) < 0)
        return hyt_rec_fail(rec, field, err, "%s", err->msg);
    if (check_ids(&q->prompt, conf, &why) < 0 ||
        check_ids(&q->completion, conf, &why) < 0)
        return hyt_rec_fail(rec, field, err, "%s", why.msg);
    if (q->prompt.n + q->completion.n > conf->room)
        return hyt_rec_fail(rec, field, err,
                            "%zu prompt and %zu completion tokens are more "
                            "than the model's context of %zu",
                            q->prompt.n, q->completion.n, conf->room);
    if (!q->is_trace && q->prompt.n >= conf->room)
        return hyt_rec_fail(rec, field, err,
                            "%zu prompt tokens leave no room in the model's "
                            "context of %zu",
                            q->prompt.n, conf->room);
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
