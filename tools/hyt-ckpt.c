/* SPDX-License-Identifier: MIT */
/*
 * hyt-ckpt - make, inspect, verify and compare checkpoints
 *
 * The first operand says what to do.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ckptinfo.h"
#include "hyt/ckpt.h"
#include "newmodel.h"
#include "tool.h"

#define VERBS "new, info, verify, log, rollback, diff or export"

static const char *shape, *tokenizer;
static int arch, dtype;
static bool tied, untied, json, tensors;
static int64_t max_positions;
static double rope_theta;

static const struct hyt_opt opts[] = {
    OPT_STR(0, "shape", &shape, "SHAPE",
            "new: a name (tiny5m, smol135, qwen0.5b), key=value,..., or both"),
    OPT_STR(0, "tokenizer", &tokenizer, "FILE",
            "new: a tokenizer.json; without it a token is a byte"),
    OPT_ENUM(0, "arch", &arch,
             "auto|llama|mistral|qwen2|qwen3|phi3|olmo2|"
             "gemma2|gemma3",
             "new: kind of model; auto: the named shape's, or llama"),
    OPT_ENUM(0, "dtype", &dtype, "f32|bf16|f16", "new: how weights are stored"),
    OPT_FLAG(0, "tied", &tied,
             "new: the output head is the embedding (default)"),
    OPT_FLAG(0, "untied", &untied, "new: the output head has its own weights"),
    OPT_INT(0, "max-positions", &max_positions, 0, 1 << 24,
            "new: longest sequence; 0: the shape's, or 2048"),
    OPT_FLOAT(0, "rope-theta", &rope_theta, 0, 1e12,
              "new: base of the rotary angles; 0: the shape's, or 10000"),
    OPT_FLAG(0, "json", &json, "info, diff: write JSON"),
    OPT_FLAG(0, "tensors", &tensors, "info: name, type and shape of each"),
    OPT_END,
};

static const struct hyt_tool tool = {
    "hyt-ckpt", "make, inspect, verify and compare checkpoints",
    "new DIR | info DIR | verify DIR | log DIR | rollback DIR@G | diff A B | "
    "export DIR FILE",
    opts, HYT_TOOL_SEED | HYT_TOOL_NO_INPUT};

static int print(struct hyt_main *m, struct hyt_buf *text, int status)
{
    if (status >= 0 && text->n &&
        hyt_out_write(m->out, text->s, text->n, &m->err) < 0)
        status = -1;
    hyt_buf_free(text);
    return status;
}

static int new_model(struct hyt_main *m, char **dir)
{
    const struct hyt_newmodel nm = {
        .dir = dir[0],
        .shape = shape,
        .tokenizer = tokenizer,
        .arch = arch - 1,
        .tied = tied     ? 1
                : untied ? 0
                         : -1,
        .dtype = (enum hyt_dtype)dtype,
        .seed = (uint64_t)m->seed,
        .max_positions = (uint64_t)max_positions,
        .rope_theta = rope_theta,
    };
    bool usage;
    int status;

    if (!shape)
        hyt_main_usage(m, "new: --shape is required");
    if (tied && untied)
        hyt_main_usage(m, "new: --tied and --untied exclude each other");
    status = hyt_newmodel(&nm, &usage, &m->err);
    if (status < 0 && usage)
        hyt_main_usage(m, "%s", m->err.msg);
    return status;
}

static int info(struct hyt_main *m, char **dir)
{
    struct hyt_ckpt *c = hyt_ckpt_open(dir[0], &m->err);
    struct hyt_buf text = {0};

    if (!c)
        return -1;
    (tensors ? hyt_ckpt_tensors : hyt_ckpt_info)(c, json, &text);
    hyt_ckpt_close(c);
    return print(m, &text, 0);
}

/* Appends what is found of one generation, and closes it. A generation that an
 * update has replaced meanwhile is not damaged: 1, look again. */
static int verify_one(struct hyt_main *m, struct hyt_ckpt *c,
                      struct hyt_buf *text)
{
    bool kept = c && hyt_ckpt_is_kept(c);
    int status = c ? hyt_ckpt_verify(c, &m->err) : -1;

