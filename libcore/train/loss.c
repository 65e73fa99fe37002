/* SPDX-License-Identifier: MIT */
/*
 * loss.c - the loss of one completion token
 *
 * Supervised tokens: cross-entropy, times the record's coefficient.  Sampled
 * tokens: the clipped surrogate of PPO (Schulman et al. 2017, eq. 7) as GRPO
 * uses it (Shao et al. 2024), with the k3 estimate of the KL divergence
 * (Schulman 2020).
 */
#include <math.h>

#include "train/loss.h"

static double rd_token(struct hyt_train_sums *sums, const struct hyt_example *e,
                       double logp)
{
    sums->loss_rd -= e->coef * logp;
    return -e->coef;
}

/*
 *     L = -min(rho c, clip(rho, 1 - lo, 1 + hi) c)
 *     dL/dlogp = -rho c where the minimum is the unclipped term, else 0
 */
static double surrogate(struct hyt_train_sums *sums,
                        const struct hyt_train_conf *conf, double coef,
                        double rho)
{
    double lo = 1 - conf->clip_low, hi = 1 + conf->clip_high;
    double cut = rho < lo ? lo : rho > hi ? hi : rho;

    if (rho * coef <= cut * coef) {
        sums->loss_rlif -= rho * coef;
        return -rho * coef;
    }
    sums->loss_rlif -= cut * coef;
    if (rho < lo)
        sums->clipped_low++;
    else
        sums->clipped_high++;
    return 0;
}

double hyt_token_loss(struct hyt_train_sums *sums,
                      const struct hyt_train_conf *conf,
                      const struct hyt_example *e, size_t token, float logp,
                      const float *logp_ref)
{
    double diff, rho, slope;

    sums->tokens++;
    if (!e->rollout)
        return rd_token(sums, e, (double)logp);

    diff = (double)logp - (double)e->logp[token];
    rho = hyt_exp(diff);
    sums->rlif_tokens++;
    sums->ratio += rho;
    sums->diff_sum += fabs(diff);
    sums->diff_max = fmax(sums->diff_max, fabs(diff));
    if (e->exact && !(diff == 0))
        sums->differs = e;
    slope = surrogate(sums, conf, e->coef, rho);
    if (logp_ref != NULL) {
        /* k3 = e^r - r - 1, r = logp_ref - logp; dk3/dlogp = 1 - e^r */
        double r = (double)*logp_ref - (double)logp;
        double k3 = hyt_exp(r) - r - 1;

        sums->k3 += k3;
        if (conf->kl <= 0)
            return slope;
        sums->loss_kl += conf->kl * e->norm * k3;
        slope += conf->kl * e->norm * (1 - hyt_exp(r));
    }
    return slope;
}
