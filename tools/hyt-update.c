/* SPDX-License-Identifier: MIT */
/*
 * hyt-update - weighted gradient steps on the memory-mapped checkpoint
 *
 * Reads batches as hyt-weight wrote them, one optimizer step each (--inner
 * more), and writes one line of metrics a step. The new generation is
 * committed at the end of the input; until then the checkpoint is as it was.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "hyt/train.h"
#include "metrics.h"
#include "open.h"
#include "tool.h"

static const char *out_dir, *ref_dir;
static double lr = 1e-5, betas[2] = {0.9, 0.95}, weight_decay = 0;
static double clip[2] = {0.2, 0.2}, clip_grad = 1, kl = 0, adam_eps = 1e-8;
static int schedule = HYT_CONSTANT;
static int64_t total_steps = 0, warmup = 0, inner = 1;
static int64_t memory = (int64_t)1 << 30;
static bool dry_run;

static const struct hyt_opt opts[] = {
    OPT_STR(0, "out", &out_dir, "DIR",
            "commit to DIR, a new directory; the input is left alone"),
    OPT_FLOAT(0, "lr", &lr, 0, 1, "learning rate"),
    OPT_ENUM(0, "schedule", &schedule, "constant|linear|cosine",
             "of the learning rate"),
    OPT_INT(0, "total-steps", &total_steps, 0, 1LL << 40,
            "where linear and cosine end, in steps of the checkpoint"),
    OPT_INT(0, "warmup", &warmup, 0, 1LL << 40, "steps of linear warm-up"),
    OPT_PAIR(0, "betas", betas, 0, 1, "of AdamW"),
    OPT_FLOAT(0, "adam-eps", &adam_eps, 0, 1, "epsilon of AdamW"),
    OPT_FLOAT(0, "weight-decay", &weight_decay, 0, 10, "of AdamW"),
    OPT_FLOAT(0, "clip-grad", &clip_grad, 0, 1e9,
              "largest norm of the gradient; 0: any"),
    OPT_PAIR(0, "clip", clip, 0, 1e9, "the ratio is cut to 1-X ... 1+Y"),
    OPT_FLOAT(0, "kl", &kl, 0, 1e9, "weight of the divergence from --ref (k3)"),
    OPT_STR(0, "ref", &ref_dir, "DIR", "reference checkpoint for --kl"),
    OPT_INT(0, "inner", &inner, 1, 1000, "optimizer steps a batch"),
    OPT_INT(0, "activation-memory", &memory, 1, 1LL << 50,
            "bytes of activations before batches are split and layers "
            "recomputed"),
    OPT_FLAG(0, "dry-run", &dry_run, "metrics alone: no step, no commit"),
    OPT_END,
};

static const struct hyt_tool tool = {
    "hyt-update", "apply weighted gradient steps to a checkpoint", "[FILE]...",
    opts, HYT_TOOL_MODEL | HYT_TOOL_SLOW | HYT_TOOL_SIGNALS};

struct update {
    struct hyt_main m;
    struct hyt_opened o, ref;
    struct hyt_work *work;
    struct hyt_trainer *trainer;
    struct hyt_batch batch;
    struct hyt_cursor input; /* the records consumed */
    struct hyt_buf options;  /* those that change the result, as text */
    char digest[17];         /* of the generation that the run began with */
    uint64_t step, taken;    /* of the checkpoint; of this run */
    uint64_t tokens;
};

/* --- one step ------------------------------------------------------------- */

/* A rollout of the very weights that are loaded must have the log-probs that
 * they give, to the bit. */
static int check_exact(struct update *u, const struct hyt_train_sums *sums)
{
    const struct hyt_batch_record *r;

    if (sums->differs == NULL)
        return 0;
    r = &u->batch.record[sums->differs - u->batch.example];
    return hyt_fail(&u->m.err,
                    "%s:%llu:1: sampled log-probs differ by up to %g from "
                    "those of the generation that they name",
                    r->file, (unsigned long long)r->lineno, sums->diff_max);
}

