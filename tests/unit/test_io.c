/* SPDX-License-Identifier: MIT */
/*
 * test_io.c - byte streams and lines in: plain, zstd, whole, torn
 *
 * The frames that are read come from the zstd library itself.
 */
#include "io_help.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#define MAX_LINE ((size_t)1 << 26)

/* --- input ---------------------------------------------------------------- */

static void test_in_errors(void **state)
{
    (void)state;
    assert_null(hyt_in_open("missing", &err));
    assert_string_equal(err.msg, "missing: No such file or directory");
    assert_null(hyt_in_open(".", &err));
    assert_string_equal(err.msg, ".: is a directory");
}

static void test_in_plain(void **state)
{
    static const size_t steps[] = {1, 3, 4, 5, 4096, 1 << 20};
    struct hyt_buf t = text(300000), none = {0};

    (void)state;
    put("plain", t.s, t.n);
    for (size_t i = 2; i < HYT_LEN(steps); i++)
        assert_reads("plain", steps[i], &t);
    put("empty", "", 0);
    assert_reads("empty", 100, &none);
    /* What begins like a frame and is none. */
    for (size_t n = 1; n <= 5; n++) {
        struct hyt_buf b = {0};

        hyt_buf_put(&b, "(\xb5/x\n", n);
        put("like", b.s, n);
        if (n < 2 || n > 3)
            assert_reads("like", 100, &b);
        else
            assert_read_fails("like", "like: truncated zstd frame");
        hyt_buf_free(&b);
    }
    hyt_buf_free(&t);
}

static void test_in_zstd(void **state)
{
    static const size_t steps[] = {1, 7, 4096, 1 << 20};
    struct hyt_buf t = text(400000), two = {0}, z = frame(t.s, t.n);
    /* A skippable frame of 3 bytes, before, between and after. */
    static const char skip[] = "\x53\x2a\x4d\x18\x03\0\0\0abc";

    (void)state;
    put("one.zst", z.s, z.n);
    for (size_t i = 1; i < HYT_LEN(steps); i++)
        assert_reads("one.zst", steps[i], &t);

    hyt_buf_put(&two, t.s, t.n);
    hyt_buf_put(&two, t.s, t.n);
    hyt_buf_put(&z, z.s, z.n);
    put("two.zst", z.s, z.n);
    assert_reads("two.zst", 65536, &two);
    hyt_buf_free(&z);
    hyt_buf_free(&two);

    z = frame("one\n", 4);
    hyt_buf_put(&two, skip, sizeof(skip) - 1);
    hyt_buf_put(&two, z.s, z.n);
    hyt_buf_put(&two, skip, sizeof(skip) - 1);
    hyt_buf_put(&two, z.s, z.n);
    hyt_buf_put(&two, skip, sizeof(skip) - 1);
    put("skip.zst", two.s, two.n);
    hyt_buf_reset(&t);
    hyt_buf_puts(&t, "one\none\n");
    for (size_t i = 0; i < HYT_LEN(steps); i++)
        assert_reads("skip.zst", steps[i], &t);
    hyt_buf_free(&t);
    hyt_buf_free(&two);
    hyt_buf_free(&z);
}

static void test_in_zstd_truncated(void **state)
{
    struct hyt_buf t = text(300), z = frame(t.s, t.n), two = {0};

    (void)state;
    for (size_t n = 2; n < z.n; n++) {
        put("cut", z.s, n);
        assert_read_fails("cut", "cut: truncated zstd frame");
        /* The second of two frames is cut. */
        hyt_buf_reset(&two);
        hyt_buf_put(&two, z.s, z.n);
        hyt_buf_put(&two, z.s, n);
        put("cut", two.s, two.n);
        assert_read_fails("cut", "cut: truncated zstd frame");
    }
    hyt_buf_free(&t);
    hyt_buf_free(&z);
    hyt_buf_free(&two);
}

static void test_in_zstd_damaged(void **state)
{
    struct hyt_buf t = text(3000), z = {0}, got = {0};
    ZSTD_CCtx *c = ZSTD_createCCtx();

    (void)state;
    ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
    hyt_buf_reserve(&z, ZSTD_compressBound(t.n));
    z.n = ZSTD_compress2(c, z.s, ZSTD_compressBound(t.n), t.s, t.n);
    assert_false(ZSTD_isError(z.n));
    ZSTD_freeCCtx(c);
    hyt_buf_puts(&z, "{\"a\":1}\n");
    put("tail", z.s, z.n);
    assert_read_fails("tail", "tail: other data after a zstd frame");
    z.n -= 8;
    z.s[z.n - 1] ^= 1; /* the checksum */
    put("sum", z.s, z.n);
    assert_int_equal(read_all("sum", 4096, &got), -1);
    assert_non_null(strstr(err.msg, "sum: damaged zstd frame: "));
    hyt_buf_free(&got);
    hyt_buf_free(&t);
    hyt_buf_free(&z);
}

