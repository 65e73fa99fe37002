/* SPDX-License-Identifier: MIT */
/* Steps, and spans in bytes and tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyt/text.h"

/* --- steps ---------------------------------------------------------------- */

/* The steps of text, joined by "|". */
static void check_steps(const char *spec, const char *text, const char *want)
{
    struct hyt_err err;
    struct hyt_stepper *s = hyt_stepper_new(spec, &err);
    struct hyt_ends ends = {0};
    struct hyt_buf got = {0};
    size_t begin = 0;

    if (!s)
        fail_msg("%s", err.msg);
    assert_int_equal(
        hyt_stepper_cut(s, text, strlen(text), NULL, 0, &ends, &err), 0);
    hyt_buf_puts(&got, "");
    for (size_t i = 0; i < ends.n; i++) {
        if (i > 0)
            hyt_buf_putc(&got, '|');
        assert_true(ends.end[i] > begin);
        hyt_buf_put(&got, text + begin, ends.end[i] - begin);
        begin = ends.end[i];
    }
    assert_string_equal(got.s, want);
    if (ends.n) /* the steps tile the text */
        assert_int_equal(begin, strlen(text));
    hyt_buf_free(&got);
    hyt_ends_free(&ends);
    hyt_stepper_free(s);
}

static void test_lines(void **state)
{
    (void)state;
    check_steps("line", "", "");
    check_steps("line", " \n\n ", "");
    check_steps("line", "a", "a");
    check_steps("line", "a\nb", "a\n|b");
    check_steps("line", "a\nb\n", "a\n|b\n");
    check_steps("line", "\n \na\n\n\nb\n  ", "\n \na\n\n\n|b\n  ");
    check_steps("line", "a\r\nb", "a\r\n|b");
    check_steps("line", "a\n\xC2\xA0\nb", "a\n\xC2\xA0\n|b");
}

static void test_sentences(void **state)
{
    (void)state;
    check_steps("sentence", "One. Two! Three?", "One.| Two!| Three?");
    check_steps("sentence", "It is 3.14 or 2.5. Yes.",
                "It is 3.14 or 2.5.| Yes.");
    check_steps("sentence", "He said \"no.\" Then (yes!) left.",
                "He said \"no.\"| Then (yes!)| left.");
    check_steps("sentence", "a line\nb. c\n\nd", "a line\n|b.| c\n\n|d");
    check_steps("sentence", "1. Add. 2. Stop.\n3. End.",
                "1. Add.| 2. Stop.\n|3. End.");
    check_steps("sentence", "Wait... what?! No", "Wait...| what?!| No");
    check_steps("sentence", "x=1.\n", "x=1.\n");
    check_steps("sentence", "好。真的！？是。」\n「a.b」 c.",
                "好。|真的！？|是。」\n|「a.b」 c.");
    check_steps("sentence", "一。。。二（三？）四", "一。。。|二（三？）|四");
}

static void test_regex_steps(void **state)
{
    struct hyt_err err;

    (void)state;
    check_steps("regex:\\n\\n+", "a\nb\n\n\nc", "a\nb\n\n\n|c");
    check_steps("regex:; *", "a; b;c", "a; |b;|c");
    check_steps("regex:(?=Step \\d)", "Step 1 x Step 2 y",
                "Step 1 x |Step 2 y");
    check_steps("regex:(?=[\xC3\xA9 ])", "a\xC3\xA9 b", "a|\xC3\xA9| b");
    check_steps("regex:none", "a b", "a b");
    assert_null(hyt_stepper_new("regex:(", &err));
    assert_non_null(strstr(err.msg, "regular expression"));
    assert_null(hyt_stepper_new("regex:", &err));
    assert_null(hyt_stepper_new("regex:()", &err));
    assert_null(hyt_stepper_new("regex:x*", &err));
    assert_non_null(strstr(err.msg, "\"regex:x*\": the expression matches no"));
    assert_null(hyt_stepper_new("word", &err));
    assert_null(hyt_stepper_new("tokens:0", &err));
    assert_null(hyt_stepper_new("tokens:x", &err));
}

/* A pattern that backtracks without end is an error. */
static void test_gave_up(void **state)
{
    const char *text = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac";
    struct hyt_err err;
    struct hyt_stepper *s = hyt_stepper_new("regex:^(a|aa)+$", &err);
    struct hyt_ends ends = {0};

    (void)state;
    assert_int_equal(
        hyt_stepper_cut(s, text, strlen(text), NULL, 0, &ends, &err), -1);
    assert_non_null(strstr(err.msg, "gave up"));
    hyt_ends_free(&ends);
    hyt_stepper_free(s);
}

static void test_token_steps(void **state)
{
    /* "ab cd ef gh", a token a word, and one without width at the end */
    const char *text = "ab cd ef gh";
    const int32_t ends[] = {2, 5, 8, 11, 11};
    struct hyt_err err;
    struct hyt_stepper *s = hyt_stepper_new("tokens:2", &err);
    struct hyt_ends got = {0};

    (void)state;
    assert_int_equal(hyt_stepper_kind(s), HYT_STEP_TOKENS);
    assert_int_equal(hyt_stepper_cut(s, text, 11, ends, 5, &got, &err), 0);
    assert_int_equal(got.n, 2);
    assert_int_equal(got.end[0], 5);
    assert_int_equal(got.end[1], 11);
    got.n = 0;
    assert_int_equal(hyt_stepper_cut(s, text, 7, ends, 5, &got, &err), 0);
    assert_int_equal(got.n, 2);
    assert_int_equal(got.end[1], 7);
    assert_int_equal(hyt_stepper_cut(s, text, 11, NULL, 0, &got, &err), -1);
    hyt_ends_free(&got);
    hyt_stepper_free(s);
}

static void test_spans(void **state)
{
    /* tokens: "ab" "\nc" "d\n" (half a character) "\xC3\xA9" EOS */
    const int32_t ends[] = {2, 4, 6, 6, 8, 8};
    const size_t bytes[] = {3, 6, 8};
    size_t tokens[3], begin, end;

    (void)state;
    hyt_steps_to_tokens(tokens, bytes, 3, ends, 6);
    assert_int_equal(tokens[0], 2); /* completes the delimiter */
    assert_int_equal(tokens[1], 3);
    assert_int_equal(tokens[2], 5);
    hyt_bytes_to_tokens(&begin, &end, 3, 5, ends, 6);
    assert_int_equal(begin, 1);
    assert_int_equal(end, 3);
    hyt_bytes_to_tokens(&begin, &end, 6, 8, ends, 6);
    assert_int_equal(begin, 3); /* both halves, not the EOS */
    assert_int_equal(end, 5);
    hyt_bytes_to_tokens(&begin, &end, 0, 1, ends, 6);
    assert_int_equal(begin, 0);
    assert_int_equal(end, 1);
    hyt_bytes_to_tokens(&begin, &end, 4, 4, ends, 6);
    assert_int_equal(begin, end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),       cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_regex_steps), cmocka_unit_test(test_gave_up),
        cmocka_unit_test(test_token_steps), cmocka_unit_test(test_spans),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
