/* SPDX-License-Identifier: MIT */
/*
 * Smooth calibration error (Blasiok & Nakkiran, "Smooth ECE", 2309.12236).
 *
 * The residuals correct - conf are smoothed along the confidence axis by a
 * Gaussian kernel that is reflected at 0 and 1, and the size of what is left
 * is the error at that scale:
 *
 *     r_s(t)  = 1/n sum_i (correct_i - conf_i) K_s(t, conf_i)
 *     smECE_s = integral |r_s(t)| dt over [0, 1]
 *
 * It falls as s grows; reported is smECE_s at the smallest s >= smECE_s.
 *
 * The reflected Gaussian kernel is the heat kernel of [0, 1] with insulated
 * ends, diagonal in the cosines:
 *
 *     K_s(t, f) = 1 + 2 sum_k exp(-(pi k s)^2 / 2) cos(pi k t) cos(pi k f)
 *
 * so that the data enter by the sums a_k = 1/n sum_i r_i cos(pi k f_i) alone,
 * once for all scales.
 */
#include "score/score.h"

#include <math.h>
#include <stdlib.h>

#define PI 3.14159265358979323846

/* exp(-(pi k s)^2 / 2) < 1e-11 above k = DAMPED / s. */
#define DAMPED 2.3
/* Width of the cells of the integral, as a part of s; and the fewest cells. */
#define CELLS_PER_SIGMA 8
#define CELLS_MIN       128
/* How closely s is found, and in how many steps at most. */
#define SIGMA_STEP 1e-7
#define STEPS_MAX  60

/* a_0 … a_(n_terms-1), made as far as they are asked for: by the recurrence
 * cos(k x) = 2 cos x cos((k-1) x) - cos((k-2) x). */
struct cosines {
    const struct hyt_judged *row;
    size_t n;
    double *cos1, *now, *before; /* cos x_i, cos k x_i, cos (k-1) x_i */
    double *term;
    size_t n_terms, cap;
};

static void cosines_begin(struct cosines *c, const struct hyt_judged *row,
                          size_t n)
{
    double sine;

    *c = (struct cosines){.row = row, .n = n};
    c->cos1 = hyt_alloc(3 * n, sizeof *c->cos1);
    c->now = c->cos1 + n;
    c->before = c->now + n;
    for (size_t i = 0; i < n; i++) {
        hyt_sincos(PI * row[i].conf, &sine, &c->cos1[i]);
        c->now[i] = 1;
        c->before[i] = c->cos1[i]; /* cos(-x) */
    }
}

static void cosines_extend(struct cosines *c, size_t n_terms)
{
    c->term = hyt_grow(c->term, &c->cap, n_terms, sizeof *c->term);
    while (c->n_terms < n_terms) {
        double sum = 0;

        for (size_t i = 0; i < c->n; i++) {
            double next = 2 * c->cos1[i] * c->now[i] - c->before[i];

            sum += (c->row[i].correct - c->row[i].conf) * c->now[i];
            c->before[i] = c->now[i];
            c->now[i] = next;
        }
        c->term[c->n_terms++] = sum / (double)c->n;
    }
}

static void cosines_end(struct cosines *c)
{
    free(c->cos1);
    free(c->term);
}

/* The integral of |a_0 + sum_k b[k] cos(pi k t)| by the midpoint rule; the sums
 * by Clenshaw's recurrence, all cells side by side. */
static double integrate(const double *b, size_t terms, double a0, size_t cells)
{
    double *cosine = hyt_alloc(3 * cells, sizeof *cosine), sum = 0;
    double *u = cosine + cells, *v = u + cells, sine;

    for (size_t j = 0; j < cells; j++)
        hyt_sincos(PI * ((double)j + 0.5) / (double)cells, &sine, &cosine[j]);
    for (size_t k = terms - 1; k > 0; k--) {
        for (size_t j = 0; j < cells; j++) {
            double next = 2 * cosine[j] * u[j] - v[j] + b[k];

            v[j] = u[j];
            u[j] = next;
        }
    }
    for (size_t j = 0; j < cells; j++)
        sum += fabs(a0 + cosine[j] * u[j] - v[j]);
    free(cosine);
    return sum / (double)cells;
}

/* smECE_s */
static double at_scale(struct cosines *c, double sigma)
{
    size_t terms = (size_t)ceil(DAMPED / sigma) + 1;
    size_t cells = (size_t)ceil(CELLS_PER_SIGMA / sigma);
    double *b = hyt_alloc(terms, sizeof *b), error;

    cosines_extend(c, terms);
    for (size_t k = 1; k < terms; k++) {
        double x = PI * (double)k * sigma;

        b[k] = 2 * c->term[k] * hyt_exp(-x * x / 2);
    }
    error =
        integrate(b, terms, c->term[0], cells < CELLS_MIN ? CELLS_MIN : cells);
    free(b);
    return error;
}

/*
 * The s in [lo, hi] with smECE_s = s, given that it is there: false position
 * (Illinois), since smECE_s hardly changes with s.  below, above: smECE_s - s
 * at lo and hi.
 */
static double fixed_point(struct cosines *c, double lo, double below, double hi,
                          double above)
{
    int side = 0; /* of the last step */

    for (int step = 0; step < STEPS_MAX && hi - lo > SIGMA_STEP; step++) {
        double s = lo + (hi - lo) * below / (below - above);
        double gap = at_scale(c, s) - s;

        if (fabs(gap) <= SIGMA_STEP)
            return s;
        if (gap > 0) {
            lo = s;
            below = gap;
            above = side > 0 ? above / 2 : above;
            side = 1;
        } else {
            hi = s;
            above = gap;
            below = side < 0 ? below / 2 : below;
            side = -1;
        }
    }
    return hi;
}

double hyt_score_smece(const struct hyt_judged *row, size_t n)
{
    struct cosines c;
    double hi = 1, s = 1, error, above = 0;

    cosines_begin(&c, row, n);
    /* From wide to narrow, so that no more terms are made than are needed. */
    for (;;) {
        error = at_scale(&c, s);
        if (error > s || s <= HYT_SMECE_MIN)
            break;
        hi = s;
        above = error - s;
        s = fmax(s / 2, HYT_SMECE_MIN);
    }
    if (error > s && s < 1)
        error = fixed_point(&c, s, error - s, hi, above);
    cosines_end(&c);
    return error;
}
