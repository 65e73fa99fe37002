/* SPDX-License-Identifier: MIT */
/*
 * crash_state.h - directories that a power cut can leave
 *
 * After the first `end` recorded calls: what was synced is there; of all else
 * any part may be, in any combination.  A write that is there may be so in some
 * of its sectors; an entry of the directory (a name made, linked, renamed,
 * removed) is there or not, whatever happened to the file and to those before.
 */
#ifndef TEST_CRASH_STATE_H
#define TEST_CRASH_STATE_H

#include "crash_log.h"

enum { SECTOR = 512, FILE_MAX = 1 << 16 };

struct image {
    uint8_t bytes[FILE_MAX];
    uint64_t n;
};

static struct image start[MAX_FILES], now[MAX_FILES];
static struct {
    char name[96];
    int file;
} begin_name[MAX_FILES], name_now[MAX_FILES];
static size_t n_begin, n_names;

static uint64_t dice_state = 1;

static uint64_t dice(uint64_t sides)
{
    dice_state = dice_state * 6364136223846793005u + 1442695040888963407u;
    return (dice_state >> 33) % sides;
}

/* Reads the directory as it is: all of it is durable. */
static void begin_recording(const char *dir)
{
    DIR *d = opendir(at(dir));
    struct dirent *e;

    assert_non_null(d);
    for (size_t i = 0; i < n_ops; i++)
        free(ops[i].bytes);
    n_ops = n_live = n_begin = n_mapped = 0;
    n_files = n_syncs = 0;
    while ((e = readdir(d))) {
        char path[300];

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        assert_true(n_begin < MAX_FILES);
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        start[n_files].n =
            get_file(path, (char *)start[n_files].bytes, FILE_MAX);
        snprintf(begin_name[n_begin].name, sizeof begin_name[0].name, "%.95s",
                 e->d_name);
        begin_name[n_begin++].file = n_files;
        live_add(e->d_name, n_files++);
    }
    closedir(d);
    recording = true;
}

static int find_name(const char *name)
{
    for (size_t i = 0; i < n_names; i++)
        if (strcmp(name_now[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void set_name(const char *name, int file)
{
    int i = find_name(name);

    if (i < 0) {
        i = (int)n_names++;
        assert_true(n_names <= MAX_FILES);
        snprintf(name_now[i].name, sizeof name_now[0].name, "%s", name);
    }
    name_now[i].file = file;
}

static void unset_name(const char *name)
{
    int i = find_name(name);

    if (i >= 0)
        name_now[i] = name_now[--n_names];
}

static void apply_write(const struct op *op, bool torn)
{
    struct image *f = &now[op->file];
    uint64_t n = 0;

    assert_true(op->at + op->n <= FILE_MAX);
    for (uint64_t i = 0; i < op->n; i += n) {
        n = SECTOR - (op->at + i) % SECTOR;
        if (n > op->n - i)
            n = op->n - i;
        if (torn && dice(2))
            continue;
        if (op->at + i + n > f->n) {
            memset(f->bytes + f->n, 0, op->at + i + n - f->n);
            f->n = op->at + i + n;
        }
        memcpy(f->bytes + op->at + i, op->bytes + i, n);
    }
}

static void apply_size(const struct op *op)
{
    struct image *f = &now[op->file];

    assert_true(op->at <= FILE_MAX);
    if (op->at > f->n)
        memset(f->bytes + f->n, 0, op->at - f->n);
    f->n = op->at;
}

static void apply(const struct op *op, bool torn)
{
    int from = find_name(op->name);

    switch (op->kind) {
    case OP_WRITE:
        apply_write(op, torn);
        break;
    case OP_SIZE:
        apply_size(op);
        break;
    case OP_CREATE:
        set_name(op->name, op->file);
        break;
    case OP_LINK:
    case OP_RENAME:
        if (from < 0)
            break;
        set_name(op->to, name_now[from].file);
        if (op->kind == OP_RENAME)
            unset_name(op->name);
        break;
    case OP_UNLINK:
        unset_name(op->name);
        break;
    default:
        break;
    }
}

/* The last sync among the first `end` calls of a file, or the directory (-1);
 * what comes before it is durable. */
static size_t synced(int file, size_t end)
{
    while (end > 0)
        if (ops[--end].kind == (file < 0 ? OP_SYNC_DIR : OP_SYNC) &&
            ops[end].file == file)
            return end;
    return 0;
}

/* chance: of 100, that a call that was not synced has had its effect. */
static void make_state(size_t end, uint64_t chance)
{
    for (int i = 0; i < n_files; i++) {
        now[i].n = i < (int)n_begin ? start[i].n : 0;
        memcpy(now[i].bytes, start[i].bytes, now[i].n);
    }
    memcpy(name_now, begin_name, sizeof begin_name);
    n_names = n_begin;
    for (size_t i = 0; i < end; i++) {
        bool data = ops[i].kind == OP_WRITE || ops[i].kind == OP_SIZE;

        if (i < synced(data ? ops[i].file : -1, end))
            apply(&ops[i], false);
        else if (dice(100) < chance)
            apply(&ops[i], chance < 100 && dice(4) == 0);
    }
}

/* Puts the state into a directory of its own. */
static void write_state(const char *dir)
{
    remove_tree(at(dir));
    assert_int_equal(mkdir(at(dir), 0777), 0);
    for (size_t i = 0; i < n_names; i++) {
        char path[300];
        const struct image *f = &now[name_now[i].file];

        snprintf(path, sizeof path, "%s/%.95s", dir, name_now[i].name);
        put_file(path, f->bytes, f->n);
    }
}

#endif
