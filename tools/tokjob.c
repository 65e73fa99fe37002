/* SPDX-License-Identifier: MIT */
/*
 * tokjob.c - what hyt-tok does to one text or one list of ids
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hyt/io.h"
#include "tokjob.h"

#define MAX_FILE ((size_t)1 << 30)

/* The path of DIR/name. */
static void find(struct hyt_buf *path, const char *dir, const char *name)
{
    const char *at = strrchr(dir, '@');

    hyt_buf_printf(path, "%s/%s", dir, name);
    if (at == NULL || access(dir, F_OK) == 0)
        return;
    hyt_buf_reset(path);
    hyt_buf_put(path, dir, (size_t)(at - dir));
    hyt_buf_printf(path, "/%s", name);
}

int hyt_tokjob_file(struct hyt_buf *text, const char *dir, const char *name,
                    struct hyt_err *err)
{
    struct hyt_buf path = {0};
    struct stat info;
    int status = 0;

    find(&path, dir, name);
    if (stat(path.s, &info) < 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            status = hyt_fail_errno(err, "%s", path.s);
    } else if (!S_ISREG(info.st_mode)) { /* a FIFO would make us wait */
        status = hyt_fail(err, "%s: not a regular file", path.s);
    } else {
        status = hyt_file_read(path.s, MAX_FILE, text, err) < 0 ? -1 : 1;
    }
    hyt_buf_reserve(text, 0);
    hyt_buf_free(&path);
    return status;
}

int hyt_tokjob_json(struct hyt_json **tree, const char *dir, const char *name,
                    struct hyt_err *err)
{
    struct hyt_buf text = {0};
    int status = hyt_tokjob_file(&text, dir, name, err);

    *tree = NULL;
    if (status > 0) {
        *tree = hyt_json_parse(text.s, text.n, 0, err);
        status = *tree ? 0 : hyt_fail_prefix(err, "%s/%s:1:", dir, name);
    }
    hyt_buf_free(&text);
    return status;
}

int hyt_tokjob_open(struct hyt_tokjob *j, const char *dir, struct hyt_err *err)
{
    struct hyt_buf json = {0}, config = {0};
    int status = hyt_tokjob_file(&json, dir, "tokenizer.json", err);
    int configured = 0;

    if (status == 0)
        status = hyt_fail(err, "%s: no tokenizer.json", dir);
    if (status > 0)
        configured =
            hyt_tokjob_file(&config, dir, "tokenizer_config.json", err);
    if (status > 0 && configured >= 0) {
        j->tok = hyt_tok_load(json.s, json.n, configured ? config.s : NULL,
                              config.n, err);
        if (j->tok == NULL)
            hyt_fail_prefix(err, "%s: ", dir);
    }
    hyt_buf_free(&json);
    hyt_buf_free(&config);
    return j->tok ? 0 : -1;
}

void hyt_tokjob_close(struct hyt_tokjob *j)
{
    hyt_tok_free(j->tok);
    hyt_ids32_free(&j->ids);
    hyt_buf_free(&j->bytes);
    hyt_buf_free(&j->out);
}

static int encode(struct hyt_tokjob *j, const char *text, size_t n,
                  struct hyt_err *err)
{
    const unsigned mode =
        (j->continues ? 0 : HYT_TOK_START) | (j->special ? HYT_TOK_SPECIAL : 0);

    j->ids.n = 0;
    hyt_buf_reset(&j->out);
    return hyt_tok_encode(j->tok, text, n, mode, &j->ids, err);
}

int hyt_tokjob_encode(struct hyt_tokjob *j, const char *text, size_t n,
                      struct hyt_err *err)
{
    if (encode(j, text, n, err) < 0)
        return -1;
    hyt_buf_putc(&j->out, '[');
    for (size_t i = 0; i < j->ids.n; i++) {
        if (i > 0)
            hyt_buf_putc(&j->out, ',');
        hyt_json_put_int(&j->out, j->ids.id[i]);
    }
    hyt_buf_putc(&j->out, ']');
    return 0;
}

/* Id, piece as a JSON string, bytes in hex; a tab between. */
int hyt_tokjob_inspect(struct hyt_tokjob *j, const char *text, size_t n,
                       struct hyt_err *err)
{
    if (encode(j, text, n, err) < 0)
        return -1;
    for (size_t i = 0; i < j->ids.n; i++) {
        size_t width;
        const char *piece = hyt_tok_piece(j->tok, j->ids.id[i], &width);

        hyt_buf_reset(&j->bytes);
        if (hyt_tok_bytes(j->tok, j->ids.id[i], false, true, &j->bytes, err) <
            0)
            return -1;
        if (i > 0)
            hyt_buf_putc(&j->out, '\n');
        hyt_json_put_int(&j->out, j->ids.id[i]);
        hyt_buf_putc(&j->out, '\t');
        hyt_json_put_str(&j->out, piece, width);
        for (size_t k = 0; k < j->bytes.n; k++)
            hyt_buf_printf(&j->out, "%c%02x", k > 0 ? ' ' : '\t',
                           (unsigned)(unsigned char)j->bytes.s[k]);
    }
    return 0;
}

/* The dummy space goes with the first token that is not special, unless special
 * ones are written in front of it. */
int hyt_tokjob_decode(struct hyt_tokjob *j, const int32_t *id, size_t n,
                      struct hyt_err *err)
{
    bool first = !j->continues;

    hyt_buf_reset(&j->bytes);
    hyt_buf_reset(&j->out);
    for (size_t i = 0; i < n; i++) {
        if (hyt_tok_bytes(j->tok, id[i], first, j->special, &j->bytes, err) < 0)
            return -1;
        first = first && !j->special && hyt_tok_special(j->tok, id[i]);
    }
    hyt_buf_reserve(&j->bytes, 0);
    hyt_buf_reserve(&j->out, 0);
    hyt_text_put(&j->out, j->bytes.s, j->bytes.n, true);
    return 0;
}

int hyt_tokjob_decode_json(struct hyt_tokjob *j, const char *array, size_t n,
                           struct hyt_err *err)
{
    struct hyt_json *list = hyt_json_parse(array, n, 0, err);
    const struct hyt_json *v;
    int status;

    if (list == NULL)
        return -1;
    j->ids.n = 0;
    for (v = hyt_json_child(list); v; v = hyt_json_next(v)) {
        const bool number = hyt_json_type(v) == HYT_JSON_NUM;
        const double id = number ? hyt_json_num(v) : -1;

        if (!(id >= 0 && id <= INT32_MAX) || id != (double)(int32_t)id)
            break;
        hyt_ids32_put(&j->ids, (int32_t)id);
    }
    if (v != NULL || hyt_json_type(list) != HYT_JSON_ARRAY)
        status = hyt_fail(err, "expected an array of token ids");
    else
        status = hyt_tokjob_decode(j, j->ids.id, j->ids.n, err);
    hyt_json_free(list);
    return status < 0 ? hyt_fail_prefix(err, "1: ") : 0;
}
