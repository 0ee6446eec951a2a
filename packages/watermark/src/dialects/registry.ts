import { z } from 'zod';
import type { Mark } from '../mark.js';
import { SIPHASH_PRF } from '../prf/siphash.js';
import { refuse } from '../watermark-error.js';
import { deepmindSynthidParameters, openDeepmindSynthid } from './deepmind-synthid.js';
import { hfKgwParameters, openHfKgw } from './hf-kgw.js';
import { hfSynthidParameters, openHfSynthid } from './hf-synthid.js';
import { bytesKey, integerKey, integerList, integerPair, type KeyForm, payloadKey } from './key-form.js';
import { lmWatermarkingParameters, openLmWatermarking } from './lm-watermarking.js';
import { markllmKgwParameters, openMarkllmKgw } from './markllm-kgw.js';
import { openPhalanxGumbel, phalanxGumbelParameters } from './phalanx-gumbel.js';
import {
  openPhalanxKgw,
  openPhalanxUnigram,
  phalanxKgwParameters,
  phalanxUnigramParameters,
} from './phalanx-kgw.js';
import { openPhalanxMultibit, phalanxMultibitParameters } from './phalanx-multibit.js';
import { openPhalanxSynthid, phalanxSynthidParameters } from './phalanx-synthid.js';
import {
  openSglangDualGumbel,
  openSglangGumbel,
  sglangDualGumbelParameters,
  sglangGumbelParameters,
} from './sglang-gumbel.js';
import {
  openTextSeal,
  openTextSealDual,
  openTextSealGreenlist,
  textsealDualParameters,
  textsealGreenlistParameters,
  textsealParameters,
} from './textseal.js';
import {
  openThreeBricksGumbel,
  openThreeBricksKgw,
  threeBricksGumbelParameters,
  threeBricksKgwParameters,
} from './three-bricks.js';
import { openUnigram, unigramParameters } from './unigram.js';
import { openVllmDualGumbel, vllmDualGumbelParameters } from './vllm-dual-gumbel.js';
import { openVllmGumbel, openVllmGumbelHmac, vllmGumbelParameters } from './vllm-gumbel.js';
import { openVllmRedGreen, vllmRedGreenParameters } from './vllm-red-green.js';
import { openVllmSbw, vllmSbwParameters } from './vllm-sbw.js';
import { openVllmSynthid, vllmSynthidParameters } from './vllm-synthid.js';

/** A way of marking that a profile can name. */
export interface Dialect {
  /** Keyed function with its version; a profile that names another is refused. */
  readonly prf: string;
  /** How a key is written, in words. */
  readonly keyForm: string;
  /** Schema of the public parameters. */
  readonly parameters: z.ZodType;
  /** @throws PhalanxError `MARK_PROFILE` for other parameters, `MARK_KEY` for a key of another form; neither shows the key */
  open(parameters: unknown, key: string): Mark;
}

const PHILOX = 'philox4x32-10-v1';
const TORCH = 'torch-cpu-mt19937';
const TEXTSEAL = 'textseal-hash-13';
const SGLANG = 'sglang-murmur3-0.5.23';

/** Every dialect by its name in profiles: a new one is one file and one entry here. */
export const dialects: Readonly<Record<string, Dialect>> = {
  'phalanx-gumbel': define(SIPHASH_PRF, phalanxGumbelParameters, bytesKey, openPhalanxGumbel),
  'phalanx-synthid': define(SIPHASH_PRF, phalanxSynthidParameters, bytesKey, openPhalanxSynthid),
  'phalanx-kgw': define(SIPHASH_PRF, phalanxKgwParameters, bytesKey, openPhalanxKgw),
  'phalanx-unigram': define(SIPHASH_PRF, phalanxUnigramParameters, bytesKey, openPhalanxUnigram),
  'phalanx-multibit': define(SIPHASH_PRF, phalanxMultibitParameters, payloadKey, (parameters, key) =>
    openPhalanxMultibit(parameters, key.key, key.payload),
  ),
  'vllm-gumbel': define(PHILOX, vllmGumbelParameters, integerKey, openVllmGumbel),
  'vllm-gumbel-hmac': define('hmac-sha256-v1', vllmGumbelParameters, integerKey, openVllmGumbelHmac),
  'vllm-dual-gumbel': define(PHILOX, vllmDualGumbelParameters, integerKey, openVllmDualGumbel),
  'vllm-synthid': define(PHILOX, vllmSynthidParameters, integerKey, openVllmSynthid),
  'vllm-red-green': define(PHILOX, vllmRedGreenParameters, integerKey, openVllmRedGreen),
  'vllm-sbw': define('sbw-pull-56859-d6d2f2c', vllmSbwParameters, integerKey, openVllmSbw),
  'sglang-gumbel': define(SGLANG, sglangGumbelParameters, integerKey, openSglangGumbel),
  'sglang-dual-gumbel': define(SGLANG, sglangDualGumbelParameters, integerPair, (parameters, keys) =>
    openSglangDualGumbel(parameters, ...keys),
  ),
  textseal: define(TEXTSEAL, textsealParameters, integerKey, openTextSeal),
  'textseal-dual': define(TEXTSEAL, textsealDualParameters, integerPair, (parameters, keys) =>
    openTextSealDual(parameters, ...keys),
  ),
  'textseal-greenlist': define(TEXTSEAL, textsealGreenlistParameters, integerKey, openTextSealGreenlist),
  'hf-kgw': define(TORCH, hfKgwParameters, integerKey, openHfKgw),
  'hf-synthid': define('synthid-table-lcg', hfSynthidParameters, integerList, openHfSynthid),
  'deepmind-synthid': define('synthid-lcg', deepmindSynthidParameters, integerList, openDeepmindSynthid),
  'lm-watermarking': define(TORCH, lmWatermarkingParameters, integerKey, openLmWatermarking),
  'markllm-kgw': define(TORCH, markllmKgwParameters, integerKey, openMarkllmKgw),
  'three-bricks-gumbel': define(TORCH, threeBricksGumbelParameters, integerKey, openThreeBricksGumbel),
  'three-bricks-kgw': define(TORCH, threeBricksKgwParameters, integerKey, openThreeBricksKgw),
  unigram: define('numpy-pcg64-shuffle', unigramParameters, integerKey, openUnigram),
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
