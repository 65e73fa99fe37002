/* SPDX-License-Identifier: MIT */
/*
 * ckpt_work.h - the part of test_ckpt.c about working generations
 */
#ifndef TEST_CKPT_WORK_H
#define TEST_CKPT_WORK_H

#include "ckpt_dir.h"
#include "shared.h"

static struct hyt_work_tensor *work_find(struct hyt_work *w, const char *name)
{
    for (size_t i = 0; i < hyt_work_count(w); i++)
        if (strcmp(hyt_work_tensor(w, i)->from->name, name) == 0)
            return hyt_work_tensor(w, i);
    fail_msg("no work tensor %s", name);
    return NULL;
}

/* A commit changes what was written, and nothing else; a reader that has the
 * old generation open keeps it. */
static void test_round_trip(void **state)
{
    struct hyt_ckpt *old, *new;
    struct hyt_work *w;
    struct hyt_work_tensor *t;
    struct hyt_err err = {0};
    float expect[6];

    (void)state;
    make_small("rt");
    old = open_ok("rt");
    w = begin_ok(old, "rt");
    assert_int_equal(hyt_work_count(w), 2);
    assert_int_equal(hyt_work_step(w), 0);
    assert_int_equal(hyt_work_generation(w), 1);
    for (size_t i = 0; i < 2; i++)
        assert_ptr_equal(hyt_work_tensor(w, i)->from, hyt_ckpt_tensor(old, i));
    t = work_find(w, "w");
    assert_int_equal(t->n, 6);
    assert_null(t->master);
    assert_memory_equal(t->data, small_w, 24);
    ((float *)t->data)[4] = 42;
    t->m[5] = 0.5f;
    t = work_find(w, "h");
    assert_int_equal(t->n, 4);
    assert_true(t->master[0] == 1 && t->master[1] == -2 &&
                t->master[2] == 0.25f && t->master[3] == 3.140625f);
    for (size_t i = 0; i < 4; i++)
        assert_true(t->m[i] == 0 && t->v[i] == 0);
    hyt_work_meta(w, "hyt.seed", "7");
    hyt_work_meta(w, "hyt.seed", "8");
    commit_ok(w, 3);

    memcpy(expect, small_w, sizeof expect);
    assert_memory_equal(hyt_ckpt_find(old, "w")->data, expect, 24);
    expect[4] = 42;
    new = open_ok("rt");
    assert_int_equal(hyt_ckpt_generation(new), 1);
    assert_int_equal(hyt_ckpt_step(new), 3);
    assert_memory_equal(hyt_ckpt_find(new, "w")->data, expect, 24);
    assert_memory_equal(hyt_ckpt_find(new, "h")->data, small_h, 8);
    assert_string_equal(hyt_ckpt_meta(new, "hyt.seed"), "8");
    assert_string_equal(hyt_ckpt_meta(new, "author"), "me \xc3\xa9");
    assert_string_equal(hyt_ckpt_meta(new, "hyt.base"), hyt_ckpt_digest(old));
    assert_string_equal(hyt_ckpt_meta(new, "hyt.optimizer"),
                        "hyt-optimizer-1.safetensors");
    assert_int_equal(hyt_ckpt_verify(new, &err), 0);
    hyt_ckpt_close(old);
    hyt_ckpt_close(new);
}

/* Goes on from test_round_trip: the optimizer's state comes back. */
static void test_second_generation(void **state)
{
    struct hyt_ckpt *c = open_ok("rt"), *next;
    struct hyt_work *w = begin_ok(c, "rt");
    struct hyt_work_tensor *h = work_find(w, "h");

    (void)state;
    assert_int_equal(hyt_work_step(w), 3);
    assert_true(work_find(w, "w")->m[5] == 0.5f);
    assert_true(work_find(w, "w")->m[4] == 0);
    h->master[2] = 0.25000003f; /* the float beside the stored weight */
    h->v[3] = 9;
    commit_ok(w, 4);
    assert_false(exists("rt/hyt-optimizer-1.safetensors"));
    assert_true(exists("rt/hyt-optimizer-2.safetensors"));

    next = open_ok("rt");
    assert_int_equal(hyt_ckpt_generation(next), 2);
    assert_null(hyt_ckpt_meta(next, "hyt.seed"));
    assert_string_equal(hyt_ckpt_digest(next), hyt_ckpt_digest(c));
    w = begin_ok(next, "rt");
    assert_true(work_find(w, "h")->master[2] == 0.25000003f);
    assert_true(work_find(w, "h")->v[3] == 9);
    hyt_work_abandon(w);
    hyt_work_abandon(NULL);
    hyt_ckpt_close(next);
    hyt_ckpt_close(c);
}

