/* SPDX-License-Identifier: MIT */
/*
 * rollout.c - keeps the batch full
 *
 * Each running completion feeds one token a step: first the last token of its
 * prompt, then what it sampled.  The prompt's other tokens are fed once, in
 * the step that starts the group's first completion; every completion forks
 * from them.  So a row of logits always belongs to one completion, and a
 * completion never sees how many others run.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hyt/sample.h"

/* A query and its group on the way. */
struct query {
    struct hyt_group group;
    int32_t *prompt;
    size_t n_prompt;
    uint64_t key;
    int32_t seq;                  /* the prompt's, while samples are to start */
    size_t n_started, n_finished; /* of n samples */
};

/* A completion that runs. */
struct live {
    struct query *q;
    size_t sample;
    int32_t seq;
    int32_t token; /* to feed next */
    struct hyt_buf text;
    float logp;
};

struct hyt_rollouts {
    struct hyt_state *st;
    const struct hyt_model *m;
    const struct hyt_tok *tok;
    struct hyt_rollout_conf conf;
    size_t longest_stop;

    /* ring of the queries held, in order */
    struct query *ring;
    size_t first, n_held;
    size_t next; /* held queries before this one have all been started */

    struct live *live; /* [rows] */
    size_t n_live;
    uint64_t tokens;
};

const char *hyt_finish_name(enum hyt_finish f)
{
    return f == HYT_FINISH_STOP ? "stop" : "length";
}

struct hyt_rollouts *hyt_rollouts_new(struct hyt_state *st,
                                      const struct hyt_model *m,
                                      const struct hyt_tok *tok,
                                      const struct hyt_rollout_conf *conf)
{
    struct hyt_rollouts *r = hyt_alloc(1, sizeof(*r));

    r->st = st;
    r->m = m;
    r->tok = tok;
    r->conf = *conf;
    hyt_state_set_kv(st, conf->kv);
    r->ring = hyt_alloc(conf->window, sizeof(*r->ring));
    r->live = hyt_alloc(conf->rows, sizeof(*r->live));
    for (size_t i = 0; i < conf->n_stop; i++)
        if (strlen(conf->stop[i]) > r->longest_stop)
            r->longest_stop = strlen(conf->stop[i]);
    return r;
}

static void clear_query(struct query *q)
{
    for (size_t i = 0; i < q->group.n; i++) {
        free(q->group.sample[i].id);
        free(q->group.sample[i].logp);
    }
    free(q->group.sample);
    free(q->prompt);
    memset(q, 0, sizeof(*q));
}

void hyt_rollouts_free(struct hyt_rollouts *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->conf.window; i++)
        clear_query(&r->ring[i]);
    for (size_t i = 0; i < r->conf.rows; i++)
        hyt_buf_free(&r->live[i].text);
    free(r->ring);
    free(r->live);
    free(r);
}

static struct query *held(const struct hyt_rollouts *r, size_t i)
{
    return &r->ring[(r->first + i) % r->conf.window];
}

bool hyt_rollouts_hungry(const struct hyt_rollouts *r)
{
    size_t samples = r->n_live;

    for (size_t i = r->next; i < r->n_held; i++)
        samples += held(r, i)->group.n - held(r, i)->n_started;
    return r->n_held < r->conf.window && samples < r->conf.rows;
}

size_t hyt_rollouts_pending(const struct hyt_rollouts *r)
{
    return r->n_held;
}

uint64_t hyt_rollouts_tokens(const struct hyt_rollouts *r)
{
    return r->tokens;
}

void hyt_rollouts_add(struct hyt_rollouts *r, const int32_t *prompt,
                      size_t n_prompt, uint64_t id_hash, void *user)
{
    struct query *q = held(r, r->n_held++);

    /* The slot's last group was handed out by hyt_rollouts_take(). */
    clear_query(q);
    q->group.user = user;
    if (n_prompt == 0)
        return;
    q->group.n = r->conf.n;
    q->group.sample = hyt_alloc(r->conf.n, sizeof(*q->group.sample));
    q->prompt = hyt_alloc(n_prompt, sizeof(*q->prompt));
    memcpy(q->prompt, prompt, n_prompt * sizeof(*prompt));
    q->n_prompt = n_prompt;
    q->key = hyt_rng_key(r->conf.seed, id_hash);
}

struct hyt_group *hyt_rollouts_take(struct hyt_rollouts *r)
{
    struct query *q = held(r, 0);

    if (r->n_held == 0 || q->n_finished < q->group.n)
        return NULL;
    r->first = (r->first + 1) % r->conf.window;
    r->n_held--;
    if (r->next > 0)
        r->next--;
    return &q->group;
}

/* --- joining -------------------------------------------------------------- */

