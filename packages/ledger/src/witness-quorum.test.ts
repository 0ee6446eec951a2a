import { createHash, createPrivateKey } from 'node:crypto';
import { fromUtf8, PhalanxError, utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCheckpoint, parseCheckpoint } from './checkpoint.js';
import { hashLeaf } from './merkle-hash.js';
import { type HashReader, proveConsistency, proveInclusion, readRoot } from './merkle-tree.js';
import { makeCosigner, makeNoteSigner, signingKeyOf } from './note-signer.js';
import { formatSignature, parseNote, signNote } from './signed-note.js';
import { Dice, type Faults, PowerLoss, SimulatedDisk } from './simulated-disk.test.support.js';
import { foldHashes } from './tile-stack.js';
import { parseTrustPolicy, type TrustPolicy } from './tlog-policy.js';
import { formatTlogProof, parseTlogProof, verifyTlogProof } from './tlog-proof.js';
import { formatVerifierKey, makeVerifierKey, SignatureType } from './verifier-key.js';
import { formatAddCheckpoint, hashOrigin, Witness } from './witness.js';

const ORIGIN = 'log.example';
const WITNESSES = 7;
const { ED25519, ED25519_COSIGNATURE } = SignatureType;
const clock = { nowMs: () => 1_769_990_400_000 };

function makeKey(seed: string) {
  const der = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    createHash('sha256').update(seed).digest(),
  ]);
  return signingKeyOf(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
}
const logKey = makeKey('log');
const logVerifier = makeVerifierKey(ORIGIN, ED25519, logKey.publicKey);
const seats = Array.from({ length: WITNESSES }, (_, i) => {
  const name = `w${i}.example`;
  const key = makeKey(name);
  return {
    cosigner: makeCosigner(name, ED25519_COSIGNATURE, key, clock),
    verifier: makeVerifierKey(name, ED25519_COSIGNATURE, key.publicKey),
  };
});

/** The policy file of a verifier who asks for so many of the seven. */
function policyOf(threshold: number): TrustPolicy {
  const lines = [
    `log ${formatVerifierKey(logVerifier)}`,
    ...seats.map(({ verifier }, i) => `witness W${i} ${formatVerifierKey(verifier)}`),
    `group all-seven ${threshold} ${seats.map((_, i) => `W${i}`).join(' ')}`,
    'quorum all-seven',
  ];
  return parseTrustPolicy(utf8(`${lines.join('\n')}\n`));
}

/** Entries that both histories have, and sizes up to which they go. */
const COMMON = 5;
const LARGEST = 7;
type Side = 0 | 1;

/** Two histories of one log, by its real key: entry 5 is another in each. */
const histories = await Promise.all(
  ['this', 'that'].map(async (side) => {
    const leaves = Array.from({ length: LARGEST }, (_, i) =>
      hashLeaf(utf8(i < COMMON ? `entry ${i}` : `${side} ${i}`)),
    );
    const read: HashReader = (level, index) => {
      const below = leaves.slice(index * 2 ** level, (index + 1) * 2 ** level);
      return foldHashes(Buffer.concat(below), 0, below.length);
    };
    const notes = new Map<number, Uint8Array>();
    for (let size = 1; size <= LARGEST; size++) {
      const text = formatCheckpoint({
        origin: ORIGIN,
        size,
        root: await readRoot(size, read),
        extensions: [],
      });
      notes.set(size, await signNote(text, [makeNoteSigner(ORIGIN, logKey)]));
    }
    return { leaves, read, notes };
  }),
);

/** A witness as the log's operator, who wants to show two histories, sees it. */
interface Seat {
  /** A line of cosignature, or null when it is refused or never arrives. */
  ask(side: Side, size: number): Promise<string | null>;
  restart(): void;
}

/**
 * A real witness on a disk that may forget what was not synced. It is asked with the best proof that a side can give.
 *
 * @param nextFaults of the disk after a restart
 */
