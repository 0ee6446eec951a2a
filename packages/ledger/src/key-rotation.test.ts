import { generateKeyPairSync } from 'node:crypto';
import { canonicalJson, fromUtf8, type Json, utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCheckpoint } from './checkpoint.js';
import {
  type KeyRotation,
  openKeyRotation,
  signersAt,
  signKeyRotation,
  verifiersAt,
} from './key-rotation.js';
import { hashLeaf } from './merkle-hash.js';
import { makeNoteSigner, type SigningKey, signingKeyOf } from './note-signer.js';
import { openNote, signNote } from './signed-note.js';
import { Dice, SimulatedDisk } from './simulated-disk.test.support.js';
import { parseTrustPolicy } from './tlog-policy.js';
import { verifyTlogProof } from './tlog-proof.js';
import { TransparencyLog } from './transparency-log.js';
import { formatVerifierKey, makeVerifierKey, SignatureType } from './verifier-key.js';

const ORIGIN = 'log.example';
const makeKey = (): SigningKey => signingKeyOf(generateKeyPairSync('ed25519').privateKey);
const verifierOf = (key: SigningKey, name = ORIGIN) =>
  makeVerifierKey(name, SignatureType.ED25519, key.publicKey);
const keys = { old: makeKey(), new: makeKey() };
const FROM = 1_770_000_000_000;
const UNTIL = FROM + 30 * 86_400_000;
const rotation: KeyRotation = {
  oldKey: verifierOf(keys.old),
  newKey: verifierOf(keys.new),
  fromMs: FROM,
  untilMs: UNTIL,
};
const failsWith = (code: string) => expect.objectContaining({ code });
const opens = (note: Uint8Array, key: SigningKey): boolean => {
  try {
    return openNote(note, [verifierOf(key)]).verified.length === 1;
  } catch {
    return false;
  }
};

describe('a statement of key rotation', () => {
  it('is canonical JSON that both keys signed', async () => {
    const statement = await signKeyRotation(rotation, keys.old, keys.new);
    const read = JSON.parse(fromUtf8(statement));
    expect(read).toMatchObject({ kind: 'key-rotation', fromMs: FROM, untilMs: UNTIL });
    expect(fromUtf8(statement)).toBe(canonicalJson(read));
    const opened = openKeyRotation(statement);
    expect([opened.oldKey, opened.newKey].map(formatVerifierKey)).toEqual(
      [rotation.oldKey, rotation.newKey].map(formatVerifierKey),
    );
    // What was signed can never be a checkpoint, nor a checkpoint it.
    const { signatures, ...body } = read;
    expect(() => parseCheckpoint(`${canonicalJson(body)}\n`)).toThrow();
    expect(rotation.newKey.verify(`${canonicalJson(body)}\n`, Buffer.from(signatures.new, 'base64'))).toBe(
      true,
    );
  });

  it('is refused after any change of a byte', async () => {
    const statement = await signKeyRotation(rotation, keys.old, keys.new);
    fc.assert(
      fc.property(fc.nat(statement.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = statement.slice();
        changed[at]! ^= change;
        expect(() => openKeyRotation(changed)).toThrow(failsWith('LEDGER_ROTATION'));
      }),
      { numRuns: 500 },
    );
  });

  it('is refused in another form, or signed by one of the two', async () => {
    const read = JSON.parse(fromUtf8(await signKeyRotation(rotation, keys.old, keys.new)));
    const { old, new: later } = read.signatures;
    const bad: Json[] = [
      {},
      null,
      [],
      { ...read, kind: 'key-revocation' },
      { ...read, more: 1 },
      { ...read, signatures: { old, new: old } },
      { ...read, signatures: { old: later, new: later } },
      { ...read, signatures: { old: later, new: old } },
      { ...read, signatures: { old } },
      { ...read, oldKey: read.newKey, newKey: read.oldKey, signatures: { old: later, new: old } },
    ];
    const texts = [
      ...bad.map(canonicalJson),
      JSON.stringify(read, null, 1),
      '',
      '['.repeat(4000),
      ' '.repeat(5000),
    ];
    for (const text of texts)
      expect(() => openKeyRotation(utf8(text)), text).toThrow(failsWith('LEDGER_ROTATION'));
    await expect(signKeyRotation(rotation, keys.new, keys.old)).rejects.toThrow(failsWith('LEDGER_ROTATION'));
  });

  it.each([
    ['no window', { untilMs: FROM }],
    ['an end before the beginning', { untilMs: FROM - 1 }],
    ['a time that is none', { fromMs: Number.NaN }],
    ['a part of a millisecond', { fromMs: 0.5 }],
    ['an end beyond all calendars', { untilMs: 8_640_000_000_000_001 }],
    ['one key for both', { newKey: rotation.oldKey }],
    ['keys of two names', { newKey: verifierOf(keys.new, 'gol.example') }],
    [
      'a cosigner',
      { newKey: makeVerifierKey(ORIGIN, SignatureType.ED25519_COSIGNATURE, keys.new.publicKey) },
    ],
  ])('is refused with %s', async (_, change) => {
    await expect(signKeyRotation({ ...rotation, ...change }, keys.old, keys.new)).rejects.toThrow(
      failsWith('LEDGER_ROTATION'),
    );
  });
});

