/* SPDX-License-Identifier: MIT */
/*
 * test_ckpt_race.c - readers and writers at once, and what many commits leave
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "ckpt_dir.h"

enum { N_FLOATS = 4096 };

static uint64_t commits(void)
{
    return getenv("HYT_FULL") ? 1000 : 100;
}

/* Two tensors of floats that all are 0, in one file or in two. */
static void make_plain(const char *dir, bool sharded)
{
    static const char *const name[2] = {"w", "h"};
    static float zero[2 * N_FLOATS];
    char path[300], header[300];
    const char index[] = "{\"weight_map\":{\"w\":\"model-0.safetensors\","
                         "\"h\":\"model-1.safetensors\"}}";

    assert_int_equal(mkdir(at(dir), 0777), 0);
    snprintf(path, sizeof path, "%s/config.json", dir);
    put_file(path, "{}", 2);
    for (int i = 0; sharded && i < 2; i++) {
        snprintf(
            header, sizeof header,
            "{\"%s\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[0,"
            "%d]}}",
            name[i], N_FLOATS, 4 * N_FLOATS);
        snprintf(path, sizeof path, "%s/model-%d.safetensors", dir, i);
        put_st(path, header, zero, sizeof zero / 2);
    }
    snprintf(path, sizeof path, "%s/model.safetensors%s", dir,
             sharded ? ".index.json" : "");
    snprintf(
        header, sizeof header,
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[0,%d]},"
        "\"h\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[%d,%d]}}",
        N_FLOATS, 4 * N_FLOATS, N_FLOATS, 4 * N_FLOATS, 8 * N_FLOATS);
    if (sharded)
        put_file(path, index, strlen(index));
    else
        put_st(path, header, zero, sizeof zero);
}

/* Every number becomes the generation's. */
static void fill(struct hyt_work *w)
{
    float g = (float)hyt_work_generation(w);

    for (size_t i = 0; i < hyt_work_count(w); i++)
        for (uint64_t j = 0; j < hyt_work_tensor(w, i)->n; j++)
            ((float *)hyt_work_tensor(w, i)->data)[j] = g;
}

static bool holds(const struct hyt_ckpt *c, float g)
{
    if (hyt_ckpt_count(c) != 2)
        return false;
    for (size_t i = 0; i < 2; i++) {
        const float *x = hyt_ckpt_tensor(c, i)->data;

        for (size_t j = 0; j < N_FLOATS; j++)
            if (!(x[j] >= g && x[j] <= g))
                return false;
    }
    return true;
}

/* One generation, and nothing of another. */
static bool is_whole(const struct hyt_ckpt *c)
{
    return holds(c, (float)hyt_ckpt_generation(c));
}

static int write_all(const char *dir, uint64_t n)
{
    struct hyt_err err;

    for (uint64_t i = 0; i < n; i++) {
        struct hyt_ckpt *c = hyt_ckpt_open(at(dir), &err);
        struct hyt_work *w = c ? hyt_work_begin(c, at(dir), &err) : NULL;
        int status = -1;

        if (w) {
            fill(w);
            status = hyt_work_commit(w, i + 1, &err);
        }
        hyt_ckpt_close(c);
        if (status < 0) {
            print_message("# writer: %s\n", err.msg);
            return 1;
        }
    }
    return 0;
}

static void race(const char *dir, bool sharded)
{
    struct hyt_err err = {0};
    uint64_t reads = 0, seen = 0, last = 0;
    int status = 1;
    pid_t writer;

    make_plain(dir, sharded);
    writer = fork();
    assert_true(writer >= 0);
    if (writer == 0)
        _exit(write_all(dir, commits()));
    while (waitpid(writer, &status, WNOHANG) == 0) {
        struct hyt_ckpt *c = hyt_ckpt_open(at(dir), &err);

        if (!c)
            fail_msg("%s", err.msg);
        reads++;
        seen += hyt_ckpt_generation(c) != last;
        assert_true(hyt_ckpt_generation(c) >= last);
        last = hyt_ckpt_generation(c);
        assert_true(is_whole(c));
        /* The one that is open stays what it is. */
        assert_true(is_whole(c));
        hyt_ckpt_close(c);
    }
    assert_int_equal(status, 0);
    print_message("ok - %" PRIu64 " reads of %" PRIu64 " generations during "
                  "%" PRIu64 " commits%s: none torn\n",
                  reads, seen, commits(), sharded ? ", sharded" : "");
}

static void test_readers(void **state)
{
    (void)state;
    race("race", false);
    race("race-shards", true);
}

