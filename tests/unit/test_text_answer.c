/* SPDX-License-Identifier: MIT */
/*
 * Answers.  The training set of GSM8K is read from $HYT_SHARED or ../shared
 * where that is there: in each of its traces the answer is what follows "####".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyt/json.h"
#include "hyt/text.h"
#include "shared.h"

/* --- answers -------------------------------------------------------------- */

/* Checks the answer (NULL: none) and the text before the statement. */
static void check_answer(const char *spec, const char *text, const char *want,
                         const char *before)
{
    struct hyt_err err;
    struct hyt_answerer *a = hyt_answerer_new(spec, &err);
    struct hyt_answer f = {0};
    int got;

    if (!a)
        fail_msg("%s", err.msg);
    got = hyt_answerer_find(a, text, strlen(text), &f, &err);
    if (got != (want != NULL))
        fail_msg("%s of \"%s\": found %d", spec, text, got);
    if (want) {
        const size_t n = strlen(want);

        if (f.end - f.begin != n || memcmp(text + f.begin, want, n) != 0)
            fail_msg("%s of \"%s\": \"%.*s\", not \"%s\"", spec, text,
                     (int)(f.end - f.begin), text + f.begin, want);
        if (f.marker != strlen(before) || memcmp(text, before, f.marker) != 0)
            fail_msg("%s of \"%s\": the statement begins at %zu", spec, text,
                     f.marker);
        assert_true(f.marker <= f.begin);
    }
    hyt_answerer_free(a);
}

static void test_hash(void **state)
{
    (void)state;
    check_answer("hash", "a\n#### 72", "72", "a\n");
    check_answer("hash", "a\n####  1,234 \nrest", "1,234", "a\n");
    check_answer("hash", "#### 1\n#### 2\n####", "2", "#### 1\n");
    check_answer("hash", "##### Title\n### no", NULL, NULL);
    check_answer("hash", "#### 5\n##### Title", "5", "");
    check_answer("hash", "q #### 5 #### ", "5", "q ");
    check_answer("hash", "q #### 5 ####", "5", "q ");
    check_answer("hash", "#### 5 #### 6", "6", "#### 5 ");
    check_answer("hash", "#### ####", NULL, NULL);
    check_answer("hash", "", NULL, NULL);
}

static void test_boxed(void **state)
{
    (void)state;
    check_answer("boxed", "so \\boxed{72}.", "72", "so ");
    check_answer("boxed", "\\boxed{\\frac{1}{2}} x", "\\frac{1}{2}", "");
    check_answer("boxed", "\\boxed{\\{1, 2\\}}", "\\{1, 2\\}", "");
    check_answer("boxed", "\\boxed{ 1 } \\boxed{2}", "2", "\\boxed{ 1 } ");
    check_answer("boxed", "\\boxed{1} \\boxed{2", "1", "");
    check_answer("boxed", "{ \\boxed{} \\boxed {x}", "x", "{ \\boxed{} ");
    check_answer("boxed", "\\boxed \\boxed{{1}2}", "{1}2", "\\boxed ");
    check_answer("boxed", "\\boxed", NULL, NULL);
    check_answer("boxed", "\\boxed 5", NULL, NULL);
    check_answer("boxed", "Add. The answer is $\\boxed{72}$.", "72", "Add. ");
    check_answer("boxed", "The answer is 5, no, \\boxed{72}", "72",
                 "The answer is 5, no, ");
}

