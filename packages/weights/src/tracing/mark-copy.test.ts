import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWeights } from '../formats/open-weights.js';
import { drawLlama } from '../lineage/small-llama.test.support.js';
import { surveyCarriers } from './carrier-tensors.js';
import { checkRegisteredCopy, parseRegisteredCopy, registerCopy } from './copy-register.js';
import { markCopy } from './mark-copy.js';
import { createMarkKey, formatMarkKey, type MarkKey, parseMarkKey } from './mark-key.js';
import { makeFolder, readLlama, writeLlama } from './marked-llama.test.support.js';

const folder = makeFolder();
const holder = { kind: 'recipient', name: 'Lab Ω' } as const;
const llama = drawLlama(1);

async function makeKey(path: string, amplitude = 1, share = 65_536): Promise<MarkKey> {
  const file = await openWeights(path);
  const { tensors } = await surveyCarriers(file);
  await file.close();
  return createMarkKey({ codeLength: 128, colluders: 2, amplitude, share }, tensors);
}
const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

beforeAll(async () => {
  for (const format of ['BF16', 'F16', 'F32'])
    await writeLlama(folder.path(`${format}.safetensors`), llama, format);
});
afterAll(() => folder.remove());

describe('a marked copy', () => {
  it.each(['BF16', 'F16', 'F32'])(
    'in %s moves carriers by the amplitude and nothing else',
    async (format) => {
      const base = folder.path(`${format}.safetensors`);
      const key = await makeKey(base, 3, 20_000);
      const copy = folder.path(`${format}-copy.safetensors`);
      const made = await markCopy(base, copy, key, holder);
      const [before, after] = [await readLlama(base), await readLlama(copy)];
      let moved = 0;
      for (const [name, { values }] of before) {
        const threshold =
          key.tensors.find((tensor) => tensor.name === name)?.threshold ?? Number.POSITIVE_INFINITY;
        const others = after.get(name)!.values;
        values.forEach((value, i) => {
          if (value === others[i]) return;
          moved++;
          expect(Math.abs(value)).toBeGreaterThan(threshold);
          const unit = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 7);
          const distance = Math.abs(others[i]! - value) / unit;
          // Half a unit, or two, where the step crosses a power of two.
          expect(distance).toBeGreaterThanOrEqual(1.5);
          expect(distance).toBeLessThanOrEqual(6);
        });
      }
      expect(moved).toBe(made.marks);
      expect(moved).toBeGreaterThan(1000);
      expect(made.files).toEqual([{ name: `${format}-copy.safetensors`, sha256: sha256(copy) }]);
      const root = (digest: string) => createHash('sha256').update(Buffer.from(digest, 'hex')).digest('hex');
      expect(made.copySha256).toBe(root(sha256(copy)));
      expect(made.artifactSha256).toBe(root(sha256(base)));
      expect(made.sizeBytes).toBe(readFileSync(base).length);
      const head = 8 + Number(readFileSync(base).readBigUInt64LE());
      expect(readFileSync(copy).subarray(0, head)).toEqual(readFileSync(base).subarray(0, head));
    },
  );

  it('of an index has all files, and the same marks', async () => {
    const [base, model] = [folder.path('BF16.safetensors'), folder.path('sharded')];
    mkdirSync(model);
    const names = [...llama.keys()];
    const shards = ['b-1.safetensors', 'a-2.safetensors'];
    const halves = [names.slice(0, 9), names.slice(9)];
    const map: Record<string, string> = {};
    for (const [i, half] of halves.entries()) {
      await writeLlama(`${model}/${shards[i]}`, new Map(half.map((name) => [name, llama.get(name)!])));
      for (const name of half) map[name] = shards[i]!;
    }
    writeFileSync(`${model}/model.safetensors.index.json`, JSON.stringify({ weight_map: map }));
    const key = await makeKey(base);
    const [one, several] = [folder.path('one.safetensors'), folder.path('several')];
    await markCopy(base, one, key, holder);
    const made = await markCopy(model, several, key, holder);
    expect(made.files.map(({ name }) => name)).toEqual([
      'a-2.safetensors',
      'b-1.safetensors',
      'model.safetensors.index.json',
    ]);
    const [single, joined] = [await readLlama(one), await readLlama(several)];
    for (const [name, { values }] of single) expect(joined.get(name)!.values).toEqual(values);
    const all = createHash('sha256');
    for (const { name, sha256: digest } of made.files) {
      expect(digest).toBe(sha256(`${several}/${name}`));
      all.update(Buffer.from(digest, 'hex'));
    }
    expect(made.copySha256).toBe(all.digest('hex'));
  });

  it('is not left behind when it cannot be finished, and never overwrites', async () => {
    const base = folder.path('BF16.safetensors');
    const key = await makeKey(base);
    const other = { ...key, tensors: [...key.tensors, { name: 'absent', threshold: 1 }] };
    const out = folder.path('failed.safetensors');
    await expect(markCopy(base, out, other, holder)).rejects.toMatchObject({ code: 'WEIGHTS_ARGUMENT' });
    expect(existsSync(out)).toBe(false);
    await expect(markCopy(base, base, key, holder)).rejects.toMatchObject({ code: 'WEIGHTS_ARGUMENT' });
    expect((await readLlama(base)).size).toBe(llama.size);
    for (const name of ['', 'x'.repeat(257), '\ud800'])
      await expect(markCopy(base, out, key, { kind: 'recipient', name })).rejects.toMatchObject({
        code: 'WEIGHTS_ARGUMENT',
      });
  });
});

describe('the register of copies', () => {
  it('holds what was logged, and shows every change', async () => {
    const base = folder.path('BF16.safetensors');
    const key = await makeKey(base);
    const made = await markCopy(base, folder.path('registered.safetensors'), key, holder);
    const entry = parseRegisteredCopy(JSON.parse(JSON.stringify(registerCopy(key, made, 5))));
    expect(checkRegisteredCopy(key, entry, entry)).toEqual([]);
    expect(checkRegisteredCopy(await makeKey(base), entry)).not.toEqual([]);
    for (const change of [
      { holder: { kind: 'location', name: holder.name } },
      { holder: { kind: 'recipient', name: 'Lab Omega' } },
      { salt: '0'.repeat(64) },
      { copySha256: '0'.repeat(64) },
      { keySha256: '0'.repeat(64) },
    ] as const)
      expect(checkRegisteredCopy(key, { ...entry, ...change })).not.toEqual([]);
    expect(checkRegisteredCopy(key, entry, { ...entry, artifactSha256: '0'.repeat(64) })).toHaveLength(1);
    expect(() => parseRegisteredCopy({ ...entry, more: 1 })).toThrow();
  });
});

describe('a mark key', () => {
  it('comes back from its text, and refuses others without showing them', async () => {
    const key = await makeKey(folder.path('F16.safetensors'));
    expect(parseMarkKey(formatMarkKey(key))).toEqual(key);
    const value = JSON.parse(formatMarkKey(key));
    for (const changed of [
      { ...value, secret: 'ab' },
      { ...value, parameters: { ...value.parameters, codeLength: 100 } },
      { ...value, tensors: [...value.tensors, value.tensors[0]] },
      { ...value, tensors: [{ name: 'a', threshold: 0.1 }] },
      { ...value, extra: 1 },
    ])
      expect(() => parseMarkKey(JSON.stringify(changed))).toThrow(/mark key|threshold/);
    expect(() => parseMarkKey(`${formatMarkKey(key)}}`)).toThrow(/^no mark key: it is no JSON$/);
  });
});
