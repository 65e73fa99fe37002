/* SPDX-License-Identifier: MIT */
/*
 * ops.h - the kernels that exist once for each instruction set
 *
 * Every isa_*.c is compiled with HYT_ISA = ref, base and v3, v4 (x86-64) or
 * neon (aarch64), and defines its functions by HYT_KERN_FN(name).  The one list
 * below declares them, lays out the table of an instruction set and fills it.
 *
 * A kernel works on one tile on the calling thread; the public functions cut
 * the work into tiles.  Shapes and equations stand in the isa_*.c files.
 */
#ifndef HYT_KERN_OPS_H
#define HYT_KERN_OPS_H

#include "hyt/kern.h"

/* What a kernel of attention's backward pass works on: query head h of the
 * sequence whose first row every pointer is at. */
struct kern_attn_bwd {
    float *dq, *dk, *dv; /* dk, dv [n,H*E]: one share for each query head */
    const float *dout, *q, *k, *v, *o, *lse;
    struct hyt_attn how;
    size_t n, H, G, E;
};

/* Of at most HYT_VOCAB_BLOCK logits z, the largest of which is max:
 * s = sum exp(z - max), w = sum exp(z - max) (z - max), sum = sum z. */
struct kern_vocab {
    double max, s, w, sum;
};

/* The products of the backward pass: gemm_pack takes at most DEPTH rows and
 * PANEL columns of b, gemm_rows at most DEPTH along l and ROWS rows of c, whose
 * columns are those of the panels packed one behind the other.  Results depend
 * on DEPTH alone. */
enum { HYT_GEMM_DEPTH = 256, HYT_GEMM_PANEL = 192, HYT_GEMM_ROWS = 128 };

#define HYT_KERN_OPS(X)                                                        \
    X(void, widen, (float *dst, struct hyt_weight w, size_t i, size_t n))      \
    X(void, group_rows,                                                        \
      (float *to, size_t ldx, const float *x, size_t T, size_t K))             \
    X(void, matmul,                                                            \
      (float *y, size_t ldy, const float *x, size_t ldx, struct hyt_weight w,  \
       const void *next, struct hyt_weight b, bool add, size_t T, size_t N,    \
       size_t K))                                                              \
    X(void, matvec,                                                            \
      (float *y, const float *x, struct hyt_weight w, const void *next,        \
       struct hyt_weight b, bool add, size_t N, size_t K))                     \
    X(void, gemm_pack,                                                         \
      (float *pack, struct hyt_weight b, size_t ldb, size_t n, size_t k))      \
    X(void, gemm_rows,                                                         \
      (float *c, size_t ldc, const float *a, size_t lda, bool ta,              \
       const float *pack, bool add, size_t m, size_t n, size_t k))             \
    X(void, sum_rows,                                                          \
      (float *sum, const float *x, size_t ldx, size_t T, size_t N))            \
    X(void, rmsnorm,                                                           \
      (float *y, float *r, const float *x, struct hyt_weight g, float plus,    \
       float eps, size_t T, size_t D))                                         \
    X(void, rmsnorm_bwd,                                                       \
      (float *dx, float *dg, const float *dy, const float *x, const float *r,  \
       struct hyt_weight g, float plus, size_t T, size_t D))                   \
    X(void, rope,                                                              \
      (float *x, const int32_t *pos, const float *cos, const float *sin,       \
       float sign, size_t T, size_t H, size_t E))                              \
    X(void, attention,                                                         \
      (float *o, float *lse, const float *q, const struct hyt_kv *kv,          \
       const struct hyt_attn_row *row, const struct hyt_attn *how, size_t g,   \
       size_t T, size_t H, size_t G, size_t E))                                \
    X(void, attention_bwd, (const struct kern_attn_bwd *a, size_t h))          \
    X(void, swiglu, (float *h, const float *g, const float *u, size_t n))      \
    X(void, swiglu_bwd,                                                        \
      (float *dg, float *du, const float *dh, const float *g, const float *u,  \
       size_t n))                                                              \
    X(void, geglu, (float *h, const float *g, const float *u, size_t n))       \
    X(void, geglu_bwd,                                                         \
      (float *dg, float *du, const float *dh, const float *g, const float *u,  \
       size_t n))                                                              \
    X(void, softcap, (float *z, float cap, size_t n))                          \
    X(void, vocab_block, (struct kern_vocab * sums, const float *z, size_t n)) \
    X(void, vocab_bwd,                                                         \
      (float *z, const struct hyt_row_stats *stats, int32_t target, float g,   \
       float cap, size_t V))                                                   \
    X(void, exp_rows, (float *y, const float *x, float shift, size_t n))       \
    X(double, sum_squares, (const float *x, size_t n))                         \
    X(void, adamw,                                                             \
      (float *w, uint16_t *stored, float *m, float *v, const float *g,         \
       const struct hyt_adamw *a, size_t n))

