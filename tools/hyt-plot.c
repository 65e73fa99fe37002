/* SPDX-License-Identifier: MIT */
/*
 * hyt-plot - pictures of records, metrics and profiles
 *
 * The first operand says which.
 */
#include <string.h>

#include "plot.h"

static struct hyt_plot plot;

static const struct hyt_opt opts[] = {
    OPT_STR(0, "title", &plot.title, "TEXT", "title of the picture or page"),
    OPT_INT(0, "width", &plot.width, 0, 10000,
            "pixels; 0: as the picture needs"),
    OPT_INT(0, "height", &plot.height, 0, 10000,
            "pixels; 0: as the picture needs"),
    OPT_FLAG(0, "gnuplot", &plot.script,
             "print the gnuplot script, which holds the data, instead"),
    OPT_STR(0, "fields", &plot.fields, "F,...",
            "train, prg: fields to draw; arms: metrics to draw"),
    OPT_STR(0, "x", &plot.x, "F", "train: field of the axis, if not \"step\""),
    OPT_FLAG(0, "log-x", &plot.log_x, "train: a logarithmic axis"),
    OPT_INT(0, "bins", &plot.bins, 0, 10000,
            "reliability, prg: bins; 0: 15, or 30 for prg"),
    OPT_STR(0, "confidence", &plot.confidence, "KIND",
            "reliability: support|mean|vote|logp|field:NAME"),
    OPT_LIST(0, "id", &plot.ids, "ID",
             "support, traces: only records with this id; repeatable"),
    OPT_STR(0, "prompt-field", &plot.prompt_field, "F",
            "traces: field of the question, if not \"prompt\""),
    OPT_END,
};

static const struct hyt_tool tool = {
    "hyt-plot", "pictures of records, metrics and profiles",
    "reliability|support|train|prg|arms|trace|traces [FILE]...", opts, 0};

/* What a verb takes. */
enum {
    TITLE = 1,
    SIZE = 2, /* --width, --height, --gnuplot */
    FIELDS = 4,
    BINS = 8,
    CONFIDENCE = 16,
    ID = 32,
    PROMPT = 64,
    AXIS = 128, /* --x, --log-x */
    FIGURE = TITLE | SIZE
};

static const struct verb {
    const char *name;
    unsigned takes;
    int (*run)(const struct hyt_plot *, struct hyt_err *);
} verbs[] = {
    {"reliability", FIGURE | BINS | CONFIDENCE, hyt_plot_reliability},
    {"support", FIGURE | ID, hyt_plot_support},
    {"train", FIGURE | FIELDS | AXIS, hyt_plot_train},
    {"prg", FIGURE | FIELDS | BINS, hyt_plot_prg},
    {"arms", FIGURE | FIELDS, hyt_plot_arms},
    {"trace", 0, hyt_plot_trace},
    {"traces", TITLE | ID | PROMPT, hyt_plot_traces},
};

static const struct verb *take_verb(struct hyt_main *m)
{
    const char *name = hyt_main_verb(m);

    for (size_t i = 0; name != NULL && i < HYT_LEN(verbs); i++)
        if (strcmp(name, verbs[i].name) == 0)
            return &verbs[i];
    hyt_main_usage(m,
                   "expected reliability, support, train, prg, arms, trace or "
                   "traces, not %s",
                   name ? name : "nothing");
}

static void check_options(struct hyt_main *m, const struct verb *verb)
{
    const struct {
        const char *name;
        bool given;
        unsigned need;
    } option[] = {
        {"title", plot.title != NULL, TITLE},
        {"width", plot.width > 0, SIZE},
        {"height", plot.height > 0, SIZE},
        {"gnuplot", plot.script, SIZE},
        {"fields", plot.fields != NULL, FIELDS},
        {"bins", plot.bins > 0, BINS},
        {"confidence", plot.confidence != NULL, CONFIDENCE},
        {"id", plot.ids.n > 0, ID},
        {"x", plot.x != NULL, AXIS},
        {"log-x", plot.log_x, AXIS},
        {"prompt-field", plot.prompt_field != NULL, PROMPT},
    };

    for (size_t i = 0; i < HYT_LEN(option); i++)
        if (option[i].given && !(verb->takes & option[i].need))
            hyt_main_usage(m, "%s has no --%s", verb->name, option[i].name);
    if (plot.title &&
        hyt_utf8_bad(plot.title, strlen(plot.title)) < strlen(plot.title))
        hyt_main_usage(m, "--title is not UTF-8");
    if ((plot.width > 0 && plot.width < 300) ||
        (plot.height > 0 && plot.height < 200))
        hyt_main_usage(m, "at least --width 300 and --height 200");
}

int main(int argc, char **argv)
{
    const struct verb *verb;
    struct hyt_main m;
    int got;

    hyt_main_open(&m, &tool, argc, argv);
    verb = take_verb(&m);
    check_options(&m, verb);
    plot.m = &m;
    got = verb->run(&plot, &m.err);
    hyt_opt_list_free(&plot.ids);
    return hyt_main_close(&m, got);
}
