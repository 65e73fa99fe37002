/* SPDX-License-Identifier: MIT */
/*
 * charsmap.c - SentencePiece's normalization, as it is compiled into models
 *
 * The blob is the size of the trie in bytes, the trie, a double array as
 * darts-clone writes it, and the strings; all numbers have 32 bits, the lowest
 * byte first.
 */
#include <stdlib.h>
#include <string.h>

#include "text/chars.h"
#include "text/charsmap.h"

/* --- loading -------------------------------------------------------------- */

static int base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrs"
                                 "tuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

static int put_base64(struct hyt_buf *out, const char *s, struct hyt_err *err)
{
    const size_t n = strcspn(s, "=");
    uint32_t bits = 0;

    for (size_t i = 0; i < n; i++) {
        const int digit = base64_digit(s[i]);

        if (digit < 0)
            return hyt_fail(err, "precompiled_charsmap: no base64 at byte %zu",
                            i + 1);
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 > 0)
            hyt_buf_putc(out, (char)(bits >> (6 - 2 * (i % 4))));
    }
    return 0;
}

static uint32_t number_at(const char *s)
{
    const unsigned char *u = (const unsigned char *)s;

    return u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 |
           (uint32_t)u[3] << 24;
}

int hyt_charsmap_load(struct hyt_charsmap *map, const char *base64,
                      struct hyt_err *err)
{
    struct hyt_buf blob = {0};
    size_t trie;

    hyt_buf_reserve(&blob, 0);
    if (put_base64(&blob, base64, err) < 0) {
        hyt_buf_free(&blob);
        return -1;
    }
    trie = blob.n < 4 ? SIZE_MAX : number_at(blob.s);
    if (trie == 0 || trie % 4 != 0 || trie > blob.n - 4) {
        hyt_buf_free(&blob);
        return hyt_fail(err, "precompiled_charsmap: too short");
    }
    if (hyt_utf8_bad(blob.s + 4 + trie, blob.n - 4 - trie) <
        blob.n - 4 - trie) {
        hyt_buf_free(&blob);
        return hyt_fail(err, "precompiled_charsmap: a string is not UTF-8");
    }
    map->n_units = trie / 4;
    map->unit = hyt_alloc(map->n_units, sizeof(*map->unit));
    for (size_t i = 0; i < map->n_units; i++)
        map->unit[i] = number_at(blob.s + 4 + 4 * i);
    map->n_text = blob.n - 4 - trie;
    map->text = hyt_strndup(blob.s + 4 + trie, map->n_text);
    hyt_buf_free(&blob);
    return 0;
}

void hyt_charsmap_free(struct hyt_charsmap *map)
{
    free(map->unit);
    free(map->text);
}

/* --- use ------------------------------------------------------------------ */

/* A unit has a label (a byte; bit 31 is set in values), whether a value
 * follows, and how far away its children are. */
static size_t children(uint32_t unit)
{
    return (size_t)(unit >> 10) << ((unit & 1u << 9) >> 6);
}

/* What stands for the shortest beginning of s[0..n) that is in the trie; NULL:
 * none is, or the trie leads nowhere. */
static const char *find(const struct hyt_charsmap *map, const char *s, size_t n)
{
    size_t at = children(map->unit[0]);

    for (size_t i = 0; i < n; i++) {
        const unsigned char byte = (unsigned char)s[i];
        uint32_t unit;

        at ^= byte;
        if (byte == 0 || at >= map->n_units)
            return NULL;
        unit = map->unit[at];
        if ((unit & (1u << 31 | 0xFF)) != byte)
            return NULL;
        at ^= children(unit);
        if (unit & 1u << 8) {
            const size_t value =
                at < map->n_units ? map->unit[at] & 0x7FFFFFFF : SIZE_MAX;

            return value < map->n_text && !hyt_utf8_goes_on(map->text[value])
                       ? map->text + value
                       : NULL;
        }
    }
    return NULL;
}

/* Hugging Face's tokenizers look at a whole grapheme cluster of less than six
 * bytes first, though only its beginning need be in the trie. */
void hyt_charsmap_put(const struct hyt_charsmap *map, struct hyt_buf *out,
                      const char *s, size_t n)
{
    for (size_t at = 0, width; at < n; at += width) {
        const char *found;

        width = hyt_grapheme(s + at, n - at);
        found = width < 6 ? find(map, s + at, width) : NULL;
        if (found) {
            hyt_buf_puts(out, found);
            continue;
        }
        for (size_t i = 0, one; i < width; i += one) {
            uint32_t cp;

            one = hyt_utf8_get(s + at + i, width - i, &cp);
            found = find(map, s + at + i, one);
            if (found)
                hyt_buf_puts(out, found);
            else
                hyt_buf_put(out, s + at + i, one);
        }
    }
}
