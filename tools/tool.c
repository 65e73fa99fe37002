/* SPDX-License-Identifier: MIT */
/*
 * tool.c - what every program shares: options, streams, exit status
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"
#include "signals.h"

/* --- options -------------------------------------------------------------- */

/* Options that are the same in all programs; `row` holds ROWS. */
enum { ROWS = 16 };

struct asked {
    bool help, version;
};

static void shared_options(struct hyt_opt *row, struct hyt_main *m,
                           struct asked *asked)
{
    const struct hyt_opt end = OPT_END;
    unsigned flags = m->tool->flags;

    if (flags & HYT_TOOL_MODEL) {
        *row++ = (struct hyt_opt)OPT_STR('m', "model", &m->model, "DIR",
                                         "checkpoint, DIR or DIR@GENERATION");
        *row++ = (struct hyt_opt)OPT_INT(0, "threads", &m->threads, 1, 1024,
                                         "use N threads");
    }
    if (flags & HYT_TOOL_SEED)
        *row++ = (struct hyt_opt)OPT_INT(0, "seed", &m->seed, 0, 0x1p53,
                                         "seed of all random draws");
    if (flags & HYT_TOOL_SPLICES)
        *row++ = (struct hyt_opt)OPT_FLAG(
            0, "overwrite", &m->overwrite,
            "replace fields that this toolkit did not write");
    *row++ = (struct hyt_opt)OPT_STR('o', "output", &m->output, "FILE",
                                     "write to FILE, complete or not at all");
    *row++ = (struct hyt_opt)OPT_FLAG(0, "zstd", &m->zstd,
                                      "compress the output (as for FILE.zst)");
    *row++ = (struct hyt_opt)OPT_FLAG(0, "unbuffered", &m->unbuffered,
                                      "write every record at once");
    if (!(flags & HYT_TOOL_NO_INPUT)) {
        *row++ = (struct hyt_opt)OPT_FLAG(
            0, "skip-bad", &m->skip_bad,
            "pass over bad records, count them, exit 1");
        *row++ = (struct hyt_opt)OPT_INT(0, "max-line", &m->max_line, 1, 0x1p31,
                                         "longest line accepted, in bytes");
    }
    *row++ =
        (struct hyt_opt)OPT_FLAG('q', "quiet", &m->quiet, "show no progress");
    *row++ = (struct hyt_opt)OPT_FLAG('v', "verbose", &m->verbose,
                                      "say more on standard error");
    *row++ = (struct hyt_opt)OPT_FLAG(0, "help", &asked->help,
                                      "show this help and exit");
    *row++ = (struct hyt_opt)OPT_FLAG(0, "version", &asked->version,
                                      "show the version and exit");
    *row = end;
}

static void defaults(struct hyt_main *m)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    m->threads = cpus < 1 ? 1 : cpus > 1024 ? 1024 : cpus;
    m->max_line = (int64_t)64 << 20;
}

/* --- what is asked instead of work ---------------------------------------- */

HYT_NORETURN static void print_and_exit(struct hyt_main *m,
                                        const struct hyt_buf *text)
{
    m->out = hyt_out_open(NULL, false, &m->err);
    if (!m->out || hyt_out_write(m->out, text->s, text->n, &m->err) < 0)
        hyt_main_die(m);
    if (hyt_out_close(m->out, &m->err) < 0) {
        m->out = NULL;
        hyt_main_die(m);
    }
    exit(HYT_EXIT_OK);
}

static void print_help(struct hyt_buf *b, const struct hyt_tool *tool,
                       const struct hyt_opt *own, const struct hyt_opt *shared)
{
    const struct hyt_opt *const first[] = {own, NULL};
    const struct hyt_opt *const second[] = {shared, NULL};

    hyt_buf_printf(b, "Usage: %s [OPTION]... %s\n%s.\n\n", tool->name,
                   tool->operands, tool->summary);
    if (own->kind != HYT_OPT_END) {
        hyt_opt_help(b, first);
        hyt_buf_putc(b, '\n');
    }
    hyt_opt_help(b, second);
    hyt_buf_printf(b, "\nManual: %s(1), hyt(7)\n", tool->name);
}

static void print_version(struct hyt_buf *b, const struct hyt_main *m)
{
    hyt_buf_printf(b, "%s %s\n", m->tool->name, HYT_VERSION);
    if (!m->verbose)
        return;
#ifdef __clang__
    hyt_buf_printf(b, "compiled by %s", __VERSION__);
#else
    hyt_buf_printf(b, "compiled by gcc %s", __VERSION__);
#endif
#ifdef HYT_BUILD_FLAGS
    hyt_buf_printf(b, " with %s", HYT_BUILD_FLAGS);
#endif
    hyt_buf_putc(b, '\n');
}

/* --- start ---------------------------------------------------------------- */

