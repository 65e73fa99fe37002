/* SPDX-License-Identifier: MIT */
/*
 * pool.c - hyt_parallel_for: a small pool of threads
 *
 * A loop is open or closed, and a worker takes part by joining an open loop.
 * One atomic word holds the loop's number, whether it is open and how many
 * workers are inside, so joining is one compare-and-swap that cannot reach
 * the wrong loop.  Each thread has a range of the indices, one after the other,
 * as memory is read best; who is done takes from the ends of others' ranges.
 * The caller works too, closes the loop when the indices are used up, and waits
 * only for the workers that joined: one that still sleeps costs nothing.
 *
 * A thread that waits spins for some tens of microseconds, because the next
 * loop usually follows at once; then it gives its CPU to whoever wants it,
 * several processes of a pipe share them; then it sleeps.  To wake a thread
 * costs a virtual machine more than most loops take.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "kern/pool.h"

enum { MAX_THREADS = 256, SPINS = 2000, YIELDS = 200 };

/* The word: loop number << 32 | OPEN | workers inside. */
#define OPEN        (UINT64_C(1) << 31)
#define INSIDE      (OPEN - 1)
#define NUMBER(w)   ((uint32_t)((w) >> 32))
#define NEXT(w)     (((uint64_t)NUMBER(w) + 1) << 32)
#define IS_OPEN(w)  (((w)&OPEN) != 0)
#define IS_EMPTY(w) (((w)&INSIDE) == 0)

static struct {
    _Atomic uint64_t word;
    _Atomic int sleepers;
    _Atomic bool stop;

    /* The loop; written while it is closed and nobody is inside.  What is left
     * of a thread's range: its begin | its end << 32. */
    void (*fn)(void *ctx, size_t i);
    void *ctx;
    struct {
        _Alignas(64) _Atomic uint64_t left;
    } range[MAX_THREADS];

    pthread_mutex_t lock;
    pthread_cond_t opened, left;
    pthread_t thread[MAX_THREADS];
    int started; /* workers running: threads 1 … started */
    int threads; /* wanted, the caller included; 0: not set */
} pool = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .opened = PTHREAD_COND_INITIALIZER,
    .left = PTHREAD_COND_INITIALIZER,
};

/* True on a thread that is running indices of a loop: a loop inside a loop
 * runs there and then. */
static _Thread_local bool inside;

/* Before look number i of a thread that waits. */
static void relax(int i)
{
    if (i >= SPINS)
        sched_yield();
#ifdef __x86_64__
    else
        __builtin_ia32_pause();
#endif
}

/* The next index of thread t's range, or for another thread the last. */
static bool take(int t, bool own, size_t *i)
{
    uint64_t left =
        atomic_load_explicit(&pool.range[t].left, memory_order_relaxed);
    uint32_t begin, end;

    do {
        begin = (uint32_t)left;
        end = (uint32_t)(left >> 32);
        if (begin == end)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(
        &pool.range[t].left, &left, own ? left + 1 : left - (UINT64_C(1) << 32),
        memory_order_relaxed, memory_order_relaxed));
    *i = own ? begin : end - 1;
    return true;
}

static void run_indices(int self)
{
    size_t i;

    inside = true;
    for (int k = 0; k < pool.threads; k++)
        while (take((self + k) % pool.threads, k == 0, &i))
            pool.fn(pool.ctx, i);
    inside = false;
}

static void share_out(size_t n)
{
    uint64_t threads = (uint64_t)pool.threads;

    if (n > UINT32_MAX)
        HYT_BUG("a loop with more than 2^32 - 1 indices");
    for (uint64_t t = 0; t < threads; t++)
        atomic_store_explicit(&pool.range[t].left,
                              n * t / threads | n * (t + 1) / threads << 32,
                              memory_order_relaxed);
}

/* True where the word shows an open loop that the worker has not done. */
static bool is_new(uint64_t word, uint32_t done)
{
    return IS_OPEN(word) && NUMBER(word) != done;
}

