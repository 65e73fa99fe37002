/* SPDX-License-Identifier: MIT */
/* answer_phrase.c - answers in words: "The answer is 72", "Answer: (B)" */
#include <string.h>

#include "text/answer.h"
#include "text/chars.h"

static bool is_one_of(const char *set, char c)
{
    return c && strchr(set, c);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same(const char *s, const char *word, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (lower(s[i]) != word[i])
            return false;
    return true;
}

/* The first place in s[at..n) with another character. */
static size_t skip(const char *s, size_t n, size_t at, const char *set)
{
    while (at < n && is_one_of(set, s[at]))
        at++;
    return at;
}

static bool word_before(const char *s, size_t at)
{
    uint32_t cp;

    if (at == 0)
        return false;
    hyt_utf8_before(s, at, &cp);
    return hyt_is_word(cp);
}

static bool word_after(const char *s, size_t n, size_t at)
{
    uint32_t cp;

    return at < n && hyt_utf8_get(s + at, n - at, &cp) > 0 && hyt_is_word(cp);
}

/* The end of the word, given in lower case, where it stands at s[at]; or 0. */
static size_t word_end(const char *s, size_t n, size_t at, const char *word)
{
    const size_t len = strlen(word);

    if (n - at < len || !same(s + at, word, len) || word_after(s, n, at + len))
        return 0;
    return at + len;
}

/* --- statements ----------------------------------------------------------- */

/* What may stand in front of "answer", nearest first.  The connectives belong
 * to the statement, so that no step ends in "so ". */
static const struct lead {
    size_t most;
    bool comma;
    const char *word[6];
} leads[] = {
    {3, false, {"final", "correct", "right", "best"}},
    {1, false, {"the", "my", "our"}},
    {3, true, {"so", "thus", "hence", "therefore", "then"}},
};

/* Where the word in front of s[at] begins, if it is one of these; else at. */
static size_t step_back(const char *s, size_t from, size_t at,
                        const struct lead *lead)
{
    size_t end = at;

    while (end > from && is_one_of(" \t", s[end - 1]))
        end--;
    if (end == at)
        return at;
    if (lead->comma && end > from && s[end - 1] == ',')
        end--;
    for (size_t i = 0; lead->word[i]; i++) {
        const size_t len = strlen(lead->word[i]);

        if (end - from >= len && same(s + end - len, lead->word[i], len) &&
            !word_before(s, end - len))
            return end - len;
    }
    return at;
}

static size_t statement_begin(const char *s, size_t from, size_t at)
{
    for (size_t i = 0; i < HYT_LEN(leads); i++)
        for (size_t k = 0; k < leads[i].most; k++) {
            const size_t begin = step_back(s, from, at, &leads[i]);

            if (begin == at)
                break;
            at = begin;
        }
    return at;
}

/* "is", "was", "would be", ":" or "=" behind "answer": where it ends; or 0. */
static size_t verb_end(const char *s, size_t n, size_t answer)
{
    size_t at = skip(s, n, answer, " \t"), end = 0;

    if (at > answer) {
        end = word_end(s, n, at, "is");
        if (!end)
            end = word_end(s, n, at, "was");
        if (!end && (end = word_end(s, n, at, "would")) > 0)
            end = word_end(s, n, skip(s, n, end, " \t"), "be");
    }
    if (end)
        return end;
    at = skip(s, n, answer, " \t*_");
    return at < n && is_one_of(":=", s[at]) ? at + 1 : 0;
}

bool hyt_statement_next(const char *s, size_t n, size_t from,
                        struct hyt_statement *st)
{
    static const char answer[] = "answer";
    const size_t len = sizeof(answer) - 1;

    for (size_t at = from; at + len <= n; at++) {
        size_t end;

        if (!same(s + at, answer, len) || word_before(s, at))
            continue;
        end = verb_end(s, n, at + len);
        if (end > 0) {
            st->begin = statement_begin(s, from, at);
            st->end = skip(s, n, end, " \t*_:");
            return true;
        }
    }
    return false;
}

/* --- phrase --------------------------------------------------------------- */

/* Behind quotes, brackets (unless one was `opened`), emphasis and a "$" that
 * close at s[at]. */
static size_t skip_closed(const char *s, size_t n, size_t at, bool opened)
{
    while (at < n) {
        const size_t width =
            is_one_of("*_$", s[at]) ? 1 : hyt_closes(s + at, n - at);

        if (width == 0 || (opened && is_one_of(")]", s[at])))
            break;
        at += width;
    }
    return at;
}

/* Where the sentence or the line ends that s[at] is in: at its stop, which
 * white space follows, or what closes and then white space. */
static size_t sentence_end(const char *s, size_t n, size_t at)
{
    bool opened = false;

    for (; at < n && s[at] != '\n'; at++) {
        bool wide;
        size_t end = hyt_full_stop(s + at, n - at, &wide);

        opened = opened || is_one_of("([", s[at]);
        if (end == 0)
            continue;
        end = skip_closed(s, n, at + end, opened);
        if (wide || end == n || hyt_starts_space(s + end, n - end))
            break;
    }
    return at;
}

/* Where s[begin..end) ends without stops, emphasis and white space. */
static size_t trim_stops(const char *s, size_t begin, size_t end)
{
    for (;;) {
        end = begin + hyt_trim_end(s + begin, end - begin);
        if (end == begin || !is_one_of(".,;:!*_", s[end - 1]))
            return end;
        end--;
    }
}

/* The answer is s[begin..end), from which trim_stops() was taken off, without
 * emphasis, "$...$", quotes around it and a quote that is opened alone. */
static bool unwrap(struct hyt_answer *a, const char *s, size_t marker,
                   size_t begin, size_t end)
{
    while (begin < end) {
        const char *partner =
            is_one_of("$\"", s[begin])
                ? memchr(s + begin + 1, s[begin], end - begin - 1)
                : NULL;

        if (partner != NULL && partner == s + end - 1)
            end--;
        else if (!is_one_of("*_", s[begin]) &&
                 (s[begin] != '"' || partner != NULL))
            break;
        begin++;
        begin += hyt_skip_space(s + begin, end - begin);
        end = trim_stops(s, begin, end);
    }
    return hyt_answer_set(a, s, marker, begin, end);
}

/* Where the mark s[at..) ends that opens a formula or a block of text, with the
 * name of its language; at: there is none. */
static size_t opening_end(const char *s, size_t n, size_t at)
{
    static const char *const marks[] = {"\\[", "\\(", "$$"};

    for (size_t i = 0; i < HYT_LEN(marks); i++)
        if (n - at >= 2 && memcmp(s + at, marks[i], 2) == 0)
            return at + 2;
    if (n - at < 3 || memcmp(s + at, "```", 3) != 0)
        return at;
    for (at += 3; at < n && lower(s[at]) >= 'a' && lower(s[at]) <= 'z'; at++)
        ;
    return at;
}

/* Past lines with nothing but such a mark. */
static size_t skip_openings(const char *s, size_t n, size_t at)
{
    for (;;) {
        const size_t mark = opening_end(s, n, at),
                     end = skip(s, n, mark, " \t\r");

        if (mark == at || end == n || s[end] != '\n')
            return at;
        at = end + hyt_skip_space(s + end, n - end);
    }
}

/* Where the emphasis ends that was opened right in front of s[begin], "**": the
 * answer is what it holds; end: none was, or it does not end. */
static size_t emphasis_end(const char *s, size_t begin, size_t end)
{
    if (begin < 2 || s[begin - 1] != '*' || s[begin - 2] != '*')
        return end;
    for (size_t at = begin; at + 1 < end; at++)
        if (s[at] == '*' && s[at + 1] == '*')
            return at;
    return end;
}

/* The rest of the statement: up to the end of the sentence or of the line;
 * that is the next line, where nothing is left on this one.  Statements within
 * one sentence end together: its end is looked for once. */
bool hyt_find_phrase(const char *s, size_t n, struct hyt_answer *found)
{
    struct hyt_statement st = {0, 0};
    size_t limit = 0, end = 0;
    bool any = false;

    while (hyt_statement_next(s, n, st.end, &st)) {
        const size_t begin = skip_openings(
            s, n, st.end + hyt_skip_space(s + st.end, n - st.end));
        struct hyt_answer a;

        if (begin >= limit) {
            limit = sentence_end(s, n, begin);
            end = trim_stops(s, begin, limit);
        }
        if (begin < end &&
            unwrap(&a, s, st.begin, begin, emphasis_end(s, begin, end))) {
            *found = a;
            any = true;
        }
    }
    return any;
}

/* --- choice --------------------------------------------------------------- */

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
        if (word_end(s, n, at, words[i]))
            return true;
    return false;
}

