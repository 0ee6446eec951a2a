import {
  logBetaBinomialLowerTail,
  logBetaBinomialUpperTail,
  logBinomialLowerTail,
  logBinomialUpperTail,
  logHypergeometricLowerTail,
  logHypergeometricUpperTail,
  logIncompleteBeta,
  logIncompleteGamma,
  logNormalUpperTail,
  logPoissonLowerTail,
  logPoissonUpperTail,
  Random,
} from '@phalanx/stats';
import type { Suite } from './suite.js';

const CASES = 500;
/** What the package states: error of ln P at most 1e-12 * max(1, |ln P|) for counts up to 1e6. */
const STATED = 1e-12;
const PACKAGES = ['gmpy2==2.3.2', 'mpmath==1.4.1', 'numpy==2.4.6', 'scipy==1.17.1'];

type Arguments = readonly number[];

interface Tail {
  readonly of: (...args: number[]) => number;
  readonly draw: (random: Random) => Arguments;
}

const below = (random: Random, limit: number) => Math.floor(random.uniform() * limit);
/** Between 1 and `limit`, its logarithm uniform. */
const spread = (random: Random, limit: number) => Math.floor(limit ** random.uniform());
const real = (random: Random, low: number, high: number) => low * (high / low) ** random.uniform();

function drawBinomial(random: Random): Arguments {
  const n = spread(random, 5000);
  return [below(random, n + 1), n, random.uniform() < 0.3 ? real(random, 1e-9, 0.1) : random.uniform()];
}

function drawPoisson(random: Random): Arguments {
  const rate = real(random, 1e-3, 1000);
  return [below(random, 3 * rate + 20), rate];
}

function drawHypergeometric(random: Random): Arguments {
  const population = spread(random, 5000);
  const marked = below(random, population + 1);
  const draws = below(random, population + 1);
  const low = Math.max(0, draws + marked - population);
  return [low + below(random, Math.min(draws, marked) - low + 1), population, marked, draws];
}

function drawBetaBinomial(random: Random): Arguments {
  const n = spread(random, 1000);
  return [below(random, n + 1), n, real(random, 0.05, 300), real(random, 0.05, 300)];
}

const drawGamma = (random: Random): Arguments => {
  const a = real(random, 0.05, 1000);
  return [a, a * real(random, 0.2, 2)];
};
const drawBeta = (random: Random): Arguments => [
  real(random, 0.05, 3000),
  real(random, 0.05, 3000),
  random.uniform(),
];

const TAILS: Readonly<Record<string, Tail>> = {
  'binomial upper': { of: logBinomialUpperTail, draw: drawBinomial },
  'binomial lower': { of: logBinomialLowerTail, draw: drawBinomial },
  'poisson upper': { of: logPoissonUpperTail, draw: drawPoisson },
  'poisson lower': { of: logPoissonLowerTail, draw: drawPoisson },
  'hypergeometric upper': { of: logHypergeometricUpperTail, draw: drawHypergeometric },
  'hypergeometric lower': { of: logHypergeometricLowerTail, draw: drawHypergeometric },
  'beta-binomial upper': { of: logBetaBinomialUpperTail, draw: drawBetaBinomial },
  'beta-binomial lower': { of: logBetaBinomialLowerTail, draw: drawBetaBinomial },
  'gamma upper': { of: (a, x) => logIncompleteGamma(a, x).logUpper, draw: drawGamma },
  'gamma lower': { of: (a, x) => logIncompleteGamma(a, x).logLower, draw: drawGamma },
  'beta upper': { of: (a, b, x) => logIncompleteBeta(a, b, x).logUpper, draw: drawBeta },
  'beta lower': { of: (a, b, x) => logIncompleteBeta(a, b, x).logLower, draw: drawBeta },
  'normal upper': { of: logNormalUpperTail, draw: (random) => [(random.uniform() - 0.3) * 200] },
};

/** One answer of `python/tails.py`: ln P from mpmath, and from scipy where it has one. */
interface Reference {
  readonly exact: string;
  readonly scipy: number | null;
}

/** Random tails against mpmath at 40 digits; how far scipy is from it is printed beside. */
export const tails: Suite = {
  name: 'tails',
  what: 'ln P of random tails of packages/stats against mpmath (arbiter) and scipy (printed)',
  async run(checks, { python }) {
    const peer = await python.open(PACKAGES);
    if (typeof peer === 'string') return checks.skip(peer);
    const random = new Random(2026);
    const asked = Object.entries(TAILS).map(([name, { draw }]) => ({
      name,
      cases: Array.from({ length: CASES }, () => draw(random)),
    }));
    const answers: Record<string, Reference[]> = JSON.parse(
      await peer.run('tails.py', [], JSON.stringify(asked)),
    );
    for (const { name, cases } of asked) {
      let worst = 0;
      let worstCase = '';
      let relative = 0;
      let scipyOff = 0;
      for (const [i, args] of cases.entries()) {
        const { exact: text, scipy } = answers[name]![i]!;
        const exact = Number(text);
        const found = TAILS[name]!.of(...args);
        const error = found === exact ? 0 : Math.abs(found - exact) / Math.max(1, Math.abs(exact));
        if (!(error <= worst)) {
          worst = error;
          worstCase = `${name}(${args.join(', ')}) = ${found}, mpmath ${text}`;
        }
        // Below 1e-290 a logarithm of a probability near 1 is itself near the smallest double.
        if (Math.abs(exact) > 1e-290)
          relative = Math.max(relative, Math.abs(found - exact) / Math.abs(exact));
        if (scipy !== null && !(Math.abs(scipy - exact) <= 1e-9 * Math.max(1, Math.abs(exact)))) scipyOff++;
        if (scipy === null) scipyOff++;
      }
      checks.check(`${name}: ${CASES} random arguments`, worst <= STATED, () => worstCase);
      checks.note(
        `${name}: error at most ${worst.toExponential(1)} of max(1, |ln P|), ${relative.toExponential(1)} of ln P; scipy off by more than 1e-9 in ${scipyOff} of ${CASES}`,
      );
    }
  },
};
