/* SPDX-License-Identifier: MIT */
/*
 * A tree to look at, built by cJSON from text that is known to be JSON and to
 * hold no string that cJSON would cut (at a NUL) or take though it is not
 * UTF-8.  cJSON keeps the order of members and all of them, also of one name.
 */
#include "hyt/json.h"
#include "json/escape.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Whole numbers from here on may not be those that were spelled. */
#define EXACT 9007199254740992.0

/* The strings of s[0..n): text beyond ASCII, and backslashes, stand in strings
 * only.  -1 with the offset in *bad. */
static int check_strings(const char *s, size_t n, size_t *bad,
                         struct hyt_err *err)
{
    const char *p = s, *const end = s + n;

    *bad = hyt_utf8_bad(s, n);
    if (*bad < n)
        return hyt_fail(err, "a byte that is not UTF-8");
    while ((p = memchr(p, '\\', (size_t)(end - p)))) {
        uint32_t cp = 0;
        const size_t width = hyt_json_unescape(p, (size_t)(end - p), &cp);

        *bad = (size_t)(p - s);
        if (width == 0)
            return hyt_fail(err, "half of a surrogate pair");
        if (cp == 0)
            return hyt_fail(err, "\\u0000 in a string");
        p += width;
    }
    return 0;
}

/* *end: the offset just after the value. */
static int check(const char *s, size_t n, size_t *end, size_t *col,
                 struct hyt_err *err)
{
    struct hyt_json_scan scan = {0};
    const int status = hyt_json_scan(&scan, s, n, col, err);
    size_t bad;

    *end = scan.end;
    hyt_json_scan_free(&scan);
    if (status < 0)
        return -1;
    if (check_strings(s, n, &bad, err) < 0) {
        *col = bad + 1;
        return -1;
    }
    return 0;
}

/* The next number of JSON text, at p or behind it; *n is its length, 0 where
 * there is none. */
static const char *next_number(const char *p, const char *end, size_t *n)
{
    *n = 0;
    for (; p < end && *p != '-' && (*p < '0' || *p > '9'); p++)
        if (*p == '"')
            for (p++; *p != '"'; p++)
                p += *p == '\\';
    while (p + *n < end && p[*n] && strchr("+-.0123456789eE", p[*n]))
        (*n)++;
    return p;
}

/* Keeps the spellings that hyt_json_num_text() tells of, of v and all behind
 * it, whose text goes on at p.  Returns where that ends. */
static const char *keep_spellings(cJSON *v, const char *p, const char *end)
{
    for (; v; v = v->next) {
        size_t n;

        if (!cJSON_IsNumber(v)) {
            p = keep_spellings(v->child, p, end);
            continue;
        }
        p = next_number(p, end, &n);
        if (v->valuedouble == floor(v->valuedouble) &&
            (fabs(v->valuedouble) >= EXACT || memchr(p, '.', n) ||
             memchr(p, 'e', n) || memchr(p, 'E', n)))
            v->valuestring = hyt_strndup(p, n);
        p += n;
    }
    return p;
}

struct hyt_json *hyt_json_parse(const char *s, size_t n, size_t col0,
                                struct hyt_err *err)
{
    const char *stopped = s;
    size_t end, col;
    cJSON *tree;

    if (check(s, n, &end, &col, err) < 0) {
        hyt_fail_prefix(err, "%zu: ", col0 + col);
        return NULL;
    }
    tree = cJSON_ParseWithLengthOpts(s, n, &stopped, 0);
    if (!tree || stopped != s + end) {
        /* cJSON before 1.7.19 reads 63 characters of a number and stumbles
         * over the rest; all else that the scanner takes, it takes. */
        hyt_fail(err, "%zu: a number of more than 63 characters",
                 col0 + (size_t)(stopped - s) + 1);
        cJSON_Delete(tree);
        return NULL;
    }
    keep_spellings(tree, s, s + n);
    return (struct hyt_json *)tree;
}

void hyt_json_free(struct hyt_json *tree)
{
    cJSON_Delete((cJSON *)tree);
}

static const cJSON *item(const struct hyt_json *v)
{
    return (const cJSON *)v;
}

static const struct hyt_json *node(const cJSON *c)
{
    return (const struct hyt_json *)c;
}

enum hyt_json_type hyt_json_type(const struct hyt_json *v)
{
    switch (item(v)->type & 0xFF) {
    case cJSON_False:
    case cJSON_True:
        return HYT_JSON_BOOL;
    case cJSON_NULL:
        return HYT_JSON_NULL;
    case cJSON_Number:
        return HYT_JSON_NUM;
    case cJSON_String:
        return HYT_JSON_STR;
    case cJSON_Array:
        return HYT_JSON_ARRAY;
    case cJSON_Object:
        return HYT_JSON_OBJECT;
    default:
        HYT_BUG("a cJSON item of no type");
    }
}

const char *hyt_json_type_name(const struct hyt_json *v)
{
    static const char *const name[] = {
        [HYT_JSON_NULL] = "null",      [HYT_JSON_BOOL] = "a boolean",
        [HYT_JSON_NUM] = "a number",   [HYT_JSON_STR] = "a string",
        [HYT_JSON_ARRAY] = "an array", [HYT_JSON_OBJECT] = "an object",
    };

    return name[hyt_json_type(v)];
}

const struct hyt_json *hyt_json_get(const struct hyt_json *v, const char *name)
{
    if (!v || hyt_json_type(v) != HYT_JSON_OBJECT)
        return NULL;
    return node(cJSON_GetObjectItemCaseSensitive(item(v), name));
}

const struct hyt_json *hyt_json_child(const struct hyt_json *v)
{
    return v ? node(item(v)->child) : NULL;
}

const struct hyt_json *hyt_json_next(const struct hyt_json *v)
{
    return v ? node(item(v)->next) : NULL;
}

size_t hyt_json_count(const struct hyt_json *v)
{
    size_t n = 0;

    for (v = hyt_json_child(v); v; v = hyt_json_next(v))
        n++;
    return n;
}

const char *hyt_json_key(const struct hyt_json *v)
{
    return item(v)->string;
}

const char *hyt_json_str(const struct hyt_json *v)
{
    if (!v || hyt_json_type(v) != HYT_JSON_STR)
        HYT_BUG("not a JSON string");
    return item(v)->valuestring;
}

double hyt_json_num(const struct hyt_json *v)
{
    if (!v || hyt_json_type(v) != HYT_JSON_NUM)
        HYT_BUG("not a JSON number");
    return item(v)->valuedouble;
}

const char *hyt_json_num_text(const struct hyt_json *v)
{
    if (!v || hyt_json_type(v) != HYT_JSON_NUM)
        HYT_BUG("not a JSON number");
    return item(v)->valuestring;
}

bool hyt_json_bool(const struct hyt_json *v)
{
    if (!v || hyt_json_type(v) != HYT_JSON_BOOL)
        HYT_BUG("not a JSON boolean");
    return cJSON_IsTrue(item(v));
}
