/* SPDX-License-Identifier: MIT */
/*
 * exp, log, sin and cos from +, -, * and / on doubles alone, which IEEE 754
 * fixes to the bit (the build forbids contraction to fused operations).
 *
 * Reductions and polynomial coefficients are those of fdlibm (Sun
 * Microsystems 1993: e_exp.c, e_log.c, k_sin.c, k_cos.c), whose comments prove
 * the error bounds.
 */
#include "hyt/base.h"

#include <math.h>
#include <string.h>

/* log 2 in two parts; the first has 32 bits, so that k * LN2_HI is exact. */
#define LN2_HI 0x1.62e42fee00000p-1
#define LN2_LO 0x1.a39ef35793c76p-33

/* pi / 2 in three parts of 33, 33 and 53 bits: n * part is exact for the
 * first two while |n| < 2^20. */
#define HALF_PI_1 0x1.921fb54400000p+0
#define HALF_PI_2 0x1.0b4611a600000p-34
#define HALF_PI_3 0x1.3198a2e037073p-69

/* The nearest whole number, ties to even: adding 1.5 * 2^52 leaves no bits
 * for a fraction.  For |x| < 2^51. */
static double nearest(double x)
{
    const double shift = 0x1.8p52;

    return (x + shift) - shift;
}

/* y * 2^k. */
static double scale(double y, int k)
{
    uint64_t bits;
    double power;

    if (k < -1021 || k > 1023)
        return ldexp(y, k);
    bits = (uint64_t)(k + 1023) << 52;
    memcpy(&power, &bits, sizeof power);
    return y * power;
}

/*
 * x = k log 2 + r, |r| <= log(2)/2;  r = hi - lo.
 *
 *     exp(r) = 1 + 2r / (R(r) - r),  R(r) = r (e^r + 1) / (e^r - 1)
 *            = 1 + r + r c / (2 - c),  c = r - (R(r) - 2)
 */
double hyt_exp(double x)
{
    double k, hi, lo, r, t, c;

    if (x != x)
        return x;
    if (x > 0x1.62e42fefa39efp+9) /* log(DBL_MAX) */
        return (double)INFINITY;
    if (x < -0x1.74910d52d3051p+9) /* log of half the smallest double */
        return 0;
    k = nearest(x * 0x1.71547652b82fep+0);
    hi = x - k * LN2_HI;
    lo = k * LN2_LO;
    r = hi - lo;
    t = r * r;
    c = 0x1.6376972bea4d0p-25;
    c = c * t + -0x1.bbd41c5d26bf1p-20;
    c = c * t + 0x1.1566aaf25de2cp-14;
    c = c * t + -0x1.6c16c16bebd93p-9;
    c = c * t + 0x1.555555555553ep-3;
    c = r - c * t;
    return scale(1 - ((lo - r * c / (2 - c)) - hi), (int)k);
}

/*
 * x = 2^k (1 + f), sqrt(1/2) < 1 + f < sqrt(2);  s = f / (2 + f).
 *
 *     log(1 + f) = 2s + 2/3 s^3 + ... = f - (f^2/2 - s (f^2/2 + R(s^2)))
 */
double hyt_log(double x)
{
    const uint64_t fraction = 0xFFFFFFFFFFFFFu, one = 0x3FF0000000000000u;
    uint64_t bits;
    double f, s, z, p, half, dk;
    int k = 0;

    if (x == 0)
        return -(double)INFINITY;
    if (x < 0)
        return (double)NAN;
    if (x != x || x > 0x1.fffffffffffffp+1023)
        return x;
    if (x < 0x1p-1022) { /* subnormal */
        x *= 0x1p54;
        k = -54;
    }
    memcpy(&bits, &x, sizeof bits);
    k += (int)(bits >> 52) - 1023;
    bits = (bits & fraction) | one;
    memcpy(&f, &bits, sizeof f);
    if (f > 0x1.6a09e667f3bcdp+0) { /* sqrt(2) */
        f *= 0.5;
        k++;
    }
    f -= 1;
    s = f / (2 + f);
    z = s * s;
    p = 0x1.2f112df3e5244p-3;
    p = p * z + 0x1.39a09d078c69fp-3;
    p = p * z + 0x1.7466496cb03dep-3;
    p = p * z + 0x1.c71c51d8e78afp-3;
    p = p * z + 0x1.2492494229359p-2;
    p = p * z + 0x1.999999997fa04p-2;
    p = p * z + 0x1.5555555555593p-1;
    half = 0.5 * f * f;
    dk = k;
    return dk * LN2_HI - ((half - (s * (half + p * z) + dk * LN2_LO)) - f);
}

/* sin(x + y) for |x| <= pi/4, y the tail of x. */
static double sine_of(double x, double y)
{
    const double z = x * x;
    double p = 0x1.5d93a5acfd57cp-33;

    p = p * z + -0x1.ae5e68a2b9cebp-26;
    p = p * z + 0x1.71de357b1fe7dp-19;
    p = p * z + -0x1.a01a019c161d5p-13;
    p = p * z + 0x1.111111110f8a6p-7;
    return x -
           ((z * (0.5 * y - z * x * p) - y) - z * x * -0x1.5555555555549p-3);
}

/* cos(x + y) for |x| <= pi/4: 1 - z/2 is split so that what rounding takes
 * from it is given back. */
static double cosine_of(double x, double y)
{
    const double z = x * x;
    const double half = 0.5 * z;
    const double w = 1 - half;
    double p = -0x1.8fae9be8838d4p-37;

    p = p * z + 0x1.1ee9ebdb4b1c4p-29;
    p = p * z + -0x1.27e4f809c52adp-22;
    p = p * z + 0x1.a01a019cb1590p-16;
    p = p * z + -0x1.6c16c16c15177p-10;
    p = p * z + 0x1.555555555554cp-5;
    return w + (((1 - w) - half) + (z * z * p - x * y));
}

void hyt_sincos(double x, double *sine, double *cosine)
{
    const double two_pi = 0x1.921fb54442d18p+2;
    double n, a, b, r, tail, s, c;

    if (!(fabs(x) <= 0x1.fffffffffffffp+1023)) {
        *sine = *cosine = (double)NAN;
        return;
    }
    if (fabs(x) >= 0x1p20) /* stays bounded; accuracy is gone */
        x = fmod(x, two_pi);
    n = nearest(x * 0x1.45f306dc9c883p-1);
    /* x - n pi/2 = r + tail; each line keeps what the rounding of its
     * difference dropped. */
    a = x - n * HALF_PI_1;
    b = n * HALF_PI_2;
    r = a - b;
    tail = ((a - r) - b) - n * HALF_PI_3;
    a = r;
    r = a + tail;
    tail = (a - r) + tail;
    s = sine_of(r, tail);
    c = cosine_of(r, tail);
    switch ((int)n & 3) {
    case 0:
        *sine = s;
        *cosine = c;
        break;
    case 1:
        *sine = c;
        *cosine = -s;
        break;
    case 2:
        *sine = -s;
        *cosine = -c;
        break;
    default:
        *sine = -c;
        *cosine = s;
    }
}
