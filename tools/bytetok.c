/* SPDX-License-Identifier: MIT */
/*
 * bytetok.c - the tokenizer that a new model comes with
 */
#include <string.h>
#include <unistd.h>

#include "hyt/io.h"
#include "hyt/json.h"
#include "newmodel.h"

#define TOKENIZER_MAX ((size_t)256 << 20)
#define END_OF_TEXT   "<|endoftext|>"

/*
 * The character that stands for a byte in a byte-level vocabulary (GPT-2,
 * bytes_to_unicode): a printable Latin-1 byte is itself, the others are 256,
 * 257, ... in order.
 */
static void put_byte_char(struct hyt_buf *out, unsigned byte)
{
    uint32_t next = 256;

    for (unsigned b = 0; b <= byte; b++) {
        bool printable = (b >= '!' && b <= '~') || (b >= 0xa1 && b != 0xad);

        if (b == byte)
            hyt_utf8_put(out, printable ? b : next);
        else if (!printable)
            next++;
    }
}

void hyt_bytetok_print(struct hyt_buf *tokenizer, struct hyt_buf *config,
                       struct hyt_toksize *size)
{
    struct hyt_buf c = {0};

    hyt_buf_puts(
        tokenizer,
        "{\n\"version\": \"1.0\",\n\"truncation\": null,\n\"padding\": null,\n"
        "\"added_tokens\": [{\"id\": 256, \"content\": \"" END_OF_TEXT "\", "
        "\"single_word\": false, \"lstrip\": false, \"rstrip\": false, "
        "\"normalized\": false, \"special\": true}],\n"
        "\"normalizer\": null,\n"
        "\"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": "
        "false, \"trim_offsets\": true, \"use_regex\": true},\n"
        "\"post_processor\": null,\n"
        "\"decoder\": {\"type\": \"ByteLevel\", \"add_prefix_space\": true, "
        "\"trim_offsets\": true, \"use_regex\": true},\n"
        "\"model\": {\"type\": \"BPE\", \"dropout\": null, \"unk_token\": "
        "null, \"continuing_subword_prefix\": null, \"end_of_word_suffix\": "
        "null, \"fuse_unk\": false, \"byte_fallback\": false, "
        "\"ignore_merges\": false,\n\"vocab\": {\n");
    /* A token's id is the byte's value. */
    for (unsigned b = 0; b < 256; b++) {
        hyt_buf_reset(&c);
        put_byte_char(&c, b);
        hyt_json_put_str(tokenizer, c.s, c.n);
        hyt_buf_printf(tokenizer, ": %u,\n", b);
    }
    hyt_buf_puts(tokenizer,
                 "\"" END_OF_TEXT "\": 256\n},\n\"merges\": []}\n}\n");
    hyt_buf_puts(config, "{\n"
                         " \"tokenizer_class\": \"PreTrainedTokenizerFast\",\n"
                         " \"bos_token\": \"" END_OF_TEXT "\",\n"
                         " \"eos_token\": \"" END_OF_TEXT "\",\n"
                         " \"add_bos_token\": false,\n"
                         " \"add_eos_token\": false,\n"
                         " \"clean_up_tokenization_spaces\": false\n}\n");
    hyt_buf_free(&c);
    *size = (struct hyt_toksize){257, 256, 256};
}

/* --- a given tokenizer ---------------------------------------------------- */

/* The id is the place in a list of [piece, score], as Unigram has, else the
 * value; -1: there is no such token. */
static int64_t id_in_vocab(const struct hyt_json *vocab, const char *token)
{
    const struct hyt_json *v;
    int64_t i = 0;

    if (vocab == NULL || hyt_json_type(vocab) != HYT_JSON_ARRAY) {
        v = hyt_json_get(vocab, token);
        return v && hyt_json_type(v) == HYT_JSON_NUM ? (int64_t)hyt_json_num(v)
                                                     : -1;
    }
    for (v = hyt_json_child(vocab); v; v = hyt_json_next(v), i++) {
        const struct hyt_json *piece = hyt_json_child(v);

        if (piece && hyt_json_type(piece) == HYT_JSON_STR &&
            strcmp(hyt_json_str(piece), token) == 0)
            return i;
    }
    return -1;
}

