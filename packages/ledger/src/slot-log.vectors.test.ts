import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fromBase64, fromUtf8, toBase64, toHex, utf8 } from '@phalanx/core';
import { expect, it } from 'vitest';
import { formatEquivocation, parseEquivocation, provesEquivocation } from './equivocation.js';
import { hashLeaf } from './merkle-hash.js';
import { logVerifier, makeEntries, ORIGIN, openLog } from './served-log.test.support.js';
import { formatOpening, hashOpening, parseOpening, verifyAnchor } from './slot-anchor.js';
import { parseTrustPolicy } from './tlog-policy.js';
import { formatTlogProof } from './tlog-proof.js';
import { formatVerifierKey } from './verifier-key.js';

const FILE = new URL('../../../docs/spec/vectors/slot-log.json', import.meta.url);

/** The published vectors, made anew: keys and salts are fixed. PHALANX_WRITE_VECTORS=1 writes them. */
async function makeVectors() {
  const policy = `log ${formatVerifierKey(logVerifier)}\nquorum none\n`;
  const firstSlot = 1_769_990_400;
  const openings = [0, 1, 2].map((i) => ({
    slot: firstSlot + i,
    slotMs: 1000,
    firstSlot,
    atMs: 1000 * firstSlot + [12, 2500, 2500][i]!,
    late: i === 1,
    checkpoints: new Map(i === 1 ? [] : [['inner.example/node-1', utf8(`a signed note, ${i}`)]]),
  }));
  const leaves = openings.map((opening, i) => {
    const salt = new Uint8Array(16).fill(i + 1);
    const bytes = formatOpening(opening);
    return { salt, bytes, entry: hashOpening(salt, bytes) };
  });
  const log = await openLog();
  log.append(leaves.map(({ entry }) => entry));
  await log.publish();
  const anchors = await Promise.all(
    leaves.map(async ({ salt, bytes }, i) =>
      fromUtf8(formatTlogProof(await log.prove(i, Buffer.concat([salt, bytes])))),
    ),
  );
  const notes = await Promise.all(
    ['left', 'right'].map(async (label) => {
      const side = await openLog();
      side.append(makeEntries(5, 0, label));
      return side.publish();
    }),
  );
  const equivocation = formatEquivocation({ notes: [notes[0]!, notes[1]!], prefix: null });
  return {
    origin: ORIGIN,
    policy,
    leaves: leaves.map(({ salt, bytes, entry }, i) => ({
      salt: toHex(salt),
      opening: fromUtf8(bytes),
      entry: toHex(entry),
      leafHash: toHex(hashLeaf(entry)),
      anchor: anchors[i],
    })),
    equivocation: toBase64(equivocation),
  };
}

it('the published vectors are what this package makes, and verify', async () => {
  const made = `${JSON.stringify(await makeVectors(), null, 2)}\n`;
  if (process.env.PHALANX_WRITE_VECTORS === '1') writeFileSync(FILE, made);
  expect(existsSync(FILE)).toBe(true);
  const text = readFileSync(FILE, 'utf8');
  expect(made).toBe(text);
  const vectors = JSON.parse(text);
  const policy = parseTrustPolicy(utf8(vectors.policy));
  for (const { opening, anchor } of vectors.leaves)
    expect(verifyAnchor(utf8(anchor), policy).opening).toEqual(parseOpening(utf8(opening)));
  const file = parseEquivocation(fromBase64(vectors.equivocation));
  expect(provesEquivocation(file, [logVerifier])).toBe(true);
});
