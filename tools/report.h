/* SPDX-License-Identifier: MIT */
/*
 * report.h - what hyt-eval prints
 */
#ifndef HYT_TOOL_REPORT_H
#define HYT_TOOL_REPORT_H

#include "hyt/score.h"

struct hyt_report {
    const char *confidence; /* as chosen */
    const char *base_name;  /* the file compared with, or NULL */
    size_t records, queries, bins, reps;
    int64_t seed;
    double value[HYT_N_METRICS];
    struct hyt_interval interval[HYT_N_METRICS];
    double base[HYT_N_METRICS];
    struct hyt_interval difference[HYT_N_METRICS]; /* value - base */
    struct hyt_bin *bin;
};

void hyt_report_text(struct hyt_buf *out, const struct hyt_report *r);
void hyt_report_json(struct hyt_buf *out, const struct hyt_report *r);

#endif