static int64_t id_of(const struct hyt_json *tree, const char *token)
{
    const struct hyt_json *v, *id;

    for (v = hyt_json_child(hyt_json_get(tree, "added_tokens")); v;
         v = hyt_json_next(v)) {
        const struct hyt_json *content = hyt_json_get(v, "content");

        id = hyt_json_get(v, "id");
        if (content && id && hyt_json_type(content) == HYT_JSON_STR &&
            hyt_json_type(id) == HYT_JSON_NUM &&
            strcmp(hyt_json_str(content), token) == 0)
            return (int64_t)hyt_json_num(id);
    }
    return id_in_vocab(hyt_json_get(hyt_json_get(tree, "model"), "vocab"),
                       token);
}

static uint64_t size_of(const struct hyt_json *tree)
{
    const struct hyt_json *v;
    double last = -1;

    v = hyt_json_get(hyt_json_get(tree, "model"), "vocab");
    if (v && hyt_json_type(v) == HYT_JSON_ARRAY)
        last = (double)hyt_json_count(v) - 1;
    for (v = hyt_json_child(v); v; v = hyt_json_next(v))
        if (hyt_json_type(v) == HYT_JSON_NUM && hyt_json_num(v) > last)
            last = hyt_json_num(v);
    v = hyt_json_child(hyt_json_get(tree, "added_tokens"));
    for (; v; v = hyt_json_next(v)) {
        const struct hyt_json *id = hyt_json_get(v, "id");

        if (id && hyt_json_type(id) == HYT_JSON_NUM && hyt_json_num(id) > last)
            last = hyt_json_num(id);
    }
    return last >= 0 && last < 1e8 ? (uint64_t)last + 1 : 0;
}

/* The token that tokenizer_config.json names, a string or an object with
 * "content", or else the first of `known` that there is; -1: none. */
static int64_t special_id(const struct hyt_json *tree,
                          const struct hyt_json *config, const char *key,
                          const char *const *known)
{
    const struct hyt_json *v = hyt_json_get(config, key);

    if (v && hyt_json_type(v) == HYT_JSON_OBJECT)
        v = hyt_json_get(v, "content");
    if (v && hyt_json_type(v) == HYT_JSON_STR)
        return id_of(tree, hyt_json_str(v));
    for (; *known; known++)
        if (id_of(tree, *known) >= 0)
            return id_of(tree, *known);
    return -1;
}

static int read_config(const char *path, struct hyt_buf *config,
                       struct hyt_json **tree, struct hyt_err *err)
{
    const char *slash = strrchr(path, '/');
    struct hyt_buf name = {0};
    int status = 0;

    hyt_buf_put(&name, path, slash ? (size_t)(slash + 1 - path) : 0);
    hyt_buf_puts(&name, "tokenizer_config.json");
    *tree = NULL;
    if (access(name.s, F_OK) == 0) {
        status = hyt_file_read(name.s, TOKENIZER_MAX, config, err);
        if (status >= 0 &&
            !(*tree = hyt_json_parse(config->s, config->n, 0, err)))
            status = hyt_fail_prefix(err, "%s: ", name.s);
    }
    hyt_buf_free(&name);
    return status < 0 ? -1 : 0;
}

int hyt_tok_read(const char *path, struct hyt_buf *tokenizer,
                 struct hyt_buf *config, struct hyt_toksize *size,
                 struct hyt_err *err)
{
    static const char *const bos[] = {"<s>", "<|begin_of_text|>",
                                      "<|endoftext|>", NULL};
    static const char *const eos[] = {"</s>", "<|end_of_text|>",
                                      "<|endoftext|>", "<|im_end|>", NULL};
    struct hyt_json *tree, *config_tree;
    int status = 0;

    if (hyt_file_read(path, TOKENIZER_MAX, tokenizer, err) < 0)
        return -1;
    tree = hyt_json_parse(tokenizer->s, tokenizer->n, 0, err);
    if (!tree)
        return hyt_fail_prefix(err, "%s: ", path);
    if (read_config(path, config, &config_tree, err) < 0) {
        hyt_json_free(tree);
        return -1;
    }
    size->size = size_of(tree);
    size->bos = special_id(tree, config_tree, "bos_token", bos);
    size->eos = special_id(tree, config_tree, "eos_token", eos);
    if (size->size == 0)
        status = hyt_fail(err, "%s: no vocabulary found", path);
    else if (size->eos < 0)
        status = hyt_fail(err,
                          "%s: no end-of-text token found: name it as "
                          "\"eos_token\" in tokenizer_config.json beside it",
                          path);
    hyt_json_free(tree);
    hyt_json_free(config_tree);
    return status;
}
