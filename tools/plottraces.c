/* SPDX-License-Identifier: MIT */
/*
 * plottraces.c - records as one HTML page to read, sort and filter
 *
 * The page is plot.html, whose lines the Makefile turns into an array.  The
 * records go into it as JSON, with every "<" escaped, so that no text of theirs
 * can end the script element they stand in; the page shows them as text nodes
 * only, and its policy lets nothing run and nothing load but its own.
 */
#include <math.h>
#include <string.h>

#include "hyt/json.h"
#include "plot.h"

/* The lines of plot.html; NULL ends them. */
extern const char *const hyt_plot_page[];

/* Numbers to show and to sort by. */
static const char *const columns[] = {
    "prg.score",         "prg.tau",        "prg.gain",       "prg.direct",
    "prg.mean",          "prg.premature",  "prg.monotone",   "prg.watermark",
    "prg.rank",          "prg.slope",      "prg.discounted", "certainty.self",
    "certainty.entropy", "certainty.logp", "weight.reward",  "weight.advantage",
    "weight.trust",      "weight.lambda",  "weight.w",       "weight.norm",
    "weight.coef",
};

/* --- one record ----------------------------------------------------------- */

static void put_name(struct hyt_buf *b, const char *name)
{
    hyt_buf_printf(b, "%s\"%s\":", b->s[b->n - 1] == '{' ? "" : ",", name);
}

/* A member of the record that is text or a number; absent ones are left out. */
static int put_text(struct hyt_buf *b, const char *name, struct hyt_rec *rec,
                    const char *path, struct hyt_err *err)
{
    const struct hyt_json *v;
    const char *s;
    size_t n;
    int got = hyt_rec_get(rec, path, &v, err);

    if (got <= 0 || hyt_json_type(v) == HYT_JSON_NULL)
        return got < 0 ? -1 : 0;
    put_name(b, name);
    if (hyt_json_type(v) == HYT_JSON_STR) {
        s = hyt_json_str(v);
        hyt_json_put_str(b, s, strlen(s));
        return 0;
    }
    if (hyt_rec_raw(rec, path, &s, &n, err) < 0)
        return -1;
    hyt_json_put_str(b, s, n);
    return 0;
}

static const char *member(const struct hyt_json *v, const char *name,
                          const char *other)
{
    const struct hyt_json *s = hyt_json_get(v, name);

    if (s == NULL)
        s = hyt_json_get(v, other);
    return s && hyt_json_type(s) == HYT_JSON_STR ? hyt_json_str(s) : NULL;
}

/* Messages as one reads them, but for the answer that they may end with; false
 * where they are not all texts. */
static bool join_messages(struct hyt_buf *text, const struct hyt_json *list)
{
    const struct hyt_json *v = hyt_json_child(list);
    const bool several = v && hyt_json_next(v);

    for (; v != NULL; v = hyt_json_next(v)) {
        const char *role = member(v, "role", "from"),
                   *content = member(v, "content", "value");
        const bool last = hyt_json_next(v) == NULL;

        if (role == NULL || content == NULL)
            return false;
        if (several && last &&
            (strcmp(role, "assistant") == 0 || strcmp(role, "gpt") == 0))
            break;
        hyt_buf_puts(text, text->n > 0 ? "\n\n" : "");
        if (several)
            hyt_buf_printf(text, "%s: ", role);
        hyt_buf_puts(text, content);
    }
    return true;
}

static int put_question(struct hyt_buf *b, struct hyt_rec *rec,
                        const char *field, struct hyt_err *err)
{
    const struct hyt_json *v;
    struct hyt_buf text = {0};
    int got = hyt_rec_get(rec, field, &v, err);
    bool joined = got == 1 && hyt_json_type(v) == HYT_JSON_ARRAY &&
                  join_messages(&text, v) && text.n > 0;

    if (joined) {
        put_name(b, "prompt");
        hyt_json_put_str(b, text.s, text.n);
    }
    hyt_buf_free(&text);
    return joined ? 0 : put_text(b, "prompt", rec, field, err);
}

/* The field of the question, as hyt-rollout finds it; 0 where there is none. */
static int find_question(struct hyt_rec *rec, const struct hyt_plot *p,
                         const char **field, struct hyt_err *err)
{
    static const char *const known[] = {"prompt", "messages", "conversations"};
    const struct hyt_json *v;
    int got = 0;

    *field = p->prompt_field;
    if (*field != NULL)
        return hyt_rec_get(rec, *field, &v, err);
    for (size_t i = 0; i < HYT_LEN(known) && got == 0; i++)
        got = hyt_rec_get(rec, *field = known[i], &v, err);
    if (got == 0)
        *field = known[0];
    return got;
}

