/* SPDX-License-Identifier: MIT */
/*
 * test_ckpt_run.c - commits in the middle of a run, kept generations, rollback
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ckpt_dir.h"

static struct hyt_work_tensor *tensor(struct hyt_work *w, const char *name)
{
    for (size_t i = 0; i < hyt_work_count(w); i++)
        if (strcmp(hyt_work_tensor(w, i)->from->name, name) == 0)
            return hyt_work_tensor(w, i);
    fail_msg("no work tensor %s", name);
    return NULL;
}

/* A step of training: what it writes is a function of what it finds. */
static void take_step(struct hyt_work *w, uint64_t step)
{
    char line[64];

    for (const char *name = "w"; name; name = *name == 'w' ? "h" : NULL) {
        struct hyt_work_tensor *t = tensor(w, name);

        for (uint64_t i = 0; i < t->n; i++) {
            t->m[i] = 0.5f * t->m[i] + (float)step;
            t->v[i] += 1;
            if (t->master)
                t->master[i] += t->m[i];
            else
                ((float *)t->data)[i] += t->m[i];
        }
    }
    snprintf(line, sizeof line, "{\"step\":%" PRIu64 "}", step);
    hyt_work_log(w, line, strlen(line));
}

static void save_ok(struct hyt_work *w, uint64_t step, enum hyt_run run)
{
    struct hyt_err err = {0};

    if (hyt_work_save(w, step, run, &err) < 0)
        fail_msg("%s", err.msg);
}

static void go_on_ok(struct hyt_work *w)
{
    struct hyt_err err = {0};

    if (hyt_work_go_on(w, &err) < 0)
        fail_msg("%s", err.msg);
}

static struct hyt_work *resume_ok(const struct hyt_ckpt *c)
{
    struct hyt_err err = {0};
    struct hyt_work *w = hyt_work_resume(c, &err);

    if (!w)
        fail_msg("%s", err.msg);
    return w;
}

/*
 * Four steps, saved after each `every`-th, in a directory that is made anew.
 * After step `stop` (0: never) it is committed out of turn, and then either the
 * same work goes on or (again) another process would.
 */
static void run(const char *dir, uint64_t every, uint64_t stop, bool again,
                int keep)
{
    struct hyt_ckpt *c;
    struct hyt_work *w;

    make_small(dir);
    c = open_ok(dir);
    w = begin_ok(c, dir);
    if (keep >= 0)
        hyt_work_keep(w, (uint64_t)keep);
    for (uint64_t step = 1; step <= 4; step++) {
        bool due = every && step % every == 0;

        take_step(w, step);
        if (!due && step != stop)
            continue;
        save_ok(w, step, due ? HYT_RUN_SAVED : HYT_RUN_STOPPED);
        if (step != stop || !again) {
            go_on_ok(w);
            continue;
        }
        hyt_work_abandon(w);
        hyt_ckpt_close(c);
        c = open_ok(dir);
        assert_int_equal(hyt_ckpt_run(c),
                         due ? HYT_RUN_SAVED : HYT_RUN_STOPPED);
        w = resume_ok(c);
        if (keep >= 0)
            hyt_work_keep(w, (uint64_t)keep);
    }
    commit_ok(w, 4);
    hyt_ckpt_close(c);
}

/* Wherever it was interrupted, the directory ends with the same bytes. */
static void test_same_end(void **state)
{
    static char whole[8000], parts[8000];
    char ref[32], got[32];

    (void)state;
    for (uint64_t every = 0; every <= 4; every++)
        for (int keep = -1; keep <= 1; keep += 2) {
            snprintf(ref, sizeof ref, "ref-%d-%d", (int)every, keep);
            run(ref, every, 0, false, keep);
            list_dir(ref, whole, sizeof whole);
            for (uint64_t stop = 1; stop <= 4; stop++)
                for (int again = 0; again < 2; again++) {
                    snprintf(got, sizeof got, "got-%d-%d-%d-%d", (int)every,
                             keep, (int)stop, again);
                    run(got, every, stop, again, keep);
                    list_dir(got, parts, sizeof parts);
                    assert_string_equal(whole, parts);
                }
        }
}

/* In the middle of a run its base stays; at the end it goes. */
static void test_base(void **state)
{
    struct hyt_ckpt *c, *now, *base;
    struct hyt_err err = {0};
    struct hyt_work *w;

    (void)state;
    make_small("base");
    c = open_ok("base");
    w = begin_ok(c, "base");
    for (uint64_t step = 1; step <= 3; step++) {
        take_step(w, step);
        save_ok(w, step, step == 3 ? HYT_RUN_STOPPED : HYT_RUN_SAVED);
        now = open_ok("base");
        base = open_ok("base@base");
        assert_int_equal(hyt_ckpt_generation(now), step);
        assert_string_equal(hyt_ckpt_meta(now, "hyt.base"), hyt_ckpt_digest(c));
        assert_string_equal(hyt_ckpt_meta(now, "hyt.base_generation"), "0");
        assert_string_equal(hyt_ckpt_meta(now, "hyt.base_step"), "0");
        assert_int_equal(hyt_ckpt_generation(base), 0);
        assert_string_equal(hyt_ckpt_digest(base), hyt_ckpt_digest(c));
        assert_memory_equal(hyt_ckpt_find(base, "w")->data, small_w, 24);
        assert_int_equal(hyt_ckpt_verify(now, &err), 0);
        hyt_ckpt_close(base);
        hyt_ckpt_close(now);
        if (step < 3)
            go_on_ok(w);
    }
    hyt_work_abandon(w);
    assert_true(exists("base/hyt-optimizer-3-at-3.safetensors"));
    assert_true(exists("base/hyt-model-0.safetensors"));
    hyt_ckpt_close(c);

    /* Another run over it: the base of the one that is given up goes. */
    c = open_ok("base");
    w = begin_ok(c, "base");
    assert_int_equal(hyt_work_generation(w), 4);
    commit_ok(w, 4);
    hyt_ckpt_close(c);
    assert_false(exists("base/hyt-model-0.safetensors"));
    assert_false(exists("base/hyt-optimizer-3-at-3.safetensors"));
    base = open_ok("base@base");
    assert_int_equal(hyt_ckpt_generation(base), 4);
    hyt_ckpt_close(base);
    assert_null(hyt_ckpt_open(at("base@0"), &err));
    assert_non_null(strstr(err.msg, "generation 0 is not kept"));
}

