/* SPDX-License-Identifier: MIT */
/*
 * chat.c - a model's chat template: found, and applied to messages
 *
 * The variables are those of transformers: messages, tools, documents (none
 * here), add_generation_prompt and the names of the special tokens.
 */
#include "chat.h"

#include <stdlib.h>
#include <string.h>

#include "hyt/io.h"
#include "tokjob.h"

#define MAX_FILE ((size_t)64 << 20)

/* Texts, or lists of parts, one after the other. */
static const char raw[] =
    "{% for m in messages %}{% if m.content is string %}{{ m.content }}"
    "{% elif m.content %}{% for part in m.content %}{{ part.text }}{% endfor %}"
    "{% endif %}{% endfor %}";

/* What is wrong with it is kept: it matters where the template is needed. */
static void take(struct hyt_chat_template *t, const char *name,
                 const char *source, size_t n)
{
    t->name = hyt_strndup(name, strlen(name));
    t->parsed = hyt_jinja_parse(source, n, &t->wrong);
    if (t->parsed == NULL)
        hyt_fail_prefix(&t->wrong, "%s:", name);
}

static int take_file(struct hyt_chat_template *t, const char *path,
                     struct hyt_err *err)
{
    struct hyt_buf source = {0};
    int status = hyt_file_read(path, MAX_FILE, &source, err);

    hyt_buf_reserve(&source, 0);
    if (status == 0)
        take(t, path, source.s, source.n);
    hyt_buf_free(&source);
    return status;
}

/* A file of the model, where it is there. */
static int try_file(struct hyt_chat_template *t, const char *dir,
                    const char *folder, const char *name, struct hyt_err *err)
{
    struct hyt_buf source = {0}, file = {0};
    int status;

    hyt_buf_printf(&file, "%s%s.jinja", folder, name);
    status = hyt_tokjob_file(&source, dir, file.s, err);
    if (status > 0)
        take(t, file.s, source.s, source.n);
    hyt_buf_free(&source);
    hyt_buf_free(&file);
    return status < 0 ? -1 : 0;
}

static const char *str_of(const struct hyt_json *v)
{
    return v != NULL && hyt_json_type(v) == HYT_JSON_STR ? hyt_json_str(v)
                                                         : NULL;
}

/* "chat_template" of tokenizer_config.json: a string, or a list of {"name",
 * "template"}, of which "default" has no other name. */
static void try_config(struct hyt_chat_template *t,
                       const struct hyt_json *config, const char *wanted)
{
    const struct hyt_json *v = hyt_json_get(config, "chat_template");
    const char *name, *source;

    if (v != NULL && hyt_json_type(v) == HYT_JSON_ARRAY) {
        for (v = hyt_json_child(v); v != NULL; v = hyt_json_next(v)) {
            name = str_of(hyt_json_get(v, "name"));
            if (name != NULL && strcmp(name, wanted) == 0)
                break;
        }
        v = hyt_json_get(v, "template");
    } else if (strcmp(wanted, "default") != 0) {
        return;
    }
    source = str_of(v);
    if (source != NULL)
        take(t, "chat_template", source, strlen(source));
}

/* A template in a file of its own wins. */
static int find(struct hyt_chat_template *t, const struct hyt_json *config,
                const char *dir, const char *name, struct hyt_err *err)
{
    const bool named = strcmp(name, "default") != 0;
    int status;

    if (strchr(name, '/') != NULL) /* it would lead out of the directory */
        return hyt_fail(err, "--template: \"%s\" is no name", name);
    status = named ? try_file(t, dir, "additional_chat_templates/", name, err)
                   : try_file(t, dir, "", "chat_template", err);
    if (status == 0 && t->name == NULL)
        try_config(t, config, name);
    return status;
}

static int find_own(struct hyt_chat *c, const char *dir, struct hyt_err *err)
{
    const struct hyt_json *v = hyt_json_get(c->config, "chat_template");

    if (find(&c->own, c->config, dir, "default", err) < 0 ||
        find(&c->tool_use, c->config, dir, "tool_use", err) < 0)
        return -1;
    if (c->own.name == NULL && v != NULL && hyt_json_type(v) != HYT_JSON_NULL)
        hyt_fail(&c->own.wrong,
                 "chat_template of tokenizer_config.json: neither a string nor "
                 "a list with a template of name \"default\" "
                 "(--template auto:NAME)");
    return 0;
}

