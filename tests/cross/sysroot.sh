#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sysroot.sh - the libraries of another Debian architecture, unpacked into a
# directory (their development packages cannot all be installed beside ours)
#
# usage: tests/cross/sysroot.sh ARCH DIR
set -eu

arch=$1
dir=$2
[ ! -f "$dir/complete" ] || exit 0

packages=
for p in libcjson libzstd libonig libutf8proc libxxhash libcmocka; do
    packages="$packages $p-dev:$arch"
done
for p in libcjson1 libzstd1 libonig5 libutf8proc2 libxxhash0 libcmocka0; do
    packages="$packages $p:$arch"
done

if ! dpkg --print-foreign-architectures | grep -qx "$arch"; then
    sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo dpkg --add-architecture "$arch"
    $sudo apt-get -q update >&2
fi
mkdir -p "$dir/debs"
# shellcheck disable=SC2086 # each word is a package
(cd "$dir/debs" && apt-get -q download $packages >&2)
for deb in "$dir"/debs/*.deb; do
    dpkg -x "$deb" "$dir"
done
touch "$dir/complete"
