/* SPDX-License-Identifier: MIT */
/* Templates that are wrong, or want too much; and where bytes come from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jinja_help.h"

/* Where an error is, and what it says. */
static void errors(void **state)
{
    static const char *const cases[][2] = {
        {"a\n  {{ x + }}", "error 2:10: expected an expression, not }}"},
        {"{% if x %}\n", "error 1:11: no {% endif %} for this"},
        {"é{{ nothing.more }}", "error 1:13: \"nothing\" is undefined"},
        {"{{ 'a\n' + 1 }}", "error 2:3: no sum of str and int"},
        {"{% include 'x' %}", "error 1:4: the tag \"include\" is not supported "
                              "here"},
        {"{{ raise_exception('no\tway') }}", "error 1:19: no\tway"},
        {"{% for x in y recursive %}{% endfor %}",
         "error 1:15: recursive loops are not supported"},
        {"{{ 1 | what }}", "error 1:8: no filter \"what\""},
        {"{{ 1 is what }}", "error 1:9: no test \"what\""},
        {"{{ 9223372036854775807 + 1 }}",
         "error 1:24: an integer of more than 64 bits"},
        {"{% set x.y = 1 %}", "error 1:10: only a namespace can be changed"},
        {"{{ strftime_now('%Y') }}", "error 1:16: there is no function "
                                     "\"strftime_now\" here"},
        {"{{ 'a'.partition('b') }}", "error 1:17: there is no function "
                                     "\"partition\" here"},
        {"{# no end", "error 1:1: a comment without an end"},
    };

    (void)state;
    for (size_t i = 0; i < HYT_LEN(cases); i++)
        assert_string_equal(once(cases[i][0], NULL, 0), cases[i][1]);
}

/* Whatever a template does, it ends, and says where. */
static void bounds(void **state)
{
    static const char *const cases[][2] = {
        {"{% for i in range(9999) %}{% for j in range(9999) %}"
         "{% endfor %}{% endfor %}",
         ": it "},
        {"{% for i in range(2000000000) %}{% endfor %}", ": it "},
        {"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", " 500 levels"},
        {"{% set ns = namespace(s='ab') %}{% for i in range(99) %}"
         "{% set ns.s = ns.s + ns.s %}{% endfor %}",
         ": it "},
        {"{{ 'ab' * 1000000000000 }}", ": it "},
        {"{% for i in range(3000) %}{{ 'x' * 1000000 }}{% endfor %}", ": it "},
        {"{% set s = 'x' * 5000000 %}{% for i in range(100000) %}"
         "{{ 'y' in s }}{% endfor %}",
         ": it "},
        {"{% set ns = namespace(s=[]) %}{% for i in range(99999) %}"
         "{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s }}",
         " 500 levels"},
        {"{{ range(20000) | list | unique }}", ": it "},
        {"{{ 2 ** 99999999999 }}", "64 bits"},
        {"{{ 1 ** 99999999999 }}{{ 'x' | indent(99999999999, true) }}",
         ": it "},
    };
    struct hyt_buf deep = {0};

    (void)state;
    for (size_t i = 0; i < HYT_LEN(cases); i++) {
        const char *got = once(cases[i][0], NULL, 0);

        if (strncmp(got, "error 1:", 8) != 0 || !strstr(got, cases[i][1]))
            fail_msg("%s: %.200s", cases[i][0], got);
    }
    for (const char *s = "([{-"; *s; s++) {
        hyt_buf_reset(&deep);
        hyt_buf_puts(&deep, "{{ ");
        for (size_t i = 0; i < 100000; i++)
            hyt_buf_putc(&deep, *s);
        hyt_buf_puts(&deep, " }}");
        assert_non_null(strstr(once(deep.s, NULL, 0), "500 levels"));
    }
    hyt_buf_reset(&deep);
    hyt_buf_puts(&deep, "{{ 1");
    for (size_t i = 0; i < 100000; i++)
        hyt_buf_puts(&deep, " + 1");
    hyt_buf_puts(&deep, " }}");
    assert_non_null(strstr(once(deep.s, NULL, 0), "500 levels"));
    hyt_buf_reset(&deep);
    for (size_t i = 0; i < 100000; i++)
        hyt_buf_puts(&deep, "{% if 1 %}");
    assert_non_null(strstr(once(deep.s, NULL, 0), "500 levels"));
    hyt_buf_free(&deep);
}

