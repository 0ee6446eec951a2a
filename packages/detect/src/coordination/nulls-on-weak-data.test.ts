import { logBinomialUpperTail, Random } from '@phalanx/stats';
import { expect, it } from 'vitest';
import { columnTotals, fromTriplets } from '../population/sparse-counts.js';
import { stepComponentEvenness } from './component-evenness.js';
import { stepEvenMixture } from './even-mixture-test.js';

const RUNS = 60;
const CELLS = 60;
const ZIPF = Float64Array.from({ length: CELLS }, (_, c) => 1 / (c + 1));

function expectHonest(logE: (random: Random) => number): void {
  const values = Array.from({ length: RUNS }, (_, i) => logE(new Random(5000 + i)));
  for (const x of [10, 100]) {
    const reached = values.filter((value) => value >= Math.log(x)).length;
    expect(logBinomialUpperTail(reached, RUNS, 1 / x), `${reached} of ${RUNS} reach ${x}`).toBeGreaterThan(
      Math.log(0.001),
    );
  }
}

it('grants a large campus with one or two requests a slot', () => {
  expectHonest((random) => {
    const around = (base: Float64Array, concentration: number) => {
      const total = base.reduce((a, b) => a + b, 0);
      return random.dirichlet(base.map((b) => (concentration * b) / total));
    };
    const campus = around(ZIPF, 5);
    const tastes = Array.from({ length: 400 }, (_, a) => (a < 200 ? around(campus, 30) : around(ZIPF, 2)));
    const rates = tastes.map(() => 1 + random.integer(2));
    const [history, slot] = [0, 1].map(() => {
      const cells = tastes.flatMap((taste, a) =>
        [...random.multinomial(rates[a]!, taste)]
          .map((n, c) => [a, c, n] as const)
          .filter(([, , n]) => n > 0),
      );
      return fromTriplets(
        400,
        CELLS,
        cells.map((x) => x[0]),
        cells.map((x) => x[1]),
        cells.map((x) => x[2]),
      );
    });
    const totals = columnTotals(history!).map((n) => n + 0.5);
    const mix = totals.map((n) => n / totals.reduce((a, b) => a + b, 0));
    return stepEvenMixture(
      Int32Array.from({ length: 200 }, (_, m) => m),
      history!,
      slot!,
      mix,
    );
  });
});

it.each([[1.5], [5]])('grants 300 accounts of concentration 19 with %f requests a slot', (rate) => {
  expectHonest((random) => {
    const shares = Array.from({ length: 300 }, () => random.beta(1.9, 17.1));
    const count = () => {
      const all = Float64Array.from(shares, () => random.poisson(rate));
      return { all, inside: all.map((n, m) => random.binomial(n, shares[m]!)) };
    };
    const [past, slot] = [count(), count()];
    return stepComponentEvenness({
      pastInside: past.inside,
      pastAll: past.all,
      slotInside: slot.inside,
      slotAll: slot.all,
    });
  });
});
