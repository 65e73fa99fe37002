/* SPDX-License-Identifier: MIT */
/*
 * tok_mixed.c - text of two origins: special tokens count in a program's own
 * words, not in a user's
 */
#include "text/chars.h"
#include "text/tok.h"

/* Whether a user wrote any of s[begin..end); the white space that a token
 * takes with it does not count. */
static bool is_user(const char *s, const unsigned char *user, size_t begin,
                    size_t end)
{
    begin += hyt_skip_space(s + begin, end - begin);
    while (begin < end && !user[begin])
        begin++;
    return hyt_skip_space(s + begin, end - begin) < end - begin;
}

/* The first special token of the set from `from` on, as hyt_added_next(). */
static int32_t next_of(const struct hyt_tok *tok, const struct hyt_added *set,
                       const char *s, const unsigned char *user, size_t n,
                       size_t from, size_t *begin, size_t *end)
{
    for (size_t at = from;; at = *end) {
        const int32_t id = hyt_added_next(set, s, n, at, true, begin, end);

        if (id < 0 ||
            (hyt_tok_special(tok, id) && !is_user(s, user, *begin, *end)))
            return id;
    }
}

/* A special token that is looked for in normalized text is found here as it is
 * spelled: a template does not write it in another way. */
static int32_t next_special(const struct hyt_tok *tok, const char *s,
                            const unsigned char *user, size_t n, size_t from,
                            size_t *begin, size_t *end)
{
    size_t other_begin, other_end;
    const int32_t id = next_of(tok, &tok->raw, s, user, n, from, begin, end),
                  other = next_of(tok, &tok->normalized, s, user, n, from,
                                  &other_begin, &other_end);

    if (other < 0 || (id >= 0 && *begin <= other_begin))
        return id;
    *begin = other_begin;
    *end = other_end;
    return other;
}

int hyt_tok_encode_mixed(const struct hyt_tok *tok, const char *text,
                         const unsigned char *user, size_t n, unsigned mode,
                         struct hyt_ids32 *ids, struct hyt_err *err)
{
    const bool start = mode & HYT_TOK_START;
    size_t done = 0, begin, end;
    int32_t id;

    if (hyt_tok_check_text(text, n, err) < 0)
        return -1;
    while ((id = next_special(tok, text, user, n, done, &begin, &end)) >= 0) {
        if (hyt_tok_encode(tok, text + done, begin - done, mode, ids, err) < 0)
            return -1;
        hyt_ids32_put(ids, id);
        done = end;
        mode |= start ? HYT_TOK_LATER : 0;
    }
    return hyt_tok_encode(tok, text + done, n - done, mode, ids, err);
}
