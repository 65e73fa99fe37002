# SPDX-License-Identifier: MIT
#
# means.awk - means over seeds with 95 % intervals, by task and over all tasks
#
# Reads TASK ARM TRACES SEED SET METRIC VALUE, parted by tabs, and writes TASK
# ARM TRACES SET METRIC SEEDS MEAN HALF: the interval is MEAN +- HALF (Student's t),
# HALF is empty for one seed. Task "all": for each seed the mean over the tasks.

BEGIN {
    FS = OFS = "\t"
    split("12.706 4.303 3.182 2.776 2.571 2.447 2.365 2.306 2.262 2.228 " \
        "2.201 2.179 2.160 2.145 2.131 2.120 2.110 2.101 2.093 2.086 2.080 " \
        "2.074 2.069 2.064 2.060 2.056 2.052 2.048 2.045", t, " ")
}

function take(task, seed, value,   k)
{
    k = task OFS $2 OFS $3 OFS $5 OFS $6
    if (!(k in n))
        order[++keys] = k
    n[k]++
    sum[k] += value
    square[k] += value * value
}

{
    take($1, $4, $7)
    k = $2 OFS $3 OFS $5 OFS $6 OFS $4
    if (!(k in pooled))
        all[++pools] = k
    pooled[k] += $7
    tasks[k]++
    if (tasks[k] > most)
        most = tasks[k]
}

END {
    for (i = 1; i <= pools; i++)
        if (tasks[all[i]] == most && most > 1) {
            split(all[i], f, OFS)
            $2 = f[1]; $3 = f[2]; $5 = f[3]; $6 = f[4]
            take("all", f[5], pooled[all[i]] / most)
        }
    for (i = 1; i <= keys; i++) {
        k = order[i]
        m = sum[k] / n[k]
        v = n[k] > 1 ? (square[k] - n[k] * m * m) / (n[k] - 1) : 0
        half = n[k] < 2 ? "" : (n[k] <= 30 ? t[n[k] - 1] : \
            1.96 + 2.4 / (n[k] - 1)) * sqrt((v > 0 ? v : 0) / n[k])
        print k, n[k], m, half
    }
}
