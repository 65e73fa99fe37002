#!/bin/sh
# SPDX-License-Identifier: MIT
#
# deps.sh - install what is missing, by apt-get
#
# usage: tests/deps.sh [build|test|browser|fuzz|bench|aarch64|lint]...
#
# Silent where nothing is missing.  Where there is no apt-get, or no right to
# use it, it names what is missing and fails.
set -u

missing=

# need PACKAGE COMMAND...: the Debian package, and what shows that it is there
need() {
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}

have() {
    command -v "$1"
}

pc() {
    pkg-config --exists "$1"
}

c_headers() {
    echo '#include <stdio.h>' | "${CC:-cc}" -E -
}

# Debian has libFuzzer apart from clang.
libfuzzer() {
    echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
        clang -fsanitize=fuzzer -x c -o /dev/null -
}

for set in "$@"; do
    case $set in
    build)
        need "gcc libc6-dev" c_headers
        need pkg-config have pkg-config
        need libcjson-dev pc libcjson
        need libzstd-dev pc libzstd
        need libonig-dev pc oniguruma
        need libutf8proc-dev pc libutf8proc
        need libxxhash-dev pc libxxhash
        ;;
    bench)
        need libopenblas-dev pc openblas
        ;;
    test)
        need libcmocka-dev pc cmocka
        need jq have jq
        need gawk have gawk
        need zstd have zstd
        need python3 have python3
        need gnuplot-nox have gnuplot
        need libxml2-utils have xmllint
        ;;
    browser) # a test of hyt-plot's page looks for it, and is skipped without
        need chromium have chromium
        ;;
    fuzz)
        need "clang libclang-rt-14-dev" libfuzzer
        ;;
    aarch64)
        need gcc-aarch64-linux-gnu have aarch64-linux-gnu-gcc
        need qemu-user-static have qemu-aarch64-static
        ;;
    lint)
        need clang have clang
        need clang-format have clang-format
        need clang-tidy have clang-tidy
        need cppcheck have cppcheck
        need shellcheck have shellcheck
        need scdoc have scdoc
        ;;
    *)
        echo "usage: $0 [build|test|browser|fuzz|bench|aarch64|lint]..." >&2
        exit 2
        ;;
    esac
done
[ -n "$missing" ] || exit 0

apt="env DEBIAN_FRONTEND=noninteractive apt-get -q -y"
if [ "$(id -u)" != 0 ]; then
    have sudo >/dev/null && apt="sudo $apt" || apt=
fi
if [ -z "$apt" ] || ! have apt-get >/dev/null; then
    echo "missing (names as in Debian):$missing" >&2
    exit 1
fi
echo "installing:$missing" >&2
# shellcheck disable=SC2086 # each word is a package
$apt update >&2 && $apt install $missing >&2