static void parse(struct hyt_main *m, int argc, char **argv)
{
    static const struct hyt_opt none[] = {OPT_END};
    const struct hyt_opt *own = m->tool->opts ? m->tool->opts : none;
    struct hyt_opt shared[ROWS];
    const struct hyt_opt *const tables[] = {own, shared, NULL};
    struct asked asked = {0};
    struct hyt_buf text = {0};
    int n = 0;

    shared_options(shared, m, &asked);
    if (argc == 2 && strcmp(argv[1], "--list-options") == 0) {
        hyt_opt_list_names(&text, tables);
        print_and_exit(m, &text);
    }
    /* Before parsing, while the variables hold the defaults. */
    print_help(&text, m->tool, own, shared);
    if (hyt_opt_parse(argc, argv, tables, &n, &m->given, &m->err) < 0)
        hyt_main_usage(m, "%s", m->err.msg);
    if (asked.help)
        print_and_exit(m, &text);
    hyt_buf_reset(&text);
    if (asked.version) {
        print_version(&text, m);
        print_and_exit(m, &text);
    }
    hyt_buf_free(&text);
    if ((m->tool->flags & HYT_TOOL_MODEL) && !m->model)
        hyt_main_usage(m, "-m MODEL is required");
    m->operand = argv + 1;
    m->n_operands = (size_t)n;
}

void hyt_main_open(struct hyt_main *m, const struct hyt_tool *tool, int argc,
                   char **argv)
{
    *m = (struct hyt_main){.tool = tool};
    hyt_signals_catch(tool);
    defaults(m);
    parse(m, argc, argv);
    if (hyt_trace_check(&m->err) < 0)
        hyt_main_die(m);
    hyt_trace_begin(&m->trace);
    m->began = m->shown = hyt_now_us();
    m->rec = hyt_rec_new();
    if (!(tool->flags & HYT_TOOL_NO_INPUT))
        m->in = hyt_lines_open((const char *const *)m->operand, m->n_operands,
                               (size_t)m->max_line);
    m->out = hyt_out_open(m->output, m->zstd, &m->err);
    if (!m->out)
        hyt_main_die(m);
    hyt_signals_unfinished(hyt_out_temp(m->out));
    if ((tool->flags & HYT_TOOL_SLOW) ||
        (!hyt_out_temp(m->out) && isatty(STDOUT_FILENO)))
        m->unbuffered = true;
}

bool hyt_main_given(const struct hyt_main *m, const char *name)
{
    for (size_t i = 0; i < m->given.n; i++)
        if (strcmp(m->given.item[i], name) == 0)
            return true;
    return false;
}

const char *hyt_main_verb(struct hyt_main *m)
{
    if (m->n_operands == 0)
        return NULL;
    hyt_lines_close(m->in);
    m->in = hyt_lines_open((const char *const *)m->operand + 1,
                           m->n_operands - 1, (size_t)m->max_line);
    m->n_operands--;
    return *m->operand++;
}

/* --- records -------------------------------------------------------------- */

int hyt_main_keep(struct hyt_main *m, int status)
{
    if (status >= 0)
        return status;
    if (!m->err.bad_record || !m->skip_bad) {
        m->failed = true;
        return -1;
    }
    hyt_say(m, m->err.msg);
    m->n_bad++;
    return 0;
}

int hyt_main_next(struct hyt_main *m, struct hyt_rec **rec)
{
    /* What came before the first is the start; afterwards, the tool's work. */
    hyt_trace_op(&m->trace, m->n_read == 0 ? "start" : NULL);
    for (;;) {
        struct hyt_line line;
        int got =
            hyt_main_stopping() ? 0 : hyt_lines_next(m->in, &line, &m->err);

        hyt_trace_op(&m->trace, "read");
        /* The input that a signal cut ends within a line, perhaps. */
        if (got == 0 || hyt_main_stopping())
            return 0;
        if (got > 0 || m->err.bad_record)
            m->n_read++;
        if (got > 0)
            got = hyt_rec_load(m->rec, &line, &m->err);
        hyt_trace_op(&m->trace, "parse");
        if (got >= 0) {
            *rec = m->rec;
            return 1;
        }
        if (hyt_main_keep(m, got) < 0)
            return -1;
    }
}

int hyt_main_write(struct hyt_main *m, const struct hyt_rec *rec,
                   struct hyt_err *err)
{
    int status;

    hyt_trace_op(&m->trace, NULL);
    status = hyt_rec_write(rec, m->out, err);
    if (status == 0 && m->unbuffered)
        status = hyt_out_flush(m->out, err);
    hyt_trace_op(&m->trace, "write");
    return status;
}

int hyt_main_close(struct hyt_main *m, int got)
{
    bool failed = got < 0 || m->failed;

    hyt_signals_unfinished(NULL);
    hyt_say_clear(m);
    hyt_trace_op(&m->trace, NULL);
    if (failed)
        hyt_out_discard(m->out);
    else if (hyt_out_close(m->out, &m->err) < 0)
        failed = true;
    hyt_trace_op(&m->trace, "write");
    hyt_trace_end(&m->trace, m->tool->name);
    if (failed)
        hyt_say(m, m->err.msg);
    if (m->n_bad > 0)
        hyt_main_warn(m, "%llu of %llu records skipped",
                      (unsigned long long)m->n_bad,
                      (unsigned long long)m->n_read);
    if (hyt_trace_check(&m->err) < 0)
        hyt_main_warn(m, "%s", m->err.msg);
    hyt_lines_close(m->in);
    hyt_rec_free(m->rec);
    hyt_opt_list_free(&m->given);
    m->out = NULL;
    m->in = NULL;
    m->rec = NULL;
    return failed || m->n_bad > 0 ? HYT_EXIT_FAILED : HYT_EXIT_OK;
}
