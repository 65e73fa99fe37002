/* SPDX-License-Identifier: MIT */
/*
 * bench.c - what the toolkit reaches, as a fraction of what this machine can
 *
 * usage: bench BUILD [ROWS]
 *
 * The limits are measured in the same run, then each row: a table on standard
 * error, JSONL on standard output.  ROWS: only rows whose name, shape and dtype
 * have this text in them, or one of several with | between them.  The exit
 * status does not depend on any figure.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

const char *bench_dir;
static const char *asked = "";

void bench_die(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fputs("bench: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

/* --- time ----------------------------------------------------------------- */

double bench_now(void)
{
    return (double)hyt_now_us() * 1e-6;
}

double bench_best(void (*fn)(void *ctx), void *ctx)
{
    const double budget = 2.5;
    double began = bench_now(), least = 0;

    for (int i = 0; i < 3 || (i < 200 && bench_now() - began < budget); i++) {
        double t = bench_now();

        fn(ctx);
        t = bench_now() - t;
        if (i == 0 || t < least)
            least = t;
        /* The first run of something long warms up, the second counts. */
        if (i > 0 && bench_now() - began > 2 * budget)
            break;
    }
    return least;
}

/* --- rows ----------------------------------------------------------------- */

bool bench_wants(const char *row, const char *shape, const char *dtype)
{
    struct hyt_buf label = {0};
    bool found = false;

    hyt_buf_printf(&label, "%s %s %s", row, shape ? shape : "",
                   dtype ? dtype : "");
    for (const char *part = asked, *end; !found; part = end + 1) {
        char *text;

        end = part + strcspn(part, "|");
        text = hyt_strndup(part, (size_t)(end - part));
        found = strstr(label.s, text) != NULL;
        free(text);
        if (*end == '\0')
            break;
    }
    hyt_buf_free(&label);
    return found;
}

static void print_string(const char *key, const char *value)
{
    if (value)
        printf("\"%s\":\"%s\",", key, value);
    else
        printf("\"%s\":null,", key);
}

static void print_number(const char *key, double value, bool exists)
{
    if (exists)
        printf("\"%s\":%.4g,", key, value);
    else
        printf("\"%s\":null,", key);
}

void bench_report(const struct bench_row *r)
{
    bool compared = r->limit > 0, bound = compared && r->goal > 0;
    double fraction = compared ? r->value / r->limit : 0;
    bool met = r->at_most ? fraction <= r->goal : fraction >= r->goal;

    putchar('{');
    print_string("row", r->row);
    print_string("shape", r->shape);
    print_string("dtype", r->dtype);
    print_number("threads", hyt_threads(), true);
    print_number("value", r->value, true);
    print_string("unit", r->unit);
    print_number("limit", r->limit, compared);
    print_number("fraction", fraction, compared);
    print_number("goal", r->goal, bound);
    printf("\"met\":%s}\n", !bound ? "null" : met ? "true" : "false");

    fprintf(stderr, "%-46s %-14s %-4s %9.4g %-11s", r->row,
            r->shape ? r->shape : "", r->dtype ? r->dtype : "", r->value,
            r->unit);
    if (compared)
        fprintf(stderr, " %9.4g %6.3f", r->limit, fraction);
    if (bound)
        fprintf(stderr, " %s%5.3g %s", r->at_most ? "<=" : ">=", r->goal,
                met ? "met" : "MISSED");
    if (r->tokens > 0)
        fprintf(stderr, "   %.1f tokens/s", r->tokens);
    fputc('\n', stderr);
}

/* Seconds of one run. */
static double time_once(void (*fn)(void *ctx), void *ctx)
{
    double began = bench_now();

    fn(ctx);
    return bench_now() - began;
}

/* Seconds of the best run of all threads and of one, and the best limit beside
 * them. */
struct turns {
    double all, one, limit;
};

static struct turns take_turns(void (*fn)(void *ctx), void *ctx)
{
    const double budget = 8, least = 0.25, most = 4;
    int threads = hyt_threads();
    double began = bench_now();
    struct turns best = {time_once(fn, ctx), 0, 0};

    for (int i = 0; i < 2 || (i < 12 && bench_now() - began < budget); i++) {
        double all = time_once(fn, ctx), one, limit;

        limit = bench_sgemm_for(all < least ? least : all > most ? most : all);
        bench_threads(1);
        one = time_once(fn, ctx);
        bench_threads(threads);
        best.all = all < best.all ? all : best.all;
        best.one = i == 0 || one < best.one ? one : best.one;
        best.limit = limit > best.limit ? limit : best.limit;
    }
    return best;
}

