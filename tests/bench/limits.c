/* SPDX-License-Identifier: MIT */
/*
 * limits.c - what the machine can do: multiply-adds and memory reads
 *
 * One process for each thread, all at once, each with one thread of OpenBLAS:
 * its serial build gives wrong results, and so measures something else, where
 * two threads of one process are inside it.
 *
 * The limit is what OpenBLAS gives as it is installed.  Debian 12's does not
 * know every CPU with AVX-512 as such; what its AVX-512 kernel gives there is
 * a row of its own, which is no limit.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cblas.h>

#include "bench.h"

enum { SGEMM_N = 2048, MAX_THREADS = 256 };
#define STREAM_FLOATS ((size_t)64 << 20) /* 256 MiB: beyond the caches */
#define STREAM_AHEAD  ((size_t)4 << 10)  /* 16 KiB, see isa_matvec.c */

struct bench_limits bench_limits;

static float *numbers(size_t n)
{
    float *x = hyt_alloc_aligned(n, sizeof(*x));

    for (size_t i = 0; i < n; i++)
        x[i] = (float)(i * 2654435761U % 1024) / 1024 - 0.5f;
    return x;
}

struct load {
    float *a, *b, *c;
    double sum;
};

static void sgemm(void *ctx)
{
    struct load *l = ctx;

    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, SGEMM_N, SGEMM_N,
                SGEMM_N, 1, l->a, SGEMM_N, l->b, SGEMM_N, 0, l->c, SGEMM_N);
}

static void stream(void *ctx)
{
    struct load *l = ctx;
    float lane[64] = {0};

    for (size_t j = 0; j < STREAM_FLOATS; j += 64) {
        for (size_t k = 0; k < 64; k += 16)
            __builtin_prefetch(l->a + j + k + STREAM_AHEAD);
        for (size_t k = 0; k < 64; k++)
            lane[k] += l->a[j + k];
    }
    for (size_t k = 0; k < 64; k++)
        l->sum += (double)lane[k];
}

/* The work of one process, before and after all are ready. */
struct kind {
    size_t a, b, c; /* floats */
    void (*fn)(void *ctx);
    double amount;  /* 1e9 operations or bytes */
    double seconds; /* the mean of so long; 0: the best of some runs */
};

/* Seconds of one run. */
static double time_load(const struct kind *k, struct load *l)
{
    double began = bench_now(), now;
    size_t n = 0;

    if (k->seconds <= 0)
        return bench_best(k->fn, l);
    do {
        k->fn(l);
        n++;
        now = bench_now();
    } while (now - began < k->seconds);
    return (now - began) / (double)n;
}

static void run_one(const struct kind *k, int go, int result)
{
    struct load l = {numbers(k->a), numbers(k->b), numbers(k->c), 0};
    double rate;
    char byte;

    openblas_set_num_threads(1);
    k->fn(&l);
    /* The end of file says that all may start. */
    while (read(go, &byte, 1) < 0 && errno == EINTR)
        ;
    rate = k->amount / time_load(k, &l);
    if (!isfinite(l.sum) || write(result, &rate, sizeof(rate)) != sizeof(rate))
        _exit(1);
    /* Until the slowest is done, none has the machine to itself. */
    for (;;)
        k->fn(&l);
}

/* Sum of the rates of n processes. */
static double run_all(const struct kind *k, int n)
{
    int go[2], result[2];
    pid_t pids[MAX_THREADS];
    double sum = 0, rate;

    if (pipe(go) < 0 || pipe(result) < 0)
        bench_die("pipe: %s", strerror(errno));
    for (int i = 0; i < n; i++) {
        pids[i] = fork();
        if (pids[i] < 0)
            bench_die("fork: %s", strerror(errno));
        if (pids[i] == 0) {
            close(go[1]);
            bench_pin(i);
            run_one(k, go[0], result[1]);
        }
    }
    close(go[0]);
    sleep(1); /* they fill their arrays */
    close(go[1]);
    for (int i = 0; i < n; i++) {
        if (read(result[0], &rate, sizeof(rate)) != sizeof(rate))
            bench_die("no limit was measured");
        sum += rate;
    }
    for (int i = 0; i < n; i++) {
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
    }
    close(result[0]);
    close(result[1]);
    return sum;
}

static double measure_products(int n, double seconds)
{
    const size_t square = (size_t)SGEMM_N * SGEMM_N;
    const struct kind products = {
        square, square, square, sgemm, 2e-9 * pow(SGEMM_N, 3), seconds};

    return run_all(&products, n);
}

static int count_threads(void)
{
    return hyt_threads() < MAX_THREADS ? hyt_threads() : MAX_THREADS;
}

double bench_sgemm_for(double seconds)
{
    return measure_products(count_threads(), seconds);
}

void bench_sgemm(void)
{
    printf("%.17g %s\n", measure_products(count_threads(), 0),
           openblas_get_corename());
}

/* OpenBLAS chooses its kernels when it is loaded: another choice takes another
 * process. */
static void report_avx512(const char *self)
{
    struct hyt_buf command = {0};
    char core[64];
    double rate;
    FILE *f;

    if (hyt_kern_select("v4") < 0)
        return;
    if (hyt_kern_select(NULL) < 0)
        bench_die("no kernels");
    hyt_buf_printf(&command, "OPENBLAS_CORETYPE=SkylakeX '%s' --sgemm", self);
    f = popen(command.s, "r");
    if (f == NULL || fscanf(f, "%lf %63s", &rate, core) != 2 || pclose(f) != 0)
        bench_die("%s failed", command.s);
    hyt_buf_free(&command);
    fprintf(stderr, "OpenBLAS %s: sgemm %.1f GFLOP/s\n", core, rate);
    bench_report(&(struct bench_row){.row = "no limit: sgemm in AVX-512",
                                     .shape = "2048",
                                     .dtype = "f32",
                                     .value = rate,
                                     .unit = "GFLOP/s",
                                     .limit = bench_limits.gflops});
}

void bench_measure_limits(const char *self)
{
    const struct kind reads = {
        STREAM_FLOATS, 0, 0, stream, 4e-9 * (double)STREAM_FLOATS, 0};
    int threads = count_threads();
    struct bench_limits *l = &bench_limits;
    double busy;

    l->gflops_one = measure_products(1, 0);
    l->gbytes_one = run_all(&reads, 1);
    l->gflops = threads > 1 ? measure_products(threads, 0) : l->gflops_one;
    l->gbytes = threads > 1 ? run_all(&reads, threads) : l->gbytes_one;
    if (getloadavg(&busy, 1) < 1)
        busy = 0;
    fprintf(stderr,
            "kernels %s; OpenBLAS %s; load average %.2f\n"
            "1 thread:  sgemm %.1f GFLOP/s, reads %.1f GB/s\n"
            "%d threads: sgemm %.1f GFLOP/s, reads %.1f GB/s\n",
            hyt_kern_name(), openblas_get_corename(), busy, l->gflops_one,
            l->gbytes_one, threads, l->gflops, l->gbytes);
    bench_report(&(struct bench_row){.row = "limit: sgemm",
                                     .shape = "2048",
                                     .dtype = "f32",
                                     .value = l->gflops,
                                     .unit = "GFLOP/s"});
    bench_report(&(struct bench_row){.row = "limit: sgemm, threads / one",
                                     .shape = "2048",
                                     .dtype = "f32",
                                     .value = l->gflops,
                                     .unit = "GFLOP/s",
                                     .limit = l->gflops_one});
    bench_report(&(struct bench_row){
        .row = "limit: reads", .value = l->gbytes, .unit = "GB/s"});
    report_avx512(self);
}
