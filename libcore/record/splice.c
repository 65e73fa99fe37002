/* SPDX-License-Identifier: MIT */
/*
 * splice.c - a record with new members, all its other bytes as they came
 */
#include <stdlib.h>
#include <string.h>

#include "record/rec.h"

/* Bytes of their own for a name or a value; their offset in rec->text. */
static size_t keep(struct hyt_rec *rec, const char *s, size_t n)
{
    size_t at = rec->text.n;

    hyt_buf_put(&rec->text, s, n);
    return at;
}

/* The set member called `name`, made if need be. */
static struct hyt_rec_set *set_named(struct hyt_rec *rec, const char *name)
{
    size_t i = hyt_rec_set_index(rec, name), twice;
    struct hyt_rec_set *set;

    if (i != HYT_REC_NONE) {
        hyt_rec_outdate(rec, i);
        return &rec->set[i];
    }
    rec->set =
        hyt_grow(rec->set, &rec->cap_set, rec->n_set + 1, sizeof(*rec->set));
    set = &rec->set[rec->n_set++];
    set->name_n = strlen(name);
    set->name = keep(rec, name, set->name_n);
    set->member = hyt_rec_member(rec->line.s, &rec->scan, name, &twice);
    if (twice != HYT_REC_NONE && rec->twice == HYT_REC_NONE)
        rec->twice = twice;
    return set;
}

void hyt_rec_set(struct hyt_rec *rec, const char *name, const char *json,
                 size_t n)
{
    struct hyt_rec_set *set = set_named(rec, name);

    set->value = keep(rec, json, n);
    set->n = n;
}

void hyt_rec_set_str(struct hyt_rec *rec, const char *name, const char *s,
                     size_t n)
{
    struct hyt_rec_set *set = set_named(rec, name);

    set->value = rec->text.n;
    hyt_json_put_str(&rec->text, s, n);
    set->n = rec->text.n - set->value;
}

void hyt_rec_set_int(struct hyt_rec *rec, const char *name, int64_t x)
{
    struct hyt_rec_set *set = set_named(rec, name);

    set->value = rec->text.n;
    hyt_json_put_int(&rec->text, x);
    set->n = rec->text.n - set->value;
}

void hyt_rec_unset_all(struct hyt_rec *rec)
{
    hyt_rec_outdate(rec, HYT_REC_NONE);
    rec->n_set = 0;
    rec->twice = HYT_REC_NONE;
    hyt_buf_reset(&rec->text);
}

/* Whether an object has each member of the list "a,b"; the one it lacks is
 * named in the message. */
static int has_members(struct hyt_rec *rec, const char *name,
                       const char *members, size_t col, struct hyt_err *err)
{
    while (*members) {
        size_t n = strcspn(members, ",");
        struct hyt_buf path = {0};
        struct hyt_rec_value v;
        int got;

        hyt_buf_printf(&path, "%s.%.*s", name, (int)n, members);
        got = hyt_rec_find(rec, path.s, &v, err);
        hyt_buf_free(&path);
        if (got == 0)
            return hyt_rec_fail_at(
                rec, col, err,
                "\"%s\" has no \"%.*s\": hyt did not write it "
                "(--overwrite replaces it)",
                name, (int)n, members);
        if (got < 0)
            return -1;
        members += n + (members[n] == ',');
    }
    return 0;
}

/* The same for each element of an array of objects. */
static int elements_have(struct hyt_rec *rec, const char *name,
                         const char *members, size_t col, struct hyt_err *err)
{
    const struct hyt_json *v, *item;

    if (hyt_rec_get(rec, name, &v, err) < 0)
        return -1;
    for (item = hyt_json_child(v); item != NULL; item = hyt_json_next(item))
        for (const char *m = members; *m != '\0';) {
            size_t n = strcspn(m, ",");
            char *member = hyt_arena_strndup(hyt_rec_arena(rec), m, n);

            if (hyt_json_get(item, member) == NULL)
                return hyt_rec_fail_at(rec, col, err,
                                       "\"%s\" has an element without \"%s\": "
                                       "hyt did not write it (--overwrite "
                                       "replaces it)",
                                       name, member);
            m += n + (m[n] == ',');
        }
    return 0;
}