/* Up to a character's start. */
static size_t char_start(const char *s, size_t n, size_t at)
{
    while (at < n && hyt_utf8_goes_on(s[at]))
        at++;
    return at;
}

struct cutter {
    struct hyt_buf *b;
    const char *s; /* the completion, n bytes, of which `done` are written */
    size_t n, done;
};

/* ["text", kind]: a step's number from 1; 0 between steps; -1 the answer. */
static void put_piece(struct cutter *c, size_t end, int kind)
{
    end = char_start(c->s, c->n, end < c->n ? end : c->n);
    if (end <= c->done)
        return;
    hyt_buf_puts(c->b, c->b->s[c->b->n - 1] == '[' ? "[" : ",[");
    hyt_json_put_str(c->b, c->s + c->done, end - c->done);
    hyt_buf_printf(c->b, ",%d]", kind);
    c->done = end;
}

static void put_span(struct cutter *c, const struct hyt_span *span, int kind)
{
    put_piece(c, span->begin, 0);
    put_piece(c, span->end, kind);
}

/* The completion, cut into steps and the answer. */
static int put_parts(struct hyt_buf *b, struct hyt_rec *rec,
                     struct hyt_err *err)
{
    struct cutter c = {.b = b};
    struct hyt_steps steps = {0};
    struct hyt_final final = {0};
    int got = hyt_rec_str(rec, "completion", &c.s, &c.n, err), answered;

    if (got <= 0)
        return got;
    if (hyt_rec_steps(rec, &steps, err) < 0 ||
        (answered = hyt_rec_final(rec, &final, err)) < 0)
        return -1;
    put_name(b, "parts");
    hyt_buf_putc(b, '[');
    for (size_t i = 0; i < steps.n; i++)
        put_span(&c, &steps.text[i], (int)i + 1);
    if (answered > 0)
        put_span(&c, &final.bytes, -1);
    put_piece(&c, c.n, 0);
    hyt_buf_putc(b, ']');
    if (answered > 0) {
        put_name(b, "final");
        hyt_json_put_str(b, final.text, final.n);
    }
    return 0;
}

static int put_numbers(struct hyt_buf *b, struct hyt_rec *rec,
                       struct hyt_err *err)
{
    const double *c;
    size_t n = 0;
    int got = hyt_rec_f64s(rec, "prg.support", &c, &n, err);

    if (got < 0)
        return -1;
    if (got > 0) {
        put_name(b, "support");
        for (size_t i = 0; i < n; i++) {
            hyt_buf_putc(b, i > 0 ? ',' : '[');
            hyt_json_put_f64(b, c[i]);
        }
        hyt_buf_puts(b, n > 0 ? "]" : "[]");
    }
    put_name(b, "numbers");
    for (size_t i = 0; i < HYT_LEN(columns); i++) {
        double x = NAN;

        if (hyt_rec_num(rec, columns[i], &x, err) < 0)
            return -1;
        hyt_buf_putc(b, i > 0 ? ',' : '[');
        hyt_json_put_f64_or_null(b, x);
    }
    hyt_buf_putc(b, ']');
    return 0;
}

static int put_record(struct hyt_buf *b, struct hyt_rec *rec, const char *id,
                      const struct hyt_plot *p, struct hyt_err *err)
{
    const char *field;
    enum hyt_verdict verdict;
    int got = find_question(rec, p, &field, err);

    if (got == 0)
        return hyt_rec_fail(rec, NULL, err,
                            "no \"%s\": --prompt-field names the question",
                            field);
    if (got < 0 || hyt_read_verdict(&verdict, rec, err) < 0)
        return -1;
    hyt_buf_putc(b, '{');
    put_name(b, "id");
    hyt_json_put_str(b, id, strlen(id));
    if (verdict != HYT_UNGRADED) {
        put_name(b, "right");
        hyt_buf_puts(b, verdict == HYT_RIGHT ? "true" : "false");
    }
    if (put_question(b, rec, field, err) < 0 ||
        put_text(b, "sample", rec, "sample", err) < 0 ||
        put_text(b, "kind", rec, "kind", err) < 0 ||
        put_text(b, "gold", rec, "gold", err) < 0 ||
        put_text(b, "finish", rec, "finish", err) < 0 ||
        put_parts(b, rec, err) < 0 || put_numbers(b, rec, err) < 0)
        return -1;
    hyt_buf_putc(b, '}');
    return 1;
}

