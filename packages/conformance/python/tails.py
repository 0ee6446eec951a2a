"""ln P of tails by mpmath at 40 digits, and by scipy. Reads [{name, cases}], writes {name: [{exact, scipy}]}."""

import json
import math
import sys
import warnings

from mpmath import beta, binomial, erfc, exp, factorial, log, mp, mpf, sqrt
from scipy import stats

warnings.simplefilter("ignore")
mp.dps = 40


def total(first, ratio, start, stop, step):
    """Sum of a series of positive terms from its first term and the quotient of neighbours; stops when nothing is added."""
    term = first
    result = first
    index = start
    while index != stop and term:
        q = ratio(index)
        term *= q
        index += step
        result += term
        if q < 1 and term < result * (1 - q) * mpf(10) ** -38:
            break
    return result


def binomial_side(k, n, p, upper):
    p = mpf(p)
    q = 1 - p
    if k > n or k < 0 or p == 0 or p == 1:
        raise ValueError("outside")
    first = binomial(n, k) * p**k * q ** (n - k)
    if upper:
        return total(first, lambda j: mpf(n - j) / (j + 1) * p / q, k, n, 1)
    return total(first, lambda j: mpf(j) / (n - j + 1) * q / p, k, 0, -1)


def poisson_side(k, rate, upper):
    rate = mpf(rate)
    first = exp(-rate) * rate**k / factorial(k)
    if upper:
        return total(first, lambda j: rate / (j + 1), k, -1, 1)
    return total(first, lambda j: j / rate, k, 0, -1)


def hypergeometric_side(k, population, marked, draws, upper):
    low = max(0, draws + marked - population)
    high = min(draws, marked)
    rest = population - marked
    first = binomial(marked, k) * binomial(rest, draws - k) / binomial(population, draws)

    def up(j):
        return mpf(marked - j) * (draws - j) / ((j + 1) * mpf(rest - draws + j + 1))

    if upper:
        return total(first, up, k, high, 1)
    return total(first, lambda j: 1 / up(j - 1), k, low, -1)


def beta_binomial_side(k, n, a, b, upper):
    a, b = mpf(a), mpf(b)
    first = binomial(n, k) * beta(k + a, n - k + b) / beta(a, b)

    def up(j):
        return mpf(n - j) / (j + 1) * (a + j) / (n - j - 1 + b)

    result = first
    term = first
    j = k
    while j != (n if upper else 0):
        term *= up(j) if upper else 1 / up(j - 1)
        j += 1 if upper else -1
        result += term
    return result


def ln(tail, complement):
    """ln of a tail; from the other side where it is nearly one."""
    return log(tail) if tail < mpf("0.5") or complement is None else mp.log1p(-complement())


def exact(name, args):
    kind, side = name.rsplit(" ", 1)
    upper = side == "upper"
    if kind == "binomial":
        k, n, p = args
        other = (lambda: binomial_side(k - 1, n, p, False) if k > 0 else 0) if upper else (lambda: binomial_side(k + 1, n, p, True) if k < n else 0)
        return ln(binomial_side(k, n, p, upper), other)
    if kind == "poisson":
        k, rate = args
        other = (lambda: poisson_side(k - 1, rate, False) if k > 0 else 0) if upper else (lambda: poisson_side(k + 1, rate, True))
        return ln(poisson_side(k, rate, upper), other)
    if kind == "hypergeometric":
        k, population, marked, draws = args
        low, high = max(0, draws + marked - population), min(draws, marked)
        rest = (population, marked, draws)
        other = (lambda: hypergeometric_side(k - 1, *rest, False) if k > low else 0) if upper else (lambda: hypergeometric_side(k + 1, *rest, True) if k < high else 0)
        return ln(hypergeometric_side(k, *rest, upper), other)
    if kind == "beta-binomial":
        k, n, a, b = args
        other = (lambda: beta_binomial_side(k - 1, n, a, b, False) if k > 0 else 0) if upper else (lambda: beta_binomial_side(k + 1, n, a, b, True) if k < n else 0)
        return ln(beta_binomial_side(k, n, a, b, upper), other)
    if kind == "gamma":
        return gamma_side(args[0], args[1], upper)
    if kind == "beta":
        return beta_side(args[0], args[1], args[2], upper)
    return log(erfc(mpf(args[0]) / sqrt(2)) / 2) if args[0] > 0 else mp.log1p(-erfc(-mpf(args[0]) / sqrt(2)) / 2)


