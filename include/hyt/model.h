/* SPDX-License-Identifier: MIT */
/*
 * model.h - a decoder-only transformer: config, weights, forward, backward
 *
 * The *model* is immutable while anything runs: a config and weights that
 * point into a mapping.  The *state* is mutable: the paged KV cache, the
 * sequences that live in it, a packed batch of rows, activations.  One state
 * belongs to one thread (the kernels use the pool below it).
 *
 *     seq = hyt_seq_new(st);                        a sequence of no tokens
 *     hyt_batch_add(st, seq, token, target, want);  a row at its next position
 *     hyt_forward(st, false);                 all rows, one pass
 *     hyt_head_stats(st, stats);                    logp … of the wanted rows
 *
 * A row is a token at a position of a sequence.  A sequence may be forked
 * from another at any length and then shares that prefix.  What a row
 * computes depends on its own sequence alone, to the bit: hyt(7), NUMERICS.
 *
 * Letters: T rows, D width, L layers, H query heads, G key/value heads, E head
 * width, F feed-forward width, V vocabulary rows.
 */
#ifndef HYT_MODEL_H
#define HYT_MODEL_H

#include "hyt/base.h"
#include "hyt/ckpt.h"
#include "hyt/kern.h"

/* --- config --------------------------------------------------------------- */

#define HYT_MAX_EOS 8

enum hyt_qk_norm { HYT_QK_NORM_NONE, HYT_QK_NORM_HEAD, HYT_QK_NORM_ALL };

enum hyt_rope_type {
    HYT_ROPE_DEFAULT,
    HYT_ROPE_LINEAR,
    HYT_ROPE_LLAMA3,
    HYT_ROPE_YARN
};

/* Rotary positions: base, and how they are stretched (model/rope.c). */
struct hyt_rope {
    double theta;
    enum hyt_rope_type type;
    double factor;
    double low, high; /* turns over the original context: bounds */
    double original;  /* positions */
    double scale;     /* of cos and sin */
    bool truncate;
};

struct hyt_config {
    size_t D, L, H, G, E, F, V;
    size_t max_positions;
    float eps;       /* of the norms */
    float norm_plus; /* added to what is stored of their weights */
    bool pre_norm;   /* norms of what goes into attention and feed-forward */
    bool post_norm;  /* norms of what comes out, before it is added */
    bool tied;       /* lm_head is the embedding */
    bool qkv_bias, o_bias;
    bool fused; /* q, k, v are one tensor, gate and up another */
    bool gelu;  /* GEGLU by tanh, else SwiGLU */
    enum hyt_qk_norm qk_norm;
    float q_scale; /* of the scores */
    float embed_scale;
    float attn_cap, logit_cap; /* soft caps, 0: none */
    int32_t window;            /* of local layers; 0: there are none */
    size_t global_every;       /* every how manieth layer is not; 0: none */
    struct hyt_rope rope[2];   /* of other layers, and of local ones ... */
    bool two_ropes;            /* ... where they differ */
    const char *prefix;        /* of all tensors' names in the table below */
    int32_t eos[HYT_MAX_EOS];
    size_t n_eos;
};

/* Reads config.json and, for the end-of-sequence ids, generation_config.json
 * (NULL: none).  What is not supported is an error that names it.  Of a model
 * of text and images it is the text model ("text_config"). */
int hyt_config_read(struct hyt_config *c, const struct hyt_json *config,
                    const struct hyt_json *generation,
                    struct hyt_err *err) HYT_MUST_USE;

/* Whether layer l sees only the window. */
bool hyt_config_local(const struct hyt_config *c, size_t l);

/* The frequencies [E/2] of hyt_rope_table(). */
void hyt_rope_frequencies(float *frequency, const struct hyt_rope *r, size_t E);

/* --- weights: one table says name, shape and order ------------------------ */

/*
 * X(field, checkpoint name behind c->prefix, rows, columns, present)
 *
 * columns 1: a vector.  The letters are read from a `const struct hyt_config
 * *c`.  The order is that of the parameters, the gradients and the optimizer.
 * Where w_qkv and w_gate_up are present, wq, wk, wv, w_gate and w_up are their
 * rows, and no tensors of their own.
 */
