/* SPDX-License-Identifier: MIT */
/*
 * PRG against an independent version, and its special cases; grading.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyt/score.h"

struct prg_case {
    size_t n;
    double logp[32];
    struct hyt_prg want;
};

#include "../fixtures/prg.inc"

#define EPSILON 0.02
#define GAMMA   0.95

static void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-12 * fmax(1, fabs(want))))
        fail_msg("got %.17g, want %.17g", got, want);
}

static struct hyt_prg score(const double *support, size_t n)
{
    double logp[16];
    struct hyt_prg prg;

    for (size_t k = 0; k < n; k++)
        logp[k] = hyt_log(support[k]);
    hyt_prg_score(&prg, logp, n, EPSILON, GAMMA);
    return prg;
}

static void test_prg_reference(void **state)
{
    struct hyt_prg got;

    (void)state;
    for (size_t i = 0; i < HYT_LEN(prg_cases); i++) {
        const struct prg_case *c = &prg_cases[i];

        hyt_prg_score(&got, c->logp, c->n, EPSILON, GAMMA);
        near(got.tau, c->want.tau);
        near(got.gain, c->want.gain);
        near(got.direct, c->want.direct);
        near(got.mean, c->want.mean);
        near(got.premature, c->want.premature);
        near(got.monotone, c->want.monotone);
        near(got.watermark, c->want.watermark);
        near(got.rank, c->want.rank);
        near(got.slope, c->want.slope);
        near(got.discounted, c->want.discounted);
        assert_true(got.support == hyt_exp(c->logp[c->n - 1]));
    }
}

static void test_prg_rising(void **state)
{
    static const double c[] = {0.1, 0.2, 0.35, 0.6, 0.95};
    struct hyt_prg prg = score(c, HYT_LEN(c));

    (void)state;
    assert_true(prg.tau == 1 && prg.rank == 1 && prg.monotone == 1);
    assert_true(hyt_prg_pick(&prg, HYT_PRG_TAU) == prg.support);
    near(prg.direct, prg.gain);
}

static void test_prg_flat(void **state)
{
    static const double even[] = {0.8, 0.8, 0.8, 0.8};
    static const double noisy[] = {0.8, 0.815, 0.799, 0.81};
    struct hyt_prg prg = score(even, HYT_LEN(even));

    (void)state;
    assert_true(prg.tau == 0 && prg.rank == 0 && prg.direct == 0);
    near(prg.premature, 0.8);
    assert_true(score(noisy, HYT_LEN(noisy)).tau == 0);
}

static void test_prg_falling(void **state)
{
    static const double c[] = {0.9, 0.7, 0.5, 0.3};
    struct hyt_prg prg = score(c, HYT_LEN(c));

    (void)state;
    assert_true(prg.tau == -1 && prg.monotone == 0);
    assert_true(prg.direct < 0 && prg.slope < 0 && prg.rank == -1);
    assert_true(prg.watermark == 0);
}

/* Support that comes with the last of K steps has one slope for every K, and
 * a tau that falls with K. */
static void test_prg_long(void **state)
{
    double c[16];
    struct hyt_prg prg;

    (void)state;
    for (size_t n = 2; n <= HYT_LEN(c); n++) {
        for (size_t k = 0; k < n; k++)
            c[k] = k + 1 < n ? 0.1 : 0.9;
        prg = score(c, n);
        near(prg.slope, 0.4);
        near(prg.tau, 2.0 / (double)n);
    }
}

static void test_prg_detour(void **state)
{
    static const double straight[] = {0.1, 0.3, 0.5, 0.7, 0.9};
    static const double detour[] = {0.1, 0.5, 0.3, 0.7, 0.9};
    struct hyt_prg one = score(straight, 5), other = score(detour, 5);

    (void)state;
    assert_true(other.tau < one.tau && other.tau > 0);
    assert_true(other.direct < one.direct && other.rank < one.rank);
    near(other.gain, one.gain); /* the total does not see the way */
}

static void test_prg_bounds(void **state)
{
    double c[16];
    struct hyt_prg prg;

    (void)state;
    for (uint64_t key = 0; key < 500; key++) {
        size_t n = 1 + hyt_rng_below(key, 100, 16);

        for (size_t k = 0; k < n; k++)
            c[k] = 1e-6 + (1 - 1e-6) * hyt_rng_unit(key, k);
        prg = score(c, n);
        assert_true(fabs(prg.tau) <= 1);
        assert_true(fabs(prg.rank) <= 1 + 1e-15);
        assert_true(fabs(prg.direct) <= fabs(prg.gain) + 1e-15);
        assert_true(8 * (double)(n - 1) * fabs(prg.slope) <=
                    (double)n * (double)n);
        assert_true(prg.monotone >= 0 && prg.monotone <= 1);
        assert_true(prg.watermark >= 0);
        near(prg.support, prg.premature + prg.gain);
    }
}

static void test_prg_pick(void **state)
{
    struct hyt_prg prg = {.tau = 0.5,
                          .support = 0.5,
                          .direct = 1,
                          .rank = 2,
                          .watermark = 3,
                          .slope = 4,
                          .discounted = 5,
                          .mean = 6};

    (void)state;
    assert_true(hyt_prg_pick(&prg, HYT_PRG_TAU) == 0.25);
    for (int kind = HYT_PRG_DIRECT; kind <= HYT_PRG_MEAN; kind++)
        assert_true(hyt_prg_pick(&prg, (enum hyt_prg_kind)kind) == kind);
}

/* --- grading ------------------------------------------------------------- */

static bool same(const char *a, const char *b, enum hyt_grade_how how)
{
    return hyt_grade(a, strlen(a), b, strlen(b), how, NULL);
}

