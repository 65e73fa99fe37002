/* SPDX-License-Identifier: MIT */
/*
 * Grading: are two answers the same?  Each answer is brought to the one
 * spelling that all its equals share, and spellings are compared as bytes; so
 * "the same" is transitive and answers can be counted.
 */
#include "hyt/score.h"

#include <stdlib.h>
#include <string.h>

/* Exponents beyond this are not numbers that anyone meant. */
#define EXPONENT_MAX 100000

static const char *const names[] = {"auto", "exact", "numeric", "choice",
                                    "none"};

const char *hyt_grade_name(enum hyt_grade_how how)
{
    return names[how];
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* A view of text that is eaten from both ends. */
struct text {
    const char *s;
    size_t n;
};

static void trim(struct text *t)
{
    while (t->n > 0 && is_space(t->s[0]))
        t->s++, t->n--;
    while (t->n > 0 && is_space(t->s[t->n - 1]))
        t->n--;
}

static bool eat(struct text *t, const char *prefix)
{
    size_t n = strlen(prefix);

    if (t->n < n || memcmp(t->s, prefix, n) != 0)
        return false;
    t->s += n;
    t->n -= n;
    return true;
}

static bool eat_back(struct text *t, const char *suffix)
{
    size_t n = strlen(suffix);

    if (t->n < n || memcmp(t->s + t->n - n, suffix, n) != 0)
        return false;
    t->n -= n;
    return true;
}

/* --- numbers ------------------------------------------------------------- */

/* value = 0.DIGITS * 10^point; digits without zeros at either end. */
struct decimal {
    struct hyt_buf digits;
    int64_t point;
    bool negative;
};

/* White space, sign, currency and percent sign round the number proper; the
 * currency stands on either side. */
static bool undress(struct text *t, bool *negative)
{
    static const char *const currency[] = {"\\$", "$", "€", "£", "¥"};
    bool sign, paid = false;

    trim(t);
    *negative = eat(t, "-") || eat(t, "−");
    sign = *negative || eat(t, "+");
    for (size_t i = 0; i < HYT_LEN(currency); i++) {
        if (eat(t, currency[i])) {
            trim(t);
            paid = true;
            break;
        }
    }
    if (!sign)
        *negative = eat(t, "-") || eat(t, "−");
    for (size_t i = 0; i < HYT_LEN(currency) && !paid; i++)
        paid = eat_back(t, currency[i]);
    if (eat_back(t, "%"))
        (void)eat_back(t, "\\");
    trim(t);
    return t->n > 0;
}

/* Digits before the point; commas, where there are any, part threes. */
static bool whole_part(struct decimal *d, struct text *t)
{
    size_t since = 0;
    bool commas = false;

    while (t->n > 0 && (is_digit(t->s[0]) || t->s[0] == ',')) {
        if (t->s[0] == ',') {
            if (commas ? since != 3 : since < 1 || since > 3)
                return false;
            commas = true;
            since = 0;
        } else {
            hyt_buf_putc(&d->digits, t->s[0]);
            since++;
        }
        t->s++, t->n--;
    }
    d->point = (int64_t)d->digits.n;
    return !commas || since == 3;
}

static bool exponent(struct decimal *d, struct text *t)
{
    int64_t e = 0;
    bool minus;

    if (!eat(t, "e") && !eat(t, "E"))
        return t->n == 0;
    minus = eat(t, "-");
    if (!minus)
        (void)eat(t, "+");
    if (t->n == 0)
        return false;
    for (; t->n > 0 && is_digit(t->s[0]) && e <= EXPONENT_MAX; t->s++, t->n--)
        e = 10 * e + (t->s[0] - '0');
    d->point += minus ? -e : e;
    return t->n == 0 && e <= EXPONENT_MAX;
}

/* Takes the zeros off both ends; zero is left without a digit. */
static void reduce(struct decimal *d)
{
    size_t zeros = 0;

    while (d->digits.n > 0 && d->digits.s[d->digits.n - 1] == '0')
        d->digits.n--;
    while (zeros < d->digits.n && d->digits.s[zeros] == '0')
        zeros++;
    if (zeros > 0) {
        d->digits.n -= zeros;
        memmove(d->digits.s, d->digits.s + zeros, d->digits.n);
        d->point -= (int64_t)zeros;
    }
    if (d->digits.n == 0) {
        d->negative = false;
        d->point = 0;
    }
}

static bool read_decimal(struct decimal *d, struct text t)
{
    size_t digits;

    if (!undress(&t, &d->negative) || !whole_part(d, &t))
        return false;
    if (eat(&t, "."))
        for (; t.n > 0 && is_digit(t.s[0]); t.s++, t.n--)
            hyt_buf_putc(&d->digits, t.s[0]);
    digits = d->digits.n;
    if (digits == 0 || !exponent(d, &t))
        return false;
    reduce(d);
    return true;
}

static bool canon_number(struct hyt_buf *out, struct text t)
{
    struct decimal d = {0};
    bool is_number = read_decimal(&d, t);

    if (is_number) {
        hyt_buf_printf(out, "n%s%lld:", d.negative ? "-" : "",
                       (long long)d.point);
        hyt_buf_put(out, d.digits.s, d.digits.n);
    }
    hyt_buf_free(&d.digits);
    return is_number;
}

/* --- choices and text ---------------------------------------------------- */

/* One letter, perhaps in brackets, perhaps with a full stop or colon. */
static bool canon_choice(struct hyt_buf *out, struct text t)
{
    trim(&t);
    if (!eat_back(&t, "."))
        (void)eat_back(&t, ":");
    if (eat(&t, "(")) {
        if (!eat_back(&t, ")"))
            return false;
    } else if (eat(&t, "[")) {
        if (!eat_back(&t, "]"))
            return false;
    } else {
        (void)eat_back(&t, ")");
    }
    trim(&t);
    if (t.n != 1 || !is_letter(t.s[0]))
        return false;
    hyt_buf_putc(out, 'c');
    hyt_buf_putc(out, lower(t.s[0]));
    return true;
}

static void canon_text(struct hyt_buf *out, struct text t, bool fold)
{
    trim(&t);
    hyt_buf_putc(out, 't');
    for (size_t i = 0; i < t.n; i++) {
        if (!is_space(t.s[i]))
            hyt_buf_putc(out, fold ? lower(t.s[i]) : t.s[i]);
        else if (!is_space(t.s[i - 1]))
            hyt_buf_putc(out, ' ');
    }
}

/* Whether the text holds the mark once more. */
static bool holds(struct text t, const char *mark)
{
    for (; t.n > 0; t.s++, t.n--) {
        struct text rest = t;

        if (eat(&rest, mark))
            return true;
    }
    return false;
}

/* Takes off what marks the whole as a formula or as emphasised; of the latter
 * also what was begun before the answer. */
static void unwrap(struct text *t)
{
    static const char *const pair[][2] = {
        {"$$", "$$"}, {"$", "$"}, {"\\(", "\\)"}, {"\\[", "\\]"}, {"*", "*"}};
    size_t before;

    do {
        trim(t);
        before = t->n;
        while (eat(t, "**") || eat_back(t, "**"))
            trim(t);
        for (size_t i = 0; i < HYT_LEN(pair); i++) {
            struct text in = *t;

            if (eat(&in, pair[i][0]) && eat_back(&in, pair[i][1]) &&
                !holds(in, pair[i][0]))
                *t = in;
        }
    } while (t->n < before);
}

void hyt_answer_canon(struct hyt_buf *out, const char *s, size_t n,
                      enum hyt_grade_how how)
{
    struct text t = {s, n};
    bool automatic = how == HYT_GRADE_AUTO;

    if (how != HYT_GRADE_EXACT)
        unwrap(&t);
    if (t.n == 0)
        t = (struct text){s, n};

    if ((automatic || how == HYT_GRADE_NUMERIC) && canon_number(out, t))
        return;
    if ((automatic || how == HYT_GRADE_CHOICE) && canon_choice(out, t))
        return;
    if (automatic || how == HYT_GRADE_EXACT)
        canon_text(out, t, automatic);
}

bool hyt_grade(const char *a, size_t na, const char *b, size_t nb,
               enum hyt_grade_how how, enum hyt_grade_how *used)
{
    struct hyt_buf x = {0}, y = {0};
    bool same;

    hyt_answer_canon(&x, a, na, how);
    hyt_answer_canon(&y, b, nb, how);
    same = x.n > 0 && x.n == y.n && memcmp(x.s, y.s, x.n) == 0;
    if (used != NULL) {
        *used = how;
        if (how == HYT_GRADE_AUTO) {
            *used = HYT_GRADE_EXACT;
            if (x.s[0] == y.s[0] && x.s[0] == 'n')
                *used = HYT_GRADE_NUMERIC;
            else if (x.s[0] == y.s[0] && x.s[0] == 'c')
                *used = HYT_GRADE_CHOICE;
        }
    }
    hyt_buf_free(&x);
    hyt_buf_free(&y);
    return same;
}
