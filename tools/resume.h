/* SPDX-License-Identifier: MIT */
/*
 * resume.h - an output that an interrupted run has left, and its completion
 *
 * --resume FILE appends to FILE what is missing of it: its records are passed
 * over together with those of the input that they came from; a torn last line
 * is cut off.
 */
#ifndef HYT_RESUME_H
#define HYT_RESUME_H

#include "tool.h"

#define HYT_OPT_RESUME(p)                                                      \
    OPT_STR(0, "resume", p, "FILE",                                            \
            "append to FILE, begun by the same command, what is missing")

struct hyt_resume {
    const char *path;     /* NULL: there is nothing to pass over any more */
    struct hyt_lines *in; /* what there is; NULL where there is no file yet */
    struct hyt_rec *rec;
    bool loaded;    /* rec is a record that is not taken */
    uint64_t whole; /* bytes up to the last newline */
    uint64_t read;  /* ... of the records that were loaded */
    uint64_t kept;  /* ... of those that stay */
};

/* path NULL: --resume was not given.  Misuse ends the process. */
int hyt_resume_open(struct hyt_resume *r, struct hyt_main *m,
                    const char *path) HYT_MUST_USE;
void hyt_resume_close(struct hyt_resume *r);

/* Whether there is anything to pass over still. */
static inline bool hyt_resume_is_on(const struct hyt_resume *r)
{
    return r->path != NULL;
}

/* The next whole record: 1, 0 there is none, -1. */
int hyt_resume_peek(struct hyt_resume *r, struct hyt_rec **rec,
                    struct hyt_err *err);
/* It belongs to the input's record at hand; `last`: and is the last that does,
 * so that all of them stay. */
void hyt_resume_take(struct hyt_resume *r, bool last);

/* What was not kept is cut off, and m->out appends from here on. */
int hyt_resume_finish(struct hyt_resume *r, struct hyt_main *m) HYT_MUST_USE;

/* The same at the end of the input: that records are left is an error. */
int hyt_resume_end(struct hyt_resume *r, struct hyt_main *m) HYT_MUST_USE;

#endif
