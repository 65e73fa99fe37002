/* SPDX-License-Identifier: MIT */
/*
 * lookup.c - from a path to a value
 *
 * The scan of the line says where each top-level member is.  Numbers and
 * arrays of them are read from that text; a tree is built only for a member
 * whose strings or shape are asked for, once a record.
 */
#include <stdlib.h>
#include <string.h>

#include "record/rec.h"

size_t hyt_rec_member(const char *s, const struct hyt_json_scan *scan,
                      const char *name, size_t *twice)
{
    size_t found = HYT_REC_NONE;

    *twice = HYT_REC_NONE;
    for (size_t i = 0; i < scan->n; i++) {
        const struct hyt_json_member *m = &scan->member[i];

        if (!hyt_json_key_is(s + m->key, m->key_end - m->key, name))
            continue;
        if (found != HYT_REC_NONE) {
            *twice = i;
            break;
        }
        found = i;
    }
    return found;
}

size_t hyt_rec_set_index(const struct hyt_rec *rec, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < rec->n_set; i++) {
        const struct hyt_rec_set *set = &rec->set[i];

        if (set->name_n == n && memcmp(rec->text.s + set->name, name, n) == 0)
            return i;
    }
    return HYT_REC_NONE;
}

/* --- what has been looked at ---------------------------------------------- */

static void clear(struct hyt_rec_look *look)
{
    hyt_json_free(look->tree);
    look->tree = NULL;
    look->scanned = false;
}

void hyt_rec_forget(struct hyt_rec *rec)
{
    for (size_t i = 0; i < rec->n_look; i++)
        clear(&rec->look[i]);
    rec->n_look = 0;
}

void hyt_rec_outdate(struct hyt_rec *rec, size_t set)
{
    for (size_t i = 0; i < rec->n_look; i++) {
        struct hyt_rec_look *look = &rec->look[i];

        if (set == HYT_REC_NONE ? look->set != set : look->set == set)
            look->set = look->member = HYT_REC_NONE;
    }
}

static struct hyt_rec_look *look_at(struct hyt_rec *rec, size_t set,
                                    size_t member)
{
    struct hyt_rec_look *look;
    size_t had = rec->cap_look;

    for (size_t i = 0; i < rec->n_look; i++)
        if (rec->look[i].set == set && rec->look[i].member == member)
            return &rec->look[i];
    rec->look = hyt_grow(rec->look, &rec->cap_look, rec->n_look + 1,
                         sizeof(*rec->look));
    /* Those beyond n_look keep the memory of their scans. */
    for (size_t i = had; i < rec->cap_look; i++)
        rec->look[i] = (struct hyt_rec_look){0};
    look = &rec->look[rec->n_look++];
    look->set = set;
    look->member = member;
    return look;
}

/* --- top level ------------------------------------------------------------ */

/* What was set wins over what was read.  1 and the place, 0, -1. */
static int find_top(struct hyt_rec *rec, const char *name,
                    struct hyt_rec_look **look, struct hyt_err *err)
{
    size_t set = hyt_rec_set_index(rec, name), member = HYT_REC_NONE, twice;

    if (set == HYT_REC_NONE) {
        member = hyt_rec_member(rec->line.s, &rec->scan, name, &twice);
        if (member == HYT_REC_NONE)
            return 0;
        if (twice != HYT_REC_NONE) {
            hyt_rec_fail_at(rec, rec->scan.member[twice].key + 1, err,
                            "a second key \"%s\"", name);
            return -1;
        }
    }
    *look = look_at(rec, set, member);
    return 1;
}

/* The text of member `i` of the line. */
static struct hyt_rec_value member_value(const struct hyt_rec *rec, size_t i)
{
    const struct hyt_json_member *m = &rec->scan.member[i];

    return (struct hyt_rec_value){rec->line.s + m->value,
                                  m->value_end - m->value, m->value + 1};
}

