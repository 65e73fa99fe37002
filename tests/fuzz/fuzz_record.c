/* SPDX-License-Identifier: MIT */
/*
 * fuzz_record.c - a record: looked at, spliced, written, read again
 *
 * input: the line NUL a path to look up NUL a name to set
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "hyt/record.h"

static int load(struct hyt_rec *rec, const char *s, size_t n,
                struct hyt_err *err)
{
    const struct hyt_line line = {.s = s, .n = n, .file = "f", .lineno = 1};

    return hyt_rec_load(rec, &line, err);
}

static void check(int status, const struct hyt_err *err)
{
    CHECK(status >= -1 && status <= 1);
    if (status < 0)
        fuzz_check_failure(err);
}

static void look_up(struct hyt_rec *rec, const char *path)
{
    struct hyt_err err = {.msg = ""};
    const struct hyt_json *v;
    const float *f;
    const double *d;
    const int32_t *id;
    const char *s = NULL;
    double x;
    int64_t whole;
    size_t n = 0;
    int got;

    check(hyt_rec_get(rec, path, &v, &err), &err);
    got = hyt_rec_raw(rec, path, &s, &n, &err);
    check(got, &err);
    if (got > 0)
        fuzz_touch(s, n);
    got = hyt_rec_str(rec, path, &s, &n, &err);
    check(got, &err);
    if (got > 0)
        CHECK(hyt_utf8_bad(s, n) == n);
    check(hyt_rec_num(rec, path, &x, &err), &err);
    check(hyt_rec_int(rec, path, &whole, &err), &err);
    got = hyt_rec_f32s(rec, path, &f, &n, &err);
    check(got, &err);
    if (got > 0)
        fuzz_touch(f, n * sizeof(*f));
    got = hyt_rec_f64s(rec, path, &d, &n, &err);
    check(got, &err);
    if (got > 0)
        fuzz_touch(d, n * sizeof(*d));
    got = hyt_rec_i32s(rec, path, &id, &n, &err);
    check(got, &err);
    if (got > 0)
        fuzz_touch(id, n * sizeof(*id));
}

/* The toolkit's own fields, read and written back as they were read. */
static void own_fields(struct hyt_rec *rec)
{
    struct hyt_err err = {.msg = ""};
    struct hyt_tokens t;
    struct hyt_steps steps;
    struct hyt_final final;
    int got = hyt_rec_tokens(rec, &t, &err);

    check(got, &err);
    if (got > 0) {
        hyt_rec_set_tokens(rec, &t);
        CHECK(hyt_rec_tokens(rec, &t, &err) == 1);
    }
    got = hyt_rec_steps(rec, &steps, &err);
    check(got, &err);
    if (got > 0) {
        hyt_rec_set_steps(rec, &steps);
        CHECK(hyt_rec_steps(rec, &steps, &err) == 1);
    }
    got = hyt_rec_final(rec, &final, &err);
    check(got, &err);
    if (got > 0) {
        hyt_rec_set_final(rec, &final);
        CHECK(hyt_rec_final(rec, &final, &err) == 1);
    }
    check(hyt_rec_claim(rec, "steps", HYT_JSON_ARRAY, "text", false, &err),
          &err);
    check(hyt_rec_claim(rec, "tokens", HYT_JSON_OBJECT, "prompt,completion",
                        true, &err),
          &err);
}

/* Untouched it is its bytes; with a member set it is a record still, that has
 * the member. */
static void splice(struct hyt_rec *rec, const struct part *line,
                   const char *name)
{
    struct hyt_rec *again = hyt_rec_new();
    struct hyt_err err = {.msg = ""};
    struct hyt_buf b = {0};
    int64_t x = 0;

    hyt_rec_unset_all(rec);
    hyt_rec_print(rec, &b);
    CHECK(b.n == line->n && memcmp(b.s, line->s, b.n) == 0);
    if (hyt_utf8_bad(name, strlen(name)) < strlen(name))
        name = "id";
    hyt_rec_set_int(rec, name, 7);
    hyt_rec_copy(again, rec);
    hyt_buf_reset(&b);
    hyt_rec_print(again, &b);
    CHECK(load(again, b.s, b.n, &err) == 0);
    if (!strchr(name, '.') && hyt_rec_int(again, name, &x, &err) >= 0)
        CHECK(x == 7); /* < 0: the key occurs twice */
    hyt_buf_free(&b);
    hyt_rec_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const paths[] = {"prompt", "messages", "tokens.logp",
                                        "id"};
    struct part part[3];
    struct hyt_rec *rec = hyt_rec_new();
    struct hyt_ids *ids = hyt_ids_new();
    struct hyt_err err = {.msg = ""};
    const char *id;
    int got;

    fuzz_parts(part, 3, data, n);
    if (load(rec, part[0].s, part[0].n, &err) < 0) {
        fuzz_check_failure(&err);
        CHECK(err.bad_record);
    } else {
        for (size_t i = 0; i < HYT_LEN(paths); i++)
            look_up(rec, paths[i]);
        look_up(rec, part[1].s);
        got = hyt_rec_id(rec, ids, &id, &err);
        check(got, &err);
        own_fields(rec);
        splice(rec, &part[0], part[2].s);
    }
    hyt_ids_free(ids);
    hyt_rec_free(rec);
    fuzz_parts_free(part, 3);
    return 0;
}
