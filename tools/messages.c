/* SPDX-License-Identifier: MIT */
/*
 * messages.c - the conversation of a record, in the shapes that users have
 *
 * The messages are put together as JSON text, from the record's own bytes where
 * they have their final form, and parsed once.
 */
#include "messages.h"

#include <string.h>

static const char *str_member(const struct hyt_json *v, const char *name)
{
    const struct hyt_json *s = hyt_json_get(v, name);

    return s != NULL && hyt_json_type(s) == HYT_JSON_STR ? hyt_json_str(s)
                                                         : NULL;
}

/* ShareGPT's names of who speaks; NULL where it is none of them. */
static const char *role_of(const char *from)
{
    static const char *const roles[][2] = {
        {"human", "user"},        {"gpt", "assistant"},
        {"user", "user"},         {"assistant", "assistant"},
        {"chatgpt", "assistant"}, {"model", "assistant"},
        {"system", "system"},     {"tool", "tool"},
        {"observation", "tool"}};

    for (size_t i = 0; i < HYT_LEN(roles); i++)
        if (strcmp(from, roles[i][0]) == 0)
            return roles[i][1];
    return NULL;
}

static void put_message(struct hyt_buf *b, const char *role,
                        const char *content, size_t n)
{
    hyt_buf_puts(b, "{\"role\":");
    hyt_json_put_str(b, role, strlen(role));
    hyt_buf_puts(b, ",\"content\":");
    hyt_json_put_str(b, content, n);
    hyt_buf_puts(b, "}");
}

/* A "system" beside the list speaks first, before a prompt that is; count is
 * NULL for a completion. */
static int put_sharegpt(struct hyt_buf *b, struct hyt_rec *rec,
                        const char *field, const struct hyt_json *list,
                        size_t *count, struct hyt_err *err)
{
    const char *system;
    size_t i = 0, n;
    int got = count ? hyt_rec_str(rec, "system", &system, &n, err) : 0;

    if (got < 0)
        return -1;
    if (got == 1 && n > 0) {
        put_message(b, "system", system, n);
        hyt_buf_putc(b, ',');
        ++*count;
    }
    for (const struct hyt_json *v = hyt_json_child(list); v;
         v = hyt_json_next(v), i++) {
        const char *from = str_member(v, "from"),
                   *value = str_member(v, "value"),
                   *role = from ? role_of(from) : NULL;

        if (role == NULL || value == NULL)
            return hyt_rec_fail(rec, field, err,
                                "message %zu of \"%s\" has no known \"from\" "
                                "and a string \"value\"",
                                i + 1, field);
        if (i > 0)
            hyt_buf_putc(b, ',');
        put_message(b, role, value, strlen(value));
    }
    return 0;
}

/* The inside of the list in `field`, and, of a prompt, how many messages it
 * has with a "system". */
static int put_list(struct hyt_buf *b, struct hyt_rec *rec, const char *field,
                    const struct hyt_json *list, size_t *count,
                    struct hyt_err *err)
{
    const char *s;
    size_t n;

    if (count != NULL)
        *count = hyt_json_count(list);
    if (hyt_json_child(list) == NULL)
        return hyt_rec_fail(rec, field, err, "\"%s\" has no messages", field);
    if (hyt_json_get(hyt_json_child(list), "from") != NULL)
        return put_sharegpt(b, rec, field, list, count, err);
    for (const struct hyt_json *v = hyt_json_child(list); v;
         v = hyt_json_next(v))
        if (str_member(v, "role") == NULL)
            return hyt_rec_fail(rec, field, err,
                                "a message of \"%s\" has no \"role\"", field);
    if (hyt_rec_raw(rec, field, &s, &n, err) < 0)
        return -1;
    hyt_buf_put(b, s + 1, n - 2);
    return 0;
}

/* Ready-made steps are what the assistant says. */
static int put_steps(struct hyt_buf *b, struct hyt_rec *rec, bool *given,
                     struct hyt_err *err)
{
    struct hyt_buf steps = {0};
    int got = hyt_stepwise_read(rec, &steps, err);

