/* SPDX-License-Identifier: MIT */
/*
 * plotfigure.c - the frame of a figure: size, colours, title, panels
 *
 * gnuplot draws in the colours for light pages.  A style sheet put into its
 * SVG exchanges them where the reader prefers dark, by the colour itself: so
 * that a viewer which knows no style sheets still shows the picture.  Intervals
 * are vectors: gnuplot puts white discs below the points of its error bars.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plot.h"

/* Contrast at least 4.5 to white and to #0d1117, distinct to the colour-blind
 * in this order; the faint one is only for guides. */
static const struct {
    unsigned light, dark;
    int point; /* gnuplot's number of its shape */
} ink[HYT_INK_END] = {
    {0x24292f, 0xe6edf3, 0}, /* text and axes: gnuplot's black */
    [HYT_INK_BLUE] = {0x0072b2, 0x56b4e9, 7},
    [HYT_INK_ORANGE] = {0xc0480a, 0xff9a5c, 5},
    [HYT_INK_GREEN] = {0x007a5a, 0x2fcb9c, 9},
    [HYT_INK_PURPLE] = {0x9c4189, 0xe591cf, 13},
    [HYT_INK_OCHRE] = {0x856100, 0xe8b93a, 11},
    [HYT_INK_GREY] = {0x5f6871, 0xa8b0b8, 7},
    [HYT_INK_FAINT] = {0xc3c9d0, 0x48505a, 7},
};

enum { TEXT = 14, SMALL = 12, LARGE = 17, LINE = 17 };

/* --- the script ----------------------------------------------------------- */

static void put_text(struct hyt_figure *f, double x, double y, int size,
                     const char *s)
{
    hyt_buf_puts(&f->script, "set label ");
    hyt_gnuplot_quote(&f->script, s);
    hyt_buf_printf(&f->script, " at screen %.5f,%.5f left font ',%d' front\n",
                   x / f->width, 1 - y / f->height, size);
}

void hyt_figure_begin(struct hyt_figure *f, const struct hyt_plot *p,
                      const char *title, double width, double height)
{
    f->plot = p;
    f->title = p->title ? p->title : title;
    f->width = p->width > 0 ? (double)p->width : width;
    f->height = p->height > 0 ? (double)p->height : height;
    f->bottom = f->height;
    hyt_buf_printf(&f->script,
                   "set encoding utf8\n"
                   "set terminal svg noenhanced size %.0f,%.0f"
                   " font 'sans-serif,%d'\n",
                   f->width, f->height, (int)TEXT);
    for (int i = 1; i < HYT_INK_END; i++)
        hyt_buf_printf(&f->script,
                       "set linetype %d lc rgb '#%06x' lw %s pt %d ps 0.6"
                       " dt 1\n",
                       i, ink[i].light, i == HYT_INK_FAINT ? "1" : "2",
                       ink[i].point);
    hyt_buf_printf(&f->script,
                   "set border 3 lw 1\n"
                   "set tics nomirror out scale 0.5 font ',%d'\n"
                   "set grid lt %d lw 0.5, lt %d lw 0.5\n"
                   "set xlabel offset 0,0.6\nset ylabel offset 1.2,0\n"
                   "set key noautotitle samplen 1.5 font ',%d' "
                   "at graph 1,1.03 right bottom horizontal\n"
                   "set multiplot\n",
                   (int)SMALL, (int)HYT_INK_FAINT, (int)HYT_INK_FAINT,
                   (int)SMALL);
    put_text(f, 16, 22, LARGE, f->title);
}

/* Where the first line of s ends that is at most n characters long. */
static size_t line_end(const char *s, size_t n)
{
    size_t end = 0;

    if (strlen(s) <= n)
        return strlen(s);
    for (size_t i = 0; i <= n; i++)
        if (s[i] == ' ')
            end = i;
    return end > 0 ? end : strlen(s);
}

void hyt_figure_caption(struct hyt_figure *f, const char *fmt, ...)
{
    char text[1024], *line[16], *s = text;
    size_t n = 0, fits = (size_t)((f->width - 32) / 6.4);
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    while (*s != '\0' && n < HYT_LEN(line)) {
        size_t end = line_end(s, fits);

        line[n++] = s;
        s += end;
        if (*s != '\0')
            *s++ = '\0';
    }
    f->bottom = f->height - 10 - LINE * (double)n;
    for (size_t i = 0; i < n; i++)
        put_text(f, 16, f->bottom + LINE * ((double)i + 0.5), SMALL, line[i]);
}

void hyt_figure_panel(struct hyt_figure *f, double left, double right,
                      double top, double bottom)
{
    if (f->panels++ > 0)
        hyt_buf_puts(&f->script, "unset label\n");
    hyt_buf_printf(&f->script,
                   "set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
                   "set tmargin at screen %.5f\nset bmargin at screen %.5f\n",
                   left / f->width, right / f->width, 1 - top / f->height,
                   1 - bottom / f->height);
}