/* The child writes into a pipe in small pieces; the parent's standard input is
 * its other end. */
static void feed(const char *s, size_t n, size_t step)
{
    int p[2];

    assert_int_equal(pipe(p), 0);
    if (fork() == 0) {
        close(p[0]);
        for (size_t i = 0; i < n; i += step)
            if (write(p[1], s + i, n - i < step ? n - i : step) < 0)
                _exit(1);
        _exit(0);
    }
    close(p[1]);
    assert_true(dup2(p[0], STDIN_FILENO) >= 0);
    close(p[0]);
}

static void test_in_pipe(void **state)
{
    int keep = dup(STDIN_FILENO);
    struct hyt_buf t = text(3000), z = frame(t.s, t.n);

    (void)state;
    feed(z.s, z.n, 1);
    assert_reads("-", 100, &t);
    feed(t.s, t.n, 1);
    assert_reads("-", 100, &t);
    feed(z.s, z.n - 1, 100);
    assert_read_fails("-", "<stdin>: truncated zstd frame");
    while (wait(NULL) > 0)
        ;
    close(STDIN_FILENO);
    assert_null(hyt_in_open("-", &err));
    assert_string_equal(err.msg, "<stdin>: Bad file descriptor");
    assert_true(keep < 0 || dup2(keep, STDIN_FILENO) >= 0);
    close(keep);
    hyt_buf_free(&t);
    hyt_buf_free(&z);
}

/* --- lines ---------------------------------------------------------------- */

/* Everything a reader says about some files, one item a line:
 * "file:lineno:bytes", or "! message", "!! message" for a bad record. */
static void assert_lines(const char *const *paths, size_t n, size_t max_line,
                         const char *want)
{
    struct hyt_lines *in = hyt_lines_open(paths, n, max_line);
    struct hyt_buf b = {0};
    struct hyt_line line;

    for (;;) {
        int got = hyt_lines_next(in, &line, &err);

        if (got == 0)
            break;
        if (got > 0) {
            assert_int_equal(strlen(line.s), line.n);
            hyt_buf_printf(&b, "%s:%d:%s\n", line.file, (int)line.lineno,
                           line.s);
        } else {
            hyt_buf_printf(&b, "%s %s\n", err.bad_record ? "!!" : "!", err.msg);
            if (!err.bad_record)
                break;
        }
    }
    hyt_lines_close(in);
    hyt_buf_puts(&b, "");
    assert_string_equal(b.s, want);
    hyt_buf_free(&b);
}

static void assert_text_lines(const char *s, size_t n, const char *want)
{
    static const char *const path[] = {"f"};

    put("f", s, n);
    assert_lines(path, 1, MAX_LINE, want);
}

#define TEXT(s) s, sizeof(s) - 1

static void test_lines_forms(void **state)
{
    (void)state;
    assert_text_lines(TEXT(""), "");
    assert_text_lines(TEXT("a\nb\n"), "f:1:a\nf:2:b\n");
    assert_text_lines(TEXT("a\nb"), "f:1:a\nf:2:b\n");
    assert_text_lines(TEXT("a\r\nb\r"), "f:1:a\nf:2:b\n");
    assert_text_lines(TEXT("a\rb\r\r\n"), "f:1:a\rb\r\n");
    assert_text_lines(TEXT("\n\n \t \r\na\n\n"), "f:4:a\n");
    assert_text_lines(TEXT(" a \n"), "f:1: a \n");
    assert_text_lines(TEXT("\xef\xbb\xbf"
                           "a\n\xef\xbb\xbf"
                           "b\n"),
                      "f:1:a\nf:2:\xef\xbb\xbf"
                      "b\n");
    assert_text_lines(TEXT("\xef\xbb\xbf"), "");
    assert_text_lines(TEXT("\xef\xbb"), "f:1:\xef\xbb\n");
    assert_text_lines(TEXT("\xef\xbb\xbf\n\xef"), "f:2:\xef\n");
}

