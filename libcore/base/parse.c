/* SPDX-License-Identifier: MIT */
/*
 * Text to numbers, for options: the whole text must be the number, in decimal.
 */
#include "hyt/base.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What follows the digits: a suffix or a power of ten.  0: neither. */
static uint64_t multiplier(const char *s)
{
    static const struct {
        const char *name;
        uint64_t value;
    } suffix[] = {
        {"", 1},          {"k", 1000},      {"M", 1000000},   {"G", 1000000000},
        {"Ki", 1u << 10}, {"Mi", 1u << 20}, {"Gi", 1u << 30},
    };
    uint64_t ten = 1;
    char *end;

    for (size_t i = 0; i < HYT_LEN(suffix); i++)
        if (strcmp(s, suffix[i].name) == 0)
            return suffix[i].value;
    if ((s[0] != 'e' && s[0] != 'E') || s[1] < '0' || s[1] > '9')
        return 0;
    for (unsigned long e = strtoul(s + 1, &end, 10); e > 0; e--) {
        if (ten > UINT64_MAX / 10)
            return 0;
        ten *= 10;
    }
    return *end ? 0 : ten;
}

/* The number at `digits` into *x; messages show the whole text s. */
static int magnitude(const char *s, const char *digits, uint64_t *x,
                     struct hyt_err *err)
{
    const char *p = digits;
    uint64_t value = 0, times;

    for (; *p >= '0' && *p <= '9'; p++) {
        const uint64_t d = (uint64_t)(*p - '0');

        if (value > (UINT64_MAX - d) / 10)
            return hyt_fail(err, "%s is too large", s);
        value = 10 * value + d;
    }
    times = multiplier(p);
    if (p == digits || times == 0)
        return hyt_fail(err, "\"%s\" is not a whole number", s);
    if (value > UINT64_MAX / times)
        return hyt_fail(err, "%s is too large", s);
    *x = value * times;
    return 0;
}

int hyt_parse_u64(const char *s, uint64_t *x, struct hyt_err *err)
{
    return magnitude(s, s, x, err);
}

int hyt_parse_i64(const char *s, int64_t *x, struct hyt_err *err)
{
    const bool negative = s[0] == '-';
    uint64_t m;

    if (magnitude(s, s + negative, &m, err) < 0)
        return -1;
    if (m > (uint64_t)INT64_MAX + negative)
        return hyt_fail(err, "%s is too %s", s, negative ? "small" : "large");
    if (!negative)
        *x = (int64_t)m;
    else
        *x = m > INT64_MAX ? INT64_MIN : -(int64_t)m;
    return 0;
}

int hyt_parse_f64(const char *s, double *x, struct hyt_err *err)
{
    char *end;
    double value;

    /* strtod() also takes spaces, hexadecimal, "inf" and "nan". */
    if (s[strspn(s, "0123456789+-.eE")] != '\0')
        return hyt_fail(err, "\"%s\" is not a number", s);
    value = strtod(s, &end);
    if (end == s || *end)
        return hyt_fail(err, "\"%s\" is not a number", s);
    if (!isfinite(value))
        return hyt_fail(err, "%s is too large", s);
    *x = value;
    return 0;
}