void hyt_figure_text(struct hyt_figure *f, double x, double y, const char *s)
{
    put_text(f, x, y, SMALL, s);
}

/* 1, 2 or 5 times a power of ten. */
static double round_step(double x)
{
    double unit = pow(10, floor(log10(x))), times = x / unit;

    return unit * (times < 1.5 ? 1 : times < 3.5 ? 2 : times < 7.5 ? 5 : 10);
}

void hyt_figure_axis(struct hyt_figure *f, char axis, double lo, double hi,
                     double steps)
{
    if (!(hi > lo)) {
        double room = fmax(fabs(lo) * 0.1, 1e-6);

        lo -= room;
        hi += room;
    }
    hyt_buf_printf(&f->script, "set %crange [%.17g:%.17g]\nset %ctics %.17g\n",
                   axis, lo, hi, axis, round_step((hi - lo) / steps));
}

void hyt_figure_faded(struct hyt_figure *f, enum hyt_ink which)
{
    hyt_buf_printf(&f->script, " lc rgb '#%08x'",
                   0x99000000u | ink[which].light);
}

/* --- the picture ---------------------------------------------------------- */

static void put_escaped(struct hyt_buf *out, const char *s)
{
    for (; *s != '\0'; s++) {
        if (*s == '<')
            hyt_buf_puts(out, "&lt;");
        else if (*s == '&')
            hyt_buf_puts(out, "&amp;");
        else
            hyt_buf_putc(out, (unsigned char)*s < 0x20 ? ' ' : *s);
    }
}

/* Elements of one colour, as gnuplot spells it, in another. */
static void put_rule(struct hyt_buf *out, const char *is, unsigned rgb)
{
    static const char *const property[] = {"stroke", "fill", "color"};

    for (size_t i = 0; i < HYT_LEN(property); i++)
        hyt_buf_printf(out, "[%s=\"%s\"]{%s:#%06x}", property[i], is,
                       property[i], rgb);
    hyt_buf_putc(out, '\n');
}

static void put_style(struct hyt_buf *out)
{
    char rgb[32];

    hyt_buf_puts(out, "<style>\n");
    put_rule(out, "black", ink[0].light);
    hyt_buf_puts(out, "@media (prefers-color-scheme: dark) {\n");
    put_rule(out, "black", ink[0].dark);
    for (int i = 1; i < HYT_INK_END; i++) {
        snprintf(rgb, sizeof rgb, "rgb(%3u, %3u, %3u)", ink[i].light >> 16,
                 ink[i].light >> 8 & 255, ink[i].light & 255);
        put_rule(out, rgb, ink[i].dark);
    }
    hyt_buf_puts(out, "}\n</style>\n");
}

static bool starts(const char *s, size_t n, const char *with)
{
    return n >= strlen(with) && memcmp(s, with, strlen(with)) == 0;
}

/* Copies gnuplot's SVG line by line: its title becomes ours, the groups that
 * it leaves empty and its names for the plots are left out. */
static void finish_svg(struct hyt_buf *out, const struct hyt_buf *svg,
                       const char *title)
{
    size_t n, group = 0; /* bytes of a group's first line, not written yet */

    for (const char *s = svg->s, *end = s + svg->n; s < end; s += n) {
        const char *newline = memchr(s, '\n', (size_t)(end - s));

        n = newline ? (size_t)(newline + 1 - s) : (size_t)(end - s);
        if (group > 0 && starts(s, n, "</g>")) {
            group = 0;
            continue;
        }
        hyt_buf_put(out, s - group, group);
        group = starts(s, n, "<g fill=") ? n : 0;
        if (starts(s, n, "<title>")) {
            hyt_buf_puts(out, "<title>");
            put_escaped(out, title);
            hyt_buf_puts(out, "</title>\n");
            put_style(out);
        } else if (starts(s, n, "\t<g id=\"gnuplot_plot")) {
            hyt_buf_puts(out, "\t<g>\n");
        } else if (group == 0) {
            hyt_buf_put(out, s, n);
        }
    }
}

int hyt_figure_end(struct hyt_figure *f, struct hyt_err *err)
{
    const struct hyt_plot *p = f->plot;
    struct hyt_buf svg = {0}, out = {0};
    int got = 0;

    hyt_buf_puts(&f->script, "unset multiplot\n");
    if (p->script)
        hyt_buf_put(&out, f->script.s, f->script.n);
    else if ((got = hyt_gnuplot_run(&svg, &f->script, err)) == 0)
        finish_svg(&out, &svg, f->title);
    if (got == 0)
        got = hyt_out_write(p->m->out, out.s, out.n, err);
    hyt_buf_free(&svg);
    hyt_buf_free(&out);
    hyt_figure_free(f);
    return got;
}

void hyt_figure_free(struct hyt_figure *f)
{
    hyt_buf_free(&f->script);
}
