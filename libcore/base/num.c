/* SPDX-License-Identifier: MIT */
/*
 * Numbers to text: the fewest significant digits that read back to the same
 * bits, laid out without an exponent where that stays short.
 */
#include "hyt/base.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "-d.ddde-XX" with `digits` significant digits. */
static void print(char out[HYT_NUM_MAX], double x, int digits)
{
    snprintf(out, HYT_NUM_MAX, "%.*e", digits - 1, x);
}

static bool same_f32(const char *text, double x)
{
    return (float)strtod(text, NULL) == (float)x;
}

static bool same_f64(const char *text, double x)
{
    return strtod(text, NULL) == x;
}

/*
 * Prints x with the fewest digits that `same` accepts.  Every decimal of
 * `sure` digits survives a round trip in the normal range, so there the
 * nearest decimal of `sure` digits without its trailing zeros is the shortest
 * if it reads back; sure + 3 (float) and sure + 2 (double) always read back.
 * Most computed values need all or nearly all digits: the search starts there.
 */
static void print_shortest(char out[HYT_NUM_MAX], double x, int sure, int all,
                           bool normal, bool (*same)(const char *, double))
{
    char shorter[HYT_NUM_MAX];
    int digits = all - 1;

    if (!normal) {
        digits = 1;
        for (print(out, x, digits); !same(out, x); print(out, x, digits))
            digits++;
        return;
    }
    print(out, x, digits);
    if (!same(out, x)) {
        print(out, x, all);
        return;
    }
    while (digits > sure) {
        print(shorter, x, --digits);
        if (!same(shorter, x))
            return;
        memcpy(out, shorter, sizeof shorter);
    }
}

/* Rewrites "-d.ddde-XX": without an exponent from 1e-5 up to 1e16, else as
 * "-d.ddde-X".  Trailing zeros go.  Returns the length. */
static size_t lay_out(char text[HYT_NUM_MAX])
{
    char digit[HYT_NUM_MAX] = {0};
    char *out = text + (text[0] == '-');
    const char *e = strchr(out, 'e');
    const int exponent = (int)strtol(e + 1, NULL, 10);
    int n = 0;

    for (const char *p = out; p < e; p++)
        if (*p != '.')
            digit[n++] = *p;
    while (n > 1 && digit[n - 1] == '0')
        n--;

    if (exponent >= -5 && exponent < 16) {
        if (exponent < 0) {
            *out++ = '0';
            *out++ = '.';
            for (int i = -1; i > exponent; i--)
                *out++ = '0';
        }
        for (int i = 0; i < n || i <= exponent; i++) {
            if (i > 0 && i == exponent + 1)
                *out++ = '.';
            *out++ = (char)(i < n ? digit[i] : '0');
        }
        *out = '\0';
        return (size_t)(out - text);
    }
    *out++ = digit[0];
    if (n > 1)
        *out++ = '.';
    memcpy(out, digit + 1, (size_t)n - 1);
    out += n - 1;
    out += snprintf(out, (size_t)(text + HYT_NUM_MAX - out), "e%d", exponent);
    return (size_t)(out - text);
}

/* Small whole numbers are common and their text is known.  0: not one. */
static size_t print_whole(char out[HYT_NUM_MAX], double x)
{
    if (!(fabs(x) < 1e6) || x != (double)(int)x || (x == 0 && signbit(x)))
        return 0;
    return (size_t)snprintf(out, HYT_NUM_MAX, "%d", (int)x);
}

size_t hyt_num_f32(char out[HYT_NUM_MAX], float x)
{
    size_t n;

    if (!isfinite(x))
        HYT_BUG("a number that is not finite");
    n = print_whole(out, (double)x);
    if (n)
        return n;
    print_shortest(out, (double)x, FLT_DIG, FLT_DECIMAL_DIG, isnormal(x),
                   same_f32);
    return lay_out(out);
}

size_t hyt_num_f64(char out[HYT_NUM_MAX], double x)
{
    size_t n;

    if (!isfinite(x))
        HYT_BUG("a number that is not finite");
    n = print_whole(out, x);
    if (n)
        return n;
    print_shortest(out, x, DBL_DIG, DBL_DECIMAL_DIG, isnormal(x), same_f64);
    return lay_out(out);
}
