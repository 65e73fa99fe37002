/* SPDX-License-Identifier: MIT */
/*
 * isa_matmul.c - one tile of the matrix product
 *
 *     y_tn = sum_k x_tk w_nk + b_n                      (add: y_tn += …)
 *
 * y [T,N]  x [T,K]  w [N,K] as stored  b [N]; ldx, ldy: distances of rows.  x
 * lies as group_rows() leaves it: where a register has room for GROUPS times
 * eight lanes, so many rows of x share it, and w is read as it is stored.
 *
 * An element of y is one chain: eight lanes along k, fused multiply-add,
 * zeros after the end, one tree.  Tiles only decide which chains run side by
 * side, so its bits depend on its row of x and of w alone.  The backward pass
 * is in isa_gemm.c (dx, dw) and in sum_rows below (db).
 */
#include "kern/ops.h"
#include "kern/vec_wide.h"

#ifdef HYT_ISA_ref

void HYT_KERN_FN(widen)(float *dst, struct hyt_weight w, size_t i, size_t n)
{
    for (size_t j = 0; j < n; j++)
        dst[j] = v8_load_weight(w, i + j, 1)[0];
}

void HYT_KERN_FN(group_rows)(float *to, size_t ldx, const float *x, size_t T,
                             size_t K)
{
    for (size_t t = 0; t < T; t++)
        memcpy(to + t * ldx, x + t * K, K * sizeof(float));
}

void HYT_KERN_FN(matmul)(float *y, size_t ldy, const float *x, size_t ldx,
                         struct hyt_weight w, const void *next,
                         struct hyt_weight b, bool add, size_t T, size_t N,
                         size_t K)
{
    (void)next;
    for (size_t t = 0; t < T; t++)
        for (size_t n = 0; n < N; n++) {
            double sum = b.p ? v8_load_weight(b, n, 1)[0] : 0;

            for (size_t k = 0; k < K; k++)
                sum += (double)x[t * ldx + k] *
                       (double)v8_load_weight(w, n * K + k, 1)[0];
            y[t * ldy + n] = (float)(add ? y[t * ldy + n] + sum : sum);
        }
}

void HYT_KERN_FN(sum_rows)(float *sum, const float *x, size_t ldx, size_t T,
                           size_t N)
{
    for (size_t n = 0; n < N; n++) {
        double s = 0;

        for (size_t t = 0; t < T; t++)
            s += (double)x[t * ldx + n];
        sum[n] += (float)s;
    }
}

#else

void HYT_KERN_FN(widen)(float *dst, struct hyt_weight w, size_t i, size_t n)
{
    if (w.t == HYT_F32) {
        memcpy(dst, (const float *)w.p + i, n * sizeof(float));
        return;
    }
    for (; n >= 8; n -= 8, i += 8, dst += 8)
        v8_store(dst, v8_load_weight(w, i, 8));
    v8_store_n(dst, v8_load_weight(w, i, n), n);
}

/* Elements k … k+7 of rows GROUPS g … GROUPS g + GROUPS-1 one after the other,
 * zeros after the end; then k+8 …  The rows after the last are zero. */
void HYT_KERN_FN(group_rows)(float *to, size_t ldx, const float *x, size_t T,
                             size_t K)
{
    for (size_t t = 0; t < T; t += GROUPS, to += GROUPS * ldx, x += GROUPS * K)
        for (size_t k = 0; k < K; k += 8)
            for (size_t g = 0; g < GROUPS; g++)
                v8_store(to + GROUPS * k + 8 * g,
                         v8_load_n(t + g < T ? x + g * K + k : x,
                                   t + g < T ? hyt_min_size(8, K - k) : 0));
}

/* Register tile: MR groups of rows of x by NR rows of w.  A column of tiles
 * goes over at most MB groups, KB of k at a time, so that the rows of w and the
 * accumulators between two blocks of k stay in the first-level cache; but a
 * tile begins and ends at a cost, and a longer k has fewer.  Rows of the panel
 * are not a power of two apart, they would meet in its sets.
 * Results are gathered in strips: rows of y can be a power of two apart, and
 * stores of NR columns would meet in one set of the cache. */
