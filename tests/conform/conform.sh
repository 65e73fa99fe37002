#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every tool in the table against every case that applies to it.  Prints TAP
# lines.  ONLY=hyt-split tries one tool, or several.

set -u
# shellcheck source-path=SCRIPTDIR source=cases.sh
. "$CASE/cases.sh"

common="help version unknown_option stray_value full_device closed_stdout"
streams="missing directory operands dashes range closed_stdin
    no_newline blank_lines crlf bom nul_byte not_json not_object truncated_line
    bad_utf8_read bad_utf8_foreign nul_escape_read duplicate_read
    zst_input zst_frames zst_truncated zst_output output_file output_fails
    long_line max_line skip_bad first_bad_stops head_1"
of_filter="empty_filter foreign_fields twice"
of_report="empty_report foreign_accepted"

# try NAME: one case, in a directory of its own
try() {
    mkdir "$tool.$1"
    if why=$(cd "$tool.$1" && "case_$1" 2>&1 </dev/null); then
        echo "ok - $tool $1"
    else
        echo "not ok - $tool $1"
        echo "$why" | sed 's/^/# /' | cut -c -200 | head -n 20
    fi
    rm -rf "${tool:?}.$1"
}

work=$PWD
if command -v hyt-ckpt >/dev/null; then
    hyt-ckpt new --shape layers=1,hidden=16,heads=2,kv_heads=1,ffn=24 \
        "$work/model" >log 2>&1 || sed 's/^/# hyt-ckpt new: /' log
fi

sed '/^#/d; /^$/d; s/ *| */|/g' "$CASE/table" >rows
while IFS='|' read -r tool kind args field record; do
    case " ${ONLY-$tool} " in *" $tool "*) ;; *) continue ;; esac
    if ! command -v "$tool" >/dev/null; then
        echo "ok - $tool # SKIP not built"
        continue
    fi
    args=$(echo "$args" | sed "s|MODEL|$work/model|")
    for name in $common; do try "$name"; done
    [ "$kind" != plain ] || continue
    for name in $streams; do try "$name"; done
    if [ "$kind" = filter ]; then more=$of_filter; else more=$of_report; fi
    for name in $more; do try "$name"; done
done <rows
