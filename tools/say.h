/* SPDX-License-Identifier: MIT */
/*
 * say.h - messages on standard error, for tool.c
 */
#ifndef HYT_SAY_H
#define HYT_SAY_H

#include "tool.h"

/* "tool: message" in one line, control characters spelled out. */
void hyt_say(struct hyt_main *m, const char *message);

/* Takes the progress line off the terminal. */
void hyt_say_clear(struct hyt_main *m);

#endif
