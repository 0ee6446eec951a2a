import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { findAnalyticReason } from './analytic-tensor.js';
import { compareLineage } from './lineage-report.js';
import { chooseAnchors, sketchLayer } from './neuron-sketch.js';
import { findPolarFactor } from './polar-factor.js';
import { findResidualTurn, realignLayer } from './realignment.js';
import { compareSketches } from './sketch-comparison.js';
import { decodeSketch, encodeSketch } from './sketch-file.js';
import {
  addNoise,
  drawLlama,
  type Numbers,
  openNumbers,
  SIZES,
  shiftNeurons,
  stackLayers,
} from './small-llama.test.support.js';

const parent = drawLlama(1);
const anchors = 16;

describe('lineage', () => {
  it('calls a noisy child derived, with its parts', async () => {
    const report = await compareLineage(
      await openNumbers(parent),
      await openNumbers(addNoise(parent, 0.1, 2)),
    );
    expect(report.verdict).toBe('derived');
    expect(report.disguise).toBeNull();
    const parts = report.exact.tests.map(({ part }) => part).sort();
    expect(parts).toEqual(['down', 'embedding', 'gate', 'key', 'output', 'query', 'up', 'value']);
    const gate = report.exact.tests.find(({ part }) => part === 'gate')!;
    expect(gate).toMatchObject({ groups: 3, units: 120, matches: 120, kind: 'mlp-neuron' });
    expect(report.log10P).toBeLessThan(-100);
    expect(report.exact.excluded.every(({ reason }) => reason === 'one number a unit')).toBe(true);
  });

  it('says nothing of strangers', async () => {
    const report = await compareLineage(await openNumbers(parent), await openNumbers(drawLlama(3)), {
      anchors,
    });
    expect(report.verdict).toBe('nothing shared seen');
    expect(report.log10P).toBeGreaterThan(-2);
    expect(report.disguise!.agreed).toBeLessThan(6);
  });

  it('finds convolutions again under other names', async () => {
    const draw = (name: string, seed: number, noise = 0): Numbers => {
      const random = new Random(seed);
      const disturb = new Random(seed + 100);
      return new Map(
        [0, 1, 2].map((i) => {
          const values = Float32Array.from({ length: 32 * 8 * 3 }, () => random.normal());
          return [
            `${name}${i}`,
            { shape: [32, 8, 3], values: values.map((v) => v + noise * disturb.normal()) },
          ];
        }),
      );
    };
    const left = await openNumbers(draw('encoder.', 1));
    const child = await compareLineage(left, await openNumbers(draw('onnx::Conv_', 1, 0.2)));
    expect(child).toMatchObject({ verdict: 'derived', share: 1 });
    expect(child.exact.tests).toHaveLength(9);
    const stranger = await compareLineage(left, await openNumbers(draw('onnx::Conv_', 2)));
    expect(stranger.verdict).toBe('nothing shared seen');
    expect(stranger.log10P).toBeGreaterThan(-2);
  });

  it('takes no more pairs of a file with thousands of convolutions of one shape', async () => {
    const random = new Random(4);
    const draw = (name: string, count: number): Numbers =>
      new Map(
        Array.from({ length: count }, (_, i) => {
          const values = Float32Array.from({ length: 128 }, () => random.normal());
          return [`${name}${i}`, { shape: [16, 8, 1], values }];
        }),
      );
    const [some, many] = [await openNumbers(draw('a', 1_500)), await openNumbers(draw('b', 5_000))];
    for (const pair of [
      [some, many],
      [many, some],
    ] as const) {
      const { exact, verdict } = await compareLineage(...pair);
      expect(exact.tests).toHaveLength(1_000);
      expect(verdict).toBe('nothing shared seen');
    }
  });

  it('finds neurons again that were moved, scaled and turned over, and puts them back', async () => {
    const [left, right] = [await openNumbers(parent), await openNumbers(shiftNeurons(parent))];
    const { verdict, share, disguise } = await compareLineage(left, right, { anchors });
    expect(verdict).toBe('derived in disguise');
    expect(share!).toBeLessThan(0.2);
    expect(disguise!.agreed).toBe(SIZES.hidden * SIZES.layers);
    expect(disguise!.crossLayer!.agreed).toBeLessThan(6);
    const partners = disguise!.comparisons[0]!.partners;
    expect([...partners]).toEqual(Array.from({ length: 40 }, (_, i) => (i + 39) % 40));
    const turn = await findResidualTurn(left, right);
    expect(turn.residual).toBeLessThan(1e-5);
    for (const part of await realignLayer(left, right, disguise!.comparisons[0]!, turn))
      expect(part.residual).toBeLessThan(1e-5);
  });

  it('finds layers again that were hidden and moved, dropped or doubled', async () => {
    for (const order of [
      [2, 0],
      [1, 2, 0],
      [0, 1, 2, 1],
    ]) {
      const right = await openNumbers(stackLayers(shiftNeurons(parent), order));
      const { verdict, disguise } = await compareLineage(await openNumbers(parent), right, { anchors });
      expect(verdict).toBe('derived in disguise');
      expect(disguise!.agreed).toBe(disguise!.neurons);
      const found = disguise!.comparisons.map(({ leftLayer, rightLayer }) => order[rightLayer] === leftLayer);
      expect(found).toEqual(Array(Math.min(3, order.length)).fill(true));
    }
    const stranger = await openNumbers(stackLayers(drawLlama(3), [2, 0]));
    const { verdict, disguise } = await compareLineage(await openNumbers(parent), stranger, { anchors });
    expect(verdict).toBe('nothing shared seen');
    expect(disguise!.agreed).toBeLessThan(4);
  });

  it('reads no more than its sample of layers that are long', async () => {
    const [left, right] = [await openNumbers(parent), await openNumbers(parent)];
    const { exact } = await compareLineage(left, right, { units: 8, groups: 1 });
    expect(exact.tests.find(({ part }) => part === 'up')).toMatchObject({ units: 8, matches: 8, groups: 1 });
    await expect(compareLineage(left, right, { units: 1 })).rejects.toMatchObject({
      code: 'WEIGHTS_ARGUMENT',
    });
  });
});

