/* SPDX-License-Identifier: MIT */
/*
 * hyt-weight - decide how much each record may move the model
 *
 * Forms batches, one a later optimizer step: so many whole groups of rollouts
 * and, beside them, so many supervised traces out of the pool of all that have
 * come.  A record leaves with the coefficient of its log-probability in the
 * gradient; the formulas are in score/.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "sample.h"
#include "tool.h"

static int policy, gate, rd_weight, rd_norm, balance, norm, scale;
static const char *reward = "auto", *anchor_file;
static double sharpness = 10, lambda = 0.5, rd_temp = 0.5, w_max = 5,
              hpt_gamma = 0.5;
static int64_t groups = 16, traces = 16, dr_grpo_length = 512;

static const struct hyt_opt opts[] = {
    OPT_ENUM(0, "policy", &policy, HYT_POLICIES, "what moves the model"),
    OPT_STR(0, "reward", &reward, "KIND",
            "what rollouts are compared by: prg-certainty, "
            "prg-probability, prg, self-certainty, entropy, logp, majority, "
            "field:NAME, or auto, the policy's own"),
    OPT_FLOAT(0, "sharpness", &sharpness, 0, 1e6,
              "prg-probability: tokens whose probability multiplies PRG"),
    OPT_ENUM(0, "gate", &gate, "none|trust", "scale advantages by trust"),
    OPT_ENUM(0, "rd-weight", &rd_weight, "auto|prg|none",
             "weigh supervised traces by their PRG; auto is the policy's own"),
    OPT_ENUM(0, "rd-norm", &rd_norm, HYT_RD_NORMS,
             "what supervised traces are averaged over"),
    OPT_ENUM(0, "balance", &balance, "auto|trust|constant",
             "how lambda, the rollouts' share of the loss, is found"),
    OPT_FLOAT(0, "lambda", &lambda, 0, 1, "largest share of the rollouts"),
    OPT_FLOAT(0, "rd-temp", &rd_temp, 1e-6, 1e6,
              "temperature of the traces' weights"),
    OPT_FLOAT(0, "w-max", &w_max, 0, 1e6, "largest weight of a trace"),
    OPT_ENUM(0, "norm", &norm, HYT_NORMS, "what rollouts are averaged over"),
    OPT_ENUM(0, "scale", &scale, HYT_SCALES, "what advantages are divided by"),
    OPT_INT(0, "groups", &groups, 1, 1 << 24, "groups of rollouts a batch"),
    OPT_INT(0, "traces", &traces, 1, 1 << 24, "supervised traces a batch"),
    OPT_STR(0, "anchor", &anchor_file, "FILE",
            "scores to compare rollouts with, not those of the traces seen"),
    OPT_INT(0, "dr-grpo-length", &dr_grpo_length, 1, 1 << 24,
            "for dr_grpo: the longest completion, in tokens"),
    OPT_FLOAT(0, "hpt-gamma", &hpt_gamma, 0, 1,
              "for hpt: majority share above which rollouts count"),
    OPT_END,
};

static const struct hyt_tool tool = {
    "hyt-weight", "decide how much each record may move the model", "[FILE]...",
    opts, HYT_TOOL_SEED | HYT_TOOL_SPLICES};

static const char *const policies[] = {"hytuning", "rd",  "rlif",
                                       "fixed",    "hpt", "srft"};

struct weight {
    struct hyt_main m;
    struct hyt_weighing how;
    const char *field; /* of --reward field:NAME */
    struct hyt_anchor anchor;
    struct hyt_pool pool;
    struct hyt_groups groups;
    uint64_t batch;
    bool ignored;        /* a record came that the policy has no use for */
    bool broken;         /* a batch could not be written */
    struct hyt_rec *rec; /* to write with */
};

/* --- a batch out --------------------------------------------------------- */

static void set_weight(struct hyt_rec *rec, const struct hyt_sample *s,
                       double share, uint64_t batch, size_t index, size_t of)
{
    static const char *const name[] = {"reward", "advantage", "trust", "lambda",
                                       "w",      "norm",      "coef"};
    double x[] = {s->reward, s->advantage, s->trust, share,
                  s->w,      s->norm,      s->coef};
    struct hyt_buf b = {0};

    hyt_buf_printf(&b, "{\"batch\":%llu,\"index\":%zu,\"of\":%zu,",
                   (unsigned long long)batch, index, of);
    hyt_buf_printf(&b, "\"policy\":\"%s\"", policies[policy]);
    for (size_t i = 0; i < HYT_LEN(x); i++) {
        hyt_buf_printf(&b, ",\"%s\":", name[i]);
        hyt_json_put_f64_or_null(&b, x[i]);
    }
    hyt_buf_putc(&b, '}');
    hyt_rec_set(rec, "weight", b.s, b.n);
    hyt_buf_free(&b);
}

