#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The corpus of each fuzz target, and every input that ever broke it.
status=0
for target in "$BUILD"/fuzz/*; do
    name=${target##*/}
    [ -n "$(find "$TESTS/fuzz/corpus/$name" -type f)" ] || {
        echo "not ok - $name has no corpus" && status=1 && continue
    }
    if find "$TESTS/fuzz/corpus/$name" "$TESTS/fuzz/crash/$name" -type f \
        2>/dev/null | sort | xargs -d '\n' "$target" >out 2>err; then
        echo "ok - $name: $(cat out)"
    else
        echo "not ok - $name" && status=1
        cat err
    fi
done
exit $status
