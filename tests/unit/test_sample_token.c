/* SPDX-License-Identifier: MIT */
/*
 * test_sample_token.c - one draw against the distribution it is drawn from
 *
 * The reference sorts, sums in double and calls libm; it shares nothing with
 * the code under test.  Draws are a function of fixed numbers, so a test
 * passes always or never.
 */
#include "draws.h"

/* --- the reference -------------------------------------------------------- */

struct ranked {
    double p;
    size_t id;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->p < y->p || x->p > y->p)
        return x->p < y->p ? 1 : -1;
    return (x->id > y->id) - (x->id < y->id);
}

/* p [V]: the distribution that s describes.  False where a cut falls so close
 * to a candidate that rounding may decide. */
static bool reference(double *p, const float *z, size_t V,
                      const struct hyt_sampling *s)
{
    struct ranked *r = hyt_alloc(V, sizeof(*r));
    double top = -INFINITY, total = 0, left = 0, mass = 0;
    size_t n = V, kept = 0;
    bool clear = true;

    for (size_t v = 0; v < V; v++)
        top = (double)z[v] > top ? (double)z[v] : top;
    for (size_t v = 0; v < V; v++) {
        r[v] = (struct ranked){exp(((double)z[v] - top) / s->temperature), v};
        p[v] = 0;
    }
    qsort(r, V, sizeof(*r), by_rank);
    if (s->top_k > 0 && s->top_k < n)
        n = s->top_k;
    for (size_t i = 0; i < n; i++)
        left += r[i].p;
    while (kept < n && (s->top_p >= 1 || mass < s->top_p * left)) {
        mass += r[kept++].p;
        if (s->top_p < 1 && fabs(mass / left - s->top_p) < 1e-5)
            clear = false;
    }
    n = kept;
    for (size_t i = 0; i < n; i++)
        if (fabs(r[i].p - s->min_p) < 1e-5)
            clear = false;
    while (n > 1 && r[n - 1].p < s->min_p)
        n--;
    for (size_t i = 0; i < n; i++)
        total += r[i].p;
    for (size_t i = 0; i < n; i++)
        p[r[i].id] = r[i].p / total;
    free(r);
    return clear;
}

/* --- frequencies ---------------------------------------------------------- */

/* Pearson's statistic; tokens expected fewer than 5 times are one class. */
static double chi_square(const size_t *count, const double *p, size_t V,
                         double n, size_t *classes)
{
    double chi = 0, rare = 0, rare_seen = 0;

    *classes = 0;
    for (size_t v = 0; v < V; v++) {
        double expected = n * p[v], d = (double)count[v] - expected;

        if (expected < 5) {
            rare += expected;
            rare_seen += (double)count[v];
        } else {
            chi += d * d / expected;
            ++*classes;
        }
    }
    if (rare > 0) {
        chi += (rare_seen - rare) * (rare_seen - rare) / rare;
        ++*classes;
    }
    return chi;
}

/* Draws with random u follow the softmax: chi-square stays below its mean plus
 * five standard deviations. */
static void test_softmax_chi_square(void **state)
{
    static const double temperature[] = {0.25, 0.7, 1, 1.5, 4};

    (void)state;
    for (size_t i = 0; i < HYT_LEN(temperature); i++) {
        struct hyt_sampling s = plain;
        size_t V = 37, count[MAX_V] = {0}, classes;
        double p[MAX_V], chi, df;
        float z[MAX_V];

        s.temperature = temperature[i];
        random_logits(z, V, 10 + i);
        reference(p, z, V, &s);
        for (size_t k = 0; k < DRAWS; k++)
            count[hyt_sample_token(z, V, &s, hyt_rng_unit(77 + i, k))]++;
        chi = chi_square(count, p, V, DRAWS, &classes);
        df = (double)classes - 1;
        if (!(chi < df + 5 * sqrt(2 * df)))
            fail_msg("temperature %g: chi-square %g with %g degrees",
                     temperature[i], chi, df);
    }
}

static void check_shares(const float *z, size_t V, const struct hyt_sampling *s,
                         size_t *unclear)
{
    double p[MAX_V], n = DRAWS;
    size_t count[MAX_V];

    if (!reference(p, z, V, s)) {
        ++*unclear;
        return;
    }
    count_evenly(count, z, V, s, DRAWS);
    for (size_t v = 0; v < V; v++)
        if (fabs((double)count[v] - n * p[v]) > 1.1 ||
            (p[v] <= 0 && count[v] > 0))
            fail_msg("T %g, top_k %zu, top_p %g, min_p %g: token %zu of "
                     "probability %g came %zu times of %g",
                     s->temperature, s->top_k, s->top_p, s->min_p, v, p[v],
                     count[v], n);
}

