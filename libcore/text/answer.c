/* SPDX-License-Identifier: MIT */
/*
 * answer.c - finds the final answer of a trace: the last one in the text
 *
 * A format is a way to find the last statement of its kind; "auto" asks the
 * formats in turn.  "hash" and "boxed" are read by hand, because a line is a
 * line and braces nest; the others are regular expressions, and what is read
 * from a match.
 */
#include <stdlib.h>
#include <string.h>

#include "hyt/text.h"
#include "text/chars.h"
#include "text/regex.h"

enum format { HASH, BOXED, PHRASE, CHOICE, NUMBER, OWN, N_FORMATS, AUTO };

static const struct {
    const char *name;
    const char *elicit; /* what leads to an answer where none was stated */
} formats[] = {
    [HASH] = {"hash", "\n#### "},
    [BOXED] = {"boxed", "\nThe answer is \\boxed{"},
    [PHRASE] = {"phrase", "\nThe answer is "},
    [CHOICE] = {"choice", "\nThe answer is ("},
    [NUMBER] = {"last-number", "\nThe answer is "},
    [OWN] = {"regex:RE", "\nThe answer is "},
    [N_FORMATS] = {"", ""},
    [AUTO] = {"auto", "\n#### "},
};

/* "So the final answer is:", "**Answer:**".  The connectives belong to the
 * statement, so that no step ends in "so ". */
#define STATEMENT                                                              \
    "(?i:(?:\\b(?:so|thus|hence|therefore|then)\\b,?[ \\t]+){0,3}"             \
    "(?:\\b(?:the|my|our)[ \\t]+)?"                                            \
    "(?:\\b(?:final|correct|right|best)[ \\t]+){0,3}"                          \
    "\\banswer(?:[ \\t]+(?:is|was|would[ \\t]+be)\\b|[ \\t*_]*[:=])"           \
    "[ \\t*_:]*)"
#define OPTION "(?i:(?:option|choice)[ \\t]+)?"

/* The last match of any of these is the statement; group 1 is the answer. */
#define MAX_EXPRESSIONS 3
static const char *const expressions[N_FORMATS][MAX_EXPRESSIONS] = {
    /* The opening alone; read_rest() reads what follows. */
    [PHRASE] = {STATEMENT},
    /* "(B)"; "the answer is B" but not "the answer is a number"; a line of
     * its own. */
    [CHOICE] = {"(?:" STATEMENT OPTION ")?\\(([A-J])\\)",
                STATEMENT OPTION
                "([B-HJ]\\b(?!['\\w])|[AI]\\b(?!['\\w]|[ \\t]+[a-z]))",
                "^[ \\t*]*([A-J])[.)]?[ \\t*]*$"},
    /* A sign unless it stands between two things, a currency, digits with or
     * without commas at the thousands, a fraction, an exponent. */
    [NUMBER] = {"(?:(?<![\\w)\\]%$])[-+\xE2\x88\x92])?"
                "(?:[$\xE2\x82\xAC\xC2\xA3][-+]?)?(?<![\\p{L}_])"
                "(?:(?:\\d{1,3}(?:,\\d{3})+(?!\\d)|\\d+)(?:\\.\\d+)?"
                "|(?<!\\d)\\.\\d+)(?:[eE][-+]?\\d+)?%?"},
};

struct hyt_answerer {
    enum format format;
    struct hyt_regex *re[N_FORMATS][MAX_EXPRESSIONS];
};

static int compile(struct hyt_answerer *a, enum format format,
                   struct hyt_err *err)
{
    for (size_t i = 0; i < MAX_EXPRESSIONS && expressions[format][i]; i++) {
        a->re[format][i] = hyt_regex_new(expressions[format][i], err);
        if (!a->re[format][i])
            return -1;
    }
    return 0;
}

struct hyt_answerer *hyt_answerer_new(const char *spec, struct hyt_err *err)
{
    struct hyt_answerer *a = hyt_alloc(1, sizeof(*a));

