/* SPDX-License-Identifier: MIT */
/*
 * test_ckpt.c - reading rules, model directories, working generations
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ckpt_dir.h"
#include "ckpt_rules.h"
#include "ckpt_work.h"

/* --- one file ------------------------------------------------------------- */

static void test_well_formed(void **state)
{
    struct hyt_err err = {0};
    struct hyt_st *st;
    const struct hyt_tensor *t;
    char data[32];

    (void)state;
    memcpy(data, small_w, 24);
    memcpy(data + 24, small_h, 8);
    put_st("a.safetensors", SMALL_HEADER "  \n", data, sizeof data);
    st = hyt_st_open(at("a.safetensors"), &err);
    assert_non_null(st);
    assert_int_equal(hyt_st_count(st), 2);
    assert_string_equal(hyt_st_meta(st, "format"), "pt");
    assert_string_equal(hyt_st_meta(st, "author"), "me \xc3\xa9");
    assert_null(hyt_st_meta(st, "aut"));
    t = hyt_st_find(st, "w");
    assert_ptr_equal(t, hyt_st_tensor(st, 0));
    assert_string_equal(t->dtype_name, "F32");
    assert_int_equal(t->dtype, HYT_F32);
    assert_int_equal(t->n_dims, 2);
    assert_int_equal(t->dim[0], 2);
    assert_int_equal(t->dim[1], 3);
    assert_int_equal(t->n_bytes, 24);
    assert_int_equal((uintptr_t)t->data % 4, 0);
    assert_memory_equal(t->data, small_w, 24);
    t = hyt_st_find(st, "h");
    assert_int_equal(t->dtype, HYT_BF16);
    assert_memory_equal(t->data, small_h, 8);
    assert_null(hyt_st_find(st, "x"));
    hyt_st_close(st);
    hyt_st_close(NULL);
}

/* Both alignments of the data come up, whatever the header's length. */
static void test_unaligned(void **state)
{
    char header[400], data[32];

    (void)state;
    memcpy(data, small_w, 24);
    memcpy(data + 24, small_h, 8);
    for (int pad = 0; pad < 9; pad++) {
        struct hyt_err err = {0};
        struct hyt_st *st;

        snprintf(header, sizeof header, "%s%*s", SMALL_HEADER, pad, "");
        put_st("u.safetensors", header, data, sizeof data);
        st = hyt_st_open(at("u.safetensors"), &err);
        assert_non_null(st);
        assert_int_equal((uintptr_t)hyt_st_find(st, "w")->data % 4, 0);
        assert_int_equal((uintptr_t)hyt_st_find(st, "h")->data % 2, 0);
        assert_memory_equal(hyt_st_find(st, "w")->data, small_w, 24);
        assert_memory_equal(hyt_st_find(st, "h")->data, small_h, 8);
        hyt_st_close(st);
    }
}

static void refuse_length(uint64_t n, const char *message)
{
    char bytes[64] = {0};
    struct hyt_err err = {0};

    for (int b = 0; b < 8; b++)
        bytes[b] = (char)(n >> (8 * b));
    put_file("l.safetensors", bytes, sizeof bytes);
    assert_null(hyt_st_open(at("l.safetensors"), &err));
    assert_non_null(strstr(err.msg, message));
}

static void test_header_length(void **state)
{
    struct hyt_err err = {0};

    (void)state;
    refuse_length(0, "length 0");
    refuse_length(57, "does not fit");
    refuse_length(100000000, "does not fit");
    refuse_length(100000001, "is above 100000000");
    refuse_length(UINT64_MAX, "is above");
    put_file("l.safetensors", "1234567", 7);
    assert_null(hyt_st_open(at("l.safetensors"), &err));
    assert_non_null(strstr(err.msg, "7 bytes"));
    assert_null(hyt_st_open(at("none"), &err));
    assert_null(hyt_st_open(root, &err));
    assert_non_null(strstr(err.msg, "not a regular file"));
    assert_int_equal(mkfifo(at("fifo"), 0600), 0);
    assert_null(hyt_st_open(at("fifo"), &err));
}

/* Cut anywhere, or with any byte changed, a file is refused or reads within
 * its bounds (the sanitizers see to that). */
static void test_damage(void **state)
{
    char file[400], data[32] = {0};
    size_t n = make_st(file, SMALL_HEADER, data, sizeof data);
    struct hyt_err err;
    struct hyt_st *st;

    (void)state;
    for (size_t cut = 0; cut < n; cut++) {
        put_file("t.safetensors", file, cut);
        assert_null(hyt_st_open(at("t.safetensors"), &err));
    }
    for (size_t i = 0; i < n; i++)
        for (int x = 1; x < 256; x *= 2) {
            file[i] ^= (char)x;
            put_file("t.safetensors", file, n);
            st = hyt_st_open(at("t.safetensors"), &err);
            for (size_t k = 0; st && k < hyt_st_count(st); k++) {
                const struct hyt_tensor *t = hyt_st_tensor(st, k);

                (void)hyt_hash64(t->data, t->n_bytes, 0);
            }
            hyt_st_close(st);
            file[i] ^= (char)x;
        }
}