#define HYT_LAYER_TENSORS(X)                                                   \
    X(attn_norm, "input_layernorm.weight", c->D, 1, c->pre_norm)               \
    X(w_qkv, "self_attn.qkv_proj.weight", (c->H + 2 * c->G) * c->E, c->D,      \
      c->fused)                                                                \
    X(wq, "self_attn.q_proj.weight", c->H * c->E, c->D, !c->fused)             \
    X(bq, "self_attn.q_proj.bias", c->H * c->E, 1, c->qkv_bias)                \
    X(wk, "self_attn.k_proj.weight", c->G * c->E, c->D, !c->fused)             \
    X(bk, "self_attn.k_proj.bias", c->G * c->E, 1, c->qkv_bias)                \
    X(wv, "self_attn.v_proj.weight", c->G * c->E, c->D, !c->fused)             \
    X(bv, "self_attn.v_proj.bias", c->G * c->E, 1, c->qkv_bias)                \
    X(q_norm, "self_attn.q_norm.weight", hyt_qk_norm_width(c, c->H), 1,        \
      c->qk_norm != HYT_QK_NORM_NONE)                                          \
    X(k_norm, "self_attn.k_norm.weight", hyt_qk_norm_width(c, c->G), 1,        \
      c->qk_norm != HYT_QK_NORM_NONE)                                          \
    X(wo, "self_attn.o_proj.weight", c->D, c->H * c->E, true)                  \
    X(bo, "self_attn.o_proj.bias", c->D, 1, c->o_bias)                         \
    X(attn_post, "post_attention_layernorm.weight", c->D, 1, c->post_norm)     \
    X(ffn_norm,                                                                \
      c->post_norm ? "pre_feedforward_layernorm.weight"                        \
                   : "post_attention_layernorm.weight",                        \
      c->D, 1, c->pre_norm)                                                    \
    X(w_gate_up, "mlp.gate_up_proj.weight", 2 * c->F, c->D, c->fused)          \
    X(w_gate, "mlp.gate_proj.weight", c->F, c->D, !c->fused)                   \
    X(w_up, "mlp.up_proj.weight", c->F, c->D, !c->fused)                       \
    X(w_down, "mlp.down_proj.weight", c->D, c->F, true)                        \
    X(ffn_post, "post_feedforward_layernorm.weight", c->D, 1, c->post_norm)

#define HYT_MODEL_TENSORS(X)                                                   \
    X(embed, "model.embed_tokens.weight", c->V, c->D, true)                    \
    X(final_norm, "model.norm.weight", c->D, 1, true)                          \
    X(head, "lm_head.weight", c->V, c->D, !c->tied)

/* What a query or key norm of n heads is as wide as. */
static inline size_t hyt_qk_norm_width(const struct hyt_config *c, size_t n)
{
    return c->qk_norm == HYT_QK_NORM_ALL ? n * c->E : c->E;
}

/* A tensor as it is bound: the stored weight, and where its gradient starts in
 * the slab of gradients (in floats).  An absent one has w.p = NULL. */
struct hyt_bound {
    struct hyt_weight w;
    size_t grad;
};

#define HYT_TENSOR_FIELD(field, name, rows, columns, present)                  \
    struct hyt_bound field;
struct hyt_layer {
    HYT_LAYER_TENSORS(HYT_TENSOR_FIELD)
};

/* One trained tensor: where its weight is bound, its name and size. */
struct hyt_param {
    char *name;
    struct hyt_bound *bound;
    size_t n; /* elements */
    bool vector;
};

struct hyt_model {
    struct hyt_config c;
    HYT_MODEL_TENSORS(HYT_TENSOR_FIELD) /* head is embed where tied */
    struct hyt_layer *layer;
    struct hyt_param *param;
    size_t n_params;
    size_t n_floats; /* elements over all parameters */
    size_t vocab;    /* rows of lm_head up to the last that has a token */
    /* The ids that have a token, where some below vocab have none; else NULL.
     * Logits, stats and gradients are over these alone. */
    int32_t *token, *place; /* [n_tokens]; [vocab], its inverse */
    size_t n_tokens;
};
#undef HYT_TENSOR_FIELD

/* Binds the checkpoint's mapped tensors.  A missing tensor, one of another
 * shape or dtype, or one that the architecture has no use for is an error that
 * names it; the tensors for images beside a text model are passed over.  A tied
 * head that is stored twice must be equal.  The checkpoint must outlive the
 * model.  NULL on error. */
struct hyt_model *hyt_model_open(const struct hyt_ckpt *ckpt,
                                 struct hyt_err *err) HYT_MUST_USE;
void hyt_model_close(struct hyt_model *m);

/* Whether this tensor is the embedding once more, as a tied head. */
bool hyt_model_is_second_head(const struct hyt_model *m, const char *name);

/* Points parameter i at another copy of its data (same dtype and size): how
 * training reads the weights that it writes. */
void hyt_model_rebind(struct hyt_model *m, size_t i, const void *data);

/* Rows of lm_head from n on have no token, nor has any where exists[id] is
 * false (NULL: all below n have): they are left out of every sum over the
 * vocabulary, and never sampled. */
void hyt_model_set_vocab(struct hyt_model *m, size_t n, const bool *exists);

/* The id of element i of a row of logits. */
int32_t hyt_model_token(const struct hyt_model *m, size_t i);

/* --- state ---------------------------------------------------------------- */

struct hyt_state;

struct hyt_state *hyt_state_new(const struct hyt_model *m);
void hyt_state_free(struct hyt_state *st);

/* The number format of the KV cache, HYT_F32 (the default) or HYT_BF16, which
 * takes half the memory: keys and values are rounded when they are stored, and
 * attention reads the rounded numbers.  Gradients take the rounding for the
 * identity.  To be called while no sequence lives. */
void hyt_state_set_kv(struct hyt_state *st, enum hyt_dtype t);