static void test_phrase(void **state)
{
    (void)state;
    check_answer("phrase", "2+3=5. The answer is 5.", "5", "2+3=5. ");
    check_answer("phrase", "So the final answer is: $1,250.00. Good.",
                 "$1,250.00", "");
    check_answer("phrase", "x\n**Answer:** 3.5 km\nmore", "3.5 km", "x\n**");
    check_answer("phrase", "ANSWER: $x + 1$", "x + 1", "");
    check_answer("phrase", "a\nFinal Answer:\n\n72\n", "72", "a\n");
    check_answer("phrase", "The answer is 1. No, the answer is 2.", "2",
                 "The answer is 1. No, ");
    check_answer("phrase", "7, therefore the answer is **yes**.", "yes", "7, ");
    check_answer("phrase", "hence, so, my best Answer would be 3 * ; ", "3",
                 "");
    check_answer("phrase", "so so so so the right final answer was: 1", "1",
                 "so ");
    check_answer("phrase", "the answer is 5\xE3\x80\x82ok", "5", "");
    check_answer("phrase", "x. The answer is:\n\\[\n72\n\\]", "72", "x. ");
    check_answer("phrase", "x. Answer:\n```text\n72\n```", "72", "x. ");
    check_answer("phrase", "x. Answer:\n\n$$\n72\n$$", "72", "x. ");
    check_answer("phrase", "Answer: ``` 7 ```", "``` 7 ```", "");
    /* What closes behind the stop is not of the answer. */
    check_answer("phrase", "**The answer is 42.** I checked.", "42", "**");
    check_answer("phrase", "The answer is **42.** Because so.", "42", "");
    check_answer("phrase", "Answer: **42** apples", "42", "");
    check_answer("phrase", "**Answer:** 42 is **big**", "42 is **big", "**");
    check_answer("phrase", "He said \"The answer is 5.\" Then he left.", "5",
                 "He said \"");
    check_answer("phrase", "(The answer is 5.) Then", "5", "(");
    check_answer("phrase", "The answer is f(A.) then", "f(A.) then", "");
    check_answer("phrase", "The answer is \"5.\" Then", "5", "");
    check_answer("phrase", "The answer is \"yes\".", "yes", "");
    check_answer("phrase", "The answer is \"a\" or \"b\".", "\"a\" or \"b\"",
                 "");
    check_answer("phrase", "The answer is 5.*3", "5.*3", "");
    check_answer("phrase", "**Answer:**72 is the **total**",
                 "72 is the **total", "**");
    check_answer("phrase", "**Answer:** **72** apples", "72", "**");
    /* What marks a line is no sign. */
    check_answer("phrase", "The answer is:\n- 72", "72", "");
    check_answer("phrase", "Answer:\n\n\xE2\x80\xA2 72", "72", "");
    check_answer("phrase", "Answer:\n> ### -72", "-72", "");
    check_answer("phrase", "Answer:\n---\n72", "72", "");
    check_answer("phrase", "The answer is - 72", "- 72", "");
    check_answer("phrase", "the answers: 1", NULL, NULL);
    check_answer("phrase", "an_answer: 1", NULL, NULL);
    check_answer("phrase", "They answered. The answer", NULL, NULL);
    check_answer("phrase", "The answer is", NULL, NULL);
}

static void test_choice(void **state)
{
    (void)state;
    check_answer("choice", "(A) x (B) y. So it is (B).", "B",
                 "(A) x (B) y. So it is ");
    check_answer("choice", "Hm. The answer is C.", "C", "Hm. ");
    check_answer("choice", "Hm. The answer is (C).", "C", "Hm. ");
    check_answer("choice", "(A) or\nAnswer: option D", "D", "(A) or\n");
    check_answer("choice", "I think\nE\n", "E", "I think\n");
    check_answer("choice", "A\n\nBecause option (B) is wrong.", "A", "");
    check_answer("choice", "The answer is a number. A dog", NULL, NULL);
    check_answer("choice", "the answer is A good one", NULL, NULL);
    check_answer("choice", "the answer is Bob", NULL, NULL);
    check_answer("choice", "f(x) (Z)", NULL, NULL);
    check_answer("choice", "I think (A) but Answer: b", "b",
                 "I think (A) but ");
    check_answer("choice", "The answer is (d).", "d", "");
    check_answer("choice", "**Answer:** choice c) x", "c", "**");
    check_answer("choice", "Answer: a\nAnswer: i.", "i", "Answer: a\n");
    check_answer("choice", "Answer: b. No, (C).", "b", "");
    check_answer("choice", "So (B). The answer is D (not (A)).", "D",
                 "So (B). ");
    check_answer("choice", "(B) no. The answer is A because it is.", "A",
                 "(B) no. ");
    check_answer("choice", "Answer: A, since", "A", "");
    check_answer("choice", "(B), the answer is I think so", "B", "");
    check_answer("choice", "Answer: b or\nC", "C", "Answer: b or\n");
    check_answer("choice", "(B), the answer is a tree", "B", "");
    check_answer("choice", "(B), the answer is i think", "B", "");
    check_answer("choice", "(B), answer: c = 2", "B", "");
    check_answer("choice", "(B), the answer is f(x)", "B", "");
    check_answer("choice", "(a) and (b)\nc", NULL, NULL);
    check_answer("choice", "Answer: k", NULL, NULL);
}

