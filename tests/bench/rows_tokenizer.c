/* SPDX-License-Identifier: MIT */
/*
 * rows_tokenizer.c - a tokenizer of 150,000 entries: loading, encoding
 *
 * The text is made of words by Zipf's law, as language is: a few come often,
 * most of them seldom.  It is encoded in records of about a kilobyte.
 */
#include <stdio.h>
#include <unistd.h>

#include "bench.h"
#include "hyt/io.h"
#include "hyt/text.h"

enum { ENTRIES = 150000, WORDS = 50000, BYTES = 4000000, RECORD = 1000 };

struct job {
    struct hyt_buf json, text;
    struct hyt_tok *tok;
};

static void load(void *ctx)
{
    struct job *j = ctx;
    struct hyt_err err;

    hyt_tok_free(j->tok);
    j->tok = hyt_tok_load(j->json.s, j->json.n, NULL, 0, &err);
    if (j->tok == NULL)
        bench_die("%s", err.msg);
}

static void encode(void *ctx)
{
    struct job *j = ctx;
    struct hyt_ids32 ids = {0};
    struct hyt_err err;

    for (size_t at = 0, end; at < j->text.n; at = end) {
        end = at + RECORD < j->text.n ? at + RECORD : j->text.n;
        while (end < j->text.n && j->text.s[end - 1] != '\n')
            end++;
        ids.n = 0;
        if (hyt_tok_encode(j->tok, j->text.s + at, end - at, 0, &ids, &err) < 0)
            bench_die("%s", err.msg);
    }
    hyt_ids32_free(&ids);
}

/* Word number i of the language: two to ten letters.  `scripts`: two words in
 * five are of another one. */
static void put_word(struct hyt_buf *b, uint64_t i, bool scripts)
{
    static const uint32_t first[] = {'a', 'a', 'a', 0x430, 0x4E00};
    static const char often[] = "eeeetttaaaooinnsshhrrddlcumwfgypbvk";
    const uint32_t base = scripts ? first[i % HYT_LEN(first)] : 'a';
    const uint64_t n = (base == 'a' ? 2 : 1) + hyt_rng_below(i, 0, 5) +
                       hyt_rng_below(i, 1, base == 0x4E00 ? 1 : 5);

    for (uint64_t k = 0; k < n; k++) {
        const size_t pick = (size_t)hyt_rng_below(i, 2 + k, sizeof(often) - 1);
        const uint32_t letter = (uint32_t)(often[pick] - 'a');

        hyt_utf8_put(b, base == 0x4E00 ? base + 37 * letter : base + letter);
    }
}

static void make_text(struct hyt_buf *b, bool scripts)
{
    static const char *const after[] = {" ", " ", " ",  " ",   " ",
                                        " ", " ", ", ", ".\n", " "};
    const double log_words = hyt_log(WORDS);

    hyt_buf_reset(b);
    for (uint64_t i = 0; b->n < BYTES; i++) {
        const double rank = hyt_exp(hyt_rng_unit(7, i) * log_words);

        if (hyt_rng_below(8, i, 25) == 0)
            hyt_buf_printf(b, "%d", (int)hyt_rng_below(9, i, 2000));
        else
            put_word(b, (uint64_t)rank, scripts);
        hyt_buf_puts(b, after[hyt_rng_below(10, i, HYT_LEN(after))]);
    }
}

static void time_encode(struct job *j, const char *shape, bool scripts)
{
    struct bench_row r = {.row = "tokenizer: encode / 5 MB/s",
                          .shape = shape,
                          .unit = "MB/s",
                          .limit = 5,
                          .goal = 1};

    if (!bench_wants(r.row, shape, NULL))
        return;
    if (j->tok == NULL)
        load(j);
    make_text(&j->text, scripts);
    r.value = (double)j->text.n * 1e-6 / bench_best(encode, j);
    bench_report(&r);
}

void bench_rows_tokenizer(void)
{
    struct bench_row r = {.row = "tokenizer: load / 0.3 s",
                          .shape = "150k entries",
                          .unit = "s",
                          .limit = 0.3,
                          .goal = 1,
                          .at_most = true};
    static const char name[] = "tokenizer.json";
    struct hyt_buf path = {0};
    struct hyt_err err;
    struct job j = {0};

    if (!bench_wants("tokenizer: load / 0.3 s tokenizer: encode / 5 MB/s",
                     "150k entries English mixed scripts", NULL))
        return;
    hyt_buf_printf(&path, "%s/%s", bench_dir, name);
    bench_write_tokenizer(path.s, ENTRIES);
    if (hyt_file_read(path.s, (size_t)1 << 30, &j.json, &err) < 0)
        bench_die("%s", err.msg);
    unlink(path.s);
    if (bench_wants(r.row, r.shape, NULL)) {
        r.value = bench_best(load, &j);
        bench_report(&r);
    }
    time_encode(&j, "English", false);
    time_encode(&j, "mixed scripts", true);
    hyt_tok_free(j.tok);
    hyt_buf_free(&j.json);
    hyt_buf_free(&j.text);
    hyt_buf_free(&path);
}
