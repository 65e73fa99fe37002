/* SPDX-License-Identifier: MIT */
/*
 * fault.c - a library to preload that makes system calls fail
 *
 *     HYT_FAULT=NAME:N:WHAT    the N-th call of NAME
 *     HYT_FAULT=NAME:N+:WHAT   that and all later ones
 *     HYT_FAULT_COUNT=FILE     at exit, "NAME CALLS" a line
 *     HYT_FAULT_COPIES=1       renameat writes into the file that is there:
 *                              what the tests must find out
 *
 * WHAT is KILL or TERM (that signal just before the call), the number of an
 * errno, or, for all calls of read, write, pread, pwrite and posix_fallocate,
 * SHORT (half of what was asked) or EINTR (every second call).  malloc, calloc
 * and realloc count as malloc and give NULL.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum call {
    I_open,
    I_openat,
    I_read,
    I_pread,
    I_write,
    I_pwrite,
    I_fsync,
    I_fdatasync,
    I_msync,
    I_mmap,
    I_munmap,
    I_ftruncate,
    I_posix_fallocate,
    I_fchmod,
    I_renameat,
    I_linkat,
    I_unlinkat,
    I_mkdir,
    I_fstat,
    I_fstatat,
    I_faccessat,
    I_readdir,
    I_poll,
    I_fcntl,
    I_close,
    I_malloc,
    N_CALLS
};
static const char *const names[] = {"open",
                                    "openat",
                                    "read",
                                    "pread",
                                    "write",
                                    "pwrite",
                                    "fsync",
                                    "fdatasync",
                                    "msync",
                                    "mmap",
                                    "munmap",
                                    "ftruncate",
                                    "posix_fallocate",
                                    "fchmod",
                                    "renameat",
                                    "linkat",
                                    "unlinkat",
                                    "mkdir",
                                    "fstat",
                                    "fstatat",
                                    "faccessat",
                                    "readdir",
                                    "poll",
                                    "fcntl",
                                    "close",
                                    "malloc"};

static atomic_ulong calls[N_CALLS];
static int chosen = -1, error, signo;
static unsigned long first;
static bool copies, later, shortens, interrupts;

__attribute__((constructor)) static void begin(void)
{
    const char *s = getenv("HYT_FAULT"), *colon;
    char *end;

    copies = getenv("HYT_FAULT_COPIES") != NULL;
    if (!s || !(colon = strchr(s, ':')))
        return;
    first = strtoul(colon + 1, &end, 10);
    later = *end == '+';
    if (later)
        end++;
    if (*end == ':')
        end++;
    signo = strcmp(end, "KILL") == 0   ? SIGKILL
            : strcmp(end, "TERM") == 0 ? SIGTERM
                                       : 0;
    shortens = strcmp(end, "SHORT") == 0;
    interrupts = strcmp(end, "EINTR") == 0;
    error = (int)strtoul(end, NULL, 10);
    for (int i = 0; i < N_CALLS; i++)
        if (strlen(names[i]) == (size_t)(colon - s) &&
            strncmp(names[i], s, (size_t)(colon - s)) == 0)
            chosen = i;
}

__attribute__((destructor)) static void finish(void)
{
    const char *path = getenv("HYT_FAULT_COUNT");
    FILE *f = path ? fopen(path, "w") : NULL;

    for (int i = 0; f && i < N_CALLS; i++)
        fprintf(f, "%s %lu\n", names[i], atomic_load(&calls[i]));
    if (f)
        fclose(f);
}

/* Whether this call is to fail; errno is set.  A signal comes before it. */
static bool strikes(enum call i)
{
    unsigned long n = atomic_fetch_add(&calls[i], 1) + 1;

    if ((int)i != chosen || (later ? n < first : n != first))
        return false;
    if (signo != 0) {
        raise(signo);
        return false;
    }
    errno = error;
    return true;
}

/* The same for a call that may do less than what was asked. */
static bool disturbs(enum call i, size_t *n)
{
    if (interrupts && atomic_load(&calls[i]) % 2 == 0) {
        atomic_fetch_add(&calls[i], 1);
        errno = EINTR;
        return true;
    }
    if (shortens && *n > 1)
        *n = (*n + 1) / 2;
    return strikes(i);
}