describe('a log that changes its key', () => {
  const dice = new Dice(11);
  const disk = new SimulatedDisk(dice);
  const state = new SimulatedDisk(dice);
  const open = (nowMs: number): Promise<TransparencyLog> =>
    TransparencyLog.open({
      disk,
      state,
      origin: ORIGIN,
      signers: signersAt(rotation, nowMs, keys),
      // The last checkpoint may be from before the window.
      verifiers: [rotation.oldKey, rotation.newKey],
    });
  const grow = async (nowMs: number, entry: Uint8Array): Promise<[Uint8Array, TransparencyLog]> => {
    const log = await open(nowMs);
    log.append([entry]);
    return [await log.publish(), log];
  };

  it('is read with the old key, with either, and then with the new one', async () => {
    const statement = await signKeyRotation(rotation, keys.old, keys.new);
    const [before, log] = await grow(FROM - 1, statement);
    expect([opens(before, keys.old), opens(before, keys.new)]).toEqual([true, false]);
    // The old key vouches for its successor.
    const policy = parseTrustPolicy(utf8(`log ${formatVerifierKey(rotation.oldKey)}\nquorum none\n`));
    const proof = await log.prove(0);
    expect(verifyTlogProof(proof, hashLeaf(statement), policy).index).toBe(0);
    const learned = openKeyRotation(statement);
    expect(formatVerifierKey(learned.oldKey)).toBe(formatVerifierKey(rotation.oldKey));

    for (const nowMs of [FROM, UNTIL - 1]) {
      const [during] = await grow(nowMs, utf8(`entry at ${nowMs}`));
      expect([opens(during, keys.old), opens(during, keys.new)]).toEqual([true, true]);
      expect(openNote(during, verifiersAt(learned, nowMs)).verified).toHaveLength(2);
    }
    const [after, last] = await grow(UNTIL, utf8('entry after'));
    expect([opens(after, keys.old), opens(after, keys.new)]).toEqual([false, true]);
    expect(openNote(after, verifiersAt(learned, UNTIL)).verified).toHaveLength(1);
    expect(last.size).toBe(4);
  });

  it('does not count the old key after its end', async () => {
    const checkpoint = `${ORIGIN}\n9\n${'A'.repeat(43)}=\n`;
    const forged = await signNote(checkpoint, [makeNoteSigner(ORIGIN, keys.old)]);
    expect(opens(forged, keys.old)).toBe(true);
    expect(() => openNote(forged, verifiersAt(rotation, UNTIL))).toThrow(failsWith('LEDGER_UNSIGNED'));
    expect(() => openNote(forged, verifiersAt(rotation, FROM))).not.toThrow();
  });

  it('does not open with the new key alone before both have signed', async () => {
    const [one, two] = [new SimulatedDisk(dice), new SimulatedDisk(dice)];
    const settings = { disk: one, state: two, origin: ORIGIN };
    const log = await TransparencyLog.open({
      ...settings,
      signers: signersAt(rotation, FROM - 1, keys),
      verifiers: [rotation.oldKey],
    });
    log.append([utf8('entry')]);
    await log.publish();
    const later = { ...settings, signers: signersAt(rotation, FROM, keys) };
    await expect(TransparencyLog.open({ ...later, verifiers: [rotation.newKey] })).rejects.toThrow(
      failsWith('LEDGER_UNSIGNED'),
    );
    const both = await TransparencyLog.open({ ...later, verifiers: verifiersAt(rotation, FROM) });
    both.append([utf8('another')]);
    await both.publish();
    await TransparencyLog.open({
      ...settings,
      signers: signersAt(rotation, UNTIL, keys),
      verifiers: [rotation.newKey],
    });
  });
});
