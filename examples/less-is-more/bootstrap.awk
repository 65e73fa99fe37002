# SPDX-License-Identifier: MIT
#
# bootstrap.awk - paired bootstrap of hytuning against other arms
#
#     awk -f bootstrap.awk [-v n=1000] [-v bins=15] <lines
#
# A line is TASK ARM SEED CORRECT CONFIDENCE, parted by tabs: a 0 or 1 for each
# question, and the confidences per mille, parted by commas. All runs of a task
# have the same questions. A replicate draws seeds, the same for all, and in
# each task questions, the same for all arms; the difference of accuracy and of
# ECE (hytuning less the arm) is taken in each task and run and averaged.
# Writes: ARM METRIC RUNS DIFFERENCE LO HI, percentiles 2.5 and 97.5.

BEGIN {
    FS = "\t"
    if (!n) n = 1000
    if (!bins) bins = 15
    seed = 20260404
}

# Own generator (Park and Miller 1988), so that every awk draws the same.
function rnd(m)
{
    seed = (seed * 16807) % 2147483647
    return int(seed / 2147483647 * m)
}

{
    if (!($1 in questions)) {
        questions[$1] = length($4)
        task[++n_tasks] = $1
    }
    if (!($2 in seen_arm)) {
        seen_arm[$2] = 1
        if ($2 != "hytuning")
            arm[++n_arms] = $2
    }
    if (!($3 in seen_seed)) {
        seen_seed[$3] = 1
        run[++n_seeds] = $3
    }
    if (length($4) != questions[$1]) {
        print "bootstrap.awk: " $1 ": other questions" >"/dev/stderr"
        exit 1
    }
    split($5, p, ",")
    key = $1 SUBSEP $2 SUBSEP $3
    have[key] = 1
    for (i = 1; i <= length($4); i++) {
        right[key, i] = substr($4, i, 1)
        gap[key, i] = right[key, i] - p[i] / 1000
        b = int((p[i] * bins + 999) / 1000)
        bin[key, i] = b < 1 ? 1 : b
    }
}

# Sets acc and ece of a run over the questions pick[1..m].
function measure(key, m,   i, q, sum, d)
{
    acc = ece = 0
    for (i = 1; i <= m; i++) {
        q = pick[i]
        acc += right[key, q]
        sum[bin[key, q]] += gap[key, q]
    }
    for (i in sum)
        ece += sum[i] < 0 ? -sum[i] : sum[i]
    acc /= m
    ece /= m
}

# Differences in replicate r, 0 being the sample itself.
function replicate(r,   t, s, a, i, m, k, base, a0, e0)
{
    for (s = 1; s <= n_seeds; s++)
        drawn[s] = run[r ? 1 + rnd(n_seeds) : s]
    for (a = 1; a <= n_arms; a++)
        d_acc[a] = d_ece[a] = count[a] = 0
    for (t = 1; t <= n_tasks; t++) {
        m = questions[task[t]]
        for (i = 1; i <= m; i++)
            pick[i] = r ? 1 + rnd(m) : i
        for (s = 1; s <= n_seeds; s++) {
            base = task[t] SUBSEP "hytuning" SUBSEP drawn[s]
            if (!(base in have))
                continue
            measure(base, m)
            a0 = acc
            e0 = ece
            for (a = 1; a <= n_arms; a++) {
                k = task[t] SUBSEP arm[a] SUBSEP drawn[s]
                if (!(k in have))
                    continue
                measure(k, m)
                d_acc[a] += a0 - acc
                d_ece[a] += e0 - ece
                count[a]++
            }
        }
    }
    for (a = 1; a <= n_arms; a++)
        if (count[a]) {
            out[a, "accuracy", r] = d_acc[a] / count[a]
            out[a, "ece", r] = d_ece[a] / count[a]
            if (!r)
                runs[a] = count[a]
        }
}

# The share p of the way through the sorted values v[1..m].
function quantile(v, m, p,   h, i)
{
    h = 1 + (m - 1) * p
    i = int(h)
    return i < m ? v[i] + (h - i) * (v[i + 1] - v[i]) : v[m]
}

function sort(v, m,   i, j, x, gap_)
{
    for (gap_ = int(m / 2); gap_; gap_ = int(gap_ / 2))
        for (i = gap_ + 1; i <= m; i++) {
            x = v[i]
            for (j = i; j > gap_ && v[j - gap_] > x; j -= gap_)
                v[j] = v[j - gap_]
            v[j] = x
        }
}

function show(a, metric,   r, m)
{
    m = 0
    for (r = 1; r <= n; r++)
        if ((a, metric, r) in out)
            v[++m] = out[a, metric, r]
    if (!m)
        return
    sort(v, m)
    printf "%s\t%s\t%d\t%.5f\t%.5f\t%.5f\n", arm[a], metric, runs[a], \
        out[a, metric, 0], quantile(v, m, 0.025), quantile(v, m, 0.975)
}

END {
    for (r = 0; r <= n; r++)
        replicate(r)
    for (a = 1; a <= n_arms; a++) {
        show(a, "accuracy")
        show(a, "ece")
    }
}
