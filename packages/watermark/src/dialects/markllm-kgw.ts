import { z } from 'zod';
import type { Mark } from '../mark.js';
import type { ContextSeed } from '../prf/context-seed.js';
import { MAX_TORCH_NUMBERS, permuteTorch } from '../prf/torch-generator.js';
import { requireTorchKey } from '../prf/torch-integer.js';
import { openKgwMark } from '../schemes/kgw.js';
import { demand } from '../watermark-error.js';

/** KGW as MarkLLM emits it (`watermark/kgw/kgw.py`, looked at in 0.1.5) on a CPU; names are those of its configuration. */
export const markllmKgwParameters = z.strictObject({
  vocabulary: z.int().min(2).max(MAX_TORCH_NUMBERS),
  gamma: z.number().gt(0).lt(1).default(0.5),
  delta: z.number().min(0).max(100).default(2),
  prefixLength: z.int().min(1).max(16).default(1),
  fScheme: z.enum(['time', 'additive', 'skip', 'min']).default('time'),
  windowScheme: z.enum(['left', 'self']).default('left'),
});

/**
 * The mark under MarkLLM's `hash_key`, 1 to 2^63 - 1 and no multiple of the vocabulary's size. Its seeds are below that
 * size, so there are as many lists as tokens, the same for every key; the key says which context has which. Over the key
 * a token is green in its share of these lists, so `pivot.gamma` is not gamma but a bound of that share (`boundShare`).
 * At generation with `self` every candidate is tested, as MarkLLM does, since it makes the whole list.
 *
 * @throws PhalanxError `MARK_KEY`.
 */
export function openMarkllmKgw(parameters: z.infer<typeof markllmKgwParameters>, key: bigint): Mark {
  const { vocabulary, gamma, delta, prefixLength, windowScheme } = parameters;
  requireTorchKey(key);
  demand(
    key % BigInt(vocabulary) !== 0n,
    'MARK_KEY',
    'a hash key of MarkLLM is a multiple of the vocabulary’s size: every context has one list',
    'Use another key.',
  );
  const table = permuteTorch(Number(BigInt.asUintN(32, key)), vocabulary);
  const absorb = makeAbsorb(parameters, table);
  // Products stay below 2^40: the vocabulary is at most 2^20.
  const factor = Number(key % BigInt(vocabulary));
  const seed: ContextSeed =
    windowScheme === 'left'
      ? {
          window: prefixLength,
          salted: false,
          lists: vocabulary / greatestDivisor(factor, vocabulary),
          seed: (tokens, from) => (factor * absorb(tokens, from)) % vocabulary,
        }
      : {
          window: prefixLength + 1,
          salted: true,
          // A product of two residues favours multiples of the divisors: by 1.5 when the vocabulary is a power of two.
          lists: vocabulary / 2,
          seed: (tokens, from) =>
            (absorb(tokens, from) * (table[tokens[from + prefixLength]!] ?? 0)) % vocabulary,
        };
  return openKgwMark({ vocabulary, gamma, delta, seed, tries: vocabulary });
}

function greatestDivisor(a: number, b: number): number {
  while (b > 0) [a, b] = [b, a % b];
  return a;
}

/** MarkLLM's f: one entry of the table for the last `prefixLength` tokens. */
function makeAbsorb(
  { vocabulary, prefixLength, fScheme }: z.infer<typeof markllmKgwParameters>,
  table: Uint32Array,
): (tokens: Int32Array, from: number) => number {
  return (tokens, from) => {
    if (fScheme === 'skip') return table[tokens[from]! % vocabulary]!;
    let sum = 0;
    let product = 1;
    let least = Number.POSITIVE_INFINITY;
    for (let i = from; i < from + prefixLength; i++) {
      const token = tokens[i]!;
      sum = (sum + token) % vocabulary;
      product = (product * (token % vocabulary)) % vocabulary;
      least = Math.min(least, table[token % vocabulary]!);
    }
    if (fScheme === 'min') return least;
    return table[fScheme === 'time' ? product : sum]!;
  };
}