struct kern_table {
    const char *name;
    size_t groups; /* rows of x side by side in a register; 1: x as it is */
#define X(ret, name, params) ret(*name) params;
    HYT_KERN_OPS(X)
#undef X
};

/* hyt_kern_rmsnorm_v3 from HYT_KERN_FN(rmsnorm) where HYT_ISA is v3 */
#define HYT_KERN_PASTE2(name, isa) hyt_kern_##name##_##isa
#define HYT_KERN_PASTE(name, isa)  HYT_KERN_PASTE2(name, isa)
#define HYT_KERN_FN(name)          HYT_KERN_PASTE(name, HYT_ISA)

#ifdef HYT_ISA
#    define X(ret, name, params) ret HYT_KERN_FN(name) params;
HYT_KERN_OPS(X)
#    undef X
#endif

/* Which products of c_ij = sum_l a_il b_lj are wanted: where a triangle of c
 * does not matter, or one of a is known to be zero, its tiles are left out. */
enum kern_part {
    KERN_ALL,
    KERN_C_LOWER, /* c_ij with j <= i */
    KERN_A_LOWER, /* a_il with l <= i */
    KERN_A_UPPER  /* a_il with l >= i */
};

/* c (+)= a b, all of it on the calling thread.  For a part, m and k are at most
 * a block of rows and of depth, and n a panel where the part is one of c. */
#if defined(HYT_ISA) && !defined(HYT_ISA_ref)
void HYT_KERN_FN(gemm)(float *c, size_t ldc, const float *a, size_t lda,
                       bool ta, const float *b, size_t ldb, bool tb, bool add,
                       enum kern_part part, size_t m, size_t n, size_t k);
#endif

extern const struct kern_table hyt_kern_table_ref, hyt_kern_table_base;
#ifdef __x86_64__
extern const struct kern_table hyt_kern_table_v3, hyt_kern_table_v4;
#endif
#ifdef __aarch64__
extern const struct kern_table hyt_kern_table_neon;
#endif

/* The table in use; chosen at the first call. */
const struct kern_table *hyt_kern(void);

/* What is packed for all threads.  One loop runs at a time (hyt_parallel_for),
 * so one buffer does. */
enum { HYT_KERN_PACKED = 1 << 20 };
extern float hyt_kern_packed[HYT_KERN_PACKED];

/* Rows of x as this instruction set's matmul() reads them: as they are, or in
 * the buffer.  There row t, a multiple of `groups`, begins at t * ld. */
struct kern_rows {
    const float *x;
    size_t ld;
    bool grouped;
};
/* How many fit; 1: rows are too long to be grouped. */
size_t hyt_kern_rows_fit(size_t K);
struct kern_rows hyt_kern_rows(const float *x, size_t T, size_t K);
/* hyt_matmul() of those. */
void hyt_kern_product(float *y, struct kern_rows x, struct hyt_weight w,
                      size_t T, size_t N, size_t K);

/* The first position that a row at `pos` attends to. */
static inline int32_t hyt_attn_first(int32_t pos, const struct hyt_attn *how)
{
    return how->window > 0 && pos >= how->window ? pos - how->window + 1 : 0;
}

/* The stored weight whose first element is w's element i. */
static inline struct hyt_weight hyt_weight_at(struct hyt_weight w, size_t i)
{
    if (w.p)
        w.p = (const char *)w.p + i * (w.t == HYT_F32 ? 4 : 2);
    return w;
}

static inline size_t hyt_min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

#endif