    if (strncmp(spec, "regex:", 6) == 0) {
        a->format = OWN;
        a->re[OWN][0] = hyt_regex_new(spec + 6, err);
        if (!a->re[OWN][0])
            goto fail;
        return a;
    }
    while (a->format <= AUTO && strcmp(formats[a->format].name, spec) != 0)
        a->format++;
    if (a->format > AUTO || a->format == OWN || a->format == N_FORMATS) {
        hyt_fail(err,
                 "answer \"%s\": expected auto, hash, boxed, phrase, choice, "
                 "last-number or regex:RE",
                 spec);
        goto fail;
    }
    for (enum format f = 0; f < N_FORMATS; f++)
        if (compile(a, f, err) < 0)
            goto fail;
    return a;

fail:
    hyt_answerer_free(a);
    return NULL;
}

void hyt_answerer_free(struct hyt_answerer *a)
{
    if (!a)
        return;
    for (size_t f = 0; f < N_FORMATS; f++)
        for (size_t i = 0; i < MAX_EXPRESSIONS; i++)
            hyt_regex_free(a->re[f][i]);
    free(a);
}

const char *hyt_answerer_elicit(const struct hyt_answerer *a)
{
    return formats[a->format].elicit;
}

/* The answer is text[begin..end) without the white space around it; false
 * where nothing is left. */
static bool set_answer(struct hyt_answer *a, const char *text, size_t marker,
                       size_t begin, size_t end)
{
    begin += hyt_skip_space(text + begin, end - begin);
    end = begin + hyt_trim_end(text + begin, end - begin);
    *a = (struct hyt_answer){marker, begin, end};
    return begin < end;
}

/* --- formats by regular expression ---------------------------------------- */

struct text {
    const char *s;
    size_t n;
    size_t rest_end; /* where the last sentence ended that was read */
};

/* The answer that a match gives, if it gives one. */
typedef bool read_fn(struct hyt_answer *a, struct text *text,
                     const struct hyt_match *m);

static bool read_group(struct hyt_answer *a, struct text *text,
                       const struct hyt_match *m)
{
    if (m->has_group)
        return set_answer(a, text->s, m->begin, m->group_begin, m->group_end);
    return set_answer(a, text->s, m->begin, m->begin, m->end);
}

static bool ends_sentence(const char *text, size_t at, size_t end)
{
    return strchr(".!?", text[at]) && text[at] &&
           (at + 1 == end || hyt_skip_space(text + at + 1, end - at - 1) > 0);
}

/* Takes off what is not the answer: emphasis, full stops, "$...$". */
static bool unwrap(struct hyt_answer *a, const char *text)
{
    for (;;) {
        const size_t n = a->end - a->begin;
        const char *s = text + a->begin;

        if (n > 0 && strchr(".,;:!*_", s[n - 1]) && s[n - 1])
            a->end--;
        else if (n > 0 && (s[0] == '*' || s[0] == '_'))
            a->begin++;
        else if (n > 1 && s[0] == '$' && memchr(s + 1, '$', n - 1) == s + n - 1)
            a->begin++, a->end--;
        else
            break;
    }
    return set_answer(a, text, a->marker, a->begin, a->end);
}

/* The rest of the statement: up to the end of the sentence or of the line;
 * that is the next line, where nothing is left on this one.  A statement within
 * the sentence that was read last ends where that ended. */
static bool read_rest(struct hyt_answer *a, struct text *text,
                      const struct hyt_match *m)
{
    const char *s = text->s;
    const size_t begin = m->end + hyt_skip_space(s + m->end, text->n - m->end);
    size_t end = begin;

    if (begin < text->rest_end)
        end = text->rest_end;
    else
        while (end < text->n && s[end] != '\n' &&
               !ends_sentence(s, end, text->n))
            end++;
    text->rest_end = end;
    return set_answer(a, s, m->begin, begin, end) && unwrap(a, s);
}

/* The last match that gives an answer. */
static int find_last(const struct hyt_regex *re, read_fn *read, const char *s,
                     size_t n, struct hyt_answer *found, struct hyt_err *err)
{
    struct text text = {s, n, 0};
    struct hyt_match m = {0};
    size_t from = 0;
    int got = 0, any = 0;

    while (from <= n && (got = hyt_regex_search(re, s, n, from, &m, err)) > 0) {
        struct hyt_answer a;
        uint32_t cp;

        if (read(&a, &text, &m)) {
            *found = a;
            any = 1;
        }
        from = m.end;
        if (m.begin == m.end)
            from += from < n ? hyt_utf8_get(s + from, n - from, &cp) : 1;
    }
    hyt_match_free(&m);
    return got < 0 ? -1 : any;
}

