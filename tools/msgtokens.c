/* SPDX-License-Identifier: MIT */
/*
 * msgtokens.c - a conversation as tokens
 *
 * The template prints it twice, up to the completion and all of it; what is
 * more the second time is the completion.
 */
#include "msgtokens.h"

#include <stdlib.h>
#include <string.h>

#include "messages.h"

static const char white[] = " \t\r\n";

/* A template says itself whether with BOS. */
#define WHOLE (HYT_TOK_START | HYT_TOK_BARE)

/* Bytes begin to end of what the template printed. */
static int encode_part(const struct hyt_query_conf *conf,
                       const struct hyt_jinja_text *t, size_t begin, size_t end,
                       unsigned mode, struct hyt_ids32 *ids,
                       struct hyt_err *err)
{
    const size_t n = end - begin;
    unsigned char *user = hyt_alloc(n, 1);
    int status;

    for (size_t i = 0; i < n && !conf->parse_special; i++)
        user[i] = t->mark.s[begin + i] & HYT_JINJA_USER;
    status = hyt_tok_encode_mixed(conf->tok, n > 0 ? t->s.s + begin : "", user,
                                  n, mode, ids, err);
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
        encode_part(conf, all, 0, begin, WHOLE, &q->prompt, err) < 0)
        return -1;
    return encode_part(
        conf, all, begin, end,
        hyt_query_follow(conf, &q->prompt, all->s.s + begin, end - begin),
        &q->completion, err);
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
    return strspn(s, white) < n ? n : 0;
}

/* The last place of s in the text, or its length. */
static size_t find_last(const struct hyt_buf *text, const char *s, size_t n)
{
    for (size_t at = text->n >= n ? text->n - n + 1 : 0; at-- > 0;)
        if (memcmp(text->s + at, s, n) == 0)
            return at;
    return text->n;
}

/* What the assistant says, with the white space that the template has between
 * the end of the prompt and it, and without what it trims: Mistral's, say,
 * which prints a system message in another place when an answer follows. */
static void put_said(struct hyt_buf *said, const struct hyt_buf *prompt,
                     const struct hyt_buf *all, const char *s)
{
    const char *text = s + strspn(s, white);
    size_t n = strlen(text), tail = prompt->n < 6 ? prompt->n : 6, at, space;

    while (n > 0 && strchr(white, text[n - 1]) != NULL)
        n--;
    space = at = n > 0 ? find_last(all, text, n) : all->n;
    while (at < all->n && space > 0 && strchr(white, all->s[space - 1]))
        space--;
    hyt_buf_puts(said, "");
    if (space < at && space >= tail &&
        memcmp(all->s + space - tail, prompt->s + prompt->n - tail, tail) ==
            0) {
        hyt_buf_put(said, all->s + space, at - space);
        hyt_buf_put(said, text, n);
    } else {
        hyt_buf_puts(said, s);
    }
}

/* Absent, null, false, and "", [] and {}: exporters write what is not there. */
static bool is_nothing(const struct hyt_json *v)
{
    if (v == NULL || hyt_json_type(v) == HYT_JSON_NULL)
        return true;
    if (hyt_json_type(v) == HYT_JSON_BOOL)
        return !hyt_json_bool(v);
    if (hyt_json_type(v) == HYT_JSON_STR)
        return hyt_json_str(v)[0] == '\0';
    return hyt_json_type(v) != HYT_JSON_NUM && hyt_json_child(v) == NULL;
}

/* The text of a message that is nothing but its text, else NULL. */
static const char *only_content(const struct hyt_json *message)
{
    static const char *const more[] = {"tool_calls", "function_call",
                                       "reasoning", "reasoning_content",
                                       "thinking"};
    const struct hyt_json *v;

    for (size_t i = 0; i < HYT_LEN(more); i++)
        if (!is_nothing(hyt_json_get(message, more[i])))
            return NULL;
    v = hyt_json_get(message, "content");
    return v && hyt_json_type(v) == HYT_JSON_STR ? hyt_json_str(v) : NULL;
}

/* Templates of models that think print a conversation in another way than they
 * ask for it: without the thoughts.  Then what the assistant says follows the
 * prompt as it is, as it will when the model is asked. */
static int encode_as_said(struct hyt_query *q, const struct hyt_messages *m,
                          const struct hyt_jinja_text *prompt,
                          const struct hyt_jinja_text *all,
                          const struct hyt_query_conf *conf,
                          struct hyt_err *err)
{
    const struct hyt_json *v = hyt_json_child(m->list);
    struct hyt_buf said = {0};
    const char *s;
    int status;

    for (size_t i = 0; i < m->n_prompt; i++)
        v = hyt_json_next(v);
    s = only_content(v);
    if (m->n > m->n_prompt + 1 || s == NULL)
        return hyt_fail(err, "the template prints the prompt in another way "
                             "when the completion follows, which is no single "
                             "text");
    s += said_already(&prompt->s, s);
    put_said(&said, &prompt->s, &all->s, s);
    status = encode_part(conf, prompt, 0, prompt->s.n, WHOLE, &q->prompt, err);
    if (status == 0)
        status =
            hyt_tok_encode(conf->tok, said.s, said.n,
                           hyt_query_follow(conf, &q->prompt, said.s, said.n) |
                               (conf->parse_special ? HYT_TOK_SPECIAL : 0),
                           &q->completion, err);
    hyt_buf_free(&said);
    return status;
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
            encode_part(conf, &prompt, 0, prompt.s.n, WHOLE, &q->prompt, err);
    } else if (status == 0) {
        status =
            hyt_chat_render(conf->chat, m->list, m->n, false, tools, &all, err);
        if (status == 0 && !begins_with(&all.s, &prompt.s))
            status = encode_as_said(q, m, &prompt, &all, conf, err);
        else if (status == 0)
            status = encode_parts(q, &prompt, &all, conf, err);
    }
    hyt_jinja_text_free(&prompt);
    hyt_jinja_text_free(&all);
    return status;
}

int hyt_msgtokens_read(struct hyt_query *q, struct hyt_rec *rec,
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
    if (status == 0 && (m.n > m.n_prompt + 1 || conf->parse_special))
        status = hyt_query_check_end(q, conf, &why);
    hyt_messages_free(&m);
    return status < 0 ? hyt_rec_fail(rec, field, err, "%s", why.msg) : 0;
}