static HYT_NORETURN void write_in_place(const char *file)
{
    static float x[2 * N_FLOATS];
    int fd = open(at(file), O_RDWR);
    struct stat info;

    for (int g = 1; fd >= 0 && fstat(fd, &info) == 0; g++) {
        for (size_t i = 0; i < 2 * (size_t)N_FLOATS; i++)
            x[i] = (float)g;
        if (pwrite(fd, x, sizeof x, info.st_size - (off_t)sizeof x) < 0)
            break;
    }
    _exit(1);
}

/* The readers can tell: a file that is written in place is soon torn. */
static void test_in_place(void **state)
{
    uint64_t reads = 0;
    bool torn = false;
    pid_t writer;

    (void)state;
    make_plain("place", false);
    writer = fork();
    assert_true(writer >= 0);
    if (writer == 0)
        write_in_place("place/model.safetensors");
    for (; reads < 1000000 && !torn; reads++) {
        struct hyt_ckpt *c = open_ok("place");

        torn = !holds(c, ((const float *)hyt_ckpt_tensor(c, 0)->data)[0]);
        hyt_ckpt_close(c);
    }
    assert_int_equal(kill(writer, SIGKILL), 0);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
    assert_true(torn);
    print_message("ok - written in place: torn at read %" PRIu64 "\n", reads);
}

/* Those who are refused try again: as many generations as were committed. */
static int compete(const char *dir, uint64_t n)
{
    struct hyt_err err = {0};

    while (n > 0) {
        struct hyt_ckpt *c = hyt_ckpt_open(at(dir), &err);
        struct hyt_work *w = c ? hyt_work_begin(c, at(dir), &err) : NULL;
        bool refused = strstr(err.msg, "another process") != NULL;

        if (!c || (!w && !refused)) {
            print_message("# writer: %s\n", err.msg);
            return 1;
        }
        if (w) {
            fill(w);
            if (hyt_work_commit(w, 1, &err) < 0)
                return 1;
            n--;
        }
        hyt_ckpt_close(c);
    }
    return 0;
}

static void test_writers(void **state)
{
    struct hyt_ckpt *c;
    struct hyt_err err = {0};
    pid_t pid[2];

    (void)state;
    make_plain("two", false);
    for (int i = 0; i < 2; i++) {
        pid[i] = fork();
        assert_true(pid[i] >= 0);
        if (pid[i] == 0)
            _exit(compete("two", commits() / 2));
    }
    for (int i = 0; i < 2; i++) {
        int status = 1;

        assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
        assert_int_equal(status, 0);
    }
    c = open_ok("two");
    assert_int_equal(hyt_ckpt_generation(c), commits() / 2 * 2);
    assert_true(is_whole(c));
    assert_int_equal(hyt_ckpt_verify(c, &err), 0);
    hyt_ckpt_close(c);
}

static size_t count_lines(const char *path)
{
    FILE *f = fopen(path, "r");
    size_t n = 0;
    int c;

    while (f && (c = getc(f)) != EOF)
        n += c == '\n';
    if (f)
        assert_int_equal(fclose(f), 0);
    return n;
}

static size_t count_entries(const char *path)
{
    DIR *d = opendir(path);
    size_t n = 0;

    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

/* Commits in the middle of one run, and runs one after the other. */
static void test_leaks(void **state)
{
    struct hyt_ckpt *c;
    struct hyt_err err = {0};
    struct hyt_work *w;
    size_t maps = 0, fds = 0;

    (void)state;
    make_plain("leaks", true);
    c = open_ok("leaks");
    w = begin_ok(c, "leaks");
    hyt_work_keep(w, 2);
    for (uint64_t i = 1; i <= commits(); i++) {
        fill(w);
        if (hyt_work_save(w, i, HYT_RUN_SAVED, &err) < 0 ||
            hyt_work_go_on(w, &err) < 0)
            fail_msg("%s", err.msg);
        if (i == 10) {
            maps = count_lines("/proc/self/maps");
            fds = count_entries("/proc/self/fd");
        }
    }
    /* The heap may have got one more mapping. */
    assert_in_range(count_lines("/proc/self/maps"), 0, maps + 2);
    assert_int_equal(count_entries("/proc/self/fd"), fds);
    assert_in_range(count_entries(at("leaks")), 0, 32);
    print_message("ok - %zu descriptors, %zu mappings after 10 and after "
                  "%" PRIu64 " commits\n",
                  fds, maps, commits());
    hyt_work_abandon(w);
    hyt_ckpt_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readers),
        cmocka_unit_test(test_in_place),
        cmocka_unit_test(test_writers),
        cmocka_unit_test(test_leaks),
    };

    return cmocka_run_group_tests(tests, make_root, remove_root);
}
