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

#include "update.h"

static const char *ref_dir;
static double lr = 1e-5, betas[2] = {0.9, 0.95}, weight_decay = 0;
static double clip[2] = {0.2, 0.2}, clip_grad = 1, kl = 0, adam_eps = 1e-8;
static int schedule = HYT_CONSTANT;
static int64_t total_steps = 0, warmup = 0, inner = 1;
static int64_t memory = HYT_ACTIVATION_MEMORY;
static bool skip_nonfinite;
static struct hyt_update run = {.keep = -1};

static const struct hyt_opt opts[] = {
    OPT_STR(0, "out", &run.out, "DIR",
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
    OPT_STR(0, "ref", &ref_dir, "DIR", "reference checkpoint for kl"),
    OPT_INT(0, "inner", &inner, 1, 1000, "optimizer steps a batch"),
    OPT_INT(0, "activation-memory", &memory, 1, 1LL << 50,
            "bytes of activations before batches are split and layers "
            "recomputed"),
    OPT_INT(0, "commit-every", &run.every, 0, 1LL << 40,
            "also commit every N steps; 0: at the end alone"),
    OPT_INT(0, "keep", &run.keep, -1, 256,
            "keep N replaced generations, as DIR@G; -1: those that there are"),
    OPT_FLAG(0, "again", &run.again,
             "apply records that the checkpoint is the result of once more"),
    OPT_FLAG(0, "skip-nonfinite", &skip_nonfinite,
             "pass over batches whose loss or gradient is not finite, count "
             "them, exit 1"),
    OPT_FLAG(0, "dry-run", &run.dry_run, "metrics alone: no step, no commit"),
    OPT_END,
};

static const struct hyt_tool tool = {
    "hyt-update", "apply weighted gradient steps to a checkpoint", "[FILE]...",
    opts, HYT_TOOL_MODEL | HYT_TOOL_SLOW | HYT_TOOL_SIGNALS};

/* --- one step ------------------------------------------------------------- */

/* A rollout of the very weights that are loaded must have the log-probs that
 * they give, to the bit. */
static int check_exact(struct hyt_update *u, const struct hyt_train_sums *sums)
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

/* A step that would not be finite is not taken. */
static int pass_over(struct hyt_update *u, const char *what)
{
    struct hyt_buf ids = {0};

    hyt_batch_ids(&u->batch, 700, &ids);
    hyt_fail(&u->m.err,
             "batch %lld: the %s is not finite; the step is not taken; its "
             "records: %s",
             (long long)u->batch.number, what, ids.s);
    hyt_buf_free(&ids);
    if (!skip_nonfinite)
        return -1;
    hyt_main_warn(&u->m, "%s", u->m.err.msg);
    u->passed++;
    return 0;
}

static void print_step(struct hyt_update *u, const struct hyt_step_facts *facts,
                       const struct hyt_train_sums *sums, uint64_t began)
{
    struct hyt_buf line = {0};

    hyt_metrics_line(&line, facts, &u->batch, sums);
    if (u->work != NULL)
        hyt_work_log(u->work, line.s, line.n);
    hyt_metrics_time(&line, began, sums->tokens);
    hyt_buf_putc(&line, '\n');
    if (!u->closed && (hyt_out_write(u->m.out, line.s, line.n, &u->m.err) < 0 ||
                       hyt_out_flush(u->m.out, &u->m.err) < 0))
        u->closed = true;
    hyt_buf_free(&line);
    u->tokens += sums->tokens;
    hyt_main_progress(&u->m, u->input.records, u->tokens);
}

static int apply(struct hyt_update *u, const struct hyt_step_facts *facts)
{
    hyt_train_apply(u->trainer, facts->step, facts->lr, facts->grad_norm);
    u->step++;
    u->taken++;
    if (hyt_trainer_finite(u->trainer))
        return 0;
    u->spoiled = true;
    return hyt_fail(&u->m.err,
                    "batch %lld: a weight is not finite after step %llu; "
                    "nothing since step %llu is committed",
                    (long long)u->batch.number, (unsigned long long)u->step,
                    (unsigned long long)u->saved);
}

/* 1 taken, 0 passed over, -1. */
static int take_step(struct hyt_update *u, bool first)
{
    struct hyt_train_sums sums;
    struct hyt_step_facts facts = {0};
    uint64_t began = hyt_now_us();

    for (size_t i = 0; i < u->batch.n; i++)
        u->batch.example[i].exact =
            u->step == u->base_step &&
            strcmp(u->batch.record[i].digest, u->base) == 0;
    hyt_train_gradient(u->trainer, u->batch.example, u->batch.n, &sums);
    if (first && check_exact(u, &sums) < 0)
        return -1;
    if (ref_dir == NULL)
        sums.k3 = (double)NAN; /* not measured */
    facts.step = u->step + 1;
    facts.grad_norm = hyt_trainer_grad_norm(u->trainer);
    facts.lr = hyt_learning_rate(lr, (enum hyt_schedule)schedule, facts.step,
                                 (uint64_t)warmup, (uint64_t)total_steps);
    if (sums.tokens == 0) {
        hyt_main_warn(&u->m, "batch %lld moves nothing; no step is taken",
                      (long long)u->batch.number);
        return 0;
    }
    if (!isfinite(sums.loss_rd + sums.loss_rlif + sums.loss_kl))
        return pass_over(u, "loss");
    if (!isfinite(facts.grad_norm))
        return pass_over(u, "gradient");
    if (!u->dry_run && apply(u, &facts) < 0)
        return -1;
    print_step(u, &facts, &sums, began);
    return 1;
}

static int take_batch(struct hyt_update *u)
{
    int got = 1;

    for (int64_t i = 0; i < inner && got > 0; i++) {
        got = take_step(u, i == 0);
        /* The cursor cannot say that a part of a batch was applied. */
        if (got < 0 && i > 0)
            u->spoiled = true;
    }
    if (got < 0)
        return -1;
    hyt_batch_clear_records(&u->batch);
    hyt_cursor_mark(&u->input);
    if (hyt_update_save(u, false) < 0)
        return -1;
    return u->closed ? -1 : 0;
}

/* --- begin and end -------------------------------------------------------- */

static void check_options(struct hyt_update *u)
{
    if (kl > 0 && ref_dir == NULL)
        hyt_main_usage(&u->m, "--kl needs --ref DIR");
    if (schedule != HYT_CONSTANT && total_steps == 0)
        hyt_main_usage(&u->m, "--schedule linear and cosine need "
                              "--total-steps");
    if (schedule != HYT_CONSTANT && warmup >= total_steps)
        hyt_main_usage(&u->m, "--warmup is not below --total-steps");
    if ((float)betas[0] >= 1 || (float)betas[1] >= 1) /* as they are used */
        hyt_main_usage(&u->m, "--betas: both are below 1");
}

/* Of DIR@G, too, which may be a directory's name. */
static void check_place(struct hyt_update *u)
{
    if (strcmp(hyt_ckpt_dir(u->o.ckpt), u->m.model) != 0 && u->out == NULL &&
        !u->dry_run)
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

static int open_reference(struct hyt_update *u)
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

static int start(struct hyt_update *u)
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

    hyt_trace_op(&u->m.trace, NULL);
    if (hyt_update_begin(u) < 0)
        return -1;
    u->trainer = hyt_trainer_new(u->o.model, u->work, u->ref.model, &conf,
                                 (size_t)memory, &u->m.err);
    hyt_trace_op(&u->m.trace, "start");
    return u->trainer == NULL ? -1 : 0;
}

/* What ends a run before its input is used up: a signal, or an input that was
 * cut short. */
static int check_end(struct hyt_update *u, const char *file, uint64_t line)
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
    if (u->input.records == 0 && u->out != NULL)
        return hyt_fail(&u->m.err,
                        "no records: there is nothing to commit to %s", u->out);
    if (!u->applied || u->taken > 0 || u->resumed)
        return 0;
    hyt_main_warn(&u->m,
                  "%s: its generation %llu has these records already; --again "
                  "applies them once more",
                  hyt_ckpt_dir(u->o.ckpt),
                  (unsigned long long)hyt_ckpt_generation(u->o.ckpt));
    return hyt_ckpt_tidy(u->o.ckpt, &u->m.err);
}

