import { toHex } from '@phalanx/core';
import { z } from 'zod';
import { refuse } from '../coalition-error.js';
import { digestOf, integerBytes } from './framed-bytes.js';
import { listField } from './message.js';
import { MAX_EVALUATIONS } from './quotas.js';
import {
  decodeSealed,
  encodeSealed,
  expandSeed,
  keyOfSecret,
  MAX_PLACE,
  MAX_THRESHOLD,
  openBox,
  type RevealSecret,
  type RevealTerms,
  SEALED_BYTES,
  type SealedSighting,
  type Sighting,
  tagOfSeed,
} from './sealed-sighting.js';
import { evaluatePolynomial, interpolateAtZero, lagrangeAtZero } from './shamir.js';

/** Submissions in one message, and characters of it. */
const MAX_BATCH = 16_384;
export const MAX_REVEAL_TEXT = 16 * 1_048_576;
/** Submissions of one lab under one tag that are kept: days of an epoch, and one. */
const MAX_REPEATS = 8;
/**
 * Sets of labs that are tried for one tag: all of them up to C(14, 4), above as many drawn ones. With a third of fifty labs cheating and a
 * threshold of 3, a drawn set is right with a probability of 0.28.
 */
const MAX_ATTEMPTS = 1_001;
/** Sets tried in one call of `reveal` that came to nothing. After them one set a tag. */
const MAX_FAILED_ATTEMPTS = 200_000;

/** What a lab submits; whose it is, the connection says. */
export const revealBatchSchema = z.strictObject({
  type: z.literal('phalanx-reveal-batch-v1'),
  epoch: z.int().min(0).max(0xffffffff),
  threshold: z.int().min(2).max(MAX_THRESHOLD),
  short: listField(SEALED_BYTES[0], 0, MAX_BATCH),
  long: listField(SEALED_BYTES[1], 0, MAX_BATCH),
});
export type RevealBatch = z.output<typeof revealBatchSchema>;

/** A value that enough labs have seen. */
export interface RevealedGroup {
  readonly tag: Uint8Array;
  /** Places of the labs whose submissions hold, ascending: at least the threshold. */
  readonly places: readonly number[];
  /** One entry a submission that holds. */
  readonly sightings: readonly { readonly place: number; readonly sighting: Sighting }[];
  /** Labs name different values under this tag: `makesTag` says who is right. */
  readonly isDisputed: boolean;
}

/** A lab whose submission under a tag that was opened is false. */
export interface FalseSubmission {
  readonly tag: Uint8Array;
  readonly place: number;
  readonly what: 'share' | 'box';
}

/** What a collector makes of all that was submitted. */
export interface RevealResult {
  readonly revealed: readonly RevealedGroup[];
  readonly falseSubmissions: readonly FalseSubmission[];
  /** Tags with enough labs that no set of shares opens: fewer than the threshold are right. Who is wrong cannot be told. */
  readonly unopened: readonly { readonly tag: Uint8Array; readonly places: readonly number[] }[];
  /** Tags by number of labs below the threshold: all that is learned of them. `hidden[n]` have n labs. */
  readonly hidden: readonly number[];
}

/** Packs submissions into messages of at most 16,384. */
export function packReveal(terms: RevealTerms, sealed: readonly SealedSighting[]): RevealBatch[] {
  const batches: RevealBatch[] = [];
  for (let at = 0; at < sealed.length; at += MAX_BATCH) {
    const bytes = sealed.slice(at, at + MAX_BATCH).map(encodeSealed);
    const { epoch, threshold } = terms;
    batches.push({
      type: 'phalanx-reveal-batch-v1',
      epoch,
      threshold,
      short: bytes.filter(({ length }) => length === SEALED_BYTES[0]),
      long: bytes.filter(({ length }) => length === SEALED_BYTES[1]),
    });
  }
  return batches;
}

type ByPlace = Map<number, SealedSighting[]>;

/**
 * Level 2, the collector's side: opens what at least `threshold` distinct labs have submitted, and nothing else. It needs no key.
 *
 * A lab that sends a false share or box does not stop the others, as long as `threshold` are right, and is named: every opened box
 * holds the seed from which all shares follow.
 */
export class RevealCollector {
  readonly terms: RevealTerms;
  readonly #groups = new Map<string, ByPlace>();
  readonly #counts = new Map<number, number>();
  /** False submissions by place: who was wrong before is tried last. */
  readonly #wrong = new Map<number, number>();
  readonly #weights = new Map<string, readonly Uint8Array[]>();
  #failedAttempts = 0;

  constructor(terms: RevealTerms) {
    this.terms = terms;
  }

  /**
   * Takes submissions of one lab.
   *
   * @param place the lab's number, 1 to 255, from its proven identity
   * @throws PhalanxError `COALITION_MATCHING` for other terms, `COALITION_LIMIT` when the lab has sent more than 200,000 this epoch
   */
  submit(place: number, batch: RevealBatch): void {
    const { epoch, threshold } = this.terms;
    if (!Number.isInteger(place) || place < 1 || place > MAX_PLACE)
      refuse('COALITION_MATCHING', `there is no lab ${place}`, 'Give each lab a number from 1 to 255.');
    if (batch.epoch !== epoch || batch.threshold !== threshold)
      refuse('COALITION_MATCHING', 'submissions under other terms', `Epoch ${epoch}, ${threshold} labs.`);
    const count = (this.#counts.get(place) ?? 0) + batch.short.length + batch.long.length;
    if (count > MAX_EVALUATIONS)
      refuse('COALITION_LIMIT', `${count} submissions of one lab`, `At most ${MAX_EVALUATIONS} an epoch.`);
    this.#counts.set(place, count);
    for (const bytes of [...batch.short, ...batch.long]) this.#keep(place, decodeSealed(bytes));
  }

  #keep(place: number, sealed: SealedSighting): void {
    const name = nameOf(sealed.tag);
    let group = this.#groups.get(name);
    if (group === undefined) this.#groups.set(name, (group = new Map()));
    const own = group.get(place);
    if (own === undefined) group.set(place, [sealed]);
    else if (own.length < MAX_REPEATS) own.push(sealed);
  }