static void start_group(struct hyt_rollouts *r, struct query *q)
{
    q->seq = hyt_seq_new(r->st);
    for (size_t i = 0; i + 1 < q->n_prompt; i++)
        hyt_batch_add(r->st, q->seq, q->prompt[i], -1, false);
}

static void start_sample(struct hyt_rollouts *r, struct query *q)
{
    struct live *s = &r->live[r->n_live++];

    if (q->n_started == 0)
        start_group(r, q);
    s->q = q;
    s->sample = q->n_started++;
    s->seq = hyt_seq_fork(r->st, q->seq, q->n_prompt - 1);
    s->token = q->prompt[q->n_prompt - 1];
    hyt_buf_reset(&s->text);
    if (q->n_started == q->group.n)
        hyt_seq_free(r->st, q->seq);
}

static void admit(struct hyt_rollouts *r)
{
    while (r->next < r->n_held) {
        struct query *q = held(r, r->next);

        while (q->n_started < q->group.n && r->n_live < r->conf.rows)
            start_sample(r, q);
        if (q->n_started < q->group.n)
            return;
        r->next++;
    }
}

/* --- one step ------------------------------------------------------------- */

/* Runs for different rows at once: touches only its own completion. */
static void choose(void *ctx, size_t i, float *z, size_t vocab)
{
    struct hyt_rollouts *r = ctx;
    struct live *s = &r->live[i];
    uint64_t key = hyt_rng_key(s->q->key, s->sample);
    size_t at = s->q->group.sample[s->sample].n;
    struct hyt_row_stats stats;
    int32_t drawn =
        hyt_sample_token(z, vocab, &r->conf.sampling, hyt_rng_unit(key, at));

    hyt_vocab_stats(&stats, z, &drawn, 1, vocab, vocab);
    s->token = hyt_model_token(r->m, (size_t)drawn);
    s->logp = stats.logp;
}

/* Whether a stop string ends within the last token's bytes. */
static bool stopped(const struct hyt_rollouts *r, const struct live *s,
                    size_t before)
{
    size_t from = before > r->longest_stop ? before - r->longest_stop : 0;

    for (size_t i = 0; i < r->conf.n_stop; i++) {
        size_t n = strlen(r->conf.stop[i]);

        for (size_t at = from; n > 0 && at + n <= s->text.n; at++)
            if (memcmp(s->text.s + at, r->conf.stop[i], n) == 0)
                return true;
    }
    return false;
}

/* Takes the sampled token in; 1 if the completion goes on. */
static int take_token(struct hyt_rollouts *r, struct live *s,
                      struct hyt_err *err)
{
    const struct hyt_config *c = &r->m->c;
    struct hyt_completion *out = &s->q->group.sample[s->sample];
    size_t cap = out->cap, before = s->text.n;

    if (!isfinite(s->logp))
        return hyt_fail(err, "the model's logits are not finite numbers");
    out->id = hyt_grow(out->id, &cap, out->n + 1, sizeof(*out->id));
    out->logp = hyt_grow(out->logp, &out->cap, out->n + 1, sizeof(*out->logp));
    out->id[out->n] = s->token;
    out->logp[out->n++] = s->logp;
    r->tokens++;
    for (size_t i = 0; i < c->n_eos; i++)
        if (s->token == c->eos[i]) {
            out->finish = HYT_FINISH_STOP;
            return 0;
        }
    if (r->conf.n_stop > 0) {
        if (hyt_tok_bytes(r->tok, s->token, false, true, &s->text, err) < 0)
            return -1;
        if (stopped(r, s, before)) {
            out->finish = HYT_FINISH_STOP;
            return 0;
        }
    }
    out->finish = HYT_FINISH_LENGTH;
    return out->n < r->conf.max_tokens &&
           hyt_seq_len(r->st, s->seq) + 1 < c->max_positions;
}

/* Completions that ended leave; the others close up. */
static int leave(struct hyt_rollouts *r, struct hyt_err *err)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->n_live; i++) {
        struct live s = r->live[i];
        int on = take_token(r, &s, err);

        r->live[i] = s;
        if (on < 0)
            return -1;
        if (on == 0) {
            hyt_seq_free(r->st, s.seq);
            s.q->n_finished++;
        } else {
            /* Swapped, not copied: each slot keeps a text buffer. */
            r->live[i] = r->live[kept];
            r->live[kept++] = s;
        }
    }
    r->n_live = kept;
    return 0;
}

int hyt_rollouts_step(struct hyt_rollouts *r, struct hyt_err *err)
{
    hyt_batch_clear(r->st);
    admit(r);
    if (r->n_live == 0)
        return 0;
    for (size_t i = 0; i < r->n_live; i++)
        hyt_batch_add(r->st, r->live[i].seq, r->live[i].token, -1, true);
    hyt_forward(r->st, false);
    hyt_head_logits(r->st, choose, r);
    return leave(r, err);
}
