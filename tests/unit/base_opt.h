/* SPDX-License-Identifier: MIT */
/* Part of test_base.c: options. */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include "hyt/opt.h"

#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct values {
    bool quiet, zero;
    int64_t n, shift;
    double lr, pair[2];
    const char *out, *format;
    struct hyt_opt_list stop, given;
    int policy;
};

/* Parses a space-separated command line; the number of operands or -1. */
static int parse(struct values *v, char *line, char **argv, struct hyt_err *err)
{
    const struct hyt_opt own[] = {
        OPT_INT('n', "n", &v->n, 1, 4096, "samples a query"),
        OPT_INT(0, "shift", &v->shift, -10, 10, "an offset"),
        OPT_FLOAT(0, "lr", &v->lr, 0, INFINITY, "step size"),
        OPT_ENUM(0, "policy", &v->policy, "hytuning|rd|rlif", "which weights"),
        OPT_LIST('s', "stop", &v->stop, "S", "stop at S"),
        OPT_END,
    };
    const struct hyt_opt shared[] = {
        OPT_PAIR(0, "betas", &v->pair, 0, 1, "decay of the averages"),
        OPT_STR('o', "output", &v->out, "FILE", "write to FILE"),
        OPT_FLAG('q', "quiet", &v->quiet, "no progress"),
        OPT_FLAG('z', "zstd", &v->zero, "compress"),
        OPT_END,
    };
    const struct hyt_opt *const tables[] = {own, shared, NULL};
    int argc = 0, operands = -1;

    *v = (struct values){.n = 8, .pair = {0.9, 0.95}};
    argv[argc++] = line;
    for (char *p = line; p; p = strchr(p, ' ')) {
        if (*p == ' ')
            *p++ = '\0';
        argv[argc++] = p;
    }
    if (hyt_opt_parse(argc, argv, tables, &operands, &v->given, err) < 0)
        return -1;
    return operands;
}

static void test_opt_values(void **state)
{
    static const char *const given[] = {"n",    "shift",  "lr",     "quiet",
                                        "zstd", "output", "policy", "stop",
                                        "stop", "betas"};
    char line[] = "a -n16 --shift=-3 - --lr 1e-4 -qzo out b --policy rlif "
                  "-s x --stop=y --betas 0.5,1 -- -n --";
    char empty[] = "--output=";
    struct values v;
    struct hyt_err err;
    char *argv[40];

    (void)state;
    assert_int_equal(parse(&v, line, argv, &err), 5);
    assert_string_equal(argv[1], "a");
    assert_string_equal(argv[2], "-");
    assert_string_equal(argv[3], "b");
    assert_string_equal(argv[4], "-n");
    assert_string_equal(argv[5], "--");
    assert_int_equal(v.n, 16);
    assert_int_equal(v.shift, -3);
    assert_true(v.lr == 1e-4 && v.quiet && v.zero);
    assert_string_equal(v.out, "out");
    assert_int_equal(v.policy, 2);
    assert_int_equal(v.stop.n, 2);
    assert_string_equal(v.stop.item[0], "x");
    assert_string_equal(v.stop.item[1], "y");
    assert_true(v.pair[0] == 0.5 && v.pair[1] == 1);
    hyt_opt_list_free(&v.stop);
    for (size_t i = 0; i < HYT_LEN(given); i++)
        assert_string_equal(v.given.item[i], given[i]);
    assert_int_equal(v.given.n, HYT_LEN(given));
    hyt_opt_list_free(&v.given);

    assert_int_equal(parse(&v, empty, argv, &err), 0);
    assert_string_equal(v.out, "");
    hyt_opt_list_free(&v.given);
}

static void test_opt_errors(void **state)
{
    static const struct {
        const char *line, *message;
    } row[] = {
        {"--foo", "unknown option \"--foo\""},
        {"--foo=3", "unknown option \"--foo\""},
        {"--out x", "unknown option \"--out\""},
        {"-qx", "unknown option \"-x\""},
        {"-n abc", "--n: \"abc\" is not a whole number"},
        {"--n=0", "--n: 0 is outside 1 ... 4096"},
        {"--n 1Mi", "--n: 1Mi is outside 1 ... 4096"},
        {"--shift -11", "--shift: -11 is outside -10 ... 10"},
        {"--lr -1", "--lr: -1 is outside 0 ... infinity"},
        {"--lr fast", "--lr: \"fast\" is not a number"},
        {"--policy x", "--policy: \"x\" is none of hytuning|rd|rlif"},
        {"--policy r", "--policy: \"r\" is none of hytuning|rd|rlif"},
        {"--policy=", "--policy: \"\" is none of hytuning|rd|rlif"},
        {"--betas 0.9", "--betas: \"0.9\" is not a pair X,Y"},
        {"--betas 0.9,2", "--betas: 2 is outside 0 ... 1"},
        {"--betas ,1", "--betas: \"\" is not a number"},
        {"--n", "--n needs a value"},
        {"-qo", "--output needs a value"},
        {"--quiet=1", "--quiet takes no value"},
    };
    char *argv[8];

    (void)state;
    for (size_t i = 0; i < HYT_LEN(row); i++) {
        char line[64];
        struct values v;
        struct hyt_err err;

        snprintf(line, sizeof line, "%s", row[i].line);
        assert_int_equal(parse(&v, line, argv, &err), -1);
        assert_string_equal(err.msg, row[i].message);
        hyt_opt_list_free(&v.given);
    }
}

static void test_opt_help(void **state)
{
    int64_t n = 8;
    double pair[2] = {0.2, 0.2}, lr = 1e-5;
    bool quiet = false;
    const char *output = NULL, *format = "Q: {prompt}\n";
    int policy = 0;
    const struct hyt_opt table[] = {
        OPT_INT('n', "n", &n, 1, 4096, "samples a query"),
        OPT_FLOAT(0, "lr", &lr, 0, 1, "step size"),
        OPT_PAIR(0, "clip", pair, 0, 1, "a"),
        OPT_FLAG('q', "quiet", &quiet, "no progress"),
        OPT_STR('o', "output", &output, "FILE", "write to FILE"),
        OPT_STR(0, "format", &format, "TEXT",
                "what surrounds a prompt that is a string, where the model has "
                "no template"),
        OPT_ENUM(0, "policy", &policy, "hytuning|rd|rlif", "which weights"),
        OPT_END,
    };
    const struct hyt_opt *const tables[] = {table, NULL};
    struct hyt_buf b = {0};

    (void)state;
    hyt_opt_help(&b, tables);
    assert_string_equal(
        b.s, "  -n, --n N            samples a query [8]\n"
             "      --lr X           step size [0.00001]\n"
             "      --clip X,Y       a [0.2,0.2]\n"
             "  -q, --quiet          no progress\n"
             "  -o, --output FILE    write to FILE\n"
             "      --format TEXT    what surrounds a prompt that is a string, "
             "where the\n"
             "                       model has no template [Q: {prompt}\\n]\n"
             "      --policy hytuning|rd|rlif\n"
             "                       which weights [hytuning]\n");
    hyt_buf_reset(&b);
    hyt_opt_list_names(&b, tables);
    assert_non_null(strstr(b.s, "--n\t-n\tint\tN\tsamples a query\n"));
    assert_non_null(strstr(b.s, "--policy\t\tenum\thytuning|rd|rlif\twhich "
                                "weights\n"));
    assert_non_null(strstr(b.s, "--quiet\t-q\tflag\t\tno progress\n"));
    hyt_buf_free(&b);
}

#endif
