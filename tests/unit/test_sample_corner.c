/* SPDX-License-Identifier: MIT */
/*
 * test_sample_corner.c - draws from rows of logits that are not usual
 */
#include "draws.h"

static void test_greedy(void **state)
{
    struct hyt_sampling greedy = plain, zero = plain, one = plain;
    float z[MAX_V];

    (void)state;
    greedy.greedy = true;
    zero.temperature = 0;
    one.top_k = 1;
    one.temperature = 3;
    for (uint64_t i = 0; i < 50; i++) {
        size_t best = 0;

        random_logits(z, MAX_V, i);
        for (size_t v = 1; v < MAX_V; v++)
            if (z[v] > z[best])
                best = v;
        for (int k = 0; k < 6; k++) {
            const double u = 0.19 * k;

            assert_int_equal(hyt_sample_token(z, MAX_V, &greedy, u), best);
            assert_int_equal(hyt_sample_token(z, MAX_V, &zero, u), best);
            assert_int_equal(hyt_sample_token(z, MAX_V, &one, u), best);
        }
    }
}

/* Equal logits: the lower ids are kept. */
static void test_ties(void **state)
{
    static const float z[6] = {1, 2, 2, 1, 2, 1};
    struct hyt_sampling s = plain;
    size_t count[MAX_V];

    (void)state;
    s.greedy = true;
    assert_int_equal(hyt_sample_token(z, 6, &s, 0.99), 1);
    s.greedy = false;
    s.top_k = 2;
    count_evenly(count, z, 6, &s, 100);
    assert_int_equal(count[1], 50);
    assert_int_equal(count[2], 50);
    s.top_k = 4;
    count_evenly(count, z, 6, &s, 1000);
    assert_true(count[0] > 0 && count[3] == 0 && count[5] == 0);
    s.top_k = 0;
    s.min_p = 1; /* those as probable as the best */
    count_evenly(count, z, 6, &s, 99);
    assert_int_equal(count[1], 33);
    assert_int_equal(count[2], 33);
    assert_int_equal(count[4], 33);
}

/* Four that are equal: a quarter of u is each one's own, and the mass that
 * top_p asks for is reached exactly. */
static void test_quarters(void **state)
{
    static const float z[4] = {2, 2, 2, 2};
    struct hyt_sampling s = plain;
    size_t count[MAX_V];

    (void)state;
    for (size_t top_k = 0; top_k < 5; top_k += 4) {
        unsigned seen = 0;

        s.top_k = top_k;
        for (int i = 0; i < 4; i++)
            seen |= 1u << hyt_sample_token(z, 4, &s, i / 4.0);
        assert_int_equal(seen, 15);
    }
    for (size_t kept = 1; kept < 5; kept++) {
        s.top_p = (double)kept / 4;
        count_evenly(count, z, 4, &s, 12);
        for (size_t v = 0; v < 4; v++)
            assert_int_equal(count[v], v < kept ? 12 / kept : 0);
    }
}

static const struct hyt_sampling hows[] = {
    {.temperature = 1, .top_p = 1},
    {.temperature = 1, .top_p = 0.9},
    {.temperature = 1, .top_p = 1, .top_k = 3},
    {.temperature = 1, .top_p = 0.5, .top_k = 40, .min_p = 0.1},
    {.temperature = 1, .top_p = 1, .min_p = 0.5},
};
static const double ends[] = {0, 0x1p-53, 0.5, 1 - 0x1p-53};

static void test_impossible_tokens(void **state)
{
    float z[MAX_V];

    (void)state;
    for (size_t v = 0; v < MAX_V; v++)
        z[v] = v % 3 == 1 ? (float)(v % 5) : -INFINITY;
    for (size_t h = 0; h < HYT_LEN(hows); h++)
        for (size_t i = 0; i < HYT_LEN(ends); i++) {
            int32_t t = hyt_sample_token(z, MAX_V, &hows[h], ends[i]);

            assert_in_range(t, 0, MAX_V - 1);
            assert_int_equal(t % 3, 1);
        }
}

