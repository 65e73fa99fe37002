/* SPDX-License-Identifier: MIT */
/*
 * test_model_config.c - what is refused, in words that name it; what
 * config.json says by saying nothing
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

/* The sizes of a model of two layers, an architecture and more. */
static int read_config(struct hyt_config *c, const char *architecture,
                       const char *more, struct hyt_err *err)
{
    struct hyt_buf text = {0};
    struct hyt_json *json;
    int status;

    hyt_buf_printf(&text,
                   "{\"architectures\":[\"%s\"],\"hidden_size\":16,"
                   "\"num_hidden_layers\":6,\"num_attention_heads\":4,"
                   "\"intermediate_size\":20,\"vocab_size\":53,"
                   "\"max_position_embeddings\":128%s%s}",
                   architecture, *more ? "," : "", more);
    json = hyt_json_parse(text.s, text.n, 0, err);
    if (json == NULL)
        fail_msg("%s: %s", text.s, err->msg);
    status = hyt_config_read(c, json, NULL, err);
    hyt_json_free(json);
    hyt_buf_free(&text);
    return status;
}

/* Architecture, more of the config, part of the message. */
static const char *const refused[][3] = {
    {"GPT2LMHeadModel", "", "\"GPT2LMHeadModel\" is not supported (there"},
    {"GPT2LMHeadModel", "", "MistralForCausalLM"},
    {"Gemma3ForConditionalGeneration", "", "no \"text_config\""},
    {"Gemma3ForConditionalGeneration",
     "\"text_config\":{\"hidden_size\":8,\"num_hidden_layers\":1,"
     "\"intermediate_size\":8,\"hidden_activation\":\"relu\"}",
     "hidden_act relu"},
    {"Gemma3ForConditionalGeneration",
     "\"text_config\":{},\"quantization_config\":{\"quant_method\":"
     "\"bitsandbytes\"}",
     "quantized weights (bitsandbytes)"},
    {"LlamaForCausalLM",
     "\"quantization_config\":{\"quant_method\":"
     "\"gptq\"}",
     "quantized weights (gptq)"},
    {"LlamaForCausalLM",
     "\"quantization_config\":{\"quant_method\":"
     "\"fp8\"}",
     "float32, bfloat16 and float16"},
    {"LlamaForCausalLM", "\"hidden_act\":\"relu\"", "hidden_act relu"},
    {"LlamaForCausalLM", "\"mlp_bias\":true", "mlp_bias"},
    {"LlamaForCausalLM", "\"rope_scaling\":{\"type\":\"dynamic\",\"factor\":2}",
     "rope type \"dynamic\" is not supported (there are default, linear, "
     "llama3, yarn)"},
    {"Phi3ForCausalLM",
     "\"rope_scaling\":{\"type\":\"longrope\",\"short_factor\":[1]}",
     "rope type \"longrope\" is not supported"},
    {"Phi3ForCausalLM", "\"partial_rotary_factor\":0.75",
     "partial_rotary_factor"},
    {"Phi3ForCausalLM",
     "\"rope_parameters\":{\"rope_type\":\"default\","
     "\"partial_rotary_factor\":0.75}",
     "partial_rotary_factor"},
    {"Phi3ForCausalLM", "\"rope_scaling\":{\"type\":\"yarn\",\"factor\":4}",
     "rope type \"yarn\" is not supported here"},
    {"Qwen2ForCausalLM", "\"use_sliding_window\":1",
     "\"use_sliding_window\" is neither true nor false"},
    {"LlamaForCausalLM", "\"rope_scaling\":{\"type\":\"linear\"}",
     "needs a \"factor\""},
    {"LlamaForCausalLM",
     "\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8,"
     "\"low_freq_factor\":1,\"high_freq_factor\":4}",
     "needs a \"original_max_position_embeddings\""},
    {"LlamaForCausalLM",
     "\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8,"
     "\"low_freq_factor\":4,\"high_freq_factor\":4,"
     "\"original_max_position_embeddings\":8192}",
     "low_freq_factor is not below"},
    {"LlamaForCausalLM", "\"rope_scaling\":{\"factor\":8}", "no \"rope_type\""},
    {"Qwen2ForCausalLM", "\"use_sliding_window\":true", "use_sliding_window"},
    {"LlamaForCausalLM", "\"layer_types\":[\"sliding_attention\"]",
     "sliding_attention"},
    {"MistralForCausalLM", "\"layer_types\":[\"chunked_attention\"]",
     "\"chunked_attention\""},
    {"MistralForCausalLM", "\"layer_types\":[\"full_attention\"]",
     "names 1 layers of 6"},
    {"Gemma2ForCausalLM",
     "\"sliding_window\":8,\"layer_types\":[\"full_attention\","
     "\"sliding_attention\",\"full_attention\"]",
     "each k-th layer"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < HYT_LEN(refused); i++) {
        struct hyt_err err = {0};
        struct hyt_config c;

        if (read_config(&c, refused[i][0], refused[i][1], &err) == 0)
            fail_msg("case %zu: %s was taken", i, refused[i][1]);
        if (strstr(err.msg, refused[i][2]) == NULL)
            fail_msg("case %zu: \"%s\" in \"%s\"", i, refused[i][2], err.msg);
    }
}