static int take_step(struct update *u, bool first)
{
    struct hyt_train_sums sums;
    struct hyt_step_facts facts = {0};
    uint64_t began = hyt_now_us();
    struct hyt_buf line = {0};
    int status = 0;

    for (size_t i = 0; i < u->batch.n; i++)
        u->batch.example[i].exact =
            u->taken == 0 && strcmp(u->batch.record[i].digest, u->digest) == 0;
    hyt_train_gradient(u->trainer, u->batch.example, u->batch.n, &sums);
    if (first && check_exact(u, &sums) < 0)
        return -1;
    facts.step = u->step + 1;
    facts.grad_norm = hyt_trainer_grad_norm(u->trainer);
    facts.lr = hyt_learning_rate(lr, (enum hyt_schedule)schedule, facts.step,
                                 (uint64_t)warmup, (uint64_t)total_steps);
    if (!isfinite(facts.grad_norm))
        return hyt_fail(&u->m.err,
                        "batch %lld: the gradient is not finite; the step is "
                        "not taken",
                        (long long)u->batch.number);
    if (sums.tokens == 0)
        hyt_main_warn(&u->m, "batch %lld moves nothing; no step is taken",
                      (long long)u->batch.number);
    else if (!dry_run) {
        hyt_train_apply(u->trainer, facts.step, facts.lr);
        u->step++;
        u->taken++;
    }
    hyt_metrics_line(&line, &facts, &u->batch, &sums);
    if (u->work != NULL)
        hyt_work_log(u->work, line.s, line.n);
    hyt_metrics_time(&line, began, sums.tokens);
    hyt_buf_putc(&line, '\n');
    status = hyt_out_write(u->m.out, line.s, line.n, &u->m.err);
    if (status == 0)
        status = hyt_out_flush(u->m.out, &u->m.err);
    hyt_buf_free(&line);
    u->tokens += sums.tokens;
    hyt_main_progress(&u->m, u->input.records, u->tokens);
    return status;
}

static int take_batch(struct update *u)
{
    for (int64_t i = 0; i < inner; i++)
        if (take_step(u, i == 0) < 0)
            return -1;
    hyt_batch_clear_records(&u->batch);
    return 0;
}

static int take_record(struct update *u, struct hyt_rec *rec)
{
    hyt_cursor_add(&u->input, rec);
    if (hyt_batch_read(&u->batch, rec, &u->o, &u->m.err) < 0)
        return -1;
    return u->batch.n == u->batch.of ? take_batch(u) : 0;
}

/* --- begin and end -------------------------------------------------------- */

static void check_options(struct update *u)
{
    if (kl > 0 && ref_dir == NULL)
        hyt_main_usage(&u->m, "--kl needs --ref DIR");
    if (kl <= 0 && ref_dir != NULL)
        hyt_main_usage(&u->m, "--ref has no effect without --kl X");
    if (schedule != HYT_CONSTANT && total_steps == 0)
        hyt_main_usage(&u->m, "--schedule linear and cosine need "
                              "--total-steps");
    if (schedule != HYT_CONSTANT && warmup >= total_steps)
        hyt_main_usage(&u->m, "--warmup is not below --total-steps");
    if (betas[0] >= 1 || betas[1] >= 1)
        hyt_main_usage(&u->m, "--betas: both are below 1");
    if (strchr(u->m.model, '@') != NULL && out_dir == NULL && !dry_run)
        hyt_main_usage(&u->m, "an earlier generation is read-only: --out DIR");
}

static void put_options(struct hyt_buf *b, const struct hyt_ckpt *ref)
{
    const double x[] = {lr,      betas[0], betas[1],  adam_eps, weight_decay,
                        clip[0], clip[1],  clip_grad, kl};
    const int64_t n[] = {schedule, total_steps, warmup, inner};

    for (size_t i = 0; i < HYT_LEN(x); i++) {
        hyt_json_put_f64(b, x[i]);
        hyt_buf_putc(b, ' ');
    }
    for (size_t i = 0; i < HYT_LEN(n); i++)
        hyt_buf_printf(b, "%lld ", (long long)n[i]);
    hyt_buf_puts(b, ref != NULL ? hyt_ckpt_digest(ref) : "-");
}

static int open_reference(struct update *u)
{
    struct hyt_err *err = &u->m.err;

    if (ref_dir == NULL)
        return 0;
    if (hyt_open_weights(&u->ref, ref_dir, err) < 0)
        return -1;
    hyt_open_vocab(&u->ref, u->o.tok);
    if (u->ref.model->vocab == u->o.model->vocab)
        return 0;
    return hyt_fail(err, "%s: another vocabulary than %s", ref_dir, u->m.model);
}