    if (status == 0 && hyt_ckpt_meta(c, "hyt.digest.model"))
        hyt_buf_printf(text, "generation %" PRIu64 "%s: digest %s holds\n",
                       hyt_ckpt_generation(c), kept ? ", kept" : "",
                       hyt_ckpt_digest(c));
    else if (status == 0)
        hyt_buf_printf(text,
                       "%swell-formed; written by another program, so "
                       "without a digest of the data\n",
                       kept ? "generation 0, kept: " : "");
    else if (c && !kept && !hyt_ckpt_is_current(c))
        status = 1;
    hyt_ckpt_close(c);
    return status;
}

/* Whether an update has dropped generation g since. */
static bool is_dropped(const char *dir, uint64_t g)
{
    struct hyt_err ignored;
    struct hyt_ckpt *c = hyt_ckpt_open(dir, &ignored);
    uint64_t *kept = NULL;
    size_t n = 0;
    bool there = !c || hyt_ckpt_kept(c, &kept, &n, &ignored) < 0;

    for (size_t i = 0; i < n; i++)
        there = there || kept[i] == g;
    free(kept);
    hyt_ckpt_close(c);
    return !there;
}

/* The error of one more generation is in m->err: all but the last are said as
 * they come. */
static void note_damage(struct hyt_main *m, struct hyt_err *last, bool *damaged)
{
    if (*damaged)
        hyt_main_warn(m, "%s", last->msg);
    *last = m->err;
    *damaged = true;
}

static int verify(struct hyt_main *m, char **dir)
{
    struct hyt_buf text = {0};
    struct hyt_err last;
    struct hyt_ckpt *c;
    uint64_t *g = NULL;
    size_t n = 0;
    bool damaged = false;
    int status;

    while ((status = verify_one(m, hyt_ckpt_open(dir[0], &m->err), &text)) > 0)
        ;
    if (status < 0)
        note_damage(m, &last, &damaged);
    /* Which others there are, the commit record says, if it can be read. */
    c = hyt_ckpt_open(dir[0], &m->err);
    if ((!c || hyt_ckpt_kept(c, &g, &n, &m->err) < 0) && !damaged)
        note_damage(m, &last, &damaged);
    for (size_t i = n; i > 0; i--) {
        const char *name = hyt_ckpt_dir(c);

        status =
            verify_one(m, hyt_ckpt_open_kept(name, g[i - 1], &m->err), &text);
        if (status < 0 && !is_dropped(name, g[i - 1]))
            note_damage(m, &last, &damaged);
    }
    free(g);
    hyt_ckpt_close(c);
    status = print(m, &text, 0);
    if (damaged)
        m->err = last;
    return damaged ? -1 : status;
}

static int rollback(struct hyt_main *m, char **operand)
{
    const char *at = strrchr(operand[0], '@');
    uint64_t g;
    char *dir;
    int status;

    if (!at || at == operand[0] || hyt_parse_u64(at + 1, &g, &m->err) < 0)
        hyt_main_usage(m, "rollback: expected DIR@GENERATION");
    dir = hyt_strndup(operand[0], (size_t)(at - operand[0]));
    status = hyt_ckpt_rollback(dir, g, &m->err);
    free(dir);
    return status;
}

/* The log as the commit record has it: what is behind its length belongs to no
 * generation.  Of one that was cut, the whole lines, and an error. */
static int show_log(struct hyt_main *m, char **dir)
{
    struct hyt_ckpt *c = hyt_ckpt_open(dir[0], &m->err);
    struct hyt_buf text = {0};
    const char *length;
    uint64_t n = 0;
    int status = -1;
    bool cut;

    if (!c)
        return -1;
    length = hyt_ckpt_meta(c, "hyt.log_bytes");
    if (!length || hyt_parse_u64(length, &n, &m->err) == 0)
        status = n ? hyt_ckpt_file(c, "hyt-log.jsonl", &text, &m->err) : 0;
    cut = status >= 0 && text.n < n;
    if (cut) {
        hyt_fail(&m->err, "%s: hyt-log.jsonl has %zu of %" PRIu64 " bytes",
                 hyt_ckpt_dir(c), text.n, n);
        for (n = text.n; n > 0 && text.s[n - 1] != '\n';)
            n--;
    }
    text.n = (size_t)n;
    hyt_ckpt_close(c);
    status = print(m, &text, status < 0 ? -1 : 0);
    return cut ? -1 : status;
}

