/* SPDX-License-Identifier: MIT */
/*
 * test_record.c - what is not set stays as it came, what is set is seen
 */
#include "record_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- loading -------------------------------------------------------------- */

static void assert_load_fails(const char *s, const char *message)
{
    assert_fails(load_bytes(rec, s, strlen(s)), message);
}

static void test_load(void **state)
{
    const char *s;
    size_t n;

    (void)state;
    load(" {\"a\" : 1} ");
    s = hyt_rec_bytes(rec, &n);
    assert_int_equal(n, 11);
    assert_string_equal(s, " {\"a\" : 1} ");
    assert_string_equal(hyt_rec_file(rec), "f");
    assert_int_equal(hyt_rec_lineno(rec), 3);

    assert_load_fails("[1]", "f:3:1: expected an object");
    assert_load_fails(" \"a\"", "f:3:2: expected an object");
    assert_load_fails("{\"a\":1", "f:3:7: expected \",\" or \"}\"");
    assert_load_fails("{\"a\":01}", "f:3:6: a number with a leading zero");
    assert_load_fails("{} {}", "f:3:4: text after the value");
    /* A failed load leaves nothing of the record before it. */
    load("{\"a\":1}");
    assert_int_equal(load_bytes(rec, "{", 1), -1);
    assert_int_equal(hyt_rec_int(rec, "a", &(int64_t){0}, &err), 0);
}

/* --- untouched bytes ------------------------------------------------------ */

static const char *const foreign[] = {
    "{}",
    "{ }",
    " {\"a\":1}\t",
    "{\"x\":9007199254740993,\"y\":0.30000000000000004,\"z\":1E400}",
    "{\"x\":1.0,\"y\":1.10,\"z\":1e2,\"w\":-0}",
    "{\"s\":\"ab\\u0000cd\",\"t\":\"\\ud800\",\"u\":\"\\/\\u00e9\"}",
    "{\"s\":\"\xff\xfe\"}",
    "{\"dup\":1,\"dup\":2,\"in\":{\"d\":1,\"d\":2}}",
    "{ \"a\"\t:  [1 ,2 ]  ,\"b\":{ }  }",
    "{\"\":0,\"a.b\":1,\"a\":{\"b\":2}}",
};

static void test_untouched(void **state)
{
    (void)state;
    for (size_t i = 0; i < HYT_LEN(foreign); i++) {
        const struct hyt_json *v;

        load(foreign[i]);
        assert_prints(rec, foreign[i]);
        assert_int_equal(hyt_rec_get(rec, "nothing", &v, &err), 0);
        assert_prints(rec, foreign[i]);
    }
}

/* A new member goes before the closing brace and leaves the rest as it is. */
static void test_untouched_beside(void **state)
{
    (void)state;
    for (size_t i = 0; i < HYT_LEN(foreign); i++) {
        const char *brace = strrchr(foreign[i], '}');
        struct hyt_buf want = {0};
        bool empty = i < 2;

        load(foreign[i]);
        set("mine", "[1,2]");
        hyt_buf_put(&want, foreign[i], (size_t)(brace - foreign[i]));
        hyt_buf_puts(&want, empty ? "" : ",");
        hyt_buf_puts(&want, "\"mine\":[1,2]");
        hyt_buf_puts(&want, brace);
        assert_prints(rec, want.s);
        hyt_rec_unset_all(rec);
        assert_prints(rec, foreign[i]);
        hyt_buf_free(&want);
    }
}

static void test_long_line(void **state)
{
    const size_t n = 10 * 1000 * 1000;
    struct hyt_buf b = {0}, out = {0};
    const char *s;
    size_t got;

    (void)state;
    hyt_buf_puts(&b, "{\"text\":\"");
    for (size_t i = 0; i < n; i++)
        hyt_buf_putc(&b, (char)('a' + i % 26));
    hyt_buf_puts(&b, "\",\"x\":1}");
    assert_int_equal(load_bytes(rec, b.s, b.n), 0);
    set("x", "2");
    hyt_rec_print(rec, &out);
    b.s[b.n - 2] = '2';
    assert_int_equal(out.n, b.n);
    assert_memory_equal(out.s, b.s, b.n);
    assert_int_equal(hyt_rec_str(rec, "text", &s, &got, &err), 1);
    assert_int_equal(got, n);
    hyt_buf_free(&b);
    hyt_buf_free(&out);
}