static void commit_one(const char *dir, uint64_t step, uint64_t keep)
{
    struct hyt_ckpt *c = open_ok(dir);
    struct hyt_work *w = begin_ok(c, dir);

    hyt_work_keep(w, keep);
    take_step(w, step);
    commit_ok(w, step);
    hyt_ckpt_close(c);
}

static void expect_kept(const char *dir, const char *expect)
{
    struct hyt_ckpt *c = open_ok(dir);
    struct hyt_err err = {0};
    char text[100] = "";
    uint64_t *g;
    size_t n;

    assert_int_equal(hyt_ckpt_kept(c, &g, &n, &err), 0);
    for (size_t i = 0; i < n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text),
                 "%" PRIu64 " ", g[i]);
    assert_string_equal(text, expect);
    for (size_t i = 0; i < n; i++) {
        char path[100];
        struct hyt_ckpt *kept;

        snprintf(path, sizeof path, "%s@%" PRIu64, dir, g[i]);
        kept = open_ok(path);
        assert_int_equal(hyt_ckpt_generation(kept), g[i]);
        assert_int_equal(hyt_ckpt_verify(kept, &err), 0);
        hyt_ckpt_close(kept);
    }
    free(g);
    hyt_ckpt_close(c);
}

/* `list`: the directory as it was at generations 0 ... 5. */
static void roll(const char *dir, uint64_t g, char list[][8000])
{
    static char now[8000];
    struct hyt_err err = {0};

    if (hyt_ckpt_rollback(at(dir), g, &err) < 0)
        fail_msg("%s", err.msg);
    list_dir(dir, now, sizeof now);
    assert_string_equal(now, list[g]);
}

static void keep_and_roll(const char *dir)
{
    static char list[6][8000];
    struct hyt_err err = {0};

    list_dir(dir, list[0], sizeof list[0]);
    for (uint64_t g = 1; g <= 5; g++) {
        commit_one(dir, g, 9);
        list_dir(dir, list[g], sizeof list[g]);
    }
    expect_kept(dir, "0 1 2 3 4 ");
    assert_int_equal(hyt_ckpt_rollback(at(dir), 5, &err), -1);
    assert_non_null(strstr(err.msg, "is the committed one"));
    assert_int_equal(hyt_ckpt_rollback(at(dir), 6, &err), -1);
    assert_non_null(strstr(err.msg, "is not kept"));
    /* What is committed after a rollback is what was committed before. */
    roll(dir, 3, list);
    expect_kept(dir, "0 1 2 ");
    commit_one(dir, 4, 9);
    list_dir(dir, list[5], sizeof list[5]);
    assert_string_equal(list[4], list[5]);
    roll(dir, 1, list);
    commit_one(dir, 2, 1);
    expect_kept(dir, "1 ");
    commit_one(dir, 3, 0);
    expect_kept(dir, "");
}

static void test_keep(void **state)
{
    (void)state;
    make_small("kept");
    keep_and_roll("kept");
    assert_false(exists("kept/hyt-optimizer-1.safetensors"));
    assert_false(exists("kept/hyt-optimizer-2.safetensors"));
}

#define SHARDED                                                                \
    "{\"metadata\":{},\"weight_map\":{\"w\":\"model-1.safetensors\","          \
    "\"h\":\"model-2.safetensors\"}}"

static void test_keep_shards(void **state)
{
    (void)state;
    assert_int_equal(mkdir(at("sh"), 0777), 0);
    put_st("sh/model-1.safetensors",
           "{\"w\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":[0,24]}}",
           small_w, sizeof small_w);
    put_st("sh/model-2.safetensors",
           "{\"h\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[0,8]}}",
           small_h, sizeof small_h);
    put_file("sh/model.safetensors.index.json", SHARDED, strlen(SHARDED));
    put_file("sh/config.json", "{}", 2);
    keep_and_roll("sh");
    assert_false(exists("sh/model-1.safetensors"));
    assert_false(exists("sh/hyt-shard-2-00001-of-00002.safetensors"));
    assert_true(exists("sh/hyt-shard-3-00001-of-00002.safetensors"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_end),
        cmocka_unit_test(test_base),
        cmocka_unit_test(test_keep),
        cmocka_unit_test(test_keep_shards),
    };

    return cmocka_run_group_tests(tests, make_root, remove_root);
}
