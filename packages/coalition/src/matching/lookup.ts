import { createHmac, randomBytes } from 'node:crypto';
import { utf8 } from '@phalanx/core';
import { z } from 'zod';
import { refuse } from '../coalition-error.js';
import { digestOf, framed, integerBytes } from './framed-bytes.js';
import { bytesField, listField } from './message.js';
import { MAX_EVALUATIONS } from './quotas.js';

/** Bytes of a token: two of prefix, fourteen of rest. */
export const TOKEN_BYTES = 16;
const PREFIX_BYTES = 2;
const REST_BYTES = TOKEN_BYTES - PREFIX_BYTES;
const LEAST_BUCKET = 4;
/** Entries of a bucket, of which there are 65,536. */
const MAX_BUCKET = 1_024;
/** Characters of a request, of an answer, and of a list of sightings. */
export const MAX_LOOKUP_TEXT = 32_768;
export const MAX_SIGHTING_TEXT = 8 * 1_048_576;

const epochField = z.int().min(0).max(0xffffffff);

/** The first two bytes of a token: one of 65,536. */
export const lookupRequestSchema = z.strictObject({
  type: z.literal('phalanx-lookup-request-v1'),
  epoch: epochField,
  prefix: bytesField(PREFIX_BYTES),
});
/** As many entries for every prefix; which of them are padding is not to be seen. */
export const lookupAnswerSchema = z.strictObject({
  type: z.literal('phalanx-lookup-answer-v1'),
  epoch: epochField,
  prefix: bytesField(PREFIX_BYTES),
  rests: listField(REST_BYTES, LEAST_BUCKET, MAX_BUCKET),
});
/** Tokens that a lab has seen; whose they are, the connection says. */
export const tokenSightingsSchema = z.strictObject({
  type: z.literal('phalanx-token-sightings-v1'),
  epoch: epochField,
  tokens: listField(TOKEN_BYTES, 1, MAX_EVALUATIONS),
});
export type LookupRequest = z.output<typeof lookupRequestSchema>;
export type LookupAnswer = z.output<typeof lookupAnswerSchema>;
export type TokenSightings = z.output<typeof tokenSightingsSchema>;

/** The token of a value: the first 16 bytes of `SHA-512(framed("phalanx-token-v1", output))`, where `output` is what the OPRF gave. */
export function tokenOfOutput(output: Uint8Array): Uint8Array {
  return digestOf('sha512', framed(utf8('phalanx-token-v1'), output)).slice(0, TOKEN_BYTES);
}

/** What a hub is asked, so that it learns two bytes of the token. */
export function makeLookupRequest(epoch: number, token: Uint8Array): LookupRequest {
  return { type: 'phalanx-lookup-request-v1', epoch, prefix: token.slice(0, PREFIX_BYTES) };
}

/**
 * Level 1, the asker's side: whether at least the table's number of labs have seen the token. A token that nobody has seen is found with a
 * probability below 2^-102.
 *
 * @throws PhalanxError `COALITION_MATCHING` when the answer is to another question
 */
export function isListed(token: Uint8Array, request: LookupRequest, answer: LookupAnswer): boolean {
  if (answer.epoch !== request.epoch || Buffer.compare(answer.prefix, request.prefix) !== 0)
    refuse('COALITION_MATCHING', 'the answer is to another question', 'Ask again.');
  return answer.rests.some((rest) => Buffer.compare(rest, token.subarray(PREFIX_BYTES)) === 0);
}

/** Level 1, the hub's side: counts which labs have seen a token. */
export class SightingTable {
  readonly epoch: number;
  readonly #threshold: number;
  readonly #padding: Uint8Array;
  readonly #labs = new Map<string, Set<string>>();
  readonly #counts = new Map<string, number>();

  /**
   * @param threshold labs that must have seen a token before it is listed, at least 2
   * @param padding 32 secret bytes; the same for every table of an epoch, also after a restart, or two tables show what is padding
   */
  constructor(epoch: number, threshold: number, padding: Uint8Array = randomBytes(32)) {
    if (!Number.isInteger(threshold) || threshold < 2)
      refuse(
        'COALITION_LIMIT',
        `a threshold of ${threshold}`,
        'At least 2: one lab alone is named by nobody.',
      );
    this.epoch = epoch;
    this.#threshold = threshold;
    this.#padding = padding;
  }

