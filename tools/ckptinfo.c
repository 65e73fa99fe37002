/* SPDX-License-Identifier: MIT */
/*
 * ckptinfo.c - a checkpoint in a few lines, or as one JSON object
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ckptinfo.h"
#include "hyt/json.h"
#include "hyt/model.h"

/* One fact; its text is for people, its value JSON. */
struct fact {
    const char *name;
    struct hyt_buf json;
};

struct facts {
    struct fact f[32];
    size_t n;
};

static struct hyt_buf *fact(struct facts *f, const char *name)
{
    if (f->n == HYT_LEN(f->f))
        HYT_BUG("more facts than room");
    f->f[f->n].name = name;
    return &f->f[f->n++].json;
}

static void text(struct facts *f, const char *name, const char *s)
{
    if (s)
        hyt_json_put_str(fact(f, name), s, strlen(s));
}

static void number(struct facts *f, const char *name, uint64_t x)
{
    hyt_buf_printf(fact(f, name), "%" PRIu64, x);
}

/* --- config.json ---------------------------------------------------------- */

static uint64_t setting(const struct hyt_json *config, const char *key,
                        uint64_t missing)
{
    const struct hyt_json *v = hyt_json_get(config, key);

    if (!v || hyt_json_type(v) != HYT_JSON_NUM || !(hyt_json_num(v) >= 0) ||
        hyt_json_num(v) > 0x1p53)
        return missing;
    return (uint64_t)hyt_json_num(v);
}

static const char *string(const struct hyt_json *v)
{
    return v && hyt_json_type(v) == HYT_JSON_STR ? hyt_json_str(v) : NULL;
}

static void config_facts(struct facts *f, const struct hyt_ckpt *c)
{
    static const struct {
        const char *name, *key;
    } keys[] = {
        {"layers", "num_hidden_layers"},
        {"hidden", "hidden_size"},
        {"heads", "num_attention_heads"},
        {"kv_heads", "num_key_value_heads"},
        {"head_dim", "head_dim"},
        {"ffn", "intermediate_size"},
        {"vocab", "vocab_size"},
        {"positions", "max_position_embeddings"},
    };
    const struct hyt_json *config = hyt_ckpt_config(c), *tied;

    text(f, "architecture",
         string(hyt_json_child(hyt_json_get(config, "architectures"))));
    text(f, "model_type", string(hyt_json_get(config, "model_type")));
    if (hyt_json_get(config, "text_config")) /* beside one for images */
        config = hyt_json_get(config, "text_config");
    for (size_t i = 0; i < HYT_LEN(keys); i++)
        if (setting(config, keys[i].key, UINT64_MAX) != UINT64_MAX)
            number(f, keys[i].name, setting(config, keys[i].key, 0));
    tied = hyt_json_get(config, "tie_word_embeddings");
    if (tied && hyt_json_type(tied) == HYT_JSON_BOOL)
        hyt_buf_puts(fact(f, "tied"), hyt_json_bool(tied) ? "true" : "false");
}

/* --- the tensors ---------------------------------------------------------- */

struct sizes {
    uint64_t parameters, bytes;
    uint64_t masters; /* parameters that need a float master */
    const char *dtype;
};

static uint64_t elements(const struct hyt_tensor *t)
{
    uint64_t n = 1;

    for (int i = 0; i < t->n_dims; i++)
        n *= t->dim[i];
    return n;
}

static struct sizes sizes(const struct hyt_ckpt *c)
{
    struct sizes s = {0};

    for (size_t i = 0; i < hyt_ckpt_count(c); i++) {
        const struct hyt_tensor *t = hyt_ckpt_tensor(c, i);

        s.bytes += t->n_bytes;
        if (!s.dtype)
            s.dtype = t->dtype_name;
        else if (strcmp(s.dtype, t->dtype_name) != 0)
            s.dtype = "mixed";
        if (t->dtype == HYT_DTYPE_OTHER)
            continue;
        s.parameters += elements(t);
        if (t->dtype != HYT_F32)
            s.masters += elements(t);
    }
    return s;
}

/* Keys and values of one token in every layer, as float; 0 where the model is
 * not supported, or beyond counting. */
