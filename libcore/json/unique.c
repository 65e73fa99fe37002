/* SPDX-License-Identifier: MIT */
/*
 * Members of one name.  RFC 8259 leaves open which of them counts, and
 * programs differ, so where it matters it is an error.
 */
#include "hyt/json.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The members of v alone.  Sorting keeps a tokenizer's 150,000 names quick. */
static int unique_here(const struct hyt_json *v, struct hyt_err *err)
{
    const size_t n = hyt_json_count(v);
    const char **name = hyt_alloc(n, sizeof *name);
    size_t i = 0;
    int status = 0;

    for (v = hyt_json_child(v); v; v = hyt_json_next(v))
        name[i++] = hyt_json_key(v);
    qsort(name, n, sizeof *name, by_name);
    for (i = 1; i < n && status == 0; i++)
        if (strcmp(name[i - 1], name[i]) == 0)
            status = hyt_fail(err, "two members named \"%s\"", name[i]);
    free(name);
    return status;
}

/* Recursion is bounded by HYT_JSON_DEPTH. */
int hyt_json_unique(const struct hyt_json *v, struct hyt_err *err)
{
    if (!v)
        return 0;
    if (hyt_json_type(v) == HYT_JSON_OBJECT && unique_here(v, err) < 0)
        return -1;
    for (v = hyt_json_child(v); v; v = hyt_json_next(v))
        if (hyt_json_unique(v, err) < 0)
            return -1;
    return 0;
}