/* One letter a layer: l local, g global. */
static void layers(const char *architecture, const char *more,
                   const char *expected)
{
    struct hyt_err err = {0};
    struct hyt_config c;

    if (read_config(&c, architecture, more, &err) < 0)
        fail_msg("%s", err.msg);
    for (size_t l = 0; l < c.L; l++)
        if (hyt_config_local(&c, l) != (expected[l] == 'l'))
            fail_msg("%s: %s: layer %zu", architecture, more, l);
}

/* What a file does not say is as transformers' configuration class has it. */
static void test_absent(void **state)
{
    static const struct {
        const char *architecture;
        float eps;
    } cases[] = {{"LlamaForCausalLM", 1e-6f},
                 {"Phi3ForCausalLM", 1e-5f},
                 {"Olmo2ForCausalLM", 1e-5f}};
    struct hyt_err err = {0};
    struct hyt_config c;

    (void)state;
    for (size_t i = 0; i < HYT_LEN(cases); i++) {
        if (read_config(&c, cases[i].architecture, "\"x\":0", &err) < 0)
            fail_msg("%s", err.msg);
        assert_float_equal(c.eps, cases[i].eps, 0);
    }
    if (read_config(&c, "Phi3ForCausalLM", "\"rms_norm_eps\":1e-6", &err) < 0)
        fail_msg("%s", err.msg);
    assert_float_equal(c.eps, 1e-6f, 0);
}

static void test_local_layers(void **state)
{
    (void)state;
    layers("MistralForCausalLM", "\"sliding_window\":4096", "llllll");
    layers("MistralForCausalLM", "\"sliding_window\":null", "gggggg");
    layers("MistralForCausalLM", "\"rms_norm_eps\":1e-5", "llllll");
    layers("Phi3ForCausalLM", "\"rms_norm_eps\":1e-5", "gggggg");
    layers("LlamaForCausalLM", "\"sliding_window\":4096", "gggggg");
    layers("Qwen2ForCausalLM",
           "\"sliding_window\":4096,\"use_sliding_window\":false", "gggggg");
    layers("Gemma2ForCausalLM", "\"sliding_window\":4096", "lglglg");
    layers("Gemma3ForCausalLM", "\"sliding_window\":512", "lllllg");
    layers("Gemma3ForCausalLM",
           "\"sliding_window\":512,\"layer_types\":[\"sliding_attention\","
           "\"sliding_attention\",\"full_attention\",\"sliding_attention\","
           "\"sliding_attention\",\"full_attention\"]",
           "llgllg");
}

