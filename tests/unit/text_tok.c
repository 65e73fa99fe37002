/* SPDX-License-Identifier: MIT */
/* text_tok.c - the tokenizers of tests/fixtures/tok */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text_tok.h"

const char *const text_names[TEXT_NAMES] = {"gpt2", "llama3", "qwen2", "llama2",
                                            "mistral"};

void text_fixture(struct hyt_buf *b, const char *name)
{
    const char *root = getenv("HYT_FIXTURES");
    char path[512], part[4096];
    size_t n;
    FILE *f;

    snprintf(path, sizeof path, "%s/tok/%s", root ? root : "tests/fixtures",
             name);
    f = fopen(path, "rb");
    if (!f)
        fail_msg("cannot open %s", path);
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        hyt_buf_put(b, part, n);
    fclose(f);
}

struct hyt_tok *text_load_json(const char *json, const char *config)
{
    struct hyt_err err;
    struct hyt_tok *tok = hyt_tok_load(json, strlen(json), config,
                                       config ? strlen(config) : 0, &err);

    if (!tok)
        fail_msg("%s", err.msg);
    return tok;
}

struct hyt_tok *text_load(const char *name)
{
    struct hyt_buf b = {0};
    struct hyt_tok *tok;
    char file[64];

    hyt_buf_reserve(&b, 0);
    snprintf(file, sizeof file, "%s.json", name);
    text_fixture(&b, file);
    tok = text_load_json(b.s, NULL);
    hyt_buf_free(&b);
    return tok;
}

void text_encode(const struct hyt_tok *tok, const char *text, size_t n,
                 unsigned mode, struct hyt_ids32 *ids)
{
    struct hyt_err err;

    ids->n = 0;
    if (hyt_tok_encode(tok, text, n, mode, ids, &err) < 0)
        fail_msg("%s", err.msg);
}
