/* SPDX-License-Identifier: MIT */
/*
 * sweep.c - every file of a model directory, cut at every length and with every
 * byte changed, opened and used as the programs do
 *
 * usage: sweep DIR SCRATCH SAMPLE SEED [COMMAND]...
 *
 * SCRATCH is an empty directory, for the damaged copy.  SAMPLE: how many cases
 * of each file are tried, about; 0: all.  A case must succeed or fail with a
 * message: no crash, no end of the process, no hang, no more than MEMORY.
 * Cases run in children of this process, each until one of them dies of it.
 * With commands these are run instead, by sh: each must end with 0, or with 1
 * and exactly one line on standard error.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chat.h"
#include "fuzz.h"
#include "gendefaults.h"
#include "hyt/kern.h"
#include "open.h"

#define SECONDS 20 /* of the processor, for one case, under a sanitizer */
#define MEMORY  ((rlim_t)1 << 30)
#define FILES   16

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define SANITIZED 1 /* reserves terabytes of addresses */
#else
#    define SANITIZED 0
#endif

static const unsigned char mask[] = {0x01, 0x10, 0x80, 0xff};

struct file {
    char name[256];
    struct hyt_buf bytes;
};

static struct file files[FILES];
static size_t n_files;
static const char *scratch;
static char **command;

/* What a child has come to, shared with its parent. */
struct progress {
    size_t at;
    size_t tried, refused;
};
static struct progress *progress;

/* --- a case --------------------------------------------------------------- */

static bool write_file(const struct file *f, size_t n, size_t flip,
                       unsigned char bits)
{
    struct hyt_buf path = {0};
    FILE *to;
    bool ok;

    hyt_buf_printf(&path, "%s/%s", scratch, f->name);
    to = fopen(path.s, "wb");
    hyt_buf_free(&path);
    if (!to)
        return false;
    ok = fwrite(f->bytes.s, 1, n, to) == n;
    if (bits)
        ok = ok && fseek(to, (long)flip, SEEK_SET) == 0 &&
             fputc((unsigned char)f->bytes.s[flip] ^ bits, to) != EOF;
    return fclose(to) == 0 && ok;
}

/* Messages through the template and the tokenizer into the model. */
static int use_model(const struct hyt_opened *o, const struct hyt_chat *chat,
                     struct hyt_err *err)
{
    static const char json[] = "[{\"role\":\"user\",\"content\":\"1 + 2\"}]";
    struct hyt_json *messages = hyt_json_parse(json, sizeof(json) - 1, 0, err);
    struct hyt_state *st = hyt_state_new(o->model);
    struct hyt_jinja_text text = {{0}, {0}};
    struct hyt_row_stats stats[8];
    struct hyt_ids32 ids = {0};
    int status = hyt_chat_render(chat, messages, 0, true, NULL, &text, err);

    hyt_buf_reserve(&text.s, 0);
    hyt_buf_reserve(&text.mark, 0);
    if (status == 0)
        status = hyt_tok_encode_mixed(o->tok, text.s.s,
                                      (const unsigned char *)text.mark.s,
                                      text.s.n, true, &ids, err);
    if (status == 0 && ids.n > 0) {
        const int32_t seq = hyt_seq_new(st);

        for (size_t i = 0;
             i < ids.n && i < HYT_LEN(stats) && i < o->model->c.max_positions;
             i++)
            hyt_batch_add(st, seq, ids.id[i], ids.id[0], true);
        hyt_forward(st, false);
        hyt_head_stats(st, stats);
    }
    hyt_ids32_free(&ids);
    hyt_jinja_text_free(&text);
    hyt_state_free(st);
    hyt_json_free(messages);
    return status;
}

static int use_checkpoint(const char *path, struct hyt_err *err)
{
    struct hyt_ckpt *c = hyt_ckpt_open(path, err);
    uint64_t *kept = NULL;
    size_t n_kept;
    int status;

    if (!c)
        return -1;
    for (size_t i = 0; i < hyt_ckpt_count(c); i++)
        fuzz_touch(hyt_ckpt_tensor(c, i)->data, hyt_ckpt_tensor(c, i)->n_bytes);
    (void)hyt_ckpt_run(c);
    status = hyt_ckpt_kept(c, &kept, &n_kept, err);
    free(kept);
    if (status == 0)
        status = hyt_ckpt_verify(c, err);
    hyt_ckpt_close(c);
    return status;
}

/* 0, or -1 with a message; verdict: of the digests. */
static int use(int *verdict, struct hyt_err *err)
{
    const struct hyt_main m = {.model = scratch, .threads = 1};
    struct hyt_opened o;
    struct hyt_chat chat;
    struct hyt_sampling sampling = {.temperature = 1, .top_p = 1};
    struct hyt_buf words = {0};
    struct hyt_buf kept = {0};
    int status;

    hyt_buf_printf(&kept, "%s@0", scratch);
    *verdict = use_checkpoint(scratch, err);
    if (*verdict == 0)
        *verdict = use_checkpoint(kept.s, err);
    if (*verdict < 0)
        fuzz_check_failure(err);
    hyt_buf_free(&kept);
    if (hyt_open(&o, &m, err) < 0)
        return -1;
    status = hyt_chat_open(&chat, scratch, "auto", NULL, err);
    if (status == 0) {
        status = use_model(&o, &chat, err);
        hyt_chat_close(&chat);
    }
    if (status == 0 &&
        hyt_gendefaults(&sampling, &words, &words, o.ckpt, err) < 0)
        status = -1;
    hyt_buf_free(&words);
    hyt_close(&o);
    return status;
}

/* --- a case by programs ------------------------------------------------ */

