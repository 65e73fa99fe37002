/* SPDX-License-Identifier: MIT */
/* Values of our own making; what was read is never written by these. */
#include "hyt/json.h"

#include <inttypes.h>
#include <math.h>

void hyt_json_put_str(struct hyt_buf *b, const char *s, size_t n)
{
    size_t plain = 0; /* start of the run not written yet */

    if (hyt_utf8_bad(s, n) < n)
        HYT_BUG("a string that is not UTF-8");
    hyt_buf_reserve(b, n + 2);
    hyt_buf_putc(b, '"');
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)s[i];
        const char *escape = NULL;

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        if (c == '"')
            escape = "\\\"";
        else if (c == '\\')
            escape = "\\\\";
        else if (c == '\n')
            escape = "\\n";
        else if (c == '\t')
            escape = "\\t";
        else if (c == '\r')
            escape = "\\r";
        hyt_buf_put(b, s + plain, i - plain);
        plain = i + 1;
        if (escape)
            hyt_buf_puts(b, escape);
        else
            hyt_buf_printf(b, "\\u%04x", c);
    }
    hyt_buf_put(b, s + plain, n - plain);
    hyt_buf_putc(b, '"');
}

void hyt_json_put_f32(struct hyt_buf *b, float x)
{
    char text[HYT_NUM_MAX];

    hyt_buf_put(b, text, hyt_num_f32(text, x));
}

void hyt_json_put_f64(struct hyt_buf *b, double x)
{
    char text[HYT_NUM_MAX];

    hyt_buf_put(b, text, hyt_num_f64(text, x));
}

void hyt_json_put_int(struct hyt_buf *b, int64_t x)
{
    hyt_buf_printf(b, "%" PRId64, x);
}

void hyt_json_put_f64_or_null(struct hyt_buf *b, double x)
{
    if (!isfinite(x))
        hyt_buf_puts(b, "null");
    else
        hyt_json_put_f64(b, x);
}
