/* SPDX-License-Identifier: MIT */
/* Errors, memory, UTF-8, tracing; and the parts in base_num.h, base_opt.h. */
#include "base_num.h"
#include "base_opt.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* --- errors --------------------------------------------------------------- */

static void test_err(void **state)
{
    struct hyt_err err = {"old", 0};
    char longer[3000];

    (void)state;
    assert_int_equal(hyt_fail_record(&err, "%s %d", "line", 7), -1);
    assert_string_equal(err.msg, "line 7");
    assert_int_equal(err.bad_record, 1);
    assert_int_equal(hyt_fail_prefix(&err, "%s:%d: ", "f", 3), -1);
    assert_string_equal(err.msg, "f:3: line 7");
    assert_int_equal(err.bad_record, 1);
    /* The old message may be an argument of the new one. */
    hyt_fail(&err, "<%s>", err.msg);
    assert_string_equal(err.msg, "<f:3: line 7>");
    assert_int_equal(err.bad_record, 0);

    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    errno = ENOENT;
    hyt_fail_errno(&err, "%s", longer);
    assert_true(strlen(err.msg) < sizeof err.msg);
    assert_non_null(strstr(err.msg, "x: No such file or directory"));
    hyt_fail(&err, "%s", longer);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
    hyt_fail_prefix(&err, "head ");
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
    assert_memory_equal(err.msg, "head xxx", 8);
}

/* --- memory --------------------------------------------------------------- */

static void test_mem(void **state)
{
    size_t cap = 0;
    int *grown = NULL;
    char *s = hyt_strndup("abcdef", 3);

    (void)state;
    assert_string_equal(s, "abc");
    free(s);
    free(hyt_alloc(0, 8));
    for (size_t n = 0; n < 300; n += 17) {
        unsigned char *p = hyt_alloc_aligned(n, 3);

        assert_int_equal((uintptr_t)p % 64, 0);
        for (size_t i = 0; i < 3 * n; i++)
            assert_int_equal(p[i], 0);
        free(p);
    }
    for (size_t n = 0; n < 1000; n++) {
        grown = hyt_grow(grown, &cap, n + 1, sizeof *grown);
        assert_true(cap > n);
        grown[n] = (int)n;
    }
    for (size_t n = 0; n < 1000; n++)
        assert_int_equal(grown[n], n);
    free(grown);
}

/* A product that overflows must end the process, not return a small block. */
static void test_out_of_memory(void **state)
{
    int status;
    const pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(3);
        free(hyt_alloc(SIZE_MAX / 2, 4));
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
}

static void test_arena(void **state)
{
    struct hyt_arena a = {0};
    unsigned char *p[200];
    char *s;

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < HYT_LEN(p); i++) {
            p[i] = hyt_arena_alloc(&a, i * 13, 3);
            assert_int_equal((uintptr_t)p[i] % _Alignof(max_align_t), 0);
            for (size_t j = 0; j < i * 39; j++)
                assert_int_equal(p[i][j], 0);
            memset(p[i], (int)i, i * 39);
        }
        for (size_t i = 0; i < HYT_LEN(p); i++)
            for (size_t j = 0; j < i * 39; j++)
                assert_int_equal(p[i][j], i);
        s = hyt_arena_strndup(&a, "hello", 4);
        assert_string_equal(s, "hell");
        hyt_arena_reset(&a);
    }
    /* What was reset is kept: the same memory is given out again. */
    s = HYT_NEW(&a, char, 1000);
    hyt_arena_reset(&a);
    assert_ptr_equal(HYT_NEW(&a, char, 1000), s);
    hyt_arena_free(&a);
    assert_null(a.chunk);
    hyt_arena_reset(&a);
    hyt_arena_free(&a);
}

static void test_buf(void **state)
{
    struct hyt_buf b = {0};
    char longer[500];

    (void)state;
    hyt_buf_reset(&b);
    hyt_buf_put(&b, NULL, 0);
    assert_string_equal(b.s, "");
    hyt_buf_puts(&b, "one ");
    hyt_buf_putc(&b, '2');
    hyt_buf_printf(&b, " %d", 3);
    assert_string_equal(b.s, "one 2 3");
    assert_int_equal(b.n, 7);
    hyt_buf_reset(&b);
    assert_string_equal(b.s, "");
    for (int i = 1; i < 500; i++) {
        memset(longer, 'y', (size_t)i);
        longer[i] = '\0';
        hyt_buf_reset(&b);
        hyt_buf_printf(&b, "<%s>", longer);
        assert_int_equal(b.n, i + 2);
        assert_int_equal(b.s[b.n - 1], '>');
        assert_int_equal(b.s[b.n], '\0');
    }
    hyt_buf_free(&b);
    assert_null(b.s);
}

