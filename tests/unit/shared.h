/* SPDX-License-Identifier: MIT */
/*
 * shared.h - data that is not part of the project
 */
#ifndef HYT_TEST_SHARED_H
#define HYT_TEST_SHARED_H

enum { SHARED_PATH = 512 };

/* The path of `name` in $HYT_SHARED or ../shared; skips the test where it is
 * not there. */
void shared_path(char path[SHARED_PATH], const char *name);

#endif
