/* SPDX-License-Identifier: MIT */
/*
 * score.h - PRG, training weights, grading, calibration: pure functions
 *
 * Numbers and text in, numbers out: nothing here does I/O, knows of records or
 * keeps state.  NaN stands for "null": no answer, no value.  Everything is
 * computed in double, in a fixed order, with hyt_exp() and hyt_log(), so that
 * the bits are the same on any machine.
 */
#ifndef HYT_SCORE_H
#define HYT_SCORE_H

#include "hyt/base.h"

/* --- progressive reasoning gain ------------------------------------------ */

/* What one trace's log-supports l_0 … l_K say of its K steps; c_k = exp l_k.
 * Where K = 0 there is no way to judge: all but mean, premature and support
 * are 0. */
struct hyt_prg {
    double tau;        /* Kendall's tau of support against step */
    double gain;       /* c_K - c_0 */
    double direct;     /* gain |gain| / sum |c_k - c_(k-1)| */
    double mean;       /* of c_0 … c_K */
    double premature;  /* c_0 */
    double monotone;   /* share of steps with c_k - c_(k-1) >= -epsilon */
    double watermark;  /* sum of the rises of l above its highest so far */
    double rank;       /* Spearman's rho of k and c_k, mean ranks for ties */
    double slope;      /* sum (k/K - 1/2) c_k, of size up to (K+1)^2 / 8K */
    double discounted; /* sum gamma^(K-k) (c_k - c_(k-1)) */
    double support;    /* c_K */
};

/* logp[0..n-1] = l_0 … l_K, so n = K + 1 >= 1 (else HYT_BUG).  A step of at
 * most epsilon is noise to tau and monotone.  Time O(n^2). */
void hyt_prg_score(struct hyt_prg *out, const double *logp, size_t n,
                   double epsilon, double gamma);

enum hyt_prg_kind {
    HYT_PRG_TAU, /* tau * c_K */
    HYT_PRG_DIRECT,
    HYT_PRG_RANK,
    HYT_PRG_WATERMARK,
    HYT_PRG_SLOPE,
    HYT_PRG_DISCOUNTED,
    HYT_PRG_MEAN
};
/* The same, in order, as words of an option. */
#define HYT_PRG_KINDS "tau|direct|rank|watermark|slope|discounted|mean"

/* The number that is the score under `kind`. */
double hyt_prg_pick(const struct hyt_prg *prg, enum hyt_prg_kind kind);

/* --- weights: what one record may move ----------------------------------- */

/* Scores of supervised traces, for trust: the share of them at or below a
 * rollout's.  All zero is empty. */
struct hyt_anchor {
    double *prg;
    size_t n, cap;
    bool sorted;
};

void hyt_anchor_add(struct hyt_anchor *a, double prg); /* NaN is passed over */
void hyt_anchor_free(struct hyt_anchor *a);

/* (number below + half the number equal) / n; NaN where the anchor is empty or
 * prg is NaN. */
double hyt_anchor_trust(struct hyt_anchor *a, double prg);

enum hyt_policy {
    HYT_POLICY_HYTUNING,
    HYT_POLICY_RD,    /* traces alone, w = 1: supervised fine-tuning */
    HYT_POLICY_RLIF,  /* rollouts alone */
    HYT_POLICY_FIXED, /* both, w = 1, constant lambda */
    HYT_POLICY_HPT,   /* each query's rollouts either count or leave their share
                       * to the traces; an adaptation of 2509.04419 */
    HYT_POLICY_SRFT   /* w from the mean token entropy of each half */
};
#define HYT_POLICIES "hytuning|rd|rlif|fixed|hpt|srft"

enum hyt_reward {
    HYT_REWARD_PRG_CERTAINTY,   /* self-certainty * max(0, PRG) */
    HYT_REWARD_PRG_PROBABILITY, /* exp(sharpness * logp) * max(0, PRG) */
    HYT_REWARD_PRG,
    HYT_REWARD_SELF_CERTAINTY, /* Intuitor, 2505.19590 */
    HYT_REWARD_ENTROPY,        /* -H: RENT, 2505.22660 */
    HYT_REWARD_LOGP,           /* RLSC 2506.06395, EM-RL 2505.15134 */
    HYT_REWARD_MAJORITY,       /* 1 for the group's answer: TTRL 2504.16084 */
    HYT_REWARD_FIELD           /* a number from elsewhere */
};
#define HYT_REWARDS                                                            \
    "prg-certainty|prg-probability|prg|self-certainty|entropy|logp|majority"

enum hyt_norm { HYT_NORM_DAPO, HYT_NORM_GRPO, HYT_NORM_DR_GRPO };
#define HYT_NORMS "dapo|grpo|dr_grpo"

