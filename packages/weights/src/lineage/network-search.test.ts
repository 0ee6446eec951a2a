import { describe, expect, it } from 'vitest';
import { compareLineage } from './lineage-report.js';
import { searchNetworks } from './network-search.js';
import { testSharedUnits } from './shared-units.js';
import {
  addNoise,
  drawLlama,
  type Numbers,
  openNumbers,
  SIZES,
  stackLayers,
} from './small-llama.test.support.js';

const SETTINGS = { units: 256, features: 256, groups: 16 };
const parent = drawLlama(1);
const child = addNoise(parent, 0.05, 2);

/** Rows and columns of matrices that are kept: of neurons, and of the residual stream. */
function cut(
  model: Numbers,
  neurons: (i: number) => boolean,
  dimensions: (i: number) => boolean = () => true,
) {
  const out: Numbers = new Map();
  const every = () => true;
  for (const [name, { shape, values }] of model) {
    const isNetwork = name.includes('mlp');
    const isWriter = /down_proj|o_proj/.test(name);
    const [rows, columns] = shape.length === 1 ? [1, shape[0]!] : (shape as [number, number]);
    const inner = isNetwork ? neurons : every;
    const [keepRow, keepColumn] = isWriter
      ? [dimensions, inner]
      : [shape.length === 1 ? every : inner, dimensions];
    const isKept = (at: number) =>
      (name.includes('embed') || keepRow(Math.floor(at / columns))) && keepColumn(at % columns);
    const kept = values.filter((_, at) => isKept(at));
    const width = Array.from({ length: columns }, (_, i) => i).filter((i) => keepColumn(i)).length;
    out.set(name, { shape: shape.length === 1 ? [width] : [kept.length / width, width], values: kept });
    expect(rows).toBeGreaterThan(0);
  }
  return out;
}

/** Each layer's network as several experts; `chooseFrom` says whose numbers an expert has. */
function withExperts(models: readonly Numbers[], order: (layer: number, expert: number) => number): Numbers {
  const out: Numbers = new Map();
  for (const [name, tensor] of models[0]!) {
    const [, layer, part] = /layers\.(\d+)\.mlp\.(.+)$/.exec(name) ?? [];
    if (part === undefined) out.set(name, tensor);
    else
      for (let expert = 0; expert < 4; expert++)
        out.set(
          `model.layers.${layer}.mlp.experts.${expert}.${part}`,
          models[order(Number(layer), expert)]!.get(name)!,
        );
  }
  return out;
}

/** Numbers in place of names; matrices with inputs as rows when turned. */
function renameAll(model: Numbers, turned: boolean): Numbers {
  return new Map(
    [...model.values()].map(({ shape, values }, i) => {
      const [rows, columns] = shape as [number, number];
      if (!turned || shape.length === 1) return [`onnx::MatMul_${i}`, { shape, values }];
      const out = values.map((_, at) => values[(at % rows) * columns + Math.floor(at / rows)]!);
      return [`onnx::MatMul_${i}`, { shape: [columns, rows], values: out }];
    }),
  );
}

const search = async (left: Numbers, right: Numbers) =>
  (await searchNetworks(await openNumbers(left), await openNumbers(right), SETTINGS))!;
const verdict = async (left: Numbers, right: Numbers) =>
  compareLineage(await openNumbers(left), await openNumbers(right), { disguise: 'never' });

