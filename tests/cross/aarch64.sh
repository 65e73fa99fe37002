#!/bin/sh
# SPDX-License-Identifier: MIT
#
# aarch64.sh - the kernels on another machine: the same bits
#
# usage: tests/cross/aarch64.sh MAKE BUILD OTHER     (`make check-aarch64`)
#
# BUILD is this machine's build; one for aarch64 is made in OTHER and runs
# under qemu's user emulation: the tests that compute, then one pipe from
# rollout to update, whose records and checkpoint must be BUILD's to the byte.
set -eu

make=$1
build=$(cd "$2" && pwd)
mkdir -p "$3"
other=$(cd "$3" && pwd)
tests=$(cd "$(dirname "$0")/.." && pwd)
libs=$other/sysroot/usr/lib/aarch64-linux-gnu

"$tests/cross/sysroot.sh" arm64 "$other/sysroot"
# shellcheck disable=SC2086 # make carries its own options
PKG_CONFIG_SYSROOT_DIR=$other/sysroot PKG_CONFIG_LIBDIR=$libs/pkgconfig \
    $make CC=aarch64-linux-gnu-gcc BUILD="$3" LDFLAGS="-L$libs" all unit

# wrap DIR FILE...: a program of the same name that runs FILE by qemu
wrap() {
    mkdir -p "$1"
    for program in "$@"; do
        [ -f "$program" ] || continue
        printf '#!/bin/sh\nexec qemu-aarch64-static -L %s -E %s %s "$@"\n' \
            /usr/aarch64-linux-gnu "LD_LIBRARY_PATH=$libs" "$program" \
            >"$1/${program##*/}"
        chmod +x "$1/${program##*/}"
    done
}

rm -rf "$other/qemu"
wrap "$other/qemu/bin" "$other"/bin/*
wrap "$other/qemu/test" "$other"/test/test_kern* "$other"/test/test_model* \
    "$other"/test/test_sample* "$other"/test/test_train*

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$tests/run" "$other/qemu" unit/ cli/pipe/kern.sh >"$scratch/log" ||
    echo "not ok" >>"$scratch/log"
grep -v -E '^[0-9]+ passed|^#.*skipped$' "$scratch/log" || true
passed=$(grep -c '^ok' "$scratch/log") || true
failed=$(grep -c '^not ok' "$scratch/log") || true

# pipe NAME BIN: every tool of the pipe, its files under NAME
pipe() (
    mkdir "$scratch/$1"
    cd "$scratch/$1"
    PATH=$2:$PATH
    for dtype in f32 bf16; do
        hyt-ckpt new $dtype --dtype $dtype --max-positions 256 --seed 1 \
            --shape hidden=48,layers=2,heads=4,kv_heads=2,ffn=104
        for n in 1 2 3 4 5 6; do
            printf '{"prompt":"%s + 4?","completion":"%s.\\n#### %s"}\n' \
                "$n" "$n and 4" "$((n + 4))"
            printf '{"prompt":"%s and then?"}\n' "$n"
        done | hyt-rollout -m $dtype -n 3 --max-tokens 40 >$dtype.samples
        hyt-prg -m $dtype --per-token $dtype.samples >$dtype.prg
        hyt-weight --policy fixed --groups 3 --traces 3 $dtype.prg >$dtype.w
        hyt-update -m $dtype --lr 1e-3 $dtype.w | jq -c 'del(.kern)' |
            grep -v tokens_per_second >$dtype.log || true
    done
)

pipe here "$build/bin"
pipe there "$other/qemu/bin"
for file in f32.samples f32.prg f32/model.safetensors \
    bf16.samples bf16.prg bf16/model.safetensors; do
    if [ -s "$scratch/here/$file" ] &&
        cmp "$scratch/here/$file" "$scratch/there/$file"; then
        echo "ok - aarch64: $file is the same to the byte"
        passed=$((passed + 1))
    else
        echo "not ok - aarch64: $file"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
