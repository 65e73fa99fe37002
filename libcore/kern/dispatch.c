/* SPDX-License-Identifier: MIT */
/*
 * dispatch.c - which instruction set's kernels run: HYT_KERN, or the best
 * that the CPU has
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kern/ops.h"

static bool always(void)
{
    return true;
}

#ifdef __x86_64__
static bool has_v3(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_v4(void)
{
    return has_v3() && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}
#endif

/* The best first. */
static const struct {
    const struct kern_table *table;
    bool (*runs)(void); /* on this CPU */
    const char *needs;
} isas[] = {
#ifdef __x86_64__
    {&hyt_kern_table_v4, has_v4, "AVX-512 F, BW, DQ and VL"},
    {&hyt_kern_table_v3, has_v3, "AVX2 and FMA"},
#endif
#ifdef __aarch64__
    {&hyt_kern_table_neon, always, ""},
#endif
    {&hyt_kern_table_base, always, ""},
    {&hyt_kern_table_ref, always, ""},
};

/* By name, or the best for NULL; NULL where this CPU runs none. */
static const struct kern_table *find(const char *name)
{
    for (size_t i = 0; i < HYT_LEN(isas); i++)
        if ((!name || strcmp(name, isas[i].table->name) == 0) && isas[i].runs())
            return isas[i].table;
    return NULL;
}

static const struct kern_table *choose(void)
{
    const struct kern_table *t = find(getenv("HYT_KERN"));

    return t ? t : find(NULL);
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
    char names[64] = "";

    if (!name || find(name))
        return 0;
    for (size_t i = 0, n = 0; i < HYT_LEN(isas); i++) {
        if (strcmp(name, isas[i].table->name) == 0)
            return hyt_fail(err, "HYT_KERN=%s: this CPU lacks some of %s", name,
                            isas[i].needs);
        n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s",
                              i > 0 ? ", " : "", isas[i].table->name);
    }
    return hyt_fail(err, "HYT_KERN=%s: not one of %s", name, names);
}

const char *hyt_kern_name(void)
{
    return hyt_kern()->name;
}