static void test_abandon(void **state)
{
    static char before[8000], after[8000];
    struct hyt_ckpt *c = open_ok("rt");
    struct hyt_work *w;

    (void)state;
    list_dir("rt", before, sizeof before);
    w = begin_ok(c, "rt");
    ((float *)work_find(w, "w")->data)[0] = 1e9f;
    hyt_work_log(w, "{}", 2);
    hyt_work_abandon(w);
    list_dir("rt", after, sizeof after);
    assert_string_equal(before, after);
    hyt_ckpt_close(c);
}

static void test_lock(void **state)
{
    struct hyt_ckpt *c = open_ok("rt"), *stale;
    struct hyt_work *w = begin_ok(c, "rt");
    struct hyt_err err = {0};
    char pid[32];

    (void)state;
    stale = open_ok("rt");
    assert_null(hyt_work_begin(stale, at("rt"), &err));
    snprintf(pid, sizeof pid, "(pid %ld)", (long)getpid());
    assert_non_null(strstr(err.msg, "another process is updating it"));
    assert_non_null(strstr(err.msg, pid));
    commit_ok(w, 5);
    /* Free again, but `stale` is not what the directory holds any more. */
    assert_null(hyt_work_begin(stale, at("rt"), &err));
    assert_non_null(strstr(err.msg, "meanwhile"));
    hyt_ckpt_close(stale);
    hyt_ckpt_close(c);
}

static void test_elsewhere(void **state)
{
    static char before[8000], after[8000], text[64];
    struct hyt_ckpt *in = open_ok("rt"), *out;
    struct hyt_work *w;
    struct hyt_err err = {0};
    uint64_t g;

    (void)state;
    list_dir("rt", before, sizeof before);
    w = begin_ok(in, "else");
    assert_false(exists("else/config.json"));
    assert_int_equal(hyt_work_step(w), 5);
    work_find(w, "w")->m[0] = 7;
    hyt_work_log(w, "{\"a\":1}", 7);
    commit_ok(w, 6);
    list_dir("rt", after, sizeof after);
    assert_string_equal(before, after);

    out = open_ok("else");
    g = hyt_ckpt_generation(out);
    assert_int_equal(g, hyt_ckpt_generation(in) + 1);
    assert_string_equal(hyt_ckpt_meta(out, "hyt.base"), hyt_ckpt_digest(in));
    assert_string_equal(hyt_ckpt_meta(out, "hyt.log_bytes"), "8");
    assert_int_equal(hyt_ckpt_verify(out, &err), 0);
    assert_int_equal(get_file("else/tokenizer.json", text, sizeof text), 2);
    assert_int_equal(get_file("else/hyt-log.jsonl", text, sizeof text), 8);
    hyt_ckpt_close(out);

    /* Made anew from the same input: another number, the same beginning. */
    w = begin_ok(in, "else");
    assert_int_equal(hyt_work_generation(w), g + 1);
    assert_true(work_find(w, "w")->m[0] == 0);
    commit_ok(w, 6);
    out = open_ok("else");
    assert_int_equal(hyt_ckpt_generation(out), g + 1);
    hyt_ckpt_close(out);
    hyt_ckpt_close(in);
}

static void refuse_begin(const char *in, const char *out, const char *message)
{
    static char before[8000], after[8000];
    struct hyt_ckpt *c = open_ok(in);
    struct hyt_err err = {0};
    struct stat info;
    bool there = stat(at(out), &info) == 0 && S_ISDIR(info.st_mode);

    if (there)
        list_dir(out, before, sizeof before);
    assert_null(hyt_work_begin(c, at(out), &err));
    if (!strstr(err.msg, message))
        fail_msg("\"%s\" has no \"%s\"", err.msg, message);
    if (there) {
        list_dir(out, after, sizeof after);
        assert_string_equal(before, after);
    }
    hyt_ckpt_close(c);
}

