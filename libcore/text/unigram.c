/* SPDX-License-Identifier: MIT */
/*
 * unigram.c - the unigram model: a word becomes its most probable pieces
 *
 * Kudo 2018, "Subword Regularization": a piece has a log-probability, and of
 * all ways to cut the word the one with the largest sum is taken (Viterbi).
 * A character that is no piece counts as one that is less probable than any
 * other by UNK_PENALTY; unknown neighbours are one token.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text/field.h"
#include "text/tokmodel.h"

#define WHAT        "model: vocab"
#define UNK_PENALTY 10.0 /* SentencePiece's kUnkPenalty */

/* --- trie ----------------------------------------------------------------- */

static size_t slot_of(const struct hyt_unigram *u, uint64_t from)
{
    const uint64_t h = from * 0x9E3779B97F4A7C15u; /* 2^64 / golden ratio */
    size_t i = (size_t)(h ^ h >> 32) & (u->n_slots - 1);

    while (u->edge[i].to && u->edge[i].from != from)
        i = (i + 1) & (u->n_slots - 1);
    return i;
}

/* The node that a byte leads to; 0: none. */
static uint32_t step(const struct hyt_unigram *u, uint32_t node, char byte)
{
    return u->edge[slot_of(u, (uint64_t)node << 8 | (unsigned char)byte)].to;
}

/* At most half of the slots are ever taken. */
static void grow_slots(struct hyt_unigram *u)
{
    struct hyt_edge *was = u->edge;
    const size_t n = u->n_slots;

    u->n_slots = n ? 2 * n : 1024;
    u->edge = hyt_alloc(u->n_slots, sizeof(*u->edge));
    for (size_t i = 0; i < n; i++)
        if (was[i].to)
            u->edge[slot_of(u, was[i].from)] = was[i];
    free(was);
}

static void add_piece(struct hyt_unigram *u, const char *s, size_t n,
                      int32_t id)
{
    uint32_t node = 0;

    for (size_t i = 0; i < n; i++) {
        const uint64_t from = (uint64_t)node << 8 | (unsigned char)s[i];
        struct hyt_edge *edge;

        if (2 * (u->n_edges + 1) > u->n_slots)
            grow_slots(u);
        edge = &u->edge[slot_of(u, from)];
        if (!edge->to) {
            *edge = (struct hyt_edge){from, (uint32_t)++u->n_edges};
            u->piece = hyt_grow(u->piece, &u->piece_cap, u->n_edges + 1,
                                sizeof(*u->piece));
            u->piece[u->n_edges] = -1;
        }
        node = edge->to;
    }
    if (n > 0)
        u->piece[node] = id;
}

/* --- loading -------------------------------------------------------------- */

/*
 * Of cuts that are equally probable, as of "......", the last bits of the
 * scores decide.  Hugging Face's tokenizers read a number as its digits over a
 * power of ten, each rounded, which is not always the nearest double.
 */
static double as_reference(double x)
{
    char s[HYT_NUM_MAX];
    const size_t n = hyt_num_f64(s, x);
    const char *point = memchr(s, '.', n);
    uint64_t digits = 0;
    double scale = 1;

    if (!point || memchr(s, 'e', n) || n > 20)
        return x;
    for (size_t i = s[0] == '-'; i < n; i++)
        if (s[i] != '.')
            digits = 10 * digits + (uint64_t)(s[i] - '0');
    for (const char *c = point + 1; c < s + n; c++)
        scale *= 10; /* exact up to 10^22 */
    return (s[0] == '-' ? -1.0 : 1.0) * ((double)digits / scale);
}

static int load_piece(struct hyt_unigram *u, struct hyt_vocab *v,
                      const struct hyt_json *pair, int32_t id,
                      struct hyt_err *err)
{
    const struct hyt_json *piece =
        hyt_json_type(pair) == HYT_JSON_ARRAY ? hyt_json_child(pair) : NULL;
    const struct hyt_json *score = piece ? hyt_json_next(piece) : NULL;
    struct hyt_piece text;

    if (!score || hyt_json_next(score) ||
        hyt_json_type(piece) != HYT_JSON_STR ||
        hyt_json_type(score) != HYT_JSON_NUM || !isfinite(hyt_json_num(score)))
        return hyt_fail(err, WHAT ": expected [\"piece\", score]");
    text = hyt_vocab_text(v, hyt_json_str(piece));
    if (hyt_vocab_add(v, text.s, text.n, id, err) < 0)
        return hyt_fail_prefix(err, WHAT ": ");
    u->score[id] = as_reference(hyt_json_num(score));
    add_piece(u, text.s, text.n, id);
    return 0;
}