static void test_numeric(void **state)
{
    static const char *const equal[][2] = {{"1,234", "1234.0"},
                                           {"$1234", "1.234e3"},
                                           {"1234", " +1234 "},
                                           {"-$5", "$-5"},
                                           {"50%", "50"},
                                           {"0.50", ".5"},
                                           {"1.", "1"},
                                           {"-0", "0.000"},
                                           {"1e-3", "0.001"},
                                           {"\\$12", "12"},
                                           {"€3.20", "3.2"},
                                           {"−4", "-4"},
                                           {"007", "7"},
                                           {"100", "1e2"},
                                           {"0", "0e5"},
                                           {"1,234,567", "1234567"},
                                           {"$18$", "18"},
                                           {"\\(18\\)", "$$18$$"},
                                           {"18**", "\\[ 18 \\]"},
                                           {"**$1,800.00**", "1800"},
                                           {"18€", "18 $"},
                                           {"$-5$", "-5"}};
    static const char *const differ[][2] = {{"1234", "1235"},
                                            {"5", "-5"},
                                            {"0.1", "0.10000000000000001"},
                                            {"1,23", "123"},
                                            {"1,2345", "12345"},
                                            {"12 34", "1234"},
                                            {"1e999999", "1e999999"},
                                            {"abc", "abc"},
                                            {"", ""},
                                            {"1.2.3", "1.2.3"},
                                            {"e5", "e5"},
                                            {".", "."},
                                            {"1234,567", "1234567"},
                                            {"1,", "1"},
                                            {"$5€", "5"},
                                            {"\\(5", "5"},
                                            {"5$5", "55"},
                                            {"$", "$"},
                                            {"-", "-"}};

    (void)state;
    for (size_t i = 0; i < HYT_LEN(equal); i++) {
        if (!same(equal[i][0], equal[i][1], HYT_GRADE_NUMERIC) ||
            !same(equal[i][1], equal[i][0], HYT_GRADE_AUTO))
            fail_msg("'%s' is not '%s'", equal[i][0], equal[i][1]);
    }
    for (size_t i = 0; i < HYT_LEN(differ); i++) {
        if (same(differ[i][0], differ[i][1], HYT_GRADE_NUMERIC))
            fail_msg("'%s' is '%s'", differ[i][0], differ[i][1]);
    }
}

static void test_choice(void **state)
{
    static const char *const b[] = {
        "b",    "B",   "(b)", "(B)",   "b.",  "B)",    "[b]",
        "(b).", " b ", "B:",  "**B**", "$B$", "**B.**"};

    (void)state;
    for (size_t i = 0; i < HYT_LEN(b); i++) {
        assert_true(same(b[i], "(b)", HYT_GRADE_CHOICE));
        assert_true(same(b[i], "B", HYT_GRADE_AUTO));
        assert_false(same(b[i], "C", HYT_GRADE_AUTO));
    }
    assert_false(same("ab", "ab", HYT_GRADE_CHOICE));
    assert_false(same("(b", "b", HYT_GRADE_CHOICE));
    assert_false(same("1", "1", HYT_GRADE_CHOICE));
}

static void test_exact(void **state)
{
    (void)state;
    assert_true(same(" a  b\tc\n", "a b c", HYT_GRADE_EXACT));
    assert_false(same("Yes", "yes", HYT_GRADE_EXACT));
    assert_true(same("Yes", "yes", HYT_GRADE_AUTO));
    assert_false(same("1.0", "1", HYT_GRADE_EXACT));
    assert_false(same("ab", "a b", HYT_GRADE_AUTO));
    assert_true(same("naïve", "naïve", HYT_GRADE_AUTO));
    assert_true(same("$x^2$", "x^2", HYT_GRADE_AUTO));
    assert_false(same("$x^2$", "x^2", HYT_GRADE_EXACT));
    assert_true(same("**", "**", HYT_GRADE_AUTO));
    assert_true(same("*a cat*", "a cat", HYT_GRADE_AUTO));
    assert_false(same("cat*", "cat", HYT_GRADE_AUTO));
    assert_false(same("$x$ and $y$", "x$ and $y", HYT_GRADE_AUTO));
    assert_false(same("$$", "**", HYT_GRADE_AUTO));
}

static void test_used(void **state)
{
    enum hyt_grade_how used;

    (void)state;
    assert_true(hyt_grade("1", 1, "1.0", 3, HYT_GRADE_AUTO, &used));
    assert_int_equal(used, HYT_GRADE_NUMERIC);
    assert_true(hyt_grade("a", 1, "(A)", 3, HYT_GRADE_AUTO, &used));
    assert_int_equal(used, HYT_GRADE_CHOICE);
    assert_false(hyt_grade("a", 1, "1", 1, HYT_GRADE_AUTO, &used));
    assert_int_equal(used, HYT_GRADE_EXACT);
    assert_true(hyt_grade("1", 1, "1", 1, HYT_GRADE_EXACT, &used));
    assert_int_equal(used, HYT_GRADE_EXACT);
    assert_string_equal(hyt_grade_name(used), "exact");
    assert_string_equal(hyt_grade_name(HYT_GRADE_NONE), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prg_reference),
        cmocka_unit_test(test_prg_rising),
        cmocka_unit_test(test_prg_flat),
        cmocka_unit_test(test_prg_falling),
        cmocka_unit_test(test_prg_long),
        cmocka_unit_test(test_prg_detour),
        cmocka_unit_test(test_prg_bounds),
        cmocka_unit_test(test_prg_pick),
        cmocka_unit_test(test_numeric),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
