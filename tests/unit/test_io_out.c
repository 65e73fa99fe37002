/* SPDX-License-Identifier: MIT */
/*
 * test_io_out.c - outputs that appear whole, whole files, digests
 *
 * What is compressed is read by the zstd library itself; the XXH3 values are
 * those of xxhsum.
 */
#include "io_help.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

/* --- output --------------------------------------------------------------- */

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

    /* A link, by way of another, to what is not there yet. */
    assert_int_equal(symlink("missing", "d/second"), 0);
    assert_int_equal(symlink("d/second", "first"), 0);
    out = open_out("first", false);
    out_puts(out, "made\n");
    assert_int_equal(hyt_out_close(out, &err), 0);
    assert_file("d/missing", "made\n");
    assert_int_equal(lstat("d/second", &st), 0);
    assert_true(S_ISLNK(st.st_mode));

    assert_int_equal(symlink("gone/x", "nowhere"), 0);
    assert_null(hyt_out_open("nowhere", false, &err));
    assert_string_equal(err.msg, "nowhere: No such file or directory");
    assert_int_equal(symlink("circle", "circle"), 0);
    assert_null(hyt_out_open("circle", false, &err));
    assert_string_equal(err.msg, "circle: Too many levels of symbolic links");
}

/* What is replaced keeps its permissions, narrower or wider than the umask's;
 * nor are they wider while it is written. */
static void test_out_mode(void **state)
{
    static const mode_t modes[] = {0600, 0664};
    struct hyt_out *out;
    struct stat st;
    mode_t mask = umask(022);

    (void)state;
    for (size_t i = 0; i < HYT_LEN(modes); i++) {
        puts_file("x", "old\n");
        assert_int_equal(chmod("x", modes[i]), 0);
        out = open_out("x", false);
        assert_int_equal(stat(hyt_out_temp(out), &st), 0);
        assert_int_equal(st.st_mode & 0777, modes[i]);
        out_puts(out, "new\n");
        assert_int_equal(hyt_out_close(out, &err), 0);
        assert_file("x", "new\n");
        assert_int_equal(stat("x", &st), 0);
        assert_int_equal(st.st_mode & 0777, modes[i]);
    }
    umask(mask);
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

/* --- whole files, digests ------------------------------------------------- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_out_atomic),      TEST(test_out_link),
        TEST(test_out_mode),        TEST(test_out_long_name),
        TEST(test_out_errors),      TEST(test_out_stdout),
        TEST(test_out_whole_lines), TEST(test_out_closed),
        TEST(test_out_zstd),        TEST(test_file),
        TEST(test_digest),
    };

    return cmocka_run_group_tests_name("io_out", tests, NULL, NULL);
}
