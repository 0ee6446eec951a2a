import {
  createMarkProfile,
  deriveMarkKey,
  foreignKeyId,
  type MarkProfile,
  markKeyId,
} from '@phalanx/watermark';
import type { BigramModel } from './bigram-model.js';

export const TOKENS = 300;
export const SEED = 2026;
export const PROMPT = 'The ';
export const PAYLOAD = 0xbeefn;
/** p below it counts as found; another key must stay above `SILENT`. */
export const FOUND = Math.log(1e-12);
export const SILENT = Math.log(1e-4);
const MASTER = new Uint8Array(32).fill(7);

/** A dialect that engines generate in, with a key and one that is not in the text. */
export interface Case {
  readonly dialect: string;
  readonly parameters: Record<string, string | number | boolean>;
  readonly key: string;
  readonly otherKey: string;
}

export function listCases({ size }: BigramModel): Case[] {
  const hex = (tenant: string) =>
    Buffer.from(deriveMarkKey(MASTER, { tenant, model: 'bigram', epoch: '2026-11' })).toString('hex');
  const own = { key: hex('a'), otherKey: hex('b') };
  const payload = { key: `${own.key}:${PAYLOAD.toString(16)}`, otherKey: own.otherKey };
  const short = { key: `0x${own.key.slice(0, 15)}`, otherKey: `0x${own.otherKey.slice(0, 15)}` };
  return [
    { dialect: 'phalanx-gumbel', parameters: {}, ...own },
    { dialect: 'phalanx-gumbel', parameters: { secondShare: 0.1 }, ...own },
    { dialect: 'phalanx-synthid', parameters: {}, ...own },
    { dialect: 'phalanx-kgw', parameters: { delta: 3 }, ...own },
    { dialect: 'phalanx-unigram', parameters: { delta: 3 }, ...own },
    { dialect: 'phalanx-multibit', parameters: { bits: 16 }, ...payload },
    { dialect: 'vllm-gumbel', parameters: {}, ...short },
    { dialect: 'sglang-gumbel', parameters: {}, ...short },
    {
      dialect: 'hf-kgw',
      parameters: { vocabulary: size, delta: 3 },
      key: '1274126177',
      otherKey: '987654321',
    },
  ];
}

export const nameOf = ({ dialect, parameters }: Case) =>
  'secondShare' in parameters ? `${dialect}, two streams` : dialect;

export function profileOf({ dialect, parameters, key }: Case, model: BigramModel): MarkProfile {
  const isOwn = dialect.startsWith('phalanx-');
  return createMarkProfile({
    dialect,
    parameters,
    keyId: isOwn ? markKeyId(Buffer.from(key.slice(0, 32), 'hex')) : foreignKeyId(MASTER, dialect, key),
    model: 'bigram',
    tokenizerSha256: model.tokenizer.sha256,
    vocabularySize: model.size,
    sampling: { temperature: 1, topK: 0, topP: 1, deduplicateContexts: 'single_turn', history: 8192 },
    validFromMs: 0,
    validUntilMs: null,
  });
}
