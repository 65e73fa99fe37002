/* SPDX-License-Identifier: MIT */
/* jinja_help.h - fixtures of chat templates, and rendering in one call */
#ifndef JINJA_HELP_H
#define JINJA_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyt/jinja.h"

static inline bool read_file(struct hyt_buf *b, const char *folder,
                             const char *name)
{
    char path[512], part[4096];
    size_t n;
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "rb");
    if (!f)
        return false;
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        hyt_buf_put(b, part, n);
    fclose(f);
    return true;
}

static inline void fixture(struct hyt_buf *b, const char *name)
{
    const char *root = getenv("HYT_FIXTURES");
    char folder[400];

    snprintf(folder, sizeof folder, "%s/jinja", root ? root : "tests/fixtures");
    if (!read_file(b, folder, name))
        fail_msg("cannot open %s/%s", folder, name);
}

static inline struct hyt_json *parse(const char *s, size_t n)
{
    struct hyt_err err;
    struct hyt_json *v = hyt_json_parse(s, n, 0, &err);

    if (!v)
        fail_msg("%s", err.msg);
    return v;
}

static inline const char *str(const struct hyt_json *v, const char *name)
{
    v = hyt_json_get(v, name);
    return v ? hyt_json_str(v) : NULL;
}

/* "" and the text, or a message. */
static inline void render(struct hyt_jinja_text *out, struct hyt_err *err,
                          const char *source, const struct hyt_jinja_var *var,
                          size_t n, const char *date)
{
    struct hyt_jinja *t =
        hyt_jinja_parse(source, source ? strlen(source) : 0, err);

    if (t && hyt_jinja_render(t, var, n, date, out, err) == 0)
        err->msg[0] = '\0';
    hyt_jinja_free(t);
    hyt_buf_reserve(&out->s, 0);
    assert_int_equal(out->s.n, out->mark.n);
}

static inline const char *once(const char *source,
                               const struct hyt_jinja_var *var, size_t n)
{
    static char text[1 << 16];
    struct hyt_jinja_text out = {0};
    struct hyt_err err;

    render(&out, &err, source, var, n, NULL);
    snprintf(text, sizeof text, "%s%s", err.msg[0] ? "error " : out.s.s,
             err.msg);
    hyt_jinja_text_free(&out);
    return text;
}

/* Members of an object as variables; messages are a user's. */
static inline size_t variables(struct hyt_jinja_var *var,
                               const struct hyt_json *from)
{
    size_t n = 0;

    for (const struct hyt_json *v = hyt_json_child(from); v;
         v = hyt_json_next(v)) {
        var[n] = (struct hyt_jinja_var){.name = hyt_json_key(v), .json = v};
        var[n].user = strcmp(var[n].name, "messages") == 0;
        n++;
    }
    return n;
}

#endif