  /**
   * Adds what a lab has seen. The same token of the same lab counts once, however often it comes.
   *
   * @param lab identity that the connection proves
   * @returns how many of the tokens were new from this lab
   * @throws PhalanxError `COALITION_LIMIT` when the lab has more than 200,000 tokens this epoch, `COALITION_MATCHING` for another epoch
   */
  add(lab: string, { epoch, tokens }: TokenSightings): number {
    if (epoch !== this.epoch)
      refuse('COALITION_MATCHING', `tokens of epoch ${epoch}`, `It is ${this.epoch}.`);
    const seen = this.#labs.get(lab) ?? new Set<string>();
    this.#labs.set(lab, seen);
    const fresh = new Set(tokens.map(nameOf).filter((token) => !seen.has(token)));
    if (seen.size + fresh.size > MAX_EVALUATIONS)
      refuse('COALITION_LIMIT', `more than ${MAX_EVALUATIONS} tokens of one lab`, 'Wait for the next epoch.');
    for (const token of fresh) {
      seen.add(token);
      this.#counts.set(token, (this.#counts.get(token) ?? 0) + 1);
    }
    return fresh.size;
  }

  /**
   * The table as it stands now: buckets of one size, a power of two. The padding of a bucket stays the same for the life of this object, so
   * that two tables differ by real tokens alone.
   *
   * @throws PhalanxError `COALITION_LIMIT` when a bucket holds more than 1,024
   */
  build(): LookupTable {
    const buckets = new Map<string, string[]>();
    for (const [token, labs] of this.#counts) {
      if (labs < this.#threshold) continue;
      const prefix = token.slice(0, PREFIX_BYTES);
      const bucket = buckets.get(prefix);
      if (bucket === undefined) buckets.set(prefix, [token.slice(PREFIX_BYTES)]);
      else bucket.push(token.slice(PREFIX_BYTES));
    }
    let size = LEAST_BUCKET;
    for (const [prefix, bucket] of buckets) {
      while (size < bucket.length && size < MAX_BUCKET) size *= 2;
      if (bucket.length <= MAX_BUCKET) continue;
      const labsOf = (rest: string) => this.#counts.get(prefix + rest)!;
      bucket.sort((a, b) => labsOf(b) - labsOf(a) || (a < b ? -1 : 1)).splice(MAX_BUCKET);
    }
    return new LookupTable(this.epoch, size, buckets, this.#padding);
  }
}

/** Answers about one state of a `SightingTable`. */
export class LookupTable {
  readonly epoch: number;
  /** Entries of every answer. */
  readonly bucketSize: number;
  readonly #buckets: ReadonlyMap<string, readonly string[]>;
  readonly #padding: Uint8Array;

  constructor(
    epoch: number,
    bucketSize: number,
    buckets: ReadonlyMap<string, readonly string[]>,
    padding: Uint8Array,
  ) {
    this.epoch = epoch;
    this.bucketSize = bucketSize;
    this.#buckets = buckets;
    this.#padding = padding;
  }

  /** @throws PhalanxError `COALITION_MATCHING` for another epoch */
  answer({ epoch, prefix }: LookupRequest): LookupAnswer {
    if (epoch !== this.epoch)
      refuse('COALITION_MATCHING', `a question of epoch ${epoch}`, `It is ${this.epoch}.`);
    const real = this.#buckets.get(nameOf(prefix)) ?? [];
    const rests: Uint8Array[] = real.map((rest) => new Uint8Array(Buffer.from(rest, 'latin1')));
    for (let i = 0; rests.length < this.bucketSize; i++) {
      const pad = createHmac('sha256', this.#padding)
        .update(framed(prefix, integerBytes(i, 2)))
        .digest();
      rests.push(new Uint8Array(pad.subarray(0, REST_BYTES)));
    }
    return { type: 'phalanx-lookup-answer-v1', epoch, prefix, rests: rests.sort(Buffer.compare) };
  }
}

function nameOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
