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

static const char raw[] = "{% for message in messages %}"
                          "{{ message.content }}"
                          "{% endfor %}";

/* What is wrong with it is kept: it matters where the template is needed. */
static void take(struct hyt_chat *c, const char *name, const char *source,
                 size_t n)
{
    c->name = name;
    c->template = hyt_jinja_parse(source, n, &c->wrong);
    if (c->template == NULL)
        hyt_fail_prefix(&c->wrong, "%s:", name);
}

static int take_file(struct hyt_chat *c, const char *path, struct hyt_err *err)
{
    struct hyt_buf source = {0};
    int status = hyt_file_read(path, MAX_FILE, &source, err);

    hyt_buf_reserve(&source, 0);
    if (status == 0)
        take(c, path, source.s, source.n);
    hyt_buf_free(&source);
    return status;
}

/* A file of the model, where it is there. */
static int try_file(struct hyt_chat *c, const char *dir, const char *folder,
                    const char *name, struct hyt_err *err)
{
    struct hyt_buf source = {0}, file = {0};
    int status;

    hyt_buf_printf(&file, "%s%s.jinja", folder, name);
    status = hyt_tokjob_file(&source, dir, file.s, err);
    if (status > 0)
        take(c, "chat_template.jinja", source.s, source.n);
    hyt_buf_free(&source);
    hyt_buf_free(&file);
    return status < 0 ? -1 : 0;
}

/* "chat_template" of tokenizer_config.json: a string, or a list of {"name",
 * "template"}, of which "default" has no other name. */
static void try_config(struct hyt_chat *c, const char *wanted)
{
    const struct hyt_json *v = hyt_json_get(c->config, "chat_template"), *name;

    if (v != NULL && hyt_json_type(v) == HYT_JSON_ARRAY) {
        for (v = hyt_json_child(v); v != NULL; v = hyt_json_next(v)) {
            name = hyt_json_get(v, "name");
            if (name != NULL && hyt_json_type(name) == HYT_JSON_STR &&
                strcmp(hyt_json_str(name), wanted) == 0)
                break;
        }
        v = hyt_json_get(v, "template");
    } else if (strcmp(wanted, "default") != 0) {
        return;
    }
    if (v != NULL && hyt_json_type(v) == HYT_JSON_STR)
        take(c, "chat_template", hyt_json_str(v), strlen(hyt_json_str(v)));
}

static int read_config(struct hyt_chat *c, const char *dir, struct hyt_err *err)
{
    static const char name[] = "tokenizer_config.json";
    struct hyt_buf text = {0};
    int status = hyt_tokjob_file(&text, dir, name, err);

    if (status > 0) {
        c->config = hyt_json_parse(text.s, text.n, 0, err);
        status = c->config ? 0 : hyt_fail_prefix(err, "%s/%s:1:", dir, name);
    }
    hyt_buf_free(&text);
    return status;
}

/* A template in a file of its own wins. */
static int find(struct hyt_chat *c, const char *dir, const char *name,
                struct hyt_err *err)
{
    const bool named = strcmp(name, "default") != 0;
    int status;

    if (strchr(name, '/') != NULL) /* it would lead out of the directory */
        return hyt_fail(err, "--template: \"%s\" is no name", name);
    status = named ? try_file(c, dir, "additional_chat_templates/", name, err)
                   : try_file(c, dir, "", "chat_template", err);
    if (status == 0 && c->name == NULL)
        try_config(c, name);
    if (status == 0 && c->name == NULL && named)
        status = hyt_fail(err, "%s: no chat template \"%s\"", dir, name);
    return status;
}

static bool is_date(const char *s)
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
    if (date != NULL && !is_date(date))
        return hyt_fail(err, "--date: \"%s\" is not YYYY-MM-DD", date);
    c->null = hyt_json_parse("null", 4, 0, err);
    if (c->null == NULL || read_config(c, dir, err) < 0)
        status = -1;
    else if (strcmp(spec, "raw") == 0)
        take(c, "raw", raw, sizeof(raw) - 1);
    else if (strcmp(spec, "auto") == 0)
        status = find(c, dir, "default", err);
    else if (strncmp(spec, "auto:", 5) == 0)
        status = find(c, dir, spec + 5, err);
    else
        status = take_file(c, spec, err);
    /* Nobody has asked for the model's own template so far. */
    if (status == 0 && c->wrong.msg[0] && strcmp(spec, "auto") != 0)
        status = hyt_fail(err, "%s", c->wrong.msg);
    if (status < 0)
        hyt_chat_close(c);
    return status;
}

void hyt_chat_close(struct hyt_chat *c)
{
    hyt_jinja_free(c->template);
    hyt_json_free(c->config);
    hyt_json_free(c->null);
    memset(c, 0, sizeof(*c));
}

const char *hyt_chat_token(const struct hyt_chat *c, const char *name)
{
    const struct hyt_json *v = hyt_json_get(c->config, name);

    if (v != NULL && hyt_json_type(v) == HYT_JSON_OBJECT)
        v = hyt_json_get(v, "content");
    return v != NULL && hyt_json_type(v) == HYT_JSON_STR ? hyt_json_str(v)
                                                         : NULL;
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
    size_t n = 4;

    if (c->wrong.msg[0])
        return hyt_fail(err, "%s", c->wrong.msg);
    if (c->template == NULL)
        return hyt_fail(err, "a list of messages needs a chat template, and "
                             "the model has none (--template)");
    for (size_t i = 0; i < HYT_LEN(token); i++)
        if (hyt_chat_token(c, token[i]) != NULL)
            var[n++] = (struct hyt_jinja_var){
                .name = token[i], .text = hyt_chat_token(c, token[i])};
    if (hyt_jinja_render(c->template, var, n, c->date, out, err) < 0)
        return hyt_fail_prefix(err, "%s:", c->name);
    return 0;
}