function honest(
  number: number,
  dice: Dice,
  disk = new SimulatedDisk(dice),
  nextFaults = (): Faults => ({ powerLossAt: dice.integer(6) }),
): Seat {
  const start = (): Witness =>
    new Witness({
      logs: [{ origin: ORIGIN, verifiers: [logVerifier] }],
      cosigners: [seats[number]!.cosigner],
      state: disk,
    });
  let witness = start();
  const restart = (): void => {
    disk = disk.afterPowerLoss(nextFaults());
    witness = start();
  };
  return {
    restart,
    async ask(side, size) {
      const known = witness.readCheckpoint(hashOrigin(ORIGIN));
      const old = known === null ? 0 : parseCheckpoint(parseNote(known).text).size;
      const { read, notes } = histories[side]!;
      const proof = old > size ? [] : await proveConsistency(old, size, read);
      try {
        const { status, body } = await witness.addCheckpoint(
          formatAddCheckpoint(old, proof, notes.get(size)!),
        );
        return status === 200 ? body : null;
      } catch (error) {
        if (!((error as Error).cause instanceof PowerLoss)) throw error;
        restart();
        return null;
      }
    },
  };
}

/** Signs whatever it is shown. */
function lying(number: number): Seat {
  return {
    restart() {},
    async ask(side, size) {
      const { text } = parseNote(histories[side]!.notes.get(size)!);
      const signed = parseNote(await signNote(text, [seats[number]!.cosigner]));
      return signed.signatures.map(formatSignature).join('');
    },
  };
}

/** Collects cosignatures and shows verifiers the proof of entry 5 of either history. */
class Game {
  readonly #seats: readonly Seat[];
  readonly #cosigned = new Map<string, Set<string>>();

  constructor(seats: readonly Seat[]) {
    this.#seats = seats;
  }

  async ask(seat: number, side: Side, size: number): Promise<boolean> {
    const line = await this.#seats[seat]!.ask(side, size);
    if (line === null) return false;
    const key = `${side} ${size}`;
    this.#cosigned.set(key, (this.#cosigned.get(key) ?? new Set()).add(line));
    return true;
  }

  restart(seat: number): void {
    this.#seats[seat]!.restart();
  }

  /** Whether a verifier accepts some proof that entry 5 is that of this side. */
  async isAccepted(side: Side, policy: TrustPolicy): Promise<boolean> {
    const { leaves, read, notes } = histories[side]!;
    for (let size = COMMON + 1; size <= LARGEST; size++) {
      const lines = this.#cosigned.get(`${side} ${size}`) ?? [];
      const checkpoint = utf8(fromUtf8(notes.get(size)!) + [...lines].join(''));
      const inclusion = await proveInclusion(COMMON, size, read);
      const file = formatTlogProof({ extra: null, index: COMMON, inclusion, checkpoint });
      try {
        verifyTlogProof(parseTlogProof(file), leaves[COMMON]!, policy);
        return true;
      } catch (error) {
        if (!PhalanxError.is(error, 'LEDGER_QUORUM')) throw error;
      }
    }
    return false;
  }

  /** Whether two verifiers of this policy can be shown two histories. */
  async isSplit(policy: TrustPolicy): Promise<boolean> {
    return (await this.isAccepted(0, policy)) && (await this.isAccepted(1, policy));
  }
}

const seatNumber = fc.nat({ max: WITNESSES - 1 });
const size = fc.oneof(
  { weight: 1, arbitrary: fc.integer({ min: 1, max: COMMON }) },
  { weight: 4, arbitrary: fc.integer({ min: COMMON + 1, max: LARGEST }) },
);
const step = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(seatNumber, fc.constantFrom<Side>(0, 1), size) },
  { weight: 1, arbitrary: fc.tuple(seatNumber) },
);
const schedule = fc.array(step, { minLength: 20, maxLength: 60 });
const chance = fc.integer({ min: 0, max: 2 ** 31 - 1 });