static void test_defaults(void **state)
{
    struct hyt_err err = {0};
    struct hyt_config c;

    (void)state;
    assert_int_equal(read_config(&c, "LlamaForCausalLM", "", &err), 0);
    assert_false(c.tied || c.gelu || c.post_norm);
    assert_true(c.embed_scale == 1 && c.norm_plus == 0 && c.q_scale == 0.5f);
    assert_int_equal(c.max_positions, 128);
    assert_int_equal(read_config(&c, "Gemma2ForCausalLM", "", &err), 0);
    assert_true(c.tied && c.gelu && c.post_norm);
    assert_true(c.embed_scale == 4 && c.norm_plus == 1 &&
                c.q_scale == 1 / 16.f);
    assert_true(c.attn_cap == 50 && c.logit_cap == 30);
    assert_int_equal(read_config(&c, "Gemma3ForCausalLM", "", &err), 0);
    assert_true(c.attn_cap == 0 && c.logit_cap == 0);
    assert_true(c.rope[0].theta == 1e6 && c.rope[1].theta == 1e4);
    /* transformers 5: one object for each type of layer */
    assert_int_equal(
        read_config(&c, "Gemma3ForCausalLM",
                    "\"rope_parameters\":{\"full_attention\":{\"rope_type\":"
                    "\"linear\",\"factor\":8,\"rope_theta\":5000},"
                    "\"sliding_attention\":{\"rope_type\":\"default\","
                    "\"rope_theta\":300}}",
                    &err),
        0);
    assert_true(c.rope[0].theta == 5000 && c.rope[0].factor == 8);
    assert_true(c.rope[1].theta == 300 && c.rope[1].type == HYT_ROPE_DEFAULT);
    /* Of text and images: what the hub's files leave out. */
    assert_int_equal(
        read_config(&c, "Gemma3ForConditionalGeneration",
                    "\"text_config\":{\"hidden_size\":2560,"
                    "\"intermediate_size\":10240,\"num_hidden_layers\":34,"
                    "\"rope_scaling\":{\"factor\":8,\"rope_type\":\"linear\"},"
                    "\"sliding_window\":1024}",
                    &err),
        0);
    assert_true(c.D == 2560 && c.H == 8 && c.G == 4 && c.E == 256);
    assert_true(c.V == 262208 && c.max_positions == 131072 && c.tied);
    assert_true(c.window == 1024 && c.global_every == 6);
    assert_true(c.rope[0].factor == 8 && c.rope[1].factor == 1);
    assert_string_equal(c.prefix, "language_model.");
    /* YaRN stretches the context. */
    assert_int_equal(
        read_config(&c, "Qwen2ForCausalLM",
                    "\"rope_scaling\":{\"type\":\"yarn\",\"factor\":4,"
                    "\"original_max_position_embeddings\":128}",
                    &err),
        0);
    assert_int_equal(c.max_positions, 512);
}

/* --- tensors -------------------------------------------------------------- */

/* The file of a toy with the first `from` changed into `to`, as long. */
static void patch(const char *dir, const char *toy, const char *file,
                  const char *from, const char *to)
{
    static char bytes[1 << 16];
    char path[600];
    size_t n;
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s/%s",
             getenv("HYT_FIXTURES") ? getenv("HYT_FIXTURES") : "tests/fixtures",
             toy, file);
    f = fopen(path, "rb");
    assert_non_null(f);
    n = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    for (size_t i = 0; from != NULL && i + strlen(from) <= n; i++)
        if (memcmp(bytes + i, from, strlen(from)) == 0) {
            memcpy(bytes + i, to, strlen(to));
            break;
        }
    snprintf(path, sizeof(path), "%s/%s", dir, file);
    f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

static void test_tensors(void **state)
{
    static const char *const cases[][5] = {
        {"toy-llama", "model.safetensors", "model.norm.weight",
         "model.norm.height", "no tensor \"model.norm.weight\""},
        {"toy-llama", "model.safetensors", "F32", "I32",
         "is I32, which is not supported (there are F32, BF16 and F16)"},
        {"toy-qwen2", "config.json", "Qwen2ForCausalLM", "LlamaForCausalLM",
         "has no use in this architecture"},
        {"toy-phi3", "config.json", "\"intermediate_size\": 20",
         "\"intermediate_size\": 21", "mlp.gate_up_proj.weight"},
        {"toy-gemma2", "config.json", "Gemma2ForCausalLM", "Gemma3ForCausalLM",
         "no tensor \"model.layers.0.self_attn.q_norm.weight\""},
    };

    (void)state;
    for (size_t i = 0; i < HYT_LEN(cases); i++) {
        static const char *const files[] = {"config.json", "model.safetensors"};
        char dir[] = "/tmp/hyt-model-XXXXXX", command[64];
        struct hyt_err err = {0};
        struct hyt_ckpt *ckpt;

        assert_non_null(mkdtemp(dir));
        for (size_t f = 0; f < HYT_LEN(files); f++) {
            bool it = strcmp(files[f], cases[i][1]) == 0;

            patch(dir, cases[i][0], files[f], it ? cases[i][2] : NULL,
                  cases[i][3]);
        }
        ckpt = hyt_ckpt_open(dir, &err);
        if (ckpt == NULL)
            fail_msg("%s", err.msg);
        assert_null(hyt_model_open(ckpt, &err));
        if (strstr(err.msg, cases[i][4]) == NULL)
            fail_msg("case %zu: \"%s\" in \"%s\"", i, cases[i][4], err.msg);
        hyt_ckpt_close(ckpt);
        snprintf(command, sizeof(command), "rm -rf '%s'", dir);
        assert_int_equal(system(command), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_absent),
        cmocka_unit_test(test_local_layers), cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_tensors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
