#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What goes along to a new directory: the templates in a directory of their own,
# but not the old weights in other formats.

# shellcheck source=tests/cli/pipe/common.inc
. "$TESTS/cli/pipe/common.inc"

small m
mkdir m/additional_chat_templates m/else
echo 'T' >m/additional_chat_templates/tool_use.jinja
echo 'n' >m/additional_chat_templates/note.txt
echo 'a' >m/else/file
for weights in pytorch_model.bin consolidated.00.pth model.gguf model.onnx; do
    echo old >m/$weights
done
echo kept >m/README.md
sums | hyt-rollout -m m | hyt-weight --policy rd >weighted
hyt-update -m m --out n --lr 1e-3 weighted >log
same m/additional_chat_templates/tool_use.jinja \
    n/additional_chat_templates/tool_use.jinja "another template"
same m/README.md n/README.md "another file"
(cd n && find . | sort) >names
printf '%s\n' . ./README.md ./additional_chat_templates \
    ./additional_chat_templates/tool_use.jinja >want
grep -v -e hyt -e json -e safetensors names >got
same want got "other files went along"
hyt-update -m m --out n --again --lr 1e-3 weighted >log

# One of that name that says something else is not written over.
mkdir -p o/additional_chat_templates
echo 'mine' >o/additional_chat_templates/tool_use.jinja
fails hyt-update -m m --out o --lr 1e-3 weighted
says 'o/additional_chat_templates/tool_use.jinja is not the file of that name in m'
[ "$(cat o/additional_chat_templates/tool_use.jinja)" = mine ] || die "written over"
echo "ok 1 - what goes along"
