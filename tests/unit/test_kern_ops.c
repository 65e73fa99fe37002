/* SPDX-License-Identifier: MIT */
/*
 * test_kern_ops.c - every operation against central differences and its naive
 * twin; its bits against instruction sets and numbers of threads
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kern_ops.h"

static void assert_near(const float *a, const float *b, size_t n, double tol)
{
    for (size_t i = 0; i < n; i++) {
        double x = (double)a[i], y = (double)b[i];

        if (!(fabs(x - y) <= tol * (1 + fabs(y))))
            fail_msg("element %zu: %.9g, expected %.9g", i, x, y);
    }
}

static void test_gradients(void **state)
{
    const float step = 0x1p-7f;

    (void)state;
    for (size_t c = 0; c < kern_n_small; c++) {
        const struct op *op = &kern_small[c];
        size_t nx = op->nx(&op->s), ny = op->ny(&op->s);
        float *x = kern_randoms(nx, 3, 1), *dy = kern_randoms(ny, 4, 1);
        float *dx = hyt_alloc(nx, sizeof(float));
        float *hi = hyt_alloc(ny, sizeof(float));
        float *lo = hyt_alloc(ny, sizeof(float));

        for (size_t i = 0; i < nx; i++)
            dx[i] = 2; /* backward adds */
        op->bwd(dx, dy, x, &op->s);
        size_t used = op->differentiable ? op->differentiable(&op->s) : ny;
        for (size_t i = 0; i < nx; i++) {
            float old = x[i];
            double slope = 0;

            x[i] = old + step;
            op->fwd(hi, x, &op->s);
            double width = (double)x[i];
            x[i] = old - step;
            op->fwd(lo, x, &op->s);
            width -= (double)x[i];
            x[i] = old;
            for (size_t j = 0; j < used; j++)
                slope += (double)dy[j] * ((double)hi[j] - (double)lo[j]);
            slope /= width;
            if (fabs(slope + 2 - (double)dx[i]) > 1e-3 * (1 + fabs(slope)))
                fail_msg("%s: element %zu: %g, by differences %g", op->s.name,
                         i, (double)dx[i] - 2, slope);
        }
        free(x);
        free(dy);
        free(dx);
        free(hi);
        free(lo);
    }
}

/* One name's result equals another's, forward and backward. */
static void compare(const struct op *op, const char *a, const char *b,
                    double tol)
{
    size_t n;

    if (hyt_kern_select(a) < 0 || hyt_kern_select(b) < 0)
        return;
    float *y = kern_run(op, &n);
    assert_int_equal(hyt_kern_select(a), 0);
    float *x = kern_run(op, &n);
    if (tol > 0)
        assert_near(x, y, n, tol);
    else if (memcmp(x, y, n * sizeof(float)) != 0)
        fail_msg("%s: %s and %s differ", op->s.name, a, b);
    free(x);
    free(y);
    kern_select_best();
}

static const char *best(void)
{
    kern_select_best();
    return hyt_kern_name();
}

static void test_twins(void **state)
{
    (void)state;
    for (size_t c = 0; c < kern_n_small; c++)
        compare(&kern_small[c], "base", "ref", kern_small[c].tol);
    for (size_t c = 0; c < kern_n_large; c++)
        compare(&kern_large[c], best(), "ref", 10 * kern_large[c].tol);
}

static void test_same_bits_on_every_isa(void **state)
{
    const char *isa[] = {"v3", "v4", "neon"};

    (void)state;
    for (size_t i = 0; i < HYT_LEN(isa); i++) {
        for (size_t c = 0; c < kern_n_small; c++)
            compare(&kern_small[c], isa[i], "base", 0);
        for (size_t c = 0; c < kern_n_large; c++)
            compare(&kern_large[c], isa[i], "base", 0);
    }
}

static void test_same_bits_for_any_threads(void **state)
{
    (void)state;
    for (size_t c = 0; c < kern_n_large; c++) {
        size_t n;

        hyt_threads_set(1);
        float *one = kern_run(&kern_large[c], &n);
        for (int threads = 2; threads <= 3; threads++) {
            hyt_threads_set(threads);
            float *many = kern_run(&kern_large[c], &n);
            if (memcmp(one, many, n * sizeof(float)) != 0)
                fail_msg("%s: %d threads differ", kern_large[c].s.name,
                         threads);
            free(many);
        }
        free(one);
    }
}

/* Tiles of the backward pass: a long sequence against the naive twin. */
static void test_attention_bwd_long(void **state)
{
    struct op op = kern_small[5];

    (void)state;
    assert_string_equal(op.s.name, "attention");
    op.s.T = 300;
    op.s.K = 129;
    compare(&op, best(), "ref", 1e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_same_bits_on_every_isa),
        cmocka_unit_test(test_same_bits_for_any_threads),
        cmocka_unit_test(test_attention_bwd_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
