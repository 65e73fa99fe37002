/* SPDX-License-Identifier: MIT */
/*
 * tool.h - what every program shares: options, operands, streams, exit status
 *
 *     int main(int argc, char **argv)
 *     {
 *         struct hyt_main m;
 *         struct hyt_rec *rec;
 *         int got;
 *
 *         hyt_main_open(&m, &tool, argc, argv);
 *         while ((got = hyt_main_next(&m, &rec)) > 0)
 *             if (hyt_main_keep(&m, one_record(&m, rec)) < 0)
 *                 break;
 *         return hyt_main_close(&m, got);
 *     }
 *
 * Only tools print: results to the output, all else to standard error.
 */
#ifndef HYT_TOOL_H
#define HYT_TOOL_H

#include "hyt/base.h"
#include "hyt/io.h"
#include "hyt/opt.h"
#include "hyt/record.h"

#define HYT_VERSION "0.1.0"

enum { HYT_EXIT_OK, HYT_EXIT_FAILED, HYT_EXIT_USAGE, HYT_EXIT_UNMET };

enum hyt_tool_flag {
    HYT_TOOL_MODEL = 1,     /* takes -m/--model, required, and --threads */
    HYT_TOOL_SEED = 2,      /* takes --seed */
    HYT_TOOL_SLOW = 4,      /* flushes every record */
    HYT_TOOL_SIGNALS = 8,   /* stops at a step on INT, TERM, closed stdout;
                               USR1 is seen by hyt_main_wait() alone */
    HYT_TOOL_NO_INPUT = 16, /* operands are not streams; no reader options */
    HYT_TOOL_SPLICES = 32   /* takes --overwrite */
};

struct hyt_tool {
    const char *name;     /* "hyt-split" */
    const char *summary;  /* one line, no full stop */
    const char *operands; /* "[FILE]..." as in the usage line */
    const struct hyt_opt *opts;
    unsigned flags;
};

struct hyt_main {
    const struct hyt_tool *tool;
    struct hyt_lines *in;
    struct hyt_out *out;
    struct hyt_rec *rec;
    struct hyt_err err;
    char **operand; /* for HYT_TOOL_NO_INPUT */
    size_t n_operands;
    struct hyt_opt_list given; /* names of options */
    uint64_t n_read, n_bad;
    bool failed; /* err tells why the stream has stopped */

    /* the shared options */
    const char *model; /* -m DIR[@G] */
    const char *output;
    int64_t threads, seed;
    int64_t max_line;
    bool quiet, verbose, skip_bad, overwrite, unbuffered, zstd;

    struct hyt_trace_span trace; /* of the process */

    /* progress */
    uint64_t began, shown; /* microseconds */
    bool progress_shown;
};

/* Parses, opens the output; --help, --version and misuse end the process. */
void hyt_main_open(struct hyt_main *m, const struct hyt_tool *tool, int argc,
                   char **argv);

/* Whether the option was given, with whatever value: "lambda". */
bool hyt_main_given(const struct hyt_main *m, const char *name);

/* Takes the first operand off the input: what to do, and no file.  NULL where
 * there is none. */
const char *hyt_main_verb(struct hyt_main *m);

/* The next record: 1, 0 at the end, -1.  With --skip-bad a bad one is
 * reported, counted and passed over. */
int hyt_main_next(struct hyt_main *m, struct hyt_rec **rec);

/* The verdict on one record's status: < 0 to stop, else to go on.  A bad
 * record under --skip-bad is reported and counted here. */
int hyt_main_keep(struct hyt_main *m, int status);

/* Writes the record to the output, and flushes where the tool is slow, the
 * output is a terminal, or --unbuffered was given. */
int hyt_main_write(struct hyt_main *m, const struct hyt_rec *rec,
                   struct hyt_err *err) HYT_MUST_USE;

/* For an error in start-up or usage that only the tool can see. */
HYT_NORETURN void hyt_main_usage(struct hyt_main *m, const char *fmt, ...)
    HYT_PRINTF(2, 3);
HYT_NORETURN void hyt_main_die(struct hyt_main *m); /* prints m->err, exits 1 */

void hyt_main_warn(struct hyt_main *m, const char *fmt, ...) HYT_PRINTF(2, 3);
/* The same, only with -v. */
void hyt_main_info(struct hyt_main *m, const char *fmt, ...) HYT_PRINTF(2, 3);

/* True once INT, TERM or HUP arrived (HYT_TOOL_SIGNALS); hyt_main_next() then
 * says that the input has ended. */
bool hyt_main_stopping(void);

/* Waits for input between two steps (HYT_TOOL_SIGNALS); true where USR1 came
 * first, once for each. */
bool hyt_main_wait(struct hyt_main *m);

/* Rewrites one line on a terminal, at most five times a second: records and
 * tokens done, rates, and the time left where the input has a size. */
void hyt_main_progress(struct hyt_main *m, uint64_t records, uint64_t tokens);

/* Reports got < 0, what was skipped, errors of the last write.  The exit
 * status. */
int hyt_main_close(struct hyt_main *m, int got);

#endif