/* Weighs the traces drawn and the whole groups together and writes them. */
static int write_batch(struct weight *w, const size_t *drawn, size_t n_drawn)
{
    size_t n = n_drawn + w->groups.whole;
    struct hyt_sample *s = hyt_alloc(n, sizeof *s);
    const struct hyt_kept **kept = hyt_alloc(n, sizeof *kept);
    double share;
    int status = 0;

    for (size_t i = 0; i < n; i++) {
        kept[i] = i < n_drawn ? &w->pool.traces.item[drawn[i]]
                              : &w->groups.rollouts.item[i - n_drawn];
        s[i] = kept[i]->s;
    }
    share = hyt_weigh(s, n, &w->how, &w->anchor);
    for (size_t i = 0; i < n && status == 0; i++) {
        status = hyt_kept_load(kept[i], w->rec, &w->m.err);
        if (status < 0)
            break;
        set_weight(w->rec, &s[i], share, w->batch, i, n);
        status = hyt_main_write(&w->m, w->rec, &w->m.err);
    }
    free(kept);
    free(s);
    w->batch++;
    w->broken = status < 0;
    return status;
}

static int close_batch(struct weight *w)
{
    bool both = policy == HYT_POLICY_HYTUNING || policy == HYT_POLICY_FIXED ||
                policy == HYT_POLICY_SRFT;
    size_t *drawn, n;
    int status;

    if (w->batch == 0 && both && w->pool.traces.n == 0) {
        w->broken = true;
        return hyt_fail(&w->m.err,
                        "no supervised trace came before the first batch was "
                        "full (--policy rlif needs none)");
    }
    if (gate && w->anchor.n == 0) {
        w->broken = true;
        return hyt_fail(&w->m.err, "--gate: no score of a trace came before "
                                   "the first batch was full");
    }
    drawn = hyt_alloc((size_t)traces, sizeof *drawn);
    n = hyt_pool_draw(&w->pool, drawn, (size_t)traces, (uint64_t)w->m.seed);
    status = write_batch(w, drawn, n);
    free(drawn);
    hyt_groups_drop_whole(&w->groups);
    return status;
}

/* Supervised fine-tuning: in order of arrival, and nothing stays. */
static int close_traces(struct weight *w)
{
    size_t n = w->pool.traces.n, *all = hyt_alloc(n, sizeof *all);
    int status;

    for (size_t i = 0; i < n; i++)
        all[i] = i;
    status = write_batch(w, all, n);
    free(all);
    hyt_kept_drop(&w->pool.traces, 0, n);
    return status;
}

/* --- a record in --------------------------------------------------------- */

/* n samples have just been refused.  Under --skip-bad they are passed over, and
 * a group is told of once. */
static int refuse(struct weight *w, size_t n)
{
    if (w->groups.refusals == 1) {
        if (hyt_main_keep(&w->m, -1) < 0)
            return -1;
        n--; /* that counted one */
    }
    w->m.n_bad += n;
    return 0;
}

/* The open group, if any, will not be whole. */
static int cut_group(struct weight *w)
{
    size_t n = hyt_groups_open(&w->groups);

    return hyt_groups_cut(&w->groups, &w->m.err) < 0 ? refuse(w, n) : 0;
}

static int take_rollout(struct weight *w, struct hyt_rec *rec,
                        struct hyt_sample *s)
{
    int got = hyt_groups_continues(&w->groups, rec, &w->m.err);

    if (got < 0 || (got == 0 && cut_group(w) < 0))
        return -1;
    got = hyt_groups_add(&w->groups, rec, s, &w->m.err);
    if (got < 0)
        return refuse(w, 1);
    return got > 0 && (int64_t)w->groups.count == groups ? close_batch(w) : 0;
}

static int take_trace(struct weight *w, struct hyt_rec *rec,
                      const struct hyt_sample *s)
{
    if (cut_group(w) < 0)
        return -1;
    if (anchor_file == NULL)
        hyt_anchor_add(&w->anchor, s->prg);
    hyt_kept_add(&w->pool.traces, rec, s);
    if (policy == HYT_POLICY_RD && (int64_t)w->pool.traces.n == traces)
        return close_traces(w);
    return 0;
}

static int take_record(struct weight *w, struct hyt_rec *rec)
{
    struct hyt_err *err = &w->m.err;
    struct hyt_sample s;

    if (hyt_rec_claim(rec, "weight", HYT_JSON_OBJECT, "batch,index,of,coef",
                      w->m.overwrite, err) < 0 ||
        hyt_sample_read(&s, rec, &w->how, w->field, err) < 0)
        return -1;
    if (policy == (s.rd ? HYT_POLICY_RLIF : HYT_POLICY_RD)) {
        hyt_main_info(
            &w->m, "%s:%llu: left out by policy %s", hyt_rec_file(rec),
            (unsigned long long)hyt_rec_lineno(rec), policies[policy]);
        w->ignored = true;
        return 0;
    }
    return s.rd ? take_trace(w, rec, &s) : take_rollout(w, rec, &s);
}