static void *find(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* A function pointer out of an object pointer, as POSIX has it. */
#define REAL(name)                                                             \
    __typeof__(&name) real;                                                    \
    void *found = find(#name);                                                 \
    memcpy(&real, &found, sizeof real)

static int mode_of(int flags, va_list args)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(args, int) : 0;
}

int open(const char *path, int flags, ...)
{
    REAL(open);
    va_list args;
    int mode;

    va_start(args, flags);
    mode = mode_of(flags, args);
    va_end(args);
    return strikes(I_open) ? -1 : real(path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
    REAL(openat);
    va_list args;
    int mode;

    va_start(args, flags);
    mode = mode_of(flags, args);
    va_end(args);
    return strikes(I_openat) ? -1 : real(dir, path, flags, mode);
}

int fcntl(int fd, int what, ...)
{
    REAL(fcntl);
    va_list args;
    void *arg;

    va_start(args, what);
    arg = va_arg(args, void *);
    va_end(args);
    return strikes(I_fcntl) ? -1 : real(fd, what, arg);
}

ssize_t read(int fd, void *to, size_t n)
{
    REAL(read);
    return disturbs(I_read, &n) ? -1 : real(fd, to, n);
}

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
    REAL(pread);
    return disturbs(I_pread, &n) ? -1 : real(fd, to, n, at);
}

ssize_t write(int fd, const void *from, size_t n)
{
    REAL(write);
    return disturbs(I_write, &n) ? -1 : real(fd, from, n);
}

ssize_t pwrite(int fd, const void *from, size_t n, off_t at)
{
    REAL(pwrite);
    return disturbs(I_pwrite, &n) ? -1 : real(fd, from, n, at);
}

int posix_fallocate(int fd, off_t at, off_t n)
{
    REAL(posix_fallocate);
    size_t whole = 1;

    return disturbs(I_posix_fallocate, &whole) ? errno : real(fd, at, n);
}

void *mmap(void *at, size_t n, int prot, int flags, int fd, off_t from)
{
    REAL(mmap);
    return strikes(I_mmap) ? MAP_FAILED : real(at, n, prot, flags, fd, from);
}

/* It is closed, whatever it says. */
int close(int fd)
{
    REAL(close);
    bool fails = strikes(I_close);
    int why = errno, got = real(fd);

    if (!fails)
        return got;
    errno = why;
    return -1;
}

struct dirent *readdir(DIR *dir)
{
    REAL(readdir);
    return strikes(I_readdir) ? NULL : real(dir);
}

#define WRAP(name, params, args)                                               \
    int name params                                                            \
    {                                                                          \
        REAL(name);                                                            \
        return strikes(I_##name) ? -1 : real args;                             \
    }

static int copy(int a, const char *from, int b, const char *to)
{
    char bytes[512];
    ssize_t n;
    int in = openat(a, from, O_RDONLY), out;

    if (fchmodat(b, to, 0644, 0) < 0 && errno != ENOENT)
        return -1;
    out = openat(b, to, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    while ((n = read(in, bytes, sizeof bytes)) > 0)
        if (write(out, bytes, (size_t)n) != n)
            return -1;
    if (fsync(out) < 0 || fchmod(out, 0444) < 0 || close(out) < 0 ||
        close(in) < 0)
        return -1;
    return unlinkat(a, from, 0);
}

int renameat(int a, const char *from, int b, const char *to)
{
    REAL(renameat);

    if (strikes(I_renameat))
        return -1;
    return copies ? copy(a, from, b, to) : real(a, from, b, to);
}

WRAP(fsync, (int fd), (fd))
WRAP(fdatasync, (int fd), (fd))
WRAP(msync, (void *p, size_t n, int flags), (p, n, flags))
WRAP(munmap, (void *p, size_t n), (p, n))
WRAP(ftruncate, (int fd, off_t n), (fd, n))
WRAP(fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(linkat, (int a, const char *from, int b, const char *to, int flags),
     (a, from, b, to, flags))
WRAP(unlinkat, (int dir, const char *name, int flags), (dir, name, flags))
WRAP(mkdir, (const char *name, mode_t mode), (name, mode))
WRAP(fstat, (int fd, struct stat *st), (fd, st))
WRAP(fstatat, (int dir, const char *name, struct stat *st, int flags),
     (dir, name, st, flags))
WRAP(faccessat, (int dir, const char *name, int mode, int flags),
     (dir, name, mode, flags))
WRAP(poll, (struct pollfd * p, nfds_t n, int timeout), (p, n, timeout))

/* dlsym() itself allocates: glibc's own names. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n)
{
    return strikes(I_malloc) ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return strikes(I_malloc) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return strikes(I_malloc) ? NULL : __libc_realloc(p, n);
}
