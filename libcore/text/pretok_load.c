/* SPDX-License-Identifier: MIT */
/* pretok_load.c - the "pre_tokenizer" part of tokenizer.json */
#include <stdlib.h>
#include <string.h>

#include "text/chars.h"
#include "text/field.h"
#include "text/pretok.h"

#define WHAT "pre_tokenizer"

/* The expression of GPT-2's encoder.py. */
static const char gpt2[] = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+"
                           "| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

static struct hyt_pretok_step *add_step(struct hyt_pretok *pre,
                                        enum hyt_pretok_kind kind)
{
    struct hyt_pretok_step *step;

    pre->step = hyt_grow(pre->step, &pre->cap, pre->n + 1, sizeof(*pre->step));
    step = &pre->step[pre->n++];
    memset(step, 0, sizeof(*step));
    step->kind = kind;
    return step;
}

static int load_byte_level(struct hyt_pretok *pre, const struct hyt_json *part,
                           struct hyt_err *err)
{
    struct hyt_pretok_step *step;
    bool prefix, split;

    if (hyt_field_bool(part, WHAT, "add_prefix_space", true, &prefix, err) <
            0 ||
        hyt_field_bool(part, WHAT, "use_regex", true, &split, err) < 0)
        return -1;
    if (prefix) {
        step = add_step(pre, HYT_PRETOK_PREFIX);
        step->content = hyt_strndup(" ", 1);
    }
    if (split) {
        step = add_step(pre, HYT_PRETOK_SPLIT);
        step->how = HYT_SPLIT_ISOLATED;
        step->pattern.re = hyt_regex_new(gpt2, err);
        if (!step->pattern.re)
            return -1;
    }
    add_step(pre, HYT_PRETOK_BYTES);
    return 0;
}

/* "behavior", `how` where it is absent. */
static int load_behavior(struct hyt_pretok_step *step,
                         const struct hyt_json *part, const char *how,
                         struct hyt_err *err)
{
    static const char *const behavior[] = {
        [HYT_SPLIT_REMOVED] = "Removed",
        [HYT_SPLIT_ISOLATED] = "Isolated",
        [HYT_SPLIT_PREVIOUS] = "MergedWithPrevious",
        [HYT_SPLIT_NEXT] = "MergedWithNext",
        [HYT_SPLIT_CONTIGUOUS] = "Contiguous"};
    size_t i = 0;

    if (hyt_field_str(part, WHAT, "behavior", &how, err) < 0)
        return -1;
    while (i < HYT_LEN(behavior) && strcmp(behavior[i], how) != 0)
        i++;
    if (i == HYT_LEN(behavior))
        return hyt_fail(err, WHAT ": behavior \"%s\" is not supported", how);
    step->how = (enum hyt_split_how)i;
    return 0;
}

static int load_split(struct hyt_pretok *pre, const struct hyt_json *part,
                      struct hyt_err *err)
{
    struct hyt_pretok_step *step = add_step(pre, HYT_PRETOK_SPLIT);

    if (load_behavior(step, part, "", err) < 0 ||
        hyt_field_bool(part, WHAT, "invert", false, &step->invert, err) < 0)
        return -1;
    return hyt_pattern_load(&step->pattern, part, WHAT, err);
}

static int load_punctuation(struct hyt_pretok *pre, const struct hyt_json *part,
                            struct hyt_err *err)
{
    struct hyt_pretok_step *step = add_step(pre, HYT_PRETOK_SPLIT);

    step->pattern.is = hyt_is_punct;
    return load_behavior(step, part, "Isolated", err);
}

static int load_whitespace_split(struct hyt_pretok *pre,
                                 const struct hyt_json *part,
                                 struct hyt_err *err)
{
    struct hyt_pretok_step *step = add_step(pre, HYT_PRETOK_SPLIT);

    (void)part;
    (void)err;
    step->how = HYT_SPLIT_REMOVED;
    step->pattern.is = hyt_is_space;
    return 0;
}

/* Words, and runs of what is neither word nor white space. */
static int load_whitespace(struct hyt_pretok *pre, const struct hyt_json *part,
                           struct hyt_err *err)
{
    struct hyt_pretok_step *step;

    if (load_whitespace_split(pre, part, err) < 0)
        return -1;
    step = add_step(pre, HYT_PRETOK_SPLIT);
    step->how = HYT_SPLIT_CONTIGUOUS;
    step->pattern.is = hyt_is_word;
    return 0;
}

