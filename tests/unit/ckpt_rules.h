/* SPDX-License-Identifier: MIT */
/*
 * ckpt_rules.h - the part of test_ckpt.c about headers, one rule a row
 */
#ifndef TEST_CKPT_RULES_H
#define TEST_CKPT_RULES_H

#include "ckpt_dir.h"

#define T(name, dtype, shape, range)                                           \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape                   \
    ",\"data_offsets\":" range "}"

/* Each header stands before 8 bytes of data; NULL: it is a good one. */
static const struct {
    const char *header, *message;
} rules[] = {
    {"{" T("a", "F32", "[2]", "[0,8]") "}", NULL},
    {"{" T("a", "F64", "[]", "[0,8]") "}", NULL},
    {"{" T("e", "F32", "[0]", "[0,0]") "," T("a", "I64", "[1]", "[0,8]") "}",
     NULL},
    {"{" T("b", "F4", "[8]", "[4,8]") "," T("a", "F32", "[1]", "[0,4]") "}",
     NULL},
    {"{\"\\ud83d\\ude00\":{\"shape\":[8],\"data_offsets\":[0,8],"
     "\"dtype\":\"U8\"}}",
     NULL},
    {"", "header length 0"},
    {"[]", "expected '{'"},
    {"{} x", "text after"},
    {"{}", "the tensors end at data byte 0, the file at 8"},
    {"{\"a\xff\":1}", "not UTF-8"},
    {"{" T("a", "F32", "[1]", "[4,8]") "}", "a hole before it, at data byte 0"},
    {"{" T("a", "F32", "[1]", "[0,4]") "}", "end at data byte 4"},
    {"{" T("a", "F32", "[2]", "[0,8]") "," T("b", "F32", "[1]", "[4,8]") "}",
     "\"b\": it overlaps another at data byte 4"},
    {"{" T("a", "F32", "[2]", "[0,8]") "," T("b", "F32", "[2]", "[0,8]") "}",
     "overlaps"},
    {"{" T("a", "F32", "[1]", "[0,4]") "," T("a", "F32", "[1]", "[4,8]") "}",
     "\"a\" occurs twice"},
    {"{" T("a", "F32", "[1]", "[0,4]") "," T("\\u0061", "F32", "[1]",
                                             "[4,8]") "}",
     "\"a\" occurs twice"},
    {"{" T("a", "F32", "[3]", "[0,12]") "}", "is not inside the file's 8"},
    {"{" T("a", "F32", "[2]", "[8,0]") "}", "is not inside"},
    {"{" T("a", "BF16", "[2]", "[0,8]") "}", "shape and dtype BF16"},
    {"{" T("a", "F4", "[15]", "[0,8]") "}", "shape and dtype F4"},
    {"{" T("a", "Q8", "[8]", "[0,8]") "}", "unknown dtype \"Q8\""},
    {"{" T("a", "F32", "[4294967296,4294967296,2]", "[0,8]") "}", "overflows"},
    {"{" T("a", "F32", "[9223372036854775809]", "[0,8]") "}", "overflows"},
    /* 2^62 + 2 floats are 8 bytes if the product wraps. */
    {"{" T("a", "F32", "[4611686018427387906]", "[0,8]") "}", "overflows"},
    /* 2^53 + 8, which as a double is even further away. */
    {"{" T("a", "F32", "[2]", "[9007199254740993,9007199254741001]") "}",
     "[9007199254740993, 9007199254741001)"},
    {"{" T("a", "F32", "[2]", "[0,18446744073709551616]") "}", "above 2^64"},
    {"{" T("a", "F32", "[2.0]", "[0,8]") "}", "unsigned integer"},
    {"{" T("a", "F32", "[2e0]", "[0,8]") "}", "unsigned integer"},
    {"{" T("a", "F32", "[-2]", "[0,8]") "}", "unsigned integer"},
    {"{" T("a", "F32", "[02]", "[0,8]") "}", "leading zero"},
    {"{" T("a", "F32", "[1,1,1,1,1,1,1,1,2]", "[0,8]") "}",
     "more than 8 numbers"},
    {"{" T("a", "F32", "[2]", "[0,8,8]") "}", "more than 2 numbers"},
    {"{" T("a", "F32", "[2]", "[8]") "}", "not two numbers"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", "has no \"data_offsets\""},
    {"{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", "has no \"dtype\""},
    {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", "has no \"shape\""},
    {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", "occurs twice"},
    {"{\"a\":{\"strides\":[2]}}", "unknown member"},
    {"{\"a\":7}", "expected '{'"},
    {"{\"__metadata__\":{\"k\":1}}", "is not a string"},
    {"{\"__metadata__\":{\"k\":{}}}", "is not a string"},
    {"{\"__metadata__\":[]}", "expected '{'"},
    {"{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", "\"k\" occurs twice"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", "occurs twice"},
    {"{\"a\\u0000\":{}}", "\\u0000"},
    {"{\"\\ud800\":{}}", "surrogate"},
    {"{\"\\udc00\":{}}", "surrogate"},
    {"{\"\\x\":{}}", "bad escape"},
    {"{\"\n\":{}}", "control character"},
    {"{\"a", "does not end"},
    {"{" T("a", "F32", "[2]", "[0,8]") ",}", "expected '\"'"},
};

static void test_rules(void **state)
{
    const char data[16] = {0};

    (void)state;
    for (size_t i = 0; i < HYT_LEN(rules); i++) {
        struct hyt_err err = {0};
        struct hyt_st *st;
        put_st("r.safetensors", rules[i].header, data, 8);
        st = hyt_st_open(at("r.safetensors"), &err);
        if (rules[i].message) {
            assert_null(st);
            if (!strstr(err.msg, rules[i].message))
                fail_msg("rule %zu: \"%s\" has no \"%s\"", i, err.msg,
                         rules[i].message);
            assert_non_null(strstr(err.msg, "r.safetensors: "));
        } else if (!st) {
            fail_msg("good header %zu: %s", i, err.msg);
        }
        hyt_st_close(st);
    }
}

#endif
