/* SPDX-License-Identifier: MIT */
/*
 * lex.c - a template becomes tokens: the text between tags, with the white
 * space that Jinja leaves there, and what is inside them
 */
#include <stdlib.h>
#include <string.h>

#include "jinja/run.h"

#define SPACE   " \t\n\v\f\r"
#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"

struct lexer {
    struct hyt_vwork *work;
    struct hyt_jinja *to;
    const char *s; /* what is not read yet; a NUL ends it */
};

static bool begins(const char *s, const char *with)
{
    return *s == *with && strncmp(s, with, strlen(with)) == 0;
}

static bool is_in(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* A token from s on, of n bytes. */
static struct token *add(struct lexer *l, enum token_kind kind, const char *s,
                         size_t n)
{
    struct hyt_jinja *to = l->to;
    char *copy = hyt_valloc(l->work, n + 1, 1);
    struct token *t;

    to->token = hyt_grow(to->token, &to->cap, to->n + 1, sizeof(*t));
    t = &to->token[to->n++];
    memcpy(copy, s, n);
    *t = (struct token){.kind = kind,
                        .at = (size_t)(s - to->source),
                        .s = copy,
                        .v = {.kind = HYT_V_STR, .n = n, .s = copy}};
    l->s = s + n;
    return t;
}

/* Whoever reads the tokens may find another error first. */
static void bad(struct lexer *l, const char *s, const char *what)
{
    add(l, J_BAD, s, 0)->s = what;
    l->s += strlen(l->s);
}

/* Behind a closing tag of two bytes; sign, "-" or "+" or neither, stands before
 * it.  A newline that follows a block goes with it. */
static void go_behind(struct lexer *l, const char *close, char sign, bool block)
{
    l->s = close + 2;
    if (sign == '-')
        l->s += strspn(l->s, SPACE);
    else if (block && sign != '+' && *l->s == '\n')
        l->s++;
}

/* The end of text after the tag has had its say: {%- takes all white space, a
 * block alone in front of its line the indentation. */
static const char *text_end(const struct lexer *l, const char *tag)
{
    const char *end = tag;

    if (*tag == '\0')
        return tag;
    while (end > l->s && is_in(end[-1], SPACE) &&
           (tag[2] == '-' || end[-1] != '\n'))
        end--;
    if (tag[2] != '-' && (tag[1] == '{' || tag[2] == '+' ||
                          (end > l->to->source && end[-1] != '\n')))
        return tag;
    return end;
}

/* The character after a backslash at s; returns what is behind it, or NULL. */
static const char *escape(struct hyt_vtext *t, const char *s)
{
    static const char name[] = "ntrabfv0\\'\"", is[] = "\n\t\r\a\b\f\v\0\\'\"";
    const size_t digits = *s == 'x' ? 2 : *s == 'u' ? 4 : *s == 'U' ? 8 : 0;
    struct hyt_buf b = {0};
    char hex[9] = "";
    uint32_t cp;

    if (is_in(*s, name))
        hyt_vput(t, is + (strchr(name, *s) - name), NULL, 1);
    else if (*s != '\n' && digits == 0) /* that one joins two lines */
        hyt_vputs(t, "\\");
    if (digits == 0)
        return is_in(*s, name) || *s == '\n' ? s + 1 : s;
    if (strspn(s + 1, DIGITS "abcdefABCDEF") < digits)
        return NULL;
    memcpy(hex, s + 1, digits);
    cp = (uint32_t)strtoul(hex, NULL, 16);
    if (cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
        return NULL;
    hyt_utf8_put(&b, cp);
    hyt_vput(t, b.s, NULL, b.n);
    hyt_buf_free(&b);
    return s + 1 + digits;
}

/* Two strings side by side are one. */
static void string(struct lexer *l)
{
    const char *s = l->s + 1, quote[] = {'\\', *l->s, '\0'};
    struct token *token = &l->to->token[l->to->n - 1];
    struct hyt_vtext t = {.work = l->work};

    if (token->kind == J_STRING)
        hyt_vputv(&t, token->v);
    while (s != NULL && *s != *l->s && *s != '\0') {
        const size_t n = strcspn(s, quote);

        hyt_vput(&t, s, NULL, n);
        s += n;
        if (*s == '\\')
            s = escape(&t, s + 1);
    }
    if (s == NULL || *s == '\0') {
        bad(l, l->s, s ? "a string without an end" : "a broken escape");
        return;
    }
    if (token->kind != J_STRING)
        token = add(l, J_STRING, l->s, (size_t)(s + 1 - l->s));
    token->v = hyt_vdone(&t);
    l->s = s + 1;
}

static void number(struct lexer *l)
{
    const char *end = l->s + strspn(l->s, DIGITS "_");
    const bool whole = end[0] != '.' || !is_in(end[1], DIGITS);
    struct hyt_vtext t = {.work = l->work};
    struct token *token;
    struct hyt_err why;
    int status;

    if (!whole)
        end += 1 + strspn(end + 1, DIGITS);
    for (const char *s = l->s; s < end; s++)
        hyt_vput(&t, s, NULL, *s != '_');
    token = add(l, J_NUMBER, l->s, (size_t)(end - l->s));
    token->v = (struct hyt_val){.kind = whole ? HYT_V_INT : HYT_V_FLOAT};
    status = whole ? hyt_parse_i64(t.s, &token->v.i, &why)
                   : hyt_parse_f64(t.s, &token->v.f, &why);
    if (status < 0)
        bad(l, l->s, "a number that is too large");
}

/* A word or an operator, with its rank.  The longer one comes first. */
static void operation(struct lexer *l)
{
    static const struct {
        const char *text;
        char op;
        int rank;
    } known[] = {{"or", 'o', J_OR},      {"and", 'a', J_AND},
                 {"==", '=', J_COMPARE}, {"!=", '!', J_COMPARE},
                 {"<=", 'l', J_COMPARE}, {">=", 'g', J_COMPARE},
                 {"<", '<', J_COMPARE},  {">", '>', J_COMPARE},
                 {"in", 'i', J_COMPARE}, {"not", 'n', J_COMPARE},
                 {"+", '+', J_ADD},      {"-", '-', J_ADD},
                 {"~", '~', J_JOIN},     {"**", 'P', J_POWER},
                 {"*", '*', J_MULTIPLY}, {"//", 'F', J_MULTIPLY},
                 {"/", '/', J_MULTIPLY}, {"%", '%', J_MULTIPLY}};
    const size_t word = strspn(l->s, LETTERS DIGITS);
    struct token *t;

    for (size_t i = 0; i < HYT_LEN(known); i++) {
        const size_t n = strlen(known[i].text);

        if (!begins(l->s, known[i].text) || (word > 0 && word != n))
            continue;
        t = add(l, word > 0 ? J_WORD : J_OP, l->s, n);
        t->op = known[i].op;
        t->rank = known[i].rank;
        return;
    }
    if (word == 0 && !is_in(*l->s, "=!.,:|()[]{}"))
        bad(l, l->s, "a character that does not belong here");
    else
        add(l, word > 0 ? J_WORD : J_OP, l->s, word > 0 ? word : 1);
}

/* The closing tag, where no bracket is open. */
static bool closing(struct lexer *l)
{
    const char *s = l->s, sign = *s, *close = s + (sign == '-' || sign == '+');
    const bool block = begins(close, "%}");

    if (!block && (sign == '+' || !begins(close, "}}")))
        return false;
    add(l, J_CLOSE, s, (size_t)(close + 2 - s));
    go_behind(l, close, sign, block);
    return true;
}

static void inside(struct lexer *l)
{
    for (size_t open = 0;;) {
        l->s += strspn(l->s, SPACE);
        if (open == 0 && closing(l))
            return;
        if (is_in(*l->s, "([{"))
            open++;
        else if (is_in(*l->s, ")]}") && open > 0)
            open--;
        if (is_in(*l->s, "\"'")) {
            string(l);
        } else if (is_in(*l->s, DIGITS)) {
            number(l);
        } else if (*l->s != '\0') {
            operation(l);
        } else {
            bad(l, l->s, "a tag without an end");
            return;
        }
    }
}

void hyt_jlex(struct hyt_vwork *w, struct hyt_jinja *to)
{
    struct lexer l = {.work = w, .to = to, .s = to->source};

    add(&l, J_TEXT, l.s, 0); /* so no error comes first */
    while (*l.s != '\0') {
        const char *tag = strchr(l.s, '{'), *end;

        while (tag != NULL && !is_in(tag[1], "{%#"))
            tag = strchr(tag + 1, '{');
        if (tag == NULL)
            tag = l.s + strlen(l.s);
        end = text_end(&l, tag);
        if (end > l.s)
            add(&l, J_TEXT, l.s, (size_t)(end - l.s));
        l.s = tag;
        if (begins(tag, "{#")) {
            end = strstr(tag + 2, "#}");
            if (end == NULL)
                bad(&l, tag, "a comment without an end");
            else
                go_behind(&l, end, end > tag + 2 ? end[-1] : '\0', true);
        } else if (*tag != '\0') {
            add(&l, tag[1] == '{' ? J_VAR : J_TAG, tag, 2);
            l.s += *l.s == '-' || *l.s == '+';
            inside(&l);
        }
    }
    add(&l, J_END, l.s, 0);
}
