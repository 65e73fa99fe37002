/* SPDX-License-Identifier: MIT */
/*
 * plot.h - from records to pictures, for hyt-plot
 *
 * A picture is a gnuplot script that carries its data, drawn as SVG.  The
 * measures below are pixels from the top left corner.
 */
#ifndef HYT_PLOT_H
#define HYT_PLOT_H

#include "tool.h"

/* What was asked for; 0 and NULL: the verb's own default. */
struct hyt_plot {
    struct hyt_main *m;
    const char *title, *confidence, *fields, *prompt_field, *x;
    int64_t width, height, bins;
    bool script; /* print what gnuplot would get */
    bool log_x;
    struct hyt_opt_list ids;
};

/* Each reads the whole input and writes its output: 0 or -1. */
int hyt_plot_reliability(const struct hyt_plot *p,
                         struct hyt_err *err) HYT_MUST_USE;
int hyt_plot_support(const struct hyt_plot *p,
                     struct hyt_err *err) HYT_MUST_USE;
int hyt_plot_train(const struct hyt_plot *p, struct hyt_err *err) HYT_MUST_USE;
int hyt_plot_prg(const struct hyt_plot *p, struct hyt_err *err) HYT_MUST_USE;
int hyt_plot_arms(const struct hyt_plot *p, struct hyt_err *err) HYT_MUST_USE;
int hyt_plot_trace(const struct hyt_plot *p, struct hyt_err *err) HYT_MUST_USE;
int hyt_plot_traces(const struct hyt_plot *p, struct hyt_err *err) HYT_MUST_USE;

/* --- figures -------------------------------------------------------------- */

/* Line types of the script, each with a colour for light and for dark. */
enum hyt_ink {
    HYT_INK_BLUE = 1, /* right */
    HYT_INK_ORANGE,   /* wrong */
    HYT_INK_GREEN,
    HYT_INK_PURPLE,
    HYT_INK_OCHRE,
    HYT_INK_GREY,
    HYT_INK_FAINT, /* grid, guides */
    HYT_INK_END
};
#define HYT_INK_LINES ((size_t)HYT_INK_GREY) /* for lines: the first six */

struct hyt_figure {
    const struct hyt_plot *plot;
    const char *title;
    struct hyt_buf script;
    double width, height;
    double bottom; /* of the panels: below is the caption */
    int panels;
};

/* Starts the script: size, colours, the title.  A figure is all zero before. */
void hyt_figure_begin(struct hyt_figure *f, const struct hyt_plot *p,
                      const char *title, double width, double height);

/* Adds small text at the bottom, in as many lines as it needs; before the
 * panels, which end above. */
void hyt_figure_caption(struct hyt_figure *f, const char *fmt, ...)
    HYT_PRINTF(2, 3);

/* The next plot command draws between these edges. */
void hyt_figure_panel(struct hyt_figure *f, double left, double right,
                      double top, double bottom);

/* Small text, left-aligned, drawn with the panel. */
void hyt_figure_text(struct hyt_figure *f, double x, double y, const char *s);

/* The next plot command's axis, 'x' or 'y': its range, and about as many steps
 * of a round size. */
void hyt_figure_axis(struct hyt_figure *f, char axis, double lo, double hi,
                     double steps);

/* The colour, seen through: for what lies on top of each other. */
void hyt_figure_faded(struct hyt_figure *f, enum hyt_ink which);

/* Draws, or prints the script; frees the figure either way. */
int hyt_figure_end(struct hyt_figure *f, struct hyt_err *err) HYT_MUST_USE;
void hyt_figure_free(struct hyt_figure *f);

/* Appends text as a gnuplot string, a number, "NaN" where it is none. */
void hyt_gnuplot_quote(struct hyt_buf *script, const char *s);
void hyt_gnuplot_num(struct hyt_buf *script, double x);
/* A row of numbers of a data block. */
void hyt_gnuplot_row(struct hyt_buf *script, const double *x, size_t n);

/* What gnuplot writes to its standard output when it reads the script. */
int hyt_gnuplot_run(struct hyt_buf *out, const struct hyt_buf *script,
                    struct hyt_err *err) HYT_MUST_USE;

/* --- records -------------------------------------------------------------- */

/* "a,b,c" as three strings, all freed by hyt_names_free(). */
struct hyt_names {
    char **item;
    size_t n, cap;
};

void hyt_names_add(struct hyt_names *names, const char *s, size_t n);
void hyt_names_split(struct hyt_names *names, const char *list);
/* Index of the name, n where it is not there. */
size_t hyt_names_find(const struct hyt_names *names, const char *s);
void hyt_names_free(struct hyt_names *names);

enum hyt_verdict { HYT_WRONG, HYT_RIGHT, HYT_UNGRADED };

/* grade.correct, HYT_UNGRADED where there is no grade. */
int hyt_read_verdict(enum hyt_verdict *verdict, struct hyt_rec *rec,
                     struct hyt_err *err) HYT_MUST_USE;

/* A mean, its lo and hi, by their paths below `at`; NaN: null, or none. */
int hyt_read_interval(double x[3], struct hyt_rec *rec, const char *at,
                      const char *const name[3],
                      struct hyt_err *err) HYT_MUST_USE;

/* prg.support: 1, 0 where prg is null, -1 where there is none. */
int hyt_read_support(const double **c, size_t *n, struct hyt_rec *rec,
                     struct hyt_err *err) HYT_MUST_USE;

/* The records that --id names, or all. */
struct hyt_chosen {
    const struct hyt_opt_list *wanted;
    struct hyt_ids *ids;
    bool *found;
};

void hyt_chosen_open(struct hyt_chosen *c, const struct hyt_plot *p);
/* 1 and its id where the record is one of them, 0, -1. */
int hyt_chosen_has(struct hyt_chosen *c, struct hyt_rec *rec, const char **id,
                   struct hyt_err *err) HYT_MUST_USE;
/* Frees.  status is how reading ended; where well, it is an error that an id
 * was not met. */
int hyt_chosen_close(struct hyt_chosen *c, int status,
                     struct hyt_err *err) HYT_MUST_USE;

#endif
