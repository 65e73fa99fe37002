/* SPDX-License-Identifier: MIT */
/*
 * fuzz_regex.c - what users give to --steps and --answer, and a text
 *
 * input: a specification NUL a completion
 *
 * Steps tile the text from its beginning; an answer lies within it.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "hyt/text.h"

static void cut(const char *spec, const char *s, size_t n)
{
    int32_t *token_ends = hyt_alloc(n, sizeof(*token_ends));
    struct hyt_err err = {.msg = ""};
    struct hyt_stepper *stepper = hyt_stepper_new(spec, &err);
    struct hyt_ends ends = {0};

    for (size_t i = 0; i < n; i++)
        token_ends[i] = (int32_t)i + 1;
    if (!stepper ||
        hyt_stepper_cut(stepper, s, n, token_ends, n, &ends, &err) < 0) {
        fuzz_check_failure(&err);
    } else {
        for (size_t i = 0; i < ends.n; i++)
            CHECK(ends.end[i] > (i ? ends.end[i - 1] : 0) && ends.end[i] <= n);
    }
    hyt_ends_free(&ends);
    hyt_stepper_free(stepper);
    free(token_ends);
}

static void answer(const char *spec, const char *s, size_t n)
{
    struct hyt_err err = {.msg = ""};
    struct hyt_answerer *a = hyt_answerer_new(spec, &err);
    struct hyt_answer found;
    int got;

    if (!a) {
        fuzz_check_failure(&err);
        return;
    }
    CHECK(hyt_answerer_elicit(a) != NULL);
    got = hyt_answerer_find(a, s, n, &found, &err);
    if (got < 0)
        fuzz_check_failure(&err);
    else if (got > 0)
        CHECK(found.marker <= found.begin && found.begin < found.end &&
              found.end <= n);
    hyt_answerer_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct part part[2];
    char *text;
    size_t len;

    fuzz_parts(part, 2, data, n);
    len = part[1].n = hyt_utf8_bad(part[1].s, part[1].n);
    text = hyt_strndup(part[1].s, len);
    cut(part[0].s, text, len);
    answer(part[0].s, text, len);
    cut("line", text, len);
    cut("sentence", text, len);
    answer("auto", text, len);
    free(text);
    fuzz_parts_free(part, 2);
    return 0;
}
