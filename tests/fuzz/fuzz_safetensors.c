/* SPDX-License-Identifier: MIT */
/*
 * fuzz_safetensors.c - a safetensors file
 *
 * What was accepted lies within the file, is found by its name, and its sizes
 * agree; every byte of it can be read.
 */
#include <string.h>

#include "fuzz.h"
#include "hyt/ckpt.h"

static void check_tensor(const struct hyt_st *st, const struct hyt_tensor *t)
{
    uint64_t n = 1;

    CHECK(hyt_st_find(st, t->name) == t);
    CHECK(t->n_dims >= 0 && t->n_dims <= HYT_MAX_DIMS);
    CHECK(hyt_utf8_bad(t->name, strlen(t->name)) == strlen(t->name));
    for (int i = 0; i < t->n_dims; i++)
        n *= t->dim[i];
    if (t->dtype != HYT_DTYPE_OTHER) {
        CHECK(n * hyt_dtype_size(t->dtype) == t->n_bytes);
        CHECK((uintptr_t)t->data % hyt_dtype_size(t->dtype) == 0);
    }
    fuzz_touch(t->data, t->n_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct hyt_err err = {.msg = ""};
    struct hyt_st *st = hyt_st_open(fuzz_file(data, n), &err);
    const char *format;
    uint64_t sum = 8;

    if (!st) {
        fuzz_check_failure(&err);
        return 0;
    }
    for (size_t i = 0; i < hyt_st_count(st); i++) {
        check_tensor(st, hyt_st_tensor(st, i));
        sum += hyt_st_tensor(st, i)->n_bytes;
    }
    CHECK(sum <= n && hyt_st_find(st, "__metadata__") == NULL);
    format = hyt_st_meta(st, "format");
    if (format)
        fuzz_touch(format, strlen(format) + 1);
    hyt_st_close(st);
    return 0;
}
