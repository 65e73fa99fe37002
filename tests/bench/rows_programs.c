/* SPDX-License-Identifier: MIT */
/*
 * rows_programs.c - whole programs: filters against jq, cold start, the pipe
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

/* --- running -------------------------------------------------------------- */

static pid_t start_shell(const char *command)
{
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid < 0)
        bench_die("fork: %s", strerror(errno));
    if (pid == 0) {
        if (chdir(bench_dir) == 0)
            execl("/bin/sh", "sh", "-e", "-c", command, (char *)NULL);
        _exit(127);
    }
    return pid;
}

struct bench_run bench_shell(const char *fmt, ...)
{
    struct hyt_buf command = {0};
    char text[4096];
    struct rusage used;
    struct bench_run run;
    double began = bench_now();
    va_list args;
    int status;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    hyt_buf_puts(&command, text);
    if (wait4(start_shell(command.s), &status, 0, &used) < 0 || status != 0)
        bench_die("failed: %s", command.s);
    run.seconds = bench_now() - began;
    run.peak = 1024.0 * (double)used.ru_maxrss;
    hyt_buf_free(&command);
    return run;
}

double bench_proc_status(long pid, const char *key)
{
    char path[64], line[256];
    double kilobytes = 0;
    size_t n = strlen(key);
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%ld/status", pid);
    f = fopen(path, "r");
    while (f != NULL && fgets(line, sizeof(line), f))
        if (strncmp(line, key, n) == 0 && line[n] == ':')
            kilobytes = strtod(line + n + 1, NULL);
    if (f != NULL)
        fclose(f);
    return 1024 * kilobytes;
}

/* A path in bench_dir; free(). */
static char *place(const char *name)
{
    struct hyt_buf path = {0};

    hyt_buf_printf(&path, "%s/%s", bench_dir, name);
    return path.s;
}

/* --- filters -------------------------------------------------------------- */

static double best_command(const char *command)
{
    double least = 1e9;

    for (int i = 0; i < 3; i++) {
        double t = bench_shell("%s >/dev/null", command).seconds;

        least = t < least ? t : least;
    }
    return least;
}

static void time_filter(const char *name, const char *command, double megabytes,
                        double jq)
{
    struct hyt_buf row = {0}, text = {0};
    struct bench_row r = {.shape = "300 tokens", .unit = "MB/s"};

    hyt_buf_printf(&row, "%s: jq -c .", name);
    hyt_buf_printf(&text, "exec %s rollouts.jsonl", command);
    r.row = row.s;
    r.value = megabytes / best_command(text.s);
    r.limit = megabytes / jq;
    r.goal = 5;
    bench_report(&r);

    hyt_buf_reset(&row);
    hyt_buf_printf(&row, "%s: memory of 4 x / 1 x the input", name);
    r.row = row.s;
    r.unit = "MB";
    r.limit = bench_shell("%s >/dev/null", text.s).peak * 1e-6;
    hyt_buf_puts(&text, " rollouts.jsonl rollouts.jsonl rollouts.jsonl");
    r.value = bench_shell("%s >/dev/null", text.s).peak * 1e-6;
    r.goal = 1.05;
    r.at_most = true;
    bench_report(&r);
    hyt_buf_free(&row);
    hyt_buf_free(&text);
}

void bench_rows_filters(void)
{
    char *path = place("rollouts.jsonl");
    struct stat st;
    double jq;

    if (!bench_wants("hyt-split hyt-weight hyt-grade: jq -c .", "300 tokens",
                     NULL) &&
        !bench_wants("memory of 4 x / 1 x the input", NULL, NULL)) {
        free(path);
        return;
    }
    bench_write_rollouts(path, 400);
    if (stat(path, &st) < 0)
        bench_die("%s: %s", path, strerror(errno));
    jq = best_command("exec jq -c . rollouts.jsonl");
    time_filter("hyt-split", "hyt-split", (double)st.st_size * 1e-6, jq);
    time_filter("hyt-weight", "hyt-weight --policy rlif -q",
                (double)st.st_size * 1e-6, jq);
    time_filter("hyt-grade", "hyt-grade", (double)st.st_size * 1e-6, jq);
    unlink(path);
    free(path);
}

/* --- cold start ----------------------------------------------------------- */

/* Start of the first span called "forward", in seconds; 0: none. */
static double first_forward(const char *path)
{
    char line[512];
    double at = 0;
    FILE *f = fopen(path, "r");

    while (f != NULL && at <= 0 && fgets(line, sizeof(line), f)) {
        const char *p = strstr(line, "\"at\":");

        if (strncmp(line, "{\"span\":\"forward\"", 17) == 0 && p != NULL)
            at = strtod(p + 5, NULL) * 1e-6;
    }
    if (f != NULL)
        fclose(f);
    return at;
}

