import { createHash, createPrivateKey } from 'node:crypto';
import { fromUtf8, utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCheckpoint, parseCheckpoint } from './checkpoint.js';
import { hashLeaf, isSameHash } from './merkle-hash.js';
import { type HashReader, proveConsistency, readRoot } from './merkle-tree.js';
import { makeCosigner, makeNoteSigner, signingKeyOf } from './note-signer.js';
import { openNote, parseNote, signNote } from './signed-note.js';
import { Dice, PowerLoss, SimulatedDisk } from './simulated-disk.test.support.js';
import { foldHashes } from './tile-stack.js';
import { TransparencyLog } from './transparency-log.js';
import { makeVerifierKey, SignatureType } from './verifier-key.js';
import { formatAddCheckpoint, hashOrigin, Witness } from './witness.js';

function makeKey(seed: string) {
  const privateKey = createPrivateKey({
    key: Buffer.concat([
      Buffer.from('302e020100300506032b657004220420', 'hex'),
      createHash('sha256').update(seed).digest(),
    ]),
    format: 'der',
    type: 'pkcs8',
  });
  return signingKeyOf(privateKey);
}
const ORIGIN = 'log.example';
const logKey = makeKey('log');
const logSigner = makeNoteSigner(ORIGIN, logKey);
const logVerifier = makeVerifierKey(ORIGIN, SignatureType.ED25519, logKey.publicKey);
const witnessKey = makeKey('witness');
const COSIGNATURE = SignatureType.ED25519_COSIGNATURE;
const witnessVerifier = makeVerifierKey('w.example', COSIGNATURE, witnessKey.publicKey);
const makeWitness = (state: SimulatedDisk): Witness =>
  new Witness({
    logs: [{ origin: ORIGIN, verifiers: [logVerifier] }],
    cosigners: [makeCosigner('w.example', COSIGNATURE, witnessKey, { nowMs: () => 1_769_990_400_000 })],
    state,
  });
const openLog = (): Promise<TransparencyLog> =>
  TransparencyLog.open({
    disk: new SimulatedDisk(new Dice(1)),
    state: new SimulatedDisk(new Dice(2)),
    origin: ORIGIN,
    signers: [logSigner],
    verifiers: [logVerifier],
  });
const entries = (n: number): Uint8Array[] => Array.from({ length: n }, (_, i) => utf8(`entry ${i}`));

