/* SPDX-License-Identifier: MIT */
/*
 * pin.c - one CPU for each thread
 *
 * Some systems, virtual machines above all, pack threads on few CPUs to save
 * the others; two threads then take turns, and the figures say nothing.
 */
#define _GNU_SOURCE /* CPU_SET */
#include <sched.h>
#include <stdatomic.h>

#include "bench.h"

void bench_pin(int thread)
{
    static cpu_set_t allowed;
    static bool known;
    cpu_set_t one;

    if (!known && sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
        return;
    known = true;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &allowed) && thread-- == 0) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            /* Where it is not allowed, the threads stay where they are. */
            (void)sched_setaffinity(0, sizeof(one), &one);
        }
}

struct pins {
    _Atomic int arrived;
    int threads;
    double until;
};

/* Holds its thread until all are there, so that each takes one index. */
static void pin_one(void *ctx, size_t i)
{
    struct pins *p = ctx;

    atomic_fetch_add(&p->arrived, 1);
    while (atomic_load(&p->arrived) < p->threads && bench_now() < p->until)
        ;
    bench_pin((int)i);
}

void bench_threads(int n)
{
    struct pins p = {0, n, bench_now() + 1};

    hyt_threads_set(n);
    hyt_parallel_for((size_t)n, pin_one, &p);
}