static int find_expressions(struct hyt_regex *const *re, read_fn *read,
                            const char *text, size_t n,
                            struct hyt_answer *found, struct hyt_err *err)
{
    int any = 0;

    for (size_t i = 0; i < MAX_EXPRESSIONS && re[i]; i++) {
        struct hyt_answer a;
        const int got = find_last(re[i], read, text, n, &a, err);

        if (got < 0)
            return -1;
        if (got > 0 && (!any || a.begin > found->begin)) {
            *found = a;
            any = 1;
        }
    }
    return any;
}

/* --- formats read by hand ------------------------------------------------- */

/* "#### 72": exactly four marks, then the rest of the line. */
static int find_hash(const char *text, size_t n, struct hyt_answer *found)
{
    for (size_t end = n; end > 0; end--) {
        size_t begin = end;
        const char *newline;

        while (begin > 0 && text[begin - 1] == '#')
            begin--;
        if (begin == end)
            continue;
        newline = memchr(text + end, '\n', n - end);
        if (end - begin == 4 &&
            set_answer(found, text, begin, end,
                       newline ? (size_t)(newline - text) : n))
            return 1;
        end = begin + 1;
    }
    return 0;
}

/* Braces that are open, and the "\boxed" before them, if any. */
#define NO_BOX SIZE_MAX
struct brace {
    size_t box, open;
};

/* The last "\boxed{...}" with something in it.  Braces nest; \{ and \} are not
 * braces; one that is never closed is no answer. */
static int find_box(const char *text, size_t n, struct hyt_answer *found)
{
    static const char box[] = "\\boxed";
    const size_t len = sizeof(box) - 1;
    struct brace *stack = NULL;
    size_t depth = 0, cap = 0;
    int any = 0;

    for (size_t i = 0; i < n; i++) {
        struct brace b = {NO_BOX, i};
        struct hyt_answer a;

        if (n - i > len && memcmp(text + i, box, len) == 0) {
            b.box = i;
            b.open = i + len + hyt_skip_space(text + i + len, n - i - len);
            i = b.open;
            if (i == n)
                break;
        }
        if (text[i] == '{') {
            stack = hyt_grow(stack, &cap, depth + 1, sizeof(*stack));
            stack[depth++] = b;
        } else if (text[i] == '}' && depth > 0) {
            b = stack[--depth];
            if (b.box != NO_BOX && set_answer(&a, text, b.box, b.open + 1, i) &&
                (!any || a.marker > found->marker)) {
                *found = a;
                any = 1;
            }
        } else if (text[i] == '\\') {
            i++;
        }
    }
    free(stack);
    return any;
}

/* Whether only white space and the start of a formula stand in s[0..n). */
static bool leads_to_formula(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strchr(" \t\n$*\\([", s[i]) || !s[i])
            return false;
    return true;
}

/* "The answer is $\boxed{72}$" is stated from "The" on. */
static int find_boxed(const struct hyt_answerer *a, const char *text, size_t n,
                      struct hyt_answer *found, struct hyt_err *err)
{
    struct hyt_answer before;
    size_t box;
    int got;

    if (!find_box(text, n, found))
        return 0;
    box = found->marker;
    got = find_last(a->re[PHRASE][0], read_group, text, box, &before, err);
    if (got > 0 && leads_to_formula(text + before.end, box - before.end))
        found->marker = before.marker;
    return got < 0 ? -1 : 1;
}

static int find_format(const struct hyt_answerer *a, enum format format,
                       const char *text, size_t n, struct hyt_answer *found,
                       struct hyt_err *err)
{
    switch (format) {
    case HASH:
        return find_hash(text, n, found);
    case BOXED:
        return find_boxed(a, text, n, found, err);
    case PHRASE:
        return find_expressions(a->re[format], read_rest, text, n, found, err);
    default:
        return find_expressions(a->re[format], read_group, text, n, found, err);
    }
}

int hyt_answerer_find(const struct hyt_answerer *a, const char *text, size_t n,
                      struct hyt_answer *found, struct hyt_err *err)
{
    int got = 0;

    if (a->format != AUTO)
        return find_format(a, a->format, text, n, found, err);
    for (enum format f = HASH; f <= NUMBER && got == 0; f++)
        got = find_format(a, f, text, n, found, err);
    return got;
}
