/* SPDX-License-Identifier: MIT */
/* tokmodel.c - the "model" part of tokenizer.json, and which model it is */
#include <stdio.h>
#include <string.h>

#include "text/field.h"
#include "text/tokmodel.h"

#define WHAT "model"

/* "vocab" as an object, piece -> id. */
static int load_vocab(struct hyt_vocab *v, const struct hyt_json *part,
                      struct hyt_err *err)
{
    const struct hyt_json *vocab = hyt_field(part, "vocab");

    if (!vocab || hyt_json_type(vocab) != HYT_JSON_OBJECT)
        return hyt_fail(err, WHAT ": \"vocab\" is not an object");
    for (const struct hyt_json *m = hyt_json_child(vocab); m;
         m = hyt_json_next(m)) {
        const struct hyt_piece piece = hyt_vocab_text(v, hyt_json_key(m));
        int32_t id;

        if (hyt_field_index(m, WHAT ": vocab", HYT_MAX_ID, &id, err) < 0)
            return -1;
        if (hyt_vocab_add(v, piece.s, piece.n, id, err) < 0)
            return hyt_fail_prefix(err, WHAT ": vocab: ");
    }
    return 0;
}

static int load_unk(struct hyt_tokmodel *m, const struct hyt_json *part,
                    struct hyt_err *err)
{
    const char *unk = NULL;

    if (hyt_field_str(part, WHAT, "unk_token", &unk, err) < 0)
        return -1;
    m->unk = unk ? hyt_vocab_find(m->vocab, unk, strlen(unk)) : -1;
    if (unk && m->unk < 0)
        return hyt_fail(err, WHAT ": unk_token \"%s\" is not in the vocabulary",
                        unk);
    return 0;
}

static int load_byte_fallback(struct hyt_tokmodel *m, struct hyt_vocab *v,
                              const struct hyt_json *part, struct hyt_err *err)
{
    bool fallback;

    if (hyt_field_bool(part, WHAT, "byte_fallback", false, &fallback, err) < 0)
        return -1;
    for (unsigned byte = 0; byte < 256 && fallback; byte++) {
        char piece[8];

        snprintf(piece, sizeof piece, "<0x%02X>", byte);
        m->byte_id[byte] = hyt_vocab_find(v, piece, 6);
        if (m->byte_id[byte] >= 0)
            hyt_vocab_flag(v, m->byte_id[byte], HYT_PIECE_BYTE);
    }
    return 0;
}

/* What changes the ids, and no code here follows, is refused by name. */
static int refuse(const struct hyt_json *part, struct hyt_err *err)
{
    static const char *const affix[] = {"continuing_subword_prefix",
                                        "end_of_word_suffix"};
    const struct hyt_json *dropout = hyt_field(part, "dropout");

    if (dropout &&
        (hyt_json_type(dropout) != HYT_JSON_NUM || hyt_json_num(dropout) != 0))
        return hyt_fail(err, WHAT ": \"dropout\" is not supported");
    for (size_t i = 0; i < HYT_LEN(affix); i++) {
        const char *s = "";

        if (hyt_field_str(part, WHAT, affix[i], &s, err) < 0)
            return -1;
        if (*s)
            return hyt_fail(err, WHAT ": \"%s\" is not supported", affix[i]);
    }
    return 0;
}

static int load_bpe(struct hyt_tokmodel *m, struct hyt_vocab *v,
                    const struct hyt_json *part, struct hyt_err *err)
{
    if (refuse(part, err) < 0 || load_vocab(v, part, err) < 0 ||
        load_unk(m, part, err) < 0 || load_byte_fallback(m, v, part, err) < 0 ||
        hyt_field_bool(part, WHAT, "fuse_unk", false, &m->fuse_unk, err) < 0 ||
        hyt_field_bool(part, WHAT, "ignore_merges", false, &m->ignore_merges,
                       err) < 0)
        return -1;
    return hyt_bpe_load(m, v, part, err);
}

static int load_unigram(struct hyt_tokmodel *m, struct hyt_vocab *v,
                        const struct hyt_json *part, struct hyt_err *err)
{
    if (hyt_unigram_load(m, v, part, err) < 0)
        return -1;
    return load_byte_fallback(m, v, part, err);
}

static int load_words(struct hyt_tokmodel *m, struct hyt_vocab *v,
                      const struct hyt_json *part, struct hyt_err *err)
{
    return load_vocab(v, part, err) < 0 ? -1 : load_unk(m, part, err);
}

int hyt_tokmodel_load(struct hyt_tokmodel *m, struct hyt_vocab *v,
                      const struct hyt_json *part, struct hyt_err *err)
{
    const char *type = "BPE"; /* old files have no type */

    m->vocab = v;
    m->unk = -1;
    for (size_t byte = 0; byte < 256; byte++)
        m->byte_id[byte] = -1;
    if (hyt_field_str(part, WHAT, "type", &type, err) < 0)
        return -1;
    if (strcmp(type, "BPE") == 0) {
        m->kind = HYT_TOKMODEL_BPE;
        return load_bpe(m, v, part, err);
    }
    if (strcmp(type, "Unigram") == 0) {
        m->kind = HYT_TOKMODEL_UNIGRAM;
        return load_unigram(m, v, part, err);
    }
    if (strcmp(type, "WordLevel") == 0) {
        m->kind = HYT_TOKMODEL_WORDS;
        return load_words(m, v, part, err);
    }
    return hyt_fail(err,
                    WHAT " type \"%s\" is not supported; BPE, Unigram and "
                         "WordLevel are",
                    type);
}

void hyt_tokmodel_free(struct hyt_tokmodel *m)
{
    hyt_bpe_free(&m->bpe);
    hyt_unigram_free(&m->unigram);
}

void hyt_tokmodel_work_free(struct hyt_tokmodel_work *w)
{
    hyt_bpe_work_free(&w->bpe);
    hyt_unigram_work_free(&w->unigram);
}

int hyt_tokmodel_unknown(const struct hyt_tokmodel *m, const char *s, size_t n,
                         struct hyt_ids32 *ids, struct hyt_err *err)
{
    bool all_bytes = true;

    for (size_t i = 0; i < n; i++)
        all_bytes = all_bytes && m->byte_id[(unsigned char)s[i]] >= 0;
    for (size_t i = 0; i < n && all_bytes; i++)
        hyt_ids32_put(ids, m->byte_id[(unsigned char)s[i]]);
    if (all_bytes)
        return 0;
    if (m->unk < 0)
        return hyt_fail(err, "\"%.*s\" is not in the vocabulary",
                        (int)(n < 100 ? n : 100), s);
    hyt_ids32_put(ids, m->unk);
    return 0;
}

int hyt_tokmodel_encode(const struct hyt_tokmodel *m,
                        struct hyt_tokmodel_work *w, const char *word, size_t n,
                        struct hyt_ids32 *ids, struct hyt_err *err)
{
    int32_t id = -1;

    if (m->ignore_merges || m->kind == HYT_TOKMODEL_WORDS)
        id = hyt_vocab_plain(m->vocab, word, n);
    if (id >= 0) {
        hyt_ids32_put(ids, id);
        return 0;
    }
    switch (m->kind) {
    case HYT_TOKMODEL_BPE:
        return hyt_bpe_encode(m, &w->bpe, word, n, ids, err);
    case HYT_TOKMODEL_UNIGRAM:
        return hyt_unigram_encode(m, &w->unigram, word, n, ids, err);
    case HYT_TOKMODEL_WORDS:
        return hyt_tokmodel_unknown(m, word, n, ids, err);
    }
    HYT_BUG("unknown model");
}