static void test_lines_files(void **state)
{
    static const char *const some[] = {"a", "b", "c", "a"};
    static const char *const bad[] = {"a", "gone", "c"};

    (void)state;
    puts_file("a", "1\n2"); /* no newline: the next file still begins anew */
    puts_file("b", "");
    puts_file("c", "\xef\xbb\xbf\n3\r\n");
    assert_lines(some, 4, MAX_LINE, "a:1:1\na:2:2\nc:2:3\na:1:1\na:2:2\n");
    assert_lines(bad, 3, MAX_LINE,
                 "a:1:1\na:2:2\n! gone: No such file or directory\n");
}

static void test_lines_nul(void **state)
{
    (void)state;
    assert_text_lines(TEXT("a\nbc\0d\n\0\ne\n"),
                      "f:1:a\n!! f:2:3: NUL byte\n!! f:3:1: NUL byte\n"
                      "f:4:e\n");
    assert_text_lines(TEXT("a\0"), "!! f:1:2: NUL byte\n");
}

static void test_lines_too_long(void **state)
{
    static const char *const path[] = {"f"};
    struct hyt_buf t = {0};

    (void)state;
    puts_file("f", "1234\n12345\n\n1234\r\n12345\r\n123456\n1\n12345");
    assert_lines(path, 1, 4,
                 "f:1:1234\n!! f:2:1: line longer than 4 bytes (--max-line)\n"
                 "f:4:1234\n!! f:5:1: line longer than 4 bytes (--max-line)\n"
                 "!! f:6:1: line longer than 4 bytes (--max-line)\nf:7:1\n"
                 "!! f:8:1: line longer than 4 bytes (--max-line)\n");
    /* Longer than the window: passed over without being stored. */
    for (int i = 0; i < 400000; i++)
        hyt_buf_puts(&t, "0123456789");
    hyt_buf_puts(&t, "\nshort\n");
    for (int i = 0; i < 100000; i++)
        hyt_buf_puts(&t, "0123456789");
    put("f", t.s, t.n);
    assert_lines(path, 1, 1000,
                 "!! f:1:1: line longer than 1000 bytes (--max-line)\n"
                 "f:2:short\n"
                 "!! f:3:1: line longer than 1000 bytes (--max-line)\n");
    hyt_buf_free(&t);
}

static void test_lines_long(void **state)
{
    static const char *const path[] = {"f.zst"};
    struct hyt_buf t = {0}, z;
    struct hyt_lines *in;
    struct hyt_line line;
    const size_t n = 10 * 1000 * 1000;

    (void)state;
    hyt_buf_puts(&t, "a\n");
    for (size_t i = 0; i < n; i++)
        hyt_buf_putc(&t, (char)('a' + i % 26));
    hyt_buf_puts(&t, "\r\nb\n");
    z = frame(t.s, t.n);
    put("f.zst", z.s, z.n);
    in = hyt_lines_open(path, 1, n);
    assert_int_equal(hyt_lines_next(in, &line, &err), 1);
    assert_int_equal(hyt_lines_next(in, &line, &err), 1);
    assert_int_equal(line.n, n);
    assert_memory_equal(line.s, t.s + 2, n);
    assert_int_equal(hyt_lines_next(in, &line, &err), 1);
    assert_string_equal(line.s, "b");
    assert_int_equal(line.lineno, 3);
    assert_int_equal(hyt_lines_next(in, &line, &err), 0);
    assert_int_equal(hyt_lines_next(in, &line, &err), 0);
    hyt_lines_close(in);
    hyt_buf_free(&t);
    hyt_buf_free(&z);
}

/* Lines before a torn end are given out, the part of a line is not. */
static void test_lines_truncated(void **state)
{
    static const char *const path[] = {"f.zst"};
    struct hyt_buf z = frame("one\ntwo", 7);

    (void)state;
    put("f.zst", z.s, z.n - 1);
    assert_lines(path, 1, MAX_LINE,
                 "f.zst:1:one\n! f.zst: truncated zstd frame\n");
    hyt_buf_free(&z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_in_errors),       TEST(test_in_plain),
        TEST(test_in_zstd),         TEST(test_in_zstd_truncated),
        TEST(test_in_zstd_damaged), TEST(test_in_pipe),
        TEST(test_lines_forms),     TEST(test_lines_files),
        TEST(test_lines_nul),       TEST(test_lines_too_long),
        TEST(test_lines_long),      TEST(test_lines_truncated),
    };

    return cmocka_run_group_tests_name("io", tests, NULL, NULL);
}