/* Seconds from the start to the first forward pass; *own: private memory. */
static double start_once(const char *trace, double *own)
{
    const struct timespec pause = {0, 2000000};
    double began;
    pid_t pid;
    int status;

    unlink(trace);
    began = bench_now();
    pid = start_shell("echo '{\"prompt\":\"How many?\"}' >query.jsonl;"
                      "HYT_TRACE=trace.jsonl exec hyt-rollout -m big -n 1 -q "
                      "--max-tokens 1 query.jsonl >/dev/null");
    for (;;) {
        double now;
        pid_t done = waitpid(pid, &status, WNOHANG);

        if (done < 0 || (done > 0 && status != 0))
            bench_die("hyt-rollout has failed");
        if (done > 0)
            return first_forward(trace) - began;
        now = bench_proc_status((long)pid, "RssAnon");
        *own = now > *own ? now : *own;
        nanosleep(&pause, NULL);
    }
}

void bench_rows_start(void)
{
    struct bench_row r = {"cold start: to the first forward",
                          "qwen0.5b",
                          "bf16",
                          1e9,
                          "s",
                          0.35,
                          1,
                          true,
                          0};
    char *tokenizer = place("tokenizer.json"), *trace = place("trace.jsonl");
    char *model = place("big");
    double own = 0;

    if (bench_wants(r.row, r.shape, r.dtype) ||
        bench_wants("cold start: private memory / weights", r.shape, r.dtype)) {
        if (access(model, F_OK) < 0) {
            bench_write_tokenizer(tokenizer, 150000);
            bench_shell("hyt-ckpt new big --shape qwen0.5b --dtype bf16 "
                        "--tokenizer tokenizer.json");
        }
        for (int i = 0; i < 4; i++) {
            double t = start_once(trace, &own);

            r.value = t < r.value ? t : r.value;
        }
        bench_report(&r);
        r.row = "cold start: private memory / weights";
        r.unit = "MB";
        r.value = own * 1e-6;
        r.limit = 2e-6 * 494032768; /* parameters of the shape */
        r.goal = 0.5;
        bench_report(&r);
    }
    free(tokenizer);
    free(trace);
    free(model);
}

/* --- the whole pipe ------------------------------------------------------- */

#define ROLLOUT "hyt-rollout -m tiny5m-f32 -n 8 --max-tokens 64 -q"
#define PRG     "hyt-prg -m tiny5m-f32 -q"
#define WEIGHT  "hyt-weight --policy fixed --groups 4 --traces 16 -q"
#define UPDATE  "hyt-update -m tiny5m-f32 --out piped -q"

void bench_rows_pipe(void)
{
    struct bench_row r = {"pipe: all stages at once / one by one",
                          "tiny5m",
                          "f32",
                          0,
                          "records/s",
                          0,
                          0.8,
                          false,
                          0};
    const double records = 24 * 8;
    double at_once = 1e9, by_one = 1e9;
    struct bench_model b;

    if (!bench_wants(r.row, r.shape, r.dtype))
        return;
    bench_model_open(&b, r.shape, r.dtype);
    bench_model_close(&b);
    bench_shell("seq 48 | sed 's/.*/{\"prompt\":\"He has & pens and buys 2. "
                "How many?\",\"completion\":\"He has & pens.\\\\nHe buys 2 "
                "more.\\\\nThat is & and 2.\\\\n#### 7\"}/' >in.jsonl\n"
                "seq 24 | sed 's/.*/{\"prompt\":\"He has & pens, buys 12 and "
                "gives 3 away. How many pens has he now?\"}/' >>in.jsonl");
    for (int i = 0; i < 2; i++) {
        double alone = 0, once;

        alone += bench_shell(ROLLOUT " in.jsonl >1.jsonl").seconds;
        alone += bench_shell(PRG " 1.jsonl >2.jsonl").seconds;
        alone += bench_shell(WEIGHT " 2.jsonl >3.jsonl").seconds;
        bench_shell("rm -rf piped");
        alone += bench_shell(UPDATE " 3.jsonl >4.jsonl").seconds;
        bench_shell("rm -rf piped");
        once = bench_shell(ROLLOUT " in.jsonl | " PRG " | " WEIGHT " | " UPDATE
                                   " >5.jsonl; test -s 5.jsonl")
                   .seconds;
        by_one = alone < by_one ? alone : by_one;
        at_once = once < at_once ? once : at_once;
    }
    r.value = records / at_once;
    r.limit = records / by_one;
    bench_report(&r);
    bench_shell("rm -rf piped ?.jsonl in.jsonl");
}
