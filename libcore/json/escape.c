/* SPDX-License-Identifier: MIT */
/* Escapes and the spelling of keys. */
#include "json/escape.h"
#include "hyt/json.h"

#include <string.h>

static uint32_t hex4(const char *s)
{
    uint32_t x = 0;

    for (int i = 0; i < 4; i++) {
        const uint32_t c = (unsigned char)s[i];

        /* digits are 0x30.., letters 0x41.. or 0x61.. */
        x = x << 4 | (c <= '9' ? c - '0' : (c & 0xF) + 9);
    }
    return x;
}

size_t hyt_json_unescape(const char *s, size_t n, uint32_t *cp)
{
    static const char letter[] = "\"\\/bfnrt";
    static const char meaning[] = "\"\\/\b\f\n\r\t";
    uint32_t low;

    if (n < 2)
        return 0;
    if (s[1] != 'u') {
        const char *p = memchr(letter, s[1], sizeof letter - 1);

        if (!p)
            return 0;
        *cp = (unsigned char)meaning[p - letter];
        return 2;
    }
    if (n < 6)
        return 0;
    *cp = hex4(s + 2);
    if (*cp < 0xD800 || *cp > 0xDFFF)
        return 6;
    if (*cp > 0xDBFF || n < 12 || s[6] != '\\' || s[7] != 'u')
        return 0;
    low = hex4(s + 8);
    if (low < 0xDC00 || low > 0xDFFF)
        return 0;
    *cp = 0x10000 + ((*cp - 0xD800) << 10) + (low - 0xDC00);
    return 12;
}

bool hyt_json_key_is(const char *key, size_t n, const char *name)
{
    const size_t len = strlen(name);
    size_t i = 1, at = 0;

    if (n < 2)
        return false;
    if (!memchr(key, '\\', n))
        return n - 2 == len && memcmp(key + 1, name, len) == 0;
    while (i < n - 1 && at < len) {
        uint32_t cp, want;
        size_t width;

        if (key[i] != '\\') {
            if (key[i++] != name[at++])
                return false;
            continue;
        }
        width = hyt_json_unescape(key + i, n - 1 - i, &cp);
        i += width;
        if (width == 0)
            return false;
        width = hyt_utf8_get(name + at, len - at, &want);
        at += width;
        if (width == 0 || cp != want)
            return false;
    }
    return i == n - 1 && at == len;
}
