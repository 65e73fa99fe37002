/* SPDX-License-Identifier: MIT */
/*
 * isa_table.c - the table of one instruction set, filled from the list in
 * ops.h
 */
#include "kern/ops.h"
#include "kern/vec_wide.h"

#define STRING2(x) #x
#define STRING(x)  STRING2(x)

const struct kern_table HYT_KERN_FN(table) = {.name = STRING(HYT_ISA),
                                              .groups = GROUPS,
#define X(ret, op, params) .op = HYT_KERN_FN(op),
                                              HYT_KERN_OPS(X)
#undef X
};
