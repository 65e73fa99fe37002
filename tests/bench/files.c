/* SPDX-License-Identifier: MIT */
/*
 * files.c - input of the program rows: rollouts, a large tokenizer
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

static FILE *create(const char *path)
{
    FILE *f = fopen(path, "w");

    if (f == NULL)
        bench_die("%s: %s", path, strerror(errno));
    return f;
}

static void finish(FILE *f, const char *path)
{
    if (ferror(f) || fclose(f) != 0)
        bench_die("%s: cannot be written", path);
}

/* --- rollouts ------------------------------------------------------------- */

/* Each completion token is 4 bytes wide; a line, which is a step, has 64. */
enum { TOKENS = 300, WIDTH = 4, LINE = 64, PROMPT = 64, GROUP = 8 };

static void print_ids(FILE *f, const char *name, size_t n, uint64_t key)
{
    fprintf(f, "\"%s\":[", name);
    for (size_t i = 0; i < n; i++)
        fprintf(f, "%s%d", i ? "," : "", (int)hyt_rng_below(key, i, 49152));
    fputs("],", f);
}

static void print_completion(FILE *f, const char *answer)
{
    size_t width = TOKENS * WIDTH - strlen("#### ") - strlen(answer);

    fputs("\"completion\":\"", f);
    for (size_t i = 1; i <= width; i++)
        fputs(i % LINE == 0 || i == width ? "\\n"
              : i % 7 == 0                ? " "
              : i % 3                     ? "a"
                                          : "5",
              f);
    fprintf(f, "#### %s\",\"finish\":\"stop\",", answer);
}

static void print_arrays(FILE *f, uint64_t key)
{
    char number[HYT_NUM_MAX + 1];

    fputs("\"tokens\":{", f);
    print_ids(f, "prompt", PROMPT, key);
    print_ids(f, "completion", TOKENS, key + 1);
    fputs("\"logp\":[", f);
    for (size_t i = 0; i < TOKENS; i++) {
        float logp = (float)hyt_log(hyt_rng_unit(key, i) + 1e-9);

        number[hyt_num_f32(number, logp)] = '\0';
        fprintf(f, "%s%s", i ? "," : "", number);
    }
    fputs("],\"ends\":[", f);
    for (size_t i = 1; i <= TOKENS; i++)
        fprintf(f, "%s%zu", i > 1 ? "," : "", i * WIDTH);
    fputs("]},", f);
}

static void print_scores(FILE *f, uint64_t key)
{
    fprintf(f,
            "\"sampling\":{\"n\":%d,\"temperature\":1,\"top_p\":1,\"top_k\":0,"
            "\"min_p\":0,\"seed\":0,\"kv\":\"f32\"},"
            "\"policy\":{\"generation\":4,\"digest\":\"9f1c04d2a7b3e658\"},"
            "\"prg\":{\"score\":%.9g},\"certainty\":{\"self\":%.9g,"
            "\"entropy\":%.9g,\"logp\":%.9g}}\n",
            GROUP, hyt_rng_unit(key, 1), 4 * hyt_rng_unit(key, 2),
            hyt_rng_unit(key, 3), -hyt_rng_unit(key, 4));
}

void bench_write_rollouts(const char *path, size_t groups)
{
    FILE *f = create(path);

    for (size_t i = 0; i < groups * GROUP; i++) {
        char answer[32];
        size_t q = i / GROUP;

        snprintf(answer, sizeof(answer), "%d", (int)hyt_rng_below(2, i, 9) + 1);
        fprintf(f,
                "{\"prompt\":\"He has %zu pens and buys 2. How many?\","
                "\"id\":\"q%zu\",\"group\":\"q%zu\",\"sample\":%zu,"
                "\"kind\":\"rlif\",\"gold\":\"5\",",
                q, q, q, i % GROUP);
        print_completion(f, answer);
        fprintf(f, "\"final\":{\"text\":\"%s\",\"bytes\":[%d,%d]},", answer,
                TOKENS * WIDTH - 1, TOKENS * WIDTH);
        print_arrays(f, i);
        print_scores(f, i);
    }
    finish(f, path);
}

/* --- tokenizer ------------------------------------------------------------ */

static const char letters[] =
    "etaoinshrdlucmfwypvbgkjqxzETAOINSHRDLUCMFWYPVBGKJQXZ0123456789";
enum { LETTERS = sizeof(letters) - 1 };

/* Pairs of letters first, then pairs of pairs. */
static void put_part(char *out, size_t pair)
{
    out[0] = letters[pair / LETTERS];
    out[1] = letters[pair % LETTERS];
    out[2] = '\0';
}

static void put_token(char left[3], char right[3], size_t i)
{
    const size_t pairs = (size_t)LETTERS * LETTERS;

    if (i < pairs) {
        put_part(left, i);
        right[0] = left[1];
        right[1] = left[1] = '\0';
    } else {
        /* Spread over all pairs of pairs; 9973 divides none of their number. */
        size_t j = (i - pairs) * 9973 % (pairs * pairs);

        put_part(left, j / pairs);
        put_part(right, j % pairs);
    }
}

/* The printable characters by which byte-level BPE writes bytes. */
static void put_bytes(FILE *f)
{
    struct hyt_buf c = {0};
    uint32_t other = 256;

    for (uint32_t b = 0; b < 256; b++) {
        bool same = (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b != 0xad);

        hyt_buf_reset(&c);
        hyt_utf8_put(&c, same ? b : other);
        other += !same;
        fprintf(f, "%s\"%s%s\":%u", b ? "," : "",
                b == '"' || b == '\\' ? "\\" : "", c.s, b);
    }
    hyt_buf_free(&c);
}

void bench_write_tokenizer(const char *path, size_t n)
{
    const size_t merges = n - 257; /* all but bytes and the end of text */
    char left[3], right[3];
    FILE *f = create(path);

    fprintf(f,
            "{\"version\":\"1.0\",\"added_tokens\":[{\"id\":%zu,"
            "\"content\":\"<|endoftext|>\",\"special\":true,\"single_word\":"
            "false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false}],"
            "\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"ByteLevel\","
            "\"add_prefix_space\":false,\"trim_offsets\":true,"
            "\"use_regex\":true},\"post_processor\":null,\"decoder\":{"
            "\"type\":\"ByteLevel\",\"add_prefix_space\":true,"
            "\"trim_offsets\":true,\"use_regex\":true},\"model\":{"
            "\"type\":\"BPE\",\"dropout\":null,\"unk_token\":null,"
            "\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,"
            "\"fuse_unk\":false,\"byte_fallback\":false,\"vocab\":{",
            n - 1);
    put_bytes(f);
    for (size_t i = 0; i < merges; i++) {
        put_token(left, right, i);
        fprintf(f, ",\"%s%s\":%zu", left, right, 256 + i);
    }
    fputs("},\"merges\":[", f);
    for (size_t i = 0; i < merges; i++) {
        put_token(left, right, i);
        fprintf(f, "%s\"%s %s\"", i ? "," : "", left, right);
    }
    fputs("]}}", f);
    finish(f, path);
}
