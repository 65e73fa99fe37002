/* SPDX-License-Identifier: MIT */
/*
 * prgfields.c - what hyt-prg adds to a record: "prg" and "certainty"
 */
#include "prgfields.h"

#include <math.h>
#include <stdlib.h>

int hyt_prgfields_claim(struct hyt_rec *rec, bool overwrite,
                        struct hyt_err *err)
{
    if (hyt_rec_claim(rec, "prg", HYT_JSON_OBJECT, "score,support", overwrite,
                      err) < 0)
        return -1;
    return hyt_rec_claim(rec, "certainty", HYT_JSON_OBJECT, "self,entropy",
                         overwrite, err);
}

static void put_numbers(struct hyt_buf *b, const char *name, const double *x,
                        size_t n)
{
    hyt_buf_printf(b, "\"%s\":[", name);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            hyt_buf_putc(b, ',');
        hyt_json_put_f64(b, x[i]);
    }
    hyt_buf_puts(b, "],");
}

static void put_number(struct hyt_buf *b, const char *name, double x)
{
    hyt_buf_printf(b, "\"%s\":", name);
    hyt_json_put_f64_or_null(b, x);
    hyt_buf_putc(b, ',');
}

static void close_object(struct hyt_buf *b)
{
    b->s[b->n - 1] = '}';
}

void hyt_prgfields_prg(struct hyt_rec *rec, const struct hyt_prg *p,
                       double score, const double *logp, size_t n)
{
    struct hyt_buf b = {0};
    double *support = hyt_alloc(n, sizeof(*support));

    for (size_t k = 0; k < n; k++)
        support[k] = hyt_exp(logp[k]);
    hyt_buf_putc(&b, '{');
    put_number(&b, "score", score);
    put_numbers(&b, "support", support, n);
    put_numbers(&b, "logp", logp, n);
    put_number(&b, "tau", p->tau);
    put_number(&b, "gain", p->gain);
    put_number(&b, "direct", p->direct);
    put_number(&b, "mean", p->mean);
    put_number(&b, "premature", p->premature);
    put_number(&b, "monotone", p->monotone);
    put_number(&b, "watermark", p->watermark);
    put_number(&b, "rank", p->rank);
    put_number(&b, "slope", p->slope);
    put_number(&b, "discounted", p->discounted);
    close_object(&b);
    hyt_rec_set(rec, "prg", b.s, b.n);
    hyt_buf_free(&b);
    free(support);
}

enum column { SELF, ENTROPY, LOGP, N_COLUMNS };

static float column(const struct hyt_row_stats *s, enum column c)
{
    return c == SELF ? s->certainty : c == ENTROPY ? s->entropy : s->logp;
}

/* As floats, the shortest text that reads back to the same bits: logp is then
 * spelled as in tokens.logp. */
static void put_column(struct hyt_buf *b, const char *name,
                       const struct hyt_row_stats *s, size_t n, enum column c)
{
    hyt_buf_printf(b, "\"%s\":[", name);
    for (size_t j = 0; j < n; j++) {
        if (j > 0)
            hyt_buf_putc(b, ',');
        hyt_json_put_f32(b, column(&s[j], c));
    }
    hyt_buf_puts(b, "],");
}

void hyt_prgfields_certainty(struct hyt_rec *rec, const struct hyt_row_stats *s,
                             size_t n, bool per_token)
{
    static const char *const name[] = {"self", "entropy", "logp"};
    static const char *const list[] = {"self_tokens", "entropy_tokens",
                                       "logp_tokens"};
    struct hyt_buf b = {0};

    hyt_buf_putc(&b, '{');
    for (enum column c = SELF; c < N_COLUMNS; c++) {
        double sum = 0;

        for (size_t j = 0; j < n; j++)
            sum += (double)column(&s[j], c);
        put_number(&b, name[c], n > 0 ? sum / (double)n : (double)NAN);
        if (per_token)
            put_column(&b, list[c], s, n, c);
    }
    close_object(&b);
    hyt_rec_set(rec, "certainty", b.s, b.n);
    hyt_buf_free(&b);
}
