/* SPDX-License-Identifier: MIT */
/*
 * file.h - files of a directory, by name
 */
#ifndef HYT_CKPT_FILE_H
#define HYT_CKPT_FILE_H

#include <dirent.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "hyt/base.h"

/* Whether `name` can be a file of the directory itself. */
bool hyt_plain_name(const char *name);

/* The directory's entries, as often as it is asked; closedir().  NULL on error.
 */
DIR *hyt_dir_list(int dir, const char *dir_name, struct hyt_err *err);

/* The next name.  NULL at the end, after an error, which sets *status to -1,
 * and where *status is -1 already. */
const char *hyt_dir_next(DIR *list, const char *dir_name, int *status,
                         struct hyt_err *err);

/* Whether there is certainly no such file. */
bool hyt_dir_lacks(int dir, const char *name);

/* Reads the directory's file `name`, at most `max` bytes: 1 and the bytes
 * appended and *info filled, 0 where there is none, -1. */
int hyt_dir_read(int dir, const char *dir_name, const char *name, size_t max,
                 struct hyt_buf *bytes, struct stat *info,
                 struct hyt_err *err) HYT_MUST_USE;

/* Reads n bytes, fewer at the end of the file: how many, or -1 and errno. */
ssize_t hyt_read_some(int fd, void *to, size_t n) HYT_MUST_USE;

/* Writes all of it: 0, or -1 and errno. */
int hyt_write_at(int fd, const void *bytes, uint64_t n,
                 uint64_t at) HYT_MUST_USE;

bool hyt_has_suffix(const char *s, const char *suffix);

#endif
