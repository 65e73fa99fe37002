/* SPDX-License-Identifier: MIT */
/*
 * signals.c - what signals do to a program
 */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

static volatile sig_atomic_t stopping, saving;
static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
static bool ignored[HYT_LEN(caught)];   /* by the parent, and so here */
static int empty_input = -1;            /* /dev/null */
static const char *volatile unfinished; /* the output's temporary file */

bool hyt_main_stopping(void)
{
    return stopping;
}

static void stop(int signo)
{
    (void)signo;
    for (size_t i = 0; i < HYT_LEN(caught); i++)
        if (!ignored[i])
            signal(caught[i], SIG_DFL);
    stopping = 1;
    hyt_in_stop(empty_input);
}

static void save(int signo)
{
    (void)signo;
    saving = 1;
}

bool hyt_main_wait(struct hyt_main *m)
{
    sigset_t usr1, all, mask;
    fd_set set;
    int fd;

    /* USR1 is blocked but for here, so that it interrupts no work; here also
     * those that end the program, so that none comes between the look at what
     * they set and the wait. */
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    all = usr1;
    for (size_t i = 0; i < HYT_LEN(caught); i++)
        sigaddset(&all, caught[i]);
    pthread_sigmask(SIG_UNBLOCK, &usr1, &mask);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    fd = saving || stopping ? -1 : hyt_lines_fd(m->in);
    if (fd >= 0 && fd < FD_SETSIZE) {
        sigset_t waiting = mask;

        sigdelset(&waiting, SIGUSR1);
        FD_ZERO(&set);
        FD_SET(fd, &set);
        (void)!pselect(fd + 1, &set, NULL, NULL, NULL, &waiting);
    }
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    if (!saving)
        return false;
    saving = 0;
    return true;
}

/* A file that was not finished must not stay behind. */
static void clean_up(int signo)
{
    const char *path = unfinished;

    if (path)
        unlink(path);
    raise(signo);
}

/* The weights are mapped: where their file is cut short, reading them raises
 * SIGBUS, and only what is safe in a handler can still be done. */
static char bus_message[128];

static void lost_mapping(int signo)
{
    (void)signo;
    if (unfinished)
        unlink(unfinished);
    (void)!write(STDERR_FILENO, bus_message, strlen(bus_message));
    _exit(HYT_EXIT_FAILED);
}

static void catch_errors(const struct hyt_tool *tool)
{
    struct sigaction act = {0};

    snprintf(bus_message, sizeof(bus_message),
             "%s: a file of the model was cut short while it was in use\n",
             tool->name);
    act.sa_handler = lost_mapping;
    sigaction(SIGBUS, &act, NULL);
    /* A limit on file size is an error of write(2), like a full disk. */
    act.sa_handler = SIG_IGN;
    sigaction(SIGXFSZ, &act, NULL);
}

/* One signal is caught, and then all have their default again: a second one
 * ends the program at once.  What the parent ignores (nohup, a background job)
 * stays ignored. */
static void catch_signals(const struct hyt_tool *tool)
{
    bool stops = tool->flags & HYT_TOOL_SIGNALS;
    struct sigaction old, act = {0};

    act.sa_handler = stops ? SIG_IGN : SIG_DFL;
    sigaction(SIGPIPE, &act, NULL);
    if (stops)
        empty_input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    act.sa_handler = stops ? stop : clean_up;
    act.sa_flags = (int)SA_RESETHAND;
    for (size_t i = 0; i < HYT_LEN(caught); i++) {
        ignored[i] =
            sigaction(caught[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN;
        if (!ignored[i])
            sigaction(caught[i], &act, NULL);
    }
    if (stops) {
        sigset_t one;

        sigemptyset(&one);
        sigaddset(&one, SIGUSR1);
        pthread_sigmask(SIG_BLOCK, &one, NULL);
        act = (struct sigaction){.sa_handler = save};
        sigaction(SIGUSR1, &act, NULL);
    }
}

/* A standard descriptor that the parent has closed is filled with one that
 * refuses its use, so that no file that is opened later takes its place. */
static void fill_standard(void)
{
    static const int refusing[] = {O_WRONLY, O_RDONLY, O_RDWR};

    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", refusing[fd]) != fd)
            exit(HYT_EXIT_FAILED);
}

void hyt_signals_catch(const struct hyt_tool *tool)
{
    fill_standard();
    catch_errors(tool);
    catch_signals(tool);
}

void hyt_signals_unfinished(const char *path)
{
    unfinished = path;
}
