/* SPDX-License-Identifier: MIT */
/*
 * metrics.h - a batch as hyt-update holds it, and the line it comes to
 */
#ifndef HYT_METRICS_H
#define HYT_METRICS_H

#include "hyt/train.h"
#include "open.h"
#include "tool.h"

/* Of a record, what the examples do not hold. NaN: null or absent. */
struct hyt_batch_record {
    const char *file;
    uint64_t lineno;
    const char *id;  /* as its JSON has it; NULL where it has none */
    char digest[17]; /* policy.digest; "" where there is none */
    uint64_t group;  /* hash of its name */
    double reward, trust, lambda, prg;
};

/* The records of one optimizer step; owns copies of their tokens. */
struct hyt_batch {
    int64_t number;
    bool broken;  /* a record of it was bad (--skip-bad): it is not taken */
    size_t n, of; /* read so far, announced by weight.of */
    struct hyt_example *example;
    struct hyt_batch_record *record;
    size_t example_cap, record_cap;
    struct hyt_arena arena;
};

/* To be called with each record first: one that begins a batch ends the one
 * before it, which is dropped, and an error where it was not whole and that has
 * not been told. */
int hyt_batch_begin(struct hyt_batch *b, struct hyt_rec *rec,
                    struct hyt_err *err) HYT_MUST_USE;

/* Adds the next record: weight.index must be the next of its batch.  After a
 * bad record the rest of its batch is bad. */
int hyt_batch_read(struct hyt_batch *b, struct hyt_rec *rec,
                   const struct hyt_opened *o,
                   struct hyt_err *err) HYT_MUST_USE;

/* The records by id, each once, in at most about `max` bytes. */
void hyt_batch_ids(const struct hyt_batch *b, size_t max, struct hyt_buf *out);

void hyt_batch_clear_records(struct hyt_batch *b);
void hyt_batch_free(struct hyt_batch *b);

struct hyt_step_facts {
    uint64_t step;
    double lr, grad_norm;
};

/* Appends the step's JSON object, names as TRL's where TRL has one. */
void hyt_metrics_line(struct hyt_buf *line, const struct hyt_step_facts *f,
                      const struct hyt_batch *b,
                      const struct hyt_train_sums *s);

/* Adds what may differ where the result does not: how long the step took
 * (began: hyt_now_us() then), and with which kernels. */
void hyt_metrics_time(struct hyt_buf *line, uint64_t began, size_t tokens);

#endif
