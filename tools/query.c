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
#include "query.h"

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
    got = hyt_tok_encode(conf->tok, text.s, text.n, mode(conf, HYT_TOK_START),
                         &q->prompt, err);
    hyt_buf_free(&text);
    if (got < 0)
        return hyt_rec_fail(rec, field, err, "%s", err->msg);
    keep_one_bos(&q->prompt, conf->tok);
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
        hyt_tok_encode(conf->tok, s, n, mode(conf, 0), &q->completion, err) < 0)
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

/* --- messages ------------------------------------------------------------- */

/* Bytes begin to end of what the template printed. */
static int encode_part(const struct hyt_query_conf *conf,
                       const struct hyt_jinja_text *t, size_t begin, size_t end,
                       bool start, struct hyt_ids32 *ids, struct hyt_err *err)
{
    const size_t n = end - begin;
    unsigned char *user = hyt_alloc(n, 1);
    int status;

    for (size_t i = 0; i < n && !conf->parse_special; i++)
        user[i] = t->mark.s[begin + i] & HYT_JINJA_USER;
    status = hyt_tok_encode_mixed(conf->tok, n > 0 ? t->s.s + begin : "", user,
                                  n, start, ids, err);
    free(user);
    return status;
}

/* Where the completion begins and ends: behind the prompt, or what of that is
 * in {% generation %}. */
static int find_completion(const struct hyt_jinja_text *prompt,
                           const struct hyt_jinja_text *all, size_t *begin,
                           size_t *end, struct hyt_err *err)
{
    const char *mark = all->mark.s;

    *begin = prompt->s.n;
    *end = all->s.n;
    while (*begin < *end && !(mark[*begin] & HYT_JINJA_GENERATION))
        ++*begin;
    while (*end > *begin && !(mark[*end - 1] & HYT_JINJA_GENERATION))
        --*end;
    if (*begin == *end) {
        *begin = prompt->s.n;
        *end = all->s.n;
        return 0;
    }
    for (size_t i = *begin; i < *end; i++)
        if (!(mark[i] & HYT_JINJA_GENERATION))
            return hyt_fail(err, "the template's {%% generation %%} leaves a "
                                 "hole in the completion");
    return 0;
}

/* The prompt, and behind it the completion. */
static int encode_parts(struct hyt_query *q,
                        const struct hyt_jinja_text *prompt,
                        const struct hyt_jinja_text *all,
                        const struct hyt_query_conf *conf, struct hyt_err *err)
{
    size_t begin, end;

    if (find_completion(prompt, all, &begin, &end, err) < 0 ||
        encode_part(conf, all, 0, begin, true, &q->prompt, err) < 0)
        return -1;
    return encode_part(conf, all, begin, end, false, &q->completion, err);
}

static bool begins_with(const struct hyt_buf *all, const struct hyt_buf *s)
{
    return s->n == 0 || (all->n >= s->n && memcmp(all->s, s->s, s->n) == 0);
}

/* How much of s the prompt ends with already, as templates that open a thought
 * do; white space alone is nothing. */
static size_t said_already(const struct hyt_buf *prompt, const char *s)
{
    size_t n = strlen(s) < prompt->n ? strlen(s) : prompt->n;

    while (n > 0 && memcmp(prompt->s + prompt->n - n, s, n) != 0)
        n--;
    return strspn(s, " \t\r\n") < n ? n : 0;
}

/* Templates of models that think print a conversation in another way than they
 * ask for it: without the thoughts.  Then what the assistant says follows the
 * prompt as it is, as it will when the model is asked. */
static int encode_as_said(struct hyt_query *q, const struct hyt_messages *m,
                          const struct hyt_jinja_text *prompt,
                          const struct hyt_query_conf *conf,
                          struct hyt_err *err)
{
    const struct hyt_json *v = hyt_json_child(m->list);
    const char *s;

    for (size_t i = 0; i < m->n_prompt; i++)
        v = hyt_json_next(v);
    v = hyt_json_get(v, "content");
    if (m->n > m->n_prompt + 1 || !v || hyt_json_type(v) != HYT_JSON_STR)
        return hyt_fail(err, "the template prints the prompt in another way "
                             "when the completion follows, which is no single "
                             "text");
    s = hyt_json_str(v);
    s += said_already(&prompt->s, s);
    if (encode_part(conf, prompt, 0, prompt->s.n, true, &q->prompt, err) < 0)
        return -1;
    return hyt_tok_encode(conf->tok, s, strlen(s), mode(conf, 0),
                          &q->completion, err);
}

