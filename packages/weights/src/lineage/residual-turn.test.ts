import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { multiplyByItself, multiplyRows, transpose } from '../kernels/inner-products.js';
import { findPolarFactor } from './polar-factor.js';
import { chooseStep, iteratePolarFactor } from './polar-iteration.js';
import { findResidualTurn, prepareTurn } from './residual-turn.js';
import { openNumbers } from './small-llama.test.support.js';

const [TOKENS, WIDTH] = [1_056, 516];

/** An embedding alone, with columns of very different sizes. */
function drawEmbedding(seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from(
    { length: TOKENS * WIDTH },
    (_, at) => random.normal() * 10 ** (-(at % WIDTH) / WIDTH),
  );
}

const open = (values: Float32Array, shape: readonly number[] = [TOKENS, WIDTH]) =>
  openNumbers(new Map([['model.embed_tokens.weight', { shape, values }]]));

/** Three reflections, one after another: dense, and cheap to apply. */
function reflect(values: Float32Array, seed: number): Float32Array {
  const random = new Random(seed);
  const out = values.slice();
  for (let mirror = 0; mirror < 3; mirror++) {
    const v = Float64Array.from({ length: WIDTH }, () => random.normal());
    const square = v.reduce((sum, x) => sum + x * x, 0);
    for (let at = 0; at < out.length; at += WIDTH) {
      let sum = 0;
      for (let i = 0; i < WIDTH; i++) sum += out[at + i]! * v[i]!;
      for (let i = 0; i < WIDTH; i++) out[at + i]! -= (2 * sum * v[i]!) / square;
    }
  }
  return out;
}

const spoil = (values: Float32Array, share: number) => {
  const random = new Random(9);
  return values.map((value) => value * (1 + share * random.normal()));
};

describe('the turn of wide streams', () => {
  const mine = drawEmbedding(1);

  it('is an order of dimensions where they only moved, some of them zero everywhere', async () => {
    const random = new Random(4);
    const places = random.shuffle(Int32Array.from({ length: WIDTH }, (_, i) => i));
    const left = mine.map((value, at) => (at % WIDTH === 7 || at % WIDTH === 8 ? 0 : value));
    const moved = new Float32Array(left.length);
    for (let at = 0; at < left.length; at += WIDTH)
      for (let i = 0; i < WIDTH; i++) moved[at + places[i]!] = (i % 3 === 0 ? -1 : 1) * left[at + i]!;
    const turn = await findResidualTurn(await open(left), await open(spoil(moved, 0.01)));
    expect(turn.order).toBeDefined();
    for (let i = 0; i < WIDTH; i++)
      if (i !== 7 && i !== 8) {
        expect(turn.order!.places[i]).toBe(places[i]);
        expect(turn.order!.signs[i]).toBe(i % 3 === 0 ? -1 : 1);
      }
    expect(turn.residual).toBeGreaterThan(0.008);
    expect(turn.residual).toBeLessThan(0.012);
    const rows = { rows: 2, columns: WIDTH, values: moved.slice(0, 2 * WIDTH) };
    const dense = prepareTurn({ dimensions: WIDTH, matrix: turn.matrix })(rows).values;
    expect([...prepareTurn(turn)(rows).values]).toEqual([...dense]);
  });

  // Three reflections leave most dimensions nearly where they were: an order explains nine tenths, and must not be taken.
  it('is found by products where it is dense', async () => {
    const turn = await findResidualTurn(await open(mine), await open(reflect(mine, 2)));
    expect(turn.order).toBeUndefined();
    expect(turn.residual).toBeLessThan(1e-4);
    const rows = { rows: WIDTH, columns: WIDTH, values: turn.matrix as Float32Array };
    const gram = multiplyByItself(rows).values;
    const off = gram.map((value, at) => Math.abs(value - (at % (WIDTH + 1) === 0 ? 1 : 0)));
    expect(off.reduce((most, value) => Math.max(most, value), 0)).toBeLessThan(1e-4);
  });

  it('is refused above 8,192 dimensions, and where nothing spans them', async () => {
    const wide = () => open(new Float32Array(16 * 8_193), [16, 8_193]);
    await expect(findResidualTurn(await wide(), await wide())).rejects.toMatchObject({
      code: 'WEIGHTS_LIMIT',
    });
    const few = () => open(mine.slice(0, 100 * WIDTH), [100, WIDTH]);
    const other = open(reflect(mine, 2).slice(0, 100 * WIDTH), [100, WIDTH]);
    await expect(findResidualTurn(await few(), await other)).rejects.toMatchObject({
      code: 'WEIGHTS_ARGUMENT',
    });
  });
});

describe('the polar factor by products', () => {
  it('is that by inversions', () => {
    const random = new Random(6);
    const size = 96;
    const draw = () => Float32Array.from({ length: size * size }, () => random.normal());
    const stretch = draw().map((value, at) => value * 10 ** ((-1.5 * (at % size)) / size));
    const square = (values: Float32Array) => ({ rows: size, columns: size, values });
    const { values } = multiplyRows(square(stretch), transpose(square(draw())));
    const exact = findPolarFactor(Float64Array.from(values), size);
    const found = iteratePolarFactor(values, size);
    for (const [at, value] of found.entries()) expect(Math.abs(value - exact[at]!)).toBeLessThan(2e-4);
    const singular = values.map((value, at) => (at < size ? 0 : value));
    expect(() => iteratePolarFactor(singular, size)).toThrow(/singular/);
    expect(() =>
      iteratePolarFactor(
        values.map(() => Number.NaN),
        size,
      ),
    ).toThrow(/singular/);
  });

  it('takes steps whose error is level: at both ends and where the slope is zero', () => {
    for (const low of [1e-4, 1e-3, 0.03, 0.5, 0.9]) {
      const { a, b, c, next } = chooseStep(low);
      const at = (x: number) => a * x + b * x ** 3 + c * x ** 5;
      const all = Array.from({ length: 20_001 }, (_, i) => at(low + ((1 - low) * i) / 20_000));
      expect(Math.max(...all)).toBeCloseTo(1, 8);
      expect(Math.min(...all)).toBeCloseTo(next, 8);
      expect(at(low)).toBeCloseTo(next, 8);
      expect(at(1)).toBeCloseTo(1, 8);
    }
  });
});
