#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A small model that has been updated, its files cut and changed: nothing that
# opens it crashes, hangs or takes much memory, and all that fails says one line.
set -eu
seed=${HYT_SEED:-1}
some=150 few=3
[ "${HYT_FULL-}" != 1 ] || some=0 few=100

hyt-ckpt new model --shape layers=1,hidden=4,heads=1,ffn=4 >/dev/null
cat >model/chat_template.jinja <<'EOF'
{% for m in messages %}{{ '<' ~ m.role ~ '> ' ~ m['content'] | trim }}
{% endfor %}{% if add_generation_prompt %}{{ bos_token }}{% endif %}
EOF
jq -c '. + {do_sample: true, temperature: 0.8, top_k: 5}' \
    model/generation_config.json >g && mv g model/generation_config.json
printf '%s\n' '{"prompt":"1 + 2 = ","completion":"3"}' >trace
hyt-rollout -m model trace | hyt-weight --policy rd |
    hyt-update -m model --keep 1 >/dev/null

set -- 'hyt-ckpt info damaged' 'hyt-ckpt verify damaged' \
    'hyt-ckpt log damaged' 'hyt-ckpt info damaged@0' \
    'hyt-tok encode -m damaged text' \
    'hyt-rollout -q -m damaged -n 2 --max-tokens 4 --generation-config query' \
    'hyt-prg -q -m damaged samples' \
    'hyt-update -q -m damaged --dry-run weighted'
echo '{"messages":[{"role":"user","content":"1 + 2 ="}]}' >query
hyt-rollout -q -m model -n 2 --max-tokens 9 query >samples
hyt-prg -q -m model samples | hyt-weight --policy rlif --reward prg-certainty \
    >weighted
echo '{"text":"1 + 2 ="}' >text

mkdir damaged
echo "# seed $seed (HYT_SEED)"
status=0
"$BUILD/test/sweep" model damaged "$some" "$seed" || status=1
"$BUILD/test/sweep" model damaged "$few" "$seed" "$@" >programs || status=1
sed 's/ok - /&programs, /' programs
exit $status
