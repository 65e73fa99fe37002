/* SPDX-License-Identifier: MIT */
/*
 * The weights of one batch: the two halves of the loss
 *
 *     L = (1 - lambda) L_RD + lambda L_RLIF
 *     L_RD   = -1/N_RD  sum_i w_i / |y_i|  sum_t log pi(y_it)
 *       or     -1/N_tok sum_i w_i          sum_t log pi(y_it)
 *     L_RLIF = -1/N_tok sum_j A_j          sum_t log pi(y_jt)   (at ratio 1)
 *
 * become one coefficient a sample.  N_RD and N_tok, each half's own, count the
 * samples that have all that the policy reads.
 */
#include "score/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void hyt_weighing_default(struct hyt_weighing *how, enum hyt_policy policy)
{
    how->policy = policy;
    how->reward = policy == HYT_POLICY_HYTUNING ? HYT_REWARD_PRG_PROBABILITY
                                                : HYT_REWARD_SELF_CERTAINTY;
    how->rd_prg = policy == HYT_POLICY_HYTUNING;
    how->balance = policy == HYT_POLICY_HYTUNING;
}

bool hyt_weighing_reads_prg(const struct hyt_weighing *how, bool rd)
{
    if (rd)
        return how->rd_prg;
    return how->reward == HYT_REWARD_PRG_CERTAINTY ||
           how->reward == HYT_REWARD_PRG_PROBABILITY ||
           how->reward == HYT_REWARD_PRG || how->gate || how->balance;
}

/* Whether the sample has everything that is read of it. */
static bool is_complete(const struct hyt_sample *s,
                        const struct hyt_weighing *how)
{
    if (s->tokens <= 0 || (!s->rd && !isfinite(s->reward)))
        return false;
    if (hyt_weighing_reads_prg(how, s->rd) && !isfinite(s->prg))
        return false;
    return how->policy != HYT_POLICY_SRFT || isfinite(s->entropy);
}

struct half {
    double samples, tokens;
    double entropy; /* mean over the tokens */
};

static struct half count_half(const struct hyt_sample *s, const bool *counts,
                              size_t n, bool rd)
{
    struct half h = {0};

    for (size_t i = 0; i < n; i++) {
        if (s[i].rd != rd || !counts[i])
            continue;
        h.samples++;
        h.tokens += s[i].tokens;
        h.entropy += s[i].tokens * s[i].entropy;
    }
    if (h.tokens > 0)
        h.entropy /= h.tokens;
    return h;
}

/* HPT, adapted: takes out the groups whose majority share is at most gamma.
 * Returns the share of the rollouts' tokens that stay in. */
static double keep_agreeing(struct hyt_sample *s, bool *counts, size_t n,
                            double gamma)
{
    double before = count_half(s, counts, n, false).tokens;
    size_t end, votes;

    for (size_t i = 0; i < n; i = end) {
        end = i + 1;
        if (s[i].rd)
            continue;
        end = hyt_score_group_end(s, n, i);
        (void)hyt_majority(&votes, s + i, end - i);
        if ((double)votes <= gamma * (double)(end - i))
            memset(counts + i, 0, (end - i) * sizeof *counts);
    }
    if (before == 0)
        return 0;
    return count_half(s, counts, n, false).tokens / before;
}

/*
 *     lambda = lambda_0 min(1, 2 mean_j t_j)
 *
 * Rollouts as progressive as the anchor have mean trust 1/2 and get their full
 * share.  Where no rollout counts there is nothing to reinforce, and the traces
 * get all of it; where there is no anchor, lambda_0 stands.
 */
static double balance(const struct hyt_sample *s, const bool *counts, size_t n,
                      double lambda)
{
    double sum = 0, rollouts = 0;

    for (size_t i = 0; i < n; i++) {
        if (!s[i].rd && counts[i]) {
            sum += s[i].trust;
            rollouts++;
        }
    }
    if (rollouts == 0)
        return 0;
    return isnan(sum) ? lambda : lambda * fmin(1, 2 * sum / rollouts);
}

/*
 *     w_i = clip(exp(PRG_i / T) / mean_i' exp(PRG_i' / T), 0, w_max)
 *
 * The largest PRG is taken out of both exponentials, so that none overflows.
 */