/* --- writing a file ------------------------------------------------------- */

static void test_write(void **state)
{
    const uint16_t odd[3] = {1, 2, 3};
    const struct hyt_tensor t[] = {
        {"odd \"x\"\n", "BF16", HYT_BF16, 1, {3}, 6, odd},
        {"w", "F32", HYT_F32, 2, {3, 2}, 24, small_w},
        {"nothing", "F32", HYT_F32, 1, {0}, 0, small_w},
    };
    struct hyt_err err = {0};
    struct hyt_st *st;
    char bytes[8192], before[4000], digest[17];

    (void)state;
    assert_int_equal(mkdir(at("new"), 0777), 0);
    assert_int_equal(
        hyt_st_write(at("new/model.safetensors"), t, HYT_LEN(t), &err), 0);
    list_dir("new", before, sizeof before);
    assert_null(strstr(before, ".tmp"));
    st = hyt_st_open(at("new/model.safetensors"), &err);
    assert_non_null(st);
    for (size_t i = 0; i < HYT_LEN(t); i++) {
        const struct hyt_tensor *got = hyt_st_find(st, t[i].name);

        assert_non_null(got);
        assert_int_equal(got->dtype, t[i].dtype);
        assert_int_equal(got->dim[0], t[i].dim[0]);
        assert_memory_equal(got->data, t[i].data, t[i].n_bytes);
    }
    /* XXH3 of the 30 data bytes as they lie in the file. */
    get_file("new/model.safetensors", bytes, sizeof bytes);
    hyt_hex64(digest, hyt_hash64(bytes + 4096, 30, 0));
    assert_string_equal(hyt_st_meta(st, "hyt.digest.model"), digest);
    /* The widest first, so that all of them are aligned in the file. */
    assert_string_equal(hyt_st_tensor(st, 0)->name, "w");
    assert_string_equal(hyt_st_tensor(st, 1)->name, "nothing");
    hyt_st_close(st);
    assert_int_equal(get_file("new/model.safetensors", bytes, sizeof bytes),
                     4096 + 30);
    assert_memory_equal(bytes + 4096, small_w, 24);
    assert_int_equal(hyt_st_write(at("no/such/model.safetensors"), t, 1, &err),
                     -1);
}

/* A name that is taken, before or meanwhile, stays with its file. */
static void test_write_taken(void **state)
{
    const struct hyt_tensor t = {"w", "F32", HYT_F32, 2, {3, 2}, 24, small_w};
    struct hyt_err err = {0};
    struct hyt_st_new *f;
    char text[4000];

    (void)state;
    assert_int_equal(mkdir(at("taken"), 0777), 0);
    f = hyt_st_create(at("taken/x"), &t, 1, &err);
    assert_non_null(f);
    put_file("taken/x", "mine", 4);
    assert_int_equal(hyt_st_new_close(f, &err), -1);
    assert_non_null(strstr(err.msg, "taken/x is there already"));
    assert_int_equal(hyt_st_write(at("taken/x"), &t, 1, &err), -1);
    assert_non_null(strstr(err.msg, "taken/x is there already"));
    assert_int_equal(get_file("taken/x", text, sizeof text), 4);
    assert_memory_equal(text, "mine", 4);
    list_dir("taken", text, sizeof text);
    assert_null(strstr(text, ".tmp"));

    assert_int_equal(symlink("nowhere", at("taken/link")), 0);
    assert_int_equal(hyt_st_write(at("taken/link"), &t, 1, &err), -1);
    assert_non_null(strstr(err.msg, "taken/link is there already"));
}

/* --- model directories ---------------------------------------------------- */

static void test_directory(void **state)
{
    struct hyt_err err = {0};
    struct hyt_buf text = {0};
    struct hyt_ckpt *c, *again;

    (void)state;
    make_small("m");
    c = open_ok("m");
    assert_int_equal(hyt_ckpt_count(c), 2);
    assert_int_equal(hyt_ckpt_generation(c), 0);
    assert_int_equal(hyt_ckpt_step(c), 0);
    assert_int_equal(strlen(hyt_ckpt_digest(c)), 16);
    assert_string_equal(
        hyt_json_str(hyt_json_get(hyt_ckpt_config(c), "model_type")), "llama");
    assert_int_equal(hyt_ckpt_file(c, "tokenizer.json", &text, &err), 1);
    assert_string_equal(text.s, "{}");
    assert_int_equal(hyt_ckpt_file(c, "absent.json", &text, &err), 0);
    assert_int_equal(hyt_ckpt_file(c, "../m/config.json", &text, &err), -1);
    assert_int_equal(hyt_ckpt_verify(c, &err), 0);
    assert_null(hyt_ckpt_open(at("m@1"), &err));
    assert_non_null(strstr(err.msg, "generation 1 is not kept"));

    /* The digest depends on the config as on the weights' header. */
    put_file("m/config.json", "{\"model_type\":\"qwen2\"}", 22);
    again = open_ok("m@0");
    assert_string_not_equal(hyt_ckpt_digest(c), hyt_ckpt_digest(again));
    hyt_ckpt_close(again);
    hyt_ckpt_close(c);
    hyt_buf_free(&text);

    put_file("m/config.json", "{\"a\":1,\"a\":2}", 13);
    assert_null(hyt_ckpt_open(at("m"), &err));
    put_file("m/config.json", "[]", 2);
    assert_null(hyt_ckpt_open(at("m"), &err));
    assert_non_null(strstr(err.msg, "expected an object"));
    unlink(at("m/config.json"));
    assert_null(hyt_ckpt_open(at("m"), &err));
    assert_non_null(strstr(err.msg, "no config.json"));
    unlink(at("m/model.safetensors"));
    assert_null(hyt_ckpt_open(at("m"), &err));
    assert_non_null(strstr(err.msg, "neither"));
    assert_null(hyt_ckpt_open(at("absent"), &err));
    assert_null(hyt_ckpt_open(at("fifo"), &err));
}

