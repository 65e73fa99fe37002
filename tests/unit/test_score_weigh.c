/* SPDX-License-Identifier: MIT */
/*
 * Weights: every policy, reward, normaliser and scale against an independent
 * version, and what must hold whatever the numbers.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyt/score.h"

#define BATCH 17

struct weigh_case {
    struct hyt_weighing how;
    double lambda;
    double coef[BATCH];
};

#include "../fixtures/weigh.inc"

static void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-12 * fmax(1, fabs(want)) ||
          (isnan(got) && isnan(want))))
        fail_msg("got %.17g, want %.17g", got, want);
}

static struct hyt_anchor make_anchor(void)
{
    struct hyt_anchor a = {0};

    for (size_t i = HYT_LEN(weigh_anchor); i-- > 0;)
        hyt_anchor_add(&a, weigh_anchor[i]);
    return a;
}

static double weigh(struct hyt_sample *s, const struct hyt_weighing *how)
{
    struct hyt_anchor anchor = make_anchor();
    double lambda;

    memcpy(s, weigh_batch, sizeof weigh_batch);
    lambda = hyt_weigh(s, BATCH, how, &anchor);
    hyt_anchor_free(&anchor);
    return lambda;
}

static struct hyt_weighing preset(enum hyt_policy policy)
{
    struct hyt_weighing how = {.sharpness = 10,
                               .lambda = 0.5,
                               .rd_temp = 0.5,
                               .w_max = 5,
                               .dr_grpo_length = 64,
                               .hpt_gamma = 0.5};

    hyt_weighing_default(&how, policy);
    return how;
}

static void test_reference(void **state)
{
    struct hyt_sample s[BATCH];

    (void)state;
    for (size_t i = 0; i < HYT_LEN(weigh_cases); i++) {
        struct hyt_weighing how = weigh_cases[i].how;

        how.sharpness = 10;
        how.rd_temp = 0.5;
        how.w_max = 5;
        how.dr_grpo_length = 64;
        how.hpt_gamma = 0.5;
        near(weigh(s, &how), weigh_cases[i].lambda);
        for (size_t j = 0; j < BATCH; j++)
            near(s[j].coef, weigh_cases[i].coef[j]);
    }
}

/* coef = norm w for traces, norm A for rollouts; a sample without what is read
 * moves nothing. */
static void test_fields(void **state)
{
    struct hyt_weighing how = preset(HYT_POLICY_HYTUNING);
    struct hyt_sample s[BATCH];

    (void)state;
    (void)weigh(s, &how);
    for (size_t j = 0; j < BATCH; j++) {
        if (s[j].rd) {
            assert_true(isnan(s[j].reward) && isnan(s[j].advantage));
            assert_true(s[j].coef == s[j].norm * s[j].w);
        } else {
            assert_true(isnan(s[j].w));
            if (isnan(s[j].reward))
                assert_true(isnan(s[j].advantage) && s[j].norm == 0);
            else
                assert_true(s[j].coef == s[j].norm * s[j].advantage);
        }
        if (isnan(s[j].prg))
            assert_true(s[j].coef == 0 && s[j].norm == 0);
    }
}

/* A null matters only where it is read: a rollout without PRG counts under
 * plain self-certainty, one without self-certainty under prg. */
static void test_nulls(void **state)
{
    struct hyt_weighing how = preset(HYT_POLICY_FIXED);
    struct hyt_sample s[BATCH];

    (void)state;
    (void)weigh(s, &how);
    assert_true(isnan(s[2].prg) && s[2].norm > 0);
    assert_true(isnan(s[13].prg) && s[13].coef > 0);
    assert_true(isnan(s[9].self) && s[9].norm == 0);
    how.reward = HYT_REWARD_PRG;
    (void)weigh(s, &how);
    assert_true(s[2].norm == 0 && s[9].norm > 0);
}

/* Equal rewards: no advantage, exactly; but the sample is there for the KL. */
static void test_equal_rewards(void **state)
{
    struct hyt_weighing how = preset(HYT_POLICY_RLIF);
    struct hyt_sample s[3];
    struct hyt_anchor anchor = {0};

    (void)state;
    for (int scale = HYT_SCALE_GROUP; scale <= HYT_SCALE_NONE; scale++) {
        for (size_t j = 0; j < 3; j++)
            s[j] = (struct hyt_sample){.tokens = 5, .self = 0.1};
        how.scale = (enum hyt_scale)scale;
        near(hyt_weigh(s, 3, &how, &anchor), 1);
        for (size_t j = 0; j < 3; j++) {
            assert_true(s[j].advantage == 0 && s[j].coef == 0);
            near(s[j].norm, 1.0 / 15);
        }
    }
    /* One valid sample has nobody to be compared with. */
    s[0].self = s[1].self = NAN;
    (void)hyt_weigh(s, 3, &how, &anchor);
    assert_true(s[2].advantage == 0 && s[0].norm == 0);
    near(s[2].norm, 1.0 / 5);
}

