#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The chat templates of real models, fetched once into a cache.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/hyt/templates
if ! command -v npm >/dev/null || ! command -v git >/dev/null; then
    echo "no npm or no git"
    exit 77
fi
sh "$TESTS/fixtures/jinja/fetch.sh" "$cache" >log 2>&1 ||
    { cat log && echo "the templates cannot be fetched" && exit 77; }
HYT_TEMPLATES=$cache HYT_FIXTURES=$TESTS/fixtures CMOCKA_MESSAGE_OUTPUT=TAP \
    "$BUILD/test/test_jinja" >log 2>&1 ||
    { cat log; exit 1; }
grep -q '^ok.* real_templates$' log || { cat log; exit 1; }