static void make_sharded(const char *index)
{
    put_st("s/model-1.safetensors",
           "{" T("a", "F32", "[2]", "[0,8]") "," T("b", "F32", "[4]",
                                                   "[8,24]") "}",
           small_w, 24);
    put_st("s/model-2.safetensors", "{" T("c", "BF16", "[4]", "[0,8]") "}",
           small_h, 8);
    put_file("s/model.safetensors.index.json", index, strlen(index));
}

static void refuse_index(const char *index, const char *message)
{
    struct hyt_err err = {0};

    make_sharded(index);
    assert_null(hyt_ckpt_open(at("s"), &err));
    if (!strstr(err.msg, message))
        fail_msg("\"%s\" has no \"%s\"", err.msg, message);
}

#define MAP(a, b, c)                                                           \
    "{\"metadata\":{\"total_size\":32},\"weight_map\":{\"a\":\"" a             \
    "\",\"b\":\"" b "\",\"c\":\"" c "\"}}"
#define S1   "model-1.safetensors"
#define S2   "model-2.safetensors"
#define GOOD MAP(S1, S1, S2)

static void test_shards(void **state)
{
    struct hyt_ckpt *c;

    (void)state;
    assert_int_equal(mkdir(at("s"), 0777), 0);
    put_file("s/config.json", "{}", 2);
    make_sharded(GOOD);
    c = open_ok("s");
    assert_int_equal(hyt_ckpt_count(c), 3);
    assert_memory_equal(hyt_ckpt_find(c, "b")->data, small_w + 2, 16);
    assert_string_equal(hyt_ckpt_tensor(c, 2)->name, "c");
    assert_ptr_equal(hyt_ckpt_tensor(c, 2), hyt_ckpt_find(c, "c"));
    hyt_ckpt_close(c);

    refuse_index(MAP(S1, S1, "/etc/" S2), "not the name of");
    refuse_index(MAP(S1, S1, "../s/" S2), "not the name of");
    refuse_index(MAP(S1, S1, ".."), "not the name of");
    refuse_index(MAP(S1, S1, ""), "not the name of");
    refuse_index(MAP(S1, S1, "config.json"), "not the name of");
    refuse_index(MAP(S1, S1, "model-3.safetensors"), "model-3");
    refuse_index(MAP(S1, S2, S2), "\"b\" is listed in model-2");
    refuse_index(MAP(S1, S1, S1), "\"c\" is not in it");
    refuse_index("{\"weight_map\":{\"a\":\"" S1 "\",\"c\":\"" S2 "\"}}",
                 "\"b\" is not listed");
    refuse_index("{\"weight_map\":{\"a\":\"" S1 "\",\"b\":\"" S1
                 "\",\"c\":\"" S2 "\",\"d\":\"" S2 "\"}}",
                 "\"d\" is not in it");
    refuse_index("{\"weight_map\":{\"a\":\"" S1 "\",\"a\":\"" S1 "\"}}",
                 "\"a\"");
    refuse_index("{\"weight_map\":{\"a\":1}}", "is a number");
    refuse_index("{\"weight_map\":{}}", "is empty");
    refuse_index("{\"weight_map\":[]}", "weight_map");
    refuse_index("{}", "weight_map");
    refuse_index("{", "index.json: ");
    make_sharded(GOOD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_well_formed),
        cmocka_unit_test(test_unaligned),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_header_length),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_write_taken),
        cmocka_unit_test(test_directory),
        cmocka_unit_test(test_shards),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_second_generation),
        cmocka_unit_test(test_abandon),
        cmocka_unit_test(test_lock),
        cmocka_unit_test(test_elsewhere),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_leftovers),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_flipped_byte),
        cmocka_unit_test(test_sharded_commit),
        cmocka_unit_test(test_real_file),
    };

    return cmocka_run_group_tests(tests, make_root, remove_root);
}
