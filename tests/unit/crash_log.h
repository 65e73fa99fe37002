/* SPDX-License-Identifier: MIT */
/*
 * crash_log.h - what a commit asks of the file system, recorded
 *
 * The calls that change files are defined here, in the test's own program, and
 * pass on to the C library's.  What is stored through a shared mapping is
 * recorded when msync() is called; that call itself makes nothing durable here.
 */
#ifndef TEST_CRASH_LOG_H
#define TEST_CRASH_LOG_H

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>

enum op_kind {
    OP_WRITE,  /* file, bytes */
    OP_SIZE,   /* file: cut, or filled with zeros, to `at` bytes */
    OP_SYNC,   /* file */
    OP_CREATE, /* file, name */
    OP_LINK,   /* name, to */
    OP_RENAME,
    OP_UNLINK,
    OP_SYNC_DIR,
    OP_DONE /* success was reported */
};

struct op {
    enum op_kind kind;
    int file;
    char name[96], to[96];
    uint8_t *bytes;
    uint64_t n, at;
};

enum { MAX_OPS = 2000, MAX_FILES = 64, MAX_FDS = 256, THE_DIRECTORY = -2 };

static struct op ops[MAX_OPS];
static size_t n_ops;
static bool recording;
/* The broken protocols: the n-th sync (from 1) does nothing. */
static int left_out, n_syncs;

/* Names as the program sees them. */
static struct {
    char name[96];
    int file;
} live[MAX_FILES];
static size_t n_live;
static int n_files, fd_file[MAX_FDS];
static struct {
    void *at;
    size_t n;
    int file;
} mapped[MAX_FILES];
static size_t n_mapped;

static struct op *record(enum op_kind kind, int file, const char *name,
                         const char *to)
{
    struct op *op = &ops[n_ops++];

    assert_true(n_ops < MAX_OPS);
    *op = (struct op){.kind = kind, .file = file};
    if (name)
        snprintf(op->name, sizeof op->name, "%s", name);
    if (to)
        snprintf(op->to, sizeof op->to, "%s", to);
    return op;
}

static void record_bytes(int file, const void *bytes, size_t n, uint64_t at)
{
    struct op *op = record(OP_WRITE, file, NULL, NULL);

    op->bytes = malloc(n + 1);
    assert_non_null(op->bytes);
    memcpy(op->bytes, bytes, n);
    op->n = n;
    op->at = at;
}

static int *live_file(const char *name)
{
    for (size_t i = 0; i < n_live; i++)
        if (strcmp(live[i].name, name) == 0)
            return &live[i].file;
    return NULL;
}

static int *live_add(const char *name, int file)
{
    int *there = live_file(name);

    if (!there) {
        assert_true(n_live < MAX_FILES);
        snprintf(live[n_live].name, sizeof live[0].name, "%.95s", name);
        there = &live[n_live++].file;
    }
    *there = file;
    return there;
}

static void live_remove(const char *name)
{
    for (size_t i = 0; i < n_live; i++)
        if (strcmp(live[i].name, name) == 0)
            live[i] = live[--n_live];
}

/* --- the calls ------------------------------------------------------------ */