/* Roles, keys, and what is made of both. */
static void provenance(void **state)
{
    static const char json[] = "[{\"role\":\"user\",\"name\":\"ab\",\"k\":1},"
                               "{\"role\":\"x|>y\",\"content\":\"cd\"}]";
    static const struct {
        const char *source, *marks;
    } cases[] = {
        {"{{ m[0].role }}{{ m[1].role }}{{ m[0].name }}", "0000111111"},
        {"{{ '<' + m[0].name ~ m[0].k + '>' }}", "01100"},
        {"{{ m[0].name|upper }}{{ m[0].name * 2 }}{{ 'abc'[1:] }}", "11111100"},
        {"{{ m[1] }}", "001111000011110000111111100001100"},
        {"{% for k in m[1] %}{{ k }}{% endfor %}", "11111111111"},
        {"{{ m[0].name == 'ab' }}{{ m[0].name|length }}", "00000"},
        {"{{ ['x', m[0].name]|join('-') }}", "0011"},
        {"{{ '{}.'.format(m[0].name) }}{{ m[0].name|tojson }}", "1100110"},
        {"{{ m[0].name if m[0].k }}{{ m[0].get('name')[::-1] }}", "1111"},
        {"{% generation %}a{{ m[0].name }}{% endgeneration %}", "233"},
    };
    struct hyt_json *tree = parse(json, sizeof json - 1);
    const struct hyt_jinja_var var = {.name = "m", .json = tree, .user = true};

    (void)state;
    for (size_t i = 0; i < HYT_LEN(cases); i++) {
        struct hyt_jinja_text out = {0};
        struct hyt_err err;

        render(&out, &err, cases[i].source, &var, 1, NULL);
        assert_string_equal(err.msg, "");
        for (size_t k = 0; k < out.mark.n; k++)
            out.mark.s[k] = (char)(out.mark.s[k] + '0');
        if (strcmp(out.mark.s, cases[i].marks) != 0)
            fail_msg("%s: %s: %s", cases[i].source, out.s.s, out.mark.s);
        hyt_jinja_text_free(&out);
    }
    hyt_json_free(tree);
}

/* Damaged templates are refused or rendered; nothing worse. */
static void damage(void **state)
{
    struct hyt_buf lines = {0}, text = {0};
    struct hyt_json *all;
    struct hyt_jinja_var var[16];
    size_t n, k = 0;

    (void)state;
    fixture(&text, "vars.json");
    fixture(&lines, "cases.jsonl");
    all = parse(text.s, text.n);
    n = variables(var, hyt_json_get(all, "own"));
    for (char *s = lines.s, *end; s && (end = strchr(s, '\n')); s = end + 1) {
        struct hyt_json *line = parse(s, (size_t)(end - s));
        const char *source = str(line, "template");
        const size_t size = strlen(source);

        for (size_t i = 0; i < 60 && size > 0; i++, k++) {
            struct hyt_jinja_text out = {0};
            struct hyt_err err;
            char *copy = hyt_strndup(source, size);

            if (i % 3 == 0)
                copy[hyt_rng_below(1, k, size)] = '\0';
            else
                copy[hyt_rng_below(2, k, size)] =
                    "{}%#'\"|()[].,:=-+ x1"[hyt_rng_below(3, k, 21)];
            render(&out, &err, copy, var, n, "2024-07-26");
            hyt_jinja_text_free(&out);
            free(copy);
        }
        hyt_json_free(line);
    }
    hyt_json_free(all);
    hyt_buf_free(&text);
    hyt_buf_free(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors),
        cmocka_unit_test(bounds),
        cmocka_unit_test(provenance),
        cmocka_unit_test(damage),
    };

    return cmocka_run_group_tests_name("jinja_bounds", tests, NULL, NULL);
}
