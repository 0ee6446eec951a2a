import { buffer } from 'node:stream/consumers';
import { Random } from '@phalanx/stats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBytesSource } from '../formats/byte-source.js';
import { writeGguf } from '../formats/gguf-writer.js';
import { encodeNumbers } from '../formats/number-encoding.js';
import { openWeightSource, openWeights } from '../formats/open-weights.js';
import type { WeightFile } from '../formats/weight-file.js';
import {
  addNoise,
  drawLlama,
  type Numbers,
  openNumbers,
  shiftNeurons,
} from '../lineage/small-llama.test.support.js';
import { surveyCarriers } from './carrier-tensors.js';
import type { CopyHolder } from './fingerprint-code.js';
import { markCopy } from './mark-copy.js';
import { createMarkKey, type MarkKey } from './mark-key.js';
import { makeFolder, readLlama, writeLlama } from './marked-llama.test.support.js';
import { traceCopy } from './trace-copy.js';

const folder = makeFolder();
const holders: readonly CopyHolder[] = Array.from({ length: 40 }, (_, i) => ({
  kind: i < 30 ? 'recipient' : 'location',
  name: `holder ${i}`,
}));
let base: WeightFile;
let key: MarkKey;
const copies: Numbers[] = [];

beforeAll(async () => {
  const path = folder.path('base.safetensors');
  await writeLlama(path, drawLlama(1));
  base = await openWeights(path);
  const { tensors } = await surveyCarriers(base);
  key = createMarkKey({ codeLength: 256, colluders: 2, amplitude: 1, share: 65_536 }, tensors);
  for (const i of [7, 35]) {
    const copy = folder.path(`copy-${i}.safetensors`);
    await markCopy(path, copy, key, holders[i]!);
    copies.push(await readLlama(copy));
  }
});
afterAll(async () => {
  await base.close();
  folder.remove();
});

const changeAll = (tensors: Numbers, change: (value: number, at: number, name: string) => number): Numbers =>
  new Map(
    [...tensors].map(([name, { shape, values }]) => [
      name,
      { shape, values: values.map((value, at) => change(value, at, name)) },
    ]),
  );
const trace = async (suspect: Numbers) => traceCopy(base, await openNumbers(suspect), key, holders);
const named = (report: { accusations: readonly { named: boolean; holder: CopyHolder }[] }) =>
  report.accusations
    .filter((one) => one.named)
    .map(({ holder }) => holder.name)
    .sort();

