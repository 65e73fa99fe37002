/* SPDX-License-Identifier: MIT */
/*
 * signals.h - what signals do to a program, for tool.c
 */
#ifndef HYT_SIGNALS_H
#define HYT_SIGNALS_H

#include "tool.h"

/* Before anything is opened. */
void hyt_signals_catch(const struct hyt_tool *tool);

/* A file that is removed where a signal ends the program; NULL: none. */
void hyt_signals_unfinished(const char *path);

#endif
