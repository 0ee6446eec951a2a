import { createHash, createHmac, randomBytes } from 'node:crypto';
import { fromHex, toHex, utf8 } from '@phalanx/core';
import { z } from 'zod';
import { demand, refuse, requireInteger } from './black-box-error.js';

const Hash = z.string().regex(/^[0-9a-f]{64}$/);
export const MAX_ORDERED_TEXTS = 10_000_000;

/** The order that texts were trained in, kept secret until it is tested. */
export const OrderOpening = z.strictObject({
  version: z.literal(1),
  /** 32 random bytes, hex. Who has them can try texts against the commitment. */
  salt: Hash,
  /** From which `drawOrder` made the order; null when the trainer's own shuffle did. */
  seed: Hash.nullable(),
  /** SHA-256 of each text's UTF-8, in the order of training: of the last epoch, if there were several. */
  texts: z.array(Hash).min(2).max(MAX_ORDERED_TEXTS),
});
export type OrderOpening = z.infer<typeof OrderOpening>;

/** SHA-256, hex, of a text's UTF-8. */
export function digestText(text: string): string {
  return toHex(createHash('sha256').update(utf8(text)).digest());
}

/**
 * An order of training that nobody picked: texts by HMAC-SHA256 of their digests under a random seed. Train in this order.
 *
 * @param texts digests as `digestText` gives them, in any order
 * @param seed 32 bytes, hex; default random
 * @throws PhalanxError `BLACK_BOX_ARGUMENT` for texts that are twice the same, or a seed of another size
 */
export function drawOrder(texts: readonly string[], seed: string = toHex(randomBytes(32))): OrderOpening {
  requireInteger(texts.length, 'texts', 2, MAX_ORDERED_TEXTS);
  demand(Hash.safeParse(seed).success, 'BLACK_BOX_ARGUMENT', 'a seed is 32 bytes in hex', 'Draw one.');
  return checkOrder({ version: 1, salt: toHex(randomBytes(32)), seed, texts: sortBySeed(texts, seed) });
}

/**
 * An order of training that the trainer's own shuffle gave. It proves less than a drawn one: that nobody picked it is the owner's word.
 *
 * @throws PhalanxError `BLACK_BOX_ARGUMENT` for texts that are twice the same
 */
export function recordOrder(texts: readonly string[]): OrderOpening {
  requireInteger(texts.length, 'texts', 2, MAX_ORDERED_TEXTS);
  return checkOrder({ version: 1, salt: toHex(randomBytes(32)), seed: null, texts: [...texts] });
}

/**
 * The commitment to an order: SHA-256, hex, of `phalanx training order 1`, a line feed, the salt, the seed (32 zero bytes for none), the number of texts in 8
 * bytes, big-endian, and their digests in order. It shows nothing, and belongs in the log before the model is released.
 */
export function commitOrder(opening: OrderOpening): string {
  const hash = createHash('sha256').update('phalanx training order 1\n').update(fromHex(opening.salt));
  const count = Buffer.alloc(8);
  count.writeBigUInt64BE(BigInt(opening.texts.length));
  hash.update(opening.seed === null ? new Uint8Array(32) : fromHex(opening.seed)).update(count);
  for (const text of opening.texts) hash.update(fromHex(text));
  return toHex(hash.digest());
}

/**
 * Reads an opening, and checks that no text is there twice and that the seed gives the order.
 *
 * @throws PhalanxError `BLACK_BOX_COMMITMENT`
 */
export function parseOrder(value: unknown): OrderOpening {
  const parsed = OrderOpening.safeParse(value);
  if (parsed.success) return checkOrder(parsed.data);
  return refuse('BLACK_BOX_COMMITMENT', 'not the opening of an order', 'Give the file that was kept.');
}

/** `parseOrder`, of the order that was committed to. @throws PhalanxError `BLACK_BOX_COMMITMENT` */
export function openOrder(value: unknown, commitment: string): OrderOpening {
  const opening = parseOrder(value);
  demand(
    commitOrder(opening) === commitment,
    'BLACK_BOX_COMMITMENT',
    'the order is not the one that was committed to',
    'Give the file that was kept, unchanged.',
  );
  return opening;
}

function checkOrder(opening: OrderOpening): OrderOpening {
  const { texts, seed } = opening;
  demand(
    new Set(texts).size === texts.length,
    'BLACK_BOX_ARGUMENT',
    'a text stands twice in the order',
    'Leave repeats out: where a text was last is what counts.',
  );
  if (seed !== null) {
    const drawn = sortBySeed(texts, seed);
    demand(
      texts.every((text, i) => text === drawn[i]),
      'BLACK_BOX_COMMITMENT',
      'the order does not follow from its seed',
      'An order that was made otherwise has no seed.',
    );
  }
  return opening;
}

function sortBySeed(texts: readonly string[], seed: string): string[] {
  const key = fromHex(seed);
  const keyed = texts.map((text) => ({
    text,
    rank: toHex(createHmac('sha256', key).update(fromHex(text)).digest()),
  }));
  return keyed.sort((a, b) => (a.rank < b.rank ? -1 : 1)).map(({ text }) => text);
}