/** No split, whoever lies and whoever is asked for what and when. Counts the runs in which a verifier accepted anything. */
function neverSplit(liars: number, threshold: number, accepted = { runs: 0 }) {
  const policy = policyOf(threshold);
  const chosen = fc.shuffledSubarray([...seats.keys()], { minLength: liars, maxLength: liars });
  return fc.asyncProperty(chosen, schedule, chance, async (who, steps, seed) => {
    const dice = new Dice(seed);
    const game = new Game(seats.map((_, i) => (who.includes(i) ? lying(i) : honest(i, dice))));
    for (const [seat, side, size] of steps)
      if (side === undefined) game.restart(seat);
      else await game.ask(seat, side, size!);
    for (const liar of who)
      for (const side of [0, 1] as const)
        for (let size = COMMON + 1; size <= LARGEST; size++) await game.ask(liar, side, size);
    if ((await game.isAccepted(0, policy)) || (await game.isAccepted(1, policy))) accepted.runs++;
    expect(await game.isSplit(policy)).toBe(false);
  });
}

describe('seven witnesses, two of which sign anything', () => {
  it('let no verifier who asks for five accept either history beside the other', async () => {
    const accepted = { runs: 0 };
    await fc.assert(neverSplit(2, 5, accepted), { numRuns: 150 });
    // A property that holds because nothing is ever accepted would say nothing.
    expect(accepted.runs).toBeGreaterThan(20);
  });

  it('can be split for verifiers who ask for four, and three liars for those who ask for five', async () => {
    for (const [liars, threshold] of [
      [2, 4],
      [3, 5],
    ] as const)
      expect(
        (await fc.check(neverSplit(liars, threshold), { numRuns: 2_000, endOnFailure: true })).failed,
      ).toBe(true);
  });

  it('are split by hand where the quorums need not share an honest witness', async () => {
    const dice = new Dice(1);
    const game = new Game(seats.map((_, i) => (i < 2 ? lying(i) : honest(i, dice))));
    for (const [side, asked] of [
      [0, 1, 2, 3],
      [0, 1, 4, 5],
    ].entries())
      for (const seat of asked) expect(await game.ask(seat, side as Side, LARGEST)).toBe(true);
    expect(await game.isSplit(policyOf(4))).toBe(true);
    expect(await game.ask(6, 0, LARGEST)).toBe(true);
    expect(await game.isAccepted(0, policyOf(5))).toBe(true);
    for (const seat of [2, 3, 6]) expect(await game.ask(seat, 1, LARGEST)).toBe(false);
    expect(await game.isSplit(policyOf(5))).toBe(false);
  });
});

describe('an honest witness', () => {
  it('that is killed between writing and answering has cosigned for that history alone', async () => {
    const dice = new Dice(2);
    /** Writes, and the process is gone before anything else happens. */
    class KilledDisk extends SimulatedDisk {
      override replace(path: string, bytes: Uint8Array): void {
        super.replace(path, bytes);
        throw new PowerLoss();
      }
    }
    const seat = honest(0, dice, new KilledDisk(dice), () => ({}));
    expect(await seat.ask(0, 6)).toBeNull();
    expect(await seat.ask(1, 6)).toBeNull();
    expect(await seat.ask(1, 7)).toBeNull();
    expect(await seat.ask(0, 6)).not.toBeNull();
    expect(await seat.ask(0, 7)).not.toBeNull();
  });

  it('whose state is rolled back cosigns both histories: it counts as one more liar', async () => {
    const dice = new Dice(3);
    const rolledBack = (number: number): Seat => {
      let seat = honest(number, dice);
      return {
        ask: (side, size) => seat.ask(side, size),
        // A copy from before the first checkpoint is put back.
        restart() {
          seat = honest(number, dice);
        },
      };
    };
    const game = new Game(
      seats.map((_, i) => (i < 2 ? lying(i) : i === 2 ? rolledBack(i) : honest(i, dice))),
    );
    for (const seat of [0, 1, 2, 3, 4]) expect(await game.ask(seat, 0, LARGEST)).toBe(true);
    expect(await game.ask(2, 1, LARGEST)).toBe(false);
    game.restart(2);
    for (const seat of [0, 1, 2, 5, 6]) expect(await game.ask(seat, 1, LARGEST)).toBe(true);
    expect(await game.isSplit(policyOf(5))).toBe(true);
    expect(await game.isSplit(policyOf(6))).toBe(false);
  });
});