#define REAL(name)                                                             \
    __typeof__(&name) real;                                                    \
    void *found = dlsym(RTLD_NEXT, #name);                                     \
    memcpy(&real, &found, sizeof real)

static void opened(int fd, const char *path, int flags)
{
    int *file;

    if (fd < 0 || fd >= MAX_FDS)
        return;
    fd_file[fd] = flags & O_DIRECTORY ? THE_DIRECTORY : -1;
    if (!recording || flags & O_DIRECTORY || (flags & O_ACCMODE) == O_RDONLY)
        return;
    file = live_file(path);
    if (!file) {
        file = live_add(path, n_files++);
        assert_true(n_files < MAX_FILES);
        record(OP_CREATE, *file, path, NULL);
    }
    fd_file[fd] = *file;
}

int open(const char *path, int flags, ...)
{
    REAL(open);
    va_list args;
    int fd, mode;

    va_start(args, flags);
    mode = flags & O_CREAT ? va_arg(args, int) : 0;
    va_end(args);
    fd = real(path, flags, mode);
    opened(fd, path, flags);
    return fd;
}

int openat(int dir, const char *path, int flags, ...)
{
    REAL(openat);
    va_list args;
    int fd, mode;

    va_start(args, flags);
    mode = flags & O_CREAT ? va_arg(args, int) : 0;
    va_end(args);
    fd = real(dir, path, flags, mode);
    opened(fd, path, flags);
    return fd;
}

static bool is_recorded(int fd)
{
    return recording && fd >= 0 && fd < MAX_FDS && fd_file[fd] >= 0;
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    REAL(pwrite);

    if (is_recorded(fd))
        record_bytes(fd_file[fd], bytes, n, (uint64_t)at);
    return real(fd, bytes, n, at);
}

int ftruncate(int fd, off_t n)
{
    REAL(ftruncate);

    if (is_recorded(fd))
        record(OP_SIZE, fd_file[fd], NULL, NULL)->at = (uint64_t)n;
    return real(fd, n);
}

int posix_fallocate(int fd, off_t at, off_t n)
{
    REAL(posix_fallocate);

    if (is_recorded(fd))
        record(OP_SIZE, fd_file[fd], NULL, NULL)->at = (uint64_t)(at + n);
    return real(fd, at, n);
}

void *mmap(void *at, size_t n, int prot, int flags, int fd, off_t from)
{
    REAL(mmap);
    void *map = real(at, n, prot, flags, fd, from);

    if (is_recorded(fd) && prot & PROT_WRITE && flags & MAP_SHARED) {
        size_t i = 0;

        while (i < n_mapped && mapped[i].at != map)
            i++;
        assert_true(i < MAX_FILES);
        mapped[i].at = map;
        mapped[i].n = n;
        mapped[i].file = fd_file[fd];
        if (i == n_mapped)
            n_mapped++;
    }
    return map;
}

int msync(void *at, size_t n, int flags)
{
    REAL(msync);

    for (size_t i = 0; recording && i < n_mapped; i++)
        if (mapped[i].at == at && mapped[i].n == n)
            record_bytes(mapped[i].file, at, n, 0);
    return real(at, n, flags);
}

static bool is_left_out(int fd)
{
    return recording && fd < MAX_FDS && fd_file[fd] != -1 &&
           ++n_syncs == left_out;
}

static void record_sync(int fd)
{
    if (recording && fd < MAX_FDS && fd_file[fd] == THE_DIRECTORY)
        record(OP_SYNC_DIR, -1, NULL, NULL);
    else if (is_recorded(fd))
        record(OP_SYNC, fd_file[fd], NULL, NULL);
}

/* In memory there is nothing to wait for: the real one is not called. */
int fsync(int fd)
{
    if (!is_left_out(fd))
        record_sync(fd);
    return 0;
}

int fdatasync(int fd)
{
    return fsync(fd);
}

int linkat(int a, const char *from, int b, const char *to, int flags)
{
    REAL(linkat);
    int got = real(a, from, b, to, flags);

    if (recording && got == 0) {
        record(OP_LINK, -1, from, to);
        live_add(to, *live_file(from));
    }
    return got;
}

int renameat(int a, const char *from, int b, const char *to)
{
    REAL(renameat);
    int got = real(a, from, b, to);

    if (recording && got == 0) {
        record(OP_RENAME, -1, from, to);
        live_add(to, *live_file(from));
        live_remove(from);
    }
    return got;
}

int unlinkat(int dir, const char *name, int flags)
{
    REAL(unlinkat);
    int got = real(dir, name, flags);

    if (recording && got == 0) {
        record(OP_UNLINK, -1, name, NULL);
        live_remove(name);
    }
    return got;
}

#endif
