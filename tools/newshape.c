/* SPDX-License-Identifier: MIT */
/*
 * newshape.c - how large a new model is: --shape
 */
#include <stdlib.h>
#include <string.h>

#include "newmodel.h"

static const struct hyt_shape named[] = {
    {"tiny5m", HYT_ARCH_LLAMA, 6, 256, 8, 4, 32, 688, 512, 1024, 0, 1e4, true},
    {"smol135", HYT_ARCH_LLAMA, 30, 576, 9, 3, 64, 1536, 49152, 2048, 0, 1e4,
     true},
    {"qwen0.5b", HYT_ARCH_QWEN2, 24, 896, 14, 2, 64, 4864, 151936, 32768, 0,
     1e6, true},
};

static int set_number(struct hyt_shape *s, const char *key, const char *value,
                      struct hyt_err *err)
{
    const struct {
        const char *name;
        uint64_t *value, max;
    } numbers[] = {
        {"layers", &s->layers, 10000},
        {"hidden", &s->hidden, 1 << 20},
        {"heads", &s->heads, 1 << 16},
        {"kv_heads", &s->kv_heads, 1 << 16},
        {"head_dim", &s->head_dim, 1 << 14},
        {"ffn", &s->ffn, 1 << 22},
        {"vocab", &s->vocab, 1 << 24},
        {"window", &s->window, 1 << 24},
    };

    for (size_t i = 0; i < HYT_LEN(numbers); i++) {
        if (strcmp(numbers[i].name, key) != 0)
            continue;
        if (hyt_parse_u64(value, numbers[i].value, err) < 0)
            return hyt_fail_prefix(err, "--shape: %s: ", key);
        if (*numbers[i].value < 1 || *numbers[i].value > numbers[i].max)
            return hyt_fail(err, "--shape: %s is %s, expected 1..%llu", key,
                            value, (unsigned long long)numbers[i].max);
        return 0;
    }
    return hyt_fail(err,
                    "--shape: unknown \"%s\": expected layers, hidden, heads, "
                    "kv_heads, head_dim, ffn, vocab or window",
                    key);
}

static int set_item(struct hyt_shape *s, char *item, bool first,
                    struct hyt_err *err)
{
    char *equals = strchr(item, '=');

    if (equals) {
        *equals = '\0';
        return set_number(s, item, equals + 1, err);
    }
    for (size_t i = 0; first && i < HYT_LEN(named); i++)
        if (strcmp(named[i].name, item) == 0) {
            *s = named[i];
            return 0;
        }
    return hyt_fail(err,
                    "--shape: \"%s\" is neither a name (tiny5m, smol135, "
                    "qwen0.5b) nor key=value",
                    item);
}

/* What was not said follows from the rest. */
static int complete(struct hyt_shape *s, const struct hyt_newmodel *nm,
                    struct hyt_err *err)
{
    if (!s->layers || !s->hidden || !s->heads)
        return hyt_fail(err, "--shape: layers, hidden and heads are needed");
    if (!s->kv_heads)
        s->kv_heads = s->heads;
    if (!s->head_dim)
        s->head_dim = s->hidden / s->heads;
    if (!s->ffn) /* 8/3 of the width, to a multiple of 8 (LLaMA) */
        s->ffn = (s->hidden * 8 / 3 + 7) / 8 * 8;
    if (s->heads % s->kv_heads)
        return hyt_fail(err, "--shape: heads is not a multiple of kv_heads");
    if (s->head_dim % 2 || !s->head_dim)
        return hyt_fail(err, "--shape: head_dim must be even");
    if (nm->arch >= 0)
        s->arch = nm->arch;
    if (s->window && !hyt_newconfig_has_window(s->arch))
        return hyt_fail(err, "--shape: this --arch has no window");
    if (nm->tied >= 0)
        s->tied = nm->tied;
    if (nm->max_positions)
        s->positions = nm->max_positions;
    if (nm->rope_theta > 0)
        s->theta = nm->rope_theta;
    return 0;
}

int hyt_shape_parse(struct hyt_shape *s, const struct hyt_newmodel *nm,
                    struct hyt_err *err)
{
    char *text = hyt_strndup(nm->shape, strlen(nm->shape)), *item = text;
    int status = 0;

    memset(s, 0, sizeof *s);
    s->positions = 2048;
    s->theta = 1e4;
    s->tied = true;
    while (status == 0 && item) {
        char *comma = strchr(item, ',');

        if (comma)
            *comma = '\0';
        status = set_item(s, item, item == text, err);
        item = comma ? comma + 1 : NULL;
    }
    free(text);
    return status < 0 ? -1 : complete(s, nm, err);
}
