/* SPDX-License-Identifier: MIT */
/*
 * say.c - messages and progress on standard error
 *
 * A message is one line and one write, whatever bytes of the input it quotes:
 * several programs of a pipe share the terminal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

#define REDRAW_US 200000 /* five times a second */

/* Text as it can be shown: UTF-8 as it is; control characters, of C1 too, and
 * what is not UTF-8 as escapes. */
static void put_visible(struct hyt_buf *b, const char *s)
{
    size_t n = strlen(s);

    while (n > 0) {
        uint32_t cp = 0;
        size_t width = hyt_utf8_get(s, n, &cp);
        bool shown = width > 0 && cp >= 0x20 && (cp < 0x7f || cp > 0x9f);

        if (width == 0)
            width = 1;
        if (shown)
            hyt_buf_put(b, s, width);
        else if (*s == '\n')
            hyt_buf_puts(b, "\\n");
        else if (*s == '\t')
            hyt_buf_puts(b, "\\t");
        else
            for (size_t i = 0; i < width; i++)
                hyt_buf_printf(b, "\\x%02x", (unsigned)(unsigned char)s[i]);
        s += width;
        n -= width;
    }
}

void hyt_say_clear(struct hyt_main *m)
{
    if (m->progress_shown)
        fputs("\r\033[K", stderr);
    m->progress_shown = false;
}

void hyt_say(struct hyt_main *m, const char *message)
{
    struct hyt_buf b = {0};

    hyt_say_clear(m);
    hyt_buf_printf(&b, "%s: ", m->tool->name);
    put_visible(&b, message);
    hyt_buf_putc(&b, '\n');
    fwrite(b.s, 1, b.n, stderr);
    hyt_buf_free(&b);
}

HYT_PRINTF(2, 0)
static void say_v(struct hyt_main *m, const char *fmt, va_list args)
{
    char msg[sizeof(m->err.msg)];

    vsnprintf(msg, sizeof(msg), fmt, args);
    hyt_say(m, msg);
}

void hyt_main_warn(struct hyt_main *m, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say_v(m, fmt, args);
    va_end(args);
}

void hyt_main_info(struct hyt_main *m, const char *fmt, ...)
{
    va_list args;

    if (!m->verbose)
        return;
    va_start(args, fmt);
    say_v(m, fmt, args);
    va_end(args);
}

void hyt_main_usage(struct hyt_main *m, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say_v(m, fmt, args);
    va_end(args);
    hyt_out_discard(m->out);
    exit(HYT_EXIT_USAGE);
}

void hyt_main_die(struct hyt_main *m)
{
    hyt_out_discard(m->out);
    hyt_say(m, m->err.msg);
    exit(HYT_EXIT_FAILED);
}

/* --- progress ------------------------------------------------------------- */

static void put_rate(struct hyt_buf *b, const char *what, uint64_t n,
                     double seconds)
{
    double rate = (double)n / seconds;

    hyt_buf_printf(b, "%s (%.*f/s)", what, rate < 10 ? 1 : 0, rate);
}

/* By how much of the input has been read. */
static void put_left(struct hyt_buf *b, const struct hyt_main *m,
                     double seconds)
{
    uint64_t done = 0, total = 0, left;

    if (m->in != NULL)
        hyt_lines_progress(m->in, &done, &total);
    if (done == 0 || total <= done)
        return;
    left = (uint64_t)(seconds / (double)done * (double)(total - done) + 0.5);
    hyt_buf_puts(b, ", ");
    if (left >= 3600)
        hyt_buf_printf(b, "%llu:%02u:%02u left",
                       (unsigned long long)(left / 3600),
                       (unsigned)(left / 60 % 60), (unsigned)(left % 60));
    else
        hyt_buf_printf(b, "%u:%02u left", (unsigned)(left / 60),
                       (unsigned)(left % 60));
}

static bool has_terminal(void)
{
    const char *term = getenv("TERM");

    return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

void hyt_main_progress(struct hyt_main *m, uint64_t records, uint64_t tokens)
{
    uint64_t now;
    double seconds;
    struct hyt_buf b = {0};

    if (m->quiet)
        return;
    now = hyt_now_us();
    if (now - m->shown < REDRAW_US)
        return;
    m->shown = now;
    if (!has_terminal())
        return;
    seconds = (double)(now - m->began) / 1e6;
    hyt_buf_printf(&b, "\r\033[K%s: %llu", m->tool->name,
                   (unsigned long long)records);
    put_rate(&b, " records", records, seconds);
    if (tokens > 0) {
        hyt_buf_printf(&b, ", %llu", (unsigned long long)tokens);
        put_rate(&b, " tokens", tokens, seconds);
    }
    put_left(&b, m, seconds);
    fwrite(b.s, 1, b.n, stderr);
    hyt_buf_free(&b);
    m->progress_shown = true;
}
