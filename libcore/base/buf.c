/* SPDX-License-Identifier: MIT */
/* Growing bytes, always followed by a NUL that is not counted. */
#include "hyt/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hyt_buf_reserve(struct hyt_buf *b, size_t more)
{
    size_t need = b->n + more + 1;

    if (need <= more) /* wrapped: hyt_grow() cannot give this much */
        need = SIZE_MAX;
    b->s = hyt_grow(b->s, &b->cap, need, 1);
    b->s[b->n] = '\0';
}

void hyt_buf_put(struct hyt_buf *b, const void *bytes, size_t n)
{
    hyt_buf_reserve(b, n);
    if (n)
        memcpy(b->s + b->n, bytes, n);
    b->n += n;
    b->s[b->n] = '\0';
}

void hyt_buf_puts(struct hyt_buf *b, const char *s)
{
    hyt_buf_put(b, s, strlen(s));
}

void hyt_buf_putc(struct hyt_buf *b, char c)
{
    hyt_buf_put(b, &c, 1);
}

void hyt_buf_printf(struct hyt_buf *b, const char *fmt, ...)
{
    va_list args;
    int n;

    hyt_buf_reserve(b, 0);
    va_start(args, fmt);
    n = vsnprintf(b->s + b->n, b->cap - b->n, fmt, args);
    va_end(args);
    if (n < 0)
        HYT_BUG("a format that cannot be printed");
    if ((size_t)n >= b->cap - b->n) {
        hyt_buf_reserve(b, (size_t)n);
        va_start(args, fmt);
        n = vsnprintf(b->s + b->n, b->cap - b->n, fmt, args);
        va_end(args);
    }
    b->n += (size_t)n;
}

void hyt_buf_reset(struct hyt_buf *b)
{
    b->n = 0;
    if (b->s)
        b->s[0] = '\0';
}

void hyt_buf_free(struct hyt_buf *b)
{
    free(b->s);
    *b = (struct hyt_buf){0};
}
