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

#include "hyt/jinja.h"

static bool read_file(struct hyt_buf *b, const char *folder, const char *name)
{
    char path[512], part[4096];
    size_t n;
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "rb");
    if (!f)
        return false;
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        hyt_buf_put(b, part, n);
    fclose(f);
    return true;
}

static void fixture(struct hyt_buf *b, const char *name)
{
    const char *root = getenv("HYT_FIXTURES");
    char folder[400];

    snprintf(folder, sizeof folder, "%s/jinja", root ? root : "tests/fixtures");
    if (!read_file(b, folder, name))
        fail_msg("cannot open %s/%s", folder, name);
}

static struct hyt_json *parse(const char *s, size_t n)
{
    struct hyt_err err;
    struct hyt_json *v = hyt_json_parse(s, n, 0, &err);

    if (!v)
        fail_msg("%s", err.msg);
    return v;
}

static const char *str(const struct hyt_json *v, const char *name)
{
    v = hyt_json_get(v, name);
    return v ? hyt_json_str(v) : NULL;
}

/* "" and the text, or a message. */
static void render(struct hyt_jinja_text *out, struct hyt_err *err,
                   const char *source, const struct hyt_jinja_var *var,
                   size_t n, const char *date)
{
    struct hyt_jinja *t = hyt_jinja_parse(source, strlen(source), err);

    if (t && hyt_jinja_render(t, var, n, date, out, err) == 0)
        err->msg[0] = '\0';
    hyt_jinja_free(t);
    hyt_buf_reserve(&out->s, 0);
    assert_int_equal(out->s.n, out->mark.n);
}

static const char *once(const char *source, const struct hyt_jinja_var *var,
                        size_t n)
{
    static char text[1 << 16];
    struct hyt_jinja_text out = {0};
    struct hyt_err err;

    render(&out, &err, source, var, n, NULL);
    snprintf(text, sizeof text, "%s%s", err.msg[0] ? "error " : out.s.s,
             err.msg);
    hyt_jinja_text_free(&out);
    return text;
}

/* Members of an object as variables; messages are a user's. */
static size_t variables(struct hyt_jinja_var *var, const struct hyt_json *from)
{
    size_t n = 0;

    for (const struct hyt_json *v = hyt_json_child(from); v;
         v = hyt_json_next(v)) {
        var[n] = (struct hyt_jinja_var){.name = hyt_json_key(v), .json = v};
        var[n].user = strcmp(var[n].name, "messages") == 0;
        n++;
    }
    return n;
}

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
    for (char *s = lines.s, *end; (end = strchr(s, '\n')); s = end + 1) {
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

static void real_line(const char *folder, const struct hyt_json *all,
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

    if (!read_file(&source, folder, str(line, "template")))
        fail_msg("no %s in %s", str(line, "template"), folder);
    snprintf(name, sizeof name, "%s %s", str(line, "template"),
             str(line, "talk"));
    render(&out, &err, source.s, var, HYT_LEN(var), str(line, "date"));
    compare(line, name, &out, err.msg);
    hyt_jinja_text_free(&out);
    hyt_buf_free(&source);
    hyt_json_free(null);
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
    for (char *s = lines.s, *end; (end = strchr(s, '\n')); s = end + 1) {
        struct hyt_json *line = parse(s, (size_t)(end - s));

        real_line(folder, all, line);
        hyt_json_free(line);
        count++;
    }
    assert_true(count > 300);
    hyt_json_free(all);
    hyt_buf_free(&text);
    hyt_buf_free(&lines);
}

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
        {"{{ strftime_now('%Y') }}", "error 1:16: \"strftime_now\" is "
                                     "undefined"},
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
        "[1, 2.5, -300, True, None][1, 2.5]tTrueFalse");
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
    for (char *s = lines.s, *end; (end = strchr(s, '\n')); s = end + 1) {
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
        cmocka_unit_test(own_templates), cmocka_unit_test(real_templates),
        cmocka_unit_test(errors),        cmocka_unit_test(bounds),
        cmocka_unit_test(provenance),    cmocka_unit_test(vars),
        cmocka_unit_test(damage),
    };

    return cmocka_run_group_tests_name("jinja", tests, NULL, NULL);
}
