/* SPDX-License-Identifier: MIT */
/* field.c - typed look-ups in the parts of tokenizer.json */
#include "text/field.h"

const struct hyt_json *hyt_field(const struct hyt_json *obj, const char *name)
{
    const struct hyt_json *v = hyt_json_get(obj, name);

    return v && hyt_json_type(v) != HYT_JSON_NULL ? v : NULL;
}

static int wrong_type(const struct hyt_json *v, const char *what,
                      const char *name, const char *expected,
                      struct hyt_err *err)
{
    return hyt_fail(err, "%s: \"%s\" is %s, expected %s", what, name,
                    hyt_json_type_name(v), expected);
}

int hyt_field_str(const struct hyt_json *obj, const char *what,
                  const char *name, const char **s, struct hyt_err *err)
{
    const struct hyt_json *v = hyt_field(obj, name);

    if (!v)
        return 0;
    if (hyt_json_type(v) != HYT_JSON_STR)
        return wrong_type(v, what, name, "a string", err);
    *s = hyt_json_str(v);
    return 1;
}

int hyt_field_bool(const struct hyt_json *obj, const char *what,
                   const char *name, bool absent, bool *x, struct hyt_err *err)
{
    const struct hyt_json *v = hyt_field(obj, name);

    *x = absent;
    if (!v)
        return 0;
    if (hyt_json_type(v) != HYT_JSON_BOOL)
        return wrong_type(v, what, name, "true or false", err);
    *x = hyt_json_bool(v);
    return 0;
}

int hyt_field_array(const struct hyt_json *obj, const char *what,
                    const char *name, const struct hyt_json **array,
                    struct hyt_err *err)
{
    const struct hyt_json *v = hyt_field(obj, name);

    if (!v)
        return 0;
    if (hyt_json_type(v) != HYT_JSON_ARRAY)
        return wrong_type(v, what, name, "an array", err);
    *array = v;
    return 1;
}

int hyt_field_index(const struct hyt_json *v, const char *what, int32_t max,
                    int32_t *x, struct hyt_err *err)
{
    double d;

    if (!v || hyt_json_type(v) != HYT_JSON_NUM)
        return hyt_fail(err, "%s: expected an id", what);
    d = hyt_json_num(v);
    if (!(d >= 0 && d <= max) || d != (double)(int32_t)d)
        return hyt_fail(err, "%s: id %g is not an integer in 0..%ld", what, d,
                        (long)max);
    *x = (int32_t)d;
    return 0;
}

const char *hyt_field_type(const struct hyt_json *obj, const char *what,
                           struct hyt_err *err)
{
    const char *type = NULL;

    if (hyt_json_type(obj) != HYT_JSON_OBJECT) {
        hyt_fail(err, "%s is %s, expected an object", what,
                 hyt_json_type_name(obj));
        return NULL;
    }
    if (hyt_field_str(obj, what, "type", &type, err) == 0)
        hyt_fail(err, "%s: \"type\" is missing", what);
    return type;
}
