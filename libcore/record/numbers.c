/* SPDX-License-Identifier: MIT */
/*
 * numbers.c - numbers and arrays of them, straight from a record's text
 *
 * The fields of this toolkit hold hundreds of numbers a record, so no tree is
 * built for them.  The scanner has accepted the text: a number's end needs no
 * checks here.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/rec.h"

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The exponent at *s ("e-7"), and *s after it.  One too large to matter is
 * held at 9999. */
static int exponent(const char **s)
{
    const char *p = *s + 1;
    bool minus = *p == '-';
    int e = 0;

    if (*p == '-' || *p == '+')
        p++;
    for (; digit(*p); p++)
        e = e < 1000 ? e * 10 + (*p - '0') : 9999;
    *s = p;
    return minus ? -e : e;
}

/*
 * strtod() of the number at s, and the end of it.  A decimal of up to 2^53 and
 * a power of ten up to 10^22 are both exact doubles, so that one rounded
 * operation gives the nearest double (Clinger 1990, "How to read floating
 * point numbers accurately"); the rest is left to strtod().
 */
static const char *read_f64(const char *s, double *x)
{
    static const double ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const char *p = s + (*s == '-');
    uint64_t m = 0;
    int digits = 0, e = 0; /* the value is m * 10^e */

    for (; digit(*p); p++, digits += m > 0)
        m = m * 10 + (uint64_t)(*p - '0');
    if (*p == '.') {
        for (p++; digit(*p); p++, digits += m > 0, e--)
            m = m * 10 + (uint64_t)(*p - '0');
    }
    if (*p == 'e' || *p == 'E')
        e += exponent(&p);
    if (digits > 18 || m > (uint64_t)1 << 53 || e < -22 || e > 22) {
        *x = strtod(s, NULL);
        return p;
    }
    *x = e < 0 ? (double)m / ten[-e] : (double)m * ten[e];
    if (*s == '-')
        *x = -*x;
    return p;
}

/* A whole number; 1.0 and 1e3 are whole too, as programs that keep all
 * numbers as doubles write them.  False where it is none or outside int64. */
static bool read_i64(const char *s, int64_t *x, const char **end)
{
    const char *p = s + (*s == '-');
    uint64_t m = 0, limit = (uint64_t)INT64_MAX + (*s == '-');
    double d;

    for (; digit(*p); p++) {
        uint64_t k = (uint64_t)(*p - '0');

        if (m > (limit - k) / 10)
            return false;
        m = m * 10 + k;
    }
    if (*p != '.' && *p != 'e' && *p != 'E') {
        *x = *s == '-' ? (int64_t)(0 - m) : (int64_t)m;
        *end = p;
        return true;
    }
    *end = read_f64(s, &d);
    if (!(fabs(d) < 0x1p63) || d != floor(d))
        return false;
    *x = (int64_t)d;
    return true;
}

/* --- one number ----------------------------------------------------------- */

/* The text of a number: 1, 0 absent or null, -1. */
static int find_number(struct hyt_rec *rec, const char *path,
                       struct hyt_rec_value *v, const char *what,
                       struct hyt_err *err)
{
    int got = hyt_rec_find(rec, path, v, err);

    if (got <= 0 || hyt_rec_type(v) == HYT_JSON_NULL)
        return got < 0 ? -1 : 0;
    if (hyt_rec_type(v) != HYT_JSON_NUM)
        return hyt_rec_mistyped(rec, path, v, what, err);
    return 1;
}

/* Numbers are shown as they are written, up to a point. */
static int shown(size_t n)
{
    return n < 40 ? (int)n : 40;
}

int hyt_rec_num(struct hyt_rec *rec, const char *path, double *x,
                struct hyt_err *err)
{
    struct hyt_rec_value v;
    double d;
    int got = find_number(rec, path, &v, "a number", err);

    if (got <= 0)
        return got;
    read_f64(v.s, &d);
    if (!isfinite(d))
        return hyt_rec_fail_at(rec, v.col, err,
                               "\"%s\" is %.*s, too large for a double", path,
                               shown(v.n), v.s);
    *x = d;
    return 1;
}

int hyt_rec_int(struct hyt_rec *rec, const char *path, int64_t *x,
                struct hyt_err *err)
{
    struct hyt_rec_value v;
    const char *end;
    int got = find_number(rec, path, &v, "an integer", err);

