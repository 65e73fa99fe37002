/* SPDX-License-Identifier: MIT */
/*
 * shared.c - finds data that is not part of the project
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared.h"

void shared_path(char path[SHARED_PATH], const char *name)
{
    const char *root = getenv("HYT_SHARED");

    snprintf(path, SHARED_PATH, "%s/%s", root ? root : "../shared", name);
    if (access(path, R_OK) < 0) {
        print_message("no %s: skipped\n", path);
        skip();
    }
}
