/* SPDX-License-Identifier: MIT */
/*
 * Chat templates against what Jinja2 prints (tests/fixtures/jinja/make.py): own
 * templates that use every construct, and those of real models where
 * HYT_TEMPLATES names a folder of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jinja_help.h"

static void check_spans(const struct hyt_json *line, const char *name,
                        const struct hyt_jinja_text *out, unsigned bit)
{
    const struct hyt_json *span = hyt_json_get(line, name);
    size_t begin = 0, end = 0;

    if (!span)
        return;
    span = hyt_json_child(span);
    for (size_t i = 0; i < out->s.n; i++) {
        while (i >= end && span) {
            begin = (size_t)hyt_json_num(hyt_json_child(span));
            end = (size_t)hyt_json_num(hyt_json_next(hyt_json_child(span)));
            span = hyt_json_next(span);
        }
        if (!strchr(" \n", out->s.s[i]) &&
            ((out->mark.s[i] & bit) != 0) != (i >= begin && i < end))
            fail_msg("%s: %s at byte %zu of %s", str(line, "name"), name, i,
                     out->s.s);
    }
}

static void compare(const struct hyt_json *line, const char *name,
                    const struct hyt_jinja_text *out, const char *failed)
{
    const char *want = str(line, "text");

    if (!want && !*failed)
        fail_msg("%s: no error but %s", name, out->s.s);
    if (want && *failed)
        fail_msg("%s: %s", name, failed);
    if (want && strcmp(want, out->s.s) != 0)
        fail_msg("%s: not\n%s\nbut\n%s", name, want, out->s.s);
}

static void own_templates(void **state)
{
    struct hyt_buf text = {0}, lines = {0};
    struct hyt_json *all;
    struct hyt_jinja_var var[16];
    size_t n, count = 0;

    (void)state;
    fixture(&text, "vars.json");
    fixture(&lines, "cases.jsonl");
    all = parse(text.s, text.n);
    n = variables(var, hyt_json_get(all, "own"));
    for (char *s = lines.s, *end; s && (end = strchr(s, '\n')); s = end + 1) {
        struct hyt_json *line = parse(s, (size_t)(end - s));
        struct hyt_jinja_text out = {0};
        struct hyt_err err;

        render(&out, &err, str(line, "template"), var, n, str(line, "date"));
        compare(line, str(line, "name"), &out, err.msg);
        check_spans(line, "user", &out, HYT_JINJA_USER);
        check_spans(line, "generation", &out, HYT_JINJA_GENERATION);
        hyt_jinja_text_free(&out);
        hyt_json_free(line);
        count++;
    }
    assert_true(count > 30);
    hyt_json_free(all);
    hyt_buf_free(&text);
    hyt_buf_free(&lines);
}

/* Whether it could be compared: of some templates a part is fetched alone. */
static bool real_line(const char *folder, const struct hyt_json *all,
                      const struct hyt_json *line)
{
    const struct hyt_json *talks = hyt_json_get(all, "talks");
    const bool tools = hyt_json_bool(hyt_json_get(line, "tools"));
    struct hyt_json *null = parse("null", 4);
    const struct hyt_jinja_var var[] = {
        {.name = "messages",
         .json = hyt_json_get(talks, str(line, "talk")),
         .user = true},
        {.name = "tools", .json = tools ? hyt_json_get(all, "tools") : null},
        {.name = "documents", .json = null},
        {.name = "bos_token", .text = "<s>"},
        {.name = "eos_token", .text = "</s>"},
        {.name = "add_generation_prompt",
         .truth = hyt_json_bool(hyt_json_get(line, "open"))}};
    struct hyt_jinja_text out = {0};
    struct hyt_buf source = {0};
    struct hyt_err err;
    char name[300];

    if (!read_file(&source, folder, str(line, "template"))) {
        hyt_json_free(null);
        if (strncmp(str(line, "template"), "lenml-", 6) != 0)
            fail_msg("no %s in %s", str(line, "template"), folder);
        return false;
    }
    snprintf(name, sizeof name, "%s %s", str(line, "template"),
             str(line, "talk"));
    render(&out, &err, source.s, var, HYT_LEN(var), str(line, "date"));
    compare(line, name, &out, err.msg);
    hyt_jinja_text_free(&out);
    hyt_buf_free(&source);
    hyt_json_free(null);
    return true;
}

static void real_templates(void **state)
{
    const char *folder = getenv("HYT_TEMPLATES");
    struct hyt_buf text = {0}, lines = {0};
    struct hyt_json *all;
    size_t count = 0;

    (void)state;
    if (!folder)
        skip();
    fixture(&text, "vars.json");
    fixture(&lines, "real.jsonl");
    all = parse(text.s, text.n);
    for (char *s = lines.s, *end; s && (end = strchr(s, '\n')); s = end + 1) {
        struct hyt_json *line = parse(s, (size_t)(end - s));

        count += real_line(folder, all, line);
        hyt_json_free(line);
    }
    assert_true(count > 300);
    hyt_json_free(all);
    hyt_buf_free(&text);
    hyt_buf_free(&lines);
}

/* The first of an array, and variables that are not JSON. */
static void vars(void **state)
{
    struct hyt_json *tree = parse("[1,2.5,-3e2,true,null]", 22);
    const struct hyt_jinja_var var[] = {
        {.name = "all", .json = tree},
        {.name = "some", .json = tree, .most = 2},
        {.name = "text", .text = "t"},
        {.name = "yes", .truth = true},
        {.name = "no"}};

    (void)state;
    assert_string_equal(
        once("{{ all }}{{ some }}{{ text }}{{ yes }}{{ no }}", var, 5),
        "[1, 2.5, -300.0, True, None][1, 2.5]tTrueFalse");
    hyt_json_free(tree);
}

/* Numbers of JSON are printed as Python prints them, which knows 1.0 from 1 and
 * integers above 2^53. */
static void json_numbers(void **state)
{
    static const char source[] =
        "[1,1.0,-0.0,1e2,0.0001,0.00001,12e-7,1e15,1e16,1e22,-2.5e-7,"
        "9007199254740993,-9223372036854775808,{\"a-1\":\"2\\\"3\",\"b\":4.0}]";
    static const char huge[] = "[18446744073709551616]";
    struct hyt_json *tree = parse(source, sizeof source - 1);
    struct hyt_jinja_var var = {.name = "v", .json = tree};

    (void)state;
    assert_string_equal(
        once("{{ v }}", &var, 1),
        "[1, 1.0, -0.0, 100.0, 0.0001, 1e-05, 1.2e-06, 1000000000000000.0, "
        "1e+16, 1e+22, -2.5e-07, 9007199254740993, -9223372036854775808, "
        "{'a-1': '2\"3', 'b': 4.0}]");
    assert_string_equal(once("{{ v[1:4]|tojson }}{{ v[5]|tojson }}", &var, 1),
                        "[1.0, -0.0, 100.0]1e-05");
    hyt_json_free(tree);
    var.json = tree = parse(huge, sizeof huge - 1);
    assert_non_null(
        strstr(once("{{ v }}", &var, 1), "an integer of more than 64 bits"));
    hyt_json_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_templates),
        cmocka_unit_test(real_templates),
        cmocka_unit_test(vars),
        cmocka_unit_test(json_numbers),
    };

    return cmocka_run_group_tests_name("jinja", tests, NULL, NULL);
}
