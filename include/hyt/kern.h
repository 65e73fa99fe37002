/* SPDX-License-Identifier: MIT */
/*
 * kern.h - y = f(x) on float*: the operations of a transformer, each forward
 * beside its backward, and the thread pool under them
 *
 * Sizes: T rows (tokens of a packed batch), D model width, H query heads,
 * G key/value heads, E head width, F feed-forward width, V vocabulary.  Arrays
 * are row-major, T first.  Outputs come first, sizes last.  Functions overwrite
 * (=) or accumulate into their outputs (+=) as their equations say; gradients
 * of weights always accumulate.
 *
 * The numerics promise (hyt(7), NUMERICS): an element of a forward result is
 * the same chain of operations whatever T, the tiling or the thread is, so a
 * row's bits depend on that row alone.  Reductions run in eight lanes along
 * the contiguous dimension with fused multiply-add and one fixed tree:
 * lane l sums elements l, l + 8, …; ((0+4)+(2+6))+((1+5)+(3+7)).
 * Backward results, too, are the same for any number of threads and on any
 * machine with fused multiply-add.
 *
 * HYT_KERN=ref|base|v3|v4 in the environment chooses the implementation: naive
 * twins, portable vectors with fmaf (slow), AVX2 + FMA, AVX-512; all but ref
 * have the same bits.  The default is the best the CPU has.
 */
#ifndef HYT_KERN_H
#define HYT_KERN_H

#include "hyt/base.h"

/* --- threads -------------------------------------------------------------- */

/* Sets the number of threads (1 … 256) that hyt_parallel_for uses; the pool
 * starts at the first use.  Call it from the main thread, between loops. */
void hyt_threads_set(int n);
int hyt_threads(void);
void hyt_threads_stop(void); /* joins the workers; a later loop starts anew */

/* Runs fn(ctx, i) for i = 0 … n-1, each exactly once, on any thread in any
 * order; returns when all are done.  One thread at a time may start loops; a
 * loop started inside a loop runs on the thread that starts it.  Not in a loop:
 * hyt_matmul() and what is built on it, whose calls share memory. */
void hyt_parallel_for(size_t n, void (*fn)(void *ctx, size_t i), void *ctx);

/* Name of the implementation in use ("v3"). */
const char *hyt_kern_name(void);

/* -1 where HYT_KERN names an implementation that does not exist or that this
 * CPU cannot run; a tool calls it once.  Elsewhere such a name is passed over.
 */
int hyt_kern_check(struct hyt_err *err) HYT_MUST_USE;

/* Chooses by name instead of by HYT_KERN (NULL: by HYT_KERN again), so that
 * implementations can be compared in one process.  0, or -1 where there is no
 * such implementation on this CPU. */
int hyt_kern_select(const char *name);

/* --- weights -------------------------------------------------------------- */

/* A stored weight: mapped, f32, bf16 or f16.  A half is widened exactly, on the
 * way. */
struct hyt_weight {
    const void *p;
    enum hyt_dtype t;
};

void hyt_widen(float *dst, struct hyt_weight w, size_t offset, size_t n);
/* To nearest, ties to even; NaN stays NaN. */
uint16_t hyt_bf16_round(float x);
uint16_t hyt_f16_round(float x);

/* --- matrix product ------------------------------------------------------- */

/*
 *     y_tn = sum_k x_tk w_nk + b_n                 (add: y_tn += …)
 *
 * y [T,N]  x [T,K]  w [N,K] as stored in checkpoints  b [N] or p = NULL
 */
void hyt_matmul(float *y, const float *x, struct hyt_weight w,
                struct hyt_weight b, bool add, size_t T, size_t N, size_t K);

/* n products of the same x, as one loop over the threads. */
struct hyt_product {
    float *y;
    struct hyt_weight w, b;
    size_t N;
};
void hyt_matmul_many(const struct hyt_product *p, size_t n, const float *x,
                     size_t T, size_t K);

/*
 *     dx_tk = sum_n dy_tn w_nk                         (add: dx_tk += …)
 *     dw_nk = sum_t dy_tn x_tk      db_n = sum_t dy_tn (add: += …)
 *
 * db NULL where there is no bias.
 */
void hyt_matmul_bwd_x(float *dx, const float *dy, struct hyt_weight w, bool add,
                      size_t T, size_t N, size_t K);
void hyt_matmul_bwd_w(float *dw, float *db, const float *dy, const float *x,
                      bool add, size_t T, size_t N, size_t K);

/* --- RMSNorm (Zhang & Sennrich 2019, eq. 4) ------------------------------- */

/*
 *     y_ti = g_i x_ti r_t,    r_t = (mean_j x_tj^2 + eps)^(-1/2)
 *
 * x, y [T,D]  g [D]  r [T] (kept for the backward pass, may be NULL).  y may be
 * x.  Also per head: T * H rows of width E.  `plus` is added to the stored g:
 * 0, or 1 (Gemma).
 */
