/* SPDX-License-Identifier: MIT */
/* chars.c - classes of characters, by Unicode (utf8proc) */
#include <stdlib.h>
#include <utf8proc.h>

#include "text/chars.h"

bool hyt_is_space(uint32_t cp)
{
    return (cp >= 9 && cp <= 13) || cp == ' ' || cp == 0x85 || cp == 0xA0 ||
           cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 ||
           cp == 0x2029 || cp == 0x202F || cp == 0x205F || cp == 0x3000;
}

bool hyt_is_word(uint32_t cp)
{
    switch (utf8proc_category((utf8proc_int32_t)cp)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_PC:
        return true;
    default:
        return cp == 0x200C || cp == 0x200D; /* Join_Control */
    }
}

bool hyt_is_letter(uint32_t cp)
{
    const utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);

    return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO;
}

bool hyt_is_numeric(uint32_t cp)
{
    const utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);

    return c == UTF8PROC_CATEGORY_ND || c == UTF8PROC_CATEGORY_NL ||
           c == UTF8PROC_CATEGORY_NO;
}

size_t hyt_utf8_before(const char *s, size_t at, uint32_t *cp)
{
    size_t begin = at - 1;

    while (begin > 0 && ((unsigned char)s[begin] & 0xC0) == 0x80)
        begin--;
    if (hyt_utf8_get(s + begin, at - begin, cp) != at - begin)
        HYT_BUG("text is not UTF-8");
    return begin;
}

size_t hyt_full_stop(const char *s, size_t n, bool *wide)
{
    uint32_t cp = 0;
    const size_t width = n > 0 ? hyt_utf8_get(s, n, &cp) : 0;

    *wide = cp == 0x3002 || cp == 0xFF01 || cp == 0xFF1F;
    return *wide || cp == '.' || cp == '!' || cp == '?' ? width : 0;
}

bool hyt_starts_space(const char *s, size_t n)
{
    uint32_t cp;

    return n > 0 && hyt_utf8_get(s, n, &cp) > 0 && hyt_is_space(cp);
}

size_t hyt_skip_space(const char *s, size_t n)
{
    size_t at = 0;

    while (at < n) {
        uint32_t cp;
        const size_t width = hyt_utf8_get(s + at, n - at, &cp);

        if (width == 0 || !hyt_is_space(cp))
            break;
        at += width;
    }
    return at;
}

size_t hyt_trim_end(const char *s, size_t n)
{
    while (n > 0) {
        uint32_t cp;
        const size_t begin = hyt_utf8_before(s, n, &cp);

        if (!hyt_is_space(cp))
            break;
        n = begin;
    }
    return n;
}

int hyt_put_nfc(struct hyt_buf *out, const char *s, size_t n,
                struct hyt_err *err)
{
    utf8proc_uint8_t *nfc;
    const utf8proc_ssize_t got =
        utf8proc_map((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)n, &nfc,
                     UTF8PROC_STABLE | UTF8PROC_COMPOSE);

    if (got < 0)
        return hyt_fail(err, "NFC: %s", utf8proc_errmsg(got));
    hyt_buf_put(out, nfc, (size_t)got);
    free(nfc);
    return 0;
}