def gamma_side(a, x, upper):
    """Lower: x^a e^-x / Gamma(a + 1) * sum x^n / (a + 1)_n, all terms positive. Upper: its complement at more digits."""
    a, x = mpf(a), mpf(x)
    lower = total(mpf(1), lambda n: x / (a + n + 1), 0, -1, 1) * exp(a * log(x) - x - mp.loggamma(a + 1))
    if not upper:
        return log(lower) if lower < mpf("0.5") else mp.log1p(-gamma_upper(a, x))
    return mp.log1p(-lower) if lower < mpf("0.5") else log(gamma_upper(a, x))


def gamma_upper(a, x):
    with mp.workdps(80 + int(abs(a - x) ** 2 / (a + x))):
        lower = total_at(lambda n: x / (a + n + 1)) * exp(a * log(x) - x - mp.loggamma(a + 1))
        return 1 - lower


def beta_side(a, b, x, upper):
    """The side away from the mean by its series, the other as the complement; 1 - x is taken exactly."""
    a, b, x = mpf(a), mpf(b), mpf(x)
    if x < a / (a + b):
        small, is_lower = beta_lower(a, b, x), True
    else:
        small, is_lower = beta_lower(b, a, 1 - x), False
    return log(small) if is_lower != upper else mp.log1p(-small)


def beta_lower(a, b, x):
    """x^a (1-x)^b / (a B(a, b)) * sum (a + b)_n x^n / (a + 1)_n, all terms positive."""
    front = exp(a * log(x) + b * mp.log1p(-x) - log(a) - (mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)))
    return front * total(mpf(1), lambda n: (a + b + n) * x / (a + n + 1), 0, -1, 1)


def total_at(ratio):
    term = mpf(1)
    result = mpf(1)
    n = 0
    while True:
        q = ratio(n)
        term *= q
        result += term
        n += 1
        if q < 1 and term < result * (1 - q) * mpf(10) ** (-mp.dps):
            return result


SCIPY = {
    "binomial upper": lambda k, n, p: stats.binom.logsf(k - 1, n, p),
    "binomial lower": lambda k, n, p: stats.binom.logcdf(k, n, p),
    "poisson upper": lambda k, rate: stats.poisson.logsf(k - 1, rate),
    "poisson lower": lambda k, rate: stats.poisson.logcdf(k, rate),
    "hypergeometric upper": lambda k, population, marked, draws: stats.hypergeom.logsf(k - 1, population, marked, draws),
    "hypergeometric lower": lambda k, population, marked, draws: stats.hypergeom.logcdf(k, population, marked, draws),
    "beta-binomial upper": lambda k, n, a, b: stats.betabinom.logsf(k - 1, n, a, b),
    "beta-binomial lower": lambda k, n, a, b: stats.betabinom.logcdf(k, n, a, b),
    "gamma upper": lambda a, x: stats.gamma.logsf(x, a),
    "gamma lower": lambda a, x: stats.gamma.logcdf(x, a),
    "beta upper": lambda a, b, x: stats.beta.logsf(x, a, b),
    "beta lower": lambda a, b, x: stats.beta.logcdf(x, a, b),
    "normal upper": lambda x: stats.norm.logsf(x),
}


def by_scipy(name, args):
    value = float(SCIPY[name](*args))
    return value if math.isfinite(value) else None


answers = {}
for item in json.load(sys.stdin):
    answers[item["name"]] = [
        {"exact": mp.nstr(exact(item["name"], args), 25), "scipy": by_scipy(item["name"], args)} for args in item["cases"]
    ]
json.dump(answers, sys.stdout)