/* Bytes held by the KV cache and the activations. */
size_t hyt_state_bytes(const struct hyt_state *st);

int32_t hyt_seq_new(struct hyt_state *st);
/* A new sequence that shares the first n positions of `parent`, whose rows
 * have been added already (in this batch or an earlier one). */
int32_t hyt_seq_fork(struct hyt_state *st, int32_t parent, size_t n);
/* May be called while rows of the sequence wait in the batch: they are run. */
void hyt_seq_free(struct hyt_state *st, int32_t seq);
size_t hyt_seq_len(const struct hyt_state *st, int32_t seq);

/*
 * Adds a row: `token` at the next position of seq.  want: its prediction of
 * the next token is asked for; target: that token, or -1.  Returns the row's
 * number.  The position must be below max_positions and the token in the
 * vocabulary (the caller checks input; here it is a HYT_BUG).
 */
size_t hyt_batch_add(struct hyt_state *st, int32_t seq, int32_t token,
                     int32_t target, bool want);
size_t hyt_batch_wanted(const struct hyt_state *st);
void hyt_batch_clear(struct hyt_state *st);

/* For a new state: every sequence is in one batch and never continued, as in
 * training, so that keys and values are kept for one layer at a time. */
void hyt_state_set_passing(struct hyt_state *st);

/* What a batch's activations may take (bytes) before layers are recomputed in
 * the backward pass, and the rows whose activations fit. */
#define HYT_ACTIVATION_MEMORY (350 << 20) /* default */
void hyt_state_set_memory(struct hyt_state *st, size_t bytes);
size_t hyt_state_rows_in_memory(const struct hyt_state *st);

/* Runs all rows through the layers and the final norm.  save: keep what
 * hyt_backward() needs; then every sequence of the batch must be whole, or be a
 * fork of one that is no fork and stands before it in the batch. */
void hyt_forward(struct hyt_state *st, bool save);

/* --- head ----------------------------------------------------------------- */

/* Stats of the wanted rows, in the order they were added. */
void hyt_head_stats(struct hyt_state *st, struct hyt_row_stats *stats);

/* Hands the logits of each wanted row (0, 1, …) to fn, which may change them;
 * z has n_tokens elements.  fn is called from several threads at once, for
 * different rows. */
void hyt_head_logits(struct hyt_state *st,
                     void (*fn)(void *ctx, size_t i, float *z, size_t vocab),
                     void *ctx);

/* --- gradients ------------------------------------------------------------ */

/* One float for each weight, in the order of model->param; zeroed. */
float *hyt_grads_new(const struct hyt_model *m); /* free() */

/*
 * Fused head of a training pass over the wanted rows:
 *
 *     stats as above;  g_i = weigh(ctx, i, stats of row i);
 *     gradient of sum_i g_i logp_i with respect to the head and the last
 *     hidden rows, which are kept for hyt_backward().
 *
 * weigh is called once for each row, in order.  add: to what grads holds, as
 * for one more batch of a sum; else that is overwritten.
 */
void hyt_head_loss(struct hyt_state *st, struct hyt_row_stats *stats,
                   float (*weigh)(void *ctx, size_t i,
                                  const struct hyt_row_stats *s),
                   void *ctx, float *grads, bool add);

/* To be called once after hyt_head_loss(), with the same add. */
void hyt_backward(struct hyt_state *st, float *grads, bool add);

/* --- probes --------------------------------------------------------------- */

/*
 * Log-probabilities of a tail after several prefixes of one trace, in one
 * packed pass:
 *
 *     trace rows   q s_1 s_2 … s_K a        causal
 *     probe rows   e a   e a   …            tail k sees the first prefix[k]
 * tokens
 *
 * trace[0..n_trace): prompt and completion; stats of completion token j are
 * stats[j], j = 0 … n_trace - n_prompt - 1.  logp[k] is the mean of log p over
 * the tail's tokens [answer_begin, answer_end) after the first prefix[k] >= 1
 * tokens of the trace.
 */
struct hyt_probe {
    const int32_t *trace;
    size_t n_trace, n_prompt;
    const int32_t *tail;
    size_t n_tail;
    size_t answer_begin, answer_end; /* scored tokens of the tail */
    const size_t *prefix;
    size_t n_prefix;
};

/* The prompt of the last trace, whose keys and values stay in the cache of the
 * state: the samples of a query follow each other, and all but the first run
 * the rows of their completion alone.  {0}: none yet. */
struct hyt_probe_prompt {
    int32_t seq, *token;
    size_t n, cap;
};

/* last: what the prompts of successive traces of one state have in common is
 * run once, with the same bits; NULL: each trace is run whole. */
int hyt_probe_run(struct hyt_state *st, const struct hyt_probe *p,
                  struct hyt_probe_prompt *last, double *logp,
                  struct hyt_row_stats *stats,
                  struct hyt_err *err) HYT_MUST_USE;

/* Before the cache takes another format, and at the end. */
void hyt_probe_forget(struct hyt_state *st, struct hyt_probe_prompt *last);

#endif
