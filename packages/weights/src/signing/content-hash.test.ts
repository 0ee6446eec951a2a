import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex, utf8 } from '@phalanx/core';
import { afterAll, expect, it } from 'vitest';
import { CONTENT_HASHES, DIGEST_BYTES, openContentHash } from './content-hash.js';
import { digestFile } from './file-digests.js';
import { codeOf, makeModel, removeModels } from './signed-model.test.support.js';

afterAll(removeModels);

/** Of "abc": FIPS 180-4, RFC 7693 appendix A, and the BLAKE3 team's program b3sum. */
const ABC = {
  sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  blake2b:
    'ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923',
  blake3: '6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85',
} as const;

it('hashes as others do, one after another', async () => {
  for (const hash of CONTENT_HASHES) {
    const open = await openContentHash(hash);
    for (const parts of [['abc'], ['a', 'bc'], ['', 'ab', 'c']]) {
      const running = open();
      for (const part of parts) running.update(utf8(part));
      const digest = running.finish();
      expect(toHex(digest)).toBe(ABC[hash]);
      expect(digest).toHaveLength(DIGEST_BYTES[hash]);
    }
  }
});

it('hashes a file larger than its pieces, in ranges that do not divide them, by several plans at once', async () => {
  const bytes = Uint8Array.from({ length: 9_500_001 }, (_, i) => (i * i) >> 7);
  const path = join(makeModel({}), 'file');
  writeFileSync(path, bytes);
  const open = await openContentHash('sha256');
  const hashOf = (part: Uint8Array) => {
    const running = open();
    running.update(part);
    return toHex(running.finish());
  };
  const plans = [null, 1_000_003, 9_500_001, 20_000_000].map((rangeBytes) => ({ open, rangeBytes }));
  const { digests, sizeBytes } = await digestFile(path, plans);
  expect(sizeBytes).toBe(bytes.length);
  for (const [i, { rangeBytes }] of plans.entries()) {
    const step = rangeBytes ?? bytes.length;
    const expected = Array.from({ length: Math.ceil(bytes.length / step) }, (_, k) =>
      hashOf(bytes.subarray(k * step, (k + 1) * step)),
    );
    expect(digests[i]!.map(toHex)).toEqual(expected);
  }
  expect(await codeOf(() => digestFile('/dev/zero', plans))).toBe('WEIGHTS_SOURCE');
});
