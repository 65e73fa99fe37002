/* SPDX-License-Identifier: MIT */
/*
 * fd.c - read(2) and write(2) that finish
 *
 * A short count, a signal and a descriptor that some other process made
 * non-blocking are no errors; all else is the caller's to report.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "hyt/io.h"
#include "io/fd.h"

/* Linux moves at most this much in one call; some systems refuse more. */
#define CALL_MAX ((size_t)1 << 30)

static volatile sig_atomic_t stopped;
static volatile sig_atomic_t reading = -1; /* the descriptor */

/* What is being read becomes empty: a read that waits is interrupted, and one
 * that the signal comes just before of finds the end, too. */
void hyt_in_stop(int empty)
{
    stopped = 1;
    if (reading >= 0)
        dup2(empty, reading);
}

/* Whether the call that has just failed should be made again. */
static bool again(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};

    if (errno == EINTR)
        return true;
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        return false;
    return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

ptrdiff_t hyt_fd_read(int fd, void *buf, size_t n)
{
    ssize_t got;

    reading = fd;
    do
        got = stopped ? 0 : read(fd, buf, n < CALL_MAX ? n : CALL_MAX);
    while (got < 0 && again(fd, POLLIN));
    reading = -1;
    return got;
}

int hyt_fd_write(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;

    while (n > 0) {
        ssize_t put = write(fd, p, n < CALL_MAX ? n : CALL_MAX);

        if (put > 0) {
            p += put;
            n -= (size_t)put;
        } else if (put == 0) {
            errno = EIO;
            return -1;
        } else if (!again(fd, POLLOUT)) {
            return -1;
        }
    }
    return 0;
}
