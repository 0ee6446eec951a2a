import { fromUtf8, utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCheckpoint } from './checkpoint.js';
import { makeLogHandler } from './log-server.js';
import { makeNoteSigner } from './note-signer.js';
import { SegmentLog } from './segment-log.js';
import { logKey, makeDisk, makeEntries, makePolicy, ORIGIN, openLog } from './served-log.test.support.js';
import { openNote, signNote } from './signed-note.js';
import { Dice, PowerLoss, SimulatedDisk } from './simulated-disk.test.support.js';
import { formatOpening, hashOpening, verifyAnchor } from './slot-anchor.js';
import { SlotLog, type SlotLogSettings } from './slot-log.js';
import { formatTilePath, tilesOf, tileWidth } from './tile-path.js';
import { formatTlogProof, parseTlogProof } from './tlog-proof.js';
import type { TransparencyLog } from './transparency-log.js';
import { makeVerifierKey, SignatureType } from './verifier-key.js';

const START = 1_769_990_400_000;
const policy = makePolicy();

class SetClock {
  ms = START;
  nowMs(): number {
    return this.ms;
  }
}

async function openSlots(
  more: Partial<SlotLogSettings> = {},
): Promise<{ slots: SlotLog; log: TransparencyLog; clock: SetClock; openings: SimulatedDisk }> {
  const clock = new SetClock();
  const log = more.log ?? (await openLog());
  const openings = makeDisk();
  const slots = await SlotLog.open({ log, openings, clock, steadyClock: clock, ...more });
  return { slots, log, clock, openings };
}

const clockError = expect.objectContaining({ code: 'LEDGER_CLOCK' });
const innerOf = (text: string) => new Map([['inner.example', utf8(text)]]);

