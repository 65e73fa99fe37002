/* SPDX-License-Identifier: MIT */
/*
 * layout.c - the header and the order of a safetensors file that we write
 */
#include <inttypes.h>
#include <string.h>

#include "ckpt/layout.h"

static void print_shape(struct hyt_buf *out, const struct hyt_tensor *t)
{
    for (int i = 0; i < t->n_dims; i++)
        hyt_buf_printf(out, "%s%" PRIu64, i ? "," : "", t->dim[i]);
}

static void print_json(const struct hyt_layout *l, const struct hyt_pair *meta,
                       size_t n_meta, struct hyt_buf *out)
{
    hyt_buf_puts(out, "{\"__metadata__\":{\"format\":\"pt\"");
    for (size_t i = 0; i < n_meta; i++) {
        hyt_buf_putc(out, ',');
        hyt_json_put_str(out, meta[i].key, strlen(meta[i].key));
        hyt_buf_putc(out, ':');
        hyt_json_put_str(out, meta[i].value, strlen(meta[i].value));
    }
    hyt_buf_putc(out, '}');
    for (size_t i = 0; i < l->n; i++) {
        const struct hyt_tensor *t = &l->t[l->order[i]];
        uint64_t at = l->at[l->order[i]];

        hyt_buf_putc(out, ',');
        hyt_json_put_str(out, t->name, strlen(t->name));
        hyt_buf_printf(out, ":{\"dtype\":\"%s\",\"shape\":[", t->dtype_name);
        print_shape(out, t);
        hyt_buf_printf(out, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", at,
                       at + t->n_bytes);
    }
    hyt_buf_putc(out, '}');
}

/* Stable by alignment, largest first. */
static void arrange(struct hyt_layout *l)
{
    size_t n = 0;

    for (unsigned align = 8; align > 0; align /= 2)
        for (size_t i = 0; i < l->n; i++)
            if (hyt_dtype_by_name(l->t[i].dtype_name)->align == align)
                l->order[n++] = i;
    for (size_t i = 0; i < n; i++) {
        l->at[l->order[i]] = l->n_data;
        l->n_data += l->t[l->order[i]].n_bytes;
    }
}

int hyt_layout_init(struct hyt_layout *l, const struct hyt_tensor *t, size_t n,
                    size_t reserve, struct hyt_err *err)
{
    struct hyt_buf text = {0};

    memset(l, 0, sizeof *l);
    l->n = n;
    l->t = HYT_NEW(&l->arena, struct hyt_tensor, n);
    l->at = HYT_NEW(&l->arena, uint64_t, n);
    l->order = HYT_NEW(&l->arena, size_t, n);
    for (size_t i = 0; i < n; i++) {
        const struct hyt_dtype_info *info = hyt_dtype_by_name(t[i].dtype_name);

        if (!info)
            return hyt_fail(err, "tensor \"%s\": unknown dtype \"%s\"",
                            t[i].name, t[i].dtype_name);
        l->t[i] = t[i];
        l->t[i].data = NULL;
        l->t[i].dtype_name = info->name;
        l->t[i].name =
            hyt_arena_strndup(&l->arena, t[i].name, strlen(t[i].name));
    }
    arrange(l);
    print_json(l, NULL, 0, &text);
    l->block = (8 + text.n + reserve + HYT_BLOCK - 1) / HYT_BLOCK * HYT_BLOCK;
    hyt_buf_free(&text);
    if (l->block - 8 > HYT_ST_HEADER_MAX)
        return hyt_fail(err,
                        "%zu tensors make a header above %" PRIu64 " bytes", n,
                        HYT_ST_HEADER_MAX);
    return 0;
}

void hyt_layout_free(struct hyt_layout *l)
{
    hyt_arena_free(&l->arena);
}

int hyt_layout_print(const struct hyt_layout *l, const struct hyt_pair *meta,
                     size_t n_meta, struct hyt_buf *out, struct hyt_err *err)
{
    for (int b = 0; b < 8; b++)
        hyt_buf_putc(out, (char)((l->block - 8) >> (8 * b)));
    print_json(l, meta, n_meta, out);
    if (out->n > l->block)
        return hyt_fail(err, "the commit record is longer than the space that "
                             "was reserved for it");
    while (out->n < l->block)
        hyt_buf_putc(out, ' ');
    return 0;
}
