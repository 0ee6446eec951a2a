import { createHash } from 'node:crypto';
import type { Sketcher } from '@phalanx/sketch';
import { Random } from '@phalanx/stats';
import type { StoredResponse } from './array-responses.js';
import type { DatasetRow } from './row-sketches.js';

const SYLLABLES = 'ba co di fu ga he li mo nu pa re si to va wu za ke lo mi ne'.split(' ');
const STANDING = ['in order to', 'on the other hand', 'it is important to', 'for example', 'as a result of'];

/** Words of a made-up language, a third of them from 200 frequent ones, with standing phrases as prose has them. */
export function makeProse(seed: string, words: number): string {
  const random = new Random(createHash('sha256').update(seed).digest().readUInt32LE());
  const word = (): string => {
    if (random.uniform() < 1 / 3) return `w${Math.floor(200 * random.uniform() ** 2)}`;
    return Array.from({ length: 3 }, () => SYLLABLES[Math.floor(random.uniform() * SYLLABLES.length)]).join(
      '',
    );
  };
  const out: string[] = [];
  while (out.length < words)
    out.push(random.uniform() < 0.03 ? STANDING[Math.floor(random.uniform() * STANDING.length)]! : word());
  return out.join(' ');
}

export interface Provider {
  readonly records: readonly StoredResponse[];
  readonly names: ReadonlyMap<bigint, string>;
  readonly answers: readonly { readonly account: string; readonly text: string }[];
  readonly refusal: string;
  readonly startMs: number;
  readonly endMs: number;
  record(text: string, accountId: string, id: string): StoredResponse;
}

/** Accounts that received answers of 80 words, every tenth one a refusal that all received. */
export function simulateProvider(sketcher: Sketcher, accounts: number, answersEach: number): Provider {
  const startMs = Date.UTC(2026, 0, 5);
  const names = new Map(
    Array.from({ length: accounts }, (_, i) => [sketcher.hash64('account', `acct-${i}`), `acct-${i}`]),
  );
  const refusal = makeProse('refusal', 40);
  const answers: { account: string; text: string }[] = [];
  const records: StoredResponse[] = [];
  const record = (text: string, accountId: string, id: string): StoredResponse => {
    const { hash, minhash } = sketcher.sketchResponse(text);
    return {
      id: createHash('sha256').update(id).digest().subarray(0, 16),
      account: sketcher.hash64('account', accountId),
      atMs: startMs + 60_000 * records.length,
      responseBytes: Buffer.byteLength(text),
      responseHash: hash,
      responseMinhash: minhash,
    };
  };
  for (let n = 0; n < answersEach; n++)
    for (let i = 0; i < accounts; i++) {
      const text = n % 10 === 0 ? refusal : makeProse(`answer ${i} ${n}`, 80);
      answers.push({ account: `acct-${i}`, text });
      records.push(record(text, `acct-${i}`, `${i}/${n}`));
    }
  return { records, names, answers, refusal, startMs, endMs: startMs + 60_000 * records.length, record };
}

export async function* toRows(texts: readonly string[]): AsyncGenerator<DatasetRow> {
  for (const [at, text] of texts.entries()) yield { source: 0, number: at + 1, texts: [text] };
}
