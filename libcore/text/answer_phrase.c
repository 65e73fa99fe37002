/* SPDX-License-Identifier: MIT */
/* answer_phrase.c - answers in words: "The answer is 72", "Answer: (B)" */
#include <string.h>

#include "text/answer.h"
#include "text/chars.h"

static bool word_before(const char *s, size_t at)
{
    uint32_t cp;

    if (at == 0)
        return false;
    hyt_utf8_before(s, at, &cp);
    return hyt_is_word(cp);
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

    while (end > from && hyt_one_of(" \t", s[end - 1]))
        end--;
    if (end == at)
        return at;
    if (lead->comma && end > from && s[end - 1] == ',')
        end--;
    for (size_t i = 0; lead->word[i]; i++) {
        const size_t len = strlen(lead->word[i]);

        if (end - from >= len &&
            hyt_same_word(s + end - len, lead->word[i], len) &&
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
    size_t at = hyt_skip_set(s, n, answer, " \t"), end = 0;

    if (at > answer) {
        end = hyt_word_end(s, n, at, "is");
        if (!end)
            end = hyt_word_end(s, n, at, "was");
        if (!end && (end = hyt_word_end(s, n, at, "would")) > 0)
            end = hyt_word_end(s, n, hyt_skip_set(s, n, end, " \t"), "be");
    }
    if (end)
        return end;
    at = hyt_skip_set(s, n, answer, " \t*_");
    return at < n && hyt_one_of(":=", s[at]) ? at + 1 : 0;
}

bool hyt_statement_next(const char *s, size_t n, size_t from,
                        struct hyt_statement *st)
{
    static const char answer[] = "answer";
    const size_t len = sizeof(answer) - 1;

    for (size_t at = from; at + len <= n; at++) {
        size_t end;

        if (!hyt_same_word(s + at, answer, len) || word_before(s, at))
            continue;
        end = verb_end(s, n, at + len);
        if (end > 0) {
            st->begin = statement_begin(s, from, at);
            st->end = hyt_skip_set(s, n, end, " \t*_:");
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
            hyt_one_of("*_$", s[at]) ? 1 : hyt_closes(s + at, n - at);

        if (width == 0 || (opened && hyt_one_of(")]", s[at])))
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

        opened = opened || hyt_one_of("([", s[at]);
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
        if (end == begin || !hyt_one_of(".,;:!*_", s[end - 1]))
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
            hyt_one_of("$\"", s[begin])
                ? memchr(s + begin + 1, s[begin], end - begin - 1)
                : NULL;

        if (partner != NULL && partner == s + end - 1)
            end--;
        else if (!hyt_one_of("*_", s[begin]) &&
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
    for (at += 3; at < n && hyt_lower(s[at]) >= 'a' && hyt_lower(s[at]) <= 'z';
         at++)
        ;
    return at;
}

/* Past lines with nothing but such a mark. */
static size_t skip_openings(const char *s, size_t n, size_t at)
{
    for (;;) {
        const size_t mark = opening_end(s, n, at),
                     end = hyt_skip_set(s, n, mark, " \t\r");

        if (mark == at || end == n || s[end] != '\n')
            return at;
        at = end + hyt_skip_space(s + end, n - end);
    }
}

static bool is_bold(const char *s)
{
    return s[0] == '*' && s[1] == '*';
}

/* Where the emphasis ends that was opened, "**", right in front of s[begin], in
 * the statement at s[marker]: the answer is what it holds; end: none was, or it
 * does not end. */
static size_t emphasis_end(const char *s, size_t marker, size_t begin,
                           size_t end)
{
    bool open = marker >= 2 && is_bold(s + marker - 2);

    if (begin < 2 || !is_bold(s + begin - 2))
        return end;
    for (size_t at = marker; at + 2 <= begin; at++)
        if (is_bold(s + at)) {
            open = !open;
            at++;
        }
    for (size_t at = begin; open && at + 1 < end; at++)
        if (is_bold(s + at))
            return at;
    return end;
}

/* Past what marks a line as a quotation, a heading or an item of a list: that
 * is no minus sign. */
static size_t skip_marks(const char *s, size_t n, size_t at)
{
    static const char bullet[] = "\xE2\x80\xA2";
    const size_t wide = sizeof(bullet) - 1;

    while (at < n) {
        size_t end = at;

        if (n - at > wide && memcmp(s + at, bullet, wide) == 0)
            end += wide;
        else if (hyt_one_of("->#", s[at]))
            end = hyt_skip_set(s, n, at, (const char[]){s[at], '\0'});
        if (end == at || !hyt_starts_space(s + end, n - end))
            break;
        at = end + hyt_skip_space(s + end, n - end);
    }
    return at;
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
        const size_t space = hyt_skip_space(s + st.end, n - st.end);
        size_t begin = skip_openings(s, n, st.end + space);
        struct hyt_answer a;

        if (memchr(s + st.end, '\n', begin - st.end) != NULL)
            begin = skip_marks(s, n, begin);

        if (begin >= limit) {
            limit = sentence_end(s, n, begin);
            end = trim_stops(s, begin, limit);
        }
        if (begin < end && unwrap(&a, s, st.begin, begin,
                                  emphasis_end(s, st.begin, begin, end))) {
            *found = a;
            any = true;
        }
    }
    return any;
}