/* The row r took `all` seconds on all threads, and `one` on one. */
static void report_threads(struct bench_row r, double all, double one)
{
    struct hyt_buf name = {0};

    if (hyt_threads() == 1)
        return;
    hyt_buf_printf(&name, "%s: threads / one", r.row);
    r.row = name.s;
    r.limit = r.value * all / one;
    r.goal = 0.9 * hyt_threads();
    r.at_most = false;
    r.tokens = 0;
    bench_report(&r);
    hyt_buf_free(&name);
}

void bench_arithmetic(const char *row, const char *shape, const char *dtype,
                      double goal, double flops, double tokens,
                      void (*fn)(void *ctx), void *ctx)
{
    const struct turns best = take_turns(fn, ctx);
    struct bench_row r = {row,        shape, dtype, 0, "GFLOP/s",
                          best.limit, goal,  false, 0};

    r.value = flops / best.all * 1e-9;
    r.tokens = tokens / best.all;
    bench_report(&r);
    report_threads(r, best.all, best.one);
}

void bench_threads_row(const struct bench_row *all, double seconds,
                       void (*fn)(void *ctx), void *ctx)
{
    const int threads = hyt_threads();
    double one;

    if (threads == 1)
        return;
    bench_threads(1);
    one = bench_best(fn, ctx);
    bench_threads(threads);
    report_threads(*all, seconds, one);
}

/* --- processes ------------------------------------------------------------ */

struct group {
    const char *name;
    void (*run)(void);
    bool pinned;
};

static const struct group groups[] = {
#define X(name, pinned) {#name, bench_rows_##name, pinned},
    BENCH_GROUPS(X)
#undef X
};

/* Whether the group ran to its end. */
static bool run_group(const struct group *g)
{
    pid_t pid;
    int status;

    fflush(stdout);
    pid = fork();
    if (pid < 0)
        bench_die("fork: %s", strerror(errno));
    if (pid == 0) {
        if (g->pinned)
            bench_threads(hyt_threads());
        g->run();
        hyt_threads_stop();
        exit(fflush(stdout) != 0 || ferror(stdout));
    }
    if (waitpid(pid, &status, 0) < 0 || status != 0) {
        fprintf(stderr, "bench: the rows of \"%s\" have failed\n", g->name);
        return false;
    }
    return true;
}

/* Makes BUILD/bench/work and finds the programs in BUILD/bin. */
static void find_place(const char *build)
{
    struct hyt_buf path = {0};
    char *dir = realpath(build, NULL);

    if (dir == NULL)
        bench_die("%s: %s", build, strerror(errno));
    hyt_buf_printf(&path, "%s/bin:%s", dir, getenv("PATH"));
    if (setenv("PATH", path.s, 1) < 0)
        bench_die("PATH: %s", strerror(errno));
    hyt_buf_reset(&path);
    hyt_buf_printf(&path, "%s/bench/work", dir);
    if (mkdir(path.s, 0777) < 0 && errno != EEXIST)
        bench_die("%s: %s", path.s, strerror(errno));
    bench_dir = path.s; /* kept to the end */
    free(dir);
}

int main(int argc, char **argv)
{
    bool failed = false;

    if (argc < 2 || argc > 3) {
        fputs("usage: bench BUILD [ROWS]\n", stderr);
        return 2;
    }
    if (argc == 3)
        asked = argv[2];
    if (strcmp(argv[1], "--sgemm") == 0) {
        bench_sgemm();
        return fclose(stdout) != 0;
    }
    find_place(argv[1]);
    bench_measure_limits(argv[0]);
    fprintf(stderr,
            "FLOPs, 2 a multiply-add: n 2 L (2 D H E + 2 D G E + 3 D F)"
            " + wanted 2 V D + sum_p 4 L H E (p + 1);\n"
            "three times that for a training step; recomputation, norms, "
            "softmax and AdamW count nothing\n\n"
            "%-46s %-14s %-4s %9s %-11s %9s %6s   goal\n",
            "row", "shape", "type", "value", "unit", "limit", "frac");
    for (size_t i = 0; i < HYT_LEN(groups); i++)
        failed |= !run_group(&groups[i]);
    return failed || fclose(stdout) != 0;
}
