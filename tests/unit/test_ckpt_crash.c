/* SPDX-License-Identifier: MIT */
/*
 * test_ckpt_crash.c - a power cut at any moment of a commit
 *
 * The calls of a commit are recorded, and the directories that a power cut can
 * leave after each of them are made and looked at, as ALICE does (Pillai et
 * al., OSDI 2014).  The same check must find what is wrong with protocols that
 * leave out one of the syncs, or write in place.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#ifdef __SANITIZE_THREAD__
#    include <stdio.h>

/* ThreadSanitizer defines the very calls that crash_log.h defines. */
int main(void)
{
    puts("skipped: not with ThreadSanitizer");
    return 77;
}
#else

#    include <setjmp.h>
#    include <stdarg.h>
#    include <stddef.h>

#    include <cmocka.h>

#    include "ckpt_dir.h"
#    include "crash_state.h"

/* --- what is recorded ----------------------------------------------------- */

struct scenario {
    const char *name;
    bool sharded;
    bool elsewhere; /* into a new directory */
    int keep;
    bool saves; /* two commits in the middle of a run before the last */
};

static const struct scenario scenarios[] = {
    {"single", false, false, -1, false},
    {"keep", false, false, 1, false},
    {"saves", false, false, -1, true},
    {"shards", true, false, 0, false},
    {"shards-keep", true, false, 2, true},
    {"elsewhere", false, true, -1, false},
};

#    define SHARDED                                                            \
        "{\"metadata\":{},\"weight_map\":{\"w\":\"model-1.safetensors\","      \
        "\"h\":\"model-2.safetensors\"}}"

static void make_sharded(const char *dir)
{
    char path[300];

    make_small(dir);
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    assert_int_equal(unlink(at(path)), 0);
    snprintf(path, sizeof path, "%s/model-1.safetensors", dir);
    put_st(path,
           "{\"w\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":[0,24]}}",
           small_w, sizeof small_w);
    snprintf(path, sizeof path, "%s/model-2.safetensors", dir);
    put_st(path,
           "{\"h\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[0,8]}}",
           small_h, sizeof small_h);
    snprintf(path, sizeof path, "%s/model.safetensors.index.json", dir);
    put_file(path, SHARDED, strlen(SHARDED));
}

static void take_step(struct hyt_work *w, uint64_t step)
{
    char line[64];

    for (size_t i = 0; i < hyt_work_count(w); i++) {
        struct hyt_work_tensor *t = hyt_work_tensor(w, i);

        t->m[0] += (float)step;
        *(uint8_t *)t->data ^= (uint8_t)step;
    }
    snprintf(line, sizeof line, "{\"step\":%" PRIu64 "}", step);
    hyt_work_log(w, line, strlen(line));
}

/* The directories that are right: before, and after each commit. */
static char right[6][8000];
static size_t n_right, done_at[6];

static void is_right(const char *dir)
{
    bool was = recording;

    recording = false;
    list_dir(dir, right[n_right], sizeof right[0]);
    recording = was;
    done_at[n_right++] = n_ops;
}

static void commit_all(const struct scenario *s, const struct hyt_ckpt *c,
                       const char *out)
{
    struct hyt_work *w = begin_ok(c, out);
    struct hyt_err err = {0};
    uint64_t step = hyt_work_step(w) + 1;

    if (s->keep >= 0)
        hyt_work_keep(w, (uint64_t)s->keep);
    for (int i = 0; s->saves && i < 2; i++, step++) {
        take_step(w, step);
        if (hyt_work_save(w, step, i ? HYT_RUN_STOPPED : HYT_RUN_SAVED, &err))
            fail_msg("%s", err.msg);
        record(OP_DONE, -1, NULL, NULL);
        is_right(out);
        if (hyt_work_go_on(w, &err) < 0)
            fail_msg("%s", err.msg);
    }
    take_step(w, step);
    commit_ok(w, step);
    record(OP_DONE, -1, NULL, NULL);
    is_right(out);
}

/* Generation 2 on top of one that was committed in the same way. */
static void record_scenario(const struct scenario *s)
{
    struct scenario first = *s;
    struct hyt_ckpt *c;
    const char *out = s->elsewhere ? "out" : "d";

    remove_tree(at("d"));
    remove_tree(at("out"));
    n_right = 0;
    (s->sharded ? make_sharded : make_small)("d");
    first.saves = first.elsewhere = false;
    c = open_ok("d");
    commit_all(&first, c, "d");
    hyt_ckpt_close(c);
    n_right = 0;
    if (s->elsewhere)
        assert_int_equal(mkdir(at("out"), 0777), 0);
    begin_recording(out);
    is_right(out);
    c = open_ok("d");
    commit_all(s, c, out);
    recording = false;
    hyt_ckpt_close(c);
}

/* --- what must hold ------------------------------------------------------- */

static char why[1200];

static bool bad(const char *what, const char *detail)
{
    snprintf(why, sizeof why, "%.90s: %.1100s", what, detail);
    return false;
}

static bool whole_log(const struct hyt_ckpt *c)
{
    static char bytes[FILE_MAX];
    const char *length = hyt_ckpt_meta(c, "hyt.log_bytes");
    struct hyt_err err;
    uint64_t n = 0;
    size_t have = get_file("crash/hyt-log.jsonl", bytes, sizeof bytes);

    if (length && hyt_parse_u64(length, &n, &err) < 0)
        return false;
    return have >= n && !memchr(bytes, 0, n) &&
           (n == 0 || bytes[n - 1] == '\n');
}

