/* SPDX-License-Identifier: MIT */
/* answer_choice.c - answers that are the letter of an option: "(B)" */
#include <string.h>

#include "text/answer.h"
#include "text/chars.h"

static bool is_option(char c)
{
    return c >= 'A' && c <= 'J';
}

/* "A because it fits": what goes on like this has named an option. */
static bool goes_on(const char *s, size_t n, size_t at)
{
    static const char *const words[] = {
        "because", "since", "as",  "and",  "or",   "but",   "for", "which",
        "that",    "is",    "not", "with", "from", "given", "if",  "rather"};

    for (size_t i = 0; i < HYT_LEN(words); i++)
        if (hyt_word_end(s, n, at, words[i]))
            return true;
    return false;
}

/* "the answer is a number", "the answer is I think", "Answer: c = 2": the
 * letter at s[at] is a word or a variable. */
static bool is_other(const char *s, size_t n, size_t at)
{
    const bool small = !is_option(s[at]);
    const size_t end = at + 1, next = hyt_skip_set(s, n, end, " \t");

    if (hyt_word_after(s, n, end) || (end < n && s[end] == '\''))
        return true;
    if (hyt_one_of("ai", hyt_lower(s[at])) && next > end && next < n &&
        (small ? hyt_word_after(s, n, next)
               : s[next] >= 'a' && s[next] <= 'z' && !goes_on(s, n, next)))
        return true;
    return small && ((end < n && hyt_one_of("([-", s[end])) ||
                     (next < n && hyt_one_of("=+/^<>", s[next])));
}

/* The letter behind a statement: "B", "b", "(b)", "option B". */
static bool read_option(const char *s, size_t n, size_t at, size_t *letter)
{
    size_t end = hyt_word_end(s, n, at, "option");

    if (!end)
        end = hyt_word_end(s, n, at, "choice");
    if (end && hyt_skip_set(s, n, end, " \t") > end)
        at = hyt_skip_set(s, n, end, " \t");
    if (n - at >= 3 && s[at] == '(' && s[at + 2] == ')')
        *letter = at + 1;
    else if (at < n && !is_other(s, n, at))
        *letter = at;
    else
        return false;
    return hyt_lower(s[*letter]) >= 'a' && hyt_lower(s[*letter]) <= 'j';
}

/* "E", "**E**", "E." alone in the line s[at..end). */
static bool read_line(const char *s, size_t at, size_t end, size_t *letter)
{
    *letter = at = hyt_skip_set(s, end, at, " \t*");
    if (at == end || !is_option(s[at++]))
        return false;
    if (at < end && hyt_one_of(".)", s[at]))
        at++;
    return hyt_skip_set(s, end, at, " \t*\r") == end;
}

static void keep_later(struct hyt_answer *found, size_t marker, size_t letter)
{
    if (letter >= found->end)
        *found = (struct hyt_answer){marker, letter, letter + 1};
}

bool hyt_find_choice(const char *s, size_t n, struct hyt_answer *found)
{
    struct hyt_statement st = {0, 0};
    size_t letter;

    *found = (struct hyt_answer){0, 0, 0};
    while (hyt_statement_next(s, n, st.end, &st))
        if (read_option(s, n, st.end, &letter))
            keep_later(found, st.begin, letter);
    for (size_t at = 0, end; at < n; at = end + 1) {
        const char *newline = memchr(s + at, '\n', n - at);

        end = newline ? (size_t)(newline - s) : n;
        if (read_line(s, at, end, &letter))
            keep_later(found, at, letter);
    }
    /* Where one was stated, others are named to say why they are wrong. */
    if (found->end > 0)
        return true;
    for (size_t at = 0; at + 3 <= n; at++)
        if (s[at] == '(' && is_option(s[at + 1]) && s[at + 2] == ')')
            keep_later(found, at, at + 1);
    return found->end > 0;
}
