/* SPDX-License-Identifier: MIT */
/*
 * main.c - runs a fuzz target over files: TARGET FILE...
 *
 * The name of each file is in the message of whatever ends the process.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "fuzz.h"
#include "hyt/io.h"

#define FILE_MAX ((size_t)1 << 24)
#define SECONDS  60 /* of the processor, for one file, under a sanitizer */

static const char *current = "";

static void say_current(int sig)
{
    static const char what[] = ": ends the process\n";

    (void)!write(STDERR_FILENO, current, strlen(current));
    (void)!write(STDERR_FILENO, what, sizeof(what) - 1);
    signal(sig, SIG_DFL);
    raise(sig);
}

int main(int argc, char **argv)
{
    static const int fatal[] = {SIGSEGV, SIGBUS,  SIGFPE,
                                SIGILL,  SIGABRT, SIGALRM};
    const struct itimerval most = {.it_value = {.tv_sec = SECONDS}};
    struct hyt_err err;

    for (size_t i = 0; i < HYT_LEN(fatal); i++)
        signal(fatal[i], say_current);
    for (int i = 1; i < argc; i++) {
        struct hyt_buf file = {0};

        current = argv[i];
        if (hyt_file_read(argv[i], FILE_MAX, &file, &err) < 0) {
            fprintf(stderr, "%s\n", err.msg);
            return 1;
        }
        setitimer(ITIMER_PROF, &most, NULL);
        LLVMFuzzerTestOneInput((const uint8_t *)file.s, file.n);
        hyt_buf_free(&file);
    }
    printf("%d files\n", argc - 1);
    return 0;
}
