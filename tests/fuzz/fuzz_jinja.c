/* SPDX-License-Identifier: MIT */
/*
 * fuzz_jinja.c - a chat template, rendered twice
 *
 * It is refused or it prints, a mark for each byte, the same every time.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "hyt/jinja.h"

static const char messages[] =
    "[{\"role\":\"system\",\"content\":\"Be.\"},"
    "{\"role\":\"user\",\"content\":\"Hi <|im_end|>\\n\"},"
    "{\"role\":\"assistant\",\"content\":\"<think>q</think> \xC3\xA9\","
    "\"tool_calls\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
    "\"arguments\":{\"x\":1.5,\"y\":[null,true,-3]}}}]},"
    "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"b\"}]}]";
static const char tools[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"description\":"
    "\"d\",\"parameters\":{\"type\":\"object\",\"required\":[\"x\"],"
    "\"properties\":{\"x\":{\"type\":\"number\",\"enum\":[1,2]}}}}}]";

static int render(const struct hyt_jinja *t, struct hyt_jinja_text *out,
                  struct hyt_err *err)
{
    struct hyt_json *json[] = {
        hyt_json_parse(messages, sizeof(messages) - 1, 0, err),
        hyt_json_parse(tools, sizeof(tools) - 1, 0, err)};
    const struct hyt_jinja_var var[] = {
        {.name = "messages", .json = json[0], .most = 3, .user = true},
        {.name = "tools", .json = json[1], .user = true},
        {.name = "add_generation_prompt", .truth = true},
        {.name = "bos_token", .text = "<s>"},
        {.name = "eos_token", .text = "</s>"}};
    int status;

    CHECK(json[0] && json[1]);
    status = hyt_jinja_render(t, var, HYT_LEN(var), "2024-07-26", out, err);
    hyt_json_free(json[0]);
    hyt_json_free(json[1]);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *source = hyt_strndup((const char *)data, n);
    struct hyt_err err = {.msg = ""}, err2 = {.msg = ""};
    struct hyt_jinja *t = hyt_jinja_parse(source, n, &err);
    struct hyt_jinja_text out = {{0}, {0}}, again = {{0}, {0}};

    free(source);
    if (!t) {
        fuzz_check_failure(&err);
        return 0;
    }
    if (render(t, &out, &err) < 0) {
        fuzz_check_failure(&err);
    } else {
        CHECK(out.s.n == out.mark.n && out.s.n <= HYT_JINJA_MEMORY);
        for (size_t i = 0; i < out.mark.n; i++)
            CHECK((unsigned char)out.mark.s[i] <= 3);
        CHECK(render(t, &again, &err2) == 0 && again.s.n == out.s.n);
        CHECK(out.s.n == 0 || (memcmp(out.s.s, again.s.s, out.s.n) == 0 &&
                               memcmp(out.mark.s, again.mark.s, out.s.n) == 0));
    }
    hyt_jinja_text_free(&out);
    hyt_jinja_text_free(&again);
    hyt_jinja_free(t);
    return 0;
}