void hyt_rmsnorm(float *y, float *r, const float *x, struct hyt_weight g,
                 float plus, float eps, size_t T, size_t D);
/*
 *     dg_i  += sum_t dy_ti x_ti r_t
 *     dx_ti += r_t (g_i dy_ti - x_ti r_t^2 mean_j g_j dy_tj x_tj)
 */
void hyt_rmsnorm_bwd(float *dx, float *dg, const float *dy, const float *x,
                     const float *r, struct hyt_weight g, float plus, size_t T,
                     size_t D);

/* --- rotary positions (Su et al. 2021), half-split layout ----------------- */

/* scale cos, scale sin [n_pos, E/2] of pos * frequency_i.  The angle is rounded
 * to float first, as Hugging Face's implementation does. */
void hyt_rope_table(float *cos, float *sin, const float *frequency,
                    double scale, size_t n_pos, size_t E);
/*
 *     (x_i, x_(i+E/2)) <- (x_i c - x_(i+E/2) s,  x_(i+E/2) c + x_i s)
 *
 * in place on x [T,H,E]; pos [T].
 */
void hyt_rope(float *x, const int32_t *pos, const float *cos, const float *sin,
              size_t T, size_t H, size_t E);
/* dx <- the inverse rotation of dx, in place. */
void hyt_rope_bwd(float *dx, const int32_t *pos, const float *cos,
                  const float *sin, size_t T, size_t H, size_t E);

/* --- attention over a paged KV cache -------------------------------------- */

/*
 * Keys and values live in pages of HYT_PAGE positions, aligned to absolute
 * position: position p is slot p % HYT_PAGE of its sequence's page
 * p / HYT_PAGE.  One page of one layer: keys [G, E, HYT_PAGE] (positions
 * contiguous), values [G, HYT_PAGE, E].  Page number i starts at element
 * i * G * E * HYT_PAGE in either pool.  Sequences share a prefix by sharing
 * pages; softmax and the weighted sum go page by page in order of position, so
 * bits do not depend on who shares what.
 *
 * A pool is f32 or bf16.  What goes into a bf16 pool is rounded to it, to
 * nearest, ties to even; attention widens it exactly and computes in float.  So
 * the result has the bits of an f32 pool that holds the rounded numbers.
 */
#define HYT_PAGE 32

#define HYT_HEAD_MAX 256 /* widest head, E */

struct hyt_attn_row {
    const int32_t *page; /* page numbers of the row's sequence */
    int32_t pos;         /* the last position that it attends to */
};

struct hyt_attn {
    float scale;
    float cap;      /* of the scores; 0: none */
    int32_t window; /* positions that a row attends to; 0: all from 0 on */
};

/* The cache of one layer. */
struct hyt_kv {
    void *k, *v;      /* the pools */
    enum hyt_dtype t; /* HYT_F32 or HYT_BF16 */
};

/* Stores rows k, v [T, G*E] in their sequences' pages.  k and v become what is
 * stored: the backward pass must see the numbers that attention saw. */
void hyt_kv_store(const struct hyt_kv *kv, float *k, float *v,
                  const struct hyt_attn_row *row, size_t T, size_t G, size_t E);
/* Copies the first n slots of page src to page dst. */
void hyt_kv_copy(const struct hyt_kv *kv, int32_t dst, int32_t src, size_t n,
                 size_t G, size_t E);

/*
 *     o_th = sum_p a_thp v_pg,              a_thp = exp(s_thp - lse_th)
 *     s_thp = scale q_th . k_pg,            g = h G / H
 *
 * over the last `window` positions p <= pos_t, or all.  With a cap, s becomes
 * cap tanh(s / cap).
 *
 * o, q [T, H*E]   lse [T,H], kept for the backward pass, may be NULL
 */
void hyt_attention(float *o, float *lse, const float *q,
                   const struct hyt_kv *kv, const struct hyt_attn_row *row,
                   const struct hyt_attn *how, size_t T, size_t H, size_t G,
                   size_t E);

/* Rows first … first+n-1 of a training batch: a sequence from position 0; or
 * one from position n_prefix on, what is before being rows prefix … of another
 * (of a batch's sequences, those that share a prefix). */
struct hyt_attn_seq {
    size_t first, n, prefix, n_prefix;
};

/*
 * For training batches: k, v [T, G*E] are plain rows, as they were stored.
 *
 *     D_th = do_th . o_th      ds_thp = a_thp (do_th . v_pg - D_th)
 *     dq = scale ds k          dk = scale ds^T q          dv = a^T do
 *
 * With a cap, ds is first multiplied by 1 - (s / cap)^2.
 */
