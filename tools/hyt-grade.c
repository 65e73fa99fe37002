/* SPDX-License-Identifier: MIT */
/*
 * hyt-grade - compare final answers with reference answers
 *
 * Adds "grade": whether final.text is the same answer as the record's gold
 * field, and by which rule.  No answer is a wrong answer.
 */
#include <string.h>

#include "hyt/score.h"
#include "hyt/text.h"
#include "tool.h"

static const char *gold_field = "gold", *gold_answer = "none";
static int how = HYT_GRADE_AUTO;

static const struct hyt_opt opts[] = {
    OPT_STR(0, "gold-field", &gold_field, "F", "field of the reference answer"),
    OPT_ENUM(0, "how", &how, HYT_GRADES, "when answers are the same"),
    OPT_STR(0, "gold-answer", &gold_answer, "SPEC",
            "find the answer in the field's text: " HYT_ANSWER_SPECS
            "; none: the text is the answer"),
    OPT_END,
};

static const struct hyt_tool tool = {
    "hyt-grade", "compare final answers with reference answers", "[FILE]...",
    opts, HYT_TOOL_SPLICES};

struct text {
    const char *s;
    size_t n;
};

/* The gold field, a string or a number. */
static int read_gold(struct text *gold, struct hyt_rec *rec,
                     struct hyt_err *err)
{
    const struct hyt_json *v;
    int got = hyt_rec_get(rec, gold_field, &v, err);

    if (got < 0)
        return -1;
    if (got == 0 || hyt_json_type(v) == HYT_JSON_NULL)
        return hyt_rec_fail(rec, gold_field, err, "no reference in \"%s\"",
                            gold_field);
    if (hyt_json_type(v) != HYT_JSON_NUM)
        return hyt_rec_str(rec, gold_field, &gold->s, &gold->n, err);
    return hyt_rec_raw(rec, gold_field, &gold->s, &gold->n, err);
}

/* Where the field is a whole trace: only its answer. */
static int narrow(struct text *gold, const struct hyt_rec *rec,
                  const struct hyt_answerer *answerer, struct hyt_err *err)
{
    struct hyt_answer a;
    int got;

    if (answerer == NULL)
        return 0;
    got = hyt_answerer_find(answerer, gold->s, gold->n, &a, err);
    if (got < 0)
        return hyt_rec_fail(rec, gold_field, err, "--gold-answer %s gave up",
                            gold_answer);
    if (got == 0)
        return hyt_rec_fail(rec, gold_field, err, "no answer in \"%s\"",
                            gold_field);
    gold->s += a.begin;
    gold->n = a.end - a.begin;
    return 0;
}

static int grade_record(struct hyt_main *m, struct hyt_rec *rec,
                        const struct hyt_answerer *answerer)
{
    enum hyt_grade_how used = HYT_GRADE_NONE;
    struct hyt_err *err = &m->err;
    struct hyt_buf b = {0};
    const struct hyt_json *v;
    struct hyt_final final = {0};
    struct text gold;
    bool correct = false;
    int got;

    if (hyt_rec_claim(rec, "grade", HYT_JSON_OBJECT, "correct,how",
                      m->overwrite, err) < 0 ||
        read_gold(&gold, rec, err) < 0 || narrow(&gold, rec, answerer, err) < 0)
        return -1;
    got = hyt_rec_get(rec, "final", &v, err);
    if (got == 0)
        return hyt_rec_fail(rec, NULL, err,
                            "no \"final\": pass the records through hyt-split "
                            "or hyt-prg");
    if (got < 0 || (got = hyt_rec_final(rec, &final, err)) < 0)
        return -1;
    if (got > 0)
        correct = hyt_grade(final.text, final.n, gold.s, gold.n,
                            (enum hyt_grade_how)how, &used);
    hyt_buf_printf(&b, "{\"correct\":%s,\"how\":\"%s\"}",
                   correct ? "true" : "false", hyt_grade_name(used));
    hyt_rec_set(rec, "grade", b.s, b.n);
    hyt_buf_free(&b);
    return hyt_main_write(m, rec, err);
}

int main(int argc, char **argv)
{
    struct hyt_answerer *answerer = NULL;
    struct hyt_main m;
    struct hyt_rec *rec;
    int got;

    hyt_main_open(&m, &tool, argc, argv);
    if (strcmp(gold_answer, "none") != 0) {
        answerer = hyt_answerer_new(gold_answer, &m.err);
        if (answerer == NULL)
            hyt_main_usage(&m, "--gold-answer: %s", m.err.msg);
    }
    while ((got = hyt_main_next(&m, &rec)) > 0)
        if ((got = hyt_main_keep(&m, grade_record(&m, rec, answerer))) < 0)
            break;
    hyt_answerer_free(answerer);
    return hyt_main_close(&m, got);
}
