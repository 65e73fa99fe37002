/* SPDX-License-Identifier: MIT */
/*
 * tok_load.c - tokenizer.json becomes a struct hyt_tok
 *
 * "truncation" and "padding" are not looked at: nothing is ever cut.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text/field.h"
#include "text/tok.h"

static int load_parts(struct hyt_tok *tok, const struct hyt_json *root,
                      struct hyt_err *err)
{
    const struct hyt_json *model = hyt_field(root, "model");
    const struct hyt_json *norm = hyt_field(root, "normalizer");
    const struct hyt_json *pre = hyt_field(root, "pre_tokenizer");

    if (!model)
        return hyt_fail(err, "\"model\" is missing");
    if (hyt_tokmodel_load(&tok->model, &tok->vocab, model, err) < 0 ||
        (norm && hyt_norm_load(&tok->norm, norm, err) < 0) ||
        (pre && hyt_pretok_load(&tok->pre, pre, err) < 0))
        return -1;
    for (size_t i = 0; i < tok->norm.n; i++)
        tok->has_prefix |= tok->norm.step[i].kind == HYT_NORM_PREPEND;
    for (size_t i = 0; i < tok->pre.n; i++)
        tok->has_prefix |= tok->pre.step[i].kind == HYT_PRETOK_PREFIX;
    return 0;
}

/* --- added tokens --------------------------------------------------------- */

static int read_added(const struct hyt_json *v, struct hyt_added_token *t,
                      const char **content, bool *normalized,
                      struct hyt_err *err)
{
    static const char what[] = "added_tokens";

    if (hyt_field_index(hyt_field(v, "id"), what, HYT_MAX_ID, &t->id, err) <
            0 ||
        hyt_field_str(v, what, "content", content, err) < 0 ||
        hyt_field_bool(v, what, "special", false, &t->special, err) < 0 ||
        hyt_field_bool(v, what, "single_word", false, &t->single_word, err) <
            0 ||
        hyt_field_bool(v, what, "lstrip", false, &t->lstrip, err) < 0 ||
        hyt_field_bool(v, what, "rstrip", false, &t->rstrip, err) < 0 ||
        hyt_field_bool(v, what, "normalized", !t->special, normalized, err) < 0)
        return -1;
    if (!*content)
        return hyt_fail(err, "%s: \"content\" is missing", what);
    return 0;
}

/* A token that is looked for in normalized text is itself normalized, as if it
 * were a whole text: where a dummy prefix is put, it has one, and is found
 * behind a space only. */
static int add_normalized(struct hyt_tok *tok, struct hyt_added_token t,
                          struct hyt_piece content, struct hyt_err *err)
{
    struct hyt_buf text = {0}, spare = {0};
    int status;

    hyt_buf_put(&text, content.s, content.n);
    status = hyt_norm_apply(&tok->norm, true, &text, &spare, err);
    if (status == 0) {
        t.s = hyt_strndup(text.s, text.n);
        t.n = text.n;
        hyt_added_put(&tok->normalized, t);
    }
    hyt_buf_free(&text);
    hyt_buf_free(&spare);
    return status;
}

static int add_token(struct hyt_tok *tok, const struct hyt_json *v,
                     struct hyt_err *err)
{
    struct hyt_added_token t = {0};
    const char *content = NULL;
    struct hyt_piece text;
    bool normalized;
    int32_t id;

    if (read_added(v, &t, &content, &normalized, err) < 0)
        return -1;
    text = hyt_vocab_text(&tok->vocab, content);
    t.n = text.n;
    id = hyt_vocab_find(&tok->vocab, text.s, t.n);
    if (id != t.id) {
        if (hyt_vocab_add(&tok->vocab, text.s, t.n, t.id, err) < 0)
            return hyt_fail_prefix(err, "added_tokens: ");
        hyt_vocab_flag(&tok->vocab, t.id, HYT_PIECE_ADDED);
    }
    if (t.special)
        hyt_vocab_flag(&tok->vocab, t.id, HYT_PIECE_SPECIAL);
    if (normalized)
        return add_normalized(tok, t, text, err);
    t.s = hyt_strndup(text.s, text.n);
    hyt_added_put(&tok->raw, t);
    return 0;
}

static int load_added(struct hyt_tok *tok, const struct hyt_json *root,
                      struct hyt_err *err)
{
    const struct hyt_json *list = NULL;

    if (hyt_field_array(root, "tokenizer", "added_tokens", &list, err) < 0)
        return -1;
    for (const struct hyt_json *v = list ? hyt_json_child(list) : NULL; v;
         v = hyt_json_next(v))
        if (add_token(tok, v, err) < 0)
            return -1;
    return 0;
}

/* --- post-processor ------------------------------------------------------- */

/* The ids that the template's special token `name` stands for. */
static int put_template_ids(struct hyt_ids32 *ids, const struct hyt_json *part,
                            const char *name, const struct hyt_tok *tok,
                            struct hyt_err *err)
{
    const struct hyt_json *specials = hyt_field(part, "special_tokens");
    const struct hyt_json *token = hyt_field(specials, name), *list = NULL;