void hyt_attention_bwd(float *dq, float *dk, float *dv, const float *dout,
                       const float *q, const float *k, const float *v,
                       const float *o, const float *lse,
                       const struct hyt_attn_seq *seq, size_t n_seq,
                       const struct hyt_attn *how, size_t T, size_t H, size_t G,
                       size_t E);

/* --- SwiGLU and GEGLU (Shazeer 2020) -------------------------------------- */

/*
 *     h = silu(g) u,   silu(g) = g / (1 + exp(-g))
 *     dg = dh u (σ(g) (1 + g (1 - σ(g))))      du = dh silu(g)
 *
 * In place, too: h and dg over g, du over u.
 */
void hyt_swiglu(float *h, const float *g, const float *u, size_t n);
void hyt_swiglu_bwd(float *dg, float *du, const float *dh, const float *g,
                    const float *u, size_t n);

/*
 *     h = gelu(g) u,   gelu(g) = g σ(2 y),   y = sqrt(2/π) (g + 0.044715 g^3)
 *
 * the approximation by tanh (Hendrycks & Gimpel 2016): σ(2y) = (1 + tanh y) / 2
 *     dg = dh u (σ + g σ (1 - σ) 2 y')      du = dh gelu(g)
 *
 * In place, as SwiGLU.
 */
void hyt_geglu(float *h, const float *g, const float *u, size_t n);
void hyt_geglu_bwd(float *dg, float *du, const float *dh, const float *g,
                   const float *u, size_t n);

/* --- element by element --------------------------------------------------- */

void hyt_add(float *y, const float *x, size_t n); /* y += x */
void hyt_scale(float *x, float factor, size_t n); /* x *= factor */

/* --- embedding ------------------------------------------------------------ */

void hyt_embed(float *x, struct hyt_weight e, const int32_t *id, size_t T,
               size_t D);
void hyt_embed_bwd(float *de, const float *dx, const int32_t *id, size_t T,
                   size_t D); /* rows of one id are added in row order */

/* --- vocabulary ----------------------------------------------------------- */

/*
 * One row of logits z [V], as it predicts the next token.  Sums run in blocks
 * of HYT_VOCAB_BLOCK in eight float lanes of exp(z - max of the block), block
 * sums and everything above them in double, in order.
 *     lse = log sum exp z      logp = z_target - lse
 *     certainty = lse - mean z - log V   (KL(U || p), 2502.18581)
 *     entropy = lse - sum p z
 */
#define HYT_VOCAB_BLOCK 2048

struct hyt_row_stats {
    double lse;
    float logp, certainty, entropy;
};

/* Stats of T rows of logits z, row t at z + t * stride; target[t] < 0: logp is
 * 0. */
void hyt_vocab_stats(struct hyt_row_stats *out, const float *z,
                     const int32_t *target, size_t T, size_t V, size_t stride);

/*
 * The same, bit for bit, of z_tv = sum_k x_tk w_vk, where cap > 0 as
 * hyt_softcap makes it of that; z is never in memory as a whole.
 *
 * x [T,K]  w [V,K]  target [T]
 */
void hyt_matmul_stats(struct hyt_row_stats *out, const float *x,
                      struct hyt_weight w, const int32_t *target, float cap,
                      size_t T, size_t V, size_t K);

/* z <- cap tanh(z / cap), the first V of each row (Bello et al. 2016). */
void hyt_softcap(float *z, float cap, size_t T, size_t V, size_t stride);

/* dz_tv = g_t (1[v = target_t] - exp(z_tv - lse_t)), in place over z: the
 * gradient of sum_t g_t logp_t; with a cap (0: none), by the logits before it,
 * times 1 - (z / cap)^2.  Columns V … stride-1 are set to 0. */
void hyt_vocab_bwd(float *z, const struct hyt_row_stats *stats,
                   const int32_t *target, const float *g, float cap, size_t T,
                   size_t V, size_t stride);

/* y_i = exp(x_i - shift), at most 2 ulp off. */
void hyt_exp_rows(float *y, const float *x, float shift, size_t n);

/* --- optimizer ------------------------------------------------------------ */

void hyt_zero(float *x, size_t n);

/* sum x_i^2 in fixed blocks, in double. */
double hyt_sum_squares(const float *x, size_t n);

/*
 * AdamW (Loshchilov & Hutter 2019), step t = 1, 2, …:
 *     m <- b1 m + (1-b1) g      v <- b2 v + (1-b2) g^2       (g scaled by
 * gscale first) w <- w (1 - lr wd) - lr (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) +
 * eps) w is the float weight itself, or the master of a half weight, which is
 * then rounded into `stored`.
 */
struct hyt_adamw {
    float lr, beta1, beta2, eps, weight_decay;
    float correct1, correct2; /* 1 - beta^t */
    float gscale;
    bool half; /* `stored` is f16, not bf16 */
};
void hyt_adamw_step(float *w, uint16_t *stored, float *m, float *v,
                    const float *g, const struct hyt_adamw *a, size_t n);

#endif
