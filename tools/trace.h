/* SPDX-License-Identifier: MIT */
/*
 * trace.h - a record as a probe: its trace, its prefixes, its answer
 */
#ifndef HYT_TRACE_H
#define HYT_TRACE_H

#include "open.h"
#include "split.h"

/* The trace of one record as token numbers. */
struct hyt_trace {
    struct hyt_tokens t;
    struct hyt_steps steps;
    struct hyt_final final;
    bool answered;
    int32_t *id;    /* prompt and completion [n_prompt + n_completion] */
    int32_t *tail;  /* e and a */
    size_t *prefix; /* tokens before probe k [K + 1] */
};

/* What to ask for the answer with. */
struct hyt_elicit {
    bool always; /* `words`, also where the trace has its own */
    struct hyt_ids32 words;
};

/* Reads the record's tokens, steps and answer; one without steps is split
 * first.  The trace is zeroed before. */
int hyt_trace_read(struct hyt_trace *t, struct hyt_rec *rec,
                   const struct hyt_opened *o, const struct hyt_splitter *split,
                   bool overwrite, struct hyt_err *err) HYT_MUST_USE;

/* The probe of the trace, which must outlive it; of no prefix where there is
 * no answer. */
int hyt_trace_probe(struct hyt_trace *t, struct hyt_probe *p,
                    const struct hyt_rec *rec, const struct hyt_elicit *elicit,
                    struct hyt_err *err) HYT_MUST_USE;
void hyt_trace_free(struct hyt_trace *t);

#endif