static void test_number(void **state)
{
    (void)state;
    check_answer("last-number", "1 then 2.", "2", "1 then ");
    check_answer("last-number", "is $1,234.50, yes", "$1,234.50", "is ");
    check_answer("last-number", "about -5%", "-5%", "about ");
    check_answer("last-number",
                 "is $\xE2\x88\x92"
                 "5$",
                 "$\xE2\x88\x92"
                 "5",
                 "is ");
    check_answer("last-number", "10-7", "7", "10-");
    check_answer("last-number", "x = -7", "-7", "x = ");
    check_answer("last-number", "1,2,3", "3", "1,2,");
    check_answer("last-number", "12,34", "34", "12,");
    check_answer("last-number", "-$5 owed", "-$5", "");
    check_answer("last-number", "<<48+24=72>>72 clips.", "72", "<<48+24=72>>");
    check_answer("last-number", "it is .5 of H2O", ".5", "it is ");
    check_answer("last-number", "about 1.5e-3", "1.5e-3", "about ");
    check_answer("last-number",
                 "\xE2\x88\x92"
                 "3",
                 "\xE2\x88\x92"
                 "3",
                 "");
    check_answer("last-number", "2/3", "2/3", "");
    check_answer("last-number", "x = -1,000/3.", "-1,000/3", "x = ");
    check_answer("last-number", "on 1/2/2020", "2020", "on 1/2/");
    check_answer("last-number", "on 1/2/20/", "20", "on 1/2/");
    check_answer("last-number", "1.5/2", "2", "1.5/");
    check_answer("last-number", "1/2.5", "2.5", "1/");
    check_answer("last-number", "2 / 3", "3", "2 / ");
    check_answer("last-number", "x/2", "2", "x/");
    check_answer("last-number", "10/2=5", "5", "10/2=");
    check_answer("last-number", "7 of H25", "7", "");
    check_answer("last-number", "none", NULL, NULL);
}

static void test_own(void **state)
{
    struct hyt_err err;

    (void)state;
    check_answer("regex:<ans>(.*?)</ans>", "x<ans> 1 </ans><ans>2</ans>", "2",
                 "x<ans> 1 </ans>");
    check_answer("regex:yes|no", "yes or no", "no", "yes or ");
    /* A group in a look-behind is in front of the match. */
    check_answer("regex:(?<=(\\d))b", "x 1b", "1", "x ");
    check_answer("regex:yes|no", "maybe", NULL, NULL);
    check_answer("regex:", "maybe", NULL, NULL);
    assert_null(hyt_answerer_new("regex:[", &err));
    assert_null(hyt_answerer_new("regex:RE[", &err));
    assert_null(hyt_answerer_new("", &err));
    assert_null(hyt_answerer_new("boxes", &err));
    assert_non_null(strstr(err.msg, "boxes"));
}

static void test_auto(void **state)
{
    struct hyt_err err;
    struct hyt_answerer *a = hyt_answerer_new("auto", &err);

    (void)state;
    check_answer("auto", "The answer is 3. \\boxed{4}\n#### 5", "5",
                 "The answer is 3. \\boxed{4}\n");
    check_answer("auto", "\\boxed{4}. The answer is 3.", "4", "");
    /* A heading is no answer where one follows it or stands in it. */
    check_answer("auto", "#### Step 2\n2x\nThe final answer is \\boxed{10}.",
                 "10", "#### Step 2\n2x\n");
    check_answer("auto", "#### Solution\nx\n\n**Answer: 7**", "7",
                 "#### Solution\nx\n\n**");
    check_answer("auto", "#### Final Answer:\n\n\\boxed{42}", "42", "#### ");
    check_answer("auto", "x\n#### The answer is 7", "7", "x\n#### ");
    check_answer("auto", "The answer is 72.\n#### 72", "72",
                 "The answer is 72.\n");
    check_answer("auto", "#### 72\nI am confident this answer is correct.",
                 "72", "");
    check_answer("auto", "#### 72\n\nLet us check the answer: 48 + 24 = 72.",
                 "72", "");
    check_answer("auto", "#### 72\nNo. The answer is 73.", "73",
                 "#### 72\nNo. ");
    check_answer("auto", "Answer: 3 or (B)?", "3 or (B)", "");
    check_answer("auto", "2 ways: (B)", "B", "2 ways: ");
    check_answer("auto", "2 ways", "2", "");
    check_answer("auto", "no way", NULL, NULL);
    assert_string_equal(hyt_answerer_elicit(a), "\n#### ");
    hyt_answerer_free(a);
    a = hyt_answerer_new("boxed", &err);
    assert_non_null(strstr(hyt_answerer_elicit(a), "\\boxed{"));
    hyt_answerer_free(a);
}

