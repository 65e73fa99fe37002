/* SPDX-License-Identifier: MIT */
/*
 * base.h - memory, text and numbers, below everything else
 *
 * Three lifetimes: the process, the record (an arena that its reader resets)
 * and the step (one slab).  An arena owns what is allocated from it; a buffer
 * owns its bytes until hyt_buf_free().  Nothing here does I/O.
 */
#ifndef HYT_BASE_H
#define HYT_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hyt/err.h"

/* How a weight is stored. */
enum hyt_dtype { HYT_F32, HYT_BF16, HYT_F16, HYT_DTYPE_OTHER };

#define HYT_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* --- memory: never NULL, out of memory ends the process ---------------- */

/* For what other libraries allocate: exits 1 with a message. */
HYT_NORETURN void hyt_no_memory(const char *what);

/* n objects of `size` bytes, zeroed; n * size is checked for overflow.
 * n = 0 gives a pointer that can be freed. */
void *hyt_alloc(size_t n, size_t size);
void *hyt_realloc(void *p, size_t n, size_t size); /* new part not zeroed */
char *hyt_strndup(const char *s, size_t n);        /* NUL-terminated copy */

/* n objects aligned to 64 bytes (a cache line, a vector), zeroed; free(). */
void *hyt_alloc_aligned(size_t n, size_t size);

/* Makes room for `need` objects in a growing array: p, *cap as kept by the
 * caller; returns the (moved) array. */
void *hyt_grow(void *p, size_t *cap, size_t need, size_t size);

struct hyt_arena_chunk;

/* All zero is an empty arena. */
struct hyt_arena {
    struct hyt_arena_chunk *chunk;
};

void *hyt_arena_alloc(struct hyt_arena *a, size_t n, size_t size); /* zeroed */
char *hyt_arena_strndup(struct hyt_arena *a, const char *s, size_t n);
void hyt_arena_reset(struct hyt_arena *a); /* keeps the largest chunk */
void hyt_arena_free(struct hyt_arena *a);

#define HYT_NEW(arena, type, n)                                                \
    ((type *)hyt_arena_alloc((arena), (n), sizeof(type)))

/* Growing bytes; s is never NULL after the first append and always has a NUL
 * after its n bytes.  All zero is an empty buffer. */
struct hyt_buf {
    char *s;
    size_t n, cap;
};

void hyt_buf_put(struct hyt_buf *b, const void *bytes, size_t n);
void hyt_buf_puts(struct hyt_buf *b, const char *s);
void hyt_buf_putc(struct hyt_buf *b, char c);
void hyt_buf_printf(struct hyt_buf *b, const char *fmt, ...) HYT_PRINTF(2, 3);
void hyt_buf_reserve(struct hyt_buf *b, size_t more);
void hyt_buf_reset(struct hyt_buf *b); /* n = 0, keeps the memory */
void hyt_buf_free(struct hyt_buf *b);

/* --- numbers <-> text --------------------------------------------------- */

#define HYT_NUM_MAX 32

/* Decimal text with the fewest digits that read back to the same bits: for a
 * float when read as (float)strtod(), for a double when read by strtod();
 * without an exponent from 1e-5 up to 1e16; valid JSON.  (A few powers of two
 * get one digit more than they need.)  Returns the length; the value must be
 * finite (else HYT_BUG). */
size_t hyt_num_f32(char out[HYT_NUM_MAX], float x);
size_t hyt_num_f64(char out[HYT_NUM_MAX], double x);

/* The whole of s must be the number.  0, or -1 with a message that names
 * what was expected.  Whole numbers may have the suffixes k M G (1000) and
 * Ki Mi Gi (1024) or forms such as 1e6. */
int hyt_parse_i64(const char *s, int64_t *x, struct hyt_err *err) HYT_MUST_USE;
int hyt_parse_u64(const char *s, uint64_t *x, struct hyt_err *err) HYT_MUST_USE;
int hyt_parse_f64(const char *s, double *x, struct hyt_err *err) HYT_MUST_USE;

/* --- functions of one variable ------------------------------------------- */

/* Own versions in plain IEEE double arithmetic, because libm differs between
 * machines: the same bits everywhere, error at most 1 ulp (2 for sin and cos,
 * for |x| < 2^20).  hyt_log(0) = -inf, hyt_log(x < 0) = NaN, hyt_exp overflows
 * to inf. */
double hyt_exp(double x);
double hyt_log(double x);
void hyt_sincos(double x, double *sine, double *cosine);

/* --- random numbers ------------------------------------------------------ */

/*
 * Counter-based: a draw is a pure function of (key, counter), so that it
 * depends on the sample alone.  Philox4x32-10 (Salmon et al. 2011, "Parallel
 * random numbers: as easy as 1, 2, 3").
 */
void hyt_philox(uint32_t out[4], const uint32_t counter[4],
                const uint32_t key[2]); /* one block, as published */
uint64_t hyt_rng_u64(uint64_t key, uint64_t counter);
double hyt_rng_unit(uint64_t key, uint64_t counter);   /* [0, 1), 53 bits */
double hyt_rng_normal(uint64_t key, uint64_t counter); /* Box-Muller */
uint64_t hyt_rng_below(uint64_t key, uint64_t counter, uint64_t n); /* 0..n-1 */

/* Combines keys: hyt_rng_key(hyt_rng_key(seed, id_hash), sample). */
uint64_t hyt_rng_key(uint64_t key, uint64_t word);

/* A permutation of 0..n-1 in `order`, a function of the key alone. */
void hyt_rng_shuffle(size_t *order, size_t n, uint64_t key);

/* --- UTF-8 (RFC 3629: no surrogates, no overlong forms) ------------------ */

/* Offset of the first byte that is not part of valid UTF-8, or n. */
size_t hyt_utf8_bad(const char *s, size_t n);

/* Decodes one scalar at s (n > 0 bytes left): its width 1..4 and the scalar
 * in *cp, or 0 where the bytes are not valid UTF-8. */
size_t hyt_utf8_get(const char *s, size_t n, uint32_t *cp);

/* Is c a byte that goes on a character, so that none begins there? */
static inline bool hyt_utf8_goes_on(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* Appends the encoding of cp (a valid scalar value). */
void hyt_utf8_put(struct hyt_buf *b, uint32_t cp);

/* --- time, tracing ------------------------------------------------------- */

/* Microseconds on a clock that never goes back, the same one for all processes
 * of the machine. */
uint64_t hyt_now_us(void);

/*
 * A span of work, and the time that each kind of operation took in it.  Where
 * HYT_TRACE names a file, the span's end appends one line to it:
 *
 *     {"span":name,"at":start,"us":duration,"pid":process,"ops":{name:us,…}}
 *
 * Elsewhere each call costs a load and a branch.  Names are string constants
 * and are printed as they are: no quotes in them.
 */
enum { HYT_TRACE_OPS = 32 };

struct hyt_trace_span {
    uint64_t began, mark; /* nanoseconds; began 0: nothing is traced */
    size_t n;
    struct {
        const char *name;
        uint64_t ns;
    } op[HYT_TRACE_OPS];
};

void hyt_trace_begin(struct hyt_trace_span *s);
/* What ran since the last of these calls was `op`; NULL: it does not count. */
void hyt_trace_op(struct hyt_trace_span *s, const char *op);
void hyt_trace_end(struct hyt_trace_span *s, const char *name);

/* -1 where HYT_TRACE names a file that cannot be opened, or that a line could
 * not be written to. */
int hyt_trace_check(struct hyt_err *err) HYT_MUST_USE;

#endif
