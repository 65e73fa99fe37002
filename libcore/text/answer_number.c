/* SPDX-License-Identifier: MIT */
/*
 * answer_number.c - the last number: a sign unless it stands between two
 * things, a currency, digits with or without commas at the thousands, decimals
 * or a denominator, an exponent, a per cent sign
 */
#include <string.h>

#include "text/answer.h"
#include "text/chars.h"

static bool is_digit(const char *s, size_t n, size_t at)
{
    return at < n && s[at] >= '0' && s[at] <= '9';
}

static bool is_char(const char *s, size_t n, size_t at, char c)
{
    return at < n && s[at] == c;
}

static size_t digits_end(const char *s, size_t n, size_t at)
{
    while (is_digit(s, n, at))
        at++;
    return at;
}

/* "1,234,567", or digits alone. */
static size_t integer_end(const char *s, size_t n, size_t begin)
{
    size_t end = digits_end(s, n, begin);

    if (end - begin > 3)
        return end;
    while (is_char(s, n, end, ',') && is_digit(s, n, end + 1) &&
           is_digit(s, n, end + 2) && is_digit(s, n, end + 3) &&
           !is_digit(s, n, end + 4))
        end += 4;
    return end;
}

/* The denominator behind an integer that ends at `end`: where it ends itself;
 * or `end`.  A date and a decimal are no denominators. */
static size_t denominator_end(const char *s, size_t n, size_t begin, size_t end)
{
    const size_t last = is_char(s, n, end, '/') && is_digit(s, n, end + 1)
                            ? integer_end(s, n, end + 1)
                            : end;

    if ((begin > 0 && s[begin - 1] == '/') || is_char(s, n, last, '/') ||
        (is_char(s, n, last, '.') && is_digit(s, n, last + 1)))
        return end;
    return last;
}

static size_t exponent_end(const char *s, size_t n, size_t end)
{
    size_t at = end;

    if (is_char(s, n, at, 'e') || is_char(s, n, at, 'E'))
        at++;
    else
        return end;
    if (is_char(s, n, at, '-') || is_char(s, n, at, '+'))
        at++;
    return is_digit(s, n, at) ? digits_end(s, n, at) : end;
}

/* The number whose first digit, or point, is at s[begin]. */
static size_t number_end(const char *s, size_t n, size_t begin)
{
    size_t end = begin;

    if (s[begin] != '.') {
        end = integer_end(s, n, begin);
        if (is_char(s, n, end, '/'))
            end = denominator_end(s, n, begin, end);
    }
    if (is_char(s, n, end, '.') && is_digit(s, n, end + 1))
        end = digits_end(s, n, end + 1);
    end = exponent_end(s, n, end);
    return is_char(s, n, end, '%') ? end + 1 : end;
}

/* Where the character before s[at] begins, not before `from`; at: there is
 * none. */
static size_t before(const char *s, size_t from, size_t at, uint32_t *cp)
{
    *cp = 0;
    return at > from ? hyt_utf8_before(s, at, cp) : at;
}

#define MINUS 0x2212 /* the mathematical one */

/* "2-3", "(2)-3", "5%-3": the sign at s[at] is an operator. */
static bool is_operator(const char *s, size_t at)
{
    uint32_t cp;

    before(s, 0, at, &cp);
    return hyt_is_word(cp) || (cp && cp < 128 && strchr(")]%$", (int)cp));
}

static bool is_currency(uint32_t cp)
{
    return cp == '$' || cp == 0x20AC || cp == 0xA3; /* euro, pound */
}

/* Where the sign and currency begin that stand before s[at]. */
static size_t number_begin(const char *s, size_t from, size_t at)
{
    uint32_t cp;
    size_t prev = before(s, from, at, &cp);

    if (cp == '-' || cp == '+' || cp == MINUS) { /* $-5 */
        const size_t currency = before(s, from, prev, &cp);

        if (is_currency(cp))
            at = currency;
    } else if (is_currency(cp)) {
        at = prev;
    }
    prev = before(s, from, at, &cp);
    if ((cp == '-' || cp == '+' || cp == MINUS) && !is_operator(s, prev))
        at = prev;
    return at;
}

/* H2O and x_1 hold no numbers, and 1.2.3 no .3. */
static bool may_begin(const char *s, size_t at)
{
    uint32_t cp;

    before(s, 0, at, &cp);
    if (cp >= '0' && cp <= '9')
        return s[at] != '.';
    return !hyt_is_letter(cp) && cp != '_';
}

bool hyt_find_number(const char *s, size_t n, struct hyt_answer *found)
{
    size_t from = 0; /* the end of the number before */
    bool any = false;

    for (size_t at = 0; at < n;) {
        if (!is_digit(s, n, at) && !(s[at] == '.' && is_digit(s, n, at + 1))) {
            at++;
        } else if (!may_begin(s, at)) {
            at = s[at] == '.' ? at + 1 : number_end(s, n, at);
        } else {
            *found = (struct hyt_answer){.begin = number_begin(s, from, at),
                                         .end = number_end(s, n, at)};
            found->marker = found->begin;
            from = at = found->end;
            any = true;
        }
    }
    return any;
}
