/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - what the fuzz targets share
 *
 * A target is one file, fuzz_NAME.c, with one function: it takes any bytes,
 * and aborts where the code under test breaks a promise of its header.  Linked
 * with clang's libFuzzer it searches for such bytes, linked with main.c it runs
 * the files it is given: the corpus and the crashes of the past.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "hyt/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define CHECK(cond)                                                            \
    do {                                                                       \
        if (!(cond))                                                           \
            hyt_bug(__FILE__, __LINE__, #cond);                                \
    } while (0)

/* A part of an input; s[n] is a NUL, and not of the input. */
struct part {
    char *s;
    size_t n;
};

/* Cuts the input at its first NUL bytes into at most `max` parts, each a block
 * of its own, so that a read beyond it is one beyond an allocation.  How many
 * parts; those that are not there are empty. */
size_t fuzz_parts(struct part *part, size_t max, const uint8_t *data, size_t n);
void fuzz_parts_free(struct part *part, size_t max);

/* What a failure says is there, and ends within its buffer. */
void fuzz_check_failure(const struct hyt_err *err);

/* A path that reads these bytes, until the next call. */
const char *fuzz_file(const uint8_t *data, size_t n);

/* Reads all bytes, for AddressSanitizer to see. */
void fuzz_touch(const void *bytes, size_t n);

#endif
