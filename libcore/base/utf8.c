/* SPDX-License-Identifier: MIT */
/* UTF-8 by the table of RFC 3629, section 4. */
#include "hyt/base.h"

#include <string.h>

/* The width that a first byte announces, and the range of the second byte,
 * which is where overlong forms, surrogates and scalars above U+10FFFF show. */
static size_t lead(unsigned char c, unsigned char *lo, unsigned char *hi)
{
    *lo = 0x80;
    *hi = 0xBF;
    if (c < 0x80)
        return 1;
    if (c < 0xC2)
        return 0;
    if (c < 0xE0)
        return 2;
    if (c < 0xF0) {
        if (c == 0xE0)
            *lo = 0xA0;
        if (c == 0xED)
            *hi = 0x9F;
        return 3;
    }
    if (c < 0xF5) {
        if (c == 0xF0)
            *lo = 0x90;
        if (c == 0xF4)
            *hi = 0x8F;
        return 4;
    }
    return 0;
}

size_t hyt_utf8_get(const char *s, size_t n, uint32_t *cp)
{
    static const unsigned char first_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    const unsigned char *u = (const unsigned char *)s;
    unsigned char lo, hi;
    const size_t width = lead(u[0], &lo, &hi);
    uint32_t c;

    if (width == 0 || width > n)
        return 0;
    if (width > 1 && (u[1] < lo || u[1] > hi))
        return 0;
    c = u[0] & first_bits[width];
    for (size_t i = 1; i < width; i++) {
        if (!hyt_utf8_goes_on(s[i]))
            return 0;
        c = c << 6 | (u[i] & 0x3F);
    }
    *cp = c;
    return width;
}

size_t hyt_utf8_bad(const char *s, size_t n)
{
    size_t i = 0;

    while (i < n) {
        uint64_t eight;
        uint32_t cp;
        size_t width;

        if (n - i >= sizeof eight) { /* most text is ASCII */
            memcpy(&eight, s + i, sizeof eight);
            if (!(eight & 0x8080808080808080u)) {
                i += sizeof eight;
                continue;
            }
        }
        width = hyt_utf8_get(s + i, n - i, &cp);
        if (width == 0)
            return i;
        i += width;
    }
    return n;
}

void hyt_utf8_put(struct hyt_buf *b, uint32_t cp)
{
    char s[4];
    size_t n;

    if (cp < 0x80) {
        s[0] = (char)cp;
        n = 1;
    } else if (cp < 0x800) {
        s[0] = (char)(0xC0 | cp >> 6);
        s[1] = (char)(0x80 | (cp & 0x3F));
        n = 2;
    } else if (cp < 0x10000) {
        s[0] = (char)(0xE0 | cp >> 12);
        s[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        s[2] = (char)(0x80 | (cp & 0x3F));
        n = 3;
    } else {
        s[0] = (char)(0xF0 | cp >> 18);
        s[1] = (char)(0x80 | (cp >> 12 & 0x3F));
        s[2] = (char)(0x80 | (cp >> 6 & 0x3F));
        s[3] = (char)(0x80 | (cp & 0x3F));
        n = 4;
    }
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        HYT_BUG("not a Unicode scalar value");
    hyt_buf_put(b, s, n);
}