enum { MR = 3, NR = 4 * GROUPS };
enum { KB = GROUPS == 2 ? 640 : 768, MB = GROUPS == 2 ? 48 : 66, STRIP = 32 };

/* bf16 needs registers to widen in: fewer rows of x fit. */
enum { MR_BF16 = GROUPS == 2 ? 3 : 2 };

/* From this many rows of x on, widening the weights into a panel first pays. */
enum { PACK_ROWS = 6 };

/* Elements k … k+7 of a row of w, for each row of a group. */
VEC_INLINE vw load_weights(struct hyt_weight w, enum hyt_dtype type, size_t k)
{
    if (type == HYT_BF16)
        return vw_repeat(v8_load_bf16((const uint16_t *)w.p + k));
    return vw_load_repeat((const float *)w.p + k);
}

/* Sums of lanes: NR columns of each row of a group. */
VEC_INLINE void add_up(float *out, const vw acc[NR])
{
    for (int j = 0; j < NR; j += 4) {
        v4 s[GROUPS];

        vw_sum4(s, acc[j], acc[j + 1], acc[j + 2], acc[j + 3]);
        for (int g = 0; g < GROUPS; g++)
            memcpy(out + g * STRIP + j, &s[g], sizeof(s[g]));
    }
}

/* The NR rows of w to come, as 2^log rows that lie `ld` bytes apart.  A tile
 * asks for lines begin … end-1, across the rows, `more` with each step of k.
 * Where weights come from memory, they come while the tiles before are
 * computed; but few lines can be on their way at once, and who asks for more
 * waits.  The second-level cache foresees some, if it meets no two rows in one
 * page of memory: so short ones are taken for fewer, longer rows. */
struct ahead {
    const char *p;
    size_t ld, begin, end, more;
    int log;
};

enum { LINE = 64, MEMORY_PAGE = 4096 };

/* Elements k … k+n-1 of rows of K, for so many tiles of as many steps. */
VEC_INLINE struct ahead look_ahead(struct hyt_weight w, size_t k, size_t n,
                                   size_t K, size_t tiles, size_t steps)
{
    const size_t size = w.t == HYT_BF16 ? 2 : 4;
    struct ahead a = {.p = hyt_weight_at(w, k).p, .ld = K * size};
    size_t bytes = n * size;

    while (1 << a.log < NR)
        a.log++;
    for (; n == K && bytes < MEMORY_PAGE && a.log > 0; bytes *= 2, a.ld *= 2)
        a.log--;
    if (a.p)
        a.end = ((bytes / LINE + 1) << a.log) / tiles + 1;
    a.more = (a.end + steps - 1) / steps;
    return a;
}

VEC_INLINE void fetch_ahead(const struct ahead *a, size_t *at)
{
    const size_t end = hyt_min_size(*at + a->more, a->end);

    for (; *at < end; ++*at)
        __builtin_prefetch(a->p + (*at & ((1U << a->log) - 1)) * a->ld +
                               (*at >> a->log) * LINE,
                           0, 2);
}

/* acc[i][j] += lanes of sum_k x_ik w_jk, k = 0 … K-1, K a multiple of 8;
 * first: from 0 instead.  out: these are the last, and only their sums are
 * wanted, there. */
VEC_INLINE void dot_tile(float *out, vw acc[][NR], const float *x, size_t ldx,
                         const struct hyt_weight *w, enum hyt_dtype type,
                         const struct ahead *next, int groups, bool first,
                         size_t K)
{
    vw a[MR][NR], xk[MR];
    size_t at = next->begin;

    for (int i = 0; i < groups; i++)
        for (int j = 0; j < NR; j++)
            a[i][j] = first ? (vw){0} : acc[i][j];
    for (size_t k = 0; k < K; k += 8) {
        fetch_ahead(next, &at);
        for (int i = 0; i < groups; i++)
            xk[i] = vw_load(x + GROUPS * ((size_t)i * ldx + k));
        for (int j = 0; j < NR; j++) {
            vw wk = load_weights(w[j], type, k);

            for (int i = 0; i < groups; i++)
                a[i][j] = vw_fma(xk[i], wk, a[i][j]);
        }
    }
    if (out) {
        for (int i = 0; i < groups; i++)
            add_up(out + i * GROUPS * STRIP, a[i]);
        return;
    }
    for (int i = 0; i < groups; i++)
        for (int j = 0; j < NR; j++)
            acc[i][j] = a[i][j];
}

