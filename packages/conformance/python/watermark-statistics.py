"""ln P of weighted sums of binomials by exact integers, and of two gammas by partial fractions. Reads {binomial, gamma}, writes the same names."""

import json
import sys
from math import comb

from gmpy2 import mpz
from mpmath import exp, log, mp, mpf, nstr


def weighted_binomial(weights, count, numerator, denominator, threshold):
    """The product of ((b - a) + a x^w)^n as one integer, its coefficients far enough apart not to touch."""
    digits = (denominator.bit_length() + 1) * count * len(weights) + 8
    total = mpz(1)
    for weight in weights:
        total *= ((denominator - numerator) + (mpz(numerator) << (digits * weight))) ** count
    # The sum of the coefficients is the remainder by what their base is one more than.
    mass = (total >> (digits * threshold)) % ((mpz(1) << digits) - 1)
    return log(mpf(int(mass)) / mpf(denominator) ** (count * len(weights))) if mass else None


def erlang_tail(shape, y):
    """P(gamma(shape) >= y) = e^-y sum of y^j / j!"""
    term = mpf(1)
    total = mpf(1)
    for j in range(1, shape):
        term *= y / j
        total += term
    return exp(-y) * total


def two_gammas(x, n, a, m, b):
    """Partial fractions of (1 - a t)^-n (1 - b t)^-m; terms alternate, so the digits grow with the shapes."""
    mp.dps = 60 + 3 * (n + m)
    x, a, b = mpf(x), mpf(a), mpf(b)

    def side(n, a, m, b):
        c, d = (a - b) / a, b / (a - b)
        return sum(c**-m * (-1) ** j * comb(m + j - 1, j) * d**j * erlang_tail(n - j, x / a) for j in range(n))

    result = log(side(n, a, m, b) + side(m, b, n, a))
    mp.dps = 40
    return result


mp.dps = 40
asked = json.load(sys.stdin)
answer = {
    "binomial": [weighted_binomial(*case) for case in asked["binomial"]],
    "gamma": [two_gammas(*case) for case in asked["gamma"]],
}
json.dump({name: [None if v is None else nstr(v, 25) for v in values] for name, values in answer.items()}, sys.stdout)