static int load_digits(struct hyt_pretok *pre, const struct hyt_json *part,
                       struct hyt_err *err)
{
    struct hyt_pretok_step *step = add_step(pre, HYT_PRETOK_SPLIT);
    bool single;

    if (hyt_field_bool(part, WHAT, "individual_digits", false, &single, err) <
        0)
        return -1;
    step->pattern.is = hyt_is_numeric;
    step->how = single ? HYT_SPLIT_ISOLATED : HYT_SPLIT_CONTIGUOUS;
    return 0;
}

/* Spaces become the replacement, a dummy one is put in front, and each starts
 * a word. */
static int load_metaspace(struct hyt_pretok *pre, const struct hyt_json *part,
                          struct hyt_err *err)
{
    const char *mark = "\xE2\x96\x81", *scheme = "always"; /* U+2581 */
    struct hyt_pretok_step *step;
    bool split, prefix;

    if (hyt_field_str(part, WHAT, "replacement", &mark, err) < 0 ||
        hyt_field_str(part, WHAT, "prepend_scheme", &scheme, err) < 0 ||
        hyt_field_bool(part, WHAT, "split", true, &split, err) < 0 ||
        hyt_field_bool(part, WHAT, "add_prefix_space", true, &prefix, err) < 0)
        return -1;
    if (strcmp(scheme, "always") != 0 && strcmp(scheme, "first") != 0 &&
        strcmp(scheme, "never") != 0)
        return hyt_fail(err, WHAT ": prepend_scheme \"%s\" is not supported",
                        scheme);
    step = add_step(pre, HYT_PRETOK_REPLACE);
    step->pattern.string = hyt_strndup(" ", 1);
    step->content = hyt_strndup(mark, strlen(mark));
    if (prefix && strcmp(scheme, "never") != 0) {
        step = add_step(pre, HYT_PRETOK_PREFIX);
        step->content = hyt_strndup(mark, strlen(mark));
        step->first_only = strcmp(scheme, "first") == 0;
    }
    if (split) {
        step = add_step(pre, HYT_PRETOK_SPLIT);
        step->pattern.string = hyt_strndup(mark, strlen(mark));
        step->how = HYT_SPLIT_NEXT;
    }
    return 0;
}

static int load_part(struct hyt_pretok *pre, const struct hyt_json *part,
                     struct hyt_err *err);

static int load_sequence(struct hyt_pretok *pre, const struct hyt_json *part,
                         struct hyt_err *err)
{
    const struct hyt_json *parts = NULL;

    if (hyt_field_array(part, WHAT, "pretokenizers", &parts, err) < 0)
        return -1;
    for (part = parts ? hyt_json_child(parts) : NULL; part;
         part = hyt_json_next(part))
        if (load_part(pre, part, err) < 0)
            return -1;
    return 0;
}

static int load_part(struct hyt_pretok *pre, const struct hyt_json *part,
                     struct hyt_err *err)
{
    static const struct {
        const char *type;
        int (*load)(struct hyt_pretok *, const struct hyt_json *,
                    struct hyt_err *);
    } known[] = {{"ByteLevel", load_byte_level},
                 {"Digits", load_digits},
                 {"Metaspace", load_metaspace},
                 {"Punctuation", load_punctuation},
                 {"Sequence", load_sequence},
                 {"Split", load_split},
                 {"Whitespace", load_whitespace},
                 {"WhitespaceSplit", load_whitespace_split}};
    const char *type = hyt_field_type(part, WHAT, err);

    if (!type)
        return -1;
    for (size_t i = 0; i < HYT_LEN(known); i++)
        if (strcmp(known[i].type, type) == 0)
            return known[i].load(pre, part, err);
    return hyt_fail(err,
                    WHAT " type \"%s\" is not supported; ByteLevel, Digits, "
                         "Metaspace, Punctuation, Sequence, Split, Whitespace "
                         "and WhitespaceSplit are",
                    type);
}

int hyt_pretok_load(struct hyt_pretok *pre, const struct hyt_json *part,
                    struct hyt_err *err)
{
    if (load_part(pre, part, err) < 0)
        return -1;
    pre->bytes = pre->n > 0 && pre->step[pre->n - 1].kind == HYT_PRETOK_BYTES;
    pre->n -= pre->bytes;
    return 0;
}

void hyt_pretok_free(struct hyt_pretok *pre)
{
    for (size_t i = 0; i < pre->n; i++) {
        hyt_pattern_free(&pre->step[i].pattern);
        free(pre->step[i].content);
    }
    free(pre->step);
}