static void test_cuts(void **state)
{
    static const double temperature[] = {0.5, 1, 2};
    static const size_t top_k[] = {0, 2, 5, 13, 1000};
    static const double top_p[] = {1, 0.999, 0.8, 0.33, 1e-9};
    static const double min_p[] = {0, 0.02, 0.3};
    size_t unclear = 0, cases = 0;

    (void)state;
    for (size_t i = 0; i < 225; i++) {
        struct hyt_sampling s = {
            .temperature = temperature[i % 3],
            .top_k = top_k[i / 3 % 5],
            .top_p = top_p[i / 15 % 5],
            .min_p = min_p[i / 75 % 3],
        };
        float z[MAX_V];
        size_t V = 2 + i % 40;

        random_logits(z, V, 1000 + i);
        check_shares(z, V, &s, &unclear);
        cases++;
    }
    assert_true(unclear * 20 < cases);
}

/* The order of the cuts shows: with p = .4 .3 .2 .1, top_k 3 leaves .9, of
 * which .4 + .3 are less than 0.8, of the whole .7 would be enough for 0.7. */
static void test_order_of_cuts(void **state)
{
    static const struct {
        size_t top_k;
        double top_p, min_p, temperature;
        const char *kept;
    } c[] = {
        {3, 0.80, 0, 1, "1110"},
        {3, 0.70, 0, 1, "1100"},
        {0, 0.75, 0, 1, "1110"},
        {3, 0.75, 0, 1, "1100"},
        {0, 0.95, 0.6, 1, "1100"},
        {0, 1, 0.45, 1, "1110"},
        /* The temperature comes first: at 1/2 the squares count. */
        {0, 0.80, 0, 0.5, "1100"},
        {0, 1, 0.3, 0.5, "1100"},
        /* top_k 2, then top_p of the two: .57 reaches .5 */
        {2, 0.5, 0, 1, "1000"},
    };
    float z[4] = {logf(0.4f), logf(0.3f), logf(0.2f), logf(0.1f)};

    (void)state;
    for (size_t i = 0; i < HYT_LEN(c); i++) {
        struct hyt_sampling s = {c[i].temperature, c[i].top_k, c[i].top_p,
                                 c[i].min_p, false};
        size_t count[MAX_V];

        count_evenly(count, z, 4, &s, 1000);
        for (size_t v = 0; v < 4; v++)
            if ((count[v] > 0) != (c[i].kept[v] == '1'))
                fail_msg("case %zu: token %zu", i, v);
    }
}

/* --- large vocabularies -------------------------------------------------- */

enum { LARGE_V = 30000, LARGE_DRAWS = 60 };

/* Flat, with many ties, or like a language's: few probable, most not. */
static void large_logits(float *z, size_t kind)
{
    for (size_t v = 0; v < LARGE_V; v++) {
        const double u = hyt_rng_unit(5, v);

        z[v] = kind == 0   ? 1
               : kind == 1 ? (float)floor(6 * u)
                           : (float)(-1.2 * log(1 + u * LARGE_V));
    }
}

/* Draws in order of id fall where the cumulative sum passes u, give or take a
 * token at the edge of a cut. */
static void check_large(const float *z, const struct hyt_sampling *s)
{
    double *p = hyt_alloc(LARGE_V, sizeof(*p));
    double *sum = hyt_alloc(LARGE_V + 1, sizeof(*sum));
    size_t cut = 0;

    reference(p, z, LARGE_V, s);
    for (size_t v = 0; v < LARGE_V; v++)
        sum[v + 1] = sum[v] + p[v];
    for (size_t i = 0; i < LARGE_DRAWS; i++) {
        const double u = ((double)i + 0.5) / LARGE_DRAWS;
        const int32_t t = hyt_sample_token(z, LARGE_V, s, u);

        cut += p[t] <= 0;
        if (sum[t] > u + 1e-4 || sum[t + 1] < u - 1e-4)
            fail_msg("top_k %zu, top_p %g, min_p %g: %g is token %d, of "
                     "%g to %g",
                     s->top_k, s->top_p, s->min_p, u, t, sum[t], sum[t + 1]);
    }
    assert_in_range(cut, 0, 1);
    free(sum);
    free(p);
}

static void test_large_vocabulary(void **state)
{
    static const struct hyt_sampling s[] = {
        {1, 0, 0.9, 0, false},      {1, 0, 0.5, 0, false},
        {1, 50, 1, 0, false},       {1, 20000, 1, 0, false},
        {1, 20000, 0.7, 0, false},  {1, 0, 1, 0.05, false},
        {1, 1000, 0.9, 0.1, false}, {2, 0, 0.99, 0.001, false},
    };
    float *z = hyt_alloc(LARGE_V, sizeof(*z));

    (void)state;
    for (size_t kind = 0; kind < 3; kind++) {
        large_logits(z, kind);
        for (size_t i = 0; i < HYT_LEN(s); i++)
            check_large(z, &s[i]);
    }
    free(z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_softmax_chi_square),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_order_of_cuts),
        cmocka_unit_test(test_large_vocabulary),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
