/* SPDX-License-Identifier: MIT */
/*
 * bench.h - what the files of the benchmark share
 *
 * A row is a figure of ours beside what it is compared with: a limit of the
 * machine, another program, or ourselves under other conditions.  Its fraction
 * is value / limit, and its goal a bound of the fraction.
 *
 * Rows come in groups; each group runs in a process of its own, so that what
 * one holds or has touched does not weigh on the next.
 */
#ifndef HYT_BENCH_H
#define HYT_BENCH_H

#include "hyt/ckpt.h"
#include "hyt/model.h"

/* --- limits of this machine, measured in this run ------------------------- */

struct bench_limits {
    double gflops, gflops_one; /* sgemm on all threads at once; on one */
    double gbytes, gbytes_one; /* streaming reads */
};
extern struct bench_limits bench_limits;

void bench_measure_limits(const char *self); /* path of this program */
/* The sgemm limit of the next so many seconds, their mean. */
double bench_sgemm_for(double seconds);
/* Prints the sgemm limit of OpenBLAS as the environment chooses it. */
void bench_sgemm(void);

/* --- rows ----------------------------------------------------------------- */

struct bench_row {
    const char *row, *shape,
        *dtype; /* shape, dtype: NULL where there is none */
    double value;
    const char *unit;
    double limit;  /* 0: compared with nothing */
    double goal;   /* of value / limit; 0: none */
    bool at_most;  /* the goal is an upper bound, else a lower one */
    double tokens; /* tokens a second, for the table alone; 0: none */
};

/* Whether a row is asked for (ROWS=: a part of its name, shape or dtype). */
bool bench_wants(const char *row, const char *shape, const char *dtype);
void bench_report(const struct bench_row *r);

/*
 * Times work of `flops` operations and `tokens` tokens and reports it as a
 * fraction of the sgemm limit; then all threads against one thread, where the
 * machine has more.
 *
 * What a virtual machine gives changes from second to second, with what its
 * neighbours do: a run that takes seconds has the mean, where the best of many
 * short ones has the peak.  So the three take turns, the limit for as long as a
 * run, and the best of each is compared.
 */
void bench_arithmetic(const char *row, const char *shape, const char *dtype,
                      double goal, double flops, double tokens,
                      void (*fn)(void *ctx), void *ctx);

/* Reports all threads against one, where the machine has more, for the row
 * `all` that took so many seconds. */
void bench_threads_row(const struct bench_row *all, double seconds,
                       void (*fn)(void *ctx), void *ctx);

/* Sets the number of threads, each on a CPU of its own. */
void bench_threads(int n);
/* Puts the calling thread on the CPU number `thread` of those allowed. */
void bench_pin(int thread);

/* --- time ----------------------------------------------------------------- */

double bench_now(void); /* seconds */

/* Seconds of the best of several runs in a few seconds. */
double bench_best(void (*fn)(void *ctx), void *ctx);

/* --- models --------------------------------------------------------------- */

struct bench_model {
    const char *shape, *dtype;
    struct hyt_ckpt *ckpt;
    struct hyt_model *m;
};

/* The named shape with random weights, made at the first use.  Its whole
 * vocabulary counts, and no token ends a sequence. */
void bench_model_open(struct bench_model *b, const char *shape,
                      const char *dtype);
void bench_model_close(struct bench_model *b);

/* Some floats below 1, most of them with a fraction. */
float *bench_numbers(size_t n);

/* A token of the vocabulary for place i of some text. */
int32_t bench_token(const struct hyt_model *m, size_t i);

/*
 * FLOPs of a forward pass over positions first … first+n-1 of one sequence, 2
 * for each multiply-add; of `wanted` rows the head, too:
 *
 *     n 2 L (2 D H E + 2 D G E + 3 D F) + wanted 2 V D
 *     + sum_p 4 L H E (p + 1)                 attention: q.k and a.v, causal
 *
 * A backward pass counts twice as much.  Norms, rotary positions, softmax,
 * the optimizer and whatever is computed again count nothing.
 */
double bench_flops(const struct hyt_config *c, size_t first, size_t n,
                   size_t wanted);

/* --- programs and files --------------------------------------------------- */

/* Folder for what the rows write, with the models in it. */
extern const char *bench_dir;

struct bench_run {
    double seconds;
    double peak; /* bytes resident at most, of the command */
};

/* Runs a command of the shell in bench_dir, our programs first in its PATH;
 * a failure ends the benchmark. */
struct bench_run bench_shell(const char *fmt, ...) HYT_PRINTF(1, 2);

/* Rollouts with text and 300-token arrays, scored, in groups of eight. */
void bench_write_rollouts(const char *path, size_t groups);
/* A byte-level tokenizer of n entries. */
void bench_write_tokenizer(const char *path, size_t n);

/* A figure of /proc/PID/status ("VmHWM") in bytes, 0 where there is none. */
double bench_proc_status(long pid, const char *key);

HYT_NORETURN void bench_die(const char *fmt, ...) HYT_PRINTF(1, 2);

/* --- groups of rows ------------------------------------------------------- */

/* X(name, whether its threads are pinned: not where programs are started) */
#define BENCH_GROUPS(X)                                                        \
    X(products, true)                                                          \
    X(context, true)                                                           \
    X(forward, true)                                                           \
    X(prg, true)                                                               \
    X(rollout, true)                                                           \
    X(lengths, true)                                                           \
    X(decode, true)                                                            \
    X(draw, true)                                                              \
    X(update, true)                                                            \
    X(update_memory, true)                                                     \
    X(filters, false)                                                          \
    X(tokenizer, true)                                                         \
    X(start, false)                                                            \
    X(pipe, false)

#define X(name, pinned) void bench_rows_##name(void);
BENCH_GROUPS(X)
#undef X

#endif