/* The last n < 8 elements of k, at element k, and the sums. */
static void dot_tail(float *out, vw acc[][NR], const float *x, size_t ldx,
                     const struct hyt_weight w[NR], size_t groups, size_t k,
                     size_t n)
{
    for (size_t i = 0; i < groups; i++) {
        float xi[8 * GROUPS] = {0};

        memcpy(xi, x + GROUPS * (i * ldx + k),
               (GROUPS == 1 ? n : 8 * GROUPS) * sizeof(float));
        for (int j = 0; j < NR; j++)
            acc[i][j] = vw_fma(
                vw_load(xi), vw_repeat(v8_load_weight(w[j], k, n)), acc[i][j]);
        add_up(out + i * GROUPS * STRIP, acc[i]);
    }
}

/* Each tile with its sizes known to the compiler. */
VEC_INLINE void dot_groups_of(float *out, vw acc[][NR], const float *x,
                              size_t ldx, const struct hyt_weight *w,
                              enum hyt_dtype type, const struct ahead *next,
                              size_t groups, bool first, size_t K)
{
    if (groups == 1)
        dot_tile(out, acc, x, ldx, w, type, next, 1, first, K);
    else if (groups == 2)
        dot_tile(out, acc, x, ldx, w, type, next, 2, first, K);
    else
        dot_tile(out, acc, x, ldx, w, type, next, 3, first, K);
}

static void dot_groups(float *out, vw acc[][NR], const float *x, size_t ldx,
                       const struct hyt_weight *w, const struct ahead *next,
                       size_t groups, bool first, size_t K)
{
    if (w[0].t == HYT_BF16)
        dot_groups_of(out, acc, x, ldx, w, HYT_BF16, next, groups, first, K);
    else
        dot_groups_of(out, acc, x, ldx, w, HYT_F32, next, groups, first, K);
}

/* Elements k … k+n-1 of NR rows of w as a panel; what is left over of n / 8
 * stays out. */
static void widen_panel(float panel[][KB], const struct hyt_weight w[NR],
                        size_t k, size_t n)
{
    for (size_t j = 0; j < NR; j++)
        for (size_t i = 0; i + 8 <= n; i += 8)
            v8_store(panel[j] + i, v8_load_weight(w[j], k + i, 8));
}

/* The strip's part of so many rows of y: soon written, and far apart. */
VEC_INLINE void fetch_rows(const float *y, size_t ldy, size_t rows)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t n = 0; n < STRIP; n += 16)
            __builtin_prefetch(y + i * ldy + n, 1);
}

static size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* Dot products of M <= MB GROUPS rows of x with NR rows of w: columns of a
 * strip.  y: where the strip goes, if these are its last columns, or NULL. */
