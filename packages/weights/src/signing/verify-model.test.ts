import { readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CONTENT_HASHES } from './content-hash.js';
import { listModelFiles } from './model-files.js';
import { signModel } from './sign-model.js';
import { codeOf, makeModel, makeSigner, removeModels } from './signed-model.test.support.js';
import { compareModel, describeDifferences, verifyModel, verifyModelSignature } from './verify-model.js';

afterAll(removeModels);

const { signer, trust } = makeSigner('P-384');
const FILES = {
  'weights.bin': Uint8Array.from({ length: 2_500 }, (_, i) => i & 255),
  'config.json': '{}',
  'sub/a': 'a',
  'sub.txt': 'b',
  'sub/empty': '',
  '.gitignore': '*',
};

describe('a signed model', () => {
  it('is verified by every curve, hash and method, and by nobody else', { timeout: 20_000 }, async () => {
    const model = makeModel(FILES);
    const stranger = makeSigner().trust;
    for (const curve of ['P-256', 'P-384', 'P-521'])
      for (const hash of CONTENT_HASHES)
        for (const shardBytes of hash === 'blake3' ? [null] : [null, 1_000]) {
          const own = makeSigner(curve);
          const { signature, manifest } = await signModel(model, own.signer, { hash, shardBytes });
          const verified = await verifyModel(model, signature, own.trust);
          expect(verified.manifest).toEqual(manifest);
          expect(await codeOf(() => verifyModel(model, signature, stranger))).toBe('WEIGHTS_SIGNATURE');
        }
  });

  it('is listed in the order of code points, empty files in whole form alone', async () => {
    const model = makeModel({ 'a/b': '1', 'a.b': '2', '\u{1f600}': '3', '\uffee': '4', a2: '5', e: '' });
    const whole = await signModel(model, signer);
    expect(whole.manifest.resources.map(({ name }) => name)).toEqual([
      'a.b',
      'a/b',
      'a2',
      'e',
      '\uffee',
      '\u{1f600}',
    ]);
    const ranges = await signModel(model, signer, { shardBytes: 10 });
    expect(ranges.manifest.resources.map(({ name }) => name)).not.toContain('e:0:0');
    expect(ranges.manifest.resources).toHaveLength(5);
    writeFileSync(join(model, 'f'), '');
    await verifyModel(model, ranges.signature, trust);
    expect(await codeOf(() => verifyModel(model, whole.signature, trust))).toBe('WEIGHTS_MISMATCH');
  });

  it('names what differs', async () => {
    const model = makeModel({ ...FILES, gone: '1', old: 'moved' });
    const { signature, manifest } = await signModel(model, signer, { shardBytes: 1_000 });
    expect(describeDifferences(await compareModel(model, manifest))).toBe(null);
    const bytes = readFileSync(join(model, 'weights.bin'));
    bytes[1_999]! ^= 4;
    writeFileSync(join(model, 'weights.bin'), bytes);
    rmSync(join(model, 'gone'));
    renameSync(join(model, 'old'), join(model, 'sub/new'));
    writeFileSync(join(model, 'more'), 'x');
    const differences = await compareModel(model, manifest);
    expect(differences).toEqual({
      changed: ['weights.bin'],
      missing: ['gone'],
      unlisted: ['more'],
      renamed: [{ from: 'old', to: 'sub/new' }],
    });
    expect(describeDifferences(differences)).toBe('"weights.bin" was changed, and 3 more');
    const lax = await compareModel(model, manifest, { allowUnlisted: true });
    expect(lax.unlisted).toEqual([]);
    expect(lax.renamed).toHaveLength(1);
    await expect(verifyModel(model, signature, trust)).rejects.toThrow('"weights.bin" was changed');
  });

  it('does not count the ranges of a file that became huge', async () => {
    const model = makeModel({ a: 'abc', b: 'd' });
    const { manifest } = await signModel(model, signer, { shardBytes: 1 });
    truncateSync(join(model, 'a'), 2 ** 40);
    truncateSync(join(model, 'b'), 0);
    expect((await compareModel(model, manifest)).changed).toEqual(['a', 'b']);
    renameSync(join(model, 'a'), join(model, 'c'));
    expect((await compareModel(model, manifest)).missing).toEqual(['a']);
    expect(await codeOf(() => signModel(model, signer, { shardBytes: 1 }))).toBe('WEIGHTS_LIMIT');
  });

  it('may be one file, which may be called otherwise later', async () => {
    const model = makeModel({ 'weights.bin': 'w' });
    const { signature, manifest } = await signModel(join(model, 'weights.bin'), signer);
    expect([manifest.name, manifest.resources[0]!.name]).toEqual(['weights.bin', '.']);
    renameSync(join(model, 'weights.bin'), join(model, 'other.bin'));
    await verifyModel(join(model, 'other.bin'), signature, trust);
    const whole = await signModel(model, signer);
    expect(await codeOf(() => verifyModel(join(model, 'other.bin'), whole.signature, trust))).toBe(
      'WEIGHTS_MISMATCH',
    );
  });

  it('leaves out what git keeps at the top and what is ignored, and nothing else', async () => {
    const model = makeModel({ 'a/.git/x': '1', '.git/x': '2', 'cache/y': '3', 'sub/cache': '4', b: '5' });
    const { signature, manifest } = await signModel(model, signer, { ignorePaths: ['cache'] });
    expect(manifest.resources.map(({ name }) => name)).toEqual(['a/.git/x', 'b', 'sub/cache']);
    writeFileSync(join(model, 'cache/more'), '');
    await verifyModel(model, signature, trust);
    writeFileSync(join(model, 'cache.txt'), '');
    expect(await codeOf(() => verifyModel(model, signature, trust))).toBe('WEIGHTS_MISMATCH');
    for (const path of ['../model/b', '/etc', '.', '', 'a/', 'C:/x'])
      expect(await codeOf(() => signModel(model, signer, { ignorePaths: [path] }))).toBe('WEIGHTS_ARGUMENT');
  });

  it('follows links only when asked, and never to folders', async () => {
    const model = makeModel({ a: '1', 'sub/b': '2' });
    symlinkSync('sub/b', join(model, 'link'));
    expect(await codeOf(() => signModel(model, signer))).toBe('WEIGHTS_FORMAT');
    const { signature } = await signModel(model, signer, { allowSymlinks: true });
    expect(await codeOf(() => verifyModel(model, signature, trust))).toBe('WEIGHTS_FORMAT');
    await verifyModel(model, signature, trust, { allowSymlinks: true });
    symlinkSync('.', join(model, 'sub/loop'));
    expect(await codeOf(() => verifyModel(model, signature, trust, { allowSymlinks: true }))).toBe(
      'WEIGHTS_FORMAT',
    );
  });

  it('cannot be empty, nor hold names that some systems read otherwise', async () => {
    expect(await codeOf(() => signModel(makeModel({ '.gitignore': '*' }), signer))).toBe('WEIGHTS_FORMAT');
    for (const name of ['a\\b', 'C:', 'a\nb'])
      expect(await codeOf(() => signModel(makeModel({ [name]: 'x' }), signer))).toBe('WEIGHTS_FORMAT');
    const model = makeModel({ a: '1' });
    writeFileSync(Buffer.concat([Buffer.from(`${model}/`), Buffer.of(0x61, 0xff)]), 'x');
    expect(await codeOf(() => signModel(model, signer))).toBe('WEIGHTS_FORMAT');
    expect(await codeOf(() => signModel(join(model, 'absent'), signer))).toBe('WEIGHTS_SOURCE');
    expect(await codeOf(() => listModelFiles('/dev/null', { ignorePaths: [] }))).toBe('WEIGHTS_FORMAT');
  });
});