/* Every generation that it names, opened and compared with its digests. */
static bool verifies(void)
{
    struct hyt_err err = {0};
    struct hyt_ckpt *c = hyt_ckpt_open(at("crash"), &err);
    uint64_t *g;
    size_t n;
    bool ok;

    if (!c)
        return bad("cannot be opened", err.msg);
    ok = hyt_ckpt_verify(c, &err) == 0 && hyt_ckpt_kept(c, &g, &n, &err) == 0;
    if (!ok) {
        hyt_ckpt_close(c);
        return bad("does not verify", err.msg);
    }
    for (size_t i = 0; i < n && ok; i++) {
        char path[64];
        struct hyt_ckpt *kept;

        snprintf(path, sizeof path, "crash@%" PRIu64, g[i]);
        kept = hyt_ckpt_open(at(path), &err);
        ok = kept && hyt_ckpt_verify(kept, &err) == 0;
        hyt_ckpt_close(kept);
    }
    ok = ok ? whole_log(c) || bad("the log", "is not whole")
            : bad("a kept one", err.msg);
    free(g);
    hyt_ckpt_close(c);
    return ok;
}

/* Recovered, the directory is one of the right ones, and none before that which
 * was reported last. */
static bool recovers(size_t end)
{
    static char text[8000];
    struct hyt_err err = {0};
    struct hyt_ckpt *c = hyt_ckpt_open(at("crash"), &err);
    size_t reported = 0;
    bool ok = c && hyt_ckpt_tidy(c, &err) == 0;

    hyt_ckpt_close(c);
    if (!ok)
        return bad("cannot be recovered", err.msg);
    list_dir("crash", text, sizeof text);
    for (size_t i = 0; i < n_right; i++)
        if (end >= done_at[i])
            reported = i;
    while (reported < n_right)
        if (strcmp(text, right[reported++]) == 0)
            return true;
    return bad("neither old nor new", text);
}

static bool holds(const struct scenario *s, size_t end)
{
    if (s->elsewhere && find_name("model.safetensors") < 0)
        return end < done_at[n_right - 1] || bad("lost", "no model");
    return verifies() && recovers(end);
}

/* --- all states ----------------------------------------------------------- */

static size_t tried;

/* Whether what is recorded keeps the promise in `n` states after each call, and
 * those with nothing and everything of what was not synced. */
static bool survives(const struct scenario *s, uint64_t n)
{
    static const uint64_t chances[] = {0, 100, 50, 85, 15};

    for (size_t end = n_ops + 1; end-- > 0;)
        for (uint64_t k = 0; k < n + 2; k++) {
            uint64_t chance = chances[k < 2 ? k : 2 + k % 3];

            make_state(end, chance);
            write_state("crash");
            tried++;
            if (holds(s, end))
                continue;
            return false;
        }
    return true;
}

static uint64_t states_a_call(void)
{
    return getenv("HYT_FULL") ? 200 : 4;
}

static void test_power_cut(void **state)
{
    (void)state;
    tried = 0;
    for (size_t i = 0; i < HYT_LEN(scenarios); i++) {
        record_scenario(&scenarios[i]);
        if (!survives(&scenarios[i], states_a_call()))
            fail_msg("%s: %s", scenarios[i].name, why);
    }
    /* As hyt(7) says. */
    assert_true(tried >= (getenv("HYT_FULL") ? 70000 : 1000));
    print_message("ok - %zu states after a power cut\n", tried);
}

/* Each sync of each scenario is needed. */
static void test_sync_left_out(void **state)
{
    size_t caught = 0;

    (void)state;
    for (size_t i = 0; i < HYT_LEN(scenarios); i++) {
        int n;

        /* A sample: one file, a run of several commits, shards. */
        if (!getenv("HYT_FULL") && (i == 1 || i > 3))
            continue;
        record_scenario(&scenarios[i]);
        n = n_syncs;
        for (left_out = 1; left_out <= n; left_out++) {
            int k = left_out;

            record_scenario(&scenarios[i]);
            if (survives(&scenarios[i], 40))
                fail_msg("%s: sync %d of %d can be left out unnoticed",
                         scenarios[i].name, k, n);
            caught++;
        }
        left_out = 0;
    }
    assert_true(caught >= (getenv("HYT_FULL") ? 60 : 20));
    print_message("ok - %zu protocols without one sync are caught\n", caught);
}

/* A program that writes the new weights into the committed file. */
static void test_in_place(void **state)
{
    const struct scenario single = scenarios[0];
    static char bytes[FILE_MAX];
    size_t n;
    int fd;

    (void)state;
    record_scenario(&single);
    n = get_file("d/model.safetensors", bytes, sizeof bytes);
    bytes[n - 1] ^= 1;
    assert_int_equal(chmod(at("d/model.safetensors"), 0600), 0);
    begin_recording("d");
    n_right = 0;
    is_right("d");
    recording = false;
    fd = open(at("d/model.safetensors"), O_RDWR);
    assert_true(fd >= 0);
    recording = true;
    fd_file[fd] = *live_file("model.safetensors");
    assert_int_equal(pwrite(fd, bytes, n, 0), n);
    assert_int_equal(fsync(fd), 0);
    recording = false;
    close(fd);
    assert_false(survives(&single, 40));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_cut),
        cmocka_unit_test(test_sync_left_out),
        cmocka_unit_test(test_in_place),
    };

    return cmocka_run_group_tests(tests, make_root, remove_root);
}

#endif
