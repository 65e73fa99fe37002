/* SPDX-License-Identifier: MIT */
/*
 * lex.c - the text between tags, with the white space that Jinja leaves there,
 * and the tokens inside them
 */
#include <string.h>

#include "jinja/parse.h"

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool begins(const struct hyt_jparser *p, size_t at, const char *what)
{
    const size_t n = strlen(what);

    return p->n - at >= n && memcmp(p->s + at, what, n) == 0;
}

/* Where text ends: at {{, {% or {#, or the end of the template. */
static size_t find_tag(const struct hyt_jparser *p, size_t at)
{
    while (at + 1 < p->n &&
           !(p->s[at] == '{' && strchr("{%#", p->s[at + 1]) != NULL))
        at++;
    return at + 1 < p->n ? at : p->n;
}

/* Behind a closing tag of two bytes at `at`; sign, "-" or "+" or neither,
 * stands before it.  A newline that follows a block goes with it. */
static size_t after(const struct hyt_jparser *p, size_t at, char sign,
                    bool block)
{
    at += 2;
    if (sign == '-')
        while (at < p->n && is_space(p->s[at]))
            at++;
    else if (block && sign != '+' && at < p->n && p->s[at] == '\n')
        at++;
    return at;
}

static void skip_comment(struct hyt_jparser *p)
{
    const size_t begin = p->pos;

    for (p->pos += 2; !begins(p, p->pos, "#}"); p->pos++)
        if (p->pos >= p->n)
            hyt_jfail(p->run, "a comment without an end");
    p->pos = after(p, p->pos, p->pos > begin + 2 ? p->s[p->pos - 1] : 0, true);
}

/* The end of text [begin, tag) after the tag has had its say: {%- takes all
 * white space, a block alone in front of its line the indentation. */
static size_t text_end(const struct hyt_jparser *p, size_t begin, size_t tag)
{
    const char sign = tag + 2 < p->n ? p->s[tag + 2] : 0;
    size_t end = tag;

    while (end > begin && is_space(p->s[end - 1]) &&
           (sign == '-' || p->s[end - 1] != '\n'))
        end--;
    if (tag == p->n || sign == '-')
        return tag == p->n ? tag : end;
    if (p->s[tag + 1] == '{' || sign == '+' ||
        (end > 0 && p->s[end - 1] != '\n'))
        return tag;
    return end;
}

/* Text up to the next tag, or that tag: true where there was any. */
static bool outside(struct hyt_jparser *p)
{
    const size_t begin = p->pos, tag = find_tag(p, begin),
                 end = text_end(p, begin, tag);
    const char sign = tag + 2 < p->n ? p->s[tag + 2] : 0;
    struct hyt_jval text = {.kind = J_STR, .n = end - begin};

    p->at = p->run->at = begin;
    p->end = end;
    p->pos = tag;
    if (end > begin) {
        struct hyt_jval *v = hyt_jalloc(p->run, 1, sizeof(*v));

        *v = text;
        v->s = p->s + begin;
        p->value = v;
        p->token = J_TEXT;
        return true;
    }
    p->at = p->end = p->run->at = tag;
    if (tag == p->n) {
        p->token = J_END;
        return true;
    }
    if (p->s[tag + 1] == '#') {
        skip_comment(p);
        return false;
    }
    p->token = p->s[tag + 1] == '{' ? J_VAR : J_TAG;
    p->inside = true;
    p->open = 0;
    p->pos = tag + (sign == '-' || sign == '+' ? 3 : 2);
    return true;
}