/* "the answer is a number", "the answer is I think", "Answer: c = 2": the
 * letter at s[at] is a word or a variable. */
static bool is_other(const char *s, size_t n, size_t at)
{
    const bool small = !is_option(s[at]);
    const size_t end = at + 1, next = skip(s, n, end, " \t");

    if (word_after(s, n, end) || (end < n && s[end] == '\''))
        return true;
    if (is_one_of("ai", lower(s[at])) && next > end && next < n &&
        (small ? word_after(s, n, next)
               : s[next] >= 'a' && s[next] <= 'z' && !goes_on(s, n, next)))
        return true;
    return small && ((end < n && is_one_of("([-", s[end])) ||
                     (next < n && is_one_of("=+/^<>", s[next])));
}

/* The letter behind a statement: "B", "b", "(b)", "option B". */
static bool read_option(const char *s, size_t n, size_t at, size_t *letter)
{
    size_t end = word_end(s, n, at, "option");

    if (!end)
        end = word_end(s, n, at, "choice");
    if (end && skip(s, n, end, " \t") > end)
        at = skip(s, n, end, " \t");
    if (n - at >= 3 && s[at] == '(' && s[at + 2] == ')')
        *letter = at + 1;
    else if (at < n && !is_other(s, n, at))
        *letter = at;
    else
        return false;
    return lower(s[*letter]) >= 'a' && lower(s[*letter]) <= 'j';
}

/* "E", "**E**", "E." alone in the line s[at..end). */
static bool read_line(const char *s, size_t at, size_t end, size_t *letter)
{
    *letter = at = skip(s, end, at, " \t*");
    if (at == end || !is_option(s[at++]))
        return false;
    if (at < end && is_one_of(".)", s[at]))
        at++;
    return skip(s, end, at, " \t*\r") == end;
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
    bool stated;

    *found = (struct hyt_answer){0, 0, 0};
    while (hyt_statement_next(s, n, st.end, &st))
        if (read_option(s, n, st.end, &letter))
            keep_later(found, st.begin, letter);
    /* What an answer was stated before is why the others are wrong. */
    stated = found->end > 0;
    for (size_t at = 0; !stated && at + 3 <= n; at++)
        if (s[at] == '(' && is_option(s[at + 1]) && s[at + 2] == ')')
            keep_later(found, at, at + 1);
    for (size_t at = 0, end; at < n; at = end + 1) {
        const char *newline = memchr(s + at, '\n', n - at);

        end = newline ? (size_t)(newline - s) : n;
        if (read_line(s, at, end, &letter))
            keep_later(found, at, letter);
    }
    return found->end > 0;
}