static void test_refusals(void **state)
{
    struct hyt_err err = {0};

    (void)state;
    make_small("other");
    refuse_begin("rt", "other", "not made from");
    refuse_begin("rt", "no/such", "No such file");
    refuse_begin("rt", "fifo", "Not a directory");
    assert_int_equal(mkdir(at("has-config"), 0777), 0);
    put_file("has-config/config.json", "{\"model_type\":\"x\"}", 18);
    refuse_begin("rt", "has-config", "is not the file of that name");

    /* A directory of symbolic links, as download caches make them. */
    assert_int_equal(mkdir(at("links"), 0777), 0);
    assert_int_equal(
        symlink("../other/model.safetensors", at("links/model.safetensors")),
        0);
    assert_int_equal(symlink("../other/config.json", at("links/config.json")),
                     0);
    refuse_begin("links", "links", "symbolic link");
    hyt_work_abandon(NULL);

    /* A kept generation can be read, and be updated elsewhere. */
    assert_int_equal(
        link(at("rt/model.safetensors"), at("rt/hyt-model-3.safetensors")), 0);
    refuse_begin("rt@3", "rt", "is an older one");
    assert_null(hyt_ckpt_open(at("rt@2"), &err));
    assert_int_equal(unlink(at("rt/hyt-model-3.safetensors")), 0);

    /* The optimizer file that the record names is gone. */
    assert_int_equal(rename(at("rt/hyt-optimizer-3.safetensors"), at("moved")),
                     0);
    refuse_begin("rt", "rt", "hyt-optimizer-3");
    assert_int_equal(rename(at("moved"), at("rt/hyt-optimizer-3.safetensors")),
                     0);
}

static void test_leftovers(void **state)
{
    static char before[8000], after[8000];
    struct hyt_ckpt *c = open_ok("rt");

    (void)state;
    put_file("rt/hyt-notes.txt", "mine", 4);
    list_dir("rt", before, sizeof before);
    /* A generation that the commit record does not have as kept. */
    put_file("rt/hyt-optimizer-2.safetensors", "x", 1);
    put_file("rt/hyt-model-2.safetensors", "x", 1);
    put_file("rt/hyt-model-99.index.json", "x", 1);
    put_file("rt/.hyt-9-model-0.tmp", "x", 1);
    put_file("rt/hyt-optimizer-9.safetensors", "x", 1);
    put_file("rt/hyt-shard-9-00001-of-00002.safetensors", "x", 1);
    hyt_work_abandon(begin_ok(c, "rt"));
    list_dir("rt", after, sizeof after);
    assert_string_equal(before, after);
    hyt_ckpt_close(c);
}

/* The log's length is in the commit record; what is behind it is cut. */
static void test_log(void **state)
{
    struct hyt_ckpt *c = open_ok("rt");
    struct hyt_work *w = begin_ok(c, "rt");
    char text[64] = {0};
    FILE *f;

    (void)state;
    hyt_work_log(w, "{\"step\":1}", 10);
    hyt_work_log(w, "{\"step\":2}", 10);
    commit_ok(w, 7);
    hyt_ckpt_close(c);
    assert_int_equal(get_file("rt/hyt-log.jsonl", text, sizeof text), 22);
    assert_string_equal(text, "{\"step\":1}\n{\"step\":2}\n");
    f = fopen(at("rt/hyt-log.jsonl"), "ab");
    assert_non_null(f);
    fputs("{\"step\":3}\n{\"st", f);
    fclose(f);

    c = open_ok("rt");
    assert_string_equal(hyt_ckpt_meta(c, "hyt.log_bytes"), "22");
    w = begin_ok(c, "rt");
    hyt_work_log(w, "{\"step\":9}", 10);
    commit_ok(w, 8);
    hyt_ckpt_close(c);
    memset(text, 0, sizeof text);
    assert_int_equal(get_file("rt/hyt-log.jsonl", text, sizeof text), 33);
    assert_string_equal(text, "{\"step\":1}\n{\"step\":2}\n{\"step\":9}\n");
}