/* --- UTF-8 ---------------------------------------------------------------- */

/* Every scalar goes there and back; every surrogate is refused. */
static void test_utf8_scalars(void **state)
{
    struct hyt_buf b = {0};

    (void)state;
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        uint32_t back = 0;

        if (cp == 0xD800)
            cp = 0xE000;
        hyt_buf_reset(&b);
        hyt_utf8_put(&b, cp);
        if (hyt_utf8_get(b.s, b.n, &back) != b.n || back != cp ||
            hyt_utf8_get(b.s, b.n - 1, &back) != 0 ||
            hyt_utf8_bad(b.s, b.n) != b.n)
            fail_msg("U+%04X", (unsigned)cp);
    }
    hyt_buf_free(&b);
}

static void test_utf8_bad(void **state)
{
    static const struct {
        const char *text;
        size_t bad;
    } row[] = {
        {"abc\x80", 3},
        {"12345678\xC0\x80", 8},         /* overlong */
        {"\xE0\x9F\xBF", 0},             /* overlong */
        {"\xF0\x8F\xBF\xBF", 0},         /* overlong */
        {"\xC3\xA9\xED\xA0\x80", 2},     /* a surrogate */
        {"\xF4\x90\x80\x80", 0},         /* beyond U+10FFFF */
        {"\xF5\x80\x80\x80", 0},         /* no such first byte */
        {"0123456789abcdef\xE2\x82", 16} /* cut */
    };

    (void)state;
    for (size_t i = 0; i < HYT_LEN(row); i++)
        assert_int_equal(hyt_utf8_bad(row[i].text, strlen(row[i].text)),
                         row[i].bad);
    assert_int_equal(hyt_utf8_bad("", 0), 0);
}

/* --- tracing -------------------------------------------------------------- */

static void test_trace(void **state)
{
    char path[] = "/tmp/hyt-trace-XXXXXX";
    char line[256];
    const int fd = mkstemp(path);
    struct hyt_trace_span outer, inner;
    double at, us, a, b;
    long pid;
    FILE *f;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(setenv("HYT_TRACE", path, 1), 0);
    hyt_trace_begin(&outer);
    hyt_trace_begin(&inner);
    hyt_trace_op(&inner, "a");
    hyt_trace_op(&inner, "b");
    for (uint64_t t = hyt_now_us(); hyt_now_us() < t + 2000;)
        ;
    hyt_trace_op(&inner, NULL);
    hyt_trace_op(&inner, "a");
    for (uint64_t t = hyt_now_us(); hyt_now_us() < t + 1000;)
        ;
    hyt_trace_op(&inner, "b");
    hyt_trace_end(&inner, "inner");
    hyt_trace_end(&inner, "ended");
    hyt_trace_end(&outer, "outer");
    f = fdopen(fd, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    assert_int_equal(sscanf(line,
                            "{\"span\":\"inner\",\"at\":%lf,\"us\":%lf,"
                            "\"pid\":%ld,\"ops\":{\"a\":%lf,\"b\":%lf}}\n",
                            &at, &us, &pid, &a, &b),
                     5);
    assert_true(at >= (double)outer.began / 1e3 - 1 && pid == (long)getpid());
    assert_true(b >= 900 && a >= 0 && us >= a + b + 1900);
    assert_non_null(fgets(line, sizeof line, f));
    assert_non_null(strstr(line, "\"span\":\"outer\""));
    assert_non_null(strstr(line, "\"ops\":{}}\n"));
    assert_null(fgets(line, sizeof line, f));
    fclose(f);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_err),
        cmocka_unit_test(test_mem),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_buf),
        cmocka_unit_test(test_num_known),
        cmocka_unit_test(test_num_round_trip),
        cmocka_unit_test(test_parse_u64),
        cmocka_unit_test(test_parse_signed),
        cmocka_unit_test(test_exp_log),
        cmocka_unit_test(test_sincos),
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_philox),
        cmocka_unit_test(test_rng),
        cmocka_unit_test(test_shuffle),
        cmocka_unit_test(test_utf8_scalars),
        cmocka_unit_test(test_utf8_bad),
        cmocka_unit_test(test_opt_values),
        cmocka_unit_test(test_opt_errors),
        cmocka_unit_test(test_opt_help),
        cmocka_unit_test(test_trace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
