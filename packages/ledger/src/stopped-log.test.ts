import { generateKeyPairSync } from 'node:crypto';
import { utf8 } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { makeNoteSigner, signingKeyOf } from './note-signer.js';
import { Dice, type Faults, SimulatedDisk } from './simulated-disk.test.support.js';
import { TransparencyLog } from './transparency-log.js';
import { makeVerifierKey, SignatureType } from './verifier-key.js';

const ORIGIN = 'log.example';
const key = signingKeyOf(generateKeyPairSync('ed25519').privateKey);
const openOn = (disk: SimulatedDisk, state: SimulatedDisk): Promise<TransparencyLog> =>
  TransparencyLog.open({
    disk,
    state,
    origin: ORIGIN,
    signers: [makeNoteSigner(ORIGIN, key)],
    verifiers: [makeVerifierKey(ORIGIN, SignatureType.ED25519, key.publicKey)],
    segmentEntries: 256,
  });
const refused = expect.objectContaining({ code: 'LEDGER_DISK' });

/** Appends and publishes once; says which of the two failed. */
async function commit(log: TransparencyLog): Promise<string> {
  try {
    log.append([utf8('entry')]);
  } catch {
    return 'append';
  }
  try {
    await log.publish();
    return 'nothing';
  } catch {
    return 'publish';
  }
}

describe('a log whose disk has failed once', () => {
  it('acknowledges, signs and serves nothing more, whichever operation failed', async () => {
    const met = new Set<string>();
    for (const place of ['disk', 'state'])
      for (let errorAt = 1; errorAt < 12; errorAt++) {
        const dice = new Dice(errorAt);
        const faults = (name: string): Faults => (name === place ? { errorAt } : {});
        const disk = new SimulatedDisk(dice, faults('disk'));
        const log = await openOn(disk, new SimulatedDisk(dice, faults('state')));
        let failed = 'nothing';
        for (let n = 0; n < 20 && failed === 'nothing'; n++) failed = await commit(log);
        met.add(`${failed} of ${place}`);
        const { size, signed } = log;
        expect(() => log.append([utf8('more')])).toThrow(refused);
        await expect(log.publish()).rejects.toThrow(refused);
        if (signed !== null) expect(() => log.serve(signed.note)).toThrow(refused);
        expect(log.size).toBe(size);
        expect(log.signed).toBe(signed);
      }
    expect([...met].sort()).toEqual(['append of disk', 'publish of disk', 'publish of state']);
  });

  it('takes nothing more once what it wrote was found altered', async () => {
    const dice = new Dice(1);
    const disk = new SimulatedDisk(dice);
    const log = await openOn(disk, new SimulatedDisk(dice));
    log.append([utf8('entry')]);
    disk.damage('entries/000000000', disk.size('entries/000000000')! - 1, 3);
    await expect(log.publish()).rejects.toThrow(expect.objectContaining({ code: 'LEDGER_CORRUPT' }));
    expect(() => log.append([utf8('more')])).toThrow(refused);
  });
});
