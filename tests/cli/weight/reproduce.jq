# SPDX-License-Identifier: MIT
# jq -s: the records whose coefficient their own fields do not give; hyt(7).
def mean: add / length;
def sigma: mean as $m | map(. - $m | . * .) | add / ([length - 1, 1] | max)
    | sqrt;
def close($a; $b): ($a - $b | fabs) <= 1e-9 * ([$a, $b] | map(fabs) | max);
group_by(.weight.batch)[] | . as $batch | map(select(.prg != null))
| map(select(.kind == "rd")) as $rd
| map(select(.kind == "rlif")
    | .reward = (10 * .certainty.logp | exp) * ([0, .prg.score] | max)) as $rl
| ([0.5, ($rl | map(.weight.trust) | mean)] | min) as $lambda
| ($rd | map(.prg.score / 0.5 | exp) | mean) as $scale
| ($rl | map(.tokens.completion | length) | add) as $n_tok
| $batch[] as $x
| ($rl | map(select(.group == $x.group) | .reward)) as $r
| if $x.prg == null then 0 elif $x.kind == "rd" then
    ([5, ($x.prg.score / 0.5 | exp / $scale)] | min) * (1 - $lambda)
    / ($rd | length) / ($x.tokens.completion | length)
  else ([0, $x.prg.score] | max * (10 * $x.certainty.logp | exp) - ($r | mean))
    / (($r | sigma) + 1e-4) * $lambda / $n_tok end
| select(close(.; $x.weight.coef) | not) | [$x.id, ., $x.weight.coef]