/* The reference runs what the model runs: all but traces of coefficient 0. */
static int check_reference(struct hyt_update *u, struct hyt_rec *rec)
{
    const struct hyt_example *e = &u->batch.example[u->batch.n - 1];
    size_t n = e->n_prompt + e->n_completion;

    if (u->ref.model == NULL || n <= u->ref.model->c.max_positions ||
        (!e->rollout && !(e->coef < 0) && !(e->coef > 0)))
        return 0;
    u->batch.n--;
    u->batch.broken = true;
    return hyt_rec_fail(rec, "tokens", &u->m.err,
                        "%zu tokens are more than the reference's context of "
                        "%zu",
                        n, u->ref.model->c.max_positions);
}

static int take_record(struct hyt_update *u, struct hyt_rec *rec)
{
    struct hyt_err *err = &u->m.err;

    if (u->trainer == NULL && start(u) < 0)
        return -1;
    /* --skip-bad: the batch that was cut short is told of, the new one taken */
    if (hyt_main_keep(&u->m, hyt_batch_begin(&u->batch, rec, err)) < 0 ||
        hyt_batch_read(&u->batch, rec, &u->o, err) < 0 ||
        check_reference(u, rec) < 0)
        return -1;
    return u->batch.n == u->batch.of ? take_batch(u) : 0;
}

static int take_all(struct hyt_update *u)
{
    struct hyt_rec *rec;
    const char *file = "<stdin>";
    uint64_t line = 0;
    int got = 0;

    for (;;) {
        if (hyt_cursor_is_drained(&u->input) && hyt_main_wait(&u->m) &&
            (got = hyt_update_save(u, true)) < 0)
            break;
        if (hyt_main_stopping() ||
            (got = hyt_cursor_next(&u->input, &u->m, &rec)) <= 0)
            break;
        file = hyt_rec_file(rec);
        line = hyt_rec_lineno(rec);
        if ((got = hyt_main_keep(&u->m, take_record(u, rec))) < 0)
            break;
    }
    if (got >= 0)
        got = check_end(u, file, line);
    return hyt_update_end(u, got < 0 ? -1 : 0);
}

int main(int argc, char **argv)
{
    struct hyt_update *u = &run;
    int got;

    hyt_main_open(&u->m, &tool, argc, argv);
    check_options(u);
    if (hyt_open(&u->o, &u->m, &u->m.err) < 0 || open_reference(u) < 0)
        hyt_main_die(&u->m);
    check_place(u);
    hyt_cursor_open(&u->input);
    put_options(&u->options, u->ref.ckpt);
    got = hyt_update_prepare(u);
    if (got == 0)
        got = take_all(u);
    if (u->passed > 0)
        hyt_main_warn(&u->m, "%llu batches passed over",
                      (unsigned long long)u->passed);
    hyt_trainer_free(u->trainer);
    hyt_batch_free(&u->batch);
    hyt_cursor_close(&u->input);
    hyt_buf_free(&u->options);
    hyt_close(&u->ref);
    hyt_close(&u->o);
    got = hyt_main_close(&u->m, got < 0 ? -1 : 0);
    return got == HYT_EXIT_OK && u->passed > 0 ? HYT_EXIT_FAILED : got;
}