static void test_one_huge(void **state)
{
    float z[MAX_V];

    (void)state;
    for (size_t v = 0; v < MAX_V; v++)
        z[v] = (float)v / 10;
    for (size_t k = 0; k < 2; k++) {
        z[41] = k == 0 ? 1e30f : 3e38f;
        z[42] = k == 0 ? -1e30f : -3e38f;
        for (size_t h = 0; h < HYT_LEN(hows); h++)
            for (size_t i = 0; i < HYT_LEN(ends); i++)
                assert_int_equal(hyt_sample_token(z, MAX_V, &hows[h], ends[i]),
                                 41);
    }
}

static void test_one_token(void **state)
{
    static const float z[] = {0, -5, 1e30f};

    (void)state;
    for (size_t k = 0; k < HYT_LEN(z); k++)
        for (size_t h = 0; h < HYT_LEN(hows); h++)
            for (size_t i = 0; i < HYT_LEN(ends); i++)
                assert_int_equal(hyt_sample_token(&z[k], 1, &hows[h], ends[i]),
                                 0);
}

/* Ends of u: always a token that can be drawn, two that are equal are told
 * apart at exactly one half. */
static void test_ends_of_u(void **state)
{
    static const float z[] = {-INFINITY, 3, 3, -INFINITY};

    (void)state;
    for (size_t h = 0; h < HYT_LEN(hows); h++) {
        int32_t low = hyt_sample_token(z, 4, &hows[h], 0);
        int32_t high = hyt_sample_token(z, 4, &hows[h], 1 - 0x1p-53);

        assert_in_range(low, 1, 2);
        assert_in_range(high, 1, 2);
        if (hows[h].top_p > 0.5)
            assert_int_not_equal(low, high);
    }
}

/* Towards 0 the draw becomes greedy, towards infinity uniform. */
static void test_ends_of_temperature(void **state)
{
    static const double cold[] = {1e-3, 1e-10, 1e-30, 1e-40, 1e-300};
    struct hyt_sampling s = plain;
    size_t count[MAX_V];
    float z[MAX_V];

    (void)state;
    for (size_t v = 0; v < MAX_V; v++)
        z[v] = (float)((v * 29) % 64) / 8;
    for (size_t k = 0; k < 2 * HYT_LEN(cold); k++) {
        s.temperature = cold[k / 2];
        s.top_p = k % 2 ? 0.9 : 1;
        for (size_t i = 0; i < HYT_LEN(ends); i++) {
            int32_t t = hyt_sample_token(z, MAX_V, &s, ends[i]);

            if (t < 0 || t >= MAX_V || z[t] < 63.0f / 8)
                fail_msg("temperature %g, top_p %g: token %d", s.temperature,
                         s.top_p, (int)t);
        }
    }
    s.temperature = 1e6;
    s.top_p = 1;
    count_evenly(count, z, MAX_V, &s, 100 * MAX_V);
    for (size_t v = 0; v < MAX_V; v++)
        assert_in_range(count[v], 99, 101);
}

/* A row that a damaged model made: any token, but a token. */
static void test_not_a_number(void **state)
{
    float z[MAX_V];

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        for (size_t v = 0; v < MAX_V; v++)
            z[v] = k == 0 || v == 7 ? (float)NAN : 1;
        if (k == 2)
            z[7] = INFINITY;
        for (size_t h = 0; h < HYT_LEN(hows); h++)
            for (size_t i = 0; i < HYT_LEN(ends); i++)
                assert_in_range(hyt_sample_token(z, MAX_V, &hows[h], ends[i]),
                                0, MAX_V - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_greedy),
        cmocka_unit_test(test_ties),
        cmocka_unit_test(test_quarters),
        cmocka_unit_test(test_impossible_tokens),
        cmocka_unit_test(test_one_huge),
        cmocka_unit_test(test_one_token),
        cmocka_unit_test(test_ends_of_u),
        cmocka_unit_test(test_ends_of_temperature),
        cmocka_unit_test(test_not_a_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
