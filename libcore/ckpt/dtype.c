/* SPDX-License-Identifier: MIT */
/*
 * dtype.c - the element types of the safetensors format
 *
 * Three of them are weights that this toolkit computes with.  The others are
 * known by size, so that a file that holds them can be checked, listed and
 * copied.
 */
#include <string.h>

#include "ckpt/st.h"

static const struct hyt_dtype_info infos[] = {
    {"F32", HYT_F32, 32, 4},
    {"BF16", HYT_BF16, 16, 2},
    {"F16", HYT_F16, 16, 2},
    {"F64", HYT_DTYPE_OTHER, 64, 8},
    {"C64", HYT_DTYPE_OTHER, 64, 4},
    {"I64", HYT_DTYPE_OTHER, 64, 8},
    {"U64", HYT_DTYPE_OTHER, 64, 8},
    {"I32", HYT_DTYPE_OTHER, 32, 4},
    {"U32", HYT_DTYPE_OTHER, 32, 4},
    {"I16", HYT_DTYPE_OTHER, 16, 2},
    {"U16", HYT_DTYPE_OTHER, 16, 2},
    {"I8", HYT_DTYPE_OTHER, 8, 1},
    {"U8", HYT_DTYPE_OTHER, 8, 1},
    {"BOOL", HYT_DTYPE_OTHER, 8, 1},
    {"F8_E4M3", HYT_DTYPE_OTHER, 8, 1},
    {"F8_E5M2", HYT_DTYPE_OTHER, 8, 1},
    {"F8_E8M0", HYT_DTYPE_OTHER, 8, 1},
    {"F6_E2M3", HYT_DTYPE_OTHER, 6, 1},
    {"F6_E3M2", HYT_DTYPE_OTHER, 6, 1},
    {"F4", HYT_DTYPE_OTHER, 4, 1},
};

const struct hyt_dtype_info *hyt_dtype_by_name(const char *name)
{
    for (size_t i = 0; i < HYT_LEN(infos); i++)
        if (strcmp(infos[i].name, name) == 0)
            return &infos[i];
    return NULL;
}

size_t hyt_dtype_size(enum hyt_dtype t)
{
    switch (t) {
    case HYT_F32:
        return 4;
    case HYT_BF16:
    case HYT_F16:
        return 2;
    case HYT_DTYPE_OTHER:
        break;
    }
    return 0;
}