int hyt_unigram_load(struct hyt_tokmodel *m, struct hyt_vocab *v,
                     const struct hyt_json *part, struct hyt_err *err)
{
    struct hyt_unigram *u = &m->unigram;
    const struct hyt_json *list = NULL, *unk = hyt_field(part, "unk_id");
    double least = 0;
    int32_t id = 0;

    grow_slots(u);
    if (hyt_field_array(part, "model", "vocab", &list, err) < 0)
        return -1;
    if (!list || hyt_json_count(list) == 0 || hyt_json_count(list) > HYT_MAX_ID)
        return hyt_fail(err, WHAT ": %s",
                        list ? "too long, or empty" : "missing");
    u->score = hyt_alloc(hyt_json_count(list), sizeof(*u->score));
    for (const struct hyt_json *pair = hyt_json_child(list); pair;
         pair = hyt_json_next(pair), id++) {
        if (load_piece(u, v, pair, id, err) < 0)
            return -1;
        least = id == 0 || u->score[id] < least ? u->score[id] : least;
    }
    u->unk_score = least - UNK_PENALTY;
    return unk ? hyt_field_index(unk, "model: unk_id", id - 1, &m->unk, err)
               : 0;
}

void hyt_unigram_free(struct hyt_unigram *u)
{
    free(u->score);
    free(u->edge);
    free(u->piece);
}

/* --- encoding ------------------------------------------------------------- */

/* The best way from the front of the word to a place in it. */
struct hyt_unigram_node {
    double score;
    size_t from; /* where its last piece begins; SIZE_MAX: no way is known */
    int32_t id;  /* of that piece; -1: unknown */
};

void hyt_unigram_work_free(struct hyt_unigram_work *w)
{
    free(w->node);
    free(w->end);
}

static void offer(struct hyt_unigram_node *to, double score, size_t from,
                  int32_t id)
{
    if (to->from == SIZE_MAX || score > to->score)
        *to = (struct hyt_unigram_node){score, from, id};
}

/* All pieces that begin at `at`. */
static void extend(const struct hyt_tokmodel *m, struct hyt_unigram_node *node,
                   const char *word, size_t n, size_t at, size_t width)
{
    const struct hyt_unigram *u = &m->unigram;
    uint32_t trie = 0;
    bool single = false;

    for (size_t end = at + 1; end <= n; end++) {
        int32_t id;

        trie = step(u, trie, word[end - 1]);
        if (!trie)
            break;
        id = u->piece[trie];
        if (id < 0 || m->vocab->piece[id].flags != 0)
            continue;
        offer(&node[end], node[at].score + u->score[id], at, id);
        single = single || end == at + width;
    }
    if (!single)
        offer(&node[at + width], node[at].score + u->unk_score, at, -1);
}

/* From the back: where each token ends, unknown neighbours as one. */
static void trace_back(struct hyt_unigram_work *w, size_t n)
{
    bool was_unknown = false;

    w->n_ends = 0;
    for (size_t end = n; end > 0; end = w->node[end].from) {
        const bool unknown = w->node[end].id < 0;

        if (!(unknown && was_unknown)) {
            w->end =
                hyt_grow(w->end, &w->end_cap, w->n_ends + 1, sizeof(*w->end));
            w->end[w->n_ends++] = end;
        }
        was_unknown = unknown;
    }
}

int hyt_unigram_encode(const struct hyt_tokmodel *m, struct hyt_unigram_work *w,
                       const char *word, size_t n, struct hyt_ids32 *ids,
                       struct hyt_err *err)
{
    size_t begin = 0;

    w->node = hyt_grow(w->node, &w->cap, n + 1, sizeof(*w->node));
    for (size_t i = 0; i <= n; i++)
        w->node[i] = (struct hyt_unigram_node){0, SIZE_MAX, -1};
    for (size_t at = 0, width; at < n; at += width) {
        uint32_t cp;

        width = hyt_utf8_get(word + at, n - at, &cp);
        if (width == 0)
            HYT_BUG("a word is not UTF-8");
        extend(m, w->node, word, n, at, width);
    }
    trace_back(w, n);
    for (size_t i = w->n_ends; i > 0; i--) {
        const size_t end = w->end[i - 1];

        if (w->node[end].id >= 0)
            hyt_ids32_put(ids, w->node[end].id);
        else if (hyt_tokmodel_unknown(m, word + begin, end - begin, ids, err) <
                 0)
            return -1;
        begin = end;
    }
    return 0;
}