int hyt_rec_claim(struct hyt_rec *rec, const char *name,
                  enum hyt_json_type type, const char *members, bool overwrite,
                  struct hyt_err *err)
{
    struct hyt_rec_value v;
    int got = hyt_rec_find(rec, name, &v, err);

    if (got < 0)
        return -1;
    if (got == 0 || overwrite || hyt_rec_type(&v) == HYT_JSON_NULL)
        return 0;
    if (hyt_rec_type(&v) != type)
        return hyt_rec_fail_at(rec, v.col, err,
                               "\"%s\" is %s, not %s: hyt did not write it "
                               "(--overwrite replaces it)",
                               name, hyt_rec_type_name(hyt_rec_type(&v)),
                               hyt_rec_type_name(type));
    if (type == HYT_JSON_OBJECT && members)
        return has_members(rec, name, members, v.col, err);
    if (type == HYT_JSON_ARRAY && members)
        return elements_have(rec, name, members, v.col, err);
    return 0;
}

/* The set member that comes next in the line after member `after`
 * (HYT_REC_NONE: the first); NULL at the end. */
static const struct hyt_rec_set *next_in_place(const struct hyt_rec *rec,
                                               size_t after)
{
    const struct hyt_rec_set *next = NULL;

    for (size_t i = 0; i < rec->n_set; i++) {
        const struct hyt_rec_set *set = &rec->set[i];

        if (set->member == HYT_REC_NONE ||
            (after != HYT_REC_NONE && set->member <= after))
            continue;
        if (!next || set->member < next->member)
            next = set;
    }
    return next;
}

void hyt_rec_print(const struct hyt_rec *rec, struct hyt_buf *b)
{
    const char *line = rec->line.s;
    size_t at = 0; /* bytes of the line that are written */
    const struct hyt_rec_set *set = next_in_place(rec, HYT_REC_NONE);
    bool comma = rec->scan.n > 0;

    for (; set; set = next_in_place(rec, set->member)) {
        const struct hyt_json_member *m = &rec->scan.member[set->member];

        hyt_buf_put(b, line + at, m->value - at);
        hyt_buf_put(b, rec->text.s + set->value, set->n);
        at = m->value_end;
    }
    for (size_t i = 0; i < rec->n_set; i++) {
        set = &rec->set[i];
        if (set->member != HYT_REC_NONE)
            continue;
        if (at < rec->scan.close) {
            hyt_buf_put(b, line + at, rec->scan.close - at);
            at = rec->scan.close;
        }
        if (comma)
            hyt_buf_putc(b, ',');
        comma = true;
        hyt_json_put_str(b, rec->text.s + set->name, set->name_n);
        hyt_buf_putc(b, ':');
        hyt_buf_put(b, rec->text.s + set->value, set->n);
    }
    hyt_buf_put(b, line + at, rec->line.n - at);
}

int hyt_rec_write(const struct hyt_rec *rec, struct hyt_out *out,
                  struct hyt_err *err)
{
    struct hyt_buf b = {0};
    int rc;

    if (rec->twice != HYT_REC_NONE) {
        const struct hyt_json_member *m = &rec->scan.member[rec->twice];

        return hyt_rec_fail_at(rec, m->key + 1, err, "a second key %.*s",
                               (int)(m->key_end - m->key),
                               rec->line.s + m->key);
    }
    if (rec->n_set == 0) {
        rc = hyt_out_write(out, rec->line.s, rec->line.n, err);
        return rc < 0 ? rc : hyt_out_write(out, "\n", 1, err);
    }
    hyt_rec_print(rec, &b);
    hyt_buf_putc(&b, '\n');
    rc = hyt_out_write(out, b.s, b.n, err);
    hyt_buf_free(&b);
    return rc;
}