/* --- setting -------------------------------------------------------------- */

static void test_set(void **state)
{
    (void)state;
    load("{\"a\": 1 , \"b\":{\"a\":5},\"c\":\"x\"}");
    set("c", "[]");
    set("new", "null");
    set("a", "true");
    hyt_rec_set_str(rec, "k\"\n", "v\"\\\x01\xc3\xa9", 6);
    hyt_rec_set_int(rec, "i", INT64_MIN);
    assert_prints(rec, "{\"a\": true , \"b\":{\"a\":5},\"c\":[],\"new\":null,"
                       "\"k\\\"\\n\":\"v\\\"\\\\\\u0001\xc3\xa9\","
                       "\"i\":-9223372036854775808}");
    /* A second value replaces the first, in the first one's place. */
    set("new", "{\"z\":0}");
    set("a", "1.50");
    assert_prints(rec, "{\"a\": 1.50 , \"b\":{\"a\":5},\"c\":[],"
                       "\"new\":{\"z\":0},"
                       "\"k\\\"\\n\":\"v\\\"\\\\\\u0001\xc3\xa9\","
                       "\"i\":-9223372036854775808}");
    hyt_rec_unset_all(rec);
    assert_prints(rec, "{\"a\": 1 , \"b\":{\"a\":5},\"c\":\"x\"}");

    load("{}");
    set("a", "1");
    set("b", "2");
    assert_prints(rec, "{\"a\":1,\"b\":2}");
    /* The key is the one that it means, however it is spelled. */
    load("{\"\\u0061\":1}");
    set("a", "2");
    assert_prints(rec, "{\"\\u0061\":2}");
    load("{\"A\":1}");
    set("a", "2");
    assert_prints(rec, "{\"A\":1,\"a\":2}");
}

static void test_set_is_seen(void **state)
{
    const struct hyt_json *v;
    const char *s, *again;
    size_t n;
    int64_t x;

    (void)state;
    load("{\"a\":\"old\",\"b\":{\"c\":1}}");
    assert_int_equal(hyt_rec_str(rec, "a", &s, &n, &err), 1);
    hyt_rec_set_str(rec, "a", "new", 3);
    assert_string_equal(s, "old"); /* lives until the next load */
    assert_int_equal(hyt_rec_str(rec, "a", &again, &n, &err), 1);
    assert_string_equal(again, "new");
    hyt_rec_set_str(rec, "a", again, n);
    assert_int_equal(hyt_rec_str(rec, "a", &again, &n, &err), 1);
    assert_string_equal(again, "new");
    set("b", "{\"c\":2}");
    assert_int_equal(hyt_rec_int(rec, "b.c", &x, &err), 1);
    assert_int_equal(x, 2);
    set("b", "{\"c\":3}");
    assert_int_equal(hyt_rec_int(rec, "b.c", &x, &err), 1);
    assert_int_equal(x, 3);
    set("d", "{\"e\":{\"f\":4}}");
    assert_int_equal(hyt_rec_get(rec, "d.e.f", &v, &err), 1);
    assert_true(hyt_json_num(v) == 4);
    hyt_rec_unset_all(rec);
    assert_string_equal(s, "old");
    assert_string_equal(again, "new");
    assert_int_equal(hyt_rec_int(rec, "b.c", &x, &err), 1);
    assert_int_equal(x, 1);
    assert_int_equal(hyt_rec_get(rec, "d", &v, &err), 0);
}

