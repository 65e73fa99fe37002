/* SPDX-License-Identifier: MIT */
/*
 * From scores to rewards, and from rewards to advantages within a query's
 * group of rollouts (GRPO, 2402.03300).
 */
#include "score/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Keeps the advantage finite where rewards hardly differ, as TRL has it. */
#define SIGMA_FLOOR 1e-4

size_t hyt_score_group_end(const struct hyt_sample *s, size_t n, size_t i)
{
    size_t end = i + 1;

    while (end < n && !s[end].rd && s[end].group == s[i].group)
        end++;
    return end;
}

size_t hyt_majority(size_t *votes, const struct hyt_sample *s, size_t n)
{
    size_t best = n;

    *votes = 0;
    for (size_t i = 0; i < n; i++) {
        size_t same = 0;

        if (s[i].answer == NULL)
            continue;
        for (size_t j = 0; j < n; j++)
            same += s[j].answer != NULL &&
                    hyt_grade(s[i].answer, s[i].n_answer, s[j].answer,
                              s[j].n_answer, HYT_GRADE_AUTO, NULL);
        if (same > *votes) {
            *votes = same;
            best = i;
        }
    }
    return best;
}

/* 1 for the group's majority answer, 0 for another, null for none. */
static void reward_majority(struct hyt_sample *s, size_t n)
{
    size_t votes, best = hyt_majority(&votes, s, n);

    for (size_t i = 0; i < n; i++) {
        if (s[i].answer == NULL)
            s[i].reward = NAN;
        else
            s[i].reward =
                hyt_grade(s[best].answer, s[best].n_answer, s[i].answer,
                          s[i].n_answer, HYT_GRADE_AUTO, NULL);
    }
}

static double reward_alone(const struct hyt_sample *s,
                           const struct hyt_weighing *how)
{
    switch (how->reward) {
    case HYT_REWARD_PRG_CERTAINTY:
        /* Not fmax(): a null PRG must stay null. */
        return s->self * (s->prg < 0 ? 0 : s->prg);
    case HYT_REWARD_PRG_PROBABILITY:
        return hyt_exp(how->sharpness * s->logp) * (s->prg < 0 ? 0 : s->prg);
    case HYT_REWARD_PRG:
        return s->prg;
    case HYT_REWARD_SELF_CERTAINTY:
        return s->self;
    case HYT_REWARD_ENTROPY:
        return -s->entropy;
    case HYT_REWARD_LOGP:
        return s->logp;
    case HYT_REWARD_FIELD:
        return s->field;
    case HYT_REWARD_MAJORITY:
        break;
    }
    HYT_BUG("a reward of the group, not of one rollout");
}

void hyt_score_rewards(struct hyt_sample *s, size_t n,
                       const struct hyt_weighing *how)
{
    size_t end;

    for (size_t i = 0; i < n; i = end) {
        end = i + 1;
        if (s[i].rd)
            continue;
        end = hyt_score_group_end(s, n, i);
        if (how->reward == HYT_REWARD_MAJORITY)
            reward_majority(s + i, end - i);
        for (size_t j = i; how->reward != HYT_REWARD_MAJORITY && j < end; j++)
            s[j].reward = reward_alone(&s[j], how);
    }
}

/* Mean and deviation (ddof 1) of the rewards that count. */
struct spread {
    size_t n;
    double mean, sigma;
};

static struct spread reward_spread(const struct hyt_sample *s,
                                   const bool *counts, size_t n)
{
    struct spread r = {0};
    double low = INFINITY, high = -INFINITY, squares = 0;

    for (size_t i = 0; i < n; i++) {
        if (s[i].rd || !counts[i])
            continue;
        r.n++;
        r.mean += s[i].reward;
        low = s[i].reward < low ? s[i].reward : low;
        high = s[i].reward > high ? s[i].reward : high;
    }
    if (r.n > 0)
        r.mean /= (double)r.n;
    for (size_t i = 0; i < n; i++) {
        if (!s[i].rd && counts[i])
            squares += (s[i].reward - r.mean) * (s[i].reward - r.mean);
    }
    /* Equal rewards have no deviation, not that of a rounded mean. */
    if (r.n > 1 && low < high)
        r.sigma = sqrt(squares / (double)(r.n - 1));
    return r;
}

/*
 *     A_j = (r_j - mu_g) / (sigma + 1e-4)
 *
 * with sigma of the group or of the batch, or (r_j - mu_g); 0 where the group
 * has nothing to compare.
 */
static void group_advantages(struct hyt_sample *s, const bool *counts, size_t n,
                             enum hyt_scale scale, double batch_sigma)
{
    struct spread group = reward_spread(s, counts, n);

    for (size_t j = 0; j < n; j++) {
        if (!counts[j])
            continue;
        s[j].advantage = 0;
        if (group.sigma > 0)
            s[j].advantage = s[j].reward - group.mean;
        if (scale == HYT_SCALE_GROUP)
            s[j].advantage /= group.sigma + SIGMA_FLOOR;
        else if (scale == HYT_SCALE_BATCH)
            s[j].advantage /= batch_sigma + SIGMA_FLOOR;
    }
}

/* A rollout that reasons like the traces is pushed up in full and down hardly
 * at all; one that does not, the other way round. */
static void gate(struct hyt_sample *s)
{
    if (s->advantage > 0)
        s->advantage *= s->trust;
    else if (s->advantage < 0)
        s->advantage *= 1 - s->trust;
}

void hyt_score_advantages(struct hyt_sample *s, const bool *counts, size_t n,
                          const struct hyt_weighing *how)
{
    struct spread batch = reward_spread(s, counts, n);
    size_t end;

    for (size_t i = 0; i < n; i = end) {
        end = i + 1;
        if (s[i].rd)
            continue;
        end = hyt_score_group_end(s, n, i);
        group_advantages(s + i, counts + i, end - i, how->scale, batch.sigma);
    }
    for (size_t i = 0; i < n; i++) {
        if (how->gate && !s[i].rd && counts[i] && !isnan(s[i].trust))
            gate(&s[i]);
    }
}