    *given = got == 1;
    if (*given) {
        hyt_buf_putc(b, ',');
        put_message(b, "assistant", steps.s, steps.n);
    }
    hyt_buf_free(&steps);
    return got < 0 ? -1 : 0;
}

/* What follows the prompt; *given: whether the record has it in a field. */
static int put_completion(struct hyt_buf *b, struct hyt_rec *rec,
                          const char *field, bool *given, struct hyt_err *err)
{
    const struct hyt_json *v;
    int got = hyt_rec_get(rec, field, &v, err);

    *given = got == 1 && hyt_json_type(v) != HYT_JSON_NULL;
    if (got < 0 || !*given)
        return got < 0 ? -1 : put_steps(b, rec, given, err);
    hyt_buf_putc(b, ',');
    if (hyt_json_type(v) == HYT_JSON_ARRAY)
        return put_list(b, rec, field, v, NULL, err);
    if (hyt_json_type(v) != HYT_JSON_STR)
        return hyt_rec_fail(rec, field, err,
                            "\"%s\" is %s, expected a string or a list of "
                            "messages",
                            field, hyt_json_type_name(v));
    put_message(b, "assistant", hyt_json_str(v), strlen(hyt_json_str(v)));
    return 0;
}

static bool ends_with_assistant(const struct hyt_json *list, size_t n)
{
    const struct hyt_json *v = hyt_json_child(list);

    while (--n > 0)
        v = hyt_json_next(v);
    return strcmp(str_member(v, "role"), "assistant") == 0;
}

static const char white[] = " \t\r\n";

/* Whether the two say the same, but for white space around it. */
static bool same_words(const char *a, const char *b)
{
    size_t n, k;

    a += strspn(a, white);
    b += strspn(b, white);
    for (n = strlen(a); n > 0 && strchr(white, a[n - 1]) != NULL;)
        n--;
    for (k = strlen(b); k > 0 && strchr(white, b[k - 1]) != NULL;)
        k--;
    return n == k && memcmp(a, b, n) == 0;
}

/* Whether the completion says again what the messages end with, as it does once
 * hyt-rollout has written it. */
static bool is_repeated(const struct hyt_messages *m)
{
    const struct hyt_json *v = hyt_json_child(m->list);
    const char *a, *b;

    if (m->n != m->n_prompt + 1)
        return false;
    for (size_t i = 1; i < m->n_prompt; i++)
        v = hyt_json_next(v);
    a = str_member(v, "content");
    b = str_member(hyt_json_next(v), "content");
    return a != NULL && b != NULL && same_words(a, b);
}

int hyt_messages_read(struct hyt_messages *m, struct hyt_rec *rec,
                      const char *field, const char *completion_field,
                      struct hyt_err *err)
{
    const struct hyt_json *v;
    struct hyt_buf b = {0};
    bool given = false, last;
    int status = hyt_rec_get(rec, field, &v, err) < 0 ? -1 : 0;

    memset(m, 0, sizeof(*m));
    hyt_buf_putc(&b, '[');
    if (status == 0)
        status = put_list(&b, rec, field, v, &m->n_prompt, err);
    if (status == 0)
        status = put_completion(&b, rec, completion_field, &given, err);
    hyt_buf_putc(&b, ']');
    if (status == 0 && (m->list = hyt_json_parse(b.s, b.n, 0, err)) == NULL)
        status = hyt_rec_fail(rec, field, err, "%s", err->msg);
    hyt_buf_free(&b);
    if (status < 0)
        return -1;
    m->n = hyt_json_count(m->list);
    last = ends_with_assistant(m->list, m->n_prompt);
    if (last && given && is_repeated(m)) {
        m->n--;
        given = false;
    }
    if (last && (given || m->n_prompt == 1)) {
        hyt_messages_free(m);
        return hyt_rec_fail(rec, field, err,
                            given ? "the assistant has the last word in "
                                    "\"%s\", and there is a completion"
                                  : "\"%s\" is an answer without a question",
                            field);
    }
    m->n_prompt -= last;
    return 0;
}