/* One more record for the page; 0 where it is not among those wanted. */
static int add(struct hyt_buf *b, struct hyt_chosen *chosen,
               struct hyt_rec *rec, const struct hyt_plot *p)
{
    struct hyt_err *err = &p->m->err;
    size_t was = b->n;
    const char *id;
    int got = hyt_chosen_has(chosen, rec, &id, err);

    if (got <= 0)
        return got;
    hyt_buf_puts(b, b->s[b->n - 1] == '[' ? "\n" : ",\n");
    got = put_record(b, rec, id, p, err);
    if (got < 0)
        b->n = was;
    return got;
}

/* --- the page ------------------------------------------------------------- */

static void put_escaped(struct hyt_buf *b, const char *s, const char *less)
{
    for (; *s != '\0'; s++) {
        if (*s == '<')
            hyt_buf_puts(b, less);
        else
            hyt_buf_putc(b, *s);
    }
}

/* The text that stands for {{name}} in plot.html. */
struct hole {
    const char *name;
    const char *text;
};

static void put_line(struct hyt_buf *b, const char *line,
                     const struct hole *hole, size_t n)
{
    const char *at;

    for (; (at = strstr(line, "{{")) != NULL; line = strstr(at, "}}") + 2) {
        size_t i = 0;

        while (i < n &&
               strncmp(at + 2, hole[i].name, strlen(hole[i].name)) != 0)
            i++;
        if (i == n || strstr(at, "}}") == NULL)
            HYT_BUG("plot.html has a hole without a name");
        hyt_buf_put(b, line, (size_t)(at - line));
        hyt_buf_puts(b, hole[i].text);
    }
    hyt_buf_puts(b, line);
}

/* The nonce, which the page's own scripts bear, is a hash of the data: no data
 * can hold its own. */
static void put_page(struct hyt_buf *b, const struct hyt_buf *data,
                     const char *title)
{
    struct hyt_buf json = {0}, name = {0};
    char nonce[17];

    hyt_hex64(nonce, hyt_hash64(data->s, data->n, 0));
    put_escaped(&json, data->s, "\\u003c");
    for (const char *s = title; *s != '\0'; s++) {
        if (*s == '&')
            hyt_buf_puts(&name, "&amp;");
        else if (*s == '<')
            hyt_buf_puts(&name, "&lt;");
        else
            hyt_buf_putc(&name, *s);
    }
    {
        const struct hole hole[] = {
            {"data", json.s}, {"nonce", nonce}, {"title", name.s}};

        for (const char *const *l = hyt_plot_page; *l != NULL; l++)
            put_line(b, *l, hole, HYT_LEN(hole));
    }
    hyt_buf_free(&json);
    hyt_buf_free(&name);
}

int hyt_plot_traces(const struct hyt_plot *p, struct hyt_err *err)
{
    struct hyt_buf data = {0}, page = {0};
    struct hyt_chosen chosen;
    struct hyt_rec *rec;
    size_t n = 0;
    int got, kept;

    hyt_buf_puts(&data, "{\"columns\":[");
    for (size_t i = 0; i < HYT_LEN(columns); i++)
        hyt_buf_printf(&data, "%s\"%s\"", i > 0 ? "," : "", columns[i]);
    hyt_buf_puts(&data, "],\n\"records\":[");
    hyt_chosen_open(&chosen, p);
    while ((got = hyt_main_next(p->m, &rec)) > 0) {
        kept = hyt_main_keep(p->m, add(&data, &chosen, rec, p));
        if (kept < 0) {
            got = -1;
            break;
        }
        n += (size_t)kept;
    }
    got = hyt_chosen_close(&chosen, got, err);
    if (got == 0 && n == 0)
        got = hyt_fail(err, "no records");
    hyt_buf_puts(&data, "\n]}");
    if (got == 0) {
        put_page(&page, &data, p->title ? p->title : "Traces");
        got = hyt_out_write(p->m->out, page.s, page.n, err);
    }
    hyt_buf_free(&data);
    hyt_buf_free(&page);
    return got;
}