describe('sketches as files', () => {
  it('agree as the sketches do, and take a byte for each neuron, token and part', async () => {
    const [left, right] = [await openNumbers(parent), await openNumbers(shiftNeurons(parent))];
    const tokens = await chooseAnchors(left, { count: anchors });
    const files = await Promise.all(
      [left, right].map(async (file) => encodeSketch(await sketchLayer(file, 1, tokens))),
    );
    expect(files[0]!.length).toBe(24 + 4 * 16 + 3 * 40 * 16);
    const [mine, theirs] = files.map(decodeSketch);
    expect(mine!.layer).toBe(1);
    expect(compareSketches(mine!, theirs!).agreed).toBeGreaterThanOrEqual(39);
  });

  it('are refused when they are not what they say', async () => {
    const file = await openNumbers(parent);
    const bytes = encodeSketch(await sketchLayer(file, 0, await chooseAnchors(file, { count: anchors })));
    expect(() => decodeSketch(bytes.subarray(0, bytes.length - 1))).toThrow();
    expect(() => decodeSketch(bytes.subarray(0, 10))).toThrow();
    for (const [at, value] of [
      [0, 0],
      [4, 2],
      [12, 0xff],
      [20, 1],
    ] as const) {
      const changed = bytes.slice();
      changed[at] = value;
      expect(() => decodeSketch(changed)).toThrow();
    }
    const large = bytes.slice();
    const view = new DataView(large.buffer);
    view.setUint32(12, 1_048_576, true);
    view.setUint32(16, 4_096, true);
    expect(() => decodeSketch(large)).toThrow(expect.objectContaining({ code: 'WEIGHTS_LIMIT' }));
  });
});

describe('tensors that say nothing', () => {
  const table = (rows: number, columns: number, value: (i: number, j: number) => number) => ({
    rows,
    columns,
    values: Float32Array.from({ length: rows * columns }, (_, at) =>
      value(Math.floor(at / columns), at % columns),
    ),
  });
  it('are constant, named so, or follow from themselves', () => {
    const random = parent.get('model.embed_tokens.weight')!.values;
    expect(findAnalyticReason('w', { rows: 64, columns: 24, values: random })).toBeNull();
    expect(findAnalyticReason('freqs_cos', { rows: 64, columns: 24, values: random })).not.toBeNull();
    expect(
      findAnalyticReason(
        'w',
        table(8, 40, () => 1),
      ),
    ).toBe('constant');
    expect(
      findAnalyticReason(
        'w',
        table(8, 40, (_, j) => Math.sqrt(j)),
      ),
    ).toBe('constant over units');
    // A windowed Fourier basis along its units, and a rotary table across them.
    const hann = (j: number) => 1 - Math.cos((2 * Math.PI * j) / 64);
    expect(
      findAnalyticReason(
        'w',
        table(30, 64, (i, j) => hann(j) * Math.cos((2 * Math.PI * i * j) / 64)),
      ),
    ).toMatch(/computed/);
    expect(
      findAnalyticReason(
        'w',
        table(64, 16, (i, j) => Math.cos(i / 100 ** (j / 16))),
      ),
    ).toMatch(/computed/);
  });
});

describe('the nearest rotation', () => {
  it('is the rotation itself under any stretch', () => {
    const [c, s] = [Math.cos(1), Math.sin(1)];
    // Turn times diag(3, 0.1): its polar factor is the turn only for stretches on the right.
    const found = findPolarFactor(Float64Array.of(3 * c, -0.1 * s, 3 * s, 0.1 * c), 2);
    for (const [i, value] of [c, -s, s, c].entries()) expect(found[i]).toBeCloseTo(value, 12);
    expect(() => findPolarFactor(new Float64Array(4), 2)).toThrow();
  });
});