/* The character after a backslash at p->pos, which moves behind it. */
static void escape(struct hyt_jparser *p, struct hyt_jtext *t)
{
    static const char name[] = "ntrabfv0", is[] = "\n\t\r\a\b\f\v";
    const char c = p->pos < p->n ? p->s[p->pos] : 0;
    const char *known = c ? strchr(name, c) : NULL;
    const size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    uint32_t cp = 0;

    if (digits > 0) {
        struct hyt_buf b = {0};

        for (size_t i = 1; i <= digits; i++) {
            const char d = p->pos + i < p->n ? p->s[p->pos + i] : 0;
            const char *hex = "0123456789abcdef0123456789ABCDEF";
            const char *at = d ? strchr(hex, d) : NULL;

            if (at == NULL)
                hyt_jfail(p->run, "a broken escape in a string");
            cp = cp * 16 + (uint32_t)((at - hex) & 15);
        }
        if (cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
            hyt_jfail(p->run, "an escape that is no character");
        hyt_utf8_put(&b, cp);
        hyt_jput(p->run, t, b.s, NULL, b.n);
        hyt_buf_free(&b);
    } else if (known != NULL) {
        hyt_jput(p->run, t, is + (known - name), NULL, 1);
    } else if (c == '\\' || c == '\'' || c == '"') {
        hyt_jput(p->run, t, &c, NULL, 1);
    } else if (c != '\n') { /* that one joins two lines */
        hyt_jput(p->run, t, "\\", NULL, 1);
        return;
    }
    p->pos += 1 + digits;
}

static void string(struct hyt_jparser *p)
{
    const char quote = p->s[p->at];
    struct hyt_jtext t = {0};

    for (p->pos = p->at + 1; p->pos < p->n && p->s[p->pos] != quote;)
        if (p->s[p->pos] == '\\') {
            p->pos++;
            escape(p, &t);
        } else {
            hyt_jput(p->run, &t, p->s + p->pos++, NULL, 1);
        }
    if (p->pos++ >= p->n)
        hyt_jfail(p->run, "a string without an end");
    p->token = J_STRING;
    p->value = hyt_jdone(p->run, &t);
}

static void number(struct hyt_jparser *p)
{
    while (p->pos < p->n && (is_digit(p->s[p->pos]) || p->s[p->pos] == '_'))
        p->pos++;
    if (p->pos + 1 < p->n && p->s[p->pos] == '.' && is_digit(p->s[p->pos + 1]))
        for (p->pos++; p->pos < p->n && is_digit(p->s[p->pos]);)
            p->pos++;
    p->token = J_NUMBER;
}

/* The closing tag at `at`, which it may be where no bracket is open: its
 * length with its sign, or 0. */
static bool closing(struct hyt_jparser *p)
{
    const char sign = p->s[p->at];
    const size_t tag = p->at + (sign == '-' || sign == '+');
    const bool block = begins(p, tag, "%}");

    if (p->open > 0 || (!block && (sign == '+' || !begins(p, tag, "}}"))))
        return false;
    p->pos = after(p, tag, sign, block);
    p->inside = false;
    p->token = J_CLOSE;
    return true;
}

static void operation(struct hyt_jparser *p)
{
    static const char *const two[] = {"==", "!=", "<=", ">=", "//", "**"};
    const char c = p->s[p->at];

    p->token = J_OP;
    p->pos = p->at + 1;
    for (size_t i = 0; i < HYT_LEN(two); i++)
        if (begins(p, p->at, two[i]))
            p->pos = p->at + 2;
    if (strchr("([{", c) != NULL)
        p->open++;
    else if (strchr(")]}", c) != NULL && p->open > 0)
        p->open--;
    else if (strchr("+-*/%~<>=!.,:|)]}", c) == NULL)
        hyt_jfail(p->run, "\"%c\" does not belong here", c);
}

void hyt_jnext(struct hyt_jparser *p)
{
    while (!p->inside)
        if (outside(p))
            return;
    while (p->pos < p->n && is_space(p->s[p->pos]))
        p->pos++;
    p->at = p->run->at = p->pos;
    if (p->at >= p->n)
        hyt_jfail(p->run, "a tag without an end");
    if (is_alpha(p->s[p->at])) {
        while (p->pos < p->n &&
               (is_alpha(p->s[p->pos]) || is_digit(p->s[p->pos])))
            p->pos++;
        p->token = J_WORD;
    } else if (is_digit(p->s[p->at])) {
        number(p);
    } else if (p->s[p->at] == '"' || p->s[p->at] == '\'') {
        string(p);
    } else if (!closing(p)) {
        operation(p);
    }
    p->end = p->pos;
}

bool hyt_jsees(const struct hyt_jparser *p, const char *word)
{
    const size_t n = strlen(word);

    return (p->token == J_WORD || p->token == J_OP) && p->end - p->at == n &&
           memcmp(p->s + p->at, word, n) == 0;
}

bool hyt_jaccept(struct hyt_jparser *p, const char *word)
{
    const bool there = hyt_jsees(p, word);

    if (there)
        hyt_jnext(p);
    return there;
}

void hyt_junexpected(struct hyt_jparser *p, const char *wanted)
{
    const size_t n = p->end - p->at;

    if (p->token == J_TEXT || p->token == J_END)
        hyt_jfail(p->run, "expected %s", wanted);
    hyt_jfail(p->run, "expected %s, not %.*s", wanted, (int)(n < 40 ? n : 40),
              p->s + p->at);
}

void hyt_jexpect(struct hyt_jparser *p, const char *word)
{
    if (!hyt_jaccept(p, word))
        hyt_junexpected(p, word);
}

const char *hyt_jword(struct hyt_jparser *p)
{
    char *word;

    if (p->token != J_WORD)
        hyt_junexpected(p, "a name");
    word = hyt_jalloc(p->run, p->end - p->at + 1, 1);
    memcpy(word, p->s + p->at, p->end - p->at);
    hyt_jnext(p);
    return word;
}