describe('a witness', () => {
  it('follows a log, and serves what it cosigned', async () => {
    const witness = makeWitness(new SimulatedDisk(new Dice(3)));
    const log = await openLog();
    expect(witness.readCheckpoint(hashOrigin(ORIGIN))).toBeNull();
    let old = 0;
    for (const n of [1, 6, 57, 236, 700]) {
      log.append(entries(n));
      const note = await log.publish();
      const { status, body } = await witness.addCheckpoint(
        formatAddCheckpoint(old, await log.proveConsistency(old), note),
      );
      expect(status).toBe(200);
      const together = utf8(fromUtf8(note) + body);
      expect(openNote(together, [logVerifier, witnessVerifier]).verified).toHaveLength(2);
      expect(witness.readCheckpoint(hashOrigin(ORIGIN))).toEqual(together);
      old = log.size;
    }
    const again = await witness.addCheckpoint(formatAddCheckpoint(1000, [], log.signed!.note));
    expect(again.status).toBe(200);
    expect(witness.readCheckpoint(hashOrigin('other.example'))).toBeNull();
  });

  it('answers as the specification says', async () => {
    const witness = makeWitness(new SimulatedDisk(new Dice(4)));
    const log = await openLog();
    log.append(entries(3));
    const first = await log.publish();
    log.append(entries(4));
    const note = await log.publish();
    const proof = await log.proveConsistency(3);
    const ask = async (old: number, path: readonly Uint8Array[], bytes: Uint8Array) =>
      (await witness.addCheckpoint(formatAddCheckpoint(old, path, bytes))).status;
    const signed = (text: string) => signNote(text, [logSigner]);
    const text = (size: number, root: Uint8Array, origin = ORIGIN) =>
      formatCheckpoint({ origin, size, root, extensions: [] });
    const { root } = parseCheckpoint(parseNote(note).text);

    expect(await ask(0, proof, first)).toBe(422);
    expect(await ask(0, [], await signed(text(0, root)))).toBe(422);
    expect(await ask(0, [], first)).toBe(200);
    expect(await witness.addCheckpoint(formatAddCheckpoint(0, [], note))).toEqual({
      status: 409,
      contentType: 'text/x.tlog.size',
      body: '3\n',
    });
    expect(await ask(8, [], note)).toBe(400);
    expect(await ask(3, [], note)).toBe(422);
    expect(await ask(3, proof.slice(1), note)).toBe(422);
    expect(await ask(3, proof, await signed(text(7, hashLeaf(root))))).toBe(422);
    expect(await ask(3, [], await signed(text(3, root)))).toBe(422);
    expect(await ask(3, proof, await signed(text(7, root, 'other.example')))).toBe(404);
    const other = makeNoteSigner(ORIGIN, makeKey('other'));
    expect(await ask(3, proof, await signNote(text(7, root), [other]))).toBe(403);
    const forged = utf8(fromUtf8(note).replace('\n7\n', '\n8\n'));
    expect(await ask(3, proof, forged)).toBe(403);
    expect(await ask(3, Array(64).fill(root), note)).toBe(400);
    expect(await ask(3, [root.slice(1)], note)).toBe(400);
    expect(await ask(3, proof, note)).toBe(200);
    for (const bad of ['', 'old 3', 'old 03\n\n', 'old -1\n\n', 'new 3\n\n', 'old 3\nx\n\n']) {
      expect((await witness.addCheckpoint(utf8(bad))).status).toBe(400);
      expect((await witness.addCheckpoint(Buffer.concat([utf8(bad), new Uint8Array([0xff])]))).status).toBe(
        400,
      );
    }
  });

  it('says 400 to whatever else is sent', async () => {
    const witness = makeWitness(new SimulatedDisk(new Dice(5)));
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        expect((await witness.addCheckpoint(bytes)).status).toBe(400);
      }),
    );
  });

  it('takes one of two calls that come together', async () => {
    const witness = makeWitness(new SimulatedDisk(new Dice(6)));
    const log = await openLog();
    log.append(entries(5));
    const five = formatAddCheckpoint(0, [], await log.publish());
    log.append(entries(5));
    const ten = formatAddCheckpoint(0, [], await log.publish());
    const answers = await Promise.all([witness.addCheckpoint(five), witness.addCheckpoint(ten)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 409]);
  });

  it('cosigns no two trees, whenever its power goes', async () => {
    const dice = new Dice(7);
    /** Two trees of one log that part after 20 entries. */
    const forks = await Promise.all(
      ['a', 'b'].map(async (side) => {
        const leaves = Array.from({ length: 24 }, (_, i) => hashLeaf(utf8(i < 20 ? `${i}` : `${side} ${i}`)));
        const notes: Uint8Array[] = [];
        for (let size = 20; size <= 24; size++) {
          const root = await readRoot(size, readerOf(leaves));
          notes.push(
            await signNote(formatCheckpoint({ origin: ORIGIN, size, root, extensions: [] }), [logSigner]),
          );
        }
        return { leaves, notes };
      }),
    );
    let losses = 0;
    let parted = 0;
    for (let round = 0; round < 150; round++) {
      let state = new SimulatedDisk(dice);
      const cosigned: Uint8Array[] = [];
      for (let life = 0; life < 6; life++) {
        state = state.afterPowerLoss({ powerLossAt: dice.integer(4) });
        const witness = makeWitness(state);
        try {
          for (let call = 0; call < 4; call++) {
            const { leaves, notes } = forks[dice.integer(2)]!;
            const known = witness.readCheckpoint(hashOrigin(ORIGIN));
            const old = known === null ? 0 : parseCheckpoint(parseNote(known).text).size;
            const place = Math.max(0, old - 20) + dice.integer(5);
            const note = notes[Math.min(place, 4)]!;
            // The proof of this side, whichever the witness knows.
            const path = await proveConsistency(old, 20 + Math.min(place, 4), readerOf(leaves));
            const { status, body } = await witness.addCheckpoint(formatAddCheckpoint(old, path, note));
            if (status === 200) cosigned.push(utf8(fromUtf8(note) + body));
          }
        } catch (error) {
          if (!((error as Error).cause instanceof PowerLoss)) throw error;
          losses++;
        }
      }
      const heads = cosigned.map((note) => parseCheckpoint(openNote(note, [witnessVerifier]).text));
      const sides = forks.filter(({ notes }) =>
        heads.some(({ size, root }) => size > 20 && isSameHash(rootOf(notes[size - 20]!), root)),
      );
      expect(sides.length).toBeLessThanOrEqual(1);
      if (sides.length === 1) parted++;
    }
    expect(parted).toBeGreaterThan(50);
    expect(losses).toBeGreaterThan(100);
  });
});

function readerOf(leaves: readonly Uint8Array[]): HashReader {
  return (level, index) => {
    const whole = leaves.slice(index * 2 ** level, (index + 1) * 2 ** level);
    return foldHashes(Buffer.concat(whole), 0, whole.length);
  };
}

function rootOf(note: Uint8Array): Uint8Array {
  return parseCheckpoint(parseNote(note).text).root;
}