/* Waits for a loop with a number other than `done`; false: the pool stops. */
static bool wait_for_loop(uint32_t done)
{
    for (int i = 0; i < SPINS + YIELDS; i++) {
        if (is_new(atomic_load_explicit(&pool.word, memory_order_relaxed),
                   done))
            return true;
        relax(i);
    }
    pthread_mutex_lock(&pool.lock);
    /* Either the opener sees this sleeper and signals, or the sleeper sees
     * the open loop: both sides are sequentially consistent. */
    atomic_fetch_add(&pool.sleepers, 1);
    while (!is_new(atomic_load(&pool.word), done) && !atomic_load(&pool.stop))
        pthread_cond_wait(&pool.opened, &pool.lock);
    atomic_fetch_sub(&pool.sleepers, 1);
    pthread_mutex_unlock(&pool.lock);
    return !atomic_load(&pool.stop);
}

static void *worker(void *arg)
{
    const int self = (int)(intptr_t)arg;
    uint32_t done = 0; /* the first loop has number 1 */

    while (wait_for_loop(done)) {
        uint64_t word = atomic_load_explicit(&pool.word, memory_order_relaxed);

        if (!is_new(word, done) ||
            !atomic_compare_exchange_strong(&pool.word, &word, word + 1))
            continue;
        done = NUMBER(word);
        run_indices(self);
        word = atomic_fetch_sub(&pool.word, 1) - 1;
        if (IS_EMPTY(word) && !IS_OPEN(word)) {
            pthread_mutex_lock(&pool.lock);
            pthread_cond_signal(&pool.left);
            pthread_mutex_unlock(&pool.lock);
        }
    }
    return NULL;
}

static void start_workers(void)
{
    int wanted = hyt_threads() - 1;

    /* Where the system gives fewer threads, fewer do the same work. */
    while (pool.started < wanted &&
           pthread_create(&pool.thread[pool.started], NULL, worker,
                          (void *)(intptr_t)(pool.started + 1)) == 0)
        pool.started++;
}

void hyt_threads_stop(void)
{
    pthread_mutex_lock(&pool.lock);
    atomic_store(&pool.stop, true);
    pthread_cond_broadcast(&pool.opened);
    pthread_mutex_unlock(&pool.lock);
    while (pool.started > 0)
        pthread_join(pool.thread[--pool.started], NULL);
    atomic_store(&pool.stop, false);
}

void hyt_threads_set(int n)
{
    if (n < 1 || n > MAX_THREADS)
        HYT_BUG("number of threads out of range");
    if (n != pool.threads)
        hyt_threads_stop();
    pool.threads = n;
}

int hyt_threads(void)
{
    if (pool.threads == 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);

        pool.threads = online < 1             ? 1
                       : online > MAX_THREADS ? MAX_THREADS
                                              : (int)online;
    }
    return pool.threads;
}

static void wait_until_left(void)
{
    for (int i = 0; i < SPINS + YIELDS; i++) {
        if (IS_EMPTY(atomic_load(&pool.word)))
            return;
        relax(i);
    }
    pthread_mutex_lock(&pool.lock);
    while (!IS_EMPTY(atomic_load(&pool.word)))
        pthread_cond_wait(&pool.left, &pool.lock);
    pthread_mutex_unlock(&pool.lock);
}

void hyt_parallel_for(size_t n, void (*fn)(void *ctx, size_t i), void *ctx)
{
    if (n <= 1 || inside || hyt_threads() == 1) {
        for (size_t i = 0; i < n; i++)
            fn(ctx, i);
        return;
    }
    if (pool.started < pool.threads - 1)
        start_workers();
    pool.fn = fn;
    pool.ctx = ctx;
    share_out(n);
    atomic_store(&pool.word, NEXT(atomic_load(&pool.word)) | OPEN);
    if (atomic_load(&pool.sleepers) > 0) {
        pthread_mutex_lock(&pool.lock);
        pthread_cond_broadcast(&pool.opened);
        pthread_mutex_unlock(&pool.lock);
    }
    run_indices(0);
    atomic_fetch_and(&pool.word, ~OPEN);
    wait_until_left();
}

struct blocks {
    void (*fn)(const void *ctx, size_t begin, size_t end);
    const void *ctx;
    size_t n, block;
};

static void run_block(void *ctx, size_t i)
{
    const struct blocks *b = ctx;
    size_t begin = i * b->block;

    b->fn(b->ctx, begin, begin + b->block < b->n ? begin + b->block : b->n);
}

void hyt_parallel_blocks(size_t n, size_t block,
                         void (*fn)(const void *ctx, size_t begin, size_t end),
                         const void *ctx)
{
    struct blocks b = {fn, ctx, n, block};

    hyt_parallel_for((n + block - 1) / block, run_block, &b);
}
