import { fromHex } from '@phalanx/core';
import { z } from 'zod';
import type { Mark } from '../mark.js';
import { SIPHASH_PRF } from '../prf/siphash.js';
import { refuse } from '../watermark-error.js';
import { openPhalanxGumbel, phalanxGumbelParameters } from './phalanx-gumbel.js';
import {
  openPhalanxKgw,
  openPhalanxUnigram,
  phalanxKgwParameters,
  phalanxUnigramParameters,
} from './phalanx-kgw.js';
import { openPhalanxMultibit, phalanxMultibitParameters } from './phalanx-multibit.js';
import { openPhalanxSynthid, phalanxSynthidParameters } from './phalanx-synthid.js';
import { openVllmGumbel, vllmGumbelParameters } from './vllm-gumbel.js';

/** A way of marking that a profile can name. */
export interface Dialect {
  /** Keyed function with its version; a profile that names another is refused. */
  readonly prf: string;
  /** How a key is written. */
  readonly keyForm: string;
  /** Schema of the public parameters. */
  readonly parameters: z.ZodType;
  /** @throws PhalanxError `MARK_PROFILE` for other parameters, `MARK_KEY` for a key of another form; neither shows the key */
  open(parameters: unknown, key: string): Mark;
}

/** How a key is written, and what it is to the dialect. */
interface KeyForm<Key> {
  readonly form: string;
  readonly pattern: RegExp;
  parse(text: string): Key;
}

const phalanxKey: KeyForm<Uint8Array> = {
  form: '32 hexadecimal digits',
  pattern: /^[0-9a-f]{32}$/,
  parse: fromHex,
};

const payloadKey: KeyForm<{ key: Uint8Array; payload: bigint }> = {
  form: '32 hexadecimal digits, or these, a colon and the payload in 1 to 16 hexadecimal digits',
  pattern: /^[0-9a-f]{32}(?::[0-9a-f]{1,16})?$/,
  parse: (text) => ({ key: fromHex(text.slice(0, 32)), payload: BigInt(`0x${text.slice(33) || '0'}`) }),
};

const integerKey: KeyForm<bigint> = {
  form: 'an integer from 0 to 2^64 - 1, decimal or 0x and hexadecimal',
  pattern: /^(?:0x[0-9a-f]{1,16}|[0-9]{1,20})$/,
  parse: (text) => BigInt(text),
};

/** Every dialect by its name in profiles: a new one is one file and one entry here. */
export const dialects: Readonly<Record<string, Dialect>> = {
  'phalanx-gumbel': define(SIPHASH_PRF, phalanxGumbelParameters, phalanxKey, openPhalanxGumbel),
  'phalanx-synthid': define(SIPHASH_PRF, phalanxSynthidParameters, phalanxKey, openPhalanxSynthid),
  'phalanx-kgw': define(SIPHASH_PRF, phalanxKgwParameters, phalanxKey, openPhalanxKgw),
  'phalanx-unigram': define(SIPHASH_PRF, phalanxUnigramParameters, phalanxKey, openPhalanxUnigram),
  'phalanx-multibit': define(SIPHASH_PRF, phalanxMultibitParameters, payloadKey, (parameters, key) =>
    openPhalanxMultibit(parameters, key.key, key.payload),
  ),
  'vllm-gumbel': define('philox4x32-10-v1', vllmGumbelParameters, integerKey, openVllmGumbel),
};

/** @throws PhalanxError `MARK_PROFILE` for a name that is not in the table */
export function dialectOf(name: string): Dialect {
  if (Object.hasOwn(dialects, name)) return dialects[name]!;
  return refuse(
    'MARK_PROFILE',
    `no dialect is named ${JSON.stringify(name.slice(0, 64))}`,
    `Known: ${Object.keys(dialects).join(', ')}.`,
  );
}

/** Opens a mark by name: `Dialect.open` of `dialectOf`. */
export function openMark(dialect: string, parameters: unknown, key: string): Mark {
  return dialectOf(dialect).open(parameters, key);
}

function define<Schema extends z.ZodType, Key>(
  prf: string,
  parameters: Schema,
  { form, pattern, parse }: KeyForm<Key>,
  open: (parameters: z.infer<Schema>, key: Key) => Mark,
): Dialect {
  return {
    prf,
    keyForm: form,
    parameters,
    open(given, key) {
      const parsed = parameters.safeParse(given);
      if (!parsed.success)
        return refuse(
          'MARK_PROFILE',
          `parameters that the dialect does not take: ${z.prettifyError(parsed.error).slice(0, 200)}`,
          'See docs/spec/mark-profile.md.',
        );
      if (!pattern.test(key)) return refuse('MARK_KEY', 'a key of another form', `Write ${form}.`);
      return open(parsed.data, parse(key));
    },
  };
}