static struct hyt_rec_value value_of(const struct hyt_rec *rec,
                                     const struct hyt_rec_look *look)
{
    const struct hyt_rec_set *set;
    struct hyt_rec_value v = {.col = 1};

    if (look->set == HYT_REC_NONE)
        return member_value(rec, look->member);
    set = &rec->set[look->set];
    if (set->member != HYT_REC_NONE)
        v = member_value(rec, set->member);
    v.s = rec->text.s + set->value;
    v.n = set->n;
    return v;
}

/* Resolves the path's first component; *rest is what follows it, or NULL. */
static int find_first(struct hyt_rec *rec, const char *path,
                      struct hyt_rec_look **look, const char **rest,
                      struct hyt_err *err)
{
    const char *dot = strchr(path, '.');
    int got = find_top(rec, path, look, err);

    *rest = NULL;
    if (got != 0 || !dot)
        return got;
    *rest = dot + 1;
    return find_top(rec,
                    hyt_arena_strndup(&rec->arena, path, (size_t)(dot - path)),
                    look, err);
}

/* Cuts the next component off a path's rest. */
static const char *component(struct hyt_rec *rec, const char **rest)
{
    size_t n = strcspn(*rest, ".");
    const char *name = hyt_arena_strndup(&rec->arena, *rest, n);

    *rest = (*rest)[n] ? *rest + n + 1 : NULL;
    return name;
}

/* --- text ----------------------------------------------------------------- */

/* Steps from an object, scanned in *scan, to its member.  1, 0, -1. */
static int descend(const struct hyt_rec *rec, const struct hyt_json_scan *scan,
                   const char *name, struct hyt_rec_value *v,
                   struct hyt_err *err)
{
    const struct hyt_json_member *m;
    size_t twice, i = hyt_rec_member(v->s, scan, name, &twice);

    if (i == HYT_REC_NONE)
        return 0;
    if (twice != HYT_REC_NONE)
        return hyt_rec_fail_at(rec, v->col + scan->member[twice].key, err,
                               "a second key \"%s\"", name);
    m = &scan->member[i];
    *v = (struct hyt_rec_value){v->s + m->value, m->value_end - m->value,
                                v->col + m->value};
    return 1;
}

static int scan_value(const struct hyt_rec *rec, struct hyt_json_scan *scan,
                      const struct hyt_rec_value *v, struct hyt_err *err)
{
    struct hyt_err why;
    size_t col;

    if (hyt_json_scan(scan, v->s, v->n, &col, &why) < 0)
        return hyt_rec_fail_at(rec, v->col + col - 1, err, "%s", why.msg);
    return 0;
}

int hyt_rec_find(struct hyt_rec *rec, const char *path, struct hyt_rec_value *v,
                 struct hyt_err *err)
{
    struct hyt_rec_look *look;
    struct hyt_json_scan *scan;
    const char *rest;
    int got = find_first(rec, path, &look, &rest, err);

    if (got <= 0)
        return got;
    *v = value_of(rec, look);
    scan = &look->scan;
    while (rest) {
        const char *name = component(rec, &rest);

        if (hyt_rec_type(v) != HYT_JSON_OBJECT)
            return 0;
        if (scan == &rec->deep || !look->scanned) {
            if (scan_value(rec, scan, v, err) < 0)
                return -1;
            look->scanned = true;
        }
        got = descend(rec, scan, name, v, err);
        if (got <= 0)
            return got;
        scan = &rec->deep;
    }
    return 1;
}

enum hyt_json_type hyt_rec_type(const struct hyt_rec_value *v)
{
    switch (v->s[0]) {
    case '{':
        return HYT_JSON_OBJECT;
    case '[':
        return HYT_JSON_ARRAY;
    case '"':
        return HYT_JSON_STR;
    case 't':
    case 'f':
        return HYT_JSON_BOOL;
    case 'n':
        return HYT_JSON_NULL;
    default:
        return HYT_JSON_NUM;
    }
}