/* 1 where they differ. */
static int diff(struct hyt_main *m, char **dir)
{
    struct hyt_ckpt *a = hyt_ckpt_open(dir[0], &m->err), *b = NULL;
    struct hyt_buf text = {0};
    int status = -1;

    if (a)
        b = hyt_ckpt_open(dir[1], &m->err);
    if (b)
        status = hyt_ckpt_diff(a, b, json, &text);
    hyt_ckpt_close(a);
    hyt_ckpt_close(b);
    return print(m, &text, status);
}

/* One file wins over an index: beside one it would be the model, and all that
 * the index names would be what nobody names any more. */
static int check_beside(const char *file, struct hyt_err *err)
{
    const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
    struct hyt_buf index = {0};
    bool there;

    hyt_buf_printf(&index, "%s.index.json", file);
    there = access(index.s, F_OK) == 0;
    hyt_buf_free(&index);
    if (!there || strcmp(name, "model.safetensors") != 0)
        return 0;
    return hyt_fail(err,
                    "%s would take the place of the model in shards that is "
                    "there",
                    file);
}

/* The weights alone, as a file that any safetensors reader takes for a new
 * model: no generation, no optimizer, no history. */
static int export_weights(struct hyt_main *m, char **operand)
{
    struct hyt_ckpt *c = hyt_ckpt_open(operand[0], &m->err);
    struct hyt_tensor *t;
    size_t n = c ? hyt_ckpt_count(c) : 0;
    int status = -1;

    if (!c)
        return -1;
    if (check_beside(operand[1], &m->err) < 0) {
        hyt_ckpt_close(c);
        return -1;
    }
    t = hyt_alloc(n, sizeof(*t));
    for (size_t i = 0; i < n; i++)
        t[i] = *hyt_ckpt_tensor(c, i);
    status = hyt_st_write(operand[1], t, n, &m->err);
    free(t);
    hyt_ckpt_close(c);
    return status;
}

static const struct {
    const char *name;
    size_t n_operands;
    int (*run)(struct hyt_main *m, char **operand);
} verbs[] = {
    {"new", 1, new_model},         {"info", 1, info},
    {"verify", 1, verify},         {"log", 1, show_log},
    {"rollback", 1, rollback},     {"diff", 2, diff},
    {"export", 2, export_weights},
};

/* Options that only some verbs have. */
static void check_options(struct hyt_main *m, const char *verb)
{
    bool is_new = strcmp(verb, "new") == 0;

    if (!is_new && (shape || tokenizer || arch || dtype || tied || untied ||
                    max_positions || rope_theta > 0 || m->seed))
        hyt_main_usage(m, "%s takes none of the options of \"new\"", verb);
    if (json && strcmp(verb, "info") != 0 && strcmp(verb, "diff") != 0)
        hyt_main_usage(m, "%s has no --json", verb);
    if (tensors && strcmp(verb, "info") != 0)
        hyt_main_usage(m, "%s has no --tensors", verb);
}

int main(int argc, char **argv)
{
    struct hyt_main m;
    int got, status;

    hyt_main_open(&m, &tool, argc, argv);
    if (m.n_operands == 0)
        hyt_main_usage(&m, "expected " VERBS);
    for (size_t i = 0; i < HYT_LEN(verbs); i++) {
        if (strcmp(verbs[i].name, m.operand[0]) != 0)
            continue;
        if (m.n_operands != 1 + verbs[i].n_operands)
            hyt_main_usage(&m, "%s takes %zu operand%s", verbs[i].name,
                           verbs[i].n_operands,
                           verbs[i].n_operands == 1 ? "" : "s");
        check_options(&m, verbs[i].name);
        got = verbs[i].run(&m, m.operand + 1);
        status = hyt_main_close(&m, got);
        return status == HYT_EXIT_OK && got > 0 ? HYT_EXIT_UNMET : status;
    }
    hyt_main_usage(&m, "unknown \"%s\": expected " VERBS, m.operand[0]);
}
