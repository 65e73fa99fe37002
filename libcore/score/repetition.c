/* SPDX-License-Identifier: MIT */
/*
 * How much of a text says again what it has said.
 */
#include "score/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct gram {
    int32_t token[HYT_REPETITION_GRAM];
};

/* Some total order: equal ones must come together, no more. */
static int by_tokens(const void *x, const void *y)
{
    return memcmp(x, y, sizeof(struct gram));
}

double hyt_repetition(const int32_t *token, size_t n)
{
    size_t grams =
        n + 1 > HYT_REPETITION_GRAM ? n + 1 - HYT_REPETITION_GRAM : 0;
    size_t distinct = 0;
    struct gram *gram;

    if (grams == 0)
        return NAN;
    gram = hyt_alloc(grams, sizeof *gram);
    for (size_t i = 0; i < grams; i++)
        memcpy(gram[i].token, token + i, sizeof gram[i].token);
    qsort(gram, grams, sizeof *gram, by_tokens);
    for (size_t i = 0; i < grams; i++)
        distinct += i == 0 || by_tokens(&gram[i - 1], &gram[i]) != 0;
    free(gram);
    return 1 - (double)distinct / (double)grams;
}