static int find_named(struct hyt_chat *c, const char *dir, const char *name,
                      struct hyt_err *err)
{
    if (find(&c->own, c->config, dir, name, err) < 0)
        return -1;
    if (c->own.name == NULL)
        return hyt_fail(err, "%s: no chat template \"%s\"", dir, name);
    return 0;
}

bool hyt_chat_is_date(const char *s)
{
    static const char form[] = "dddd-dd-dd";

    if (strlen(s) != sizeof(form) - 1)
        return false;
    for (size_t i = 0; s[i] != '\0'; i++)
        if (form[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != '-')
            return false;
    return memcmp(s + 5, "01", 2) >= 0 && memcmp(s + 5, "12", 2) <= 0 &&
           memcmp(s + 8, "01", 2) >= 0 && memcmp(s + 8, "31", 2) <= 0;
}

int hyt_chat_open(struct hyt_chat *c, const char *dir, const char *spec,
                  const char *date, struct hyt_err *err)
{
    int status = 0;

    memset(c, 0, sizeof(*c));
    c->date = date;
    c->null = hyt_json_parse("null", 4, 0, err);
    if (c->null == NULL ||
        hyt_tokjob_json(&c->config, dir, "tokenizer_config.json", err) < 0)
        status = -1;
    else if (strcmp(spec, "raw") == 0)
        take(&c->own, "raw", raw, sizeof(raw) - 1);
    else if (strcmp(spec, "auto") == 0)
        status = find_own(c, dir, err);
    else if (strncmp(spec, "auto:", 5) == 0)
        status = find_named(c, dir, spec + 5, err);
    else
        status = take_file(&c->own, spec, err);
    /* Nobody has asked for the model's own template so far. */
    if (status == 0 && c->own.wrong.msg[0] && strcmp(spec, "auto") != 0)
        status = hyt_fail(err, "%s", c->own.wrong.msg);
    if (status < 0)
        hyt_chat_close(c);
    return status;
}

void hyt_chat_close(struct hyt_chat *c)
{
    hyt_jinja_free(c->own.parsed);
    hyt_jinja_free(c->tool_use.parsed);
    free(c->own.name);
    free(c->tool_use.name);
    hyt_json_free(c->config);
    hyt_json_free(c->null);
    memset(c, 0, sizeof(*c));
}

const char *hyt_chat_token(const struct hyt_chat *c, const char *name)
{
    const struct hyt_json *v = hyt_json_get(c->config, name);

    if (v != NULL && hyt_json_type(v) == HYT_JSON_OBJECT)
        v = hyt_json_get(v, "content");
    return str_of(v);
}

int hyt_chat_render(const struct hyt_chat *c, const struct hyt_json *messages,
                    size_t most, bool open, const struct hyt_json *tools,
                    struct hyt_jinja_text *out, struct hyt_err *err)
{
    static const char *const token[] = {"bos_token", "eos_token", "unk_token",
                                        "pad_token", "sep_token", "cls_token",
                                        "mask_token"};
    struct hyt_jinja_var var[4 + HYT_LEN(token)] = {
        {.name = "messages", .json = messages, .most = most, .user = true},
        {.name = "tools", .json = tools ? tools : c->null, .user = true},
        {.name = "documents", .json = c->null},
        {.name = "add_generation_prompt", .truth = open}};
    const bool has_tools = tools && hyt_json_type(tools) != HYT_JSON_NULL;
    const struct hyt_chat_template *t =
        has_tools && c->tool_use.name ? &c->tool_use : &c->own;
    size_t n = 4;

    if (t->wrong.msg[0])
        return hyt_fail(err, "%s", t->wrong.msg);
    if (t->parsed == NULL)
        return hyt_fail(err, "a list of messages needs a chat template, and "
                             "the model has none (--template)");
    for (size_t i = 0; i < HYT_LEN(token); i++)
        if (hyt_chat_token(c, token[i]) != NULL)
            var[n++] = (struct hyt_jinja_var){
                .name = token[i], .text = hyt_chat_token(c, token[i])};
    if (hyt_jinja_render(t->parsed, var, n, c->date, out, err) == 0)
        return 0;
    if (c->date == NULL && strstr(err->msg, "\"strftime_now\"") != NULL)
        hyt_fail(err, "%s (--date)", err->msg);
    return hyt_fail_prefix(err, "%s:", t->name);
}
