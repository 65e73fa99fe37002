#!/bin/sh
# SPDX-License-Identifier: MIT
#
# cppcheck.sh - cppcheck over the library and the programs
#
# Off: missingInclude, outside headers are not searched; unusedFunction, a
# library has functions that no one here calls; ctuuninitvar, it takes
# &err, which is for writing, for reading; uninitvar in vec.h, where a vector
# is filled lane by lane.
mkdir -p build/lint/cppcheck
exec cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr \
    --enable=warning,performance,portability \
    --suppress=missingInclude --suppress=ctuuninitvar \
    --suppress=missingIncludeSystem --suppress=uninitvar:libcore/kern/vec.h \
    --cppcheck-build-dir=build/lint/cppcheck \
    -j "$(getconf _NPROCESSORS_ONLN)" \
    -Iinclude -Ilibcore -DHYT_ISA=ref -DHYT_ISA_ref libcore tools
