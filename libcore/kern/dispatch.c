/* SPDX-License-Identifier: MIT */
/*
 * dispatch.c - which instruction set's kernels run: HYT_KERN, or the best
 * that the CPU has
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "kern/ops.h"

static bool cpu_has_v3(void)
{
#ifdef __x86_64__
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

static bool cpu_has_v4(void)
{
#ifdef __x86_64__
    return cpu_has_v3() && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
#else
    return false;
#endif
}

/* NULL where the name is unknown or this CPU cannot run it. */
static const struct kern_table *find(const char *name)
{
    if (strcmp(name, "ref") == 0)
        return &hyt_kern_table_ref;
    if (strcmp(name, "base") == 0)
        return &hyt_kern_table_base;
#ifdef __x86_64__
    if (strcmp(name, "v3") == 0 && cpu_has_v3())
        return &hyt_kern_table_v3;
    if (strcmp(name, "v4") == 0 && cpu_has_v4())
        return &hyt_kern_table_v4;
#endif
#ifdef __aarch64__
    if (strcmp(name, "neon") == 0)
        return &hyt_kern_table_neon;
#endif
    return NULL;
}

static const char *best(void)
{
#ifdef __aarch64__
    return "neon"; /* every 64-bit ARM CPU has it */
#else
    return cpu_has_v4() ? "v4" : cpu_has_v3() ? "v3" : "base";
#endif
}

static const struct kern_table *choose(void)
{
    const char *name = getenv("HYT_KERN");
    const struct kern_table *t = name ? find(name) : NULL;

    return t ? t : find(best());
}

static const struct kern_table *_Atomic table;

/* Threads that race here choose the same. */
const struct kern_table *hyt_kern(void)
{
    const struct kern_table *t =
        atomic_load_explicit(&table, memory_order_acquire);

    if (!t) {
        t = choose();
        atomic_store_explicit(&table, t, memory_order_release);
    }
    return t;
}

int hyt_kern_select(const char *name)
{
    const struct kern_table *t = name ? find(name) : choose();

    if (!t)
        return -1;
    atomic_store_explicit(&table, t, memory_order_release);
    return 0;
}

int hyt_kern_check(struct hyt_err *err)
{
    const char *name = getenv("HYT_KERN");

    if (!name || find(name))
        return 0;
    if (strcmp(name, "v3") == 0)
        return hyt_fail(err, "HYT_KERN=v3: this CPU lacks AVX2 or FMA");
    if (strcmp(name, "v4") == 0)
        return hyt_fail(err, "HYT_KERN=v4: this CPU lacks AVX-512 F, BW, DQ "
                             "or VL");
    return hyt_fail(err, "HYT_KERN=%s: not one of ref, base, v3, v4", name);
}

const char *hyt_kern_name(void)
{
    return hyt_kern()->name;
}
