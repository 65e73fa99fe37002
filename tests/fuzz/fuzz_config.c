/* SPDX-License-Identifier: MIT */
/*
 * fuzz_config.c - config.json NUL generation_config.json
 *
 * What was accepted is within the bounds that model.h's users rely on.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "hyt/model.h"

static void check_rope(const struct hyt_rope *r, size_t E)
{
    float *f = hyt_alloc(E / 2, sizeof(*f));

    hyt_rope_frequencies(f, r, E);
    for (size_t i = 0; i < E / 2; i++)
        CHECK(isfinite(f[i]) && f[i] >= 0 && f[i] <= 1);
    CHECK(isfinite(r->scale));
    free(f);
}

static void check_config(const struct hyt_config *c)
{
    CHECK(c->D > 0 && c->L > 0 && c->F > 0 && c->V > 0 && c->V <= INT32_MAX);
    CHECK(c->G > 0 && c->H % c->G == 0);
    CHECK(c->E > 0 && c->E % 2 == 0 && c->E <= 256);
    CHECK(c->max_positions > 0 && c->max_positions <= (size_t)1 << 24);
    CHECK(c->n_eos <= HYT_MAX_EOS);
    for (size_t i = 0; i < c->n_eos; i++)
        CHECK(c->eos[i] >= 0 && (size_t)c->eos[i] < c->V);
    CHECK(isfinite(c->eps) && isfinite(c->q_scale) && isfinite(c->embed_scale));
    CHECK(c->window >= 0);
    check_rope(&c->rope[0], c->E);
    if (c->two_ropes)
        check_rope(&c->rope[1], c->E);
    for (size_t l = 0; l < c->L && l < 100; l++)
        (void)hyt_config_local(c, l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct part part[2];
    const size_t parts = fuzz_parts(part, 2, data, n);
    struct hyt_err err = {.msg = ""};
    struct hyt_json *config = hyt_json_parse(part[0].s, part[0].n, 0, &err);
    struct hyt_json *generation =
        parts > 1 ? hyt_json_parse(part[1].s, part[1].n, 0, &err) : NULL;
    struct hyt_config c;

    if (config && hyt_config_read(&c, config, generation, &err) == 0)
        check_config(&c);
    else
        fuzz_check_failure(&err);
    hyt_json_free(config);
    hyt_json_free(generation);
    fuzz_parts_free(part, 2);
    return 0;
}