describe('a signature', () => {
  it('stands for no other payload, key or kind of trust', async () => {
    const model = makeModel(FILES);
    const { signature } = await signModel(model, signer);
    const text = Buffer.from(signature).toString();
    const { payload, signatures } = JSON.parse(text).dsseEnvelope as {
      payload: string;
      signatures: { sig: string }[];
    };
    const sig = signatures[0]!.sig;
    const flip = (base64: string, bit: number) => {
      const bytes = Buffer.from(base64, 'base64');
      bytes[(bit >> 3) % bytes.length]! ^= 1 << (bit & 7);
      return bytes.toString('base64');
    };
    fc.assert(
      fc.property(fc.boolean(), fc.nat(), (inPayload, bit) => {
        const part = inPayload ? payload : sig;
        const altered = Buffer.from(text.replace(part, flip(part, bit)));
        expect(() => verifyModelSignature(altered, trust)).toThrow();
      }),
      { numRuns: 100 },
    );
    const roots = { roots: Buffer.from('none') };
    expect(await codeOf(() => verifyModelSignature(signature, roots))).toBe('WEIGHTS_SIGNATURE');
    const keyless = { subject: 'a', issuer: 'b', trustedRoot: Buffer.from('{}') };
    expect(await codeOf(() => verifyModelSignature(signature, keyless))).toBe('WEIGHTS_SIGNATURE');
  });
});
