/* SPDX-License-Identifier: MIT */
/* answer_mark.c - answers behind a mark: "#### 72" and "\boxed{72}" */
#include <stdlib.h>
#include <string.h>

#include "text/answer.h"
#include "text/chars.h"

/* Exactly four marks, then the rest of the line, or what stands before marks
 * that have nothing behind them. */
bool hyt_find_hash(const char *s, size_t n, struct hyt_answer *found)
{
    size_t limit = n;

    for (size_t end = n; end > 0; end--) {
        size_t begin = end;
        const char *newline;

        while (begin > 0 && s[begin - 1] == '#')
            begin--;
        if (begin == end)
            continue;
        if (end - begin == 4) {
            newline = memchr(s + end, '\n', limit - end);
            if (hyt_answer_set(found, s, begin, end,
                               newline ? (size_t)(newline - s) : limit))
                return true;
            limit = begin;
        }
        end = begin + 1;
    }
    return false;
}

/* A "\boxed{" that is open, and how many braces were when it came. */
struct box {
    size_t marker, begin, depth;
};

/* Length of "\boxed" with the brace that opens it; 0: none is here. */
static size_t box_opens(const char *s, size_t n)
{
    static const char name[] = "\\boxed";
    size_t at = sizeof(name) - 1;

    if (n <= at || memcmp(s, name, at) != 0)
        return 0;
    at += hyt_skip_space(s + at, n - at);
    return at < n && s[at] == '{' ? at + 1 : 0;
}

/* The last "\boxed{...}" with something in it.  Braces nest; \{ and \} are not
 * braces; one that is never closed is no answer. */
static bool find_box(const char *s, size_t n, struct hyt_answer *found)
{
    struct box *open = NULL;
    size_t n_open = 0, cap = 0, depth = 0;
    bool any = false;

    for (size_t i = 0; i < n; i++) {
        struct hyt_answer a;
        size_t width;

        if (s[i] == '{') {
            depth++;
        } else if (s[i] == '}' && depth > 0) {
            depth--;
            if (n_open == 0 || open[n_open - 1].depth != depth)
                continue;
            n_open--;
            if (hyt_answer_set(&a, s, open[n_open].marker, open[n_open].begin,
                               i) &&
                (!any || a.marker > found->marker)) {
                *found = a;
                any = true;
            }
        } else if (s[i] == '\\' && (width = box_opens(s + i, n - i)) > 0) {
            open = hyt_grow(open, &cap, n_open + 1, sizeof(*open));
            open[n_open++] = (struct box){i, i + width, depth++};
            i += width - 1;
        } else if (s[i] == '\\') {
            i++;
        }
    }
    free(open);
    return any;
}

/* Whether only white space and the start of a formula stand in s[0..n). */
static bool leads_to_formula(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strchr(" \t\n$*\\([", s[i]) || !s[i])
            return false;
    return true;
}

/* "The answer is $\boxed{72}$" is stated from "The" on. */
bool hyt_find_boxed(const char *s, size_t n, struct hyt_answer *found)
{
    struct hyt_statement st = {0, 0};
    size_t box;

    if (!find_box(s, n, found))
        return false;
    box = found->marker;
    while (hyt_statement_next(s, box, st.end, &st))
        found->marker = st.begin;
    if (found->marker != box && !leads_to_formula(s + st.end, box - st.end))
        found->marker = box;
    return true;
}