/* At the end of the input what is whole makes a smaller batch. */
static int finish(struct weight *w)
{
    bool rd = policy == HYT_POLICY_RD;

    if (rd && w->pool.traces.n > 0)
        return close_traces(w);
    if (w->groups.count > 0)
        return close_batch(w);
    if (w->batch > 0 || (!w->ignored && w->pool.traces.n == 0))
        return 0;
    if (rd)
        return hyt_fail(&w->m.err, "rollouts came but no supervised trace "
                                   "(policy rd is of traces alone)");
    return hyt_fail(&w->m.err, "supervised traces came but no whole group of "
                               "rollouts (--policy rd needs none)");
}

/* --- start and end ------------------------------------------------------- */

/* Ends the process where an option says what is not done. */
static void check_idle(struct weight *w)
{
    bool traced = policy != HYT_POLICY_RLIF, sampled = policy != HYT_POLICY_RD;
    bool shared = policy == HYT_POLICY_HYTUNING || policy == HYT_POLICY_FIXED;
    const struct {
        const char *name;
        bool used;
    } option[] = {
        {"reward", sampled || strcmp(reward, "auto") == 0},
        {"sharpness", sampled && w->how.reward == HYT_REWARD_PRG_PROBABILITY},
        {"gate", sampled || !gate},
        {"anchor", sampled && hyt_weighing_reads_prg(&w->how, false)},
        {"rd-weight", (traced && sampled) || !rd_weight},
        {"rd-temp", traced && sampled && w->how.rd_prg},
        {"w-max", traced && sampled && w->how.rd_prg},
        {"rd-norm", traced},
        {"balance", shared || !balance},
        {"lambda", shared},
        {"norm", sampled},
        {"dr-grpo-length", sampled && norm == HYT_NORM_DR_GRPO},
        {"scale", sampled},
        {"hpt-gamma", policy == HYT_POLICY_HPT},
    };

    for (size_t i = 0; i < HYT_LEN(option); i++)
        if (!option[i].used && hyt_main_given(&w->m, option[i].name))
            hyt_main_usage(&w->m,
                           "--%s: policy %s and the other options have no use "
                           "for it",
                           option[i].name, policies[policy]);
}

static void start(struct weight *w)
{
    hyt_weighing_default(&w->how, (enum hyt_policy)policy);
    if (!hyt_reward_parse(&w->how, &w->field, reward))
        hyt_main_usage(&w->m, "--reward: \"%s\" is none of auto|%s|field:NAME",
                       reward, HYT_REWARDS);
    if (policy == HYT_POLICY_RLIF && gate && anchor_file == NULL)
        hyt_main_usage(&w->m, "--gate: policy rlif needs an --anchor for it");
    if (rd_weight)
        w->how.rd_prg = rd_weight == 1;
    if (balance)
        w->how.balance = balance == 1;
    check_idle(w);
    w->how.gate = gate;
    w->how.norm = (enum hyt_norm)norm;
    w->how.rd_norm = (enum hyt_rd_norm)rd_norm;
    w->how.scale = (enum hyt_scale)scale;
    w->how.sharpness = sharpness;
    w->how.lambda = lambda;
    w->how.rd_temp = rd_temp;
    w->how.w_max = w_max;
    w->how.dr_grpo_length = (double)dr_grpo_length;
    w->how.hpt_gamma = hpt_gamma;
    if (anchor_file != NULL &&
        hyt_anchor_read(&w->anchor, anchor_file, (size_t)w->m.max_line,
                        &w->m.err) < 0)
        hyt_main_die(&w->m);
    w->rec = hyt_rec_new();
}

static void stop(struct weight *w)
{
    hyt_groups_free(&w->groups);
    hyt_pool_free(&w->pool);
    hyt_anchor_free(&w->anchor);
    hyt_rec_free(w->rec);
}

int main(int argc, char **argv)
{
    struct weight w = {0};
    struct hyt_rec *rec;
    struct hyt_err first;
    int got;

    hyt_main_open(&w.m, &tool, argc, argv);
    start(&w);
    while ((got = hyt_main_next(&w.m, &rec)) > 0)
        if ((got = hyt_main_keep(&w.m, take_record(&w, rec))) < 0)
            break;
    if (got == 0)
        got = cut_group(&w);
    /* What was whole before an error is written; the error is what is told. */
    first = w.m.err;
    if (!w.broken && finish(&w) < 0 && got == 0)
        got = -1;
    else
        w.m.err = first;
    stop(&w);
    return hyt_main_close(&w.m, got);
}
