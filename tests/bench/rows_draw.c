/* SPDX-License-Identifier: MIT */
/*
 * rows_draw.c - drawing a token from one row of logits, on one thread
 *
 * Each cut is compared with no cut.  Flat rows are the worst case: a cut keeps
 * most of the vocabulary; peaked ones are like a language's.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "hyt/sample.h"

enum { VOCAB = 151936, DRAWS = 8 };

struct draws {
    float *z;
    struct hyt_sampling how;
};

static void draw(void *ctx)
{
    const struct draws *d = ctx;

    for (size_t i = 0; i < DRAWS; i++)
        hyt_sample_token(d->z, VOCAB, &d->how, (double)i / DRAWS);
}

void bench_rows_draw(void)
{
    static const struct {
        const char *row;
        size_t top_k;
        double top_p, min_p;
    } cut[] = {{"draw: no cut", 0, 1, 0},
               {"draw: top-k 50", 50, 1, 0},
               {"draw: top-p 0.95", 0, 0.95, 0},
               {"draw: min-p 0.05", 0, 1, 0.05}};
    static const char *const shape[] = {"152k, flat", "152k, peaked"};
    struct draws d = {.z = hyt_alloc(VOCAB, sizeof(float))};

    for (size_t s = 0; s < HYT_LEN(shape); s++) {
        double plain = 0;

        for (size_t v = 0; v < VOCAB; v++)
            d.z[v] =
                (float)(s == 0 ? hyt_rng_unit(1, v)
                               : -1.2 * log(1 + hyt_rng_unit(1, v) * VOCAB));
        for (size_t i = 0; i < HYT_LEN(cut); i++) {
            struct bench_row r = {cut[i].row, shape[s], "f32", 0, "rows/s",
                                  plain,      0,        false, 0};

            if (!bench_wants(r.row, r.shape, r.dtype))
                continue;
            d.how = (struct hyt_sampling){1, cut[i].top_k, cut[i].top_p,
                                          cut[i].min_p, false};
            r.value = DRAWS / bench_best(draw, &d);
            plain = i == 0 ? r.value : plain;
            bench_report(&r);
        }
    }
    free(d.z);
}
