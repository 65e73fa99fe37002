/* SPDX-License-Identifier: MIT */
/*
 * fuzz_safetensors.c - a safetensors file
 *
 * What was accepted lies within the file, is found by its name, and its sizes
 * agree; every byte of it can be read.
 */
#include <string.h>

#include "ckpt/st.h"
#include "fuzz.h"

static void check_tensor(const struct hyt_st *st, const struct hyt_tensor *t,
                         const uint8_t *all, uint64_t n_all)
{
    const uint8_t *data = t->data;
    uint64_t n = 1;

    CHECK(hyt_st_find(st, t->name) == t);
    CHECK(t->n_dims >= 0 && t->n_dims <= HYT_MAX_DIMS);
    CHECK(hyt_utf8_bad(t->name, strlen(t->name)) == strlen(t->name));
    CHECK(t->n_bytes <= n_all);
    for (int i = 0; i < t->n_dims; i++)
        n *= t->dim[i];
    if (t->dtype != HYT_DTYPE_OTHER) {
        CHECK(n * hyt_dtype_size(t->dtype) == t->n_bytes);
        CHECK((uintptr_t)data % hyt_dtype_size(t->dtype) == 0);
    }
    if (data >= all && data < all + n_all)
        CHECK(t->n_bytes <= (uint64_t)(all + n_all - data));
    fuzz_touch(data, t->n_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct hyt_err err = {.msg = ""};
    struct hyt_st *st = hyt_st_open(fuzz_file(data, n), &err);
    const uint8_t *all;
    uint64_t n_all, sum = 0;

    if (!st) {
        fuzz_check_failure(&err);
        return 0;
    }
    all = hyt_st_data(st, &n_all);
    for (size_t i = 0; i < hyt_st_count(st); i++) {
        check_tensor(st, hyt_st_tensor(st, i), all, n_all);
        sum += hyt_st_tensor(st, i)->n_bytes;
    }
    CHECK(sum == n_all);
    for (size_t i = 0; i < hyt_st_meta_count(st); i++) {
        const struct hyt_pair *p = hyt_st_meta_at(st, i);

        CHECK(hyt_st_meta(st, p->key) == p->value);
    }
    hyt_st_close(st);
    return 0;
}
