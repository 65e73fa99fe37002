/* SPDX-License-Identifier: MIT */
/* bytelevel.h - GPT-2's alphabet: a printable character for each byte */
#ifndef HYT_TEXT_BYTELEVEL_H
#define HYT_TEXT_BYTELEVEL_H

#include "hyt/base.h"

/* The character that stands for a byte, and back (-1: stands for none). */
uint32_t hyt_bytelevel_char(unsigned char byte);
int hyt_bytelevel_byte(uint32_t cp);

/* Appends the characters of s[0..n). */
void hyt_bytelevel_put(struct hyt_buf *out, const char *s, size_t n);

#endif
