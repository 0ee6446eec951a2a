import { PhalanxError } from '@phalanx/core';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openBytesSource } from '../formats/byte-source.js';
import { CHUNK_BYTES } from './chunk-hashes.js';
import { openVerifiedSource, parseChunkStatement, readChunkHashes } from './chunk-tree.js';
import { signModel } from './sign-model.js';
import { codeOf, makeModel, makeSigner, removeModels } from './signed-model.test.support.js';
import { verifySignedStatement } from './signed-payload.js';

afterAll(removeModels);

const BYTES = Uint8Array.from({ length: 3 * CHUNK_BYTES + 77 }, (_, i) => (i * 31) >> 3);
const { signer, trust } = makeSigner();
const model = makeModel({ 'a/weights.bin': BYTES, b: 'b', empty: '', exact: new Uint8Array(CHUNK_BYTES) });

async function openTrees() {
  const { manifest, chunkTrees } = await signModel(model, signer, { chunkTrees: true });
  const { statement } = verifySignedStatement(chunkTrees!.signature, trust);
  const about = parseChunkStatement(statement);
  expect(about.model).toBe(manifest.root);
  return { about, hashes: chunkTrees!.trees.hashes };
}

describe('chunks of a signed model', () => {
  it('give every range of every file, and only as it was signed', async () => {
    const { about, hashes } = await openTrees();
    expect(about.files.map(({ path }) => path)).toEqual(['a/weights.bin', 'b', 'empty', 'exact']);
    const file = await readChunkHashes(about, 'a/weights.bin', openBytesSource(hashes));
    const source = openVerifiedSource(openBytesSource(BYTES), file);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(BYTES.length),
        fc.nat(2 * CHUNK_BYTES),
        fc.nat(BYTES.length - 1),
        async (offset, length, at) => {
          const end = Math.min(BYTES.length, offset + length);
          const expected = BYTES.subarray(offset, end);
          expect(Buffer.compare(await source.read(offset, end - offset), expected)).toBe(0);
          const altered = BYTES.slice();
          altered[at]! ^= 1;
          const hostile = openVerifiedSource(openBytesSource(altered), file);
          const chunk = Math.floor(at / CHUNK_BYTES);
          const isTouched = end > offset && offset < (chunk + 1) * CHUNK_BYTES && end > chunk * CHUNK_BYTES;
          expect(await codeOf(() => hostile.read(offset, end - offset))).toBe(
            isTouched ? 'WEIGHTS_MISMATCH' : 'ok',
          );
        },
      ),
      { numRuns: 25 },
    );
    for (const other of [BYTES.subarray(1), new Uint8Array(0)])
      expect(() => openVerifiedSource(openBytesSource(other), file)).toThrow(PhalanxError);
  });

  it('know empty files and files of whole chunks', async () => {
    const { about, hashes } = await openTrees();
    const empty = await readChunkHashes(about, 'empty', openBytesSource(hashes));
    expect(await openVerifiedSource(openBytesSource(new Uint8Array(0)), empty).read(0, 0)).toHaveLength(0);
    const exact = await readChunkHashes(about, 'exact', openBytesSource(hashes));
    expect(exact.hashes).toHaveLength(32);
  });

  it('are not taken from hashes that were altered, cut or moved', async () => {
    const { about, hashes } = await openTrees();
    for (let byte = 0; byte < hashes.length; byte += 29) {
      const altered = hashes.slice();
      altered[byte]! ^= 0x80;
      const codes = await Promise.all(
        about.files.map(({ path }) => codeOf(() => readChunkHashes(about, path, openBytesSource(altered)))),
      );
      expect(codes.filter((code) => code === 'WEIGHTS_MISMATCH')).toHaveLength(1);
    }
    const cut = openBytesSource(hashes.subarray(0, -32));
    expect(await codeOf(() => readChunkHashes(about, 'exact', cut))).toBe('WEIGHTS_FORMAT');
    expect(await codeOf(() => readChunkHashes(about, 'absent', cut))).toBe('WEIGHTS_ARGUMENT');
  });
});
