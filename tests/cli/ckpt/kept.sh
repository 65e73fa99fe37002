#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Kept generations: damaged ones, ones that are half gone, and directories whose
# names look like theirs.

# shellcheck source=tests/cli/pipe/common.inc
. "$TESTS/cli/pipe/common.inc"

in_memory kept
small m
for i in 1 2 3 4 5 6; do
    printf '{"prompt":"a%s","completion":"b"}\n' $i
done | hyt-rollout -m m | hyt-weight --policy rd --traces 1 >six
# runs DIR [OPTION]...: four generations, of which 2 and 3 are kept
runs() {
    dir=$1
    shift
    head -n 3 six | hyt-update -m "$dir" --commit-every 1 --keep 2 "$@" >log
}
cp -r m k
runs k
[ "$(hyt-ckpt info --json k | jq .generation)" -eq 4 ] || die "not generation 4"

# Damage of a kept generation is told of, by its name, and is no endless look.
cp -r k damaged
size=$(wc -c <damaged/hyt-model-2.safetensors)
cp damaged/hyt-model-2.safetensors whole
{ head -c $((size - 3)) whole && printf xyz; } >damaged/hyt-model-2.safetensors
fails timeout 20 hyt-ckpt verify damaged@2
says 'damaged/hyt-model-2.safetensors: the data are damaged'
fails timeout 20 hyt-ckpt verify damaged
says 'damaged/hyt-model-2.safetensors: the data are damaged'
# The others are looked at all the same.
cp damaged/model.safetensors current
size=$(wc -c <current)
{ head -c $((size - 3)) current && printf xyz; } >damaged/model.safetensors
fails timeout 20 hyt-ckpt verify damaged >got
says 'damaged/model.safetensors: the data are damaged'
says 'damaged/hyt-model-2.safetensors: the data are damaged'
[ "$(grep -c 'kept: .*holds' got)" -eq 1 ] || die "not one that holds: $(cat got)"
cp current damaged/model.safetensors
cp whole damaged/hyt-model-2.safetensors
hyt-ckpt verify damaged >/dev/null
rm damaged/hyt-optimizer-2.safetensors
fails timeout 20 hyt-ckpt verify damaged@2
says 'hyt-optimizer-2.safetensors: No such file'

# Another model in a directory "k@2" is that, where it is asked for, and not what
# a generation of k is taken from.
small k@2 --untied
hyt-ckpt verify k >got
[ "$(grep -c holds got)" -eq 3 ] || die "verify looks at another model: $(cat got)"
cp -r k back
cp -r k@2 back@2
hyt-ckpt rollback back@2
[ "$(hyt-ckpt info --json back | jq .generation)" -eq 2 ] || die "not generation 2"
hyt-ckpt verify back >got
grep -q '^generation 2: ' got || die "another generation: $(cat got)"
# So is the "@" of a path no generation.
mkdir me@work
cp -r m me@work/m
hyt-update -m me@work/m six >log
grep -q committed log || die "an @ in the path"
rc=0
hyt-update -m k@3 six 2>err || rc=$?
[ "$rc" -eq 2 ] || die "a kept generation is updated: $rc"
says 'read-only'

# Shards: an export does not take their place.
cp -r m s
shards s
runs s
hyt-ckpt info --json s >before
fails hyt-ckpt export s s/model.safetensors
says 'would take the place of the model in shards'
hyt-ckpt export s s/other.safetensors
hyt-ckpt info --json s | same before /dev/stdin "another model"
# A kept generation whose shards their user has removed is dropped like others.
cp -r m half
shards half
head -n 1 six | hyt-update -m half --keep 2 >log
rm half/model-1.safetensors
tail -n 5 six | hyt-update -m half --commit-every 1 --keep 2 >log ||
    die "a kept generation that is not whole"
hyt-ckpt verify half >/dev/null

# Where files can have no second name, steps are committed all the same.
{ head -n 3 six && echo '{'; } >torn
case $BUILD in
*/asan | */tsan) ;; # fault.so is not for these
*)
    linkless() {
        HYT_FAULT=linkat:1+:1 LD_PRELOAD=$BUILD/test/fault.so "$@"
    }
    cp -r m n
    fails linkless hyt-update -m n torn >log
    grep -q '"committed":1,"step":3' log || { cat log err && die "not committed"; }
    fails linkless hyt-update -m m --keep 1 six
    says 'no hard links, which --keep needs'
    ;;
esac

# The log that goes in the middle of a run begins anew.
mkfifo fed
cp -r m cut
hyt-update -m cut --commit-every 1 fed >log &
run=$!
exec 3>fed
head -n 2 six >&3
until grep -q '"committed":2' log; do
    kill -0 $run
    sleep 0.01
done
rm cut/hyt-log.jsonl
tail -n 4 six >&3
exec 3>&-
wait $run
hyt-ckpt log cut >got
[ "$(jq -c .step got | tr '\n' ' ')" = '3 4 5 6 ' ] || die "$(cat got)"

# --out over what is left of another run is refused, as it is in place.
fails hyt-update -m m --out n2 --lr 1e-3 torn >log
fails hyt-update -m m --out n2 --lr 1e-4 six
says 'n2: holds a run that is not finished, of other options or records'
hyt-update -m m --out n2 --lr 1e-4 --again six >log
hyt-update -m m --out n3 --lr 1e-4 six >log
[ -z "$(hyt-ckpt diff n2 n3)" ] || die "made anew, it is another"
echo "ok 1 - kept generations"
