/* SPDX-License-Identifier: MIT */
/* added.c - added tokens: found in the text before the model sees it */
#include <stdlib.h>
#include <string.h>

#include "text/added.h"
#include "text/chars.h"

void hyt_added_put(struct hyt_added *set, struct hyt_added_token token)
{
    if (token.n == 0) {
        free(token.s);
        return;
    }
    set->token =
        hyt_grow(set->token, &set->cap, set->n + 1, sizeof(*set->token));
    set->token[set->n++] = token;
    set->starts[(unsigned char)token.s[0]] = true;
}

/* By bytes; a token comes before those that it begins. */
static int compare(const void *a, const void *b)
{
    const struct hyt_added_token *x = a, *y = b;
    const int c = memcmp(x->s, y->s, x->n < y->n ? x->n : y->n);

    return c ? c : (x->n > y->n) - (x->n < y->n);
}

void hyt_added_sort(struct hyt_added *set)
{
    if (set->n)
        qsort(set->token, set->n, sizeof(*set->token), compare);
}

void hyt_added_free(struct hyt_added *set)
{
    for (size_t i = 0; i < set->n; i++)
        free(set->token[i].s);
    free(set->token);
}

/* The first token in [lo, hi), all longer than depth, whose byte there is at
 * least c. */
static size_t lower_bound(const struct hyt_added *set, size_t lo, size_t hi,
                          size_t depth, unsigned c)
{
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;

        if ((unsigned char)set->token[mid].s[depth] < c)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* The longest token that s[0..n) begins with: the range of tokens that agree
 * with the text shrinks byte by byte. */
static const struct hyt_added_token *
longest(const struct hyt_added *set, const char *s, size_t n, bool special)
{
    const struct hyt_added_token *best = NULL;
    size_t lo = 0, hi = set->n;

    for (size_t depth = 0; lo < hi; depth++) {
        unsigned c;

        while (lo < hi && set->token[lo].n == depth) {
            if (special || !set->token[lo].special)
                best = &set->token[lo];
            lo++;
        }
        if (depth == n)
            break;
        c = (unsigned char)s[depth];
        lo = lower_bound(set, lo, hi, depth, c);
        hi = lower_bound(set, lo, hi, depth, c + 1);
    }
    return best;
}

static bool stands_alone(const char *s, size_t n, size_t begin, size_t end)
{
    uint32_t cp;

    if (begin > 0) {
        hyt_utf8_before(s, begin, &cp);
        if (hyt_is_word(cp))
            return false;
    }
    return end == n || hyt_utf8_get(s + end, n - end, &cp) == 0 ||
           !hyt_is_word(cp);
}

int32_t hyt_added_next(const struct hyt_added *set, const char *s, size_t n,
                       size_t from, bool special, size_t *begin, size_t *end)
{
    size_t at = from;

    while (at < n && set->n > 0) {
        const struct hyt_added_token *t =
            set->starts[(unsigned char)s[at]]
                ? longest(set, s + at, n - at, special)
                : NULL;

        if (!t) {
            at++;
            continue;
        }
        if (t->single_word && !stands_alone(s, n, at, at + t->n)) {
            at += t->n;
            continue;
        }
        *begin = t->lstrip ? from + hyt_trim_end(s + from, at - from) : at;
        *end = at + t->n;
        if (t->rstrip)
            *end += hyt_skip_space(s + *end, n - *end);
        return t->id;
    }
    return -1;
}