static int encode_messages(struct hyt_query *q, const struct hyt_messages *m,
                           const struct hyt_json *tools,
                           const struct hyt_query_conf *conf,
                           struct hyt_err *err)
{
    struct hyt_jinja_text prompt = {0}, all = {0};
    int status = hyt_chat_render(conf->chat, m->list, m->n_prompt, true, tools,
                                 &prompt, err);

    q->is_trace = m->n_prompt < m->n;
    if (status == 0 && !q->is_trace) {
        status =
            encode_part(conf, &prompt, 0, prompt.s.n, true, &q->prompt, err);
    } else if (status == 0) {
        status =
            hyt_chat_render(conf->chat, m->list, m->n, false, tools, &all, err);
        if (status == 0 && !begins_with(&all.s, &prompt.s))
            status = encode_as_said(q, m, &prompt, conf, err);
        else if (status == 0)
            status = encode_parts(q, &prompt, &all, conf, err);
    }
    hyt_jinja_text_free(&prompt);
    hyt_jinja_text_free(&all);
    if (status == 0)
        keep_one_bos(&q->prompt, conf->tok);
    return status;
}

static int read_messages(struct hyt_query *q, struct hyt_rec *rec,
                         const char *field, const struct hyt_query_conf *conf,
                         struct hyt_err *err)
{
    const struct hyt_json *tools = NULL;
    struct hyt_messages m;
    struct hyt_err why;
    int status;

    if (hyt_rec_get(rec, "tools", &tools, err) < 0 ||
        hyt_messages_read(&m, rec, field, conf->completion_field, err) < 0)
        return -1;
    status = encode_messages(q, &m, tools, conf, &why);
    hyt_messages_free(&m);
    return status < 0 ? hyt_rec_fail(rec, field, err, "%s", why.msg) : 0;
}

/* --- a record ------------------------------------------------------------- */

/* The field that the prompt is in; *text: it holds a whole text. */
static int find_field(struct hyt_rec *rec, const struct hyt_query_conf *conf,
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
    int got = hyt_rec_get(rec, field, &v, err);

    if (got < 0)
        return -1;
    if (text)
        return encode_text(q, rec, field, conf, err);
    if (got == 1 && hyt_json_type(v) == HYT_JSON_ARRAY)
        return read_messages(q, rec, field, conf, err);
    if (encode_completion(q, rec, conf, err) < 0)
        return -1;
    return encode_prompt(q, rec, field, conf, err);
}

static bool is_eos(const struct hyt_query_conf *conf, int32_t id)
{
    for (size_t i = 0; i < conf->n_eos; i++)
        if (conf->eos[i] == id)
            return true;
    return false;
}

/* Ends a trace with the first EOS in it, or with one more. */
static int end_trace(struct hyt_query *q, const struct hyt_query_conf *conf,
                     struct hyt_err *err)
{
    struct hyt_ids32 *ids = &q->completion;
    size_t n = 0;

    while (n < ids->n && !is_eos(conf, ids->id[n]))
        n++;
    if (n == ids->n && !conf->no_eos && conf->n_eos > 0)
        hyt_ids32_put(ids, conf->eos[0]);
    ids->n = conf->no_eos || n == ids->n ? n : n + 1;
    q->ends = hyt_alloc(ids->n, sizeof(*q->ends));
    return hyt_tok_decode(conf->tok, ids->id, ids->n, &q->text, q->ends, err);
}

int hyt_query_read(struct hyt_query *q, struct hyt_rec *rec,
                   const struct hyt_query_conf *conf, struct hyt_err *err)
{
    const char *field;
    bool text;

    memset(q, 0, sizeof(*q));
    if (find_field(rec, conf, &field, &text, err) < 0 ||
        encode(q, rec, field, text, conf, err) < 0)
        return -1;
    if (q->prompt.n == 0)
        return hyt_rec_fail(rec, field, err, "the prompt has no tokens");
    if (q->is_trace && end_trace(q, conf, err) < 0)
        return hyt_rec_fail(rec, field, err, "%s", err->msg);
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