const char *hyt_rec_type_name(enum hyt_json_type type)
{
    static const char *const name[] = {
        [HYT_JSON_NULL] = "null",      [HYT_JSON_BOOL] = "a boolean",
        [HYT_JSON_NUM] = "a number",   [HYT_JSON_STR] = "a string",
        [HYT_JSON_ARRAY] = "an array", [HYT_JSON_OBJECT] = "an object",
    };

    return name[type];
}

int hyt_rec_mistyped(const struct hyt_rec *rec, const char *path,
                     const struct hyt_rec_value *v, const char *what,
                     struct hyt_err *err)
{
    return hyt_rec_fail_at(rec, v->col, err, "\"%s\" is %s, expected %s", path,
                           hyt_rec_type_name(hyt_rec_type(v)), what);
}

/* --- trees ---------------------------------------------------------------- */

/* "COL: what" of hyt_json_parse() counts within the line already. */
static int plant(struct hyt_rec *rec, struct hyt_rec_look *look,
                 const char *path, struct hyt_err *err)
{
    struct hyt_rec_value v = value_of(rec, look);
    int first = (int)strcspn(path, ".");
    struct hyt_err why;

    if (look->tree)
        return 0;
    look->tree = hyt_json_parse(v.s, v.n, v.col - 1, &why);
    if (!look->tree)
        return hyt_fail_record(err, "%s:%llu:%s in \"%s\"", rec->file.s,
                               (unsigned long long)rec->lineno, why.msg, path);
    if (hyt_json_unique(look->tree, &why) < 0) {
        clear(look);
        return hyt_rec_fail_at(rec, v.col, err, "\"%.*s\" has %s", first, path,
                               why.msg);
    }
    return 0;
}

int hyt_rec_get(struct hyt_rec *rec, const char *path,
                const struct hyt_json **v, struct hyt_err *err)
{
    struct hyt_rec_look *look;
    const char *rest;
    int got = find_first(rec, path, &look, &rest, err);

    if (got <= 0)
        return got;
    if (plant(rec, look, path, err) < 0)
        return -1;
    *v = look->tree;
    while (rest && *v)
        *v = hyt_json_get(*v, component(rec, &rest));
    return *v != NULL;
}

int hyt_rec_get_null(struct hyt_rec *rec, const char *path,
                     const struct hyt_json **v, struct hyt_err *err)
{
    char *holder = hyt_strndup(path, strlen(path)), *dot = NULL;
    int got = hyt_rec_get(rec, path, v, err);

    while (got == 0 && (dot = strrchr(holder, '.')) != NULL) {
        *dot = '\0';
        got = hyt_rec_get(rec, holder, v, err);
        if (got > 0 && hyt_json_type(*v) != HYT_JSON_NULL) {
            got = 0;
            break;
        }
    }
    free(holder);
    return got;
}

int hyt_rec_str(struct hyt_rec *rec, const char *path, const char **s,
                size_t *n, struct hyt_err *err)
{
    struct hyt_rec_value v;
    const struct hyt_json *node;
    int got = hyt_rec_find(rec, path, &v, err);

    if (got <= 0 || hyt_rec_type(&v) == HYT_JSON_NULL)
        return got < 0 ? -1 : 0;
    if (hyt_rec_type(&v) != HYT_JSON_STR)
        return hyt_rec_mistyped(rec, path, &v, "a string", err);
    got = hyt_rec_get(rec, path, &node, err);
    if (got > 0) {
        *s = hyt_json_str(node);
        *n = strlen(*s);
    }
    return got;
}

int hyt_rec_raw(struct hyt_rec *rec, const char *path, const char **s,
                size_t *n, struct hyt_err *err)
{
    struct hyt_rec_value v;
    int got = hyt_rec_find(rec, path, &v, err);

    if (got == 1) {
        *s = v.s;
        *n = v.n;
    }
    return got;
}