static size_t lines_of(const char *path)
{
    struct hyt_buf text = {0};
    struct hyt_err err;
    size_t n = 0;

    CHECK(hyt_file_read(path, 1 << 20, &text, &err) == 0);
    for (size_t i = 0; i < text.n; i++)
        n += text.s[i] == '\n';
    if (n > 1 || (text.n > 0 && n == 0))
        printf("# %s\n", text.s);
    hyt_buf_free(&text);
    return n;
}

static bool run_command(const char *line)
{
    static const char said[] = "sweep.err";
    const struct rlimit time = {SECONDS, SECONDS};
    const pid_t pid = fork();
    int status;

    CHECK(pid >= 0);
    if (pid == 0) {
        const int to = open(said, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        const int nothing = open("/dev/null", O_RDWR);

        dup2(nothing, STDIN_FILENO);
        dup2(nothing, STDOUT_FILENO);
        dup2(to, STDERR_FILENO);
        CHECK(setrlimit(RLIMIT_CPU, &time) == 0);
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(127);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) <= 1 &&
        lines_of(said) == (size_t)WEXITSTATUS(status)) {
        progress->refused += WEXITSTATUS(status) == 1;
        return true;
    }
    printf("# status %d of: %s\n", status, line);
    fflush(stdout);
    return false;
}

/* --- all cases ------------------------------------------------------------ */

/* Case k of a file of n bytes: cut to k, or a byte changed. */
static size_t cases(const struct file *f)
{
    return f->bytes.n * (1 + sizeof(mask));
}

static void say_case(const struct file *f, size_t k)
{
    const size_t n = f->bytes.n;

    if (k < n)
        printf("# %s cut to %zu bytes: ", f->name, k);
    else
        printf("# %s, byte %zu ^ 0x%02x: ", f->name, (k - n) % n,
               (unsigned)mask[(k - n) / n]);
}

static void run_case(const struct file *f, size_t k)
{
    const size_t n = f->bytes.n;
    const struct itimerval most = {.it_value = {.tv_sec = SECONDS}};
    struct hyt_err err = {.msg = ""};
    int verdict;

    if (k < n)
        CHECK(write_file(f, k, 0, 0));
    else
        CHECK(write_file(f, n, (k - n) % n, mask[(k - n) / n]));
    progress->tried++;
    if (*command) {
        for (char **c = command; *c; c++)
            CHECK(run_command(*c));
        return;
    }
    setitimer(ITIMER_PROF, &most, NULL);
    if (use(&verdict, &err) < 0)
        fuzz_check_failure(&err);
    progress->refused += err.msg[0] != '\0';
}

/* The share of cases that are tried; `seed` says which. */
static bool chosen(const struct file *f, size_t k, uint64_t seed, double share)
{
    return share >= 1 ||
           hyt_rng_unit(hyt_rng_key(seed, (uint64_t)(f - files)), k) < share;
}

static void child(const struct file *f, uint64_t seed, double share)
{
    const struct rlimit memory = {MEMORY, MEMORY};

    if (!SANITIZED)
        CHECK(setrlimit(RLIMIT_AS, &memory) == 0);
    for (; progress->at < cases(f); progress->at++)
        if (chosen(f, progress->at, seed, share))
            run_case(f, progress->at);
    _exit(0);
}

/* How many cases ended their process. */
static size_t sweep(const struct file *f, uint64_t seed, double share)
{
    size_t dead = 0;

    memset(progress, 0, sizeof(*progress));
    while (progress->at < cases(f)) {
        int status;
        pid_t pid;

        fflush(stdout);
        pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
            child(f, seed, share);
        CHECK(waitpid(pid, &status, 0) == pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            break;
        dead++;
        say_case(f, progress->at++);
        if (WIFSIGNALED(status))
            printf("%s\n", strsignal(WTERMSIG(status)));
        else
            printf("exit status %d\n", WEXITSTATUS(status));
    }
    CHECK(write_file(f, f->bytes.n, 0, 0));
    printf("%s %s: %zu cases, %zu refused\n", dead ? "not ok -" : "ok -",
           f->name, progress->tried, progress->refused);
    return dead;
}

static void read_files(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    struct hyt_err err;

    CHECK(d != NULL);
    while ((e = readdir(d))) {
        struct file *f = &files[n_files];
        struct hyt_buf path = {0};

        if (e->d_name[0] == '.')
            continue;
        CHECK(n_files < FILES);
        snprintf(f->name, sizeof(f->name), "%s", e->d_name);
        hyt_buf_printf(&path, "%s/%s", dir, e->d_name);
        CHECK(hyt_file_read(path.s, 1 << 24, &f->bytes, &err) == 0);
        hyt_buf_free(&path);
        CHECK(write_file(f, f->bytes.n, 0, 0));
        n_files++;
    }
    closedir(d);
}

int main(int argc, char **argv)
{
    size_t dead = 0;
    struct hyt_err err = {.msg = ""};
    double sample;
    uint64_t seed;
    int verdict;

    CHECK(argc >= 5);
    command = argv + 5;
    scratch = argv[2];
    sample = strtod(argv[3], NULL);
    seed = strtoull(argv[4], NULL, 10);
    read_files(argv[1]);
    if (use(&verdict, &err) < 0 || verdict < 0) {
        printf("not ok - the whole directory: %s\n", err.msg);
        return 1;
    }
    progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(progress != MAP_FAILED);
    for (size_t i = 0; i < n_files; i++) {
        /* As many of each file: the small ones say the most. */
        const double share = sample / (double)cases(&files[i]);

        dead += sweep(&files[i], seed, sample > 0 ? share : 1);
    }
    return dead > 0;
}