describe('a slot log', () => {
  it('has one leaf of 32 bytes a slot, which opens to what was anchored', async () => {
    const { slots, log, clock } = await openSlots();
    expect(slots.lastSlot).toBeNull();
    for (let i = 0; i < 5; i++) {
      expect(await slots.tick(innerOf(`note ${i}`))).toMatchObject({ slot: START / 1000 + i, appended: 1 });
      clock.ms += 400;
      expect(await slots.tick(innerOf('too late'))).toMatchObject({ appended: 0 });
      clock.ms += 600;
    }
    expect(log.size).toBe(5);
    for (const entry of log.readEntries(0, 5)) expect(entry).toHaveLength(32);
    for (let i = 0; i < 5; i++) {
      const slot = START / 1000 + i;
      const { opening, inclusion } = verifyAnchor(await slots.proveAnchor(slot), policy);
      expect(opening).toEqual({
        slot,
        slotMs: 1000,
        firstSlot: START / 1000,
        atMs: START + 1000 * i,
        late: false,
        checkpoints: innerOf(`note ${i}`),
      });
      expect(inclusion.index).toBe(i);
    }
    expect(slots.openingOf(START / 1000 - 1)).toBeNull();
    expect(slots.openingOf(START / 1000 + 5)).toBeNull();
    await expect(slots.proveAnchor(START / 1000 + 5)).rejects.toThrow(RangeError);
  });

  it('has other leaves for the same content', async () => {
    const { slots, log, clock } = await openSlots();
    for (let i = 0; i < 300; i++) {
      await slots.tick(new Map());
      clock.ms += 1000;
    }
    const entries = [...log.readEntries(0, 256), ...log.readEntries(256, 300)];
    expect(new Set(entries.map((entry) => Buffer.from(entry).toString('hex'))).size).toBe(300);
  });

  it('gives missed slots leaves that say so, when they are opened', async () => {
    const { slots, log, clock, openings } = await openSlots();
    await slots.tick(innerOf('before'));
    clock.ms += 10_000;
    const again = await SlotLog.open({ log, openings, clock });
    expect(await again.tick(innerOf('after'))).toMatchObject({ appended: 10 });
    expect(log.size).toBe(11);
    const first = START / 1000;
    expect([0, 1, 9, 10].map((i) => again.openingOf(first + i)!.late)).toEqual([false, true, true, false]);
    expect(again.openingOf(first + 5)).toMatchObject({ atMs: START + 10_000, checkpoints: new Map() });
    expect(verifyAnchor(await again.proveAnchor(first + 5), policy).opening.late).toBe(true);
    for (const entry of log.readEntries(0, 11)) expect(entry).toHaveLength(32);
  });

  it('never makes two leaves for a slot, nor one for a slot to come, whatever the clock does', async () => {
    const moves = fc.array(
      fc.record({
        wallMs: fc.integer({ min: -200_000, max: 200_000 }),
        steadyMs: fc.integer({ min: 0, max: 5000 }),
        isRestart: fc.boolean(),
      }),
      { maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(moves, async (list) => {
        const [clock, steadyClock] = [new SetClock(), new SetClock()];
        const log = await openLog();
        const openings = makeDisk();
        const open = () => SlotLog.open({ log, openings, clock, steadyClock, maxMissed: 150 });
        let slots = await open();
        let before = 0;
        for (const { wallMs, steadyMs, isRestart } of list) {
          if (isRestart) slots = await open();
          clock.ms += isRestart ? wallMs : steadyMs + (wallMs > 0 ? wallMs : 0);
          steadyClock.ms += steadyMs;
          const slot = Math.floor(clock.ms / 1000);
          try {
            const tick = await slots.tick(new Map());
            expect(tick.slot).toBe(slot);
            expect(tick.appended).toBe(log.size - before);
            expect(slots.lastSlot).toBe(slot);
          } catch (error) {
            expect(error).toEqual(clockError);
            expect(log.size).toBe(before);
          }
          before = log.size;
          for (let i = 0; i < log.size; i += 7)
            expect(slots.openingOf(slots.firstSlot! + i)!.slot).toBe(slots.firstSlot! + i);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('refuses a clock that went back, that jumped, or that skipped too much', async () => {
    const { slots, log, clock, openings } = await openSlots();
    await slots.tick(new Map());
    clock.ms -= 1;
    await expect(slots.tick(new Map())).rejects.toThrow(clockError);
    clock.ms = START + 8 * 86_400_000;
    await expect(slots.tick(new Map())).rejects.toThrow('604800');
    clock.ms = START + 1000;
    expect(await slots.tick(new Map())).toMatchObject({ appended: 1 });
    const steady = await SlotLog.open({ log, openings, clock, steadyClock: { nowMs: () => 0 } });
    await steady.tick(new Map());
    clock.ms += 70_000;
    await expect(steady.tick(new Map())).rejects.toThrow('jumped ahead by 70 s');
    clock.ms -= 69_000;
    expect(await steady.tick(new Map())).toMatchObject({ appended: 1 });
  });

  it('fills hours of missed slots in batches', async () => {
    const { slots, log, clock } = await openSlots({ log: await openLog({ segmentEntries: 65_536 }) });
    await slots.tick(new Map());
    clock.ms += 9_000_000;
    expect(await slots.tick(new Map())).toMatchObject({ appended: 9000 });
    expect(log.size).toBe(9001);
    expect(slots.openingOf(START / 1000 + 5432)).toMatchObject({ slot: START / 1000 + 5432, late: true });
  });

  it('does not open with openings that are not its own', async () => {
    const { slots, log, clock, openings } = await openSlots();
    const corrupt = expect.objectContaining({ code: 'LEDGER_CORRUPT' });
    for (let i = 0; i < 5; i++) {
      await slots.tick(new Map());
      clock.ms += 1000;
    }
    await expect(SlotLog.open({ log, openings, clock, slotMs: 500 })).rejects.toThrow(corrupt);
    await expect(SlotLog.open({ log, openings: makeDisk(), clock })).rejects.toThrow(corrupt);
    const other = await openSlots();
    for (let i = 0; i < 5; i++) {
      await other.slots.tick(new Map());
      other.clock.ms += 1000;
    }
    await expect(SlotLog.open({ log, openings: other.openings, clock })).rejects.toThrow(corrupt);
    openings.damage('openings/000000000', 100, 0);
    const size = openings.size('openings/000000000');
    await expect(SlotLog.open({ log, openings, clock })).rejects.toThrow(corrupt);
    // What could still be rescued was not cut off.
    expect(openings.size('openings/000000000')).toBe(size);
  });
});

describe('an anchor', () => {
  it('is refused after any change', async () => {
    const { slots, clock } = await openSlots();
    for (let i = 0; i < 3; i++) {
      await slots.tick(innerOf('note'));
      clock.ms += 1000;
    }
    const file = await slots.proveAnchor(START / 1000 + 1);
    verifyAnchor(file, policy);
    const { extra } = parseTlogProof(file);
    const altered = (change: (bytes: Uint8Array) => Uint8Array) =>
      formatTlogProof({ ...parseTlogProof(file), extra: change(extra!) });
    for (let i = 0; i < extra!.length; i++)
      expect(() =>
        verifyAnchor(
          altered((bytes) => bytes.map((byte, j) => (i === j ? byte ^ 1 : byte))),
          policy,
        ),
      ).toThrow(expect.objectContaining({ code: 'LEDGER_PROOF' }));
    const text = (bytes: Uint8Array) => fromUtf8(bytes.subarray(16));
    const respelled = altered((bytes) => Buffer.concat([bytes.subarray(0, 16), utf8(` ${text(bytes)}`)]));
    expect(() => verifyAnchor(respelled, policy)).toThrow('another form');
    expect(() => verifyAnchor(formatTlogProof({ ...parseTlogProof(file), extra: null }), policy)).toThrow();
    const moved = formatTlogProof({ ...parseTlogProof(await slots.proveAnchor(START / 1000 + 2)), extra });
    expect(() => verifyAnchor(moved, policy)).toThrow(expect.objectContaining({ code: 'LEDGER_PROOF' }));
  });
});

it('an anchor is refused at another index than its slot has, and at another time than it says', async () => {
  const opening = {
    slot: 100,
    slotMs: 1000,
    firstSlot: 100,
    atMs: 100_500,
    late: false,
    checkpoints: new Map<string, Uint8Array>(),
  };
  const openings = [
    opening,
    // A second leaf for the slot, a late one that is not, and one that was made before its slot.
    opening,
    { ...opening, slot: 102, atMs: 102_000, late: true },
    { ...opening, slot: 103, atMs: 102_999 },
  ].map(formatOpening);
  const salt = new Uint8Array(16);
  const log = await openLog();
  log.append(openings.map((bytes) => hashOpening(salt, bytes)));
  await log.publish();
  const outcomes = await Promise.all(
    openings.map(async (bytes, i) => {
      const file = formatTlogProof(await log.prove(i, Buffer.concat([salt, bytes])));
      try {
        return verifyAnchor(file, policy).inclusion.index;
      } catch (error) {
        return (error as Error).message;
      }
    }),
  );
  expect(outcomes).toEqual([
    0,
    'not an anchor: slot 100 at index 1',
    'not an anchor: slot 102 was made at another time than it says',
    'not an anchor: slot 103 was made at another time than it says',
  ]);
});

it('a slot log keeps an opening for every leaf, whenever the power goes', async () => {
  const dice = new Dice(11);
  let losses = 0;
  for (let round = 0; round < 150; round++) {
    let [disk, state, openings] = [new SimulatedDisk(dice), new SimulatedDisk(dice), new SimulatedDisk(dice)];
    const clock = new SetClock();
    const shown: Uint8Array[] = [];
    for (let life = 0; life < 4; life++) {
      disk = disk.afterPowerLoss({ powerLossAt: dice.integer(30) });
      state = state.afterPowerLoss({ powerLossAt: dice.integer(8) });
      openings = openings.afterPowerLoss({ powerLossAt: dice.integer(16) });
      clock.ms += 3000;
      try {
        const log = await openLog({ disk, state });
        const slots = await SlotLog.open({ log, openings, clock });
        for (let i = 0; i < 6; i++) {
          shown.push((await slots.tick(innerOf(`${life} ${i}`))).note);
          clock.ms += 1000;
        }
      } catch (error) {
        if (!(((error as Error).cause ?? error) instanceof PowerLoss)) throw error;
        losses++;
      }
    }
    const log = await openLog({ disk: disk.afterPowerLoss(), state: state.afterPowerLoss() });
    const slots = await SlotLog.open({ log, openings: openings.afterPowerLoss(), clock });
    await slots.tick(new Map());
    for (let slot = slots.firstSlot!; slot <= slots.lastSlot!; slot++)
      expect(verifyAnchor(await slots.proveAnchor(slot), policy).opening.slot).toBe(slot);
    for (const note of shown) expect(note.length).toBeGreaterThan(0);
  }
  expect(losses).toBeGreaterThan(200);
});

describe('what a competitor sees of a slot log', () => {
  /** Paths that a mirror asks for after each slot, and how many bytes each answer has, headers included. */
  async function watch(
    volumes: readonly number[],
    openInner: () => SegmentLog,
    label: string,
  ): Promise<string[]> {
    const { slots, log, clock } = await openSlots();
    const handler = makeLogHandler(log);
    const inner = openInner();
    const seen: string[] = [];
    for (const volume of volumes) {
      const batch = makeEntries(Math.min(volume, 10_000), 0, label);
      for (let left = volume; left > 0; left -= batch.length) inner.append(batch.slice(0, left));
      const text = formatCheckpoint({ origin: ORIGIN, size: inner.size, root: inner.root(), extensions: [] });
      await slots.tick(new Map([[ORIGIN, await signNote(text, [makeNoteSigner(ORIGIN, logKey)])]]));
      clock.ms += 1000;
      const bundle = Math.floor((log.size - 1) / 256);
      const paths = [
        'checkpoint',
        ...[...tilesOf(log.size)].map(formatTilePath),
        formatTilePath({ level: 'entries', index: bundle, width: tileWidth('entries', bundle, log.size) }),
      ];
      for (const path of paths) {
        const answer = await handler(
          new Request(`http://localhost/${path}`, { headers: { 'accept-encoding': 'gzip' } }),
        );
        const headers = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join();
        seen.push(`${path} ${answer.status} ${(await answer.arrayBuffer()).byteLength} ${headers}`);
      }
    }
    return seen;
  }
  const openInner = () => SegmentLog.open(makeDisk(), 65_536);

  it('is the same whatever the volume', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 400 }), { minLength: 1, maxLength: 20 }), async (volumes) => {
        expect(await watch(volumes, openInner, 'busy')).toEqual(
          await watch(
            volumes.map(() => 0),
            openInner,
            'idle',
          ),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('is the same with 100,000 entries between slots as with none', async () => {
    const slots = 8;
    const busy = await watch(Array(slots).fill(100_000), openInner, 'busy');
    expect(busy).toEqual(await watch(Array(slots).fill(0), openInner, 'idle'));
    expect(busy).toHaveLength(3 * slots);
  });

  it('would differ if the leaf were the checkpoint itself', async () => {
    const sizes = await Promise.all(
      [0, 100_000].map(async (size) => {
        const text = formatCheckpoint({ origin: ORIGIN, size, root: new Uint8Array(32), extensions: [] });
        const note = await signNote(text, [makeNoteSigner(ORIGIN, logKey)]);
        const log = await openLog();
        log.append([note]);
        openNote(await log.publish(), [makeVerifierKey(ORIGIN, SignatureType.ED25519, logKey.publicKey)]);
        return log.readTile({ level: 'entries', index: 0, width: 1 })!.length;
      }),
    );
    expect(sizes[0]).not.toBe(sizes[1]);
  });
});
