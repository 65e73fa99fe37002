/* SPDX-License-Identifier: MIT */
/*
 * st.h - the inside of one safetensors file: dtypes, header, mapping
 */
#ifndef HYT_CKPT_ST_H
#define HYT_CKPT_ST_H

#include "hyt/ckpt.h"

#define HYT_ST_HEADER_MAX ((uint64_t)100000000)

/* A dtype as the format spells it. */
struct hyt_dtype_info {
    const char *name;
    enum hyt_dtype dtype;
    unsigned bits;  /* of one element; 4 and 6 exist */
    unsigned align; /* bytes */
};

/* NULL where the format has no such dtype. */
const struct hyt_dtype_info *hyt_dtype_by_name(const char *name);

/* A string of `__metadata__`. */
struct hyt_pair {
    const char *key, *value;
};

struct hyt_st_entry {
    struct hyt_tensor t;
    const struct hyt_dtype_info *type;
    uint64_t begin, end; /* bytes after the header */
    void *copy;          /* of data that is not aligned in the file, or NULL */
};

struct hyt_st_header {
    struct hyt_arena arena; /* every string */
    struct hyt_st_entry *entry;
    size_t n, cap;
    struct hyt_pair *meta;
    size_t n_meta, meta_cap;
    bool has_meta;
    struct hyt_st_entry **by_name; /* sorted */
};

/*
 * Parses and checks the header text s[0..n) of a file with n_data bytes after
 * it: `h` (all zero before) then has its entries in the order of their data.
 * The message of a failure does not name the file.
 */
int hyt_st_header_parse(struct hyt_st_header *h, const char *s, size_t n,
                        uint64_t n_data, struct hyt_err *err) HYT_MUST_USE;
int hyt_st_header_check(struct hyt_st_header *h, uint64_t n_data,
                        struct hyt_err *err) HYT_MUST_USE;
void hyt_st_header_free(struct hyt_st_header *h);

/* hyt_st_open() for a file that is open already; `name` is for messages.
 * Takes fd, also on failure. */
struct hyt_st *hyt_st_open_fd(int fd, const char *name,
                              struct hyt_err *err) HYT_MUST_USE;

/* All tensor bytes, as one block. */
const uint8_t *hyt_st_data(const struct hyt_st *st, uint64_t *n_bytes);

/* The header's text, as the file has it. */
const char *hyt_st_header_text(const struct hyt_st *st, size_t *n);

/* Its pages leave this process's memory, until they are read again. */
void hyt_st_let_go(const struct hyt_st *st);

/* Which file this is: its descriptor, open as long as the mapping. */
int hyt_st_fd(const struct hyt_st *st);

size_t hyt_st_meta_count(const struct hyt_st *st);
const struct hyt_pair *hyt_st_meta_at(const struct hyt_st *st, size_t i);

#endif
