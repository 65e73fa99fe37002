/* SPDX-License-Identifier: MIT */
/*
 * The grammar of RFC 8259, byte by byte.  Iterative, with one bit a level for
 * what is open there, so that depth costs no stack.
 */
#include "hyt/json.h"

#include <stdlib.h>
#include <string.h>

/* The text, and how far it has been read. */
struct cursor {
    const char *s;
    size_t n, at;
    size_t bad; /* offset of what a failure is about */
    struct hyt_err *err;
};

/* What may come next. */
enum expect {
    VALUE,
    VALUE_OR_CLOSE, /* just after [ */
    KEY,
    KEY_OR_CLOSE, /* just after { */
    COMMA_OR_CLOSE
};

/* What is open: bit d is 1 where level d is an object. */
struct nesting {
    uint64_t object[HYT_JSON_DEPTH / 64 + 1];
    size_t depth;
};

static int fail(struct cursor *c, size_t at, const char *message)
{
    c->bad = at;
    return hyt_fail(c->err, "%s", message);
}

/* The byte at the cursor, or NUL (which the grammar nowhere takes) at the
 * end. */
static char peek(const struct cursor *c)
{
    return c->at < c->n ? c->s[c->at] : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static void skip_space(struct cursor *c)
{
    for (; c->at < c->n; c->at++) {
        const char b = c->s[c->at];

        if (b != ' ' && b != '\t' && b != '\n' && b != '\r')
            return;
    }
}

static int escape(struct cursor *c)
{
    const size_t start = c->at++;
    const char letter = peek(c);

    if (letter == '\0' || !strchr("\"\\/bfnrtu", letter))
        return fail(c, start, "a \\ escape that JSON does not have");
    c->at++;
    if (letter != 'u')
        return 0;
    for (int i = 0; i < 4; i++, c->at++)
        if (!is_hex(peek(c)))
            return fail(c, c->at, "expected four hexadecimal digits after \\u");
    return 0;
}

static int string(struct cursor *c)
{
    const size_t start = c->at++;

    for (;;) {
        size_t i = c->at;

        while (i < c->n && (unsigned char)c->s[i] >= 0x20 && c->s[i] != '"' &&
               c->s[i] != '\\')
            i++;
        c->at = i;
        if (i == c->n)
            return fail(c, start, "a string without its closing quote");
        if (c->s[i] == '"') {
            c->at++;
            return 0;
        }
        if (c->s[i] != '\\')
            return fail(c, i, "a control character in a string");
        if (escape(c) < 0)
            return -1;
    }
}

static int digits(struct cursor *c)
{
    size_t i = c->at;

    while (i < c->n && is_digit(c->s[i]))
        i++;
    if (i == c->at)
        return fail(c, i, "expected a digit");
    c->at = i;
    return 0;
}

static int number(struct cursor *c)
{
    if (peek(c) == '-')
        c->at++;
    if (peek(c) == '0') {
        c->at++;
        if (is_digit(peek(c)))
            return fail(c, c->at - 1, "a number with a leading zero");
    } else if (digits(c) < 0) {
        return -1;
    }
    if (peek(c) == '.') {
        c->at++;
        if (digits(c) < 0)
            return -1;
    }
    if (peek(c) == 'e' || peek(c) == 'E') {
        c->at++;
        if (peek(c) == '+' || peek(c) == '-')
            c->at++;
        if (digits(c) < 0)
            return -1;
    }
    return 0;
}

static int word(struct cursor *c, const char *w)
{
    const size_t n = strlen(w);

    if (c->n - c->at < n || memcmp(c->s + c->at, w, n) != 0)
        return fail(c, c->at, "expected a value");
    c->at += n;
    return 0;
}

/* A string, a number, true, false or null. */
static int scalar(struct cursor *c)
{
    switch (peek(c)) {
    case '"':
        return string(c);
    case 't':
        return word(c, "true");
    case 'f':
        return word(c, "false");
    case 'n':
        return word(c, "null");
    default:
        if (peek(c) == '-' || is_digit(peek(c)))
            return number(c);
        return fail(c, c->at, "expected a value");
    }
}

static bool in_object(const struct nesting *open)
{
    const size_t d = open->depth - 1;

    return open->object[d / 64] >> d % 64 & 1;
}

static int push(struct cursor *c, struct nesting *open)
{
    const size_t d = open->depth;
    const uint64_t bit = (uint64_t)1 << d % 64;

    if (d == HYT_JSON_DEPTH)
        return fail(c, c->at, "deeper than 1000");
    if (peek(c) == '{')
        open->object[d / 64] |= bit;
    else
        open->object[d / 64] &= ~bit;
    open->depth++;
    c->at++;
    return 0;
}

/* A key and its colon; members of the outermost object are recorded. */
static int key(struct cursor *c, const struct nesting *open,
               struct hyt_json_scan *scan)
{
    const size_t start = c->at;
    struct hyt_json_member *m;

    if (peek(c) != '"')
        return fail(c, start, "expected a key in quotes");
    if (string(c) < 0)
        return -1;
    if (open->depth == 1) {
        scan->member =
            hyt_grow(scan->member, &scan->cap, scan->n + 1, sizeof *m);
        m = &scan->member[scan->n++];
        *m = (struct hyt_json_member){.key = start, .key_end = c->at};
    }
    skip_space(c);
    if (peek(c) != ':')
        return fail(c, c->at, "expected \":\"");
    c->at++;
    skip_space(c);
    if (open->depth == 1)
        scan->member[scan->n - 1].value = c->at;
    return 0;
}

/* Reads one token where `expect` says what it may be; what may come after it,
 * or -1. */
static int token(struct cursor *c, enum expect expect, struct nesting *open,
                 struct hyt_json_scan *scan)
{
    const char b = peek(c);

    if (expect != VALUE && expect != KEY && open->depth > 0 &&
        b == (in_object(open) ? '}' : ']')) {
        if (open->depth == 1)
            scan->close = c->at;
        open->depth--;
        c->at++;
        return COMMA_OR_CLOSE;
    }
    switch (expect) {
    case COMMA_OR_CLOSE:
        if (b != ',')
            return fail(c, c->at,
                        in_object(open) ? "expected \",\" or \"}\""
                                        : "expected \",\" or \"]\"");
        c->at++;
        return in_object(open) ? KEY : VALUE;
    case KEY:
    case KEY_OR_CLOSE:
        return key(c, open, scan) < 0 ? -1 : VALUE;
    case VALUE:
    case VALUE_OR_CLOSE:
        break;
    }
    if (b == '{')
        return push(c, open) < 0 ? -1 : KEY_OR_CLOSE;
    if (b == '[')
        return push(c, open) < 0 ? -1 : VALUE_OR_CLOSE;
    return scalar(c) < 0 ? -1 : COMMA_OR_CLOSE;
}

static int text(struct cursor *c, struct hyt_json_scan *scan)
{
    struct nesting open = {0};
    int expect = VALUE;

    skip_space(c);
    scan->is_object = peek(c) == '{';
    do {
        expect = token(c, (enum expect)expect, &open, scan);
        if (expect < 0)
            return -1;
        /* The end of a member's value, before the space behind it. */
        if (expect == COMMA_OR_CLOSE && open.depth == 1 && scan->is_object)
            scan->member[scan->n - 1].value_end = c->at;
        scan->end = c->at;
        skip_space(c);
    } while (open.depth > 0 || expect != COMMA_OR_CLOSE);
    if (c->at < c->n)
        return fail(c, c->at, "text after the value");
    return 0;
}

int hyt_json_scan(struct hyt_json_scan *scan, const char *s, size_t n,
                  size_t *col, struct hyt_err *err)
{
    struct cursor c = {s, n, 0, 0, err};

    scan->n = 0;
    scan->end = scan->close = 0;
    if (text(&c, scan) < 0) {
        *col = c.bad + 1;
        return -1;
    }
    return 0;
}

void hyt_json_scan_free(struct hyt_json_scan *scan)
{
    free(scan->member);
    *scan = (struct hyt_json_scan){0};
}