static uint64_t kv_bytes(const struct hyt_ckpt *c)
{
    struct hyt_config k;
    struct hyt_err why;
    double bytes = 2 * sizeof(float);

    if (hyt_config_read(&k, hyt_ckpt_config(c), NULL, &why) < 0)
        return 0;
    bytes *= (double)k.G * (double)k.E * (double)k.L;
    return bytes < 0x1p53 ? (uint64_t)bytes : 0;
}

/* Weights are mapped: "inference" and "update" are what should fit in memory
 * for speed, not what is allocated.  An update has the new weights (it lets go
 * of the old), two moments and a gradient in float for each, and masters where
 * weights are not float.  Activations come on top of it. */
static void tensor_facts(struct facts *f, const struct hyt_ckpt *c)
{
    struct sizes s = sizes(c);

    number(f, "tensors", hyt_ckpt_count(c));
    number(f, "parameters", s.parameters);
    text(f, "dtype", s.dtype);
    number(f, "weight_bytes", s.bytes);
    number(f, "kv_bytes_per_token", kv_bytes(c));
    number(f, "update_bytes", s.bytes + 12 * s.parameters + 4 * s.masters);
}

static void kept_fact(struct facts *f, const struct hyt_ckpt *c)
{
    struct hyt_err ignored;
    struct hyt_buf *list;
    uint64_t *g;
    size_t n;

    if (hyt_ckpt_kept(c, &g, &n, &ignored) < 0)
        return;
    list = fact(f, "kept");
    hyt_buf_putc(list, '[');
    for (size_t i = 0; i < n; i++)
        hyt_buf_printf(list, "%s%" PRIu64, i ? ", " : "", g[i]);
    hyt_buf_putc(list, ']');
    free(g);
}

static void record_facts(struct facts *f, const struct hyt_ckpt *c)
{
    static const char *const run[] = {"finished", "saved", "stopped"};
    const char *base = hyt_ckpt_meta(c, "hyt.base_generation");
    struct hyt_err ignored;
    uint64_t g;

    number(f, "generation", hyt_ckpt_generation(c));
    number(f, "step", hyt_ckpt_step(c));
    text(f, "digest", hyt_ckpt_digest(c));
    text(f, "run", run[hyt_ckpt_run(c)]);
    text(f, "base", hyt_ckpt_meta(c, "hyt.base"));
    if (base && hyt_parse_u64(base, &g, &ignored) == 0)
        number(f, "base_generation", g);
    kept_fact(f, c);
    text(f, "optimizer", hyt_ckpt_meta(c, "hyt.optimizer"));
}

void hyt_ckpt_tensors(const struct hyt_ckpt *c, bool json, struct hyt_buf *out)
{
    for (size_t i = 0; i < hyt_ckpt_count(c); i++) {
        const struct hyt_tensor *t = hyt_ckpt_tensor(c, i);

        if (json) {
            hyt_buf_puts(out, "{\"name\": ");
            hyt_json_put_str(out, t->name, strlen(t->name));
            hyt_buf_printf(out,
                           ", \"dtype\": \"%s\", \"shape\": ", t->dtype_name);
        } else {
            hyt_buf_printf(out, "%s\t%s\t", t->name, t->dtype_name);
        }
        hyt_buf_putc(out, '[');
        for (int d = 0; d < t->n_dims; d++)
            hyt_buf_printf(out, "%s%" PRIu64, d > 0 ? ", " : "", t->dim[d]);
        hyt_buf_puts(out, json ? "]}\n" : "]\n");
    }
}

void hyt_ckpt_info(const struct hyt_ckpt *c, bool json, struct hyt_buf *out)
{
    struct facts f = {0};

    config_facts(&f, c);
    tensor_facts(&f, c);
    record_facts(&f, c);
    if (json)
        hyt_buf_putc(out, '{');
    for (size_t i = 0; i < f.n; i++) {
        struct hyt_buf *value = &f.f[i].json;
        /* People read the string without its quotes; what is escaped stays. */
        size_t quoted = !json && value->s[0] == '"';

        hyt_buf_printf(out, json ? "%s\"%s\": " : "%s%-19s ",
                       json && i ? ", " : "", f.f[i].name);
        hyt_buf_put(out, value->s + quoted, value->n - 2 * quoted);
        if (!json)
            hyt_buf_putc(out, '\n');
        hyt_buf_free(value);
    }
    if (json)
        hyt_buf_puts(out, "}\n");
}
