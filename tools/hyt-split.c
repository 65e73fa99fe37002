/* SPDX-License-Identifier: MIT */
/*
 * hyt-split - split traces into steps and find their final answers
 *
 * Adds "steps" and "final" to each record.
 */
#include "split.h"
#include "tool.h"

static const char *steps_spec = "line", *answer_spec = "auto";
static const char *completion_field = "completion";
static bool stepwise;

static const struct hyt_opt opts[] = {
    OPT_STR(0, "steps", &steps_spec, "SPEC",
            "where steps end: " HYT_STEP_SPECS),
    OPT_STR(0, "answer", &answer_spec, "SPEC", HYT_ANSWER_SPECS),
    OPT_STR(0, "completion-field", &completion_field, "F",
            "field of the trace"),
    OPT_FLAG(0, "stepwise", &stepwise,
             "write the steps as TRL's \"completions\" and \"labels\""),
    OPT_END,
};

static const struct hyt_tool tool = {
    "hyt-split", "split traces into steps and find their final answers",
    "[FILE]...", opts, HYT_TOOL_SPLICES};

static int split_one(struct hyt_main *m, struct hyt_rec *rec,
                     const struct hyt_splitter *sp)
{
    struct hyt_steps steps;
    int got = stepwise ? hyt_rec_steps(rec, &steps, &m->err) : 0;

    /* Those that hyt-prg scored are the ones to write. */
    if (got < 0 || (got == 0 && hyt_split_record(sp, rec, completion_field,
                                                 m->overwrite, &m->err) < 0))
        return -1;
    if (stepwise &&
        hyt_split_stepwise(rec, completion_field, m->overwrite, &m->err) < 0)
        return -1;
    return hyt_main_write(m, rec, &m->err);
}

int main(int argc, char **argv)
{
    struct hyt_splitter sp;
    struct hyt_main m;
    struct hyt_rec *rec;
    int got;

    hyt_main_open(&m, &tool, argc, argv);
    if (hyt_splitter_open(&sp, steps_spec, answer_spec, &m.err) < 0)
        hyt_main_usage(&m, "%s", m.err.msg);
    while ((got = hyt_main_next(&m, &rec)) > 0)
        if ((got = hyt_main_keep(&m, split_one(&m, rec, &sp))) < 0)
            break;
    hyt_splitter_close(&sp);
    return hyt_main_close(&m, got);
}
