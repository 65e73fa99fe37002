/* SPDX-License-Identifier: MIT */
/*
 * test_io.c - streams, lines, outputs that appear whole, digests
 *
 * zstd frames come from the library itself and are checked against it; the
 * XXH3 values are those of xxhsum.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#include "hyt/io.h"

#define MAX_LINE ((size_t)1 << 26)

static char home[PATH_MAX];
static struct hyt_err err;

static int enter(void **state)
{
    const char *tmp = getenv("TMPDIR");
    char dir[PATH_MAX / 2];

    (void)state;
    if (!getcwd(home, sizeof(home)))
        return -1;
    snprintf(dir, sizeof(dir), "%s/hyt-io-XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    char dir[PATH_MAX], cmd[PATH_MAX + 16];

    (void)state;
    if (!getcwd(dir, sizeof(dir)) || chdir(home) < 0)
        return -1;
    snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
    return system(cmd);
}

/* --- helpers ---------------------------------------------------------------
 */

static void put(const char *path, const void *s, size_t n)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(s, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void puts_file(const char *path, const char *s)
{
    put(path, s, strlen(s));
}

static struct hyt_buf slurp(const char *path)
{
    struct hyt_buf b = {0};

    assert_int_equal(hyt_file_read(path, (size_t)1 << 30, &b, &err), 0);
    return b;
}

static void assert_file(const char *path, const char *want)
{
    struct hyt_buf b = slurp(path);

    assert_string_equal(b.s, want);
    assert_int_equal(b.n, strlen(want));
    hyt_buf_free(&b);
}

/* Files in the directory, hidden ones included. */
static int n_files(void)
{
    FILE *p = popen("ls -A | wc -l", "r");
    int n = -1;

    assert_non_null(p);
    assert_int_equal(fscanf(p, "%d", &n), 1);
    pclose(p);
    return n;
}

/* Deterministic text that compresses somewhat, with short and long lines. */
static struct hyt_buf text(size_t n)
{
    struct hyt_buf b = {0};

    for (uint64_t i = 0; b.n < n; i++) {
        hyt_buf_printf(&b, "{\"i\":%llu,\"x\":\"%016llx\"}\n",
                       (unsigned long long)i,
                       (unsigned long long)hyt_hash64(&i, sizeof(i), 0));
    }
    return b;
}

static struct hyt_buf frame(const void *s, size_t n)
{
    struct hyt_buf b = {0};

    hyt_buf_reserve(&b, ZSTD_compressBound(n));
    b.n = ZSTD_compress(b.s, ZSTD_compressBound(n), s, n, 3);
    assert_false(ZSTD_isError(b.n));
    return b;
}

/* Reads a whole stream in pieces of `step` bytes: 0 or -1. */
static int read_all(const char *path, size_t step, struct hyt_buf *out)
{
    struct hyt_in *in = hyt_in_open(path, &err);
    ptrdiff_t got = -1;

    if (!in)
        return -1;
    do {
        hyt_buf_reserve(out, step);
        got = hyt_in_read(in, out->s + out->n, step, &err);
        if (got > 0) {
            assert_true((size_t)got <= step);
            out->n += (size_t)got;
            out->s[out->n] = 0;
        }
    } while (got > 0);
    hyt_in_close(in);
    return (int)got;
}

static void assert_reads(const char *path, size_t step,
                         const struct hyt_buf *want)
{
    struct hyt_buf got = {0};

    assert_int_equal(read_all(path, step, &got), 0);
    assert_int_equal(got.n, want->n);
    if (want->n > 0)
        assert_memory_equal(got.s, want->s, want->n);
    hyt_buf_free(&got);
}

static void assert_read_fails(const char *path, const char *message)
{
    struct hyt_buf got = {0};

    assert_int_equal(read_all(path, 4096, &got), -1);
    assert_string_equal(err.msg, message);
    assert_int_equal(err.bad_record, 0);
    hyt_buf_free(&got);
}

/* --- input -----------------------------------------------------------------
 */

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

/* --- lines -----------------------------------------------------------------
 */

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

/* --- output ----------------------------------------------------------------
 */

static struct hyt_out *open_out(const char *path, bool zstd)
{
    struct hyt_out *out = hyt_out_open(path, zstd, &err);

    if (!out)
        fail_msg("%s", err.msg);
    return out;
}

static void out_puts(struct hyt_out *out, const char *s)
{
    assert_int_equal(hyt_out_write(out, s, strlen(s), &err), 0);
}

static void test_out_atomic(void **state)
{
    struct hyt_out *out;
    struct stat st;
    mode_t mask = umask(022);

    (void)state;
    puts_file("x", "old\n");
    out = open_out("x", false);
    out_puts(out, "new\nlast");
    assert_int_equal(hyt_out_flush(out, &err), 0);
    assert_file("x", "old\n");
    assert_int_equal(n_files(), 2);
    assert_int_equal(hyt_out_close(out, &err), 0);
    assert_file("x", "new\nlast");
    assert_int_equal(stat("x", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    umask(mask);

    out = open_out("x", false);
    out_puts(out, "other\n");
    assert_int_equal(hyt_out_flush(out, &err), 0);
    hyt_out_discard(out);
    assert_file("x", "new\nlast");
    assert_int_equal(n_files(), 1);
    hyt_out_discard(NULL);
}

static void test_out_link(void **state)
{
    struct hyt_out *out;
    struct stat st;

    (void)state;
    assert_int_equal(mkdir("d", 0777), 0);
    puts_file("d/target", "old\n");
    assert_int_equal(symlink("d/target", "link"), 0);
    out = open_out("link", false);
    out_puts(out, "new\n");
    assert_int_equal(hyt_out_close(out, &err), 0);
    assert_file("d/target", "new\n");
    assert_int_equal(lstat("link", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void test_out_long_name(void **state)
{
    char name[256];
    struct hyt_out *out;

    (void)state;
    memset(name, 'n', 255);
    name[255] = 0;
    out = open_out(name, false);
    out_puts(out, "a\n");
    assert_int_equal(hyt_out_close(out, &err), 0);
    assert_file(name, "a\n");
}

static void test_out_errors(void **state)
{
    struct hyt_out *out;

    (void)state;
    assert_null(hyt_out_open("gone/x", false, &err));
    assert_string_equal(err.msg, "gone/x: No such file or directory");
    assert_null(hyt_out_open(".", false, &err));
    assert_string_equal(err.msg, ".: is a directory");

    /* A device is written to directly. */
    out = open_out("/dev/full", false);
    out_puts(out, "a\n");
    assert_int_equal(hyt_out_flush(out, &err), -1);
    assert_string_equal(err.msg, "/dev/full: No space left on device");
    assert_int_equal(hyt_out_close(out, &err), -1);
    out = open_out("/dev/full", true);
    out_puts(out, "a\n");
    assert_int_equal(hyt_out_close(out, &err), -1);
    assert_string_equal(err.msg, "/dev/full: No space left on device");
    out = open_out("/dev/null", false);
    out_puts(out, "a\n");
    assert_int_equal(hyt_out_close(out, &err), 0);
    assert_int_equal(n_files(), 0);
}

/* Runs with standard output into the file "stdout", which begins empty. */
static int to_file(void)
{
    int keep = dup(STDOUT_FILENO);
    int fd = open("stdout", O_WRONLY | O_CREAT | O_TRUNC, 0666);

    fflush(stdout);
    assert_true(keep >= 0 && fd >= 0);
    assert_true(dup2(fd, STDOUT_FILENO) >= 0);
    close(fd);
    return keep;
}

static void restore(int keep)
{
    dup2(keep, STDOUT_FILENO);
    close(keep);
}

static void test_out_stdout(void **state)
{
    int keep = to_file();
    struct hyt_out *out = open_out(NULL, false);

    (void)state;
    out_puts(out, "a\nb");
    assert_file("stdout", "");
    assert_int_equal(hyt_out_flush(out, &err), 0);
    assert_file("stdout", "a\n"); /* whole lines only */
    out_puts(out, "c\nd");
    hyt_out_discard(out);
    assert_file("stdout", "a\nbc\n");
    out = open_out("-", false);
    out_puts(out, "e");
    assert_int_equal(hyt_out_close(out, &err), 0);
    assert_file("stdout", "a\nbc\ne");
    restore(keep);
}

/* A socket of packets keeps the boundaries of each write(2). */
static void test_out_whole_lines(void **state)
{
    struct hyt_buf t = text(1000000), got = {0};
    int keep = dup(STDOUT_FILENO), p[2], writes = 0;
    struct hyt_out *out;
    char buf[1 << 17];
    ssize_t n;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, p), 0);
    assert_int_equal(fcntl(p[0], F_SETFL, O_NONBLOCK), 0);
    fflush(stdout);
    assert_true(dup2(p[1], STDOUT_FILENO) >= 0);
    close(p[1]);
    out = open_out(NULL, false);
    for (size_t i = 0; i < t.n; i += 777) {
        size_t step = t.n - i < 777 ? t.n - i : 777;

        assert_int_equal(hyt_out_write(out, t.s + i, step, &err), 0);
        while ((n = read(p[0], buf, sizeof(buf))) > 0) {
            assert_int_equal(buf[n - 1], '\n');
            hyt_buf_put(&got, buf, (size_t)n);
            writes++;
        }
    }
    assert_int_equal(hyt_out_close(out, &err), 0);
    restore(keep);
    while ((n = read(p[0], buf, sizeof(buf))) > 0)
        hyt_buf_put(&got, buf, (size_t)n);
    close(p[0]);
    assert_int_equal(writes, t.n / 65536);
    assert_int_equal(got.n, t.n);
    assert_memory_equal(got.s, t.s, t.n);
    hyt_buf_free(&got);
    hyt_buf_free(&t);
}

static void test_out_closed(void **state)
{
    int keep = dup(STDOUT_FILENO);

    (void)state;
    fflush(stdout);
    close(STDOUT_FILENO);
    assert_null(hyt_out_open(NULL, false, &err));
    restore(keep);
    assert_string_equal(err.msg, "standard output: Bad file descriptor");
}

static void test_out_zstd(void **state)
{
    struct hyt_buf t = text(500000), z, got = {0}, lines = {0};
    struct hyt_out *out = open_out("x.zst", false);
    int keep;

    (void)state;
    assert_int_equal(hyt_out_write(out, t.s, t.n, &err), 0);
    assert_int_equal(hyt_out_close(out, &err), 0);
    z = slurp("x.zst");
    assert_true(z.n < t.n);
    hyt_buf_reserve(&got, t.n);
    assert_int_equal(ZSTD_decompress(got.s, t.n, z.s, z.n), t.n);
    assert_memory_equal(got.s, t.s, t.n);
    assert_true(z.s[4] & 4); /* Frame_Header_Descriptor: checksum */

    /* A flush lets a reader see all that was written. */
    keep = to_file();
    out = open_out(NULL, true);
    out_puts(out, "one\n");
    assert_int_equal(hyt_out_flush(out, &err), 0);
    assert_int_equal(read_all("stdout", 100, &lines), -1);
    assert_string_equal(lines.s, "one\n");
    /* After an error the frame still ends as it should. */
    out_puts(out, "two\nthr");
    hyt_out_discard(out);
    restore(keep);
    hyt_buf_reset(&lines);
    hyt_buf_puts(&lines, "one\ntwo\n");
    assert_reads("stdout", 100, &lines);

    out = open_out("empty.zst", false);
    assert_int_equal(hyt_out_close(out, &err), 0);
    hyt_buf_reset(&lines);
    assert_reads("empty.zst", 100, &lines);
    hyt_buf_free(&t);
    hyt_buf_free(&z);
    hyt_buf_free(&got);
    hyt_buf_free(&lines);
}

/* --- whole files, digests --------------------------------------------------
 */

static void test_file(void **state)
{
    struct hyt_buf t = text(200000), got = {0};

    (void)state;
    assert_int_equal(hyt_file_write("f", t.s, t.n, &err), 0);
    assert_int_equal(n_files(), 1);
    hyt_buf_puts(&got, "before");
    assert_int_equal(hyt_file_read("f", t.n, &got, &err), 0);
    assert_int_equal(got.n, t.n + 6);
    assert_memory_equal(got.s, "before", 6);
    assert_memory_equal(got.s + 6, t.s, t.n + 1);
    got.n = 6;
    assert_int_equal(hyt_file_read("f", t.n - 1, &got, &err), -1);
    snprintf(err.msg + 500, 100, "f: larger than %zu bytes", t.n - 1);
    assert_string_equal(err.msg, err.msg + 500);
    assert_string_equal(got.s, "before");
    assert_int_equal(hyt_file_read("gone", 1, &got, &err), -1);
    assert_string_equal(err.msg, "gone: No such file or directory");
    assert_int_equal(hyt_file_read(".", 1, &got, &err), -1);
    assert_string_equal(err.msg, ".: is a directory");
    assert_int_equal(hyt_file_write("gone/f", "", 0, &err), -1);
    assert_string_equal(err.msg, "gone/f: No such file or directory");
    hyt_buf_free(&t);
    hyt_buf_free(&got);
}

static void test_digest(void **state)
{
    struct hyt_buf t = text(100000);
    struct hyt_digest *d = hyt_digest_new();
    char hex[17];

    (void)state;
    hyt_hex64(hex, hyt_hash64("", 0, 0));
    assert_string_equal(hex, "2d06800538d394c2");
    hyt_hex64(hex, hyt_hash64("hello", 5, 0));
    assert_string_equal(hex, "9555e8555c62dcfd");
    hyt_hex64(hex, 0xfedcba9876543210);
    assert_string_equal(hex, "fedcba9876543210");
    hyt_hex64(hex, 1);
    assert_string_equal(hex, "0000000000000001");
    assert_true(hyt_hash64("hello", 5, 1) != hyt_hash64("hello", 5, 0));

    assert_int_equal(hyt_digest_value(d), hyt_hash64("", 0, 0));
    for (size_t i = 0, step; i < t.n; i += step) {
        step = t.n - i < i % 997 + 1 ? t.n - i : i % 997 + 1;
        hyt_digest_add(d, t.s + i, step);
    }
    assert_int_equal(hyt_digest_value(d), hyt_hash64(t.s, t.n, 0));
    hyt_digest_free(d);
    hyt_digest_free(NULL);
    hyt_buf_free(&t);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_in_errors),
        TEST(test_in_plain),
        TEST(test_in_zstd),
        TEST(test_in_zstd_truncated),
        TEST(test_in_zstd_damaged),
        TEST(test_in_pipe),
        TEST(test_lines_forms),
        TEST(test_lines_files),
        TEST(test_lines_nul),
        TEST(test_lines_too_long),
        TEST(test_lines_long),
        TEST(test_lines_truncated),
        TEST(test_out_atomic),
        TEST(test_out_link),
        TEST(test_out_long_name),
        TEST(test_out_errors),
        TEST(test_out_stdout),
        TEST(test_out_whole_lines),
        TEST(test_out_closed),
        TEST(test_out_zstd),
        TEST(test_file),
        TEST(test_digest),
    };

    return cmocka_run_group_tests_name("io", tests, NULL, NULL);
}
