import { z } from 'zod';
import type { Mark } from '../mark.js';
import type { Ngrams } from '../ngrams.js';
import { cellMiddle, lowerEdge, PrfScheme, SipHashPrf } from '../prf/siphash.js';
import { chooseByGumbel } from '../schemes/gumbel.js';
import { PayloadScores } from '../schemes/payload-scores.js';
import { demand } from '../watermark-error.js';

/**
 * A payload in Gumbel-max, without distortion: the payload is cut into symbols of `symbolBits` bits, lowest first; the
 * context picks one symbol, and the symbol's value picks the stream whose uniform numbers choose the token. Wide symbols
 * need fewer tokens for the same payload and cost 2^symbolBits values a token to read.
 */
export const phalanxMultibitParameters = z.strictObject({
  contextWidth: z.int().min(1).max(16).default(4),
  bits: z.int().min(1).max(64),
  symbolBits: z.int().min(1).max(8).default(4),
});

type Parameters = z.infer<typeof phalanxMultibitParameters>;

/** A mark whose payload can be read without knowing it. */
export interface MultibitMark extends Mark {
  /** Scores of all values of all symbols in the n-grams. */
  readPayload(ngrams: Ngrams): PayloadScores;
}

/**
 * The mark under a key of 16 bytes with one payload: `read` gives the values of that payload's streams, uniform for whoever
 * has another.
 *
 * @throws PhalanxError `MARK_ARGUMENT` for a payload of more than `bits` bits
 */
export function openPhalanxMultibit(
  { contextWidth, bits, symbolBits }: Parameters,
  key: Uint8Array,
  payload = 0n,
): MultibitMark {
  const prf = new SipHashPrf(key, PrfScheme.MULTIBIT, contextWidth);
  demand(
    payload >= 0n && payload < 1n << BigInt(bits),
    'MARK_ARGUMENT',
    `a payload of more than ${bits} bits`,
    'Give the profile more bits.',
  );
  const values = splitPayload(payload, bits, symbolBits);
  const streams = 2 ** Math.min(symbolBits, bits);
  // The upper word spreads contexts over the symbols; its bias, below 2^-26, shifts tokens between symbols and no null.
  const pickSymbol = (words: Uint32Array, at: number) =>
    Math.floor((words[2 * at + 1]! * values.length) / 2 ** 32);
  return {
    pivot: { kind: 'uniform', streams: 1 },
    contextWidth,
    padding: null,
    unit: 'context',
    read(ngrams) {
      const symbols = prf.readContexts(ngrams);
      const words = prf.readNgrams(ngrams, streams);
      const u = new Float64Array(ngrams.count);
      for (let i = 0; i < u.length; i++)
        u[i] = lowerEdge(words, i * streams + values[pickSymbol(symbols, i)]!);
      return u;
    },
    reshape(context, candidates) {
      const row = new Int32Array(contextWidth + 1);
      row.set(context);
      const symbols = prf.readContexts(oneNgram(row));
      const words = prf.readTokens(context, candidates.tokens, values[pickSymbol(symbols, 0)]!);
      const u = new Float64Array(candidates.tokens.length);
      for (let i = 0; i < u.length; i++) u[i] = cellMiddle(words, i);
      chooseByGumbel(candidates, u);
    },
    readPayload(ngrams) {
      const scores = new PayloadScores(bits, symbolBits);
      const symbols = prf.readContexts(ngrams);
      const words = prf.readNgrams(ngrams, streams);
      const u = new Float64Array(streams);
      for (let i = 0; i < ngrams.count; i++) {
        for (let value = 0; value < streams; value++) u[value] = lowerEdge(words, i * streams + value);
        scores.add(pickSymbol(symbols, i), u);
      }
      return scores;
    },
  };
}

function splitPayload(payload: bigint, bits: number, symbolBits: number): number[] {
  const mask = (1n << BigInt(symbolBits)) - 1n;
  return Array.from({ length: Math.ceil(bits / symbolBits) }, (_, i) =>
    Number((payload >> BigInt(i * symbolBits)) & mask),
  );
}

function oneNgram(tokens: Int32Array): Ngrams {
  const none = new Uint32Array(1);
  return { width: tokens.length, count: 1, tokens, text: none, position: none, repeated: 0, unscored: 0 };
}