static int start(struct update *u)
{
    struct hyt_train_conf conf = {
        .clip_low = clip[0],
        .clip_high = clip[1],
        .kl = kl,
        .clip_grad = clip_grad,
        .beta1 = betas[0],
        .beta2 = betas[1],
        .eps = adam_eps,
        .weight_decay = weight_decay,
    };
    struct hyt_err *err = &u->m.err;

    hyt_trace_op(&u->m.trace, NULL);
    if (!dry_run) {
        u->work = hyt_work_begin(
            u->o.ckpt, out_dir ? out_dir : hyt_ckpt_dir(u->o.ckpt), err);
        if (u->work == NULL)
            return -1;
    }
    u->step = hyt_ckpt_step(u->o.ckpt);
    u->trainer = hyt_trainer_new(u->o.model, u->work, u->ref.model, &conf,
                                 (size_t)memory, err);
    hyt_trace_op(&u->m.trace, "start");
    return u->trainer == NULL ? -1 : 0;
}

/* Steps that were taken are committed, even where what followed was bad. */
static int commit(struct update *u, int got)
{
    struct hyt_buf line = {0};
    uint64_t generation = u->work ? hyt_work_generation(u->work) : 0;
    char text[64];
    int status;

    if (u->work == NULL)
        return got;
    if (u->taken == 0) {
        hyt_work_abandon(u->work);
        return got;
    }
    hyt_cursor_text(&u->input, text);
    /* Only a finished run is the result of its input. */
    if (got == 0 && u->m.n_bad == 0) {
        hyt_work_meta(u->work, HYT_CURSOR_KEY, text);
        hyt_work_meta(u->work, HYT_OPTIONS_KEY, u->options.s);
    }
    hyt_trace_op(&u->m.trace, NULL);
    status = hyt_work_commit(u->work, u->step, &u->m.err);
    hyt_trace_op(&u->m.trace, "commit");
    if (status < 0)
        return -1;
    hyt_buf_printf(&line, "{\"committed\":%llu,\"step\":%llu}\n",
                   (unsigned long long)generation, (unsigned long long)u->step);
    if (got == 0) {
        status = hyt_out_write(u->m.out, line.s, line.n, &u->m.err);
    } else {
        hyt_main_warn(&u->m,
                      "what was taken before this is committed: %llu "
                      "step%s",
                      (unsigned long long)u->taken, u->taken == 1 ? "" : "s");
        status = got;
    }
    hyt_buf_free(&line);
    return status;
}

/* What ends a run before its input is used up: a signal, or an input that was
 * cut short. */
static int check_end(struct update *u, const char *file, uint64_t line)
{
    if (hyt_main_stopping())
        return hyt_fail(&u->m.err,
                        "stopped by a signal: the input is not used up");
    if (u->batch.n > 0)
        return hyt_fail(&u->m.err,
                        "%s:%llu:1: the input ends after %zu of %zu records "
                        "of batch %lld; the step is not taken",
                        file, (unsigned long long)line, u->batch.n, u->batch.of,
                        (long long)u->batch.number);
    if (u->input.records == 0 && out_dir != NULL)
        return hyt_fail(&u->m.err,
                        "no records: there is nothing to commit to "
                        "%s",
                        out_dir);
    return 0;
}

static int run(struct update *u)
{
    struct hyt_rec *rec;
    const char *file = "<stdin>";
    uint64_t line = 0;
    int got = 0;

    while (!hyt_main_stopping() && (got = hyt_main_next(&u->m, &rec)) > 0) {
        file = hyt_rec_file(rec);
        line = hyt_rec_lineno(rec);
        if (u->trainer == NULL && start(u) < 0)
            return -1;
        if ((got = hyt_main_keep(&u->m, take_record(u, rec))) < 0)
            break;
    }
    if (got >= 0)
        got = check_end(u, file, line);
    return commit(u, got < 0 ? -1 : 0);
}

int main(int argc, char **argv)
{
    struct update u = {0};
    int got = 0;

    hyt_main_open(&u.m, &tool, argc, argv);
    check_options(&u);
    if (hyt_open(&u.o, &u.m, &u.m.err) < 0 || open_reference(&u) < 0)
        hyt_main_die(&u.m);
    memcpy(u.digest, hyt_ckpt_digest(u.o.ckpt), sizeof(u.digest));
    hyt_cursor_open(&u.input);
    put_options(&u.options, u.ref.ckpt);
    if (out_dir != NULL && !dry_run)
        got = hyt_cursor_done(&u.input, &u.m, out_dir, u.digest, u.options.s);
    if (got == 0)
        got = run(&u);
    hyt_trainer_free(u.trainer);
    hyt_batch_free(&u.batch);
    hyt_cursor_close(&u.input);
    hyt_buf_free(&u.options);
    hyt_close(&u.ref);
    hyt_close(&u.o);
    return hyt_main_close(&u.m, got < 0 ? -1 : 0);
}
