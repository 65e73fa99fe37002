/* SPDX-License-Identifier: MIT */
/* chars.c - classes of characters, by Unicode (utf8proc) */
#include <stdlib.h>
#include <string.h>
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
        return cp == 0x200C || cp == 0x200D ||     /* Join_Control */
               (cp >= 0x24B6 && cp <= 0x24E9) ||   /* Other_Alphabetic: */
               (cp >= 0x1F130 && cp <= 0x1F149) || /* letters in circles, */
               (cp >= 0x1F150 && cp <= 0x1F169) || /* squares */
               (cp >= 0x1F170 && cp <= 0x1F189);
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

bool hyt_is_punct(uint32_t cp)
{
    const utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);

    if (cp < 0x80)
        return cp > ' ' && cp < 0x7F && !hyt_is_letter(cp) &&
               !hyt_is_numeric(cp);
    return c >= UTF8PROC_CATEGORY_PC && c <= UTF8PROC_CATEGORY_PO;
}

size_t hyt_utf8_before(const char *s, size_t at, uint32_t *cp)
{
    size_t begin = at - 1;

    while (begin > 0 && hyt_utf8_goes_on(s[begin]))
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

size_t hyt_grapheme(const char *s, size_t n)
{
    utf8proc_int32_t state = 0;
    uint32_t before, cp;
    size_t at = hyt_utf8_get(s, n, &before);

    while (at < n) {
        const size_t width = hyt_utf8_get(s + at, n - at, &cp);

        if (width == 0)
            HYT_BUG("text is not UTF-8");
        if (utf8proc_grapheme_break_stateful((utf8proc_int32_t)before,
                                             (utf8proc_int32_t)cp, &state))
            break;
        before = cp;
        at += width;
    }
    return at;
}

/* The length of the ASCII at the front. */
static size_t ascii(const char *s, size_t n)
{
    size_t at = 0;
    uint64_t eight;

    for (; n - at >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, s + at, sizeof eight);
        if (eight & 0x8080808080808080u)
            break;
    }
    while (at < n && (unsigned char)s[at] < 0x80)
        at++;
    return at;
}

static int put_mapped(struct hyt_buf *out, int options, const char *s, size_t n,
                      struct hyt_err *err)
{
    utf8proc_uint8_t *mapped;
    const utf8proc_ssize_t got =
        utf8proc_map((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)n, &mapped,
                     (utf8proc_option_t)options);

    if (got < 0)
        return hyt_fail(err, "Unicode normal form: %s", utf8proc_errmsg(got));
    hyt_buf_put(out, mapped, (size_t)got);
    free(mapped);
    return 0;
}

/* ASCII is in every normal form, and only its last character can combine with
 * what follows: only the rest is worth the way through utf8proc. */
int hyt_put_normal(struct hyt_buf *out, enum hyt_form form, const char *s,
                   size_t n, struct hyt_err *err)
{
    static const int options[] = {
        [HYT_NFC] = UTF8PROC_COMPOSE,
        [HYT_NFD] = UTF8PROC_DECOMPOSE,
        [HYT_NFKC] = UTF8PROC_COMPOSE | UTF8PROC_COMPAT,
        [HYT_NFKD] = UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT};
    size_t at = 0;

    while (at < n) {
        size_t plain = ascii(s + at, n - at), other = 0;

        if (at + plain < n && plain > 0)
            plain--;
        hyt_buf_put(out, s + at, plain);
        at += plain;
        while (at + other < n && (other == 0 || (s[at + other] & 0x80)))
            other++;
        if (other > 0 && put_mapped(out, UTF8PROC_STABLE | options[form],
                                    s + at, other, err) < 0)
            return -1;
        at += other;
    }
    return 0;
}

void hyt_put_lower(struct hyt_buf *out, const char *s, size_t n)
{
    for (size_t at = 0, width; at < n; at += width) {
        uint32_t cp;

        width = hyt_utf8_get(s + at, n - at, &cp);
        if (width == 0)
            HYT_BUG("text is not UTF-8");
        if (cp == 0x130) /* the one that becomes two: i and a dot above */
            hyt_buf_puts(out, "i\xCC\x87");
        else
            hyt_utf8_put(out, (uint32_t)utf8proc_tolower((int32_t)cp));
    }
}

size_t hyt_closes(const char *s, size_t n)
{
    static const char *const marks[] = {"\"", "'",  ")",  "]",  "”", "’",
                                        "」", "』", "）", "】", "》"};

    for (size_t i = 0; i < HYT_LEN(marks); i++) {
        const size_t width = strlen(marks[i]);

        if (n >= width && memcmp(s, marks[i], width) == 0)
            return width;
    }
    return 0;
}