static void test_copy(void **state)
{
    struct hyt_rec *copy = hyt_rec_new();
    int64_t x;

    (void)state;
    assert_int_equal(load_bytes(copy, "{\"z\":1,\"a\":0,\"y\":2}", 19), 0);
    hyt_rec_set_int(copy, "q", 1);
    load("{\"a\":1,\"b\":2}");
    set("b", "3");
    set("c", "4");
    hyt_rec_copy(copy, rec);
    load("{}");
    assert_prints(copy, "{\"a\":1,\"b\":3,\"c\":4}");
    assert_string_equal(hyt_rec_file(copy), "f");
    assert_int_equal(hyt_rec_lineno(copy), 3);
    assert_int_equal(hyt_rec_int(copy, "b", &x, &err), 1);
    assert_int_equal(x, 3);
    hyt_rec_set_int(copy, "a", 9);
    assert_prints(copy, "{\"a\":9,\"b\":3,\"c\":4}");
    hyt_rec_unset_all(copy);
    assert_prints(copy, "{\"a\":1,\"b\":2}");
    hyt_rec_copy(rec, copy);
    hyt_rec_copy(rec, rec);
    assert_prints(rec, "{\"a\":1,\"b\":2}");
    hyt_rec_free(copy);
}

/* --- claim, write --------------------------------------------------------- */

static int claim(const char *name, enum hyt_json_type type, const char *members,
                 bool overwrite)
{
    return hyt_rec_claim(rec, name, type, members, overwrite, &err);
}

static void test_claim(void **state)
{
    (void)state;
    load("{\"n\":null,\"s\":\"x\",\"o\":{\"a\":1,\"b\":2},\"l\":[],\"d\":1,"
         "\"d\":2}");
    assert_int_equal(claim("z", HYT_JSON_OBJECT, "a", false), 0);
    assert_int_equal(claim("n", HYT_JSON_OBJECT, "a", false), 0);
    assert_int_equal(claim("s", HYT_JSON_STR, NULL, false), 0);
    assert_int_equal(claim("l", HYT_JSON_ARRAY, NULL, false), 0);
    assert_int_equal(claim("o", HYT_JSON_OBJECT, NULL, false), 0);
    assert_int_equal(claim("o", HYT_JSON_OBJECT, "b,a", false), 0);
    assert_fails(claim("s", HYT_JSON_OBJECT, "a", false),
                 "f:3:15: \"s\" is a string, not an object: hyt did not write "
                 "it (--overwrite replaces it)");
    assert_int_equal(claim("s", HYT_JSON_OBJECT, "a", true), 0);
    assert_fails(claim("o", HYT_JSON_OBJECT, "a,c", false),
                 "f:3:23: \"o\" has no \"c\": hyt did not write it "
                 "(--overwrite replaces it)");
    assert_int_equal(claim("o", HYT_JSON_OBJECT, "a,c", true), 0);
    assert_fails(claim("d", HYT_JSON_NUM, NULL, false),
                 "f:3:50: a second key \"d\"");
    assert_fails(claim("d", HYT_JSON_NUM, NULL, true),
                 "f:3:50: a second key \"d\"");
}

static void test_write(void **state)
{
    char dir[] = "/tmp/hyt-record-XXXXXX", path[64];
    struct hyt_buf b = {0};
    struct hyt_out *out;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/out", dir);
    out = hyt_out_open(path, false, &err);
    assert_non_null(out);
    load("{\"a\":1,\"a\":2,\"b\":3} ");
    assert_int_equal(hyt_rec_write(rec, out, &err), 0);
    set("b", "4");
    set("c", "5");
    assert_int_equal(hyt_rec_write(rec, out, &err), 0);
    set("a", "0");
    assert_fails(hyt_rec_write(rec, out, &err), "f:3:8: a second key \"a\"");
    hyt_rec_unset_all(rec);
    assert_int_equal(hyt_rec_write(rec, out, &err), 0);
    assert_int_equal(hyt_out_close(out, &err), 0);
    assert_int_equal(hyt_file_read(path, 1000, &b, &err), 0);
    assert_string_equal(b.s, "{\"a\":1,\"a\":2,\"b\":3} \n"
                             "{\"a\":1,\"a\":2,\"b\":4,\"c\":5} \n"
                             "{\"a\":1,\"a\":2,\"b\":3} \n");
    hyt_buf_free(&b);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_load),      TEST(test_untouched), TEST(test_untouched_beside),
        TEST(test_long_line), TEST(test_set),       TEST(test_set_is_seen),
        TEST(test_copy),      TEST(test_claim),     TEST(test_write),
    };

    hyt_rec_free(NULL);
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