static void weigh_traces(struct hyt_sample *s, const bool *counts, size_t n,
                         const struct hyt_weighing *how, double share)
{
    struct half half = count_half(s, counts, n, true);
    double top = -INFINITY, mean = 0;

    for (size_t i = 0; i < n; i++) {
        if (s[i].rd && counts[i])
            top = fmax(top, s[i].prg);
    }
    for (size_t i = 0; i < n; i++) {
        if (s[i].rd && counts[i] && how->rd_prg)
            mean += hyt_exp((s[i].prg - top) / how->rd_temp) / half.samples;
    }
    for (size_t i = 0; i < n; i++) {
        if (!s[i].rd)
            continue;
        s[i].w = 0;
        if (!counts[i])
            continue;
        s[i].w = 1;
        if (how->rd_prg)
            s[i].w = fmin(how->w_max,
                          hyt_exp((s[i].prg - top) / how->rd_temp) / mean);
        if (how->policy == HYT_POLICY_SRFT)
            s[i].w *= 0.5 * hyt_exp(-half.entropy);
        s[i].norm = share / (how->rd_norm == HYT_RD_NORM_TOKEN
                                 ? half.tokens
                                 : half.samples * s[i].tokens);
        s[i].coef = s[i].norm * s[i].w;
    }
}

static void weigh_rollouts(struct hyt_sample *s, const bool *counts, size_t n,
                           const struct hyt_weighing *how, double share)
{
    struct half half = count_half(s, counts, n, false);

    for (size_t j = 0; j < n; j++) {
        double count = half.tokens; /* dapo */

        if (s[j].rd || !counts[j])
            continue;
        if (how->norm == HYT_NORM_GRPO)
            count = half.samples * s[j].tokens;
        else if (how->norm == HYT_NORM_DR_GRPO)
            count = half.samples * how->dr_grpo_length;
        s[j].norm = share / count;
        if (how->policy == HYT_POLICY_SRFT) {
            s[j].w = 0.1 * hyt_exp(half.entropy);
            s[j].norm *= s[j].w;
        }
        s[j].coef = s[j].norm * s[j].advantage;
    }
}

/* The rollouts' share of the loss; takes out those that get none. */
static double choose_lambda(struct hyt_sample *s, bool *counts, size_t n,
                            const struct hyt_weighing *how)
{
    switch (how->policy) {
    case HYT_POLICY_RD:
        return 0;
    case HYT_POLICY_RLIF:
        return 1;
    case HYT_POLICY_HPT:
        return keep_agreeing(s, counts, n, how->hpt_gamma);
    case HYT_POLICY_SRFT:
        return NAN;
    case HYT_POLICY_HYTUNING:
    case HYT_POLICY_FIXED:
        break;
    }
    return how->balance ? balance(s, counts, n, how->lambda) : how->lambda;
}

double hyt_weigh(struct hyt_sample *s, size_t n, const struct hyt_weighing *how,
                 struct hyt_anchor *anchor)
{
    bool *counts = hyt_alloc(n, sizeof *counts);
    bool srft = how->policy == HYT_POLICY_SRFT;
    double lambda;

    for (size_t i = 0; i < n; i++) {
        s[i].reward = s[i].advantage = s[i].trust = s[i].w = NAN;
        s[i].norm = s[i].coef = 0;
        if (!s[i].rd)
            s[i].trust = hyt_anchor_trust(anchor, s[i].prg);
    }
    hyt_score_rewards(s, n, how);
    for (size_t i = 0; i < n; i++)
        counts[i] = is_complete(&s[i], how);
    lambda = choose_lambda(s, counts, n, how);
    hyt_score_advantages(s, counts, n, how);
    weigh_traces(s, counts, n, how, srft ? 1 : 1 - lambda);
    weigh_rollouts(s, counts, n, how, srft ? 1 : lambda);
    for (size_t i = 0; i < n; i++) /* of numbers that no model gives */
        if (!isfinite(s[i].coef))
            s[i].norm = s[i].coef = 0;
    free(counts);
    return lambda;
}
