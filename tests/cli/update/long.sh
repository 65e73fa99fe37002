#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Many commits in one run need no more descriptors and no more address space
# than two.
# shellcheck disable=SC3045 # dash and bash both have ulimit -n and -v

# shellcheck source=tests/cli/pipe/common.inc
. "$TESTS/cli/pipe/common.inc"

case $BUILD in
*/asan | */tsan) echo "skipped: a sanitizer takes address space" && exit 77 ;;
esac
commits=100
[ "${HYT_FULL-}" != 1 ] || commits=1000
in_memory long

hyt-ckpt new m --shape hidden=8,layers=1,heads=1,kv_heads=1,ffn=8
awk -v n=$((commits)) 'BEGIN { for (; n > 0; n--)
    printf "{\"prompt\":\"a%04d\",\"completion\":\"b\"}\n", n }' |
    hyt-rollout -m m -q | hyt-weight --policy rd --traces 1 -q >many

# within FILES KIB N: N commits with at most so many descriptors and so much
# address space
within() {
    rm -rf w
    cp -r m w
    head -n "$3" many >in
    (ulimit -n "$1" && ulimit -v "$2" && exec hyt-update -m w -q --threads 1 \
        --commit-every 1 --keep 2 in >out 2>err) 2>/dev/null
}
files=11
until within $files unlimited 2; do files=$((files + 1)); done
low=4000 high=8000
until within $files $high 2; do low=$high high=$((high * 2)); done
while [ $((high - low)) -gt 64 ]; do
    half=$(((low + high) / 2))
    if within $files $half 2; then high=$half; else low=$half; fi
done
[ "$files" -gt 11 ] || die "the limit of descriptors limits nothing"

# 256 KiB: what the input's buffers and the heap may take more.
within $files $((high + 256)) "$commits" || die "$(cat err)"
[ "$(grep -c '"committed"' out)" -gt "$commits" ] || die "too few commits"
echo "ok 1 - $commits commits with $files descriptors and $high KiB, as for two"