    if (!token ||
        hyt_field_array(token, "post_processor", "ids", &list, err) <= 0)
        return hyt_fail(err, "post_processor: no ids for \"%s\"", name);
    for (const struct hyt_json *v = hyt_json_child(list); v;
         v = hyt_json_next(v)) {
        int32_t id;

        if (hyt_field_index(v, "post_processor", HYT_MAX_ID, &id, err) < 0)
            return -1;
        if (!hyt_tok_exists(tok, id))
            return hyt_fail(err, "post_processor: id %ld has no token",
                            (long)id);
        hyt_ids32_put(ids, id);
    }
    return 0;
}

static int load_template(struct hyt_tok *tok, const struct hyt_json *part,
                         struct hyt_err *err)
{
    const struct hyt_json *single = NULL;
    struct hyt_ids32 *ids = &tok->before;

    if (hyt_field_array(part, "post_processor", "single", &single, err) <= 0)
        return hyt_fail(err, "post_processor: \"single\" is not an array");
    if (tok->before.n + tok->after.n > 0)
        return hyt_fail(err, "post_processor: more than one template");
    for (const struct hyt_json *v = hyt_json_child(single); v;
         v = hyt_json_next(v)) {
        const struct hyt_json *special = hyt_field(v, "SpecialToken");
        const char *name = NULL;

        if (hyt_field(v, "Sequence")) {
            if (ids == &tok->after)
                return hyt_fail(err, "post_processor: two sequences");
            ids = &tok->after;
            continue;
        }
        if (hyt_field_str(special, "post_processor", "id", &name, err) < 0)
            return -1;
        if (!name)
            return hyt_fail(err, "post_processor: bad template");
        if (put_template_ids(ids, part, name, tok, err) < 0)
            return -1;
    }
    return 0;
}

static int load_post(struct hyt_tok *tok, const struct hyt_json *part,
                     struct hyt_err *err)
{
    const char *type = hyt_field_type(part, "post_processor", err);
    const struct hyt_json *parts = NULL;

    if (!type)
        return -1;
    if (strcmp(type, "ByteLevel") == 0) /* it corrects offsets, not ids */
        return 0;
    if (strcmp(type, "TemplateProcessing") == 0)
        return load_template(tok, part, err);
    if (strcmp(type, "Sequence") != 0)
        return hyt_fail(err,
                        "post_processor type \"%s\" is not supported; "
                        "ByteLevel, TemplateProcessing and Sequence are",
                        type);
    if (hyt_field_array(part, "post_processor", "processors", &parts, err) < 0)
        return -1;
    for (part = parts ? hyt_json_child(parts) : NULL; part;
         part = hyt_json_next(part))
        if (load_post(tok, part, err) < 0)
            return -1;
    return 0;
}

/* --- tokenizer_config.json ------------------------------------------------ */

/* A token's name is a string, or an object with "content"; -1: not given, or
 * not in the vocabulary. */
static int32_t config_token(const struct hyt_tok *tok,
                            const struct hyt_json *config, const char *name)
{
    const struct hyt_json *v = hyt_field(config, name);

    if (v && hyt_json_type(v) == HYT_JSON_OBJECT)
        v = hyt_field(v, "content");
    if (!v || hyt_json_type(v) != HYT_JSON_STR)
        return -1;
    return hyt_tok_find(tok, hyt_json_str(v));
}

static bool flag_added(struct hyt_added *set, int32_t id)
{
    bool any = false;

    for (size_t i = 0; i < set->n; i++)
        if (set->token[i].id == id)
            any = set->token[i].special = true;
    return any;
}

/* A BOS or EOS that is a token of the model alone, or an added one that is not
 * called special, is special all the same. */
static void make_special(struct hyt_tok *tok, int32_t id)
{
    const struct hyt_piece *piece;
    bool raw, normalized;

    if (id < 0 || hyt_tok_special(tok, id))
        return;
    piece = &tok->vocab.piece[id];
    hyt_vocab_flag(&tok->vocab, id, HYT_PIECE_SPECIAL);
    raw = flag_added(&tok->raw, id);
    normalized = flag_added(&tok->normalized, id);
    if (raw || normalized)
        return;
    hyt_added_put(&tok->raw,
                  (struct hyt_added_token){.s = hyt_strndup(piece->s, piece->n),
                                           .n = piece->n,
                                           .id = id,
                                           .special = true});
}

/* Puts id in front of the ids, or behind them, or takes it away from there. */
static void set_end(struct hyt_ids32 *ids, int32_t id, bool front, bool there)
{
    if (!there) {
        memmove(ids->id, ids->id + front, --ids->n * sizeof(*ids->id));
        return;
    }
    hyt_ids32_put(ids, id);
    if (front) {
        memmove(ids->id + 1, ids->id, (ids->n - 1) * sizeof(*ids->id));
        ids->id[0] = id;
    }
}

