/* SPDX-License-Identifier: MIT */
/*
 * plotgnuplot.c - text and numbers for gnuplot, and gnuplot itself
 *
 * What a user or a record says only ever gets into a script as a quoted string
 * or as a number.  In single quotes gnuplot expands nothing, and the terminal
 * is told not to read markup (noenhanced).
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plot.h"

/* What XML does not have, as bytes of a file's name that are no UTF-8, becomes
 * U+FFFD. */
void hyt_gnuplot_quote(struct hyt_buf *script, const char *s)
{
    size_t n = strlen(s), width;
    uint32_t cp;

    hyt_buf_putc(script, '\'');
    for (; n > 0; s += width, n -= width) {
        width = hyt_utf8_get(s, n, &cp);
        if (width == 0 || cp == 0xfffe || cp == 0xffff) {
            hyt_utf8_put(script, 0xfffd);
            width += width == 0;
        } else if (cp < 0x20 || cp == 0x7f) {
            hyt_buf_putc(script, ' ');
        } else {
            hyt_buf_put(script, s, width);
            if (cp == '\'')
                hyt_buf_putc(script, '\'');
        }
    }
    hyt_buf_putc(script, '\'');
}

void hyt_gnuplot_num(struct hyt_buf *script, double x)
{
    char text[HYT_NUM_MAX];

    if (isfinite(x))
        hyt_buf_put(script, text, hyt_num_f64(text, x));
    else
        hyt_buf_puts(script, "NaN");
}

void hyt_gnuplot_row(struct hyt_buf *script, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            hyt_buf_putc(script, ' ');
        hyt_gnuplot_num(script, x[i]);
    }
    hyt_buf_putc(script, '\n');
}

/* --- the process ---------------------------------------------------------- */

/* Exit statuses of a child that did not become gnuplot. */
enum { NOT_FOUND = 127, NOT_STARTED = 126 };

/* Its three streams are files, so that neither side ever waits for the other;
 * -d: no start-up files of the user. */
HYT_NORETURN static void become_gnuplot(FILE *const stream[3])
{
    for (int fd = 0; fd < 3; fd++)
        if (dup2(fileno(stream[fd]), fd) < 0)
            _exit(NOT_STARTED);
    execlp("gnuplot", "gnuplot", "-d", (char *)NULL);
    _exit(errno == ENOENT ? NOT_FOUND : NOT_STARTED);
}

static int run(int *status, FILE *const stream[3], struct hyt_err *err)
{
    pid_t child = fork(), got;

    if (child == 0)
        become_gnuplot(stream);
    if (child < 0)
        return hyt_fail_errno(err, "gnuplot");
    do
        got = waitpid(child, status, 0);
    while (got < 0 && errno == EINTR);
    return got < 0 ? hyt_fail_errno(err, "gnuplot") : 0;
}

static int read_back(struct hyt_buf *out, FILE *f, struct hyt_err *err)
{
    size_t n;

    rewind(f);
    do {
        hyt_buf_reserve(out, (size_t)1 << 16);
        n = fread(out->s + out->n, 1, (size_t)1 << 16, f);
        out->n += n;
    } while (n > 0);
    return ferror(f) ? hyt_fail_errno(err, "gnuplot: what it wrote") : 0;
}

/* Its last line is the message; those before it show the command. */
static int explain(int status, struct hyt_buf *said, struct hyt_err *err)
{
    size_t end = said->n, begin;

    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND)
        return hyt_fail(err, "gnuplot is not installed (in Debian: "
                             "gnuplot-nox); --gnuplot prints its script");
    if (WIFSIGNALED(status))
        return hyt_fail(err, "gnuplot: signal %d", WTERMSIG(status));
    while (end > 0 && strchr(" \n", said->s[end - 1]))
        end--;
    for (begin = end; begin > 0 && said->s[begin - 1] != '\n';)
        begin--;
    if (end == 0)
        return hyt_fail(err, "gnuplot failed and does not say why");
    return hyt_fail(err, "gnuplot failed: %.*s", (int)(end - begin),
                    said->s + begin);
}

int hyt_gnuplot_run(struct hyt_buf *out, const struct hyt_buf *script,
                    struct hyt_err *err)
{
    FILE *stream[3] = {tmpfile(), tmpfile(), tmpfile()};
    struct hyt_buf said = {0};
    int status = 0, got = -1;

    if (!stream[0] || !stream[1] || !stream[2])
        hyt_fail_errno(err, "a temporary file for gnuplot");
    else if (fwrite(script->s, 1, script->n, stream[0]) != script->n ||
             fseek(stream[0], 0, SEEK_SET) < 0)
        hyt_fail_errno(err, "a temporary file for gnuplot");
    else
        got = run(&status, stream, err);
    if (got == 0)
        got = read_back(out, stream[1], err);
    if (got == 0 && status != 0) {
        got = read_back(&said, stream[2], err);
        if (got == 0)
            got = explain(status, &said, err);
    }
    hyt_buf_free(&said);
    for (int i = 0; i < 3; i++)
        if (stream[i])
            fclose(stream[i]);
    return got;
}
