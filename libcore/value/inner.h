/* SPDX-License-Identifier: MIT */
/* inner.h - what the files of this room share */
#ifndef HYT_VALUE_INNER_H
#define HYT_VALUE_INNER_H

#include "hyt/value.h"

struct hyt_vstyle {           /* how lists, and what is in them, are printed */
    struct hyt_val item, key; /* separators */
    int64_t indent;           /* < 0: all on one line */
    bool json, ascii;
};
void hyt_vput_as(struct hyt_vtext *t, struct hyt_val v,
                 const struct hyt_vstyle *style, size_t level);

static inline bool hyt_vis_number(struct hyt_val v)
{
    return v.kind >= HYT_V_BOOL && v.kind <= HYT_V_FLOAT;
}

static inline double hyt_vdouble(struct hyt_val v) /* of a number */
{
    return v.kind == HYT_V_FLOAT ? v.f : (double)v.i;
}

const struct hyt_val *hyt_vmember(struct hyt_vwork *w, struct hyt_val dict,
                                  struct hyt_val key); /* or NULL */

/* Where `what` begins in v, from byte `from` on; SIZE_MAX: nowhere. */
size_t hyt_vsearch(struct hyt_vwork *w, struct hyt_val v, struct hyt_val what,
                   size_t from);

struct hyt_val hyt_vstrip(struct hyt_vwork *w, struct hyt_vcall *c);

#endif
