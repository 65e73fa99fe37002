/* SPDX-License-Identifier: MIT */
/*
 * loss.h - what one token adds to the loss, and its derivative
 *
 * Private to train/.
 */
#ifndef HYT_TRAIN_LOSS_H
#define HYT_TRAIN_LOSS_H

#include "hyt/train.h"

/* Adds the token's part to the sums and returns dL / d log pi(token).
 * logp_ref is only read where the example is a rollout; NULL: there is none. */
double hyt_token_loss(struct hyt_train_sums *sums,
                      const struct hyt_train_conf *conf,
                      const struct hyt_example *e, size_t token, float logp,
                      const float *logp_ref);

#endif