void hyt_messages_free(struct hyt_messages *m)
{
    hyt_json_free(m->list);
    memset(m, 0, sizeof(*m));
}

/* --- ready-made steps ----------------------------------------------------- */

/* *steps becomes the list: 1, 0, -1. */
static int find_steps(struct hyt_rec *rec, const struct hyt_json **steps,
                      struct hyt_err *err)
{
    const struct hyt_json *labels, *v;
    size_t i;
    int got = hyt_rec_get(rec, "completions", steps, err);

    if (got == 1)
        got = hyt_rec_get(rec, "labels", &labels, err);
    /* hyt-split --stepwise writes null where nothing was measured, of a text
     * that it can cut again. */
    if (got == 1 && hyt_json_type(labels) == HYT_JSON_NULL) {
        const int there = hyt_rec_get(rec, "completion", &v, err);

        if (there != 0)
            return there < 0 ? -1 : 0;
    }
    if (got != 1 || hyt_json_type(*steps) != HYT_JSON_ARRAY ||
        (hyt_json_type(labels) != HYT_JSON_ARRAY &&
         hyt_json_type(labels) != HYT_JSON_NULL))
        return got < 0 ? -1 : 0;
    if (hyt_json_type(labels) == HYT_JSON_ARRAY &&
        hyt_json_count(*steps) != hyt_json_count(labels))
        return hyt_rec_fail(rec, "labels", err,
                            "%zu labels for %zu steps in \"completions\"",
                            hyt_json_count(labels), hyt_json_count(*steps));
    for (v = hyt_json_child(*steps), i = 1; v; v = hyt_json_next(v), i++) {
        if (hyt_json_type(v) != HYT_JSON_STR)
            return hyt_rec_fail(rec, "completions", err,
                                "\"completions\" holds %s, expected strings",
                                hyt_json_type_name(v));
        if (hyt_json_str(v)[strspn(hyt_json_str(v), white)] == '\0')
            return hyt_rec_fail(rec, "completions", err,
                                "step %zu of \"completions\" is empty", i);
    }
    return 1;
}

int hyt_stepwise_read(struct hyt_rec *rec, struct hyt_buf *text,
                      struct hyt_err *err)
{
    const struct hyt_json *v;
    int got = find_steps(rec, &v, err);

    hyt_buf_reserve(text, 0);
    for (v = got == 1 ? hyt_json_child(v) : NULL; v; v = hyt_json_next(v)) {
        hyt_buf_puts(text, hyt_json_str(v));
        if (hyt_json_next(v) != NULL)
            hyt_buf_putc(text, '\n');
    }
    return got;
}

int hyt_stepwise_cut(struct hyt_rec *rec, const char *s, size_t n,
                     struct hyt_ends *ends, struct hyt_err *err)
{
    const struct hyt_json *v;
    size_t at = 0;
    int got = find_steps(rec, &v, err);

    for (v = got == 1 ? hyt_json_child(v) : NULL; v; v = hyt_json_next(v)) {
        const char *step = hyt_json_str(v) + strspn(hyt_json_str(v), white);
        size_t len = strlen(step);

        while (len > 0 && strchr(white, step[len - 1]) != NULL)
            len--;
        while (at < n && strchr(white, s[at]) != NULL)
            at++;
        if (len == 0 || n - at < len || memcmp(s + at, step, len) != 0)
            return hyt_rec_fail(rec, "completions", err,
                                "step %zu of \"completions\" is not where it "
                                "should be in the completion",
                                ends->n + 1);
        if (ends->n > 0)
            ends->end[ends->n - 1] = at;
        ends->end =
            hyt_grow(ends->end, &ends->cap, ends->n + 1, sizeof(*ends->end));
        ends->end[ends->n++] = n;
        at += len;
    }
    return got;
}