  /** Opens what can be opened now. May be called again after more submissions; it starts from all of them. */
  reveal(): RevealResult {
    const { threshold } = this.terms;
    this.#failedAttempts = 0;
    const revealed: RevealedGroup[] = [];
    const falseSubmissions: FalseSubmission[] = [];
    const unopened: { tag: Uint8Array; places: number[] }[] = [];
    const hidden: number[] = Array(threshold).fill(0);
    for (const [name, group] of this.#groups) {
      if (group.size < threshold) {
        hidden[group.size]!++;
        continue;
      }
      const tag = new Uint8Array(Buffer.from(name, 'latin1'));
      const secret = this.#open(tag, group);
      if (secret === null) {
        unopened.push({ tag, places: [...group.keys()].sort((a, b) => a - b) });
        continue;
      }
      const { right, wrong } = this.#judge(secret, group);
      falseSubmissions.push(...wrong);
      for (const { place } of wrong) this.#wrong.set(place, (this.#wrong.get(place) ?? 0) + 1);
      const places = [...new Set(right.map(({ place }) => place))].sort((a, b) => a - b);
      if (places.length < threshold) {
        unopened.push({ tag, places: [...group.keys()].sort((a, b) => a - b) });
        continue;
      }
      const values = new Set(right.map(({ sighting }) => `${sighting.valueClass} ${nameOf(sighting.value)}`));
      revealed.push({ tag, places, sightings: right, isDisputed: values.size > 1 });
    }
    return { revealed, falseSubmissions, unopened, hidden };
  }

  /** Tries sets of `threshold` labs until one leads to a box that opens and holds the seed of this tag. */
  #open(tag: Uint8Array, group: ByPlace): RevealSecret | null {
    const { threshold } = this.terms;
    const places = [...group.keys()].sort(
      (a, b) => (this.#wrong.get(a) ?? 0) - (this.#wrong.get(b) ?? 0) || a - b,
    );
    for (const subset of subsetsOf(places, threshold, tag)) {
      const key = keyOfSecret(
        interpolateAtZero(
          this.#weightsOf(subset),
          subset.map((place) => group.get(place)![0]!.share),
        ),
      );
      for (const place of subset) {
        const opened = openBox(key, this.terms, place, group.get(place)![0]!);
        if (opened !== null && nameOf(tagOfSeed(opened.seed)) === nameOf(tag))
          return expandSeed(opened.seed, threshold);
      }
      if (++this.#failedAttempts > MAX_FAILED_ATTEMPTS) break;
    }
    return null;
  }

  #judge(secret: RevealSecret, group: ByPlace) {
    const right: { place: number; sighting: Sighting }[] = [];
    const wrong: FalseSubmission[] = [];
    for (const [place, submissions] of group) {
      const share = nameOf(evaluatePolynomial(secret.coefficients, place));
      for (const sealed of submissions) {
        const opened = openBox(secret.key, this.terms, place, sealed);
        if (nameOf(sealed.share) !== share) wrong.push({ tag: secret.tag, place, what: 'share' });
        else if (opened === null || nameOf(opened.seed) !== nameOf(secret.seed))
          wrong.push({ tag: secret.tag, place, what: 'box' });
        else right.push({ place, sighting: opened.sighting });
      }
    }
    return { right, wrong };
  }

  #weightsOf(places: readonly number[]): readonly Uint8Array[] {
    const name = places.join();
    let weights = this.#weights.get(name);
    if (weights === undefined) this.#weights.set(name, (weights = lagrangeAtZero(places)));
    return weights;
  }
}

/** All sets of `size`, the first ones first; when there are too many, as many drawn by a hash of `seed`. */
function* subsetsOf(items: readonly number[], size: number, seed: Uint8Array): Generator<number[]> {
  if (countSubsets(items.length, size) <= MAX_ATTEMPTS) {
    yield* allSubsets(items, size);
    return;
  }
  yield items.slice(0, size);
  for (let attempt = 1; attempt < MAX_ATTEMPTS; attempt++) {
    const ranks = new Map(
      items.map((item) => [
        item,
        toHex(digestOf('sha256', seed, integerBytes(attempt, 4), integerBytes(item, 1))),
      ]),
    );
    yield [...items].sort((a, b) => (ranks.get(a)! < ranks.get(b)! ? -1 : 1)).slice(0, size);
  }
}

function* allSubsets(items: readonly number[], size: number): Generator<number[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let i = 0; i + size <= items.length; i++)
    for (const rest of allSubsets(items.slice(i + 1), size - 1)) yield [items[i]!, ...rest];
}

function countSubsets(n: number, size: number): number {
  let count = 1;
  for (let i = 1; i <= size; i++) count = (count * (n - size + i)) / i;
  return count;
}

function nameOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
