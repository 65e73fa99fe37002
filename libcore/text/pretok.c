/* SPDX-License-Identifier: MIT */
/* pretok.c - pre-tokenizers: text is cut into words, which the model encodes */
#include <stdlib.h>
#include <string.h>

#include "text/bytelevel.h"
#include "text/pretok.h"

void hyt_words_reset(struct hyt_words *w)
{
    hyt_buf_reset(&w->text);
    w->n = 0;
    w->behind = false;
}

void hyt_words_end(struct hyt_words *w)
{
    if (w->text.n == (w->n ? w->end[w->n - 1] : 0))
        return;
    w->end = hyt_grow(w->end, &w->cap, w->n + 1, sizeof(*w->end));
    w->end[w->n++] = w->text.n;
}

void hyt_words_free(struct hyt_words *w)
{
    hyt_buf_free(&w->text);
    free(w->end);
}

/* The pieces that a word falls into, matches and what lies between, already
 * joined as the behavior asks: `begin` waits for its end. */
struct splitter {
    const struct hyt_pretok_step *step;
    struct hyt_words *out;
    const char *s;
    size_t begin, end; /* the piece that may still grow */
    bool was_match;
};

static void flush(struct splitter *sp)
{
    if (!(sp->was_match && sp->step->how == HYT_SPLIT_REMOVED)) {
        hyt_buf_put(&sp->out->text, sp->s + sp->begin, sp->end - sp->begin);
        hyt_words_end(sp->out);
    } else if (sp->out->n == 0) {
        sp->out->behind = true;
    }
    sp->begin = sp->end;
}

static void add_piece(struct splitter *sp, size_t end, bool match)
{
    bool joins;

    match = match != sp->step->invert;
    switch (sp->step->how) {
    case HYT_SPLIT_PREVIOUS:
        joins = match && !sp->was_match;
        break;
    case HYT_SPLIT_NEXT: /* read from the right, a match meets no match */
        joins = !match && sp->was_match;
        break;
    case HYT_SPLIT_CONTIGUOUS:
        joins = match == sp->was_match;
        break;
    default:
        joins = false;
    }
    if (!joins)
        flush(sp);
    sp->end = end;
    sp->was_match = match;
}

static int split(const struct hyt_pretok_step *step, struct hyt_finder *f,
                 const char *s, size_t n, struct hyt_words *out,
                 struct hyt_err *err)
{
    struct splitter sp = {.step = step, .out = out, .s = s};
    size_t at = 0;
    int found;

    hyt_finder_start(f, &step->pattern, s, n);
    while ((found = hyt_finder_next(f, err)) > 0) {
        if (at < f->match.begin)
            add_piece(&sp, f->match.begin, false);
        add_piece(&sp, f->match.end, true);
        at = f->match.end;
    }
    if (at < n)
        add_piece(&sp, n, false);
    flush(&sp);
    return found;
}

static void put_prefixed(const char *prefix, const char *s, size_t n,
                         struct hyt_words *out)
{
    const size_t len = strlen(prefix);

    if (n < len || memcmp(s, prefix, len) != 0)
        hyt_buf_puts(&out->text, prefix);
    hyt_buf_put(&out->text, s, n);
    hyt_words_end(out);
}

static int apply_to_word(const struct hyt_pretok_step *step,
                         struct hyt_finder *f, const char *s, size_t n,
                         struct hyt_words *out, struct hyt_err *err)
{
    switch (step->kind) {
    case HYT_PRETOK_PREFIX:
        put_prefixed(step->content, s, n, out);
        return 0;
    case HYT_PRETOK_REPLACE:
        if (hyt_pattern_replace(&step->pattern, step->content, s, n, &out->text,
                                err) < 0)
            return -1;
        hyt_words_end(out);
        return 0;
    case HYT_PRETOK_SPLIT:
        return split(step, f, s, n, out, err);
    case HYT_PRETOK_BYTES:
        hyt_bytelevel_put(&out->text, s, n);
        hyt_words_end(out);
        return 0;
    }
    HYT_BUG("unknown pre-tokenizer");
}

static int apply_step(const struct hyt_pretok_step *step, bool first,
                      const struct hyt_words *in, struct hyt_words *out,
                      struct hyt_err *err)
{
    struct hyt_finder f = {0};
    size_t begin = 0;
    int status = 0;

    for (size_t i = 0; i < in->n && status == 0; i++) {
        const char *s = in->text.s + begin;
        const size_t n = in->end[i] - begin;

        if (step->kind == HYT_PRETOK_PREFIX && step->first_only &&
            !(first && i == 0 && !in->behind)) {
            hyt_buf_put(&out->text, s, n);
            hyt_words_end(out);
        } else {
            status = apply_to_word(step, &f, s, n, out, err);
        }
        begin = in->end[i];
    }
    hyt_finder_free(&f);
    return status;
}

int hyt_pretok_apply(const struct hyt_pretok *pre, bool prefix, bool first,
                     struct hyt_words *words, struct hyt_words *spare,
                     struct hyt_err *err)
{
    for (size_t i = 0; i < pre->n; i++) {
        const struct hyt_pretok_step *step = &pre->step[i];
        struct hyt_words was;

        if (step->kind == HYT_PRETOK_PREFIX && !prefix)
            continue;
        hyt_words_reset(spare);
        spare->behind = words->behind;
        if (apply_step(step, first, words, spare, err) < 0)
            return -1;
        was = *words;
        *words = *spare;
        *spare = was;
    }
    return 0;
}
