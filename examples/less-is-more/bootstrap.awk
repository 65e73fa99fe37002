# SPDX-License-Identifier: MIT
#
# bootstrap.awk - paired bootstrap of hytuning against other arms
#
#     awk -f bootstrap.awk [-v n=1000] [-v bins=15] <lines
#
# A line is TASK ARM SEED CORRECT CONFIDENCE, parted by tabs: a 0 or 1 for each
# question, and the confidences per mille, parted by commas; one that is empty
# counts as one half. All runs of a task have the same questions. A replicate
# draws seeds of hytuning, the same for all, and in each task questions, the same
# for all arms; the difference of a metric (hytuning less the arm) is taken in
# each task and run and averaged.
# Writes: TASK ARM METRIC RUNS DIFFERENCE LO HI, percentiles 2.5 and 97.5, for
# each task, and for all of them as task "all".

BEGIN {
    FS = "\t"
    if (!n) n = 1000
    if (!bins) bins = 15
    seed = 20260404
    n_metrics = split("accuracy ece brier overconfidence", metric, " ")
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
    if ($2 == "hytuning" && !($3 in seen_seed)) {
        seen_seed[$3] = 1
        run[++n_seeds] = $3
    }
    if (length($4) != questions[$1]) {
        print "bootstrap.awk: " $1 ": other questions" >"/dev/stderr"
        exit 1
    }
    split($5, p, ",")
    at[$1, $2, $3] = size
    for (i = 1; i <= length($4); i++) {
        if (p[i] == "")
            p[i] = 500
        right[size + i] = substr($4, i, 1)
        gap[size + i] = right[size + i] - p[i] / 1000
        b = int((p[i] * bins + 999) / 1000)
        bin[size + i] = b < 1 ? 1 : b
    }
    size += length($4)
}

# value[1..n_metrics] of the run whose questions are from `first` + 1 on, over
# the questions pick[1..m].
function measure(value, first, m,   i, q, g, n_right, over, square, sum, ece)
{
    n_right = over = square = ece = 0
    for (i = 1; i <= m; i++) {
        q = first + pick[i]
        g = gap[q]
        n_right += right[q]
        over -= g
        square += g * g
        sum[bin[q]] += g
    }
    for (i in sum)
        ece += sum[i] < 0 ? -sum[i] : sum[i]
    value[1] = n_right / m
    value[2] = ece / m
    value[3] = square / m
    value[4] = over / m
}

# Adds the difference of the values, of task t and in all.
function compare(t, a, r,   k)
{
    for (k = 1; k <= n_metrics; k++) {
        total[t, a, k, r] += ours[k] - theirs[k]
        total["all", a, k, r] += ours[k] - theirs[k]
    }
    count[t, a, r]++
    count["all", a, r]++
}

# Differences in replicate r, 0 being the sample itself.
function replicate(r,   t, s, a, i, m)
{
    for (s = 1; s <= n_seeds; s++)
        drawn[s] = run[r ? 1 + rnd(n_seeds) : s]
    for (t = 1; t <= n_tasks; t++) {
        m = questions[task[t]]
        for (i = 1; i <= m; i++)
            pick[i] = r ? 1 + rnd(m) : i
        for (s = 1; s <= n_seeds; s++) {
            if (!((task[t], "hytuning", drawn[s]) in at))
                continue
            measure(ours, at[task[t], "hytuning", drawn[s]], m)
            for (a = 1; a <= n_arms; a++)
                if ((task[t], arm[a], drawn[s]) in at) {
                    measure(theirs, at[task[t], arm[a], drawn[s]], m)
                    compare(task[t], a, r)
                }
        }
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

function show(t, a, k,   r, m)
{
    m = 0
    for (r = 1; r <= n; r++)
        if ((t, a, r) in count)
            v[++m] = total[t, a, k, r] / count[t, a, r]
    if (!m || !count[t, a, 0])
        return
    sort(v, m)
    printf "%s\t%s\t%s\t%d\t%.5f\t%.5f\t%.5f\n", t, arm[a], metric[k], \
        count[t, a, 0], total[t, a, k, 0] / count[t, a, 0], \
        quantile(v, m, 0.025), quantile(v, m, 0.975)
}

END {
    for (r = 0; r <= n; r++)
        replicate(r)
    task[++n_tasks] = "all"
    for (t = n_tasks; t >= 1; t--)
        for (a = 1; a <= n_arms; a++)
            for (k = 1; k <= n_metrics; k++)
                show(task[t], a, k)
}
