/* SPDX-License-Identifier: MIT */
/*
 * bytelevel.c - GPT-2's alphabet: a printable character for each byte
 *
 * Bytes that are printable in Latin-1 stand for themselves; the other 68, in
 * order, are U+0100, U+0101, … (bytes_to_unicode() of GPT-2's encoder.py).
 */
#include "text/bytelevel.h"

/* The ranges of bytes that do not stand for themselves. */
static const struct {
    unsigned lo, hi;
} moved[] = {{0x00, 0x20}, {0x7F, 0xA0}, {0xAD, 0xAD}};

uint32_t hyt_bytelevel_char(unsigned char byte)
{
    uint32_t cp = 0x100;

    for (size_t i = 0; i < HYT_LEN(moved); i++) {
        if (byte >= moved[i].lo && byte <= moved[i].hi)
            return cp + (byte - moved[i].lo);
        cp += moved[i].hi - moved[i].lo + 1;
    }
    return byte;
}

int hyt_bytelevel_byte(uint32_t cp)
{
    uint32_t base = 0x100;

    for (size_t i = 0; i < HYT_LEN(moved); i++) {
        const uint32_t count = moved[i].hi - moved[i].lo + 1;

        if (cp >= moved[i].lo && cp <= moved[i].hi)
            return -1;
        if (cp >= base && cp < base + count)
            return (int)(moved[i].lo + (cp - base));
        base += count;
    }
    return cp < 0x100 ? (int)cp : -1;
}

void hyt_bytelevel_put(struct hyt_buf *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hyt_utf8_put(out, hyt_bytelevel_char((unsigned char)s[i]));
}
