/* SPDX-License-Identifier: MIT */
/* norm.c - normalizers: what is done to text before anything else */
#include <stdlib.h>
#include <string.h>

#include "text/chars.h"
#include "text/field.h"
#include "text/norm.h"

static struct hyt_norm_step *add_step(struct hyt_norm *norm)
{
    struct hyt_norm_step *step;

    norm->step =
        hyt_grow(norm->step, &norm->cap, norm->n + 1, sizeof(*norm->step));
    step = &norm->step[norm->n++];
    memset(step, 0, sizeof(*step));
    return step;
}

static int load_content(char **content, const struct hyt_json *part,
                        const char *name, struct hyt_err *err)
{
    const char *s = NULL;

    if (hyt_field_str(part, "normalizer", name, &s, err) < 0)
        return -1;
    if (!s)
        return hyt_fail(err, "normalizer: \"%s\" is missing", name);
    *content = hyt_strndup(s, strlen(s));
    return 0;
}

static int load_sequence(struct hyt_norm *norm, const struct hyt_json *part,
                         struct hyt_err *err)
{
    const struct hyt_json *parts = NULL;

    if (hyt_field_array(part, "normalizer", "normalizers", &parts, err) < 0)
        return -1;
    for (part = parts ? hyt_json_child(parts) : NULL; part;
         part = hyt_json_next(part))
        if (hyt_norm_load(norm, part, err) < 0)
            return -1;
    return 0;
}

static int load_strip(struct hyt_norm_step *step, const struct hyt_json *part,
                      struct hyt_err *err)
{
    if (hyt_field_bool(part, "normalizer", "strip_left", true, &step->left,
                       err) < 0)
        return -1;
    return hyt_field_bool(part, "normalizer", "strip_right", true, &step->right,
                          err);
}

static int load_precompiled(struct hyt_norm_step *step,
                            const struct hyt_json *part, struct hyt_err *err)
{
    const char *base64 = NULL;

    if (hyt_field_str(part, "normalizer", "precompiled_charsmap", &base64,
                      err) < 0)
        return -1;
    if (!base64)
        return hyt_fail(err, "normalizer: no \"precompiled_charsmap\"");
    return hyt_charsmap_load(&step->map, base64, err) < 0
               ? hyt_fail_prefix(err, "normalizer: ")
               : 0;
}

static int load_replace(struct hyt_norm_step *step, const struct hyt_json *part,
                        struct hyt_err *err)
{
    if (hyt_pattern_load(&step->pattern, part, "normalizer", err) < 0)
        return -1;
    return load_content(&step->content, part, "content", err);
}

int hyt_norm_load(struct hyt_norm *norm, const struct hyt_json *part,
                  struct hyt_err *err)
{
    static const char *const forms[] = {[HYT_NFC] = "NFC",
                                        [HYT_NFD] = "NFD",
                                        [HYT_NFKC] = "NFKC",
                                        [HYT_NFKD] = "NFKD"};
    const char *type = hyt_field_type(part, "normalizer", err);
    struct hyt_norm_step *step;

    if (!type)
        return -1;
    if (strcmp(type, "Sequence") == 0)
        return load_sequence(norm, part, err);
    step = add_step(norm);
    for (size_t i = 0; i < HYT_LEN(forms); i++)
        if (strcmp(type, forms[i]) == 0) {
            step->kind = HYT_NORM_UNICODE;
            step->form = (enum hyt_form)i;
            return 0;
        }
    if (strcmp(type, "Lowercase") == 0) {
        step->kind = HYT_NORM_LOWERCASE;
        return 0;
    }
    if (strcmp(type, "Precompiled") == 0) {
        step->kind = HYT_NORM_PRECOMPILED;
        return load_precompiled(step, part, err);
    }
    if (strcmp(type, "Strip") == 0) {
        step->kind = HYT_NORM_STRIP;
        return load_strip(step, part, err);
    }
    if (strcmp(type, "Prepend") == 0) {
        step->kind = HYT_NORM_PREPEND;
        return load_content(&step->content, part, "prepend", err);
    }
    if (strcmp(type, "Replace") == 0) {
        step->kind = HYT_NORM_REPLACE;
        return load_replace(step, part, err);
    }
    return hyt_fail(err,
                    "normalizer type \"%s\" is not supported; NFC, NFD, NFKC, "
                    "NFKD, Precompiled, Lowercase, Strip, Prepend, Replace and "
                    "Sequence are",
                    type);
}

void hyt_norm_free(struct hyt_norm *norm)
{
    for (size_t i = 0; i < norm->n; i++) {
        hyt_charsmap_free(&norm->step[i].map);
        hyt_pattern_free(&norm->step[i].pattern);
        free(norm->step[i].content);
    }
    free(norm->step);
}

static int apply_step(const struct hyt_norm_step *step,
                      const struct hyt_buf *in, struct hyt_buf *out,
                      struct hyt_err *err)
{
    size_t begin, end;

    switch (step->kind) {
    case HYT_NORM_UNICODE:
        return hyt_put_normal(out, step->form, in->s, in->n, err);
    case HYT_NORM_PRECOMPILED:
        hyt_charsmap_put(&step->map, out, in->s, in->n);
        return 0;
    case HYT_NORM_LOWERCASE:
        hyt_put_lower(out, in->s, in->n);
        return 0;
    case HYT_NORM_STRIP:
        begin = step->left ? hyt_skip_space(in->s, in->n) : 0;
        end = step->right ? hyt_trim_end(in->s, in->n) : in->n;
        hyt_buf_put(out, in->s + begin, end > begin ? end - begin : 0);
        return 0;
    case HYT_NORM_PREPEND:
        hyt_buf_puts(out, step->content);
        hyt_buf_put(out, in->s, in->n);
        return 0;
    case HYT_NORM_REPLACE:
        return hyt_pattern_replace(&step->pattern, step->content, in->s, in->n,
                                   out, err);
    }
    HYT_BUG("unknown normalizer");
}

int hyt_norm_apply(const struct hyt_norm *norm, bool prefix,
                   struct hyt_buf *text, struct hyt_buf *spare,
                   struct hyt_err *err)
{
    for (size_t i = 0; i < norm->n; i++) {
        const struct hyt_norm_step *step = &norm->step[i];
        struct hyt_buf was;

        if (text->n == 0)
            return 0;
        if (step->kind == HYT_NORM_PREPEND && !prefix)
            continue;
        hyt_buf_reset(spare);
        if (apply_step(step, text, spare, err) < 0)
            return -1;
        was = *text;
        *text = *spare;
        *spare = was;
    }
    return 0;
}