/* Flips one byte of a file, reading and writing it as a whole. */
static void flip(const char *name, size_t from_end)
{
    static char bytes[1 << 20];
    size_t n = get_file(name, bytes, sizeof bytes);

    assert_true(n > from_end);
    bytes[n - 1 - from_end] ^= 0x40;
    assert_int_equal(unlink(at(name)), 0);
    put_file(name, bytes, n);
}

static void test_flipped_byte(void **state)
{
    const char *file[2] = {"rt/model.safetensors", NULL};
    char optimizer[100];
    struct hyt_ckpt *c = open_ok("rt");
    struct hyt_err err = {0};

    (void)state;
    snprintf(optimizer, sizeof optimizer, "rt/%s",
             hyt_ckpt_meta(c, "hyt.optimizer"));
    file[1] = optimizer;
    hyt_ckpt_close(c);
    for (int i = 0; i < 2; i++) {
        flip(file[i], 3);
        c = open_ok("rt"); /* opening reads no tensor */
        assert_int_equal(hyt_ckpt_verify(c, &err), -1);
        assert_non_null(strstr(err.msg, "damaged"));
        assert_non_null(strstr(err.msg, file[i] + 3));
        assert_null(hyt_work_begin(c, at("rt"), &err));
        hyt_ckpt_close(c);
        flip(file[i], 3);
    }
    c = open_ok("rt");
    assert_int_equal(hyt_ckpt_verify(c, &err), 0);
    hyt_ckpt_close(c);
}

/* Goes on from test_shards. */
static void test_sharded_commit(void **state)
{
    struct hyt_err err = {0};

    (void)state;
    for (int g = 1; g <= 2; g++) {
        struct hyt_ckpt *c = open_ok("s");
        struct hyt_work *w = begin_ok(c, "s");

        assert_int_equal(hyt_work_count(w), 3);
        ((float *)work_find(w, "b")->data)[3] = (float)g;
        hyt_work_log(w, "{}", 2);
        commit_ok(w, (uint64_t)g);
        hyt_ckpt_close(c);
        c = open_ok("s");
        assert_int_equal(hyt_ckpt_generation(c), g);
        assert_int_equal(hyt_ckpt_verify(c, &err), 0);
        assert_true(((const float *)hyt_ckpt_find(c, "b")->data)[3] ==
                    (float)g);
        assert_memory_equal(hyt_ckpt_find(c, "a")->data, small_w, 8);
        assert_memory_equal(hyt_ckpt_find(c, "c")->data, small_h, 8);
        hyt_ckpt_close(c);
    }
    assert_false(exists("s/model-1.safetensors"));
    assert_false(exists("s/hyt-shard-1-00001-of-00002.safetensors"));
    assert_true(exists("s/hyt-shard-2-00002-of-00002.safetensors"));
    assert_false(exists("s/hyt-optimizer-1.safetensors"));
}

/* stories260K, where it is there: 1 MB, written by safetensors' own library. */
static void test_real_file(void **state)
{
    char path[SHARED_PATH], out[400];
    struct hyt_err err = {0};
    struct hyt_ckpt *c, *again;
    struct hyt_work *w;

    (void)state;
    shared_path(path, "data/stories260K");
    c = hyt_ckpt_open(path, &err);
    assert_non_null(c);
    assert_int_equal(hyt_ckpt_count(c), 47);
    assert_int_equal(hyt_ckpt_find(c, "model.embed_tokens.weight")->dim[0],
                     512);
    snprintf(out, sizeof out, "%s", at("stories"));
    w = hyt_work_begin(c, out, &err);
    assert_non_null(w);
    commit_ok(w, 0);
    again = open_ok("stories");
    assert_int_equal(hyt_ckpt_count(again), 47);
    for (size_t i = 0; i < 47; i++) {
        const struct hyt_tensor *a = hyt_ckpt_tensor(c, i),
                                *b = hyt_ckpt_tensor(again, i);

        assert_string_equal(a->name, b->name);
        assert_int_equal(a->n_bytes, b->n_bytes);
        assert_memory_equal(a->data, b->data, a->n_bytes);
    }
    assert_true(exists("stories/generation_config.json"));
    assert_int_equal(hyt_ckpt_verify(again, &err), 0);
    hyt_ckpt_close(c);
    hyt_ckpt_close(again);
}

#endif
