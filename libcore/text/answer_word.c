/* SPDX-License-Identifier: MIT */
/* answer_word.c - words and signs where answers are looked for */
#include <string.h>

#include "text/answer.h"
#include "text/chars.h"

bool hyt_one_of(const char *set, char c)
{
    return c && strchr(set, c);
}

char hyt_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool hyt_same_word(const char *s, const char *word, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (hyt_lower(s[i]) != word[i])
            return false;
    return true;
}

size_t hyt_skip_set(const char *s, size_t n, size_t at, const char *set)
{
    while (at < n && hyt_one_of(set, s[at]))
        at++;
    return at;
}

bool hyt_word_after(const char *s, size_t n, size_t at)
{
    uint32_t cp;

    return at < n && hyt_utf8_get(s + at, n - at, &cp) > 0 && hyt_is_word(cp);
}

size_t hyt_word_end(const char *s, size_t n, size_t at, const char *word)
{
    const size_t len = strlen(word);

    if (n - at < len || !hyt_same_word(s + at, word, len) ||
        hyt_word_after(s, n, at + len))
        return 0;
    return at + len;
}
