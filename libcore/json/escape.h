/* SPDX-License-Identifier: MIT */
/* \ escapes in text that the scanner has accepted. */
#ifndef HYT_JSON_ESCAPE_H
#define HYT_JSON_ESCAPE_H

#include <stddef.h>
#include <stdint.h>

/* Decodes the escape at s (n bytes left, s[0] is the backslash): its width,
 * 12 for a surrogate pair, and the scalar in *cp; 0 for half a pair. */
size_t hyt_json_unescape(const char *s, size_t n, uint32_t *cp);

#endif