describe('networks under other numbers', () => {
  it('are found where depth was cut, grown or shuffled', async () => {
    for (const order of [[0, 2], [2, 1, 0], [1], [2, 0, 1, 2, 0]]) {
      const report = await verdict(parent, stackLayers(child, order));
      expect(report.verdict).toBe('derived');
      expect(report.share).toBe(1);
      const { sought, tests } = report.networks!;
      expect(sought).toBe(order.length > 3 ? 'left' : 'right');
      for (const { layer, otherLayer, matches } of tests[0]!.found) {
        const [from, to] = sought === 'right' ? [otherLayer, layer] : [layer, otherLayer];
        expect(order[to]).toBe(from);
        expect(matches).toBe(SIZES.hidden);
      }
    }
  });

  it('are found by their order where neurons or dimensions were cut away', async () => {
    for (const [some, dimensions] of [
      [cut(child, (i) => i % 4 !== 1), null],
      [
        cut(
          child,
          (i) => i % 5 !== 2,
          (i) => i % 6 !== 3,
        ),
        20,
      ],
    ] as const) {
      const report = await verdict(parent, stackLayers(some, [0, 2]));
      expect(report.networks!.sought).toBe('right');
      if (dimensions === null) {
        expect(report.verdict).toBe('derived');
        expect(report.networks!.tests).toHaveLength(1);
        expect(report.networks!.tests[0]).toMatchObject({
          part: 'down',
          rule: 'order',
          units: 60,
          matches: 60,
        });
        expect(report.networks!.dimensions).toBeNull();
      } else expect(report.networks!.dimensions).toMatchObject({ units: dimensions, matches: dimensions });
      expect(report.log10P).toBeLessThan(-6);
    }
  });

  it('are found where experts changed places, or grew out of one network', async () => {
    const models = [5, 6, 7, 8].map((seed) => drawLlama(seed));
    const experts = withExperts(models, (_, expert) => expert);
    const moved = withExperts(
      models.map((model) => addNoise(model, 0.05, 3)),
      (layer, expert) => (expert + layer + 1) % 4,
    );
    const report = await verdict(experts, moved);
    expect(report.verdict).toBe('derived');
    expect(report.exact.tests.find(({ part }) => part === 'up')!.matches).toBeLessThan(30);
    for (const { layer, expert, otherLayer, otherExpert } of report.networks!.tests[0]!.found)
      expect([otherLayer, otherExpert]).toEqual([layer, (expert! + layer + 1) % 4]);
    const grown = withExperts([parent, parent, parent, parent], (_, expert) => expert);
    const found = await search(parent, grown);
    expect(found.sought).toBe('left');
    expect(found.tests[0]!.found.map(({ matches }) => matches)).toEqual([40, 40, 40]);
    const reversed = await search(grown, parent);
    expect(reversed.sought).toBe('right');
    expect(reversed.logP).toBeLessThan(-100);
  });

  it('are found under names that say nothing, turned or not', async () => {
    for (const turned of [false, true]) {
      const renamed = renameAll(stackLayers(child, [2, 0, 1]), turned);
      for (const [left, right] of [
        [parent, renamed],
        [renamed, parent],
      ] as const) {
        const report = await verdict(left, right);
        expect(report.verdict).toBe('derived');
        expect(report.networks!.tests.map(({ part, matches, units }) => [part, matches === units])).toEqual([
          ['gate', true],
          ['up', true],
          ['down', true],
        ]);
      }
      expect((await verdict(parent, renameAll(drawLlama(9), turned))).log10P).toBeGreaterThan(-2);
    }
  });

  it('are not found among strangers, however they were cut or copied', async () => {
    const stranger = drawLlama(9);
    for (const right of [
      stranger,
      stackLayers(stranger, [0, 2]),
      stackLayers(stranger, [0, 1, 1, 1, 2, 2]),
      cut(stranger, (i) => i % 4 !== 1),
      cut(
        stranger,
        (i) => i % 2 === 0,
        (i) => i % 6 !== 3,
      ),
    ]) {
      const report = await verdict(parent, right);
      expect(report.verdict).toBe('nothing shared seen');
      expect(report.log10P).toBeGreaterThan(-2);
    }
  });
});

describe('copies within a model', () => {
  it('count once, since they share one order', async () => {
    const copied = stackLayers(parent, [0, 0, 0]);
    const { tests, excluded } = await testSharedUnits(await openNumbers(copied), await openNumbers(copied));
    expect(tests.find(({ part }) => part === 'gate')).toMatchObject({ units: 40, matches: 40 });
    expect(excluded.filter(({ reason }) => reason.startsWith('a copy')).length).toBeGreaterThan(0);
    const found = await search(stackLayers(parent, [0, 0]), copied);
    expect(found.tests[0]!.found).toHaveLength(1);
  });
});