/* What L_RD is a mean over: traces, of each one's mean over its tokens, or the
 * tokens of all traces (verl's seq-mean-token-mean and token-mean). */
enum hyt_rd_norm { HYT_RD_NORM_SEQUENCE, HYT_RD_NORM_TOKEN };
#define HYT_RD_NORMS "sequence|token"

enum hyt_scale { HYT_SCALE_GROUP, HYT_SCALE_BATCH, HYT_SCALE_NONE };
#define HYT_SCALES "group|batch|none"

struct hyt_weighing {
    enum hyt_policy policy;
    enum hyt_reward reward;
    enum hyt_norm norm;
    enum hyt_rd_norm rd_norm;
    enum hyt_scale scale;
    bool gate;        /* scale advantages by trust */
    bool rd_prg;      /* w of traces from their PRG, else 1 */
    bool balance;     /* lambda from the mean trust, else constant */
    double sharpness; /* of how many tokens the probability multiplies PRG */
    double lambda;
    double rd_temp;
    double w_max;
    double dr_grpo_length; /* the longest completion allowed, in tokens */
    double hpt_gamma;      /* majority share above which rollouts count */
};

/* reward, rd_prg and balance as the policy has them. */
void hyt_weighing_default(struct hyt_weighing *how, enum hyt_policy policy);

/* Whether PRG is among the numbers read of a trace (rd) or a rollout.  A sample
 * that lacks one of those gets coef 0 and is left out of every count and mean.
 */
bool hyt_weighing_reads_prg(const struct hyt_weighing *how, bool rd);

/* One sample of a batch.  NaN and NULL are "null".  Rollouts of one query stand
 * together, in the order of their sample numbers. */
struct hyt_sample {
    /* in */
    bool rd;        /* a supervised trace, else a rollout */
    size_t group;   /* rollouts: the number of their query */
    double tokens;  /* of the completion */
    double prg;     /* prg.score */
    double self;    /* certainty.self */
    double entropy; /* certainty.entropy */
    double logp;    /* certainty.logp */
    double field;   /* for HYT_REWARD_FIELD */
    const char *answer;
    size_t n_answer;

    /* out */
    double reward;    /* rollouts */
    double advantage; /* rollouts; gated where a gate is on */
    double trust;     /* rollouts, where there is an anchor */
    double w;         /* traces; both under srft */
    double norm;      /* coef = norm * w for traces, norm * advantage else */
    double coef;      /* of the gradient of the sum of log-probabilities */
};

/*
 * Weighs one batch.  Returns lambda, the rollouts' share of the loss (NaN
 * under srft, which has none).  The gradient of the loss at ratio 1 is
 * -sum coef_i sum_t grad log pi(y_it).
 */
double hyt_weigh(struct hyt_sample *s, size_t n, const struct hyt_weighing *how,
                 struct hyt_anchor *anchor);

/* Index in 0..n-1 of the first holder of the answer that most samples give
 * (of equals, the one held first), and in *votes by how many; n where there is
 * no answer at all. */
size_t hyt_majority(size_t *votes, const struct hyt_sample *s, size_t n);

/* --- grading ------------------------------------------------------------- */

/* AUTO: numeric if both are numbers, else choice if both are choices, else
 * exact but for ASCII case. */
enum hyt_grade_how {
    HYT_GRADE_AUTO,
    HYT_GRADE_EXACT,   /* trimmed, inner white space collapsed */
    HYT_GRADE_NUMERIC, /* 1,234 = 1234.0 = $1234 = 1.234e3; 50% = 50 */
    HYT_GRADE_CHOICE,  /* (b) = B = "b." */
    HYT_GRADE_NONE     /* there was no answer */
};
#define HYT_GRADES "auto|exact|numeric|choice"
const char *hyt_grade_name(enum hyt_grade_how how);

/* Whether two answers are the same; *used (may be NULL) says by which rule. */
bool hyt_grade(const char *a, size_t na, const char *b, size_t nb,
               enum hyt_grade_how how, enum hyt_grade_how *used);

/*
 * Appends the spelling that all equal answers share under `how`, a letter for
 * its rule in front; nothing where the text is not of that kind.  Under AUTO,
 * a = b exactly if their spellings are equal bytes.
 */
void hyt_answer_canon(struct hyt_buf *out, const char *s, size_t n,
                      enum hyt_grade_how how);

/* --- confidence faithfulness --------------------------------------------- */

/* What is known of a completion, whatever its answer. */
enum hyt_text_fact {
    HYT_TEXT_ENTROPY,    /* mean of its tokens, in nats */
    HYT_TEXT_REPETITION, /* hyt_repetition() */
    HYT_TEXT_LENGTH,     /* in tokens */
    HYT_TEXT_TRUNCATED,  /* 1 where it ran out of tokens, else 0 */
    HYT_N_TEXT_FACTS
};