describe('a copy that turned up', () => {
  it('names its holder as it is, noisy, half pruned, scaled, moved and renamed', async () => {
    const [copy] = copies as [Numbers, Numbers];
    const renamed: Numbers = new Map(
      [...copy].map(([name, tensor]) => [
        name.replace(/^model\./, '').replace('embed_tokens', 'tok_embeddings'),
        tensor,
      ]),
    );
    const numbered: Numbers = new Map([...copy.values()].reverse().map((tensor, i) => [`t${i}`, tensor]));
    // Every name stands for another layer's tensor.
    const exchanged: Numbers = new Map(
      [...copy].map(([name, tensor]) => [
        name.replace(/layers\.(\d)/, (_, layer) => `layers.${(Number(layer) + 1) % 3}`),
        tensor,
      ]),
    );
    for (const suspect of [
      copy,
      numbered,
      addNoise(exchanged, 0.002, 5),
      addNoise(copy, 0.002, 3),
      changeAll(copy, (value, at) => (at % 2 === 0 ? 0 : value)),
      changeAll(copy, (value) => value * 1.37),
      shiftNeurons(copy),
      renamed,
    ]) {
      const report = await trace(suspect);
      expect(named(report)).toEqual(['holder 7']);
      expect(report.accusations[0]!.log10PAmongAll).toBeLessThan(-20);
      expect(report.accusations[1]!.log10PAmongAll).toBeGreaterThan(-3);
    }
  });

  it('reads GGUF under its own names, rows of query and key in its order', async () => {
    const names: Readonly<Record<string, string>> = {
      'mlp.gate_proj': 'ffn_gate',
      'mlp.up_proj': 'ffn_up',
      'mlp.down_proj': 'ffn_down',
      'self_attn.q_proj': 'attn_q',
      'self_attn.k_proj': 'attn_k',
      'self_attn.v_proj': 'attn_v',
      'self_attn.o_proj': 'attn_output',
    };
    const tensors = [...copies[0]!].flatMap(([name, { shape, values }]) => {
      const [, layer, part] = /^model\.layers\.(\d)\.(.+)\.weight$/.exec(name) ?? [];
      const own = name === 'model.embed_tokens.weight' ? 'token_embd.weight' : names[part ?? ''];
      if (own === undefined) return [];
      const isTurned = part === 'self_attn.q_proj' || part === 'self_attn.k_proj';
      const format = 'F32';
      const written = isTurned ? pairRows(values, shape[1]!, shape[0]! / 4) : values;
      const as = layer === undefined ? own : `blk.${layer}.${own}.weight`;
      return [{ name: as, format, shape, chunks: () => [encodeNumbers(format, written)] }];
    });
    const metadata = new Map([
      ['general.architecture', { type: 'string', value: 'llama' }],
      ['llama.attention.head_count', { type: 'u32', value: 4 }],
    ] as const);
    const suspect = await openWeightSource(openBytesSource(await buffer(writeGguf(tensors, metadata))));
    const report = await traceCopy(base, suspect, key, holders);
    expect(named(report)).toEqual(['holder 7']);
    const whole = await trace(copies[0]!);
    expect(report.reading.carriers).toBe(whole.reading.carriers);
    expect(report.reading.tensors.filter(({ way }) => way === 'rows reordered')).toHaveLength(6);
  });

  it('names both of two whose copies were mixed', async () => {
    const [left, right] = copies as [Numbers, Numbers];
    const mixed = changeAll(left, (value, at, name) => (value + right.get(name)!.values[at]!) / 2);
    expect(named(await trace(mixed))).toEqual(['holder 35', 'holder 7']);
  });

  it('names nobody for the base, a stranger, or a file made to break the reading', async () => {
    const plain = await readLlama(folder.path('base.safetensors'));
    const [copy] = copies as [Numbers, Numbers];
    const constant = (value: number) => changeAll(plain, () => value);
    const wrongShapes: Numbers = new Map(
      [...copy].map(([name, { shape, values }]) => [name, { shape: [...shape].reverse(), values }]),
    );
    for (const suspect of [
      plain,
      drawLlama(2),
      constant(Number.NaN),
      constant(Number.POSITIVE_INFINITY),
      constant(0),
      constant(-0),
      constant(3e38),
      changeAll(plain, (value, at) => (at % 3 === 0 ? -3.4e38 : value)),
      changeAll(plain, (value) => -value),
      new Map([['other.weight', { shape: [2], values: Float32Array.of(1, 2) }]]),
    ]) {
      const report = await trace(suspect);
      expect(named(report)).toEqual([]);
      for (const { log10P, log10PAmongAll, deviations } of report.accusations) {
        expect(log10P).toBeLessThanOrEqual(0);
        expect(log10P).toBeGreaterThan(-6);
        expect(Number.isFinite(log10PAmongAll + deviations)).toBe(true);
      }
    }
    expect(named(await trace(wrongShapes))).toEqual(expect.not.arrayContaining(['holder 8']));
    // A copy of which a part is spoilt still names.
    const spoilt = changeAll(copy, (value, at) =>
      at % 24 === 5 ? Number.NaN : at % 24 === 6 ? 1e30 : value,
    );
    expect(named(await trace(spoilt))).toEqual(['holder 7']);
  });

  it('refuses another base, holders twice, and levels that are none', async () => {
    const suspect = await openNumbers(copies[0]!);
    const other = await openNumbers(new Map([['a', { shape: [2], values: Float32Array.of(1, 2) }]]));
    const refused = { code: 'WEIGHTS_ARGUMENT' };
    await expect(traceCopy(other, suspect, key, holders)).rejects.toMatchObject(refused);
    await expect(traceCopy(base, suspect, key, [])).rejects.toMatchObject(refused);
    await expect(traceCopy(base, suspect, key, [holders[0]!, holders[0]!])).rejects.toMatchObject(refused);
    for (const alpha of [0, 1, Number.NaN])
      await expect(traceCopy(base, suspect, key, holders, { alpha })).rejects.toMatchObject(refused);
  });
});

/** As llama.cpp's converter does: reshape(heads, 2, half, columns), swap of the middle two. */
function pairRows(values: Float32Array, columns: number, head: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let row = 0; row * columns < values.length; row++) {
    const [h, s, i] = [Math.floor(row / head), Math.floor((row % head) / (head / 2)), row % (head / 2)];
    out.set(values.subarray(row * columns, (row + 1) * columns), (h * head + 2 * i + s) * columns);
  }
  return out;
}

describe('tensors of more dimensions', () => {
  it('are marked and read, experts in one tensor and convolutions', async () => {
    const random = new Random(9);
    const draw = (...shape: number[]) => ({
      shape,
      values: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
    });
    const model: Numbers = new Map([
      ['experts.weight', draw(4, 40, 48)],
      ['conv.weight', draw(64, 32, 3)],
      ['pointwise.weight', draw(64, 64, 1)],
      ['narrow.weight', draw(600, 2)],
    ]);
    const [path, copy] = [folder.path('deep.safetensors'), folder.path('deep-copy.safetensors')];
    await writeLlama(path, model);
    const file = await openWeights(path);
    const { tensors } = await surveyCarriers(file);
    expect(tensors.map(({ name }) => name).sort()).toEqual([
      'conv.weight',
      'experts.weight',
      'pointwise.weight',
    ]);
    const own = createMarkKey({ codeLength: 256, colluders: 2, amplitude: 1, share: 65_536 }, tensors);
    await markCopy(path, copy, own, holders[3]!);
    const suspect = await openNumbers(addNoise(await readLlama(copy), 0.003, 1));
    const report = await traceCopy(file, suspect, own, holders);
    expect(named(report)).toEqual(['holder 3']);
    expect(report.reading.tensors.every(({ way }) => way === 'as it stands')).toBe(true);
    await file.close();
  });
});
