#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What an update holds at most: four times the weights (themselves, moments,
# gradient), the activations that were asked for, and little more; not the
# weights that it began with.
set -eu
case $BUILD in
*/asan | */tsan) echo "skipped: a sanitizer takes memory" && exit 77 ;;
esac
[ -r /proc/self/status ] || { echo "no /proc" && exit 77; }

hyt-ckpt new m --shape tiny5m
awk 'BEGIN {
    for (i = 0; i < 12; i++)
        printf "{\"prompt\":\"%d\",\"completion\":\"%0200d\"}\n", i, i
}' | hyt-rollout -m m | hyt-weight --policy rd --traces 12 >weighted

# Its figure is read while it waits for more.
mkfifo in
hyt-update -m m --out out --activation-memory 8000000 in >log &
pid=$!
exec 3>in
cat weighted >&3
until [ -s log ]; do
    kill -0 $pid || exit 1
    sleep 0.1
done
peak=$(awk '$1 == "VmHWM:" { print $2 * 1024 }' /proc/$pid/status)
exec 3>&-
wait $pid

weights=$(wc -c <m/model.safetensors)
limit=$((weights * 4 + 8000000 + 12000000))
echo "$peak bytes at most, $limit allowed, weights $weights"
[ "$peak" -gt $((weights * 4)) ] && [ "$peak" -lt "$limit" ]
