/* SPDX-License-Identifier: MIT */
/*
 * gendefaults.c - how a model's generation_config.json would sample
 */
#include "gendefaults.h"

#include <math.h>

static const char file[] = "generation_config.json";

/* A number in [low, high]: 1 and *x, 0 where it is not there, -1. */
static int number(double *x, const struct hyt_json *config, const char *name,
                  double low, double high, struct hyt_buf *words,
                  struct hyt_err *err)
{
    const struct hyt_json *v = hyt_json_get(config, name);

    if (v == NULL || hyt_json_type(v) == HYT_JSON_NULL)
        return 0;
    if (hyt_json_type(v) != HYT_JSON_NUM || !(hyt_json_num(v) >= low) ||
        !(hyt_json_num(v) <= high))
        return hyt_fail(err, "%s: \"%s\" is not from %g to %g", file, name, low,
                        high);
    *x = hyt_json_num(v);
    hyt_buf_printf(words, " %s ", name);
    hyt_json_put_f64(words, *x);
    return 1;
}

/* Settings that change what is sampled, and are not supported: those that the
 * file has, and not with the value at which they do nothing. */
static void find_others(struct hyt_buf *others, const struct hyt_json *config)
{
    static const struct {
        const char *name;
        double none;
    } known[] = {{"repetition_penalty", 1},
                 {"encoder_repetition_penalty", 1},
                 {"no_repeat_ngram_size", 0},
                 {"num_beams", 1},
                 {"typical_p", 1},
                 {"epsilon_cutoff", 0},
                 {"eta_cutoff", 0},
                 {"penalty_alpha", 0},
                 {"guidance_scale", 1},
                 {"bad_words_ids", 0},
                 {"suppress_tokens", 0},
                 {"begin_suppress_tokens", 0},
                 {"min_length", 0},
                 {"min_new_tokens", 0},
                 {"exponential_decay_length_penalty", 0},
                 {"forced_bos_token_id", -1},
                 {"forced_eos_token_id", -1},
                 {"sequence_bias", 0}};

    for (size_t i = 0; i < HYT_LEN(known); i++) {
        const struct hyt_json *v = hyt_json_get(config, known[i].name);

        if (v != NULL && hyt_json_type(v) != HYT_JSON_NULL &&
            (hyt_json_type(v) != HYT_JSON_NUM ||
             hyt_json_num(v) != known[i].none))
            hyt_buf_printf(others, " %s", known[i].name);
    }
}

static int take(struct hyt_sampling *s, struct hyt_buf *words,
                const struct hyt_json *config, struct hyt_err *err)
{
    const struct hyt_json *sample = hyt_json_get(config, "do_sample");
    double top_k = (double)s->top_k;

    if (number(&s->temperature, config, "temperature", 0, 1000, words, err) <
            0 ||
        number(&s->top_p, config, "top_p", 1e-9, 1, words, err) < 0 ||
        number(&s->min_p, config, "min_p", 0, 1, words, err) < 0 ||
        number(&top_k, config, "top_k", 0, 1 << 24, words, err) < 0)
        return -1;
    if (top_k != floor(top_k))
        return hyt_fail(err, "%s: \"top_k\" is not a whole number", file);
    s->top_k = (size_t)top_k;
    if (sample != NULL && hyt_json_type(sample) == HYT_JSON_BOOL) {
        s->greedy = !hyt_json_bool(sample);
        hyt_buf_puts(words, s->greedy ? " greedy" : " sampled");
    }
    s->greedy = s->greedy || s->temperature <= 0;
    return words->n > 0;
}

int hyt_gendefaults(struct hyt_sampling *s, struct hyt_buf *words,
                    struct hyt_buf *others, const struct hyt_ckpt *ckpt,
                    struct hyt_err *err)
{
    struct hyt_buf text = {0};
    struct hyt_json *config;
    int got = hyt_ckpt_file(ckpt, file, &text, err);

    if (got > 0) {
        config = hyt_json_parse(text.s, text.n, 0, err);
        got = config ? take(s, words, config, err)
                     : hyt_fail_prefix(err, "%s:1:", file);
        find_others(others, config);
        hyt_json_free(config);
    }
    hyt_buf_free(&text);
    return got;
}
