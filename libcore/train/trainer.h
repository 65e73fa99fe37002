/* SPDX-License-Identifier: MIT */
/*
 * trainer.h - what is under training, and where its numbers are
 *
 * Private to train/.  The trainer owns its states and its gradient.
 */
#ifndef HYT_TRAIN_TRAINER_H
#define HYT_TRAIN_TRAINER_H

#include "hyt/train.h"

struct hyt_trainer {
    struct hyt_model *m;
    struct hyt_state *st, *ref;
    struct hyt_train_conf conf;
    struct hyt_work_tensor **tensor;     /* of each parameter */
    struct hyt_work_tensor *second_head; /* a tied head that is stored twice */
    float *grads;
};

#endif