    if (got <= 0)
        return got;
    if (!read_i64(v.s, x, &end))
        return hyt_rec_fail_at(rec, v.col, err,
                               "\"%s\" is %.*s, expected a 64-bit integer",
                               path, shown(v.n), v.s);
    return 1;
}

/* --- arrays --------------------------------------------------------------- */

enum kind { F32, F64, I32 };

static const char *const expected[] = {
    [F32] = "a finite float",
    [F64] = "a finite number",
    [I32] = "a 32-bit integer",
};
static const size_t size[] = {
    [F32] = sizeof(float),
    [F64] = sizeof(double),
    [I32] = sizeof(int32_t),
};

static const char *space(const char *s)
{
    while (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r')
        s++;
    return s;
}

/* Reads the number at s into element i; the end of it, NULL if it is not of
 * that kind. */
static const char *read_element(const char *s, enum kind kind, void *x,
                                size_t i)
{
    const char *end;
    int64_t k;
    double d;

    if (*s != '-' && !digit(*s))
        return NULL;
    if (kind == I32) {
        if (!read_i64(s, &k, &end) || k < INT32_MIN || k > INT32_MAX)
            return NULL;
        ((int32_t *)x)[i] = (int32_t)k;
        return end;
    }
    end = read_f64(s, &d);
    if (kind == F64) {
        ((double *)x)[i] = d;
        return isfinite(d) ? end : NULL;
    }
    /* Beyond this the nearest float would be infinity. */
    if (!(fabs(d) < 0x1.ffffffp127))
        return NULL;
    ((float *)x)[i] = (float)d;
    return end;
}

/* The element at s as it is written, for a message. */
static int bad_element(const struct hyt_rec *rec, const char *path, size_t i,
                       size_t col, const char *s, enum kind kind,
                       struct hyt_err *err)
{
    struct hyt_rec_value v = {s, strcspn(s, " \t,]"), col};
    char name[300];

    if (hyt_rec_type(&v) == HYT_JSON_NUM)
        return hyt_rec_fail_at(rec, col, err,
                               "\"%s[%zu]\" is %.*s, expected %s", path, i,
                               shown(v.n), s, expected[kind]);
    snprintf(name, sizeof(name), "%.250s[%zu]", path, i);
    return hyt_rec_mistyped(rec, name, &v, expected[kind], err);
}

static int read_array(struct hyt_rec *rec, const char *path, enum kind kind,
                      void **x, size_t *n, struct hyt_err *err)
{
    struct hyt_rec_value v;
    const char *s;
    size_t room = 1;
    int got = hyt_rec_find(rec, path, &v, err);

    if (got <= 0 || hyt_rec_type(&v) == HYT_JSON_NULL)
        return got < 0 ? -1 : 0;
    if (hyt_rec_type(&v) != HYT_JSON_ARRAY)
        return hyt_rec_mistyped(rec, path, &v, "an array of numbers", err);
    for (size_t i = 0; i < v.n; i++)
        room += v.s[i] == ',';
    *x = hyt_arena_alloc(&rec->arena, room, size[kind]);
    *n = 0;
    s = space(v.s + 1);
    if (*s == ']')
        return 1;
    for (;;) {
        const char *end = read_element(s, kind, *x, *n);

        if (!end)
            return bad_element(rec, path, *n, v.col + (size_t)(s - v.s), s,
                               kind, err);
        ++*n;
        s = space(end);
        if (*s == ']')
            return 1;
        s = space(s + 1); /* past the comma */
    }
}

int hyt_rec_f32s(struct hyt_rec *rec, const char *path, const float **x,
                 size_t *n, struct hyt_err *err)
{
    void *array = NULL;
    int got = read_array(rec, path, F32, &array, n, err);

    if (got > 0)
        *x = array;
    return got;
}

int hyt_rec_f64s(struct hyt_rec *rec, const char *path, const double **x,
                 size_t *n, struct hyt_err *err)
{
    void *array = NULL;
    int got = read_array(rec, path, F64, &array, n, err);

    if (got > 0)
        *x = array;
    return got;
}

int hyt_rec_i32s(struct hyt_rec *rec, const char *path, const int32_t **x,
                 size_t *n, struct hyt_err *err)
{
    void *array = NULL;
    int got = read_array(rec, path, I32, &array, n, err);

    if (got > 0)
        *x = array;
    return got;
}