static void test_trust(void **state)
{
    struct hyt_anchor a = make_anchor(); /* .1 .35 .35 .6 .8 */

    (void)state;
    near(hyt_anchor_trust(&a, 0), 0);
    near(hyt_anchor_trust(&a, 0.1), 0.1);
    near(hyt_anchor_trust(&a, 0.35), 0.4);
    near(hyt_anchor_trust(&a, 0.5), 0.6);
    near(hyt_anchor_trust(&a, 1), 1);
    hyt_anchor_add(&a, NAN);
    hyt_anchor_add(&a, 0.05);
    near(hyt_anchor_trust(&a, 0.06), 1.0 / 6);
    assert_true(isnan(hyt_anchor_trust(&a, NAN)));
    hyt_anchor_free(&a);
    assert_true(isnan(hyt_anchor_trust(&a, 0.5)));
}

/* Rollouts like the anchor's own traces get lambda_0, worse ones less, and none
 * leave all to the traces. */
static void test_balance(void **state)
{
    struct hyt_weighing how = preset(HYT_POLICY_HYTUNING);
    struct hyt_anchor anchor = make_anchor();
    struct hyt_sample s[5];

    (void)state;
    for (size_t j = 0; j < 5; j++)
        s[j] = (struct hyt_sample){
            .tokens = 4, .logp = -0.1 * (double)j, .prg = weigh_anchor[j]};
    near(hyt_weigh(s, 5, &how, &anchor), 0.5);
    for (size_t j = 0; j < 5; j++)
        s[j].prg = -0.5;
    near(hyt_weigh(s, 5, &how, &anchor), 0);
    s[0].rd = true;
    s[0].prg = 0.4;
    for (size_t j = 1; j < 5; j++)
        s[j].prg = j % 2 ? NAN : 0.8;
    s[2].tokens = 0;
    near(hyt_weigh(s, 5, &how, &anchor), 0.5); /* s[4] alone counts */
    s[4].logp = NAN;
    near(hyt_weigh(s, 5, &how, &anchor), 0);
    near(s[0].coef, 1.0 / 4);
    how.balance = false;
    near(hyt_weigh(s, 5, &how, &anchor), 0.5);
    how.balance = true;
    hyt_anchor_free(&anchor);
    for (size_t j = 1; j < 5; j++)
        s[j] = (struct hyt_sample){.tokens = 4, .logp = -0.1, .prg = 0.1};
    near(hyt_weigh(s, 5, &how, &anchor), 0.5); /* nothing to compare with */
}

static void test_rd_weight(void **state)
{
    struct hyt_weighing how = preset(HYT_POLICY_HYTUNING);
    struct hyt_anchor none = {0};
    struct hyt_sample s[8];
    double sum = 0;

    (void)state;
    for (size_t i = 0; i < 8; i++)
        s[i] = (struct hyt_sample){
            .rd = true, .tokens = 10, .prg = 0.1 * (double)i};
    (void)hyt_weigh(s, 8, &how, &none);
    for (size_t i = 0; i < 8; i++) {
        sum += s[i].w;
        assert_true(i == 0 || s[i].w > s[i - 1].w);
    }
    near(sum, 8);       /* the mean weight is 1 where none is clipped */
    how.rd_temp = 1e-4; /* no overflow; the best takes all, up to w_max */
    (void)hyt_weigh(s, 8, &how, &none);
    assert_true(s[7].w == 5 && s[0].w < 1e-9);
}

static void test_majority(void **state)
{
    struct hyt_sample s[5] = {{.answer = "3", .n_answer = 1},
                              {.answer = NULL},
                              {.answer = "7", .n_answer = 1},
                              {.answer = "7.0", .n_answer = 3},
                              {.answer = "3.00", .n_answer = 4}};
    size_t votes;

    (void)state;
    assert_int_equal(hyt_majority(&votes, s, 5), 0); /* a tie: the first held */
    assert_int_equal(votes, 2);
    assert_int_equal(hyt_majority(&votes, s + 1, 3), 1);
    assert_int_equal(hyt_majority(&votes, s + 1, 1), 1); /* no answer */
    assert_int_equal(votes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference), cmocka_unit_test(test_fields),
        cmocka_unit_test(test_nulls),     cmocka_unit_test(test_equal_rewards),
        cmocka_unit_test(test_trust),     cmocka_unit_test(test_balance),
        cmocka_unit_test(test_rd_weight), cmocka_unit_test(test_majority),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