/* add_bos_token and add_eos_token have the last word on the template's ends. */
static int apply_config(struct hyt_tok *tok, const struct hyt_json *config,
                        struct hyt_err *err)
{
    static const char what[] = "tokenizer_config.json";
    const int32_t bos = config_token(tok, config, "bos_token"),
                  eos = config_token(tok, config, "eos_token");
    struct hyt_ids32 *before = &tok->before, *after = &tok->after;
    const bool starts = before->n > 0 && before->id[0] == bos,
               ends = after->n > 0 && after->id[after->n - 1] == eos;
    bool start, end;

    if (bos >= 0)
        tok->bos = bos;
    make_special(tok, bos);
    make_special(tok, eos);
    if (hyt_field_bool(config, what, "add_bos_token", starts, &start, err) ||
        hyt_field_bool(config, what, "add_eos_token", ends, &end, err))
        return -1;
    if (bos >= 0 && start != starts)
        set_end(before, bos, true, start);
    if (eos >= 0 && end != ends)
        set_end(after, eos, false, end);
    return 0;
}

static int load_config(struct hyt_tok *tok, const char *json, size_t n,
                       struct hyt_err *err)
{
    struct hyt_json *config = hyt_json_parse(json, n, 0, err);
    int status;

    if (!config)
        return hyt_fail_prefix(err, "tokenizer_config.json: ");
    status = apply_config(tok, config, err);
    hyt_json_free(config);
    return status;
}

/* A tree has no string with a NUL: U+FFFF, where the file has none of it, takes
 * the place of each \u0000 in *text, a copy of the file.  Empty where there is
 * nothing to replace. */
static int mark_nuls(struct hyt_buf *text, const char *json, size_t n,
                     struct hyt_err *err)
{
    const char *const end = json + n, *p = json;
    bool taken = false;

    while ((p = memchr(p, '\\', (size_t)(end - p))) && end - p >= 6) {
        if (memcmp(p, "\\u0000", 6) == 0) {
            if (!text->n)
                hyt_buf_put(text, json, n);
            memcpy(text->s + (p - json), "\\uFFFF", 6);
        }
        taken |= strncasecmp(p, "\\uffff", 6) == 0;
        p += 2;
    }
    for (p = json; text->n && (p = memchr(p, 0xEF, (size_t)(end - p))); p++)
        taken |= end - p >= 3 && memcmp(p, "\xEF\xBF\xBF", 3) == 0;
    if (text->n && taken)
        return hyt_fail(err, "has both U+0000 and U+FFFF, which is not "
                             "supported");
    return 0;
}

static struct hyt_json *parse_marked(struct hyt_tok *tok, const char *json,
                                     size_t n, struct hyt_err *err)
{
    struct hyt_json *root = NULL;
    struct hyt_buf text = {0};

    if (mark_nuls(&text, json, n, err) == 0)
        root = hyt_json_parse(text.n ? text.s : json, n, 0, err);
    tok->vocab.marked = text.n > 0;
    hyt_buf_free(&text);
    return root;
}

static int load_tokenizer(struct hyt_tok *tok, const char *json, size_t n,
                          struct hyt_err *err)
{
    struct hyt_json *root = parse_marked(tok, json, n, err);
    const struct hyt_json *post = hyt_field(root, "post_processor");
    int status = -1;

    if (!root)
        return hyt_fail_prefix(err, "tokenizer.json: ");
    if (load_parts(tok, root, err) == 0 && load_added(tok, root, err) == 0 &&
        (!post || load_post(tok, post, err) == 0) &&
        hyt_tok_load_decoder(tok, hyt_field(root, "decoder"), err) == 0)
        status = 0;
    else
        hyt_fail_prefix(err, "tokenizer.json: ");
    hyt_json_free(root);
    tok->bos = tok->before.n > 0 ? tok->before.id[0] : -1;
    return status;
}

struct hyt_tok *hyt_tok_load(const char *json, size_t n, const char *config,
                             size_t n_config, struct hyt_err *err)
{
    struct hyt_tok *tok = hyt_alloc(1, sizeof(*tok));

    tok->idle = hyt_alloc(1, sizeof(*tok->idle));
    atomic_init(tok->idle, NULL);
    if (load_tokenizer(tok, json, n, err) < 0 ||
        (config && load_config(tok, config, n_config, err) < 0)) {
        hyt_tok_free(tok);
        return NULL;
    }
    hyt_added_sort(&tok->raw);
    hyt_added_sort(&tok->normalized);
    return tok;
}

void hyt_tok_free(struct hyt_tok *tok)
{
    if (!tok)
        return;
    hyt_vocab_free(&tok->vocab);
    hyt_tokmodel_free(&tok->model);
    hyt_norm_free(&tok->norm);
    hyt_pretok_free(&tok->pre);
    hyt_added_free(&tok->raw);
    hyt_added_free(&tok->normalized);
    hyt_ids32_free(&tok->before);
    hyt_ids32_free(&tok->after);
    hyt_buf_free(&tok->bytes);
    free(tok->bytes_end);
    free(tok->mark);
    hyt_encoder_free(atomic_load(tok->idle));
    free(tok->idle);
    free(tok);
}