struct hyt_judged {
    double conf;                   /* in [0, 1]; NaN: no answer */
    bool correct;                  /* false where there is no answer */
    size_t query;                  /* 0 .. number of queries - 1 */
    double text[HYT_N_TEXT_FACTS]; /* NaN: not known */
};

/*
 * Calibration is over the answered records, accuracy over all.  "Half": over
 * all, with confidence 1/2 for the unanswered.  A metric without a value (no
 * record, or one class only where two are needed) is NaN.
 */
enum hyt_metric {
    HYT_METRIC_ACCURACY,
    HYT_METRIC_ANSWERED,
    HYT_METRIC_CONFIDENCE,     /* mean */
    HYT_METRIC_OVERCONFIDENCE, /* mean(conf - correct) */
    HYT_METRIC_ECE,            /* equal width, (lo, hi], 0 in the first bin */
    HYT_METRIC_ECE_MASS,       /* equal mass, ties kept together */
    HYT_METRIC_L2_DEBIASED,    /* the same bins; Kumar et al. 1909.10155 */
    HYT_METRIC_SMECE,          /* Blasiok & Nakkiran 2309.12236 */
    HYT_METRIC_BRIER,          /* = reliability - resolution + uncertainty */
    HYT_METRIC_RELIABILITY,    /*   + within_bin (Murphy 1973); the last is */
    HYT_METRIC_RESOLUTION,     /*   0 where conf is constant in each bin */
    HYT_METRIC_UNCERTAINTY,
    HYT_METRIC_WITHIN_BIN,
    HYT_METRIC_NLL,          /* probabilities clipped to HYT_NLL_CLIP */
    HYT_METRIC_AUROC,        /* ties count 1/2 */
    HYT_METRIC_AUPRC_ERROR,  /* average precision; errors are the positives */
    HYT_METRIC_AURC,         /* ties collapsed */
    HYT_METRIC_E_AURC,       /* less the AURC of the best order */
    HYT_METRIC_SELECTIVE_80, /* accuracy of the surest 80 % */
    HYT_METRIC_SELECTIVE_90,
    HYT_METRIC_SELECTIVE_100,
    HYT_METRIC_ECE_HALF,
    HYT_METRIC_BRIER_HALF,
    HYT_METRIC_ENTROPY, /* from here on: means of hyt_text_fact where known */
    HYT_METRIC_REPETITION,
    HYT_METRIC_LENGTH,
    HYT_METRIC_TRUNCATED,
    HYT_N_METRICS
};
const char *hyt_metric_name(enum hyt_metric m);
int hyt_metric_find(const char *name, size_t n); /* or -1 */

#define HYT_NLL_CLIP  1e-12
#define HYT_SMECE_MIN 1e-3 /* the narrowest kernel tried */

/*
 * How much of a completion says again what it has said: 1 - distinct / all of
 * its n-grams of HYT_REPETITION_GRAM tokens, in [0, 1); NaN where it has none.
 * seq-rep-4 of Welleck et al. 1908.04319.
 */
#define HYT_REPETITION_GRAM 4
double hyt_repetition(const int32_t *token, size_t n);

/* Reorders the rows for the functions below: answered first, conf rising. */
void hyt_judged_sort(struct hyt_judged *row, size_t n);

/* All metrics of sorted rows. */
void hyt_metrics(double out[HYT_N_METRICS], const struct hyt_judged *row,
                 size_t n, size_t bins);

/* P(conf of a right one > that of a wrong one) + P(equal) / 2, of n answered
 * rows, sorted; here conf may be any number.  NaN where one class is empty. */
double hyt_auroc(const struct hyt_judged *row, size_t n);

/* What a reliability diagram draws: bin b of B is (b/B, (b+1)/B]. */
struct hyt_bin {
    double n, conf, correct; /* rows, and the means over them (NaN: none) */
};
void hyt_bins(struct hyt_bin *bin, size_t bins, const struct hyt_judged *row,
              size_t n);

struct hyt_interval {
    double lo, hi; /* the 2.5th and 97.5th percentile; NaN: none */
};

/*
 * Bootstrap over queries: each of `reps` replicates draws n_queries queries
 * with replacement, with all of their rows.  b is NULL, or a second set of
 * (sorted) rows over the same queries: then the intervals are those of
 * metric(b) - metric(a), both on the same draw.
 */
struct hyt_judged_set {
    const struct hyt_judged *row;
    size_t n;
};
void hyt_bootstrap(struct hyt_interval out[HYT_N_METRICS],
                   const struct hyt_judged_set *a,
                   const struct hyt_judged_set *b, size_t n_queries,
                   size_t bins, size_t reps, uint64_t seed);

#endif
