/* SPDX-License-Identifier: MIT */
/*
 * shards.c - writing a generation of several files
 *
 * Its shards have names of their own generation; what makes them the committed
 * one is the index, whose "metadata" object carries the commit record.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ckpt/work.h"

void hyt_shard_name(char *out, size_t size, const char *tag, size_t i, size_t n)
{
    snprintf(out, size, "hyt-shard-%s-%05zu-of-%05zu.safetensors", tag, i + 1,
             n);
}

static void print_map(const struct hyt_work *w, const char *tag,
                      struct hyt_buf *out)
{
    char name[128];
    const char *comma = "";

    hyt_buf_puts(out, ",\"weight_map\":{");
    for (size_t s = 0; s < w->in->n_shards; s++) {
        const struct hyt_st *st = w->in->shard[s].st;

        hyt_shard_name(name, sizeof name, tag, s, w->in->n_shards);
        for (size_t i = 0; i < hyt_st_count(st); i++) {
            const char *tensor = hyt_st_tensor(st, i)->name;

            hyt_buf_puts(out, comma);
            hyt_json_put_str(out, tensor, strlen(tensor));
            hyt_buf_printf(out, ":\"%s\"", name);
            comma = ",\n";
        }
    }
    hyt_buf_putc(out, '}');
}

int hyt_index_write(const struct hyt_work *w, const char *temp, const char *tag,
                    const struct hyt_pair *record, size_t n_record,
                    struct hyt_err *err)
{
    struct hyt_buf out = {0};
    uint64_t total = 0;
    int fd, status;

    for (size_t i = 0; i < w->n; i++)
        total += w->t[i].from->n_bytes;
    hyt_buf_printf(&out, "{\"metadata\":{\"total_size\":%" PRIu64, total);
    for (size_t i = 0; i < n_record; i++) {
        hyt_buf_putc(&out, ',');
        hyt_json_put_str(&out, record[i].key, strlen(record[i].key));
        hyt_buf_putc(&out, ':');
        hyt_json_put_str(&out, record[i].value, strlen(record[i].value));
    }
    hyt_buf_putc(&out, '}');
    print_map(w, tag, &out);
    hyt_buf_puts(&out, "}\n");
    fd = openat(w->dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    status = fd < 0 ? -1 : hyt_write_at(fd, out.s, out.n, 0);
    if (status < 0 || (status = fsync(fd)) < 0)
        hyt_fail_errno(err, "%s/%s", w->name, temp);
    if (fd >= 0)
        close(fd);
    hyt_buf_free(&out);
    return status;
}