/* A pattern that backtracks without end is an error. */
static void test_gave_up(void **state)
{
    const char *text = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac";
    struct hyt_err err;
    struct hyt_answerer *a = hyt_answerer_new("regex:^(a|a?)+$", &err);
    struct hyt_answer found;

    (void)state;
    assert_int_equal(hyt_answerer_find(a, text, strlen(text), &found, &err),
                     -1);
    assert_non_null(strstr(err.msg, "gave up"));
    hyt_answerer_free(a);
}

/* Texts that go in circles, as bad rollouts do, are neither too long nor
 * quadratic. */
static void test_long(void **state)
{
    static const char *const circles[] = {"so ",       "the answer is ",
                                          "\n",        "\\boxed{",
                                          "right ",    "#### ",
                                          "#",         "(",
                                          "answer: $", ". ",
                                          "{",         " ",
                                          "-",         "z",
                                          "1",         "1,000,",
                                          "1/",        "*",
                                          "answer ",   "\xE3\x80\x82"};
    struct hyt_err err;
    struct hyt_answerer *a = hyt_answerer_new("auto", &err);

    (void)state;
    for (size_t i = 0; i < HYT_LEN(circles); i++) {
        struct hyt_stepper *lines = hyt_stepper_new("line", &err);
        struct hyt_stepper *sentences = hyt_stepper_new("sentence", &err);
        struct hyt_ends ends = {0};
        struct hyt_answer found;
        struct hyt_buf b = {0};

        hyt_buf_puts(&b, i % 2 ? "answer:" : "");
        while (b.n < 5000000)
            hyt_buf_puts(&b, circles[i]);
        assert_true(hyt_answerer_find(a, b.s, b.n, &found, &err) >= 0);
        assert_int_equal(hyt_stepper_cut(lines, b.s, b.n, NULL, 0, &ends, &err),
                         0);
        assert_int_equal(
            hyt_stepper_cut(sentences, b.s, b.n, NULL, 0, &ends, &err), 0);
        hyt_ends_free(&ends);
        hyt_buf_free(&b);
        hyt_stepper_free(lines);
        hyt_stepper_free(sentences);
    }
    hyt_answerer_free(a);
}

/* --- GSM8K ---------------------------------------------------------------- */

static void check_trace(const struct hyt_answerer *a,
                        const struct hyt_stepper *s, const char *text)
{
    const char *want = strstr(text, "####") + 4;
    size_t n = strlen(want);
    struct hyt_ends ends = {0};
    struct hyt_answer f;
    struct hyt_err err;

    while (n > 0 && *want == ' ')
        want++, n--;
    while (n > 0 && strchr(" \n", want[n - 1]))
        n--;
    assert_int_equal(hyt_answerer_find(a, text, strlen(text), &f, &err), 1);
    assert_int_equal(f.end - f.begin, n);
    assert_memory_equal(text + f.begin, want, n);
    assert_memory_equal(text + f.marker, "####", 4);
    assert_int_equal(hyt_stepper_cut(s, text, f.marker, NULL, 0, &ends, &err),
                     0);
    assert_true(ends.n > 0);
    assert_int_equal(ends.end[ends.n - 1], f.marker);
    hyt_ends_free(&ends);
}

static void test_gsm8k(void **state)
{
    char path[SHARED_PATH], line[1 << 16];
    struct hyt_err err;
    struct hyt_answerer *a;
    struct hyt_stepper *s;
    size_t n = 0;
    FILE *f;

    (void)state;
    shared_path(path, "data/gsm8k/train.jsonl");
    f = fopen(path, "rb");
    assert_non_null(f);
    a = hyt_answerer_new("auto", &err);
    s = hyt_stepper_new("line", &err);
    while (fgets(line, sizeof line, f)) {
        struct hyt_json *v = hyt_json_parse(line, strlen(line), 0, &err);

        if (!v)
            fail_msg("%s", err.msg);
        check_trace(a, s, hyt_json_str(hyt_json_get(v, "answer")));
        hyt_json_free(v);
        n++;
    }
    assert_int_equal(n, 7473);
    fclose(f);
    hyt_answerer_free(a);
    hyt_stepper_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash),   cmocka_unit_test(test_boxed),
        cmocka_unit_test(test_phrase), cmocka_unit_test(test_choice),
        cmocka_unit_test(test_number), cmocka_unit_test(test_own),
        cmocka_unit_test(test_auto),   cmocka_unit_test(test_gave_up),
        cmocka_unit_test(test_long),   cmocka_unit_test(test_gsm8k),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
