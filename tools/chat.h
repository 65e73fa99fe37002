/* SPDX-License-Identifier: MIT */
/*
 * chat.h - a model's chat template: found, and applied to messages
 */
#ifndef HYT_CHAT_H
#define HYT_CHAT_H

#include "hyt/jinja.h"
#include "hyt/text.h"

struct hyt_chat {
    struct hyt_chat_template {
        struct hyt_jinja *parsed; /* NULL: there is none */
        struct hyt_err wrong;     /* with it, if anything is */
        char *name;               /* where it is from; NULL: there is none */
    } own, tool_use;              /* tool_use: where a record has tools */
    struct hyt_json *config;      /* tokenizer_config.json, or NULL */
    struct hyt_json *null;        /* the JSON value */
    const char *date;             /* for strftime_now, or NULL */
};

#define HYT_CHAT_SPECS "auto|auto:NAME|raw|FILE"

/*
 * By the word of --template: the model's own template (of that name, where it
 * has several; else "tool_use" for records with tools, and "default"), the
 * contents of the messages one after the other, or a file.
 * With auto and no template in dir, or one that is not understood, applying it
 * is an error.
 */
int hyt_chat_open(struct hyt_chat *c, const char *dir, const char *spec,
                  const char *date, struct hyt_err *err) HYT_MUST_USE;
void hyt_chat_close(struct hyt_chat *c);

bool hyt_chat_is_date(const char *s); /* YYYY-MM-DD */

/* Appends the first `most` messages as the template prints them; `open`: and
 * what opens the model's own turn.  tools may be NULL. */
int hyt_chat_render(const struct hyt_chat *c, const struct hyt_json *messages,
                    size_t most, bool open, const struct hyt_json *tools,
                    struct hyt_jinja_text *out,
                    struct hyt_err *err) HYT_MUST_USE;

/* The model's "eos_token", NULL where tokenizer_config.json has none. */
const char *hyt_chat_token(const struct hyt_chat *c, const char *name);

#endif