static void dot_column(float *out, const float *x, size_t ldx,
                       const struct hyt_weight w[NR], struct hyt_weight next,
                       const float *y, size_t ldy, size_t M, size_t K)
{
    vw acc[MB][NR];
    float panel[NR][KB];
    struct hyt_weight part[NR];
    const bool few = M < PACK_ROWS, widens = w[0].t == HYT_BF16 && !few;
    const size_t most = w[0].t == HYT_BF16 && few ? MR_BF16 : MR;
    const size_t step = few ? K : ceil_div(ceil_div(K, ceil_div(K, KB)), 8) * 8;
    /* Tiles of nearly as many groups: `larger` groups are in those with one
     * more.  Each asks for a share of the weights to come. */
    const size_t all = ceil_div(M, GROUPS), tiles = ceil_div(all, most);
    const size_t base = all / tiles, larger = all % tiles * (base + 1);

    for (size_t k = 0; k < K; k += step) {
        const size_t n = hyt_min_size(step, K - k), even = n / 8 * 8;
        struct ahead ahead = look_ahead(next, k, n, K, tiles, even / 8 + 1);
        const size_t share = ahead.end;
        const bool last = k + even == K;

        for (int j = 0; j < NR; j++)
            part[j] = widens ? (struct hyt_weight){panel[j], HYT_F32}
                             : hyt_weight_at(w[j], k);
        if (widens)
            widen_panel(panel, w, k, n);
        for (size_t i = 0, groups; i < all; i += groups) {
            const size_t row = i * GROUPS;

            groups = i < larger ? base + 1 : base;
            if (y)
                fetch_rows(y + row * ldy, ldy,
                           hyt_min_size(groups * GROUPS, M - row));
            dot_groups(last ? out + row * STRIP : NULL, acc + i,
                       x + row * ldx + GROUPS * k, ldx, part, &ahead, groups,
                       k == 0, even);
            ahead.begin = ahead.end;
            ahead.end += share;
            if (even < n)
                dot_tail(out + row * STRIP, acc + i, x + row * ldx, ldx, w,
                         groups, k + even, n - even);
        }
    }
}

/* y = out + b, or y += out + b: [M,N], N <= STRIP */
static void write_out(float *y, size_t ldy, float out[][STRIP],
                      struct hyt_weight b, bool add, size_t M, size_t N)
{
    for (size_t i = 0; i < M; i++, y += ldy)
        for (size_t n = 0; n < N; n += 8) {
            size_t cols = hyt_min_size(8, N - n);
            v8 s = v8_load_n(out[i] + n, cols);

            if (b.p)
                s += v8_load_weight(b, n, cols);
            v8_store_n(y + n, add ? v8_load_n(y + n, cols) + s : s, cols);
        }
}

void HYT_KERN_FN(matmul)(float *y, size_t ldy, const float *x, size_t ldx,
                         struct hyt_weight w, const void *next,
                         struct hyt_weight b, bool add, size_t T, size_t N,
                         size_t K)
{
    enum { TILE = MR * GROUPS, MOST = MB * GROUPS };
    float out[MOST][STRIP];
    size_t block = ceil_div(ceil_div(T, ceil_div(T, MOST)), TILE) * TILE;

    for (size_t t = 0; t < T; t += block)
        for (size_t strip = 0; strip < N; strip += STRIP) {
            size_t M = hyt_min_size(block, T - t);
            size_t end = hyt_min_size(STRIP, N - strip);

            for (size_t n = 0; n < end; n += NR) {
                size_t at = strip + n;
                struct hyt_weight row[NR], after = {next, w.t};

                if (at + 2 * NR <= N)
                    after = hyt_weight_at(w, (at + NR) * K);
                /* After the last row of w it stands in again, unused. */
                for (size_t j = 0; j < NR; j++)
                    row[j] = hyt_weight_at(w, hyt_min_size(at + j, N - 1) * K);
                dot_column(out[0] + n, x + t * ldx, ldx, row, after,
                           n + NR < end ? NULL : y + t * ldy + strip, ldy, M,
                           K);
            }
            write_out(y + t * ldy + strip, ldy, out, hyt_weight_at(b, strip),
                      add, M, end);
        }
}

/* sum_n += sum_t x_tn, t in order */
void HYT_KERN_FN(sum_rows)(float *sum, const float *x, size_t ldx, size_t T,
                           size_t N)
{
    for (size_t n = 0; n < N; n += 8) {
        size_t cols = hyt_min_size(8, N - n);
        v8 s = v8_set(0);

        for (size_t t = 0; t < T; t++)
            s += cols == 8 ? v8_load(x + t * ldx + n)
                           : v8_load_n(x + t * ldx + n, cols);
        v8_store_n(sum + n, v8_load_n(sum + n, cols) + s, cols);
    }
}

#endif
