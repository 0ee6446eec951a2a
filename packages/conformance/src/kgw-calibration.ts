import { boundProportionBelow, clopperPearson, Random } from '@phalanx/stats';
import {
  collectNgrams,
  hfKgwParameters,
  KGW_PRFS,
  type KgwPrfName,
  lmWatermarkingParameters,
  type Mark,
  markllmKgwParameters,
  openHfKgw,
  openLmWatermarking,
  openMarkllmKgw,
  openThreeBricksGumbel,
  openThreeBricksKgw,
  openUnigram,
  testKey,
  threeBricksGumbelParameters,
  threeBricksKgwParameters,
  unigramParameters,
} from '@phalanx/watermark';
import type { AwkwardText } from './awkward-texts.js';
import type { Checks } from './checks.js';

/** Tokens of a text, and keys: what keeps the table within two minutes. */
export const CALIBRATION_TOKENS = 600;
const KEYS = 500;
const VOCABULARY = 1024;
const LEVELS = [1e-2, 1e-3] as const;
/** Chance that one of the checks fails though the test is exact. */
const BOUND = 1e-6;

/** MarkLLM refuses multiples of its vocabulary's size, one key of 1,027: such a key is moved. */
const MARKLLM_VOCABULARY = VOCABULARY + 3;
const moved = (key: bigint) => (key % BigInt(MARKLLM_VOCABULARY) === 0n ? key + 1n : key);

const lm = (prf: KgwPrfName, width: number, selfSalt: boolean) => (key: bigint) =>
  openLmWatermarking(lmWatermarkingParameters.parse({ vocabulary: VOCABULARY, prf, width, selfSalt }), key);
const hf = (scheme: 'lefthash' | 'selfhash', width: number) => (key: bigint) =>
  openHfKgw(hfKgwParameters.parse({ vocabulary: VOCABULARY, scheme, width }), key);

const DIALECTS: Readonly<Record<string, (key: bigint) => Mark>> = {
  'hf-kgw lefthash': hf('lefthash', 1),
  'hf-kgw selfhash 4': hf('selfhash', 4),
  ...Object.fromEntries(
    (Object.keys(KGW_PRFS) as KgwPrfName[]).map((prf) => [`lm-watermarking ${prf} 3`, lm(prf, 3, false)]),
  ),
  'lm-watermarking selfhash': lm('anchored_minhash_prf', 4, true),
  'three-bricks kgw 2': (key) =>
    openThreeBricksKgw(threeBricksKgwParameters.parse({ vocabulary: VOCABULARY, contextWidth: 2 }), key),
  'three-bricks gumbel 2': (key) =>
    openThreeBricksGumbel(
      threeBricksGumbelParameters.parse({ vocabulary: VOCABULARY, contextWidth: 2 }),
      key,
    ),
  'three-bricks gumbel 2, payload 9': (key) =>
    openThreeBricksGumbel(
      threeBricksGumbelParameters.parse({ vocabulary: VOCABULARY, contextWidth: 2, payload: 9 }),
      key,
    ),
  'markllm-kgw time 1': (key) =>
    openMarkllmKgw(markllmKgwParameters.parse({ vocabulary: MARKLLM_VOCABULARY }), moved(key)),
  'markllm-kgw min self 2': (key) =>
    openMarkllmKgw(
      markllmKgwParameters.parse({
        ...{ vocabulary: MARKLLM_VOCABULARY, prefixLength: 2, fScheme: 'min', windowScheme: 'self' },
      }),
      moved(key),
    ),
  unigram: (key) => openUnigram(unigramParameters.parse({ vocabulary: VOCABULARY }), key),
};

/** Keys: half of them below 2^32, where all that torch keeps of a seed is drawn, half of 62 bits. */
function drawKgwKeys(count: number, random: Random): bigint[] {
  const word = (bits: number) => BigInt(Math.floor(random.uniform() * 2 ** bits));
  return Array.from({ length: count }, (_, i) => {
    const low = word(32) || 1n;
    return i % 2 === 0 ? low : (word(30) << 32n) | low;
  });
}

/**
 * How often a text that nobody marked has a small p-value when the key is drawn at random: the null of every p-value here.
 * The texts are fixed, and so are the tables that the programs publish. Of a key that everybody has, like the default
 * 15485863, a small p-value says that the text is bound up with that key, and not who had it.
 */
export function calibrateKgw(checks: Checks, texts: readonly AwkwardText[]): void {
  const random = new Random(20_261_122);
  for (const [name, open] of Object.entries(DIALECTS)) {
    const keys = drawKgwKeys(KEYS, random);
    const rows = texts.map(({ name: text, tokens }) => ({
      text,
      ngrams: collectNgrams([tokens], open(1n)),
      scored: 0,
      alarms: LEVELS.map(() => 0),
    }));
    for (const key of keys) {
      const mark = open(key);
      for (const row of rows) {
        const { logP, scored } = testKey(mark, row.ngrams);
        row.scored += scored / KEYS;
        LEVELS.forEach((level, i) => {
          if (logP <= Math.log(level)) row.alarms[i]!++;
        });
      }
    }
    for (const { text, alarms } of rows)
      LEVELS.forEach((level, i) => {
        checks.check(
          `${name}, ${text}: p <= ${level} under no more keys than chance allows`,
          boundProportionBelow(alarms[i]!, KEYS, BOUND) <= level,
          () => `${alarms[i]} of ${KEYS}`,
        );
      });
    const totals = LEVELS.map((_, i) => rows.reduce((sum, { alarms }) => sum + alarms[i]!, 0));
    const tried = KEYS * rows.length;
    const shares = totals.map((total, i) => {
      const { lower, upper } = clopperPearson(total, tried, 0.05);
      const percent = (share: number) => (100 * share).toFixed(2);
      return `${percent(total / tried)} % [${percent(lower)}, ${percent(upper)}] at ${100 * LEVELS[i]!} %`;
    });
    const each = rows.map(({ text, scored, alarms }) => `${text} ${scored.toFixed(0)}: ${alarms.join(' ')}`);
    checks.note(`null of ${name}, ${tried} draws: ${shares.join(', ')} (scored: alarms; ${each.join('; ')})`);
  }
}
